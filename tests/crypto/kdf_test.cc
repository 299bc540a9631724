#include "crypto/kdf.h"

#include <doctest/doctest.h>

#include <set>

#include "arrays.h"

using namespace simurgh;
using namespace simurgh::crypto;
using namespace simurgh::test;

namespace {

const Bytes secret(32, 7);
constexpr KeyLabel label = {"T", 1, "CS", "kdf test"};

std::string key_text(const KeyLabel& of, KeyContext context = {}) {
  return to_hex(derive_key<32>(secret, of, context).view());
}

}  // namespace

TEST_CASE("a derived key is HKDF of its label, its length and its typed fields") {
  const Bytes value = {0xaa, 0xbb};
  // u16 18, "simurgh/T/1/CS/use", u16 4, field 1 of 2 octets, field 6 of none.
  Bytes info = {0, 18};
  for (const char c : std::string_view("simurgh/T/1/CS/use")) {
    info.push_back(static_cast<uint8_t>(c));
  }
  const Bytes rest = {0, 4, 1, 0, 2, 0xaa, 0xbb, 6, 0, 0};
  info.insert(info.end(), rest.begin(), rest.end());
  Bytes expected(4);
  REQUIRE(hkdf_sha256({}, secret, info, expected).has_value());
  Bytes out(4);
  derive_key(secret, {"T", 1, "CS", "use"}, {{FieldType::iccid, value}, {FieldType::nonce, {}}},
             out);
  CHECK(out == expected);
}

TEST_CASE("T-ENCODING: every part of label and context, and the length, makes another key") {
  const Bytes a = {1, 2};
  const Bytes b = {3};
  const Bytes ab = {1, 2, 3};
  const std::string texts[] = {
      key_text(label),
      key_text({"U", 1, "CS", "kdf test"}),
      key_text({"T", 2, "CS", "kdf test"}),
      key_text({"T", 1, "S", "kdf test"}),
      key_text({"T", 1, "CS", "kdf tests"}),
      key_text(label, {{FieldType::iccid, {}}}),
      key_text(label, {{FieldType::imsi, {}}}),
      key_text(label, {{FieldType::iccid, ab}}),
      key_text(label, {{FieldType::iccid, a}, {FieldType::iccid, b}}),
      key_text(label, {{FieldType::iccid, b}, {FieldType::iccid, a}}),
      key_text(label, {{FieldType::iccid, a}, {FieldType::imsi, b}}),
      to_hex(derive_key<64>(secret, label).view()).substr(0, 64),
      to_hex(derive_key<32>(Bytes(32, 8), label).view()),
  };
  CHECK(std::set<std::string>(std::begin(texts), std::end(texts)).size() == std::size(texts));
}

TEST_CASE("D7: digits are decimal, of any count, and without bias") {
  // 20 000 PUKs of 8 digits: each digit is expected 16 000 times; four sigma are 480. Taking
  // octets modulo 10 without rejection would make 0…5 each 16 250 and 6…9 15 625.
  std::array<int, 10> counts{};
  for (uint32_t i = 0; i < 20000; ++i) {
    const ByteArray<4> octets = {static_cast<uint8_t>(i >> 24), static_cast<uint8_t>(i >> 16),
                                 static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)};
    ByteArray<8> digits;
    derive_digits(octets, label, digits);
    for (const uint8_t digit : digits) {
      REQUIRE((digit >= '0' && digit <= '9'));
      ++counts[static_cast<size_t>(digit - '0')];
    }
  }
  int low = 0;
  for (size_t i = 0; i < 10; ++i) {
    CHECK(std::abs(counts[i] - 16000) < 480);
    if (i < 6) low += counts[i];
  }
  // Of all six together the bias would be +1 500; four sigma are 784.
  CHECK(std::abs(low - 96000) < 784);
}

TEST_CASE("digits go on over the first chunk of the stream, and begin the same") {
  Bytes many(100);
  derive_digits(secret, label, many);
  Bytes few(4);
  derive_digits(secret, label, few);
  CHECK(Bytes(many.begin(), many.begin() + 4) == few);
  CHECK(std::set<uint8_t>(many.begin() + 40, many.end()).size() > 5);
  derive_digits(secret, label, {});
}
