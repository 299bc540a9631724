// A chip as the factory and the dealer see it: the chip's own commands
// (docs/protocols/chip-apdus.md) and the few standard ones they need, over any channel that carries
// APDUs.
//
// Not a terminal: no toolkit, no sessions. A tool is made for one chip and used at once.
#pragma once

#include "formats/apdu/apdu.h"
#include "uicc/chip_apdus.h"

namespace simurgh::factory {

// Where APDUs go: a virtual chip, a reader.
class CardChannel {
 public:
  virtual ~CardChannel() = default;
  // One command APDU; the answer with its status word, valid until the next call. `closed` when
  // there is no answer: no power, card taken out.
  virtual Result<ByteView> transmit(ByteView command) = 0;
};

class ChipTool {
 public:
  explicit ChipTool(CardChannel& channel) : channel_(channel) {}

  // not_found when the card has no personalisation applet: it is none of this platform's.
  Result<void> select();
  Result<uicc::ChipData> chip_data();
  // D3. bad_state when the chip is not blank; `closed` after a power cut: the chip is blank or
  // done, chip_data() tells.
  Result<void> pre_personalise(const uicc::PrePersonalisation& data);
  // EF.IMSI of ADF.USIM, with PIN 0000 as chips leave the factory.
  Result<Imsi> read_imsi();
  // D10: RESET_CHALLENGE with a fresh nonce.
  Result<personalisation::Message> reset_challenge();
  // Gives the chip a message of the centre; its answer, empty when it has none: because the message
  // needs none, or because the chip does not believe it.
  Result<personalisation::Message> exchange(ByteView message);

  // The status word of the last command, for words to people.
  apdu::StatusWord last_status() const { return last_status_; }

 private:
  // Sends, follows 61xx and 6Cxx; the data of the answer. Status words that are no success become
  // errors by their class.
  Result<ByteView> send(const apdu::Command& command);
  Result<ByteView> send_blocks(uint8_t ins, ByteView data, bool answer_wanted);

  CardChannel& channel_;
  apdu::StatusWord last_status_;
  ByteArray<apdu::short_response_octets_max> answer_{};
};

}  // namespace simurgh::factory
