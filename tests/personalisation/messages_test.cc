// Form of the messages: one byte form each, every damage a clean error, no type taken for another.
#include "conversations/personalisation/messages.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "rig.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using rig::Bytes;
using rig::failed_with;
using rig::TestRandom;
using test::from_hex;
using test::to_hex;

namespace {

// A type's parser and writer, as one function from bytes to bytes.
struct Format {
  const char* name;
  MessageType type;
  std::function<Result<Message>(ByteView)> rewrite;
};

const std::vector<Format>& formats() {
  const auto confirmation = [](ByteView bytes) -> Result<Message> {
    return write_confirmation(TRY(parse_confirmation(bytes)));
  };
  static const std::vector<Format> all = {
      {"REQUEST", MessageType::request,
       [](ByteView b) -> Result<Message> { return write_request(TRY(parse_request(b))); }},
      {"INIT", MessageType::init,
       [](ByteView b) -> Result<Message> { return write_init(TRY(parse_init(b))); }},
      {"M1", MessageType::m1,
       [](ByteView b) -> Result<Message> { return write_m1(TRY(parse_m1(b))); }},
      {"M2", MessageType::m2,
       [](ByteView b) -> Result<Message> { return write_m2(TRY(parse_m2(b))); }},
      {"PREPARED", MessageType::prepared, confirmation},
      {"COMMIT", MessageType::commit, confirmation},
      {"DONE", MessageType::done, confirmation},
      {"QUERY", MessageType::query,
       [](ByteView b) -> Result<Message> { return write_query(TRY(parse_query(b))); }},
      {"RESYNC", MessageType::resync,
       [](ByteView b) -> Result<Message> { return write_resync(TRY(parse_resync(b))); }},
      {"RESET_CHALLENGE", MessageType::reset_challenge,
       [](ByteView b) -> Result<Message> {
         return write_reset_challenge(TRY(parse_reset_challenge(b)));
       }},
      {"RESET", MessageType::reset,
       [](ByteView b) -> Result<Message> { return write_reset(TRY(parse_reset(b))); }},
      {"RESET_DONE", MessageType::reset_done,
       [](ByteView b) -> Result<Message> { return write_reset_done(TRY(parse_reset_done(b))); }},
  };
  return all;
}

template <size_t N>
ByteArray<N> octets(uint8_t first) {
  ByteArray<N> out;
  for (size_t i = 0; i < N; ++i) out[i] = static_cast<uint8_t>(first + i);
  return out;
}

template <typename Bytes>
Bytes string_of(size_t size, uint8_t octet) {
  Bytes out;
  for (size_t i = 0; i < size; ++i) out.push_back(octet);
  return out;
}

M1 sample_m1(size_t share_octets, bool pake) {
  M1 m1;
  m1.chip = rig::test_identity();
  m1.life = 2;
  m1.epoch = 7;
  m1.base_epoch = 5;
  m1.attempt = 0x01020304;
  m1.suites = {Suite::x25519, Suite::ffdhe2048};
  m1.nonce_c = octets<16>(0x20);
  m1.share = string_of<Share>(share_octets, 0xaa);
  if (pake) m1.pake = octets<32>(0x40);
  m1.mac = octets<16>(0x80);
  return m1;
}

M2 sample_m2(size_t share_octets, size_t signature_octets, bool pake, bool sealed) {
  M2 m2;
  m2.life = 2;
  m2.epoch = 7;
  m2.share = string_of<Share>(share_octets, 0xbb);
  if (pake) m2.pake = octets<32>(0x41);
  if (sealed) m2.sealed = octets<48>(0x42);
  m2.signature = string_of<Signature>(signature_octets, 0xcc);
  m2.mac = octets<16>(0x81);
  return m2;
}

std::vector<Message> samples() {
  Init init;
  init.iccid = *Iccid::parse("89490123456789012345");
  init.life = 1;
  init.epoch = 0xfffffffe;
  init.base_epoch = 3;
  init.suites = {Suite::x25519, Suite::p256, Suite::ffdhe2048, Suite::symmetric};
  init.suite = Suite::p256;
  init.flags = {.code = CodeKind::short_code, .choose_pin = true, .new_puk = true};
  init.order = OrderId(bytes_of("ORDER-4711"));
  init.nonce_s = octets<16>(0x10);
  init.mac = octets<16>(0x90);
  Init bare = init;
  bare.flags = {};
  bare.order.clear();
  bare.iccid = *Iccid::parse("894901234567890123");

  Resync resync{.answers = octets<32>(1),
                .life = 1,
                .active_epoch = 4,
                .epoch_max = 9,
                .attempt = 12,
                .mac = octets<16>(0x33)};
  Resync with_pending = resync;
  with_pending.pending_epoch = 9;
  with_pending.pending_mac = octets<16>(0x44);

  const Iccid iccid = rig::test_identity().iccid;
  return {
      write_request({.iccid = iccid,
                     .life = 1,
                     .active_epoch = 2,
                     .suites = {Suite::x25519},
                     .reason = RequestReason::code_again}),
      write_init(init),
      write_init(bare),
      write_m1(sample_m1(32, false)),
      write_m1(sample_m1(65, true)),
      write_m1(sample_m1(128, true)),
      write_m1(sample_m1(256, true)),
      write_m1(sample_m1(0, false)),
      write_m2(sample_m2(32, 64, false, false)),
      write_m2(sample_m2(65, 64, true, true)),
      write_m2(sample_m2(256, 256, true, true)),
      write_m2(sample_m2(0, 16, false, true)),
      write_confirmation(
          {.type = MessageType::prepared, .life = 1, .epoch = 2, .mac = octets<16>(1)}),
      write_confirmation(
          {.type = MessageType::commit, .life = 1, .epoch = 2, .mac = octets<16>(1)}),
      write_confirmation({.type = MessageType::done, .life = 1, .epoch = 2, .mac = octets<16>(1)}),
      write_query({.iccid = iccid,
                   .suite = Suite::ffdhe2048,
                   .nonce_s = octets<16>(3),
                   .signature = string_of<Signature>(256, 0x55)}),
      write_resync(resync),
      write_resync(with_pending),
      write_reset_challenge(
          {.iccid = iccid, .life = 3, .suites = {Suite::p256}, .nonce_c = octets<16>(9)}),
      write_reset({.iccid = iccid,
                   .life = 3,
                   .suite = Suite::x25519,
                   .authorisation = OrderId(bytes_of("RETURN-1")),
                   .nonce_c = octets<16>(9),
                   .signature = string_of<Signature>(64, 0x66)}),
      write_reset_done({.iccid = iccid,
                        .life = 4,
                        .nonce_c = octets<16>(9),
                        .mac = octets<16>(7),
                        .ending_mac = octets<16>(8)}),
  };
}

const Format& format_of(ByteView message) {
  const MessageType type = *type_of(message);
  for (const Format& format : formats()) {
    if (format.type == type) return format;
  }
  SIMURGH_CHECK(false);
  return formats()[0];
}

}  // namespace

TEST_CASE("each message parses back to the bytes it was written as") {
  for (const Message& message : samples()) {
    const Format& format = format_of(message);
    CAPTURE(format.name);
    const auto again = format.rewrite(message);
    REQUIRE(again.has_value());
    CHECK(to_hex(*again) == to_hex(message));
  }
}

TEST_CASE(
    "the layout is the documented one: REQUEST, and M1 with its optional field, octet by octet") {
  const Message request = write_request({.iccid = *Iccid::parse("8949012345678901235"),
                                         .life = 1,
                                         .active_epoch = 2,
                                         .suites = {Suite::x25519, Suite::ffdhe2048},
                                         .reason = RequestReason::first_logon});
  CHECK(to_hex(request) ==
        "d181"
        "010a989410325476981032f5"
        "040400000001"
        "070400000002"
        "090105"
        "110101");
  CHECK(to_hex(write_m1(sample_m1(0, true))) ==
        "d182"
        "010a989410325476981032f5"
        "020800010121436587f9"
        "03085645522030303037"
        "040400000002"
        "050400000007"
        "060400000005"
        "080401020304"
        "090105"
        "0d10202122232425262728292a2b2c2d2e2f"
        "0f20404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
        "1610808182838485868788898a8b8c8d8e8f");
}

TEST_CASE("every truncation and every trailing octet is a clean error") {
  for (const Message& message : samples()) {
    const Format& format = format_of(message);
    CAPTURE(format.name);
    for (size_t size = 0; size < message.size(); ++size) {
      CHECK(!format.rewrite(message.view().first(size)).has_value());
    }
    Bytes longer(message.begin(), message.end());
    longer.push_back(0);
    CHECK(failed_with(format.rewrite(longer), ErrorCode::trailing_bytes));
  }
}

TEST_CASE("threats row 39: what parses has exactly one byte form, whatever octet is changed") {
  for (const Message& message : samples()) {
    const Format& format = format_of(message);
    CAPTURE(format.name);
    Bytes bytes(message.begin(), message.end());
    for (size_t at = 0; at < bytes.size(); ++at) {
      const uint8_t right = bytes[at];
      for (unsigned value = 0; value < 256; ++value) {
        bytes[at] = static_cast<uint8_t>(value);
        const auto again = format.rewrite(bytes);
        if (again.has_value()) CHECK(equal(*again, bytes));
      }
      bytes[at] = right;
    }
  }
}

TEST_CASE("threats row 39: a message of one type never parses as another, nor an earlier version") {
  for (const Message& message : samples()) {
    for (const Format& format : formats()) {
      if (format.type == *type_of(message)) continue;
      // The three confirmations share one parser, which tells the type.
      const auto as_other = format.rewrite(message);
      if (as_other.has_value()) CHECK(equal(*as_other, message));
      // PREPARED, COMMIT and DONE look alike but for their type, which their MAC's label repeats.
      if (parse_confirmation(message).has_value() && as_other.has_value()) continue;
      Bytes relabelled(message.begin(), message.end());
      relabelled[1] = static_cast<uint8_t>(format.type);
      CHECK(!format.rewrite(relabelled).has_value());
    }
    Bytes other_version(message.begin(), message.end());
    other_version[0] = 0xd2;
    CHECK(failed_with(type_of(other_version), ErrorCode::unsupported));
    CHECK(!format_of(message).rewrite(other_version).has_value());
  }
}

TEST_CASE("lengths in longer form than needed are refused") {
  const std::string request = to_hex(samples()[0]);
  const std::string head = request.substr(0, 4), tail = request.substr(4 + 24);
  const std::string digits = request.substr(8, 20);
  CHECK(parse_request(from_hex(head + "010a" + digits + tail)).has_value());
  CHECK(
      failed_with(parse_request(from_hex(head + "01810a" + digits + tail)), ErrorCode::bad_length));
  CHECK(failed_with(parse_request(from_hex(head + "0182000a" + digits + tail)),
                    ErrorCode::bad_length));
  CHECK(failed_with(parse_request(from_hex(head + "0180" + digits + tail)), ErrorCode::bad_length));
  CHECK(failed_with(parse_request(from_hex(head + "0183" + digits + tail)), ErrorCode::bad_length));
  // A digit string with more filler than it needs.
  const std::string even_digits = "989410325476981032";
  CHECK(parse_request(from_hex(head + "0109" + even_digits + tail)).has_value());
  CHECK(failed_with(parse_request(from_hex(head + "010a" + even_digits + "ff" + tail)),
                    ErrorCode::bad_value));
}

TEST_CASE("a field doubled, left out or moved is refused") {
  const Message message = samples()[1];
  // The fields of INIT by their offsets.
  std::vector<Bytes> fields;
  for (size_t at = 2; at < message.size();) {
    const size_t size = 2 + message[at + 1];
    fields.emplace_back(message.begin() + at, message.begin() + at + size);
    at += size;
  }
  REQUIRE(fields.size() == 10);
  const auto join = [](const std::vector<Bytes>& parts) {
    Bytes out = {0xd1, 0x01};
    for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
    return out;
  };
  CHECK(parse_init(join(fields)).has_value());
  for (size_t i = 0; i < fields.size(); ++i) {
    auto without = fields;
    without.erase(without.begin() + static_cast<long>(i));
    CHECK(!parse_init(join(without)).has_value());
    auto doubled = fields;
    doubled.insert(doubled.begin() + static_cast<long>(i), fields[i]);
    CHECK(!parse_init(join(doubled)).has_value());
    if (i + 1 < fields.size()) {
      auto swapped = fields;
      std::swap(swapped[i], swapped[i + 1]);
      CHECK(!parse_init(join(swapped)).has_value());
    }
  }
}

TEST_CASE("random bytes never parse into something that writes differently") {
  TestRandom random(5);
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes(random.below(120));
    random.fill(bytes);
    if (bytes.size() >= 2) {
      bytes[0] = protocol_octet;
      bytes[1] = static_cast<uint8_t>(formats()[random.below(formats().size())].type);
    }
    for (const Format& format : formats()) {
      const auto again = format.rewrite(bytes);
      if (again.has_value()) CHECK(equal(*again, bytes));
    }
  }
}

TEST_CASE("suites: the strongest that both have, and reserved bits refused") {
  CHECK(*strongest_common({Suite::p256, Suite::x25519}, {Suite::x25519, Suite::symmetric}) ==
        Suite::x25519);
  CHECK(*strongest_common({Suite::p256, Suite::ffdhe2048}, {Suite::ffdhe2048, Suite::p256}) ==
        Suite::p256);
  CHECK(*strongest_common({Suite::symmetric}, {Suite::symmetric, Suite::x25519}) ==
        Suite::symmetric);
  CHECK(failed_with(strongest_common({Suite::p256}, {Suite::x25519}), ErrorCode::unsupported));
  CHECK(SuiteSet::from_bits(0x0f).has_value());
  CHECK(!SuiteSet::from_bits(0x10).has_value());
  for (unsigned bits = 0; bits < 256; ++bits) {
    const auto flags = order_flags_from_bits(static_cast<uint8_t>(bits));
    CHECK(flags.has_value() == ((bits & 3) != 3 && bits < 0x20));
    if (flags.has_value()) CHECK(bits_of(*flags) == bits);
  }
}
