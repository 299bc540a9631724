// What both ends of an SMPP session share: PDUs cut out of a byte stream, and bytes waiting to be
// sent. No state of the session is in here.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "formats/smpp/pdu.h"

namespace simurgh::smpp_session {

// Collects bytes until a PDU is whole. PDUs that arrive whole are not copied.
class PduCutter {
 public:
  explicit PduCutter(size_t pdu_octets_max) : pdu_octets_max_(pdu_octets_max) {}

  // Calls `take(ByteView pdu)` for each whole PDU, while it returns true. The error of
  // parse_length, after which the stream cannot be followed.
  template <typename Take>
  Result<void> cut(ByteView bytes, Take take);
  void clear() { kept_.clear(); }

 private:
  // Moves up to `octets` from the front of `bytes` to the end of what is kept.
  void keep(ByteView& bytes, size_t octets) {
    const ByteView part = bytes.first(std::min(octets, bytes.size()));
    kept_.insert(kept_.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
  }

  size_t pdu_octets_max_;
  std::vector<uint8_t> kept_;  // the beginning of a PDU
};

template <typename Take>
Result<void> PduCutter::cut(ByteView bytes, Take take) {
  constexpr size_t length_octets = 4;
  while (!bytes.empty()) {
    if (kept_.empty()) {
      const auto length = smpp::parse_length(bytes, pdu_octets_max_);
      if (length.has_value() && *length <= bytes.size()) {
        const ByteView pdu = bytes.first(*length);
        bytes = bytes.subspan(*length);
        if (!take(pdu)) return {};
        continue;
      }
      if (!length.has_value() && length.error().code != ErrorCode::truncated) {
        return length.error();
      }
      kept_.assign(bytes.begin(), bytes.end());
      return {};
    }
    // First the length field, then the rest of that PDU.
    if (kept_.size() < length_octets) {
      keep(bytes, length_octets - kept_.size());
      if (kept_.size() < length_octets) return {};
    }
    const size_t length = TRY(smpp::parse_length(kept_, pdu_octets_max_));
    keep(bytes, length - kept_.size());
    if (kept_.size() < length) return {};
    const std::vector<uint8_t> pdu = std::exchange(kept_, {});
    if (!take(ByteView(pdu))) return {};
  }
  return {};
}

// Who moves a session's bytes. Told whenever there is output where there was none, or a new
// deadline, so that it polls the session at the end of the batch; must not call back at once.
class Outlet {
 public:
  virtual void on_output() = 0;

 protected:
  ~Outlet() = default;
};

// Bytes on their way out, taken from the front.
class TransmitBuffer {
 public:
  ByteView pending() const { return ByteView(bytes_).subspan(sent_); }
  size_t size() const { return bytes_.size() - sent_; }
  void sent(size_t octets);
  void append(ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void clear();

  // Room of `octets` at the end to write into, and how many of them were used.
  MutableByteView prepare(size_t octets);
  void commit(size_t octets);

 private:
  std::vector<uint8_t> bytes_;
  size_t sent_ = 0;
  size_t prepared_ = 0;
};

}  // namespace simurgh::smpp_session
