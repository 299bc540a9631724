// Addresses of short messages (3GPP TS 23.040 9.1.2.5), and the same content as it stands in
// RP-addresses and in the Address object of the toolkit.
#pragma once

#include "base/numbers.h"
#include "base/reader.h"

namespace simurgh::sms {

enum class TypeOfNumber : uint8_t {
  unknown = 0,
  international = 1,
  national = 2,
  network_specific = 3,
  subscriber = 4,
  alphanumeric = 5,  // 7-bit text instead of digits
  abbreviated = 6,
  reserved = 7,
};

enum class NumberingPlan : uint8_t {
  unknown = 0,
  isdn = 1,  // E.164
  data = 3,
  telex = 4,
  national = 8,
  private_plan = 9,
  ermes = 10,
};

constexpr size_t address_digits_max = 20;
constexpr size_t address_value_octets_max = 10;
// Length octet, type octet and value.
constexpr size_t address_octets_max = 2 + address_value_octets_max;

// The value is kept as it stands in the message (swapped semi-octets, F as filler), so that
// alphanumeric addresses and digits such as * and # survive; two equal addresses compare equal.
struct Address {
  TypeOfNumber type = TypeOfNumber::unknown;
  NumberingPlan plan = NumberingPlan::unknown;
  uint8_t semi_octets = 0;
  ByteArray<address_value_octets_max> value{};

  size_t value_octets() const { return (semi_octets + 1u) / 2; }
  ByteView value_view() const { return ByteView(value).first(value_octets()); }

  // Digits 0…9 * # a b c; too_large above address_digits_max, bad_value for other characters.
  static Result<Address> of_digits(std::string_view digits, TypeOfNumber type,
                                   NumberingPlan plan = NumberingPlan::isdn);
  static Address of_msisdn(const Msisdn& msisdn);  // international, E.164
  // At most 11 septets of the default alphabet (gsm7.h).
  static Result<Address> of_septets(ByteView septets);

  // Digits as text into `out`; bad_value when alphanumeric.
  Result<std::string_view> digits(std::span<char> out) const;
  // bad_value unless all decimal digits.
  Result<Msisdn> msisdn() const;
  // Septets of an alphanumeric address into `out`; bad_value for other types.
  Result<ByteView> septets(MutableByteView out) const;

  friend bool operator==(const Address&, const Address&) = default;
};

// With the length in semi-octets before the type octet: TP-OA, TP-DA, TP-RA.
Result<Address> read_address(Reader& reader);
void write_address(const Address& address, Writer& out);

// Type octet and value only, sized by what holds them: RP-addresses, toolkit Address (tag 06).
Result<Address> parse_address_value(ByteView bytes);
Result<ByteView> write_address_value(const Address& address, MutableByteView out);

}  // namespace simurgh::sms
