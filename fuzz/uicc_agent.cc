// link: simurgh_uicc simurgh_terminal simurgh_io_crypto_openssl
// A server that has the chip's key and says anything: the octets of its answers, behind a
// terminal's channel that cuts them anywhere. And EF.POLL with any content.
#include <algorithm>

#include "formats/remote_management/administration_session.h"
#include "terminal/terminal.h"
#include "uicc/card.h"
#include "uicc/chip.h"
#include "uicc/poll_schedule.h"

using namespace simurgh;
using namespace simurgh::uicc;

namespace {

class CountingRandom : public Random {
 public:
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) octet = static_cast<uint8_t>(++count_ * 37);
  }

 private:
  uint32_t count_ = 0;
};

// Established at once; the plaintext is the ciphertext.
class OpenChannel final : public SecureChannel {
 public:
  explicit OpenChannel(Outlet& outlet) : outlet_(outlet) {}
  Result<void> start() override {
    outlet_.on_cipher(bytes_of("hello"));
    return {};
  }
  Result<void> on_bytes(ByteView cipher, std::vector<uint8_t>& plain) override {
    // The first octet opens; the server's end is a connection's end.
    if (!established_ && !cipher.empty()) {
      established_ = true;
      cipher = cipher.subspan(1);
    }
    plain.insert(plain.end(), cipher.begin(), cipher.end());
    return {};
  }
  bool established() const override { return established_; }
  Result<void> write(ByteView plain) override {
    outlet_.on_cipher(plain);
    return {};
  }
  void close() override {}

 private:
  Outlet& outlet_;
  bool established_ = false;
};

class OpenChannels final : public SecureChannels {
 public:
  std::unique_ptr<SecureChannel> connect(ByteView, ByteView,
                                         SecureChannel::Outlet& outlet) override {
    return std::make_unique<OpenChannel>(outlet);
  }
};

constexpr ByteArray<16> seal_key = {9};

// Phone, card and the server's octets: chunks of a length in one octet; 0 ends a connection.
class World : public terminal::Slot,
              public terminal::Radio,
              public terminal::User,
              public terminal::DataNetwork {
 public:
  World(const MemoryNv& start, ByteView input)
      : nv_(start),
        card_({nv_, random_, seal_key, &channels_}),
        phone(*this, *this, *this, *Imei::parse("490154203237518"), this),
        input_(input) {}

  Result<ByteView> reset() override { return card_.reset(); }
  Result<ByteView> transmit(ByteView command) override { return card_.transmit(command); }
  void power_off() override { card_.power_off(); }
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
  terminal::DataOpening open(uint8_t, const terminal::DataDestination&) override {
    ended_ = input_.at_end();
    chunk_ = ended_ ? ByteView() : ByteView(first_);
    return terminal::DataOpening::open;
  }
  Result<void> send(uint8_t, ByteView) override { return {}; }
  Result<size_t> receive(uint8_t, MutableByteView out) override {
    if (chunk_.empty()) next_chunk();
    if (chunk_.empty()) return fail(ErrorCode::closed);
    const size_t size = std::min(out.size(), chunk_.size());
    std::copy_n(chunk_.begin(), size, out.begin());
    chunk_ = chunk_.subspan(size);
    return size;
  }
  void close(uint8_t) override { ended_ = true; }
  bool has_more() const { return !input_.at_end(); }

 private:
  void next_chunk() {
    if (ended_) return;
    const auto chunk = input_.prefixed8();
    chunk_ = chunk.has_value() ? *chunk : ByteView();
    ended_ = chunk_.empty();
  }
  MemoryNv nv_;
  CountingRandom random_;
  OpenChannels channels_;
  Card card_;

 public:
  terminal::Terminal phone;

 private:
  Reader input_;
  ByteView chunk_;
  bool ended_ = true;
  static constexpr uint8_t first_[] = {0};
};

// A chip whose EF.ADMIN names a server and whose EF.POLL says that it is time.
MemoryNv made_chip() {
  MemoryNv nv;
  CountingRandom random;
  SIMURGH_CHECK(make_blank_chip({nv, random, seal_key}).has_value());
  PrePersonalisation data;
  data.chip.iccid = *Iccid::parse("8988211000000430010");
  data.chip.imsi = *Imsi::parse("262011106487504");
  data.k1.fill(32)[0] = 1;
  data.suites = {personalisation::Suite::symmetric};
  Card card({nv, random, seal_key});
  SIMURGH_CHECK(card.reset().has_value());
  const auto bytes = write_pre_personalisation(data);
  std::vector<uint8_t> apdu = {0x80, chip_ins::pre_personalise, block_last, 0,
                               static_cast<uint8_t>(bytes.size())};
  apdu.insert(apdu.end(), bytes.view().begin(), bytes.view().end());
  SIMURGH_CHECK(card.transmit(apdu).has_value());
  NvStore store(nv, seal_key);
  SIMURGH_CHECK(store.mount().has_value());
  const FileSystem files(store);
  static constexpr uint8_t address[] = {192, 0, 2, 7};
  remote_management::SessionParameters session;
  session.connection.emplace();
  session.connection->transport = toolkit::TransportLevel{};
  session.connection->address = toolkit::OtherAddress{toolkit::OtherAddress::ipv4, address};
  session.http.emplace();
  session.http->host = bytes_of("ota");
  session.http->uri = bytes_of("/a");
  ByteArray<administration_octets> admin{};
  const auto written =
      remote_management::write_session_parameters(session, MutableByteView(admin).subspan(1));
  SIMURGH_CHECK(written.has_value());
  admin[0] = static_cast<uint8_t>(written->size());
  PollSchedule schedule;
  schedule.enabled = true;
  schedule.next_at = schedule.last_at = 1;
  NvTransaction transaction;
  SIMURGH_CHECK(
      files.write(transaction, content_of(Known::administration), 0, admin).has_value() &&
      files.write(transaction, content_of(Known::poll_schedule), 0, write_poll_schedule(schedule))
          .has_value() &&
      store.commit(transaction).has_value());
  return nv;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  if (const auto schedule = parse_poll_schedule(input.first(std::min<size_t>(size, 20)))) {
    SIMURGH_CHECK(*parse_poll_schedule(write_poll_schedule(*schedule)) == *schedule);
    const auto decision =
        decide_poll(*schedule, *Iccid::parse("8988211000000430010"), 1'800'000'000, 0);
    SIMURGH_CHECK(decision.now || decision.wait_s > 0);
    SIMURGH_CHECK(decision.wait_s <= poll_step_s_max);
  }
  static const MemoryNv start = made_chip();
  World world(start, input);
  Instant now{1'800'000'000'000};
  SIMURGH_CHECK(world.phone.power_on(now).has_value());
  SIMURGH_CHECK(
      world.phone.on_location(terminal::LocationStatus::normal, {"26201", 1, 1}, now).has_value());
  for (int i = 0; i < 200 && world.has_more(); ++i) {
    SIMURGH_CHECK(world.phone.on_data_ready(1, now).has_value());
    now = now + minutes(2);
    SIMURGH_CHECK(world.phone.on_time(now).has_value());
  }
  world.phone.power_off();
  SIMURGH_CHECK(world.phone.power_on(now).has_value());  // whatever was done to it, it starts
  return 0;
}
