#include <algorithm>
#include <tuple>

#include "crypto/primitives.h"
#include "formats/secured_packet/command_packet.h"
#include "formats/secured_packet/legacy.h"
#include "formats/secured_packet/redundancy_check.h"
#include "formats/secured_packet/response_packet.h"
#include "round_trip.h"

using namespace simurgh;
using namespace simurgh::secured_packet;
using test::Bytes;
using test::from_hex;
using test::to_hex;

namespace {

const Bytes kic = from_hex("000102030405060708090a0b0c0d0e0f");
const Bytes kid = from_hex("101112131415161718191a1b1c1d1e1f");
const Keys keys{kic, kid};
constexpr Tar tar = {0xb0, 0x00, 0x10};
constexpr KeyReference set_2 = KeyReference::aes(2);

CommandFields fields_with(uint64_t counter, uint8_t mac_octets = 8) {
  return {full_security(ResponseBearer::submit), set_2, set_2, tar, counter, mac_octets};
}

Bytes command(ByteView data, uint64_t counter = 5, uint8_t mac_octets = 8) {
  Bytes room(command_packet_octets(data.size(), mac_octets));
  const auto written = write_command(fields_with(counter, mac_octets), keys, data, room);
  REQUIRE(written.has_value());
  REQUIRE(written->size() == room.size());
  return room;
}

// As a receiver does it, on a copy of exact size.
Result<Bytes> receive(ByteView packet, const Keys& with = keys,
                      const MinimumSecurity& floor = MinimumSecurity()) {
  Bytes buffer(packet.begin(), packet.end());
  const CommandHeader header = TRY(parse_command_header(buffer));
  const Command command = TRY(verify_and_decrypt(header, with, floor));
  return Bytes(command.secured_data.begin(), command.secured_data.end());
}

const ExpectedProtection protection{full_security(ResponseBearer::submit).response, set_2, set_2,
                                    8};

Bytes response(ByteView data, const ExpectedProtection& expected = protection) {
  Bytes room(response_packet_octets(data.size(), expected.mac_octets));
  const auto written = write_response({tar, 5, ResponseStatus::ok}, expected, keys, data, room);
  REQUIRE(written.has_value());
  return {written->begin(), written->end()};
}

Result<Response> receive_response(Bytes& packet, const ExpectedProtection& expected = protection,
                                  const Keys& with = keys) {
  const ResponseHeader header = TRY(parse_response_header(packet));
  return verify_and_decrypt(header, expected, with);
}

}  // namespace

TEST_CASE("G6: command packets of every length come back, with MACs of 8 and of 4 octets") {
  for (size_t size = 0; size <= 300; ++size) {
    Bytes data(size);
    for (size_t i = 0; i < size; ++i) data[i] = static_cast<uint8_t>(i);
    CHECK(*receive(command(data)) == data);
    CHECK(*receive(command(data, 5, 4), keys, MinimumSecurity::with_short_mac()) == data);
  }
  const Bytes largest(secured_data_octets_max, 1);
  CHECK(*receive(command(largest)) == largest);
  Bytes room(0x10040);
  const Bytes larger(secured_data_octets_max + 1, 1);
  CHECK(write_command(fields_with(1), keys, larger, room).error().code == ErrorCode::too_large);
}

TEST_CASE("I8: a command packet changed in any bit is refused, whatever the bit") {
  const Bytes packet = command(from_hex("00a40004023f00"));
  REQUIRE(receive(packet).has_value());
  for (size_t bit = 0; bit < packet.size() * 8; ++bit) {
    Bytes changed = packet;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ (1 << bit % 8));
    CHECK_MESSAGE(!receive(changed).has_value(), "bit " << bit);
  }
  for (size_t size = 0; size < packet.size(); ++size) {
    CHECK(!receive(ByteView(packet).first(size)).has_value());
  }
  Bytes longer = packet;
  longer.push_back(0);
  CHECK(receive(longer).error().code == ErrorCode::trailing_bytes);
  const Bytes other = from_hex("ff0102030405060708090a0b0c0d0e0f");
  CHECK(receive(packet, {other, kid}).error().code == ErrorCode::bad_mac);
  CHECK(receive(packet, {kic, other}).error().code == ErrorCode::bad_mac);
  CHECK(receive(packet, {kic, ByteView(kid).first(15)}).error().code == ErrorCode::crypto);
}

TEST_CASE("threat 2: no packet below the floor is executed, for all SPI, KIc and KID octets") {
  const Bytes packet = command(from_hex("00a40004023f00"));
  size_t executable = 0;
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned reference = 0; reference < 256; ++reference) {
      const Spi spi = Spi::of_octets(static_cast<uint8_t>(first), 0x39);
      const KeyReference key{static_cast<uint8_t>(reference)};
      const bool met = MinimumSecurity().is_met_by(spi, key, key, 8);
      const bool wanted = (first & 0x10) != 0 && (first & 0x04) != 0 && (first & 0x03) == 2 &&
                          (reference & 0x0f) == 2;
      CHECK(met == wanted);
      executable += met ? 1 : 0;
      if (reference % 16 != 2 && reference > 15) continue;  // the sets behave alike
      Bytes changed = packet;
      changed[3] = static_cast<uint8_t>(first);
      changed[5] = static_cast<uint8_t>(reference);
      if (!met) CHECK(receive(changed).error().code == ErrorCode::not_allowed);
      const auto written = write_command({spi, key, set_2, tar, 1, 8}, keys, {}, changed);
      CHECK(written.has_value() == met);
    }
  }
  CHECK(executable == 8 * 2 * 16);  // three RFU bits, two counter rules, sixteen key sets
  const Spi full = full_security(ResponseBearer::submit);
  for (const size_t octets : {0u, 1u, 2u, 3u, 4u, 5u, 7u, 9u, 16u}) {
    CHECK(!MinimumSecurity().is_met_by(full, set_2, set_2, octets));
    CHECK(MinimumSecurity::with_short_mac().is_met_by(full, set_2, set_2, octets) == (octets == 4));
  }
  CHECK(MinimumSecurity::with_short_mac().is_met_by(full, set_2, set_2, 8));
}

TEST_CASE("commands that ask for an unproved response are not written") {
  Bytes room(200);
  for (unsigned second = 0; second < 256; ++second) {
    const Spi spi = Spi::of_octets(0x16, static_cast<uint8_t>(second));
    const auto written = write_command({spi, set_2, set_2, tar, 1, 8}, keys, {}, room);
    const bool never = (second & 0x03) == 0;
    const bool proved = (second & 0x03) != 3 && (second >> 2 & 0x03) == 2;
    CHECK(written.has_value() == (never || proved));
  }
  CHECK(write_command(fields_with(counter_max + 1), keys, {}, room).error().code ==
        ErrorCode::too_large);
  CHECK(write_command(fields_with(1, 6), keys, {}, room).error().code == ErrorCode::not_allowed);
  Bytes small(command_packet_octets(0) - 1);
  CHECK(write_command(fields_with(1), keys, {}, small).error().code == ErrorCode::no_space);
}

TEST_CASE("an authentic packet whose padding count lies is refused") {
  // As the sender with the keys would make it: PCNTR of 32 over 18 octets of data and padding.
  Bytes packet = command(Bytes(18, 7));
  const crypto::Block iv{};
  const MutableByteView ciphered = MutableByteView(packet).subspan(10);
  REQUIRE(crypto::aes_cbc_decrypt(kic, iv, ciphered, ciphered).has_value());
  packet[15] = 32;
  const auto mac =
      crypto::aes_cmac(kid, {ByteView(packet).first(16), ByteView(packet).subspan(24)});
  std::copy_n(mac->begin(), 8, packet.begin() + 16);
  REQUIRE(crypto::aes_cbc_encrypt(kic, iv, ciphered, ciphered).has_value());
  CHECK(receive(packet).error().code == ErrorCode::bad_length);
}

TEST_CASE("secured data may stand in the packet's own buffer when it is written") {
  const Bytes data = from_hex("00a40004023f0000b0000009");
  const Bytes expected = command(data);
  for (const size_t offset : {0u, 5u, 16u, 24u}) {
    Bytes room(expected.size());
    std::copy(data.begin(), data.end(), room.begin() + static_cast<std::ptrdiff_t>(offset));
    const auto written =
        write_command(fields_with(5), keys, ByteView(room).subspan(offset, data.size()), room);
    REQUIRE(written.has_value());
    CHECK(to_hex(*written) == to_hex(expected));
  }
}

TEST_CASE("T-POR-ORACLE: what is answered without a MAC is the same for every key") {
  Bytes room(64);
  const auto written = write_unprotected_response(tar, ResponseStatus::check_failed, room);
  CHECK(to_hex(*written) ==
        "000b0ab00010000000000000"
        "01");
  for (unsigned status = 0; status < 256; ++status) {
    const auto value = static_cast<ResponseStatus>(status);
    CHECK(write_unprotected_response(tar, value, room).has_value() == may_be_unprotected(value));
    CHECK(name_of(value) != nullptr);
  }
  Bytes small(12);
  CHECK(write_unprotected_response(tar, ResponseStatus::tar_unknown, small).error().code ==
        ErrorCode::no_space);
}

TEST_CASE("I5: only a response with its MAC says done") {
  Bytes proved = response(from_hex("019000"));
  const auto parsed = receive_response(proved);
  REQUIRE(parsed.has_value());
  CHECK(parsed->authenticated);
  CHECK(parsed->counter == 5);
  CHECK(to_hex(parsed->data) == "019000");

  for (unsigned status = 0; status < 256; ++status) {
    Bytes plain = from_hex("000e0ab00010 0000000005 00 00 019000");
    plain[12] = static_cast<uint8_t>(status);
    const auto answer = receive_response(plain);
    const bool believed = may_be_unprotected(static_cast<ResponseStatus>(status));
    CHECK(answer.has_value() == believed);
    if (answer) CHECK(!answer->authenticated);
    if (!answer) CHECK(answer.error().code == ErrorCode::bad_mac);
  }
  CHECK(!may_be_unprotected(ResponseStatus::ok));
}

TEST_CASE("response packets of every length come back, ciphered or only signed") {
  for (const bool ciphered : {true, false}) {
    for (const size_t mac_octets : {4u, 8u}) {
      ExpectedProtection expected = protection;
      expected.response.ciphered = ciphered;
      expected.mac_octets = mac_octets;
      for (size_t size = 0; size <= 260; ++size) {
        const Bytes data(size, 0x5a);
        Bytes packet = response(data, expected);
        const auto parsed = receive_response(packet, expected);
        REQUIRE(parsed.has_value());
        CHECK(equal(parsed->data, data));
      }
    }
  }
}

TEST_CASE("a response packet changed in any bit is refused") {
  const Bytes packet = response(from_hex("019000"));
  for (size_t bit = 0; bit < packet.size() * 8; ++bit) {
    Bytes changed = packet;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ (1 << bit % 8));
    CHECK_MESSAGE(!receive_response(changed).has_value(), "bit " << bit);
  }
  for (size_t size = 0; size < packet.size(); ++size) {
    Bytes cut(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(!receive_response(cut).has_value());
  }
}

TEST_CASE("responses under weaker protection than CC by AES are neither written nor believed") {
  Bytes room(100);
  for (const auto& [integrity, ciphered, kic_octet, kid_octet] :
       std::initializer_list<std::tuple<Integrity, bool, uint8_t, uint8_t>>{
           {Integrity::none, true, 0x22, 0x22},
           {Integrity::redundancy_check, true, 0x22, 0x25},
           {Integrity::digital_signature, true, 0x22, 0x22},
           {Integrity::cryptographic_checksum, true, 0x25, 0x22},
           {Integrity::cryptographic_checksum, true, 0x22, 0x25},
           {Integrity::cryptographic_checksum, false, 0x22, 0x20}}) {
    ExpectedProtection expected = protection;
    expected.response.integrity = integrity;
    expected.response.ciphered = ciphered;
    expected.kic = {kic_octet};
    expected.kid = {kid_octet};
    CHECK(write_response({tar, 1, ResponseStatus::ok}, expected, keys, {}, room).error().code ==
          ErrorCode::not_allowed);
    Bytes packet = response({});
    CHECK(receive_response(packet, expected).error().code == ErrorCode::not_allowed);
  }
}

TEST_CASE("T-CTR-EXHAUST: counters are judged by the rule, and the last one blocks") {
  using enum CounterRule;
  using S = ResponseStatus;
  CHECK(judge_counter(higher, 6, 5) == S::ok);
  CHECK(judge_counter(higher, counter_max, 5) == S::ok);
  CHECK(judge_counter(higher, 5, 5) == S::counter_low);
  CHECK(judge_counter(higher, 4, 5) == S::counter_low);
  CHECK(judge_counter(higher, counter_max, counter_max) == S::counter_blocked);
  CHECK(judge_counter(one_higher, 6, 5) == S::ok);
  CHECK(judge_counter(one_higher, 7, 5) == S::counter_high);
  CHECK(judge_counter(one_higher, 5, 5) == S::counter_low);
  CHECK(judge_counter(available, 1, 5) == S::ok);
  CHECK(status_of(fail(ErrorCode::bad_mac)) == S::check_failed);
  CHECK(status_of(fail(ErrorCode::not_allowed)) == S::insufficient_security);
  CHECK(status_of(fail(ErrorCode::truncated)) == S::unidentified_security_error);
}

TEST_CASE("every SPI octet pair survives but for its reserved bits") {
  for (unsigned value = 0; value <= 0xffff; ++value) {
    const Spi spi =
        Spi::of_octets(static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value & 0xff));
    CHECK(spi.first_octet() == (value >> 8 & 0x1f));
    CHECK(spi.second_octet() == (value & 0x3f));
  }
  CHECK(full_security(ResponseBearer::submit).first_octet() == 0x16);
  CHECK(full_security(ResponseBearer::submit).second_octet() == 0x39);  // as SGP.02 has it
}

TEST_CASE("command headers whose lengths contradict each other are refused") {
  const auto code_of = [](const char* hex) {
    Bytes bytes = from_hex(hex);
    return parse_command_header(bytes).error().code;
  };
  CHECK(code_of("") == ErrorCode::truncated);
  CHECK(code_of("0010 0d 1639 2222 b00010") == ErrorCode::truncated);
  CHECK(code_of("0001 0c") == ErrorCode::bad_length);
  CHECK(code_of("0008 0d 1639 2222 b00010") == ErrorCode::bad_length);
  CHECK(code_of("000e 0e 1639 2222 b00010 000000000000") == ErrorCode::bad_length);
  const auto response_code_of = [](const char* hex) {
    Bytes bytes = from_hex(hex);
    return parse_response_header(bytes).error().code;
  };
  CHECK(response_code_of("0004 09 b00010") == ErrorCode::bad_length);
  CHECK(response_code_of("0004 0a b00010") == ErrorCode::bad_length);
}

TEST_CASE("legacy reading refuses what it does not know, and finds wrong CRCs") {
  const auto inspect = [](Bytes bytes) {
    const auto header = parse_command_header(bytes);
    REQUIRE(header.has_value());
    return legacy::inspect(*header, keys);
  };
  // RC by CRC-16 and CRC-32, in the clear.
  for (const auto& [spi, kid_octet, octets] :
       std::initializer_list<std::tuple<uint8_t, uint8_t, size_t>>{{0x01, 0x01, 2},
                                                                   {0x01, 0x05, 4}}) {
    Bytes packet = {
        0, 0, static_cast<uint8_t>(13 + octets), spi, 0, 0, kid_octet, 0xb0, 0, 0x10, 0, 0, 0, 0,
        1, 0};
    packet.resize(16 + octets + 3, 0x42);
    packet[1] = static_cast<uint8_t>(packet.size() - 2);
    CHECK(inspect(packet).error().code == ErrorCode::bad_mac);
    // With its CRC it is read; the clear header, counter and data go into it.
    const ByteView head = ByteView(packet).first(16);
    const ByteView data = ByteView(packet).subspan(16 + octets);
    Writer check(MutableByteView(packet).subspan(16, octets));
    if (octets == 2) check.u16(crc16({head, data}));
    if (octets == 4) check.u32(crc32({head, data}));
    REQUIRE(inspect(packet).has_value());
    CHECK(inspect(packet)->check_verified);
    CHECK(inspect(packet)->counter == 1);
  }
  const Bytes signed_packet = from_hex("0016 15 0300 0202 b00010 000000000100 0000000000000000");
  CHECK(inspect(signed_packet).error().code == ErrorCode::unsupported);
  const Bytes proprietary = from_hex("000d 0d 0400 0300 b00010 00000000");
  Bytes padded = proprietary;
  padded.resize(26, 0);
  padded[1] = 24;
  CHECK(inspect(padded).error().code == ErrorCode::unsupported);
}
