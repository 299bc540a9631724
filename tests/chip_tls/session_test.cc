// A chip's whole way to the front end: agent, BIP, handset, gateway, a TCP connection, TLS under
// the chip's key, the server's HTTP end; nothing in between is a stand-in.
#include <doctest/doctest.h>

#include "conversations/remote_admin/admin_server.h"
#include "io/admin_http/server.h"
#include "io/chip_tls/tls_channels.h"
#include "io/packet_data/sockets.h"
#include "io/process/process.h"
#include "io/tls/chip_server.h"
#include "network/other_home.h"
#include "network/radio_network.h"
#include "uicc/agent_rig.h"

using namespace simurgh;
using test::Bytes;

namespace {

constexpr uint8_t loopback[] = {127, 0, 0, 1};
constexpr const char* usim_target = "//aid/A000000087/1002FFFFFFFF8907090000";

struct Counter final : chip_tls::Observer {
  void on_established(uint64_t, std::string_view) override { peak = std::max(peak, ++now); }
  void on_ended(uint64_t) override { --now; }
  void on_plain(uint64_t, ByteView) override {}
  bool may_write(uint64_t) override { return !mute; }
  int now = 0, peak = 0;
  bool mute = false;
};

struct Chips final : admin_http::Chips {
  explicit Chips(test::TestWork& work_in) : work(work_in) {}
  std::optional<admin_http::Visit> enter(std::string_view identity, bool) override {
    identities.emplace_back(identity);
    return admin_http::Visit{&work, {}, {}};
  }
  void leave(remote_admin::Work&) override {}
  test::TestWork& work;
  std::vector<std::string> identities;
};

struct NoMessages final : network::Switch {
  bool submit(const Msisdn&, ByteView) override { return false; }
  void on_reachable(const Msisdn&) override {}
};

// One chip that another maker made, registered in a visited network.
struct Site {
  explicit Site(tls::Suite suite, bool right_key = true) {
    std::string problem;
    log.set_level(log::Level::error);
    loop = std::move(*loop::Loop::create(problem));
    epoch = test::initial_epoch_of(data);
    const auto identity = personalisation::derive_psk_identity(epoch.secret);
    auto key = personalisation::derive_psk(epoch.secret);
    if (!right_key) key = personalisation::derive_renegotiation_secret(epoch.secret);
    tls::Psk psk;
    psk.key = tls::PskKey(key.view());
    REQUIRE(keys.add(text_of(identity), psk));
    tls_server = std::move(*tls::ChipServer::create(tls::chip_policy(), keys, os_random, problem));
    tls::TlsPolicy policy;
    policy.suites = {suite};
    policy.asks_small_records = true;
    tls_client = std::move(*tls::ChipClient::create(policy, problem));
    channels = std::make_unique<chip_tls::TlsChannels>(*tls_client, &counter);
    auto opened = admin_http::Server::open(*loop, *net::parse_endpoint("127.0.0.1:0"), *tls_server,
                                           {}, desk, os_random, log, problem);
    REQUIRE_MESSAGE(opened.has_value(), problem);
    server = std::move(*opened);
    port = server->endpoint().port;
    gateway.add({.access_point = "ota",
                 .address = {std::begin(loopback), std::end(loopback)},
                 .port = port});
    sockets = std::make_unique<packet_data::Sockets>(
        *loop, gateway, random, packet_data::Options{milliseconds(1), milliseconds(5)},
        [this](network::Handset&) { return std::exchange(cut_after, size_t{0}); });
    make_chip();
  }
  ~Site() {
    handset.reset();
    loop->run_once(milliseconds(1));
  }

  void make_chip() {
    data.centre_number = {};
    card = std::make_unique<test::TestCard>(4, channels.get());
    card->pre_personalise(data);
    crypto::AkaKeys aka;
    personalisation::derive_ki(epoch.secret, aka.k.fill(16));
    aka.opc.assign(personalisation::derive_opc(epoch.secret).view());
    home.add(data.chip.imsi, {*Msisdn::parse("49170100"), aka});
    now = loop->now();
    handset = std::make_unique<network::Handset>(
        network::Handset::Settings{.imei = *Imei::parse("490154203237518")}, card->hardware(),
        visited, now, sockets.get());
    REQUIRE(handset->switch_on());
    REQUIRE(until([this] { return handset->registered(); }));
  }

  template <typename Condition>
  bool until(Condition condition) {
    const Instant end = loop->now() + seconds(20);
    while (!condition() && loop->now() < end) {
      loop->run_once(milliseconds(5));
      now = loop->now();
      handset->on_time();
      home.run(visited, now);
    }
    return condition();
  }

  // A trigger, as a secured packet, that says all of where to go.
  void trigger() {
    remote_management::SessionTrigger trigger;
    const Bytes text = parameters();
    trigger.session = *remote_management::parse_session_parameters(text);
    Bytes room(400);
    test::RawPacket raw;
    raw.spi2 = 0;
    raw.tar = uicc::tar_admin_agent;
    raw.counter = ++packets;
    const auto written = *write_session_trigger(trigger, room);
    raw.data.assign(written.begin(), written.end());
    const Bytes whole =
        raw.bytes(derive_ota_keys(epoch.secret, personalisation::Direction::to_chip));
    const auto kind = sms::PayloadKind::command_packet;
    for (size_t i = 0; i < *sms::part_count(whole.size(), kind); ++i) {
      uint8_t user_data[sms::user_data_octets_max];
      const auto part = *sms::write_part(whole, kind, 1, i, user_data);
      sms::Deliver message;
      message.has_user_data_header = true;
      message.originator = sms::Address::of_msisdn(*Msisdn::parse("491710000001"));
      message.protocol_identifier = sms::pid_sim_data_download;
      message.data_coding = sms::dcs_octets_class_2;
      message.user_data = *sms::octet_user_data(part.user_data);
      uint8_t tpdu[sms::tpdu_octets_max];
      REQUIRE(visited.deliver(*Msisdn::parse("49170100"), *write_deliver(message, tpdu)));
    }
  }
  Bytes parameters() const {
    remote_management::SessionParameters session;
    session.connection.emplace();
    session.connection->transport =
        toolkit::TransportLevel{toolkit::TransportProtocol::tcp_client_remote, port};
    session.connection->address = toolkit::OtherAddress{toolkit::OtherAddress::ipv4, loopback};
    static constexpr uint8_t point[] = {3, 'o', 't', 'a'};
    session.connection->access_point = point;
    session.http.emplace();
    session.http->host = bytes_of("ota.example");
    session.http->agent_id = bytes_of("//se-id/x");
    session.http->uri = bytes_of("/admin?first");
    session.retry.emplace();
    session.retry->tries = 2;
    session.retry->pause = toolkit::TimerValue::of_seconds(1);
    Bytes room(256);
    room.resize(write_session_parameters(session, room)->size());
    return room;
  }
  std::string meter() {
    card->reset();
    card->select_usim();
    card->verify_pin();
    REQUIRE(card->get("00a40004026f39").ends_with("9000"));
    return card->send("00b2010403");
  }

  uicc::PrePersonalisation data = test::test_pre_personalisation();
  personalisation::Epoch epoch;
  test::SeededRandom random{31};
  process::OsRandom os_random;
  log::Log log;
  tls::PskTable keys{tls::PskRole::server};
  test::TestWork work;
  Chips desk{work};
  Counter counter;
  size_t cut_after = 0;
  uint64_t packets = 0;
  uint16_t port = 0;
  Instant now;
  NoMessages messages;
  network::PacketGateway gateway;
  network::OtherHome home{random};
  network::VisitedNetwork visited{{.vectors_per_request = 1}, home, messages};
  std::unique_ptr<loop::Loop> loop;
  std::unique_ptr<tls::ChipServer> tls_server;
  std::unique_ptr<tls::ChipClient> tls_client;
  std::unique_ptr<chip_tls::TlsChannels> channels;
  std::unique_ptr<admin_http::Server> server;
  std::unique_ptr<packet_data::Sockets> sockets;
  std::unique_ptr<test::TestCard> card;
  std::unique_ptr<network::Handset> handset;
};

void add_increase(test::TestWork& work) {
  work.add(remote_admin::ScriptKind::file, {"00a40004026f39", "803200000300000100"}, usim_target);
}

}  // namespace

TEST_CASE("G2, T2: a chip's session over TCP and TLS under its own key, in each version") {
  for (const auto suite :
       {tls::Suite::psk_aes128_cbc_sha256, tls::Suite::ecdhe_psk_aes128_cbc_sha256,
        tls::Suite::tls13_aes128_gcm_sha256}) {
    Site site(suite);
    add_increase(site.work);
    site.trigger();
    REQUIRE(site.until([&] { return !site.work.ends.empty(); }));
    CHECK(site.work.ends[0] == remote_admin::SessionEnd::finished);
    REQUIRE(site.work.responses.size() == 1);
    CHECK(site.work.responses[0].find("23080000010000019000") != std::string::npos);
    CHECK(site.desk.identities[0] ==
          text_of(personalisation::derive_psk_identity(site.epoch.secret)));
    REQUIRE(site.until([&] { return site.sockets->connections() == 0; }));
    CHECK(site.counter.peak == 1);
    CHECK(site.counter.now == 0);
    CHECK(site.meter() == "0000019000");
  }
}

TEST_CASE("G2: a chip with another key than the server's has no session and executes nothing") {
  Site site(tls::Suite::psk_aes128_cbc_sha256, false);
  add_increase(site.work);
  site.trigger();
  REQUIRE(site.until([&] { return site.sockets->figures().opened >= 2; }));
  CHECK(site.desk.identities.empty());
  CHECK(site.counter.peak == 0);
  CHECK(site.meter() == "0000009000");
}

TEST_CASE("G3: a link that breaks after any octets is made good in the next connection, once") {
  for (size_t cut = 1; cut < 1800; cut += 330) {
    Site site(tls::Suite::psk_aes128_cbc_sha256);
    add_increase(site.work);
    site.cut_after = cut;
    site.trigger();
    REQUIRE(site.until([&] {
      return !site.work.ends.empty() && site.work.ends.back() == remote_admin::SessionEnd::finished;
    }));
    CHECK(site.work.responses.size() == 1);
    CHECK(site.meter() == "0000019000");
  }
}

TEST_CASE("D6: a destination that the gateway does not name is not reached") {
  Site site(tls::Suite::psk_aes128_cbc_sha256);
  site.port = 1;  // in the trigger
  site.trigger();
  site.until([&] { return site.sockets->figures().refused > 0; });
  CHECK(site.sockets->figures().refused == 1);
  CHECK(site.sockets->connections() == 0);
}
