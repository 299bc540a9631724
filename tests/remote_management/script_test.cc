#include "formats/remote_management/script.h"

#include <list>

#include "round_trip.h"

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

ErrorCode command_error(std::string_view hex) {
  const auto script = parse_command_script(kept(hex));
  REQUIRE_MESSAGE(!script.has_value(), hex);
  return script.error().code;
}

ErrorCode response_error(std::string_view hex) {
  const auto script = parse_response_script(kept(hex));
  REQUIRE_MESSAGE(!script.has_value(), hex);
  return script.error().code;
}

// As parsed, item by item.
Result<ByteView> rewrite_commands(const CommandScript& script, MutableByteView out) {
  CommandScriptWriter writer(out, script.form);
  if (script.chaining.has_value()) writer.chaining(*script.chaining);
  CommandItems items(script);
  while (const auto item = items.next()) {
    switch (item->kind) {
      case CommandItem::Kind::apdu: writer.apdu(item->value); break;
      case CommandItem::Kind::immediate_action: writer.immediate_action(item->value); break;
      case CommandItem::Kind::error_action: writer.error_action(item->value); break;
    }
  }
  return writer.finish();
}

}  // namespace

TEST_CASE("T2: command scripts come back byte for byte, chained and with actions") {
  for (const char* hex : {
           "aa00",
           "ae800000",
           "aa0c 830101 8101 01 2204 80f20000",
           "ae80 830111 8200 2205 80caff2100 0000",
           "ae80 830102 2205 80caff2100 2205 80caff2100 0000",
           "aa09 830103 2204 00a40000",
           "ae80 81 03 810301 82 03 810301 2204 00440000 0000",
       }) {
    CAPTURE(hex);
    test::check_format(from_hex(hex), parse_command_script, rewrite_commands);
  }
}

TEST_CASE("T2: both spellings of the indefinite templates are read, one is written") {
  const auto script = parse_command_script(kept("ac80 2205 80caff2100 0000"));
  REQUIRE(script.has_value());
  CHECK(script->form == LengthForm::indefinite);
  Bytes room(64);
  CHECK(to_hex(*rewrite_commands(*script, room)) == "ae80220580caff21000000");
  const auto response = parse_response_script(kept("ad80 2302 9000 0000"));
  REQUIRE(response.has_value());
  CHECK(response->last_status == apdu::status::ok);
}

TEST_CASE("T2: length fields of two to four octets are read") {
  for (const char* length : {"05", "8105", "820005", "83000005"}) {
    const std::string item = std::string("22") + length + "80caff2100";
    const Bytes inner = from_hex(item);
    Bytes whole = from_hex("aa83000000");
    whole[4] = static_cast<uint8_t>(inner.size());
    whole.insert(whole.end(), inner.begin(), inner.end());
    const auto script = parse_command_script(whole);
    REQUIRE_MESSAGE(script.has_value(), length);
    CHECK(to_hex(CommandItems(*script).next()->value) == "80caff2100");
  }
}

TEST_CASE("T2: every fault of a command script is the bad format that tells it") {
  const auto fault = [](const char* hex) {
    const auto script = parse_command_script(kept(hex));
    REQUIRE_MESSAGE(!script.has_value(), hex);
    return bad_format_of(script.error());
  };
  CHECK(fault("aa07 2405 80caff2100") == BadFormat::unknown_tag);
  CHECK(fault("ab07 2205 80caff2100") == BadFormat::unknown_tag);
  CHECK(fault("aa05 2203 80caff") == BadFormat::wrong_length);
  CHECK(fault("ae05 2203 80caff") == BadFormat::wrong_length);
  CHECK(fault("aa07 2205 80caff2100 00") == BadFormat::wrong_length);
  CHECK(fault("aa07 2206 80caff2100") == BadFormat::length_not_found);
  CHECK(fault("aa01 22") == BadFormat::length_not_found);
  CHECK(fault("ae80 2205 80caff2100 00") == BadFormat::length_not_found);
  CHECK(command_error("aa00 00") == ErrorCode::trailing_bytes);
  CHECK(command_error("ae800000 00") == ErrorCode::trailing_bytes);
  CHECK(command_error("ae80 0001") == ErrorCode::bad_value);
  // Chaining is first or nowhere, and one of its four values.
  CHECK(command_error("aa09 2204 00a40000 830101") == ErrorCode::bad_value);
  CHECK(command_error("aa06 830101 830102") == ErrorCode::bad_value);
  CHECK(command_error("aa03 830104") == ErrorCode::bad_value);
  CHECK(command_error("aa04 83020101") == ErrorCode::bad_length);
  // Definite objects only inside.
  CHECK(command_error("ae80 2280 80caff2100 0000 0000") == ErrorCode::bad_value);
}

TEST_CASE("T2: scripts of more commands than one octet counts are refused") {
  Bytes room(8192);
  for (const size_t count : {apdus_per_script_max, apdus_per_script_max + 1}) {
    Bytes script = from_hex("ae80");
    CommandScriptWriter writer(room);
    for (size_t i = 0; i < count; ++i) {
      const Bytes item = from_hex("2204 00a40000");
      script.insert(script.end(), item.begin(), item.end());
      writer.apdu(from_hex("00a40000"));
    }
    script.insert(script.end(), 2, 0);
    const bool fits = count <= apdus_per_script_max;
    CHECK(parse_command_script(script).has_value() == fits);
    CHECK(writer.finish().has_value() == fits);
  }
  CHECK(command_error("aa12 8200 8200 8200 8200 8200 8200 8200 8200 8200") == ErrorCode::too_large);
}

TEST_CASE("T2: response scripts say what was executed") {
  const auto script = parse_response_script(kept("ab0f 800102 2302 9000 2306 01020304 6a82"));
  REQUIRE(script.has_value());
  CHECK(script->executed_count == 2);
  CHECK(script->r_apdu_count == 2);
  CHECK(script->last_status == apdu::status::file_not_found);
  const auto bad = parse_response_script(kept("ab06 800100 900102"));
  REQUIRE(bad.has_value());
  CHECK(bad->bad_format == BadFormat::wrong_length);
  CHECK(!bad->last_status.has_value());
  const auto chained = parse_response_script(kept("af80 830101 0000"));
  REQUIRE(chained.has_value());
  CHECK(chained->chaining_fault == ChainingFault::no_previous_script);
  CHECK(response_error("ab03 230190") == ErrorCode::bad_length);
  CHECK(response_error("ab07 2302 9000 800101") == ErrorCode::bad_value);
  CHECK(response_error("ab06 800101 800101") == ErrorCode::bad_value);
  CHECK(response_error("ab03 900104") == ErrorCode::bad_value);
  CHECK(response_error("ab03 900100") == ErrorCode::bad_value);
  CHECK(response_error("ab05 8003 000001") == ErrorCode::bad_length);
  CHECK(response_error("aa05 2302 9000") == ErrorCode::bad_value);
}

TEST_CASE("T2: a response that is too long is cut with 62F1 and stays well formed, at every size") {
  const Bytes data(300, 0xab);
  for (const auto form : {LengthForm::definite, LengthForm::indefinite}) {
    for (size_t size = ResponseScriptWriter::octets_min; size < 1000; ++size) {
      Bytes room(size);
      ResponseScriptWriter writer(room, form);
      size_t whole = 0, cut = 0;
      for (int i = 0; i < 4; ++i) {
        switch (writer.r_apdu(data, apdu::status::ok)) {
          case ResponseScriptWriter::Added::whole:
            CHECK(cut == 0);
            ++whole;
            break;
          case ResponseScriptWriter::Added::truncated: ++cut; break;
          case ResponseScriptWriter::Added::no_room: break;
        }
      }
      writer.chaining_fault(ChainingFault::unable);
      const ByteView written = writer.finish();
      const auto script = parse_response_script(written);
      REQUIRE_MESSAGE(script.has_value(), size);
      CHECK(script->r_apdu_count == whole + cut);
      CHECK(cut <= 1);
      if (form == LengthForm::definite) CHECK(script->executed_count == whole + cut);
      if (cut == 1) CHECK(script->last_status == apdu::status::more_data_available);
      CHECK(script->chaining_fault == ChainingFault::unable);
    }
  }
}

TEST_CASE("T2: the compact format is read and written, with the length that each command has") {
  const auto rewrite = [](const std::vector<apdu::Command>& commands,
                          MutableByteView out) -> Result<ByteView> {
    Writer writer(out);
    for (const apdu::Command& command : commands) TRY(append_compact(command, writer));
    return writer.finish();
  };
  const auto parse = [](ByteView bytes) -> Result<std::vector<apdu::Command>> {
    std::vector<apdu::Command> out;
    CompactCommands commands(bytes);
    while (!commands.at_end()) out.push_back(TRY(commands.next()));
    return out;
  };
  // SELECT, UPDATE BINARY, READ BINARY; INSTALL and its answer.
  for (const char* hex :
       {"00a40004023f00 00a40004026f07 00d6000003010203 00b0000009",
        "80e602000700000000000000 00c0000000", "80cb0000 05 80cb0080 03 5c0180", "0044000000"}) {
    const Bytes bytes = from_hex(hex);
    test::check_rewriting(bytes, parse, rewrite);
    test::check_changes(bytes, parse, rewrite);
    test::try_truncations(bytes, parse);
  }
  CHECK(parse(kept("00b0000000"))->front().le == 256);
  CHECK(parse(kept("0088000000")).error().code == ErrorCode::unsupported);
  CHECK(parse(kept("00d60000")).error().code == ErrorCode::truncated);
  CHECK(parse(kept("00d600000201")).error().code == ErrorCode::truncated);
  Bytes many;
  for (size_t i = 0; i <= apdus_per_script_max; ++i) {
    const Bytes one = from_hex("00b0000001");
    many.insert(many.end(), one.begin(), one.end());
  }
  CHECK(parse(many).error().code == ErrorCode::too_large);
  many.resize(many.size() - 5);
  CHECK(parse(many).has_value());
}

TEST_CASE("T2: compact responses are those of test vectors") {
  // por_decoded of scp80.json: one command, 6132.
  const auto response = parse_compact_response(kept("016132"));
  REQUIRE(response.has_value());
  CHECK(response->executed == 1);
  CHECK(response->status == apdu::status::response_available(0x32));
  const Bytes read = from_hex("02 9000 080910100000000010");
  test::check_rewriting(read, parse_compact_response, write_compact_response);
  CHECK(parse_compact_response(kept("0290")).error().code == ErrorCode::truncated);
}
