// Payloads as bytes, and the settings of batches.
#include "element_update/payload.h"
#include "card.h"
#include "element_update/card.h"

using namespace simurgh;
using namespace simurgh::test;
using namespace simurgh::element_update;
using campaign::PayloadKind;

TEST_CASE("G3: every truncation of a payload is a clean error, and no changed octet crashes") {
  CommandsPayload commands;
  commands.commands = {{0x00, 0xa4, 0x00, 0x0c, 0x02, 0x3f, 0x00}};
  commands.read_back = {{{0x00, 0xb0, 0x00, 0x00, 0x02}, {1, 2}}};
  FilePayload files;
  files.writes.push_back({.path = {0x7f10, 0x6f3a}, .offset = 3, .octets = Bytes(300, 1)});
  AppletPayload applet;
  const ByteArray<5> name = {1, 2, 3, 4, 5};
  applet.load_file = applet.module = applet.instance = *Aid::of(name);
  applet.privileges = {0};
  applet.code = Bytes(500, 7);
  for (const auto& payload :
       {*write_payload(PayloadKind::script, commands), *write_payload(files),
        *write_payload(applet), key_rotation_payload(), next_poll_payload()}) {
    REQUIRE(plan_of(payload).has_value());
    for (size_t size = 0; size < payload.bytes.size(); ++size) {
      campaign::Payload cut = payload;
      cut.bytes.resize(size);
      CHECK(!plan_of(cut).has_value());
    }
    for (size_t at = 0; at < payload.bytes.size(); ++at) {
      campaign::Payload changed = payload;
      changed.bytes[at] ^= 0xff;
      static_cast<void>(plan_of(changed));
    }
    campaign::Payload longer = payload;
    longer.bytes.push_back(0);
    CHECK(plan_of(longer).error().code == ErrorCode::trailing_bytes);
  }
}

TEST_CASE("G3: what no card could do, or what would prove nothing, is refused when it is ordered") {
  CommandsPayload commands;
  CHECK(!write_payload(PayloadKind::script, commands).has_value());  // nothing
  commands.commands = {{0x00, 0xa4}};
  CHECK(!write_payload(PayloadKind::script, commands).has_value());  // no APDU
  commands.commands = {{0x00, 0xa4, 0x00, 0x0c, 0x02, 0x3f, 0x00}};
  CHECK(write_payload(PayloadKind::os_patch, commands).has_value());
  CHECK(!write_payload(PayloadKind::file, commands).has_value());
  commands.read_back = {{{0x00, 0xb0, 0x00, 0x00, 0x02}, {}}};
  CHECK(!write_payload(PayloadKind::script, commands).has_value());
  FilePayload files;
  files.writes.push_back({.path = {0x6f3a}, .offset = 0x7fff, .octets = {1, 2}});
  CHECK(!write_payload(files).has_value());
  files.writes[0].offset = 0x7ffe;
  CHECK(write_payload(files).has_value());
  AppletPayload applet;
  CHECK(!write_payload(applet).has_value());
}

TEST_CASE("G8: the settings of a batch say what differs, and mistakes are named") {
  std::string problem;
  const auto card = read_card(
      R"({"http": {"script": {"chunked": true, "chunk_octets": 200}, "response_octets_max": 255,
          "apdus_per_script_max": 2, "keeps_response": false}, "poll_date": "none"})",
      own_card(), problem);
  REQUIRE(card.has_value());
  CHECK(card->http.script_form.chunked);
  CHECK(card->http.script_form.chunk_octets == 200);
  CHECK(card->http.response_octets_max == 255);
  CHECK(card->http.apdus_per_script_max == 2);
  CHECK(!card->http.keeps_response);
  CHECK(card->http.says_resume);
  CHECK(card->poll_date == PollDate::none);
  CHECK(read_card("{}", own_card(), problem)->poll_date == PollDate::script);
  CHECK(!read_card("[", own_card(), problem).has_value());
  const auto words = [&](const char* settings) {
    problem.clear();
    CHECK(!read_card(settings, imported_card(), problem).has_value());
    return problem;
  };
  CHECK(words(R"({"poll_date": "script"})").find("poll_target") != std::string::npos);
  CHECK(words(R"({"http": {"script_octets_max": 1}})").find("script_octets_max") !=
        std::string::npos);
  CHECK(words(R"({"colour": "red"})").find("colour") != std::string::npos);
  CHECK(read_card(R"({"poll_date": "script", "poll_target": "a0000000871002"})", imported_card(),
                  problem)
            .has_value());
}
