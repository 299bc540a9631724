#include "formats/apdu/apdu.h"

#include "round_trip.h"

using namespace simurgh;
using namespace simurgh::apdu;
using test::Bytes;
using test::from_hex;
using test::to_hex;

TEST_CASE("T2: command APDUs of all cases are read and written, short and extended") {
  struct Case {
    const char* hex;
    int number;
    uint32_t le;
    size_t data_octets;
    bool extended;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"00a40004", 1, 0, 0, false},
           {"80120000 20", 2, 32, 0, false},
           {"00b00000 00", 2, 256, 0, false},
           {"00a40004 02 3f00", 3, 0, 2, false},
           {"00880081 04 01020304 00", 4, 256, 4, false},
           {"00b00000 00 0100", 2, 256, 0, true},
           {"00b00000 00 0000", 2, 65536, 0, true},
           {"80e20000 00 0003 010203", 3, 0, 3, true},
           {"80e20000 00 0003 010203 0000", 4, 65536, 3, true},
       }) {
    CAPTURE(c.hex);
    const Bytes bytes = from_hex(c.hex);
    const auto command = parse_command(bytes);
    REQUIRE(command.has_value());
    CHECK(command->case_number() == c.number);
    CHECK(command->le == c.le);
    CHECK(command->data.size() == c.data_octets);
    CHECK(command->extended == c.extended);
    test::check_rewriting(bytes, parse_command, write_command);
    test::check_changes(bytes, parse_command, write_command);
    test::try_truncations(bytes, parse_command);
  }
}

TEST_CASE("command APDUs whose lengths do not fill them are refused") {
  const auto error_of = [](const char* hex) { return parse_command(from_hex(hex)).error(); };
  CHECK(error_of("00a400") == fail(ErrorCode::truncated, 3));
  CHECK(error_of("00a40004 03 3f00") == fail(ErrorCode::truncated, 5));
  CHECK(error_of("00a40004 02 3f00 00 00") == fail(ErrorCode::trailing_bytes, 8));
  CHECK(error_of("00a40004 00 00") == fail(ErrorCode::truncated, 5));
  CHECK(error_of("00a40004 00 0000 01") == fail(ErrorCode::bad_length, 5));
  CHECK(error_of("00a40004 00 0001 01 00") == fail(ErrorCode::truncated, 8));
}

TEST_CASE("what a short APDU cannot carry is not written as one") {
  Bytes room(400);
  Command command;
  const Bytes data(256, 1);
  command.data = data;
  CHECK(write_command(command, room).error().code == ErrorCode::too_large);
  command.extended = true;
  CHECK(write_command(command, room)->size() == 4 + 3 + 256);
  command.data = {};
  command.extended = false;
  command.le = 257;
  CHECK(write_command(command, room).error().code == ErrorCode::too_large);
}

TEST_CASE("response APDUs end in their status word") {
  const Bytes bytes = from_hex("0102039107");
  const auto response = parse_response(bytes);
  REQUIRE(response.has_value());
  CHECK(to_hex(response->data) == "010203");
  CHECK(response->status == status::proactive_command(7));
  CHECK(parse_response(from_hex("90")).error().code == ErrorCode::truncated);
  test::check_rewriting(from_hex("9000"), parse_response, write_response);
  test::check_rewriting(from_hex("aabb6282"), parse_response, write_response);
}

TEST_CASE("status words have their meaning and class") {
  CHECK(status::ok.is_success());
  CHECK(status::proactive_command(0x20).is_success());
  CHECK(status::response_available(0x10).is_success());
  CHECK(!status::toolkit_busy.is_success());
  CHECK(!status::file_not_found.is_success());
  CHECK(status::end_of_file_reached.is_warning());
  CHECK(status::tries_left(2).value == 0x63c2);
  CHECK(status::wrong_le(9).value == 0x6c09);
  CHECK(std::string(status::authentication_mac_failure.meaning()).find("incorrect mac") !=
        std::string::npos);
  CHECK(std::string(status::tries_left(2).meaning()).find("tries left") != std::string::npos);
  for (uint32_t value = 0; value <= 0xffff; ++value) {
    CHECK_MESSAGE(StatusWord{static_cast<uint16_t>(value)}.meaning() != nullptr, value);
  }
}

TEST_CASE("class octets name the logical channel") {
  CHECK(logical_channel_of(0x00) == 0);
  CHECK(logical_channel_of(0x83) == 3);
  CHECK(logical_channel_of(0x40) == 4);
  CHECK(logical_channel_of(0xcf) == 19);
  CHECK(class_without_channel(0x83) == 0x80);
  CHECK(class_without_channel(0xcf) == 0x80);
  CHECK(class_without_channel(0x42) == 0x00);
  CHECK(class_without_channel(0xa0) == 0xa0);
}
