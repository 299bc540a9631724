// link: simurgh_terminal simurgh_io_crypto_openssl
// A hostile card: whatever it answers, the terminal parses it, stays within its limits and comes
// back (threats 10).
#include <algorithm>

#include "base/reader.h"
#include "terminal/terminal.h"

using namespace simurgh;

namespace {

class HostileCard : public terminal::Slot,
                    public terminal::Radio,
                    public terminal::User,
                    public terminal::DataNetwork {
 public:
  explicit HostileCard(ByteView script) : script_(script) {}
  Result<ByteView> reset() override { return ByteView(); }
  void power_off() override {}
  // Octet: 255 mute, 254 announces what comes next as a proactive command, 253 the good answer to
  // what was asked, else so many octets of the script.
  Result<ByteView> transmit(ByteView command) override {
    SIMURGH_CHECK(command.size() >= 4 && ++commands_ < commands_max);
    const auto octet = script_.u8();
    if (!octet.has_value() || *octet == 255) return fail(ErrorCode::closed);
    answer_.clear();
    if (*octet == 254) return finish({0x91, script_.peek().value_or(1)});
    if (*octet == 253) return good(command);
    const size_t size = std::min<size_t>(*octet, script_.remaining());
    const ByteView bytes = *script_.bytes(size);
    answer_.assign(bytes.begin(), bytes.end());
    return ByteView(answer_);
  }
  terminal::SendOutcome send_short_message(std::string_view, ByteView) override {
    return terminal::SendOutcome::accepted;
  }
  bool set_up_call(std::string_view) override { return true; }
  void refreshed(terminal::Refresh) override {}
  terminal::Answer ask(const terminal::Question&) override {
    return {terminal::Answer::Kind::text, "12345"};
  }
  void show(std::string_view) override {}
  std::string pin(int) override { return "0000"; }
  // A network that always has something, of the script's.
  terminal::DataOpening open(uint8_t channel, const terminal::DataDestination& to) override {
    SIMURGH_CHECK(channel >= 1 && channel <= 7);
    return static_cast<terminal::DataOpening>(to.port & 3);
  }
  Result<void> send(uint8_t, ByteView bytes) override {
    SIMURGH_CHECK(bytes.size() <= 1400);
    return {};
  }
  Result<size_t> receive(uint8_t, MutableByteView out) override {
    if (script_.at_end()) return fail(ErrorCode::closed);
    const size_t size = std::min(out.size(), script_.remaining());
    std::copy_n(script_.rest().begin(), size, out.begin());
    return size;
  }
  void close(uint8_t) override {}

 private:
  static constexpr int commands_max = 100'000;
  Result<ByteView> finish(std::initializer_list<uint8_t> words) {
    answer_.insert(answer_.end(), words);
    return ByteView(answer_);
  }
  // What a decent card says, so that the start is passed.
  Result<ByteView> good(ByteView command) {
    static constexpr uint8_t iccid[] = {0x98, 0x88, 0x12, 0x01, 0, 0, 0x40, 0x03, 0x10, 0xf0};
    static constexpr uint8_t dir[] = {0x61, 0x09, 0x4f, 0x07, 0xa0, 0, 0, 0, 0x87, 0x10, 0x02};
    if (command[1] == 0xb0) answer_.assign(iccid, iccid + (command[4] == 9 ? 9 : 10));
    if (command[1] == 0xb2) answer_.assign(dir, dir + sizeof(dir));
    if (command[1] == 0x12 && script_.remaining() > 0) {
      const size_t size = std::min<size_t>(*script_.u8(), script_.remaining());
      const ByteView bytes = *script_.bytes(size);
      answer_.assign(bytes.begin(), bytes.end());
    }
    return finish({0x90, 0x00});
  }
  Reader script_;
  std::vector<uint8_t> answer_;
  int commands_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Instant now{1'800'000'000'000};
  HostileCard card({data, size});
  terminal::Terminal phone(card, card, card, *Imei::parse("490154203237518"), &card);
  if (!phone.power_on(now).has_value()) return 0;
  (void)phone.on_location(terminal::LocationStatus::normal, {"26201", 1, 1}, now);
  (void)phone.authenticate({}, {}, now);
  (void)phone.authenticate_2g({}, now);
  constexpr uint8_t text[] = {0x04, 0x03, 0x81, 0x21, 0xf3, 0x00, 0x00, 1,
                              1,    1,    1,    1,    1,    1,    0x01, 0x41};
  constexpr uint8_t download[] = {0x44, 0x03, 0x81, 0x21, 0xf3, 0x7f, 0xf6, 1,    1,
                                  1,    1,    1,    1,    1,    0x03, 0x02, 0x70, 0x00};
  (void)phone.on_short_message("49171", text, now);
  (void)phone.on_short_message("49171", download, now);
  (void)phone.on_data_opened(1, true, now);
  (void)phone.on_data_ready(1, now);
  (void)phone.on_data_ready(9, now);
  (void)phone.on_time(now + hours(24));
  SIMURGH_CHECK(phone.displayed().size() <= terminal::Terminal::display_log_max);
  return 0;
}
