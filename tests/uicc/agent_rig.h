// A chip with an HTTP agent in a phone with packet data, and the server's front end behind it: real
// halves of the conversation (remote_admin), a stand-in for TLS, and links that break.
#pragma once

#include <deque>
#include <functional>
#include <map>

#include "conversations/remote_admin/admin_server.h"
#include "formats/remote_management/administration_session.h"
#include "formats/remote_management/script.h"
#include "network/plain_channel.h"
#include "ota_rig.h"
#include "uicc/poll_schedule.h"

namespace simurgh::test {

// What the server wants of one chip, and what came back.
class TestWork final : public remote_admin::Work {
 public:
  std::deque<remote_admin::Script> scripts;  // to be given out
  std::vector<std::string> responses;        // as hexadecimal digits, with their status
  std::optional<Duration> come_back_in;
  int contacts = 0;
  std::vector<remote_admin::SessionEnd> ends;
  // Made when a script is asked for and none is waiting.
  std::function<std::optional<remote_admin::Script>()> more;
  std::function<void(const remote_admin::ScriptResponse&)> on_answer;

  void add(remote_admin::ScriptKind kind, std::initializer_list<std::string_view> apdus,
           std::string target = "") {
    scripts.push_back(make(kind, apdus, std::move(target)));
  }
  remote_admin::Script make(remote_admin::ScriptKind kind,
                            std::initializer_list<std::string_view> apdus, std::string target) {
    Bytes room(4000);
    remote_management::CommandScriptWriter writer(room);
    for (const std::string_view apdu : apdus) writer.apdu(ByteView(from_hex(apdu)));
    const auto body = writer.finish();
    REQUIRE(body.has_value());
    remote_admin::Script script;
    script.id = ++last_id_;
    script.kind = kind;
    script.targeted_application = std::move(target);
    script.body.assign(body->begin(), body->end());
    return script;
  }

  remote_admin::SessionRecord recall() override { return record_; }
  void keep(const remote_admin::SessionRecord& record) override { record_ = record; }
  void on_contact(std::string_view) override { ++contacts; }
  std::optional<remote_admin::Script> again(remote_admin::ScriptId id,
                                            remote_admin::Doubt) override {
    if (given_.has_value() && given_->id == id) return given_;
    return std::nullopt;
  }
  remote_admin::Next next(Instant) override {
    remote_admin::Next next;
    if (scripts.empty() && more) {
      if (auto made = more()) scripts.push_back(*made);
    }
    if (!scripts.empty()) {
      given_ = scripts.front();
      scripts.pop_front();
      next.kind = remote_admin::Next::Kind::script;
      next.script = given_;
    }
    next.come_back_in = come_back_in;
    return next;
  }
  void on_response(remote_admin::ScriptId, const remote_admin::ScriptResponse& response) override {
    responses.push_back(std::string(remote_admin_http::name_of(response.status)) + " " +
                        to_hex(response.body));
    if (on_answer) on_answer(response);
  }
  void on_end(remote_admin::SessionEnd end) override { ends.push_back(end); }

 private:
  remote_admin::SessionRecord record_;
  std::optional<remote_admin::Script> given_;
  uint64_t last_id_ = 0;
};

// The front end, seen from the terminal: one connection at a time.
class TestFrontEnd final : public terminal::DataNetwork, public network::PlainChannelServer::Keys {
 public:
  explicit TestFrontEnd(TestWork& work_in) : work(work_in) {}

  TestWork& work;
  std::map<std::string, Bytes> keys;  // by identity
  // Instead of the two, where a test has a server of its own.
  std::function<Bytes(std::string_view identity)> find_key;
  std::function<remote_admin::Work&(const std::string& peer)> work_of;
  Instant now{};
  bool reachable = true;
  int opened = 0;
  std::string destination;
  // Transfers (SEND DATA or pieces received) until the link is cut; -1: never.
  int transfers_left = -1;
  int transfers = 0;
  std::string peer;

  std::vector<uint8_t> key_of(std::string_view identity) override {
    if (find_key) return find_key(identity);
    const auto found = keys.find(std::string(identity));
    return found == keys.end() ? Bytes() : found->second;
  }
  terminal::DataOpening open(uint8_t, const terminal::DataDestination& to) override {
    destination =
        std::string(to.access_point) + " " + to_hex(to.address) + ":" + std::to_string(to.port);
    if (!reachable) return terminal::DataOpening::not_reachable;
    ++opened;
    link_.emplace(*this);
    cut_ = ending_ = false;
    return terminal::DataOpening::open;
  }
  Result<void> send(uint8_t, ByteView bytes) override {
    if (!link_.has_value() || count_transfer()) return fail(ErrorCode::closed);
    Bytes plain;
    const bool was_up = link_->tls.established();
    const auto taken = link_->tls.on_bytes(bytes, plain);
    if (!was_up && link_->tls.established()) {
      peer = link_->tls.identity();
      remote_admin::Work& wanted = work_of ? work_of(peer) : work;
      link_->http.emplace(options_, profile_, wanted, random_, now);
    }
    if (!plain.empty() && link_->http.has_value()) link_->http->on_bytes(plain, now);
    if (!taken.has_value()) ending_ = true;
    flush();
    return {};
  }
  Result<size_t> receive(uint8_t, MutableByteView out) override {
    if (!link_.has_value() || cut_) return fail(ErrorCode::closed);
    if (arriving_.empty()) {
      if (ending_) return fail(ErrorCode::closed);
      return size_t{0};
    }
    if (count_transfer()) return fail(ErrorCode::closed);
    const size_t size = std::min({out.size(), arriving_.size(), size_t{300}});
    std::copy_n(arriving_.begin(), size, out.begin());
    arriving_.erase(arriving_.begin(), arriving_.begin() + static_cast<ptrdiff_t>(size));
    return size;
  }
  void close(uint8_t) override {
    if (link_.has_value() && link_->http.has_value()) link_->http->on_disconnected();
    link_.reset();
    arriving_.clear();
  }
  // Whether the terminal should look.
  bool has_news() const { return link_.has_value() && (!arriving_.empty() || ending_ || cut_); }

 private:
  struct Link {
    explicit Link(TestFrontEnd& owner) : tls(owner) {}
    network::PlainChannelServer tls;
    std::optional<remote_admin::AdminServer> http;
  };
  bool count_transfer() {
    ++transfers;
    if (transfers_left > 0) --transfers_left;
    if (transfers_left == 0) cut_ = true;
    return cut_;
  }
  void flush() {
    if (link_->http.has_value()) {
      while (!link_->http->poll_transmit().empty()) {
        const ByteView plain = link_->http->poll_transmit();
        link_->tls.write(plain);
        link_->http->transmitted(plain.size(), now);
      }
      if (link_->http->wants_close() && !ending_) {
        link_->tls.close();
        ending_ = true;
      }
    }
    const Bytes out = link_->tls.take_out();
    arriving_.insert(arriving_.end(), out.begin(), out.end());
  }
  remote_admin::ServerOptions options_;
  remote_admin::CardProfile profile_;
  SeededRandom random_{77};
  std::optional<Link> link_;
  bool cut_ = false;
  bool ending_ = false;
  Bytes arriving_;
};

constexpr std::string_view front_end_address = "c0000207";

// Chip, phone, front end, and time.
struct AgentWorld {
  explicit AgentWorld(size_t granule = 4,
                      const uicc::PrePersonalisation& made = test_pre_personalisation())
      : data(made), channels(random), card(granule, &channels), phone(card, &front_end) {
    card.pre_personalise(data);
    const auto initial = initial_epoch_of(data);
    epoch = initial;
    know(initial);
  }
  // The server learns an epoch's key and identity.
  void know(const personalisation::Epoch& known) {
    const auto identity = personalisation::derive_psk_identity(known.secret);
    const auto key = personalisation::derive_psk(known.secret);
    front_end.keys[std::string(text_of(identity))] = Bytes(key.view().begin(), key.view().end());
  }
  static Bytes parameters(uint16_t tries = 3, uint8_t pause_s = 30) {
    static constexpr uint8_t address[] = {0xc0, 0x00, 0x02, 0x07};
    static constexpr uint8_t point[] = {3, 'o', 't', 'a'};
    remote_management::SessionParameters session;
    session.connection.emplace();
    session.connection->transport =
        toolkit::TransportLevel{toolkit::TransportProtocol::tcp_client_remote, 8443};
    session.connection->address = toolkit::OtherAddress{toolkit::OtherAddress::ipv4, address};
    session.connection->access_point = point;
    session.http.emplace();
    session.http->host = bytes_of("ota.example");
    session.http->agent_id = bytes_of("//se-id/x");
    session.http->uri = bytes_of("/admin?first");
    session.retry.emplace();
    session.retry->tries = tries;
    session.retry->pause = toolkit::TimerValue::of_seconds(pause_s);
    Bytes room(256);
    const auto written = write_session_parameters(session, room);
    REQUIRE(written.has_value());
    room.resize(written->size());
    return room;
  }
  // False when the power was cut.
  bool start() { return phone.start(now) && run(); }
  // Everything that can happen without time passing.
  bool run() {
    front_end.now = now;
    for (int i = 0; i < 4000 && front_end.has_news(); ++i) {
      if (!phone.phone.on_data_ready(1, now).has_value()) return false;
    }
    return true;
  }
  // Lets time pass until nothing is due before `end`.
  bool pass(Instant end) {
    for (int i = 0; i < 20'000; ++i) {
      const Instant due = phone.phone.next_deadline();
      if (due > end) break;
      if (due > now) now = due;
      if (!phone.phone.on_time(now).has_value() || !run()) return false;
    }
    now = end;
    return true;
  }
  // A secured packet to the chip, under its active epoch.
  bool packet(const secured_packet::Tar& tar, const Bytes& bytes) {
    RawPacket raw;
    raw.spi2 = 0x00;
    raw.kic = raw.kid = static_cast<uint8_t>((1 + epoch.number % 15) << 4 | 0x02);
    raw.tar = tar;
    raw.counter = ++counter;
    raw.data = bytes;
    const auto keys = derive_ota_keys(epoch.secret, personalisation::Direction::to_chip);
    const Bytes whole = raw.bytes(keys);
    const auto kind = sms::PayloadKind::command_packet;
    for (size_t i = 0; i < *sms::part_count(whole.size(), kind); ++i) {
      uint8_t user_data[sms::user_data_octets_max];
      const auto part = *sms::write_part(whole, kind, static_cast<uint8_t>(counter), i, user_data);
      sms::Deliver message;
      message.has_user_data_header = true;
      message.originator = sms::Address::of_msisdn(*Msisdn::parse("491710000001"));
      message.protocol_identifier = sms::pid_sim_data_download;
      message.data_coding = sms::dcs_octets_class_2;
      message.user_data = *sms::octet_user_data(part.user_data);
      uint8_t tpdu[sms::tpdu_octets_max];
      const auto written = *write_deliver(message, tpdu);
      if (!phone.phone.on_short_message("491710760000", written, now).has_value()) return false;
    }
    return run();
  }
  bool trigger(const Bytes& session = parameters()) {
    remote_management::SessionTrigger trigger;
    trigger.session = *remote_management::parse_session_parameters(session);
    Bytes room(400);
    const auto written = write_session_trigger(trigger, room);
    REQUIRE(written.has_value());
    room.resize(written->size());
    return packet(uicc::tar_admin_agent, room);
  }
  // EF.ADMIN and EF.POLL, as an operator sets them up by secured packets.
  bool set_up(const uicc::PollSchedule& schedule, const Bytes& session = parameters()) {
    Bytes script = from_hex("00a40004025f70 00a40004024f02");
    append(script, "00d60000", static_cast<uint8_t>(session.size() + 1));
    script.push_back(static_cast<uint8_t>(session.size()));
    script.insert(script.end(), session.begin(), session.end());
    if (!packet(uicc::tar_rfm_usim, script)) return false;
    return packet(uicc::tar_rfm_usim, poll_script(schedule));
  }
  static Bytes poll_script(const uicc::PollSchedule& schedule) {
    Bytes script = from_hex("00a40004025f70 00a40004024f01");
    const auto bytes = write_poll_schedule(schedule);
    append(script, "00d60000", static_cast<uint8_t>(bytes.size()));
    script.insert(script.end(), bytes.begin(), bytes.end());
    return script;
  }
  static void append(Bytes& script, std::string_view header, uint8_t size) {
    const Bytes octets = from_hex(header);
    script.insert(script.end(), octets.begin(), octets.end());
    script.push_back(size);
  }
  uicc::PollSchedule schedule() {
    card.select_usim();
    REQUIRE(card.get("00a40004025f70").ends_with("9000"));
    REQUIRE(card.get("00a40004024f01").ends_with("9000"));
    const Bytes bytes = from_hex(card.send("00b0000014"));
    return *uicc::parse_poll_schedule(ByteView(bytes).first(20));
  }
  // The present value of EF.ACM, which only INCREASE changes: how often a script took effect.
  std::string meter() {
    card.select_usim();
    card.verify_pin();
    REQUIRE(card.get("00a40004026f39").ends_with("9000"));
    return card.send("00b2010403");
  }

  uicc::PrePersonalisation data;
  personalisation::Epoch epoch;
  SeededRandom random{31};
  network::PlainChannels channels;
  TestWork work;
  TestFrontEnd front_end{work};
  TestCard card;
  Phone phone;
  Instant now{1'800'000'000'000};
  uint64_t counter = 0;
};

}  // namespace simurgh::test
