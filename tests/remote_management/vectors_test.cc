#include <list>

#include "formats/remote_management/administration_session.h"
#include "formats/remote_management/global_platform.h"
#include "formats/remote_management/script.h"
#include "round_trip.h"
#include "vector_file.h"

using namespace simurgh;
using namespace simurgh::remote_management;
using test::Bytes;
using test::from_hex;
using test::to_hex;

namespace {

// Octets that stay: what is parsed points into them.
ByteView kept(std::string_view hex) {
  static std::list<Bytes> all;
  return all.emplace_back(from_hex(hex));
}

Bytes write_commands(const std::vector<Bytes>& apdus, LengthForm form) {
  Bytes room(4096);
  CommandScriptWriter writer(room, form);
  for (const Bytes& apdu : apdus) writer.apdu(apdu);
  const auto script = writer.finish();
  REQUIRE(script.has_value());
  return {script->begin(), script->end()};
}

std::vector<std::string> apdus_of(const CommandScript& script) {
  std::vector<std::string> out;
  CommandItems items(script);
  while (const auto item = items.next()) {
    CHECK(item->kind == CommandItem::Kind::apdu);
    out.push_back(to_hex(item->value));
  }
  return out;
}

void check_command_vector(const test::Vector& vector) {
  std::vector<Bytes> apdus;
  std::vector<std::string> texts;
  for (const test::Vector& apdu : vector["apdus"].elements()) {
    apdus.push_back(apdu.hex());
    texts.push_back(apdu.text());
  }
  for (const auto& [name, form] : {std::pair("definite", LengthForm::definite),
                                   std::pair("indefinite", LengthForm::indefinite)}) {
    if (!vector.has(name)) continue;
    const Bytes bytes = vector[name].hex();
    CHECK(to_hex(write_commands(apdus, form)) == to_hex(bytes));
    const auto script = parse_command_script(bytes);
    REQUIRE(script.has_value());
    CHECK(script->form == form);
    CHECK(script->apdu_count == apdus.size());
    CHECK(apdus_of(*script) == texts);
    test::check_truncations(bytes, parse_command_script);
  }
}

void check_response_vector(const test::Vector& vector) {
  const Bytes bytes = vector["hex"].hex();
  const auto script = parse_response_script(bytes);
  REQUIRE_MESSAGE(script.has_value(), to_hex(bytes));
  test::check_truncations(bytes, parse_response_script);
  if (vector.has("number_executed")) {
    CHECK(script->executed_count == vector["number_executed"].integer());
  }
  if (vector.has("note")) {
    vector["note"].skip("says that the count inside an indefinite template is to be tolerated");
    CHECK(script->form == LengthForm::indefinite);
    CHECK(script->executed_count == 1);
    CHECK(script->last_status == apdu::StatusWord{0x9000});
    return;
  }
  Bytes room(bytes.size() + 32);
  ResponseScriptWriter writer(room, script->form);
  ResponseItems items(*script);
  for (const test::Vector& expected : vector["rapdus"].elements()) {
    const auto item = items.next();
    REQUIRE(item.has_value());
    const auto response = apdu::parse_response(item->value);
    REQUIRE(response.has_value());
    CHECK(to_hex(response->data) == expected[0].text());
    const Bytes status = expected[1].hex();
    CHECK(response->status.value == (status[0] << 8 | status[1]));
    writer.r_apdu(response->data, response->status);
  }
  CHECK(!items.next().has_value());
  CHECK(to_hex(writer.finish()) == to_hex(bytes));
}

toolkit::OtherAddress ipv4(const Bytes& address) {
  return {toolkit::OtherAddress::ipv4, address};
}

Bytes ipv4_octets(const std::string& text) {
  Bytes out;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, '.');) {
    out.push_back(static_cast<uint8_t>(std::stoi(part)));
  }
  return out;
}

void check_trigger_vector(const test::Vector& vector) {
  const std::string name = vector["name"].text();
  CAPTURE(name);
  const Bytes bytes = vector["trigger_tlv"].hex();
  const test::Vector arguments = vector["args"];
  const auto text = [&](const char* member) {
    return !arguments.has(member) || arguments[member].is_null() ? std::string()
                                                                 : arguments[member].text();
  };
  const std::string psk = text("psk"), host = text("host"), uri = text("uri"), ip = text("ip"),
                    agent = text("agent");
  const int64_t version = arguments["kvn"].integer(), id = arguments["kid"].integer(),
                port = arguments["port"].integer(), buffer = arguments["buf"].integer();
  const Bytes address = ipv4_octets(ip);

  // Written from the arguments…
  SessionTrigger trigger;
  if (!ip.empty()) {
    trigger.session.connection = ConnectionParameters{
        .bearer = toolkit::BearerDescription{},
        .buffer_octets = static_cast<uint16_t>(buffer),
        .transport = toolkit::TransportLevel{toolkit::TransportProtocol::tcp_client_remote,
                                             static_cast<uint16_t>(port)},
        .address = ipv4(address)};
  }
  if (!psk.empty()) {
    trigger.session.security = SecurityParameters{.psk_identity = bytes_of(psk),
                                                  .key_version = static_cast<uint8_t>(version),
                                                  .key_id = static_cast<uint8_t>(id)};
  }
  if (name == "with agent id and retry policy") {
    // The arguments do not say it; the octets do: three tries, 25 03 00 10 00.
    trigger.session.retry = RetryPolicy{.tries = 3, .pause = {.minutes = 1}};
  }
  if (!host.empty()) {
    trigger.session.http =
        HttpParameters{.host = bytes_of(host), .agent_id = bytes_of(agent), .uri = bytes_of(uri)};
  }
  Bytes room(512);
  const auto written = write_session_trigger(trigger, room);
  REQUIRE(written.has_value());
  CHECK(to_hex(*written) == to_hex(bytes));

  // … and read from the octets.
  const auto parsed = parse_session_trigger(bytes);
  REQUIRE(parsed.has_value());
  CHECK(parsed->session.security.has_value() == !psk.empty());
  if (parsed->session.security.has_value()) {
    CHECK(text_of(parsed->session.security->psk_identity) == psk);
    CHECK(parsed->session.security->key_version == version);
    CHECK(parsed->session.security->key_id == id);
  }
  CHECK(parsed->session.connection.has_value() == !ip.empty());
  if (parsed->session.connection.has_value()) {
    CHECK(parsed->session.connection->transport->port == port);
    CHECK(parsed->session.connection->buffer_octets == buffer);
    CHECK(to_hex(parsed->session.connection->address->address) == to_hex(address));
  }
  CHECK(parsed->session.http.has_value() == !host.empty());
  if (parsed->session.http.has_value()) {
    CHECK(text_of(parsed->session.http->host) == host);
    CHECK(text_of(parsed->session.http->uri) == uri);
    CHECK(text_of(parsed->session.http->agent_id) == agent);
  }
  test::check_format(bytes, parse_session_trigger, write_session_trigger);
}

}  // namespace

TEST_CASE("T2 G6: scripts and triggers of independent implementations are read and written") {
  test::VectorFile file("scp81.json");
  for (const test::Vector& vector : file.root()["expanded_command"].elements()) {
    check_command_vector(vector);
  }
  for (const test::Vector& vector : file.root()["expanded_response"].elements()) {
    check_response_vector(vector);
  }
  for (const test::Vector& vector : file.root()["trigger_tlvs"].elements()) {
    check_trigger_vector(vector);
  }
  // The scripts that a live session carried.
  for (const test::Vector& line : file.root()["session_transcript"].elements()) {
    const std::string who = line[0].text();
    const std::string head = line[1].text();
    const std::string body = line[2].text();
    if (body.find('<') != std::string::npos || body.empty()) continue;
    if (who == "server") {
      const auto script = parse_command_script(kept(body));
      REQUIRE_MESSAGE(script.has_value(), head);
      CHECK(script->apdu_count == 1);
    } else {
      CHECK(parse_response_script(kept(body)).has_value());
    }
  }
  file.root()["real_card_trigger_example"].skip("its octets are in another test, as a whole");
  file.root()["card_client_hello"].skip("of TLS, in the tests of io/tls");
  file.finish();
}

TEST_CASE("T2: parameters that a live security domain keeps are read") {
  // real_card_trigger_example of scp81.json, its parts put together with an identity of 19 digits.
  const Bytes bytes = from_hex(
      "8917 8a09 6c6f63616c686f7374 8b07 2f2f73652d6964 8c01 2f"
      "8517 13 38393838323131303030303030343637323835 02 4001"
      "8607 0001 2503 001000");
  const auto parsed = parse_session_parameters(bytes);
  REQUIRE(parsed.has_value());
  CHECK(text_of(parsed->http->host) == "localhost");
  CHECK(text_of(parsed->http->uri) == "/");
  CHECK(text_of(parsed->security->psk_identity) == "8988211000000467285");
  CHECK(parsed->security->key_version == 0x40);
  CHECK(parsed->retry->tries == 1);
  CHECK(parsed->retry->pause == toolkit::TimerValue{.minutes = 1});
  test::try_truncations(bytes, parse_session_parameters);
  test::check_changes(bytes, parse_session_parameters, write_session_parameters);
}

TEST_CASE("T2: commands of a live session are the structs that they should be") {
  const auto status = parse_get_status(*apdu::parse_command(kept("80f28002024f0000")));
  REQUIRE(status.has_value());
  CHECK(status->subset == Subset::issuer_security_domain);
  CHECK(!status->next);
  CHECK(status->aid_prefix.empty());
  CHECK(*parse_get_data(*apdu::parse_command(kept("80ca008500"))) ==
        data_tag::administration_parameters);
  CHECK(*parse_get_data(*apdu::parse_command(kept("80caff2100"))) == data_tag::free_memory);
}
