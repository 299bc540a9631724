#include "base/numbers.h"

#include <doctest/doctest.h>

#include "hex.h"

using namespace simurgh;
using test::to_hex;

TEST_CASE("numbers say which character is wrong") {
  CHECK(Imsi::parse("26201").error() == fail(ErrorCode::bad_length, 5));
  CHECK(Imsi::parse("26201000000000x").error() == fail(ErrorCode::bad_value, 14));
  CHECK(Imsi::parse("262010000000001")->text() == "262010000000001");
  CHECK(!Iccid::parse("894900000000000").has_value());
}

TEST_CASE("BCD is swapped, and odd lengths end in F (TS 31.102 4.2.2)") {
  ByteArray<10> out;
  CHECK(to_hex(*write_bcd("262010000000001", out)) == "62020100000000f1");
  char digits[20];
  CHECK(*parse_bcd(ByteView(out).first(8), digits) == "262010000000001");
  const uint8_t filler_inside[] = {0xf2, 0x31};
  CHECK(parse_bcd(filler_inside, digits).error().code == ErrorCode::bad_value);
}

TEST_CASE("Luhn check digit") {
  // The classic example of ISO/IEC 7812-1 annex B.
  CHECK(luhn_check_digit("7992739871") == '3');
}
