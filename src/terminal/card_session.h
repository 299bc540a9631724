// The terminal's conversation with the card below the level of meaning: commands with their data
// fetched (61xx, 9Fxx, 6Cxx), files by their place, and how many octets of proactive command the
// card announced last. Bounded against a card that answers for ever.
#pragma once

#include "formats/apdu/apdu.h"
#include "terminal/terminal.h"

namespace simurgh::terminal {

class CardSession {
 public:
  static constexpr size_t pieces_max = 8;  // GET RESPONSE in a row

  explicit CardSession(Slot& slot) : slot_(slot) {}

  struct Answer {
    std::vector<uint8_t> data;
    apdu::StatusWord status;
    bool ok() const { return status.is_success(); }
  };
  // `closed` when the card is mute or does not keep to the protocol.
  Result<Answer> send(const apdu::Command& command);

  // Selects an EF by path from the MF (7FFF for the active application). not_found when the card
  // does not have it.
  Result<void> select(std::initializer_list<uint16_t> path);
  Result<void> select_application(ByteView aid);
  // not_found, not_allowed (PIN), bad_length (shorter than asked).
  Result<std::vector<uint8_t>> read_binary(uint8_t octets);
  Result<std::vector<uint8_t>> read_record(uint8_t number);
  Result<void> update_binary(ByteView bytes);
  Result<void> update_record(uint8_t number, ByteView bytes);

  // Octets to FETCH, as the last 91xx said; taking it clears it. 0: nothing.
  size_t take_announced();
  void forget() { announced_ = 0; }

 private:
  Result<Answer> send_once(const apdu::Command& command);
  Slot& slot_;
  size_t announced_ = 0;
};

}  // namespace simurgh::terminal
