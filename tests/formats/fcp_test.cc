#include "formats/apdu/fcp.h"

#include "round_trip.h"
#include "vector_file.h"

using namespace simurgh;
using namespace simurgh::apdu;
using test::Bytes;
using test::from_hex;
using test::to_hex;

namespace {

uint32_t number_of(ByteView bytes) {
  uint32_t value = 0;
  for (const uint8_t octet : bytes) value = value << 8 | octet;
  return value;
}

void check_descriptor(const Fcp& fcp, const test::Vector& descriptor) {
  const test::Vector octet = descriptor["file_descriptor_byte"];
  CHECK(fcp.shareable == octet["shareable"].boolean());
  const std::string type = octet["file_type"].text();
  const std::string structure = octet["structure"].text();
  if (type == "df") {
    CHECK(structure == "no_info_given");
    CHECK(fcp.type == FileType::directory);
  } else if (structure == "transparent") {
    CHECK(fcp.type == FileType::transparent);
  } else if (structure == "ber_tlv") {
    CHECK(fcp.type == FileType::ber_tlv);
  } else {
    CHECK(structure == "linear_fixed");
    CHECK(fcp.type == FileType::linear_fixed);
  }
  if (descriptor["record_len"].is_null()) {
    CHECK(descriptor["num_of_rec"].is_null());
    CHECK(fcp.record_count == 0);
  } else {
    CHECK(fcp.record_octets == descriptor["record_len"].integer());
    CHECK(fcp.record_count == descriptor["num_of_rec"].integer());
  }
}

void check_proprietary(const ProprietaryInformation& information, const test::Vector& decoded) {
  if (decoded.has("uicc_characteristics")) {
    REQUIRE(information.uicc_characteristics.has_value());
    CHECK(to_hex({&*information.uicc_characteristics, 1}) ==
          decoded["uicc_characteristics"].text());
    const bool capability =
        decoded["supported_filesystem_commands"]["terminal_capability"].boolean();
    CHECK(information.supported_commands == uint8_t{capability});
  }
  if (decoded.has("available_memory")) {
    CHECK(number_of(information.available_memory) == decoded["available_memory"].integer());
  }
  if (decoded.has("specific_uicc_environment_conditions")) {
    const test::Vector conditions = decoded["specific_uicc_environment_conditions"];
    CHECK(conditions["rfu"].integer() == 0);
    CHECK(!conditions["high_humidity_supported"].boolean());
    CHECK(conditions["temperature_class"].text() == "standard");
    CHECK(information.environment == uint8_t{0});
  }
  if (decoded.has("unknown_ber_tlv_ie_d0")) {
    decoded["unknown_ber_tlv_ie_d0"].skip("an object that is not known is skipped");
  }
}

void check_pins(const PinStatusTemplate& pins, const test::Vector& decoded) {
  const auto objects = decoded.elements();
  REQUIRE(objects.size() == pins.count + 1u);
  const Bytes bits = objects[0]["ps_do"].hex();
  REQUIRE(bits.size() == 1);
  for (size_t i = 0; i < pins.count; ++i) {
    CHECK(pins.pins[i].key_reference == objects[i + 1]["key_reference"].integer());
    CHECK(pins.pins[i].enabled == ((bits[0] << i & 0x80) != 0));
  }
}

void check_decoded(const Fcp& fcp, const test::Vector& decoded) {
  check_descriptor(fcp, decoded["file_descriptor"]);
  CHECK(fcp.file_id == number_of(decoded["file_identifier"].hex()));
  CHECK(decoded["life_cycle_status_integer"].text() == "operational_activated");
  CHECK(fcp.life_cycle == static_cast<uint8_t>(LifeCycle::activated));
  const test::Vector rule = decoded["security_attrib_referenced"];
  REQUIRE(fcp.access_rule.has_value());
  CHECK(fcp.access_rule->arr_file_id == number_of(rule["ef_arr_file_id"].hex()));
  CHECK(fcp.access_rule->record == rule["ef_arr_record_nr"].integer());
  if (decoded.has("df_name")) {
    CHECK(to_hex(fcp.df_name) == decoded["df_name"].text());
  } else {
    CHECK(fcp.df_name.empty());
  }
  if (decoded.has("proprietary_information")) {
    REQUIRE(fcp.proprietary.has_value());
    check_proprietary(*fcp.proprietary, decoded["proprietary_information"]);
  }
  if (decoded.has("pin_status_template_do")) {
    REQUIRE(fcp.pin_status.has_value());
    check_pins(*fcp.pin_status, decoded["pin_status_template_do"]);
  }
  if (decoded.has("file_size")) CHECK(fcp.file_octets == decoded["file_size"].integer());
  if (decoded.has("short_file_identifier")) {
    const test::Vector id = decoded["short_file_identifier"];
    CHECK(fcp.short_file_id == (id.is_null() ? uint8_t{0} : id.integer()));
  }
}

}  // namespace

TEST_CASE("L1 T2: file control parameters of real cards are read and written back") {
  test::VectorFile file("fcp.json");
  for (const test::Vector& vector : file.root()["vectors"].elements()) {
    if (vector["profile"].text() == "2G") {
      vector.skip("answers of TS 51.011 are another format, which no chip of ours gives");
      continue;
    }
    const Bytes bytes = vector["hex"].hex();
    CAPTURE(to_hex(bytes));
    const auto fcp = parse_fcp(bytes);
    REQUIRE(fcp.has_value());
    check_decoded(*fcp, vector["decoded"]);
    test::check_format(bytes, parse_fcp, write_fcp);
  }
  for (const test::Vector& vector : file.root()["observed"].elements()) {
    const Bytes bytes = vector["fcp"].hex();
    const std::string card = vector["card"].text();
    CAPTURE(card);
    const Bytes select = vector["apdu"].hex();
    CHECK(select[1] == 0xa4);
    const auto fcp = parse_fcp(bytes);
    REQUIRE(fcp.has_value());
    check_decoded(*fcp, vector["decoded"]);
    if (vector.has("source")) {  // it has an object that is not known, which is not kept
      CHECK(!vector["source"].text().empty());
      test::check_truncations(bytes, parse_fcp);
      test::check_changes(bytes, parse_fcp, write_fcp);
    } else {
      test::check_format(bytes, parse_fcp, write_fcp);
    }
  }
  file.finish();
}

TEST_CASE("file descriptors of pySim's test data give type and records") {
  const auto parsed = [](const char* descriptor) {
    Bytes bytes = from_hex(descriptor);
    bytes.insert(bytes.begin(), {0x62, static_cast<uint8_t>(bytes.size())});
    return *parse_fcp(bytes);
  };
  CHECK(parsed("82027921").type == FileType::ber_tlv);
  CHECK(parsed("82027821").type == FileType::directory);
  CHECK(parsed("82024121").type == FileType::transparent);
  const Fcp linear = parsed("82054221006e05");
  CHECK(linear.type == FileType::linear_fixed);
  CHECK(linear.record_octets == 110);
  CHECK(linear.record_count == 5);
  CHECK(linear.shareable);
}

TEST_CASE("a template with every object survives writing and reading") {
  Fcp fcp;
  fcp.type = FileType::cyclic;
  fcp.record_octets = 3;
  fcp.record_count = 7;
  fcp.file_id = 0x6f39;
  fcp.life_cycle = 5;
  fcp.access_rule = AccessRule{0x6f06, 4};
  fcp.file_octets = 21;
  fcp.total_file_octets = 0x12345;
  fcp.short_file_id = 0;
  PinStatusTemplate pins;
  pins.pins[0] = {0x01, true, {}};
  pins.pins[1] = {0x11, false, 0x08};
  pins.count = 9;
  pins.pins[8] = {0x0b, true, {}};
  fcp.pin_status = pins;
  ByteArray<fcp_octets_max> room;
  const auto written = write_fcp(fcp, room);
  REQUIRE(written.has_value());
  const auto again = parse_fcp(*written);
  REQUIRE(again.has_value());
  CHECK(again->short_file_id == uint8_t{0});
  CHECK(again->total_file_octets == 0x12345u);
  REQUIRE(again->pin_status.has_value());
  CHECK(again->pin_status->pins == pins.pins);
  test::check_format(*written, parse_fcp, write_fcp);
}

TEST_CASE("a template stays below 128 octets, as older readers need it") {
  Fcp fcp;
  const Bytes memory(100, 1);
  fcp.proprietary = ProprietaryInformation{};
  fcp.proprietary->available_memory = memory;
  ByteArray<300> room;
  REQUIRE(write_fcp(fcp, room).has_value());
  const Bytes clock(30, 2);
  fcp.proprietary->minimum_clock = clock;
  CHECK(write_fcp(fcp, room).error().code == ErrorCode::too_large);
  fcp = Fcp{};
  fcp.short_file_id = 31;
  CHECK(write_fcp(fcp, room).error().code == ErrorCode::bad_value);
}

TEST_CASE("templates that contradict the clause are refused") {
  const auto code_of = [](const char* hex) { return parse_fcp(from_hex(hex)).error().code; };
  CHECK(code_of("6f00") == ErrorCode::bad_value);
  CHECK(code_of("6200") == ErrorCode::not_found);
  CHECK(code_of("6204 82020921") == ErrorCode::unsupported);
  CHECK(code_of("6204 82024221") == ErrorCode::truncated);
  CHECK(code_of("6207 82054121000001") == ErrorCode::trailing_bytes);
  CHECK(code_of("6207 82024121 880100") == ErrorCode::bad_value);
  CHECK(code_of("6207 82024121 830100") == ErrorCode::bad_length);
  CHECK(code_of("6209 82027821 c603 830101") == ErrorCode::bad_value);
}
