// SmppServer and SmppClient against npm's smpp, in both roles (tests/peers/*.js).
#include <set>

#include "child.h"
#include "formats/json/value.h"
#include "formats/smpp/receipt.h"
#include "formats/smpp/time.h"
#include "io_smpp/rig.h"
#include "source_folder.h"

namespace simurgh::smpp {

std::string Esme::parse_receipt_of(const ShortMessage& message) {
  const auto receipt = parse_receipt(message);
  if (!receipt.has_value()) return {};
  return std::string(receipt->message_id) + " " + std::string(receipt_word(receipt->state));
}

namespace {

const std::string peers = test::source_folder() + "/tests/peers/";

void require_npm_smpp() {
  REQUIRE_MESSAGE(test::program_exists("node"), "node is missing: ./dev setup peers node");
  REQUIRE_MESSAGE(test::program_exists("/bin/sh"), "no shell");
  const bool installed = access((peers + "node_modules/smpp/package.json").c_str(), R_OK) == 0;
  REQUIRE_MESSAGE(installed, "npm's smpp is missing: ./dev setup peers");
}

// Runs the loop until the child has said a line.
std::string next_line(loop::Loop& loop, test::Child& child) {
  std::string line;
  const Instant end = loop.now() + seconds(60);
  while (line.empty() && loop.now() < end) {
    loop.run_once(milliseconds(20));
    line = child.line(0);
    if (line.empty() && child.ended()) line = child.line(0);
    if (child.ended()) break;
  }
  return line;
}

TEST_CASE("npm's smpp as ESME: binds, submits, gets receipts and a PoR, asks, unbinds") {
  require_npm_smpp();
  const auto loop = make_loop();
  Lines lines;
  const log::Log log(lines, log::Level::info);
  net::PlainTransport transport;
  Smsc smsc;
  constexpr int messages = 200;
  smsc.on_message = [&](smpp_session::SmscSession& session, const std::string& id,
                        const ShortMessage& message) {
    char text[receipt_text_octets_max];
    uint8_t buffer[100];
    TlvWriter tlvs(buffer);
    ShortMessage receipt;
    receipt.source = message.destination;
    receipt.destination = message.source;
    receipt.esm_class = esm_class::delivery_receipt;
    receipt.short_message = bytes_of(*write_receipt_text({.message_id = id,
                                                          .submitted = 1,
                                                          .delivered = 1,
                                                          .submit_date = "2601020304",
                                                          .done_date = "2601020305",
                                                          .state = MessageState::delivered},
                                                         text));
    receipt.tlvs =
        tlvs.add_text(Tag::receipted_message_id, id).add_u8(Tag::message_state, 2).tlvs();
    REQUIRE(session.deliver(receipt, 1, loop->now()).has_value());
    if (id != std::to_string(messages)) return;
    ShortMessage por;
    por.source = message.destination;
    por.destination = message.source;
    por.esm_class = esm_class::udhi;
    por.data_coding = 0xf6;
    por.short_message =
        bytes_of(std::string_view("\x02\x71\x00"
                                  "answer",
                                  9));
    REQUIRE(session.deliver(por, 1, loop->now()).has_value());
  };
  std::string problem;
  const auto server = SmppServer::open(*loop, *net::parse_endpoint("127.0.0.1:0"), transport, {},
                                       smsc, log, problem);
  REQUIRE_MESSAGE(server.has_value(), problem);
  test::Child child({"node", peers + "smpp_client.js", std::to_string((*server)->endpoint().port),
                     std::to_string(messages), std::to_string(messages + 1)});
  const std::string line = next_line(*loop, child);
  REQUIRE_MESSAGE(!line.empty(), lines.text);
  const auto seen = json::parse(line);
  REQUIRE(seen.has_value());
  CHECK(seen->integer_of("refused") == 14);
  CHECK(seen->text_of("smsc") == "simurgh");
  REQUIRE(seen->find("ids")->as_array()->size() == messages);
  for (const json::Value& status : *seen->find("statuses")->as_array()) {
    CHECK(*status.as_integer() == 0);
  }
  CHECK(seen->find("query")->integer_of("status") == 0);
  CHECK(seen->find("query")->integer_of("state") == 2);
  CHECK(seen->integer_of("cancel") == 0x11);
  CHECK(seen->integer_of("enquired") == 1);
  std::set<std::string> receipted;
  int answers = 0;
  for (const json::Value& delivered : *seen->find("delivered")->as_array()) {
    if (delivered.integer_of("esm_class") == 4) {
      receipted.emplace(delivered.text_of("receipted"));
      CHECK(delivered.integer_of("state") == 2);
    } else {
      ++answers;
      CHECK(delivered.text_of("udh") == "7100");  // it leaves the length out
      CHECK(delivered.text_of("text") == "616e73776572");
    }
  }
  CHECK(receipted.size() == messages);
  CHECK(answers == 1);
  // And what we made of its PDUs.
  CHECK(smsc.messages.size() == messages);
  CHECK(smsc.messages[0] == std::string("\x02\x70\x00"
                                        "message 0",
                                        12));
  CHECK(smsc.last_esm_class == 0x40);
  CHECK(smsc.last_protocol_id == 0x7f);
  CHECK(smsc.last_data_coding == 0xf6);
  CHECK(smsc.last_reference == messages - 1);
  CHECK(parse_time(smsc.last_validity, Instant{}) == Instant{} + days(1));
  CHECK(smsc.delivered == messages + 1);
}

TEST_CASE("npm's smpp as SMSC: throttles, breaks the link; receipts come, nothing is lost") {
  require_npm_smpp();
  const auto loop = make_loop();
  Lines lines;
  const log::Log log(lines, log::Level::info);
  net::PlainTransport transport;
  CountingRandom random;
  constexpr int messages = 100;
  test::Child child({"node", peers + "smpp_server.js", std::to_string(messages), "25", "60"});
  const std::string port = child.line(20'000);
  REQUIRE(!port.empty());
  Esme esme;
  SmppClient client(*loop, *net::parse_endpoint("127.0.0.1:" + port), transport, esme_options(),
                    esme, random, log);
  esme.client = &client;
  const auto submit = [&](smpp_session::Token token) {
    uint8_t buffer[16];
    TlvWriter tlvs(buffer);
    const std::string text = std::string("\x02\x70\x00", 3) + "message " + std::to_string(token);
    ShortMessage message = message_with(text);
    message.validity_period = "000001000000000R";
    message.tlvs = tlvs.add_u16(Tag::user_message_reference, static_cast<uint16_t>(token)).tlvs();
    REQUIRE(client.submit(message, token).has_value());
  };
  for (smpp_session::Token token = 0; token < messages; ++token) submit(token);
  client.start();
  run_until(*loop, [&] {
    for (const smpp_session::Token token : std::exchange(esme.given_back, {})) submit(token);
    return esme.accepted >= messages && esme.delivered.size() >= messages + 1;
  });
  client.stop();
  const std::string line = next_line(*loop, child);
  REQUIRE_MESSAGE(!line.empty(), lines.text);
  const auto seen = json::parse(line);
  REQUIRE(seen.has_value());
  CHECK(seen->integer_of("binds") == 2);
  CHECK(seen->integer_of("broken") == 1);
  CHECK(seen->integer_of("throttled") == 25);
  CHECK(seen->integer_of("mobile") == 0);
  std::set<std::string> texts;
  for (const json::Value& text : *seen->find("texts")->as_array()) texts.insert(*text.as_text());
  CHECK(texts.size() == messages);
  const json::Value& fields = *seen->find("fields");
  CHECK(fields.integer_of("esm_class") == 0x40);
  CHECK(fields.integer_of("protocol_id") == 0x7f);
  CHECK(fields.integer_of("data_coding") == 0xf6);
  CHECK(fields.text_of("destination") == "491700000001");
  CHECK(fields.integer_of("registered_delivery") == 1);
  CHECK(fields.text_of("udh") == "7000");
  CHECK(fields.integer_of("reference") == 0);
  CHECK(esme.smsc == "node");
  CHECK(esme.receipts.size() >= messages);
  CHECK(esme.receipts[0] == "id1 DELIVRD");
  CHECK(esme.delivered.back() == std::string("\x02\x71\x00"
                                             "por",
                                             6));
}

}  // namespace
}  // namespace simurgh::smpp
