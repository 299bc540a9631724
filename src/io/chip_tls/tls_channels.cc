#include "io/chip_tls/tls_channels.h"

#include <string>

namespace simurgh::chip_tls {
namespace {

constexpr size_t plain_octets = 2048;  // of one step; a chip's records have 512 at most

class Channel final : public uicc::SecureChannel, private tls::Session::Outlet {
 public:
  Channel(uint64_t number, uicc::SecureChannel::Outlet& outlet, Observer* observer)
      : number_(number), outlet_(outlet), observer_(observer) {}
  ~Channel() override { end(); }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  bool open(tls::ChipClient& client, const tls::PskCredential& credential) {
    session_ = client.session(credential, *this);
    identity_ = credential.identity;
    return session_ != nullptr;
  }

  Result<void> start() override {
    std::vector<uint8_t> plain;
    return on_bytes({}, plain);
  }

  Result<void> on_bytes(ByteView cipher, std::vector<uint8_t>& plain) override {
    uint8_t room[plain_octets];
    while (true) {
      const tls::Session::Step step = session_->step(cipher, room);
      switch (step.event) {
        case tls::Session::Event::need_more: return {};
        case tls::Session::Event::established:
          counted_ = true;
          if (observer_ != nullptr) observer_->on_established(number_, identity_);
          break;
        case tls::Session::Event::plain: {
          const ByteView got = ByteView(room).first(step.octets);
          if (observer_ != nullptr) observer_->on_plain(number_, got);
          plain.insert(plain.end(), got.begin(), got.end());
          wipe(MutableByteView(room).first(step.octets));
          break;
        }
        case tls::Session::Event::ended: return fail(ErrorCode::closed);
        case tls::Session::Event::failed:
          return fail(session_->fault() == tls::Fault::key ? ErrorCode::bad_mac
                                                           : ErrorCode::bad_value);
      }
    }
  }

  bool established() const override { return session_->established(); }

  Result<void> write(ByteView plain) override {
    if (observer_ != nullptr && !observer_->may_write(number_)) {
      return fail(ErrorCode::closed);
    }
    return session_->write(plain);
  }

  void close() override { session_->close_notify(); }

 private:
  bool on_cipher(ByteView cipher) override {
    outlet_.on_cipher(cipher);
    return true;
  }
  void end() {
    if (counted_ && observer_ != nullptr) observer_->on_ended(number_);
    counted_ = false;
  }

  uint64_t number_;
  std::string identity_;
  uicc::SecureChannel::Outlet& outlet_;
  Observer* observer_;
  std::unique_ptr<tls::Session> session_;
  bool counted_ = false;
};

}  // namespace

std::unique_ptr<uicc::SecureChannel> TlsChannels::connect(ByteView identity, ByteView key,
                                                          uicc::SecureChannel::Outlet& outlet) {
  tls::PskCredential credential;
  credential.identity = std::string(text_of(identity));
  credential.key = tls::PskKey(key);
  if (!tls::good_identity(credential.identity)) return nullptr;
  auto channel = std::make_unique<Channel>(++last_channel_, outlet, observer_);
  if (!channel->open(client_, credential)) return nullptr;
  return channel;
}

}  // namespace simurgh::chip_tls
