#include "apps/simurgh-lab/vpcd.h"

namespace simurgh::lab {

namespace {

constexpr size_t length_octets = 2;

VpcdRequest request_of(ByteView payload) {
  using Kind = VpcdRequest::Kind;
  VpcdRequest request;
  if (payload.size() == 1) {
    switch (payload[0]) {
      case 0x00: request.kind = Kind::power_off; return request;
      case 0x01: request.kind = Kind::power_on; return request;
      case 0x02: request.kind = Kind::reset; return request;
      case 0x04: request.kind = Kind::get_atr; return request;
      default: break;
    }
  }
  request.command.assign(payload.begin(), payload.end());
  return request;
}

}  // namespace

bool VpcdReader::next(VpcdRequest& request) {
  if (buffer_.size() < length_octets) return false;
  const size_t size = static_cast<size_t>(buffer_[0]) << 8 | buffer_[1];
  if (buffer_.size() < length_octets + size) return false;
  request = request_of(ByteView(buffer_).subspan(length_octets, size));
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(length_octets + size));
  return true;
}

Result<std::vector<uint8_t>> write_vpcd_message(ByteView payload) {
  if (payload.size() > VpcdReader::message_octets_max) return ErrorCode::too_large;
  std::vector<uint8_t> message = {static_cast<uint8_t>(payload.size() >> 8),
                                  static_cast<uint8_t>(payload.size())};
  message.insert(message.end(), payload.begin(), payload.end());
  return message;
}

}  // namespace simurgh::lab
