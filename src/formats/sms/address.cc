#include "formats/sms/address.h"

#include "formats/sms/gsm7.h"

namespace simurgh::sms {

namespace {

// TS 23.040 9.1.2.3: semi-octet values 0…E; F fills.
constexpr std::string_view semi_octet_characters = "0123456789*#abc";
constexpr uint8_t filler = 0x0f;

uint8_t semi_octet(const Address& address, size_t index) {
  const uint8_t octet = address.value[index / 2];
  return index % 2 == 0 ? octet & 0x0f : octet >> 4;
}

void set_semi_octet(Address& address, size_t index, uint8_t value) {
  uint8_t& octet = address.value[index / 2];
  octet = index % 2 == 0 ? static_cast<uint8_t>((octet & 0xf0) | value)
                         : static_cast<uint8_t>((octet & 0x0f) | value << 4);
}

// An odd number of semi-octets leaves one that is F among digits and 0 in text; keeping what was
// sent there would make equal addresses differ.
void normalise_filler(Address& address) {
  if (address.semi_octets % 2 == 1) {
    const bool text = address.type == TypeOfNumber::alphanumeric;
    set_semi_octet(address, address.semi_octets, text ? 0 : filler);
  }
}

// 9.1.2.5: bit 8 is 1 (no extension octets are defined), then type of number and plan.
Result<void> read_type(Reader& reader, Address& address) {
  const size_t start = reader.offset();
  const uint8_t octet = TRY(reader.u8());
  if ((octet & 0x80) == 0) return fail(ErrorCode::bad_value, start);
  address.type = static_cast<TypeOfNumber>(octet >> 4 & 0x07);
  address.plan = static_cast<NumberingPlan>(octet & 0x0f);
  return {};
}

uint8_t type_octet(const Address& address) {
  return static_cast<uint8_t>(0x80 | static_cast<uint8_t>(address.type) << 4 |
                              (static_cast<uint8_t>(address.plan) & 0x0f));
}

Result<void> read_value(Reader& reader, size_t octets, Address& address) {
  const ByteView value = TRY(reader.bytes(octets));
  if (!value.empty()) std::memcpy(address.value.data(), value.data(), value.size());
  normalise_filler(address);
  return {};
}

}  // namespace

Result<Address> Address::of_digits(std::string_view digits, TypeOfNumber type, NumberingPlan plan) {
  if (digits.size() > address_digits_max) return ErrorCode::too_large;
  if (type == TypeOfNumber::alphanumeric) return ErrorCode::bad_value;
  Address address;
  address.type = type;
  address.plan = plan;
  address.semi_octets = static_cast<uint8_t>(digits.size());
  for (size_t i = 0; i < digits.size(); ++i) {
    const size_t value = semi_octet_characters.find(digits[i]);
    if (value == std::string_view::npos) return fail(ErrorCode::bad_value, i);
    set_semi_octet(address, i, static_cast<uint8_t>(value));
  }
  normalise_filler(address);
  return address;
}

Address Address::of_msisdn(const Msisdn& msisdn) {
  const Result<Address> address = of_digits(msisdn.text(), TypeOfNumber::international);
  SIMURGH_CHECK(address.has_value());  // 15 decimal digits at most
  return *address;
}

Result<Address> Address::of_septets(ByteView septets) {
  if (septets.size() > address_value_octets_max * 8 / 7) return ErrorCode::too_large;
  Address address;
  address.type = TypeOfNumber::alphanumeric;
  // The length counts useful semi-octets (9.1.2.5).
  address.semi_octets = static_cast<uint8_t>((septets.size() * 7 + 3) / 4);
  TRY(pack_septets(septets, 0, address.value));
  return address;
}

Result<std::string_view> Address::digits(std::span<char> out) const {
  if (type == TypeOfNumber::alphanumeric) return ErrorCode::bad_value;
  if (out.size() < semi_octets) return ErrorCode::no_space;
  for (size_t i = 0; i < semi_octets; ++i) {
    const uint8_t digit = semi_octet(*this, i);
    if (digit == filler) return fail(ErrorCode::bad_value, i / 2);
    out[i] = semi_octet_characters[digit];
  }
  return std::string_view(out.data(), semi_octets);
}

Result<Msisdn> Address::msisdn() const {
  char text[address_digits_max];
  return Msisdn::parse(TRY(digits(text)));
}

Result<ByteView> Address::septets(MutableByteView out) const {
  if (type != TypeOfNumber::alphanumeric) return ErrorCode::bad_value;
  return unpack_septets(value_view(), semi_octets * 4u / 7, 0, out);
}

Result<Address> read_address(Reader& reader) {
  Address address;
  const size_t start = reader.offset();
  address.semi_octets = TRY(reader.u8());
  if (address.semi_octets > address_digits_max) return fail(ErrorCode::bad_length, start);
  TRY(read_type(reader, address));
  TRY(read_value(reader, address.value_octets(), address));
  return address;
}

void write_address(const Address& address, Writer& out) {
  out.u8(address.semi_octets).u8(type_octet(address)).bytes(address.value_view());
}

Result<Address> parse_address_value(ByteView bytes) {
  Reader reader(bytes);
  Address address;
  TRY(read_type(reader, address));
  if (reader.remaining() > address_value_octets_max) {
    return fail(ErrorCode::bad_length, reader.offset());
  }
  const ByteView rest = reader.rest();
  address.semi_octets = static_cast<uint8_t>(rest.size() * 2);
  if (!rest.empty() && rest.back() >> 4 == filler && address.type != TypeOfNumber::alphanumeric) {
    --address.semi_octets;
  }
  TRY(read_value(reader, rest.size(), address));
  return address;
}

Result<ByteView> write_address_value(const Address& address, MutableByteView out) {
  Writer writer(out);
  writer.u8(type_octet(address)).bytes(address.value_view());
  return writer.finish();
}

}  // namespace simurgh::sms
