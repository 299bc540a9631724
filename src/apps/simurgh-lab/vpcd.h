// The wire protocol of the virtual PC/SC reader vpcd (facts/sim-ota.md 12; vsmartcard): the card is
// the TCP client. Messages both ways are a length of two octets and that many octets.
//
// Only the form is here; card_server.h answers.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh::lab {

struct VpcdRequest {
  enum class Kind : uint8_t {
    power_off,  // no answer
    power_on,   // no answer
    reset,      // no answer
    get_atr,    // answer: the ATR; also how the reader sees that the card is there
    command,    // answer: the response APDU
  };
  Kind kind = Kind::command;
  std::vector<uint8_t> command;
};

// Cuts a stream of bytes into requests. One octet is a control when it is one that is known, else
// a (malformed) command.
class VpcdReader {
 public:
  static constexpr size_t message_octets_max = 0xffff;

  void add(ByteView bytes) { buffer_.insert(buffer_.end(), bytes.begin(), bytes.end()); }
  // True and `request` when there is a whole one.
  bool next(VpcdRequest& request);
  size_t buffered() const { return buffer_.size(); }

 private:
  std::vector<uint8_t> buffer_;
};

// too_large above message_octets_max.
Result<std::vector<uint8_t>> write_vpcd_message(ByteView payload);

}  // namespace simurgh::lab
