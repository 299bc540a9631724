#include "network/plain_channel.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/reader.h"
#include "crypto/primitives.h"

namespace simurgh::network {
namespace {

constexpr size_t frame_head_octets = 3;
constexpr size_t data_octets_max = 512;  // as cards have it by max_fragment_length
constexpr size_t nonce_octets = 16;
constexpr std::string_view client_label = "simurgh/plain channel/client";
constexpr std::string_view server_label = "simurgh/plain channel/server";

enum class FrameType : uint8_t { hello = 1, accepted = 2, data = 3, end = 4 };

std::vector<uint8_t> frame_of(FrameType type, std::initializer_list<ByteView> parts) {
  std::vector<uint8_t> out = {static_cast<uint8_t>(type), 0, 0};
  for (const ByteView part : parts) out.insert(out.end(), part.begin(), part.end());
  const size_t size = out.size() - frame_head_octets;
  out[1] = static_cast<uint8_t>(size >> 8);
  out[2] = static_cast<uint8_t>(size);
  return out;
}

struct Frame {
  FrameType type{};
  std::vector<uint8_t> value;
};

// The next whole frame, taken from the front; nullopt when it is not there yet.
std::optional<Frame> take_frame(std::vector<uint8_t>& in) {
  if (in.size() < frame_head_octets) return std::nullopt;
  const size_t size = static_cast<size_t>(in[1] << 8 | in[2]);
  if (in.size() < frame_head_octets + size) return std::nullopt;
  const auto begin = in.begin() + frame_head_octets;
  Frame frame{static_cast<FrameType>(in[0]), {begin, begin + static_cast<ptrdiff_t>(size)}};
  in.erase(in.begin(), begin + static_cast<ptrdiff_t>(size));
  return frame;
}

class PlainChannel final : public uicc::SecureChannel {
 public:
  PlainChannel(ByteView identity, ByteView key, const ByteArray<nonce_octets>& nonce,
               Outlet& outlet)
      : identity_(identity.begin(), identity.end()), key_(key), nonce_(nonce), outlet_(outlet) {}

  Result<void> start() override {
    const auto proof =
        crypto::hmac_sha256(key_.view(), {bytes_of(client_label), nonce_, identity_});
    const ByteArray<1> size = {static_cast<uint8_t>(identity_.size())};
    outlet_.on_cipher(frame_of(FrameType::hello, {size, identity_, nonce_, proof}));
    return {};
  }
  Result<void> on_bytes(ByteView cipher, std::vector<uint8_t>& plain) override {
    in_.insert(in_.end(), cipher.begin(), cipher.end());
    while (const auto frame = take_frame(in_)) {
      switch (frame->type) {
        case FrameType::accepted: {
          const auto proof =
              crypto::hmac_sha256(key_.view(), {bytes_of(server_label), nonce_, identity_});
          if (!crypto::secure_equal(proof, frame->value)) return fail(ErrorCode::bad_mac);
          established_ = true;
          break;
        }
        case FrameType::data:
          if (!established_) return fail(ErrorCode::bad_state);
          plain.insert(plain.end(), frame->value.begin(), frame->value.end());
          break;
        case FrameType::end: return fail(ErrorCode::closed);
        default: return fail(ErrorCode::bad_value);
      }
    }
    return {};
  }
  bool established() const override { return established_; }
  Result<void> write(ByteView plain) override {
    if (!established_) return fail(ErrorCode::bad_state);
    while (!plain.empty()) {
      const size_t size = std::min(plain.size(), data_octets_max);
      outlet_.on_cipher(frame_of(FrameType::data, {plain.first(size)}));
      plain = plain.subspan(size);
    }
    return {};
  }
  void close() override { outlet_.on_cipher(frame_of(FrameType::end, {})); }

 private:
  std::vector<uint8_t> identity_;
  Key256 key_;
  ByteArray<nonce_octets> nonce_;
  Outlet& outlet_;
  bool established_ = false;
  std::vector<uint8_t> in_;
};

}  // namespace

std::unique_ptr<uicc::SecureChannel> PlainChannels::connect(ByteView identity, ByteView key,
                                                            uicc::SecureChannel::Outlet& outlet) {
  return std::make_unique<PlainChannel>(identity, key, random_.array<nonce_octets>(), outlet);
}

Result<void> PlainChannelServer::on_bytes(ByteView bytes, std::vector<uint8_t>& plain) {
  in_.insert(in_.end(), bytes.begin(), bytes.end());
  while (const auto frame = take_frame(in_)) {
    Reader reader(frame->value);
    switch (frame->type) {
      case FrameType::hello: {
        const ByteView name = TRY(reader.prefixed8());
        const ByteView nonce = TRY(reader.bytes(nonce_octets));
        identity_ = std::string(text_of(name));
        const std::vector<uint8_t> key = keys_.key_of(identity_);
        const auto proof = crypto::hmac_sha256(key, {bytes_of(client_label), nonce, name});
        if (key.empty() || !crypto::secure_equal(proof, reader.rest())) {
          return fail(ErrorCode::bad_mac);
        }
        established_ = true;
        const auto own = crypto::hmac_sha256(key, {bytes_of(server_label), nonce, name});
        const auto accepted = frame_of(FrameType::accepted, {own});
        out_.insert(out_.end(), accepted.begin(), accepted.end());
        break;
      }
      case FrameType::data:
        if (!established_) return fail(ErrorCode::bad_state);
        plain.insert(plain.end(), frame->value.begin(), frame->value.end());
        break;
      case FrameType::end: return fail(ErrorCode::closed);
      default: return fail(ErrorCode::bad_value);
    }
  }
  return {};
}

void PlainChannelServer::write(ByteView plain) {
  while (!plain.empty()) {
    const size_t size = std::min(plain.size(), data_octets_max);
    const auto frame = frame_of(FrameType::data, {plain.first(size)});
    out_.insert(out_.end(), frame.begin(), frame.end());
    plain = plain.subspan(size);
  }
}

void PlainChannelServer::close() {
  const auto frame = frame_of(FrameType::end, {});
  out_.insert(out_.end(), frame.begin(), frame.end());
}

std::vector<uint8_t> PlainChannelServer::take_out() {
  return std::exchange(out_, {});
}

}  // namespace simurgh::network
