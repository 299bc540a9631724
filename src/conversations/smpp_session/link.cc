#include "conversations/smpp_session/link.h"

namespace simurgh::smpp_session {

void TransmitBuffer::sent(size_t octets) {
  // Moving the rest to the front is put off until it is small beside what was sent.
  constexpr size_t move_from_octets = 1 << 16;
  SIMURGH_CHECK(octets <= size());
  sent_ += octets;
  if (sent_ == bytes_.size()) {
    clear();
  } else if (sent_ >= move_from_octets && sent_ >= bytes_.size() / 2) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(sent_));
    sent_ = 0;
  }
}

void TransmitBuffer::clear() {
  bytes_.clear();
  sent_ = 0;
}

MutableByteView TransmitBuffer::prepare(size_t octets) {
  prepared_ = bytes_.size();
  bytes_.resize(prepared_ + octets);
  return MutableByteView(bytes_).subspan(prepared_);
}

void TransmitBuffer::commit(size_t octets) {
  SIMURGH_CHECK(prepared_ + octets <= bytes_.size());
  bytes_.resize(prepared_ + octets);
}

}  // namespace simurgh::smpp_session
