// GsupClient against Debian's osmo-hlr: authentication, location, purge, and what is an error.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>

#include "child.h"
#include "formats/gsup/ipa.h"
#include "io_gsup/rig.h"

namespace simurgh::gsup {
namespace {

// osmo-hlr's ports are fixed, so each run takes a loopback address of its own.
std::string own_loopback_address() {
  const auto pid = static_cast<unsigned>(getpid());
  return "127." + std::to_string(1 + pid % 250) + "." + std::to_string(pid / 250 % 250) + ".9";
}

// The control interface (port 4259): subscribers are made through it, as by an operator.
struct Control final : net::StreamHandler {
  Control(loop::Loop& its_loop, const std::string& address) : loop(its_loop) {
    stream = net::connect_tcp(loop, {net::Endpoint::Kind::tcp, address, 4259}, *this);
  }
  void on_connected() override { up = true; }
  void on_bytes(ByteView bytes) override {
    received.insert(received.end(), bytes.begin(), bytes.end());
    const auto frame = parse_ipa_frame(received);
    if (!frame.has_value()) return;
    answer = std::string(text_of(frame->payload.subspan(1)));
    received.clear();
  }
  void on_closed(const net::Closed& closed) override { why = closed.words; }

  std::string ask(const std::string& text) {
    answer.clear();
    uint8_t frame[1000];
    REQUIRE(stream->send(*write_osmo_frame(OsmoExtension::ctrl, bytes_of(text), frame)));
    run_until(loop, [&] { return !answer.empty(); });
    return answer;
  }
  loop::Loop& loop;
  std::unique_ptr<net::Stream> stream;
  bool up = false;
  std::string why, answer;
  std::vector<uint8_t> received;
};

struct OsmoHlr {
  OsmoHlr() {
    REQUIRE_MESSAGE(test::program_exists("osmo-hlr"), "osmo-hlr is missing: ./dev setup peers");
    char name[] = "/tmp/simurgh-osmo-hlr-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    folder = name;
    std::ofstream(folder + "/hlr.cfg")
        << "log stderr\n logging filter all 1\n logging level set-all fatal\nline vty\n bind "
        << address << "\nctrl\n bind " << address << "\nhlr\n gsup\n  bind ip " << address << "\n";
    child.emplace(
        std::vector<std::string>{"osmo-hlr", "-c", folder + "/hlr.cfg", "-l", folder + "/hlr.db"});
  }
  ~OsmoHlr() {
    child.reset();
    for (const char* file : {"/hlr.cfg", "/hlr.db", "/hlr.db-wal", "/hlr.db-shm"}) {
      unlink((folder + file).c_str());
    }
    rmdir(folder.c_str());
  }
  std::string address = own_loopback_address();
  std::string folder;
  std::optional<test::Child> child;
};

const std::string imsi = "901700000000001";
const std::string imsi_3g = "901700000000002";

// Milenage test keys of 3GPP TS 35.208 (set 1).
void make_subscribers(Control& control) {
  const std::string keys =
      "milenage,465b5ce8b199b49faa5f0a2ee238a6bc,opc,cd63cb71954a9f4e48a5994e37a02baf";
  const auto ok = [&](const std::string& command) {
    CHECK(control.ask(command).starts_with("SET_REPLY"));
  };
  ok("SET 1 subscriber.create " + imsi);
  ok("SET 2 subscriber.by-imsi-" + imsi + ".msisdn 491700000001");
  ok("SET 3 subscriber.by-imsi-" + imsi + ".aud3g " + keys);
  ok("SET 4 subscriber.by-imsi-" + imsi + ".aud2g comp128v1,465b5ce8b199b49faa5f0a2ee238a6bc");
  ok("SET 5 subscriber.create " + imsi_3g);
  ok("SET 6 subscriber.by-imsi-" + imsi_3g + ".aud3g " + keys);
}

struct Conversation {
  Message ask(const Message& message) {
    const size_t before = vlr.received.size();
    REQUIRE(client->send(message).has_value());
    run_until(*loop, [&] { return vlr.received.size() > before; });
    bytes = test::from_hex(vlr.received.back());
    const auto parsed = parse_message(bytes);
    REQUIRE(parsed.has_value());
    return *parsed;
  }
  loop::Loop* loop;
  GsupClient* client;
  Vlr& vlr;
  test::Bytes bytes;
};

void check_authentication(Conversation& talk) {
  Message request = message_of(MessageType::send_auth_info_request, imsi);
  request.cn_domain = CnDomain::cs;
  for (const uint8_t count : {uint8_t{1}, uint8_t{5}}) {
    request.num_vectors_requested = count;
    const Message result = talk.ask(request);
    CHECK(result.type == MessageType::send_auth_info_result);
    CHECK(result.imsi.text() == imsi);
    REQUIRE(result.auth_tuples.size() == count);
    for (const AuthTuple& tuple : result.auth_tuples) {
      CHECK(tuple.autn.has_value());
      CHECK(tuple.ck.has_value());
      CHECK(tuple.res.size() == 8);
      CHECK((*tuple.autn)[6] == 0);  // AMF
    }
  }
  request.num_vectors_requested = 1;
  request.imsi = *Imsi::parse(imsi_3g);
  CHECK(talk.ask(request).auth_tuples[0].res.size() == 8);
  // Errors: nobody of that number; AUTS that nobody made.
  request.imsi = *Imsi::parse("901709999999999");
  const Message unknown = talk.ask(request);
  CHECK(unknown.type == MessageType::send_auth_info_error);
  CHECK(unknown.cause == cause::imsi_unknown_in_hlr);
  request.imsi = *Imsi::parse(imsi);
  request.auts.emplace();
  request.rand.emplace();
  CHECK(talk.ask(request).type == MessageType::send_auth_info_error);
}

void check_location(Conversation& talk, CnDomain domain) {
  Message request = message_of(MessageType::update_location_request, imsi);
  request.cn_domain = domain;
  const Message insert = talk.ask(request);
  CHECK(insert.type == MessageType::insert_data_request);
  CHECK(parse_number(insert.msisdn)->text() == "491700000001");
  CHECK(insert.cn_domain == domain);
  CHECK(insert.pdp_infos.size() == (domain == CnDomain::ps ? 1 : 0));
  if (domain == CnDomain::ps) {
    char apn[10];
    CHECK(parse_access_point_name(insert.pdp_infos[0].access_point_name, apn) == "*");
  }
  const Message result = talk.ask(message_of(MessageType::insert_data_result, imsi));
  CHECK(result.type == MessageType::update_location_result);
}

TEST_CASE("osmo-hlr and our VLR: SAI, UL with ISD, purge, over the whole conversation") {
  const auto loop = make_loop();
  Lines lines;
  const log::Log log(lines, log::Level::debug);
  OsmoHlr hlr;
  net::PlainTransport transport;
  Vlr vlr;
  // Connects as soon as osmo-hlr is there: the client's own reconnecting waits for it.
  GsupClient client(*loop, {net::Endpoint::Kind::tcp, hlr.address, 4222}, transport,
                    client_options("VLR-A"), vlr, log);
  client.start();
  run_until(*loop, [&] { return vlr.up == 1; });
  Control control(*loop, hlr.address);
  run_until(*loop, [&] { return control.up; });
  make_subscribers(control);

  Conversation talk{loop.get(), &client, vlr, {}};
  check_authentication(talk);
  check_location(talk, CnDomain::cs);
  check_location(talk, CnDomain::ps);
  const std::string info = control.ask("GET 9 subscriber.by-imsi-" + imsi + ".info-all");
  CHECK(info.find("vlr_number\tVLR-A") != std::string::npos);
  CHECK(info.find("sgsn_number\tVLR-A") != std::string::npos);
  Message purge = message_of(MessageType::purge_ms_request, imsi);
  purge.cn_domain = CnDomain::cs;
  CHECK(talk.ask(purge).type == MessageType::purge_ms_result);
  CHECK(control.ask("GET 10 subscriber.by-imsi-" + imsi + ".info-all").find("ms_purged_cs\t1") !=
        std::string::npos);

  // It goes and comes back: so do we.
  hlr.child.reset();
  run_until(*loop, [&] { return vlr.down == 1; });
  CHECK(!client.up());
  client.stop();
}

}  // namespace
}  // namespace simurgh::gsup
