// The 1997 document's own cryptography: off unless switched on, marked, and as weak as described.
#include "conversations/personalisation/legacy_1997.h"

#include <doctest/doctest.h>

#include <string>

#include "rig.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using namespace simurgh::personalisation::rig;
using test::from_hex;
using test::to_hex;

namespace {

constexpr LegacyPolicy on{.allow_legacy_1997 = true};

Key256 seed_of(uint64_t number) {
  TestRandom random(number);
  Key256 seed;
  random.fill(seed.fill(32));
  return seed;
}

}  // namespace

TEST_CASE("legacy-1997 does nothing unless an operator has switched it on, and says what it is") {
  const LegacyPolicy off;
  const Key256 seed = seed_of(1);
  const auto message = legacy_message(on, LegacyPurpose::ki_2, seed_of(2));
  ByteArray<16> ki;
  CHECK(failed_with(legacy_ki_1(off, LegacyK1(from_hex("0123456789abcdef")), test_identity().imsi),
                    ErrorCode::not_allowed));
  CHECK(failed_with(legacy_message(off, LegacyPurpose::ki_2, seed), ErrorCode::not_allowed));
  CHECK(failed_with(legacy_ki_2(off, seed, *message, ki), ErrorCode::not_allowed));
  CHECK(failed_with(legacy_puk(off, seed, *message), ErrorCode::not_allowed));
  CHECK(std::string(legacy_1997_description).find("INSECURE") == 0);
}

TEST_CASE("D3 in the legacy form: Ki_1 is single DES of the IMSI under K1") {
  const LegacyK1 k1(from_hex("0123456789abcdef"));
  // printf '00010121436587f9' and its complement | xxd -r -p |
  //   openssl enc -des-ecb -K 0123456789abcdef -nopad -provider legacy
  CHECK(to_hex(legacy_ki_1(on, k1, test_identity().imsi)->view()) ==
        "a7b55eedee4400c57d32faebbe00a542");
  CHECK(failed_with(legacy_ki_1(on, LegacyK1(from_hex("0123")), test_identity().imsi),
                    ErrorCode::bad_length));
}

TEST_CASE("D7 in the legacy form: Ki_2 of any length, and a PUK from a second agreement") {
  const Key256 chip = seed_of(1), centre = seed_of(2);
  const auto from_chip = legacy_message(on, LegacyPurpose::ki_2, chip);
  const auto from_centre = legacy_message(on, LegacyPurpose::ki_2, centre);
  for (const size_t octets : {1u, 16u, 32u, 256u}) {
    Bytes a(octets), b(octets);
    CHECK(legacy_ki_2(on, chip, *from_centre, a).has_value());
    CHECK(legacy_ki_2(on, centre, *from_chip, b).has_value());
    CHECK(a == b);
  }
  Bytes too_long(257);
  CHECK(!legacy_ki_2(on, chip, *from_centre, too_long).has_value());
  const Key256 chip_2 = seed_of(3), centre_2 = seed_of(4);
  const auto puk_a = legacy_puk(on, chip_2, *legacy_message(on, LegacyPurpose::puk, centre_2));
  const auto puk_b = legacy_puk(on, centre_2, *legacy_message(on, LegacyPurpose::puk, chip_2));
  REQUIRE(puk_a.has_value());
  CHECK(*puk_a == *puk_b);
  for (const uint8_t digit : *puk_a) CHECK((digit >= '0' && digit <= '9'));
  // One agreement's message does not serve the other, nor does a damaged one.
  CHECK(failed_with(legacy_puk(on, chip_2, *from_centre), ErrorCode::bad_value));
  Bytes message(from_centre->begin(), from_centre->end());
  ByteArray<16> ki;
  for (size_t size = 0; size < message.size(); ++size) {
    CHECK(!legacy_ki_2(on, chip, ByteView(message).first(size), ki).has_value());
  }
  message[0] = protocol_octet;
  CHECK(failed_with(legacy_ki_2(on, chip, message, ki), ErrorCode::unsupported));
}

TEST_CASE("legacy messages and the present ones are never taken for each other") {
  const auto message = legacy_message(on, LegacyPurpose::ki_2, seed_of(2));
  CHECK(failed_with(type_of(*message), ErrorCode::unsupported));
  World world;
  CHECK(world.chip.deliver(*message).empty());
}

TEST_CASE("negative control: the legacy agreement falls to a man in the middle, as described") {
  const Key256 chip = seed_of(1), centre = seed_of(2), thief = seed_of(3);
  const auto his = legacy_message(on, LegacyPurpose::ki_2, thief);
  ByteArray<16> of_chip, of_thief;
  REQUIRE(legacy_ki_2(on, chip, *his, of_chip).has_value());
  REQUIRE(
      legacy_ki_2(on, thief, *legacy_message(on, LegacyPurpose::ki_2, chip), of_thief).has_value());
  CHECK(of_chip == of_thief);
}
