#include "formats/tlv/ber_tlv.h"
#include "formats/tlv/comprehension_tlv.h"
#include "round_trip.h"
#include "vector_file.h"

using namespace simurgh;
using namespace simurgh::tlv;
using test::Bytes;
using test::from_hex;
using test::to_hex;

namespace {

Result<Element> parse_one_ber(ByteView bytes) {
  BerReader reader(bytes);
  const Element element = TRY(reader.next());
  if (!reader.at_end()) return fail(ErrorCode::trailing_bytes, reader.offset());
  return element;
}

Result<ByteView> write_one_ber(const Element& element, MutableByteView out) {
  Writer writer(out);
  BerWriter(writer).element(element.tag, element.value);
  return writer.finish();
}

Result<ComprehensionElement> parse_one_comprehension(ByteView bytes) {
  ComprehensionReader reader(bytes);
  const ComprehensionElement element = TRY(reader.next());
  if (!reader.at_end()) return fail(ErrorCode::trailing_bytes, reader.offset());
  return element;
}

Result<ByteView> write_one_comprehension(const ComprehensionElement& element, MutableByteView out) {
  Writer writer(out);
  ComprehensionWriter(writer).element(
      element.tag, element.value,
      element.comprehension_required ? Comprehension::required : Comprehension::not_required);
  return writer.finish();
}

// What the value says, in the words of the source, checked for the kinds that it has.
void check_decoded(const test::Vector& vector, ByteView value) {
  const std::string kind = vector["ie"].text();
  const test::Vector decoded = vector["decoded"];
  if (kind == "KeyInformationData") {
    REQUIRE(value.size() == 4);
    CHECK(value[0] == decoded["key_identifier"].integer());
    CHECK(value[1] == decoded["key_version_number"].integer());
    REQUIRE(decoded["key_types"].size() == 1);
    CHECK(value[2] == (decoded["key_types"][0]["type"].text() == "aes" ? 0x88 : 0x80));
    CHECK(value[3] == decoded["key_types"][0]["length"].integer());
  } else if (kind == "AdminHostParam" || kind == "AdminUriParam") {
    CHECK(std::string(text_of(value)) == decoded.text());
  } else if (kind == "SecurityParams") {
    Reader reader(value);
    CHECK(to_hex(*reader.prefixed8()) == decoded["psk_id"].text());
    CHECK(*reader.u8() == 2);  // length of what follows
    CHECK(*reader.u8() == decoded["kvn"].integer());
    CHECK(*reader.u8() == decoded["kid"].integer());
    CHECK(decoded["sha_type"].is_null());
    CHECK(reader.at_end());
  } else {
    decoded.skip("the value's meaning is tested by fcp_test.cc and toolkit_test.cc");
  }
}

}  // namespace

TEST_CASE("G3 T2: data objects of pySim's test data are read and written back") {
  test::VectorFile file("tlv.json");
  for (const test::Vector& vector : file.root()["vectors"].elements()) {
    const Bytes bytes = vector["hex"].hex();
    const Bytes tag = vector["tag"].hex();
    CAPTURE(to_hex(bytes));
    REQUIRE(tag.size() == 1);
    if (vector["module"].text() == "pySim.cat") {
      const auto element = parse_one_comprehension(bytes);
      REQUIRE(element.has_value());
      CHECK(element->comprehension_required);
      CHECK((element->tag | 0x80) == tag[0]);
      check_decoded(vector, element->value);
      test::check_format(bytes, parse_one_comprehension, write_one_comprehension);
    } else {
      const auto element = parse_one_ber(bytes);
      REQUIRE(element.has_value());
      CHECK(element->tag == tag[0]);
      check_decoded(vector, element->value);
      test::check_format(bytes, parse_one_ber, write_one_ber);
    }
  }
  file.finish();
}

TEST_CASE("BER tags of one to three octets and lengths of one to four are read and written") {
  for (const char* tag : {"5a", "9f70", "bf21", "7f2a", "bf8101"}) {
    for (const size_t length : {0u, 1u, 127u, 128u, 255u, 256u, 65535u, 65536u}) {
      Bytes value(length, 0xab);
      Bytes room(length + 8);
      Writer writer(room);
      Tag number = 0;
      for (const uint8_t octet : from_hex(tag)) number = number << 8 | octet;
      BerWriter(writer).element(number, value);
      const auto written = writer.finish();
      REQUIRE(written.has_value());
      CHECK(written->size() == ber_header_octets(number, length) + length);
      const auto element = parse_one_ber(*written);
      REQUIRE(element.has_value());
      CHECK(element->tag == number);
      CHECK(equal(element->value, value));
      CHECK(element->offset == ber_header_octets(number, length));
    }
  }
  CHECK(is_constructed(0x62));
  CHECK(is_constructed(0xbf21));
  CHECK(is_constructed(0x7f2a));
  CHECK(!is_constructed(0x5a));
  CHECK(!is_constructed(0x9f70));
}

TEST_CASE("BER data objects that ISO 7816-4 rules out are refused at their place") {
  const auto error_of = [](const char* hex) { return parse_one_ber(from_hex(hex)).error(); };
  CHECK(error_of("") == fail(ErrorCode::truncated, 0));
  CHECK(error_of("00") == fail(ErrorCode::bad_value, 0));
  CHECK(error_of("ff0100") == fail(ErrorCode::bad_value, 0));
  CHECK(error_of("9f8001 00") == fail(ErrorCode::bad_value, 0));      // tag not minimal
  CHECK(error_of("9f818181 0100") == fail(ErrorCode::bad_value, 0));  // four octets of tag
  CHECK(error_of("ae80 22 0100 0000") == fail(ErrorCode::bad_value, 1));
  CHECK(error_of("5a84 00000001 00") == fail(ErrorCode::too_large, 1));
  CHECK(error_of("5a02 01") == fail(ErrorCode::truncated, 2));
  CHECK(error_of("5a01 01 00") == fail(ErrorCode::trailing_bytes, 3));
  // Longer than need be is what some cards send.
  CHECK(parse_one_ber(from_hex("5a8101 07"))->value[0] == 7);
}

TEST_CASE("nested BER objects get their lengths patched, whatever they grow to") {
  for (const size_t inner :
       {1u, 60u, 124u, 125u, 126u, 127u, 128u, 252u, 253u, 254u, 255u, 300u, 65530u}) {
    Bytes room(inner + 64);
    Writer writer(room);
    BerWriter objects(writer);
    objects.u8(0x80, 1);
    const auto outer = objects.open(0x62);
    objects.u16(0x83, 0x3f00);
    const auto middle = objects.open(0xa5);
    objects.element(0x04, Bytes(inner, 0x55));
    objects.close(middle);
    objects.u8(0x8a, 5);
    objects.close(outer);
    const auto written = writer.finish();
    REQUIRE(written.has_value());
    BerReader reader(*written);
    CHECK(reader.next()->tag == 0x80);
    const auto element = reader.next();
    REQUIRE(element.has_value());
    CHECK(reader.at_end());
    CHECK(find_ber(element->value, 0x8a)->value[0] == 5);
    const ByteView proprietary = find_ber(element->value, 0xa5)->value;
    CHECK(unwrap_ber(proprietary, 0x04)->size() == inner);
    CHECK(find_ber(element->value, 0x99).error().code == ErrorCode::not_found);
    // One octet less room is a failure that is seen at the end.
    Bytes small(written->size() - 1);
    Writer cramped(small);
    BerWriter again(cramped);
    const auto open = again.open(0x62);
    again.element(0x04, Bytes(written->size(), 1));
    again.close(open);
    CHECK(cramped.finish().error().code == ErrorCode::no_space);
  }
}

TEST_CASE("comprehension data objects keep the comprehension bit apart from the tag") {
  const auto required = parse_one_comprehension(from_hex("8b0101"));
  const auto other = parse_one_comprehension(from_hex("0b0101"));
  CHECK(required->tag == 0x0b);
  CHECK(other->tag == 0x0b);
  CHECK(required->comprehension_required);
  CHECK(!other->comprehension_required);
  const Bytes wide_bytes = from_hex("7f 8123 02 aabb");
  const auto wide = parse_one_comprehension(wide_bytes);
  CHECK(wide->tag == 0x0123);
  CHECK(wide->comprehension_required);
  CHECK(to_hex(wide->value) == "aabb");
  CHECK(wide->offset == 4);
  for (const char* hex : {"8b0101", "0b00", "7f812302aabb", "7f012302aabb", "b600", "7f007f00"}) {
    test::check_format(from_hex(hex), parse_one_comprehension, write_one_comprehension);
  }
  for (const size_t length : {127u, 128u, 255u, 256u, 65536u}) {
    Bytes value(length, 0x11);
    Bytes room(length + 8);
    const auto written = write_one_comprehension({0x36, true, value, 0}, MutableByteView(room));
    REQUIRE(written.has_value());
    CHECK(equal(parse_one_comprehension(*written)->value, value));
  }
}

TEST_CASE("comprehension tags and lengths that TS 101 220 keeps out are refused") {
  const auto error_of = [](const char* hex) {
    return parse_one_comprehension(from_hex(hex)).error();
  };
  for (const char* hex : {"0000", "8000", "ff00", "7f000b00"}) {
    CHECK(error_of(hex) == fail(ErrorCode::bad_value, 0));
  }
  CHECK(error_of("8b80") == fail(ErrorCode::bad_value, 1));
  CHECK(error_of("8b84000000") == fail(ErrorCode::bad_value, 1));
  CHECK(error_of("8b0201") == fail(ErrorCode::truncated, 2));
}

TEST_CASE("objects are found by tag and occurrence") {
  const auto bytes = from_hex("8502aaaa 0601bb 8601cc");
  CHECK(to_hex(find_comprehension(bytes, 0x06)->value) == "bb");
  CHECK(to_hex(find_comprehension(bytes, 0x06, 1)->value) == "cc");
  CHECK(find_comprehension(bytes, 0x06, 2).error().code == ErrorCode::not_found);
}
