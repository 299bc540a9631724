// The virtual UICC: bytes in, bytes out. It holds a USIM, 2G access to the same files, the
// toolkit, remote file and application management, an HTTP agent and the personalisation applet
// (docs/protocols/chip-apdus.md).
//
// It is the chip, not the reader: T=0 framing, PPS and the like are not here. It has no clock (the
// terminal has timers for it) and everything durable is in the Nv it is given; a Card may be
// thrown away and made again over the same Nv at any time, as a chip loses its RAM.
// One thread. A powered-off card holds almost no memory, so that thousands fit a process.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "uicc/nv.h"
#include "uicc/secure_channel.h"

namespace simurgh::uicc {

// What the silicon gives the chip's software. `nv`, `random` and `secure_channels` outlive the
// card; `seal_key` is the key of this chip's NV records (fuses in silicon). Without secure channels
// the chip has no HTTP agent: scripts reach it as secured packets.
struct Hardware {
  Nv& nv;
  Random& random;
  ByteArray<16> seal_key;
  SecureChannels* secure_channels = nullptr;
};

// Makes an Nv a chip in the factory state: formatted, without identity or keys. Whatever was in
// it is lost. `closed` after a power cut: do it again.
Result<void> make_blank_chip(const Hardware& hardware);

class Chip;  // the powered chip's software (chip.h)

class Card {
 public:
  static constexpr size_t answer_octets_max = 256 + 2;

  explicit Card(const Hardware& hardware);
  ~Card();
  Card(Card&&) noexcept;
  Card& operator=(Card&&) = delete;

  // Power on or warm reset (TS 102 221 6). The ATR, valid as long as the card; `closed` when the
  // power was cut meanwhile; `not_found` when the Nv holds no chip; `storage` when its content
  // does not verify (the chip stays mute rather than be an older one).
  Result<ByteView> reset();

  // The RAM is gone, the Nv stays.
  void power_off();
  bool powered() const { return chip_ != nullptr; }

  // One command APDU; the answer is data and status words, valid until the next call.
  // `closed`: the power was cut (or never on), and there is no answer. Everything else that can be
  // wrong is in the status words.
  Result<ByteView> transmit(ByteView command);

 private:
  Hardware hardware_;
  std::unique_ptr<Chip> chip_;
};

}  // namespace simurgh::uicc
