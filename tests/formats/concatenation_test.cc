#include "formats/sms/concatenation.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <random>

#include "formats/sms/reassembly.h"
#include "round_trip.h"

using namespace simurgh;
using namespace simurgh::sms;
using test::Bytes;
using test::to_hex;

namespace {

constexpr Duration age_max = minutes(10);
using Chip = Reassembler<3, 5, 5 * 134>;

Bytes payload_of(size_t octets, uint8_t seed) {
  Bytes payload(octets);
  for (size_t i = 0; i < octets; ++i) payload[i] = static_cast<uint8_t>(i * 31 + seed);
  return payload;
}

std::vector<Bytes> parts_of(ByteView payload, PayloadKind kind, uint8_t reference) {
  std::vector<Bytes> parts;
  const size_t count = *part_count(payload.size(), kind);
  for (size_t i = 0; i < count; ++i) {
    Bytes room(user_data_octets_max);
    const auto part = write_part(payload, kind, reference, i, room);
    REQUIRE(part.has_value());
    parts.emplace_back(part->user_data.begin(), part->user_data.end());
  }
  return parts;
}

Address number(const char* digits) {
  return Address::of_msisdn(*Msisdn::parse(digits));
}

const Address alice = number("4917000001");
const Address bob = number("4917000002");

// Gives a part to the table; the whole message when it completed one.
std::optional<Bytes> give(ReassemblyTable& table, const Address& originator, const Bytes& part,
                          Instant now = {}) {
  const auto header = parse_user_data_header(part);
  REQUIRE(header.has_value());
  const auto whole =
      table.on_part(originator, *header, ByteView(part).subspan(header->octets), now);
  REQUIRE(whole.has_value());
  if (!*whole) return std::nullopt;
  return Bytes((*whole)->payload.begin(), (*whole)->payload.end());
}

}  // namespace

TEST_CASE("G6 D7: packets are cut at 137, 132 and 134 octets, as the facts have it") {
  const auto count = [](size_t octets) { return *part_count(octets, PayloadKind::command_packet); };
  CHECK(count(0) == 1);
  CHECK(count(137) == 1);
  CHECK(count(138) == 2);
  CHECK(count(132 + 134) == 2);
  CHECK(count(132 + 134 + 1) == 3);
  CHECK(count(packet_octets_max) == 255);
  CHECK(part_count(packet_octets_max + 1, PayloadKind::command_packet).error().code ==
        ErrorCode::too_large);
  CHECK(*part_count(140, PayloadKind::plain) == 1);
  CHECK(*part_count(141, PayloadKind::plain) == 2);
  CHECK(*part_count(2 * 134, PayloadKind::plain) == 2);

  const auto parts = parts_of(payload_of(300, 0), PayloadKind::command_packet, 0xa1);
  REQUIRE(parts.size() == 3);
  CHECK(to_hex(ByteView(parts[0]).first(8)) == "070003a103017000");
  CHECK(to_hex(ByteView(parts[1]).first(6)) == "050003a10302");
  CHECK(parts[0].size() == 140);
  CHECK(parts[1].size() == 140);
  CHECK(parts[2].size() == 6 + 300 - 132 - 134);
  CHECK(to_hex(ByteView(parts_of(payload_of(4, 0), PayloadKind::response_packet, 1)[0]).first(3)) ==
        "027100");
  Bytes room(140);
  CHECK(!write_part(payload_of(4, 0), PayloadKind::plain, 1, 0, room)->has_header);
}

TEST_CASE("packets of every size come back from their parts in any order") {
  auto table = std::make_unique<Reassembler<2, 255, 255 * 134>>(age_max);
  std::mt19937 shuffle(1);
  uint8_t reference = 0;
  for (const PayloadKind kind :
       {PayloadKind::plain, PayloadKind::command_packet, PayloadKind::response_packet}) {
    for (const size_t octets : {0u, 1u, 132u, 137u, 138u, 140u, 141u, 266u, 267u, 700u, 4096u}) {
      const Bytes payload = payload_of(octets, reference);
      auto parts = parts_of(payload, kind, ++reference);
      std::shuffle(parts.begin(), parts.end(), shuffle);
      std::optional<Bytes> whole;
      for (const Bytes& part : parts) {
        CHECK(!whole.has_value());
        if (parts.size() == 1 && kind == PayloadKind::plain) {
          whole = part;  // it has no header at all
        } else {
          whole = give(*table, alice, part);
        }
      }
      REQUIRE(whole.has_value());
      CHECK(to_hex(*whole) == to_hex(payload));
    }
  }
}

TEST_CASE("the kind of a message is told by its first part, whenever that comes") {
  Chip table(age_max);
  const auto parts = parts_of(payload_of(200, 1), PayloadKind::response_packet, 9);
  CHECK(!give(table, alice, parts[1]));
  const auto header = parse_user_data_header(parts[0]);
  const auto whole = table.on_part(alice, *header, ByteView(parts[0]).subspan(header->octets), {});
  REQUIRE((whole.has_value() && whole->has_value()));
  CHECK((*whole)->kind == PayloadKind::response_packet);
}

TEST_CASE("doubled parts change nothing, also after the message is whole") {
  Chip table(age_max);
  const Bytes payload = payload_of(300, 2);
  const auto parts = parts_of(payload, PayloadKind::command_packet, 3);
  CHECK(!give(table, alice, parts[0]));
  CHECK(!give(table, alice, parts[0]));
  CHECK(!give(table, alice, parts[2]));
  CHECK(!give(table, alice, parts[2]));
  CHECK(to_hex(*give(table, alice, parts[1])) == to_hex(payload));
  for (const Bytes& part : parts) CHECK(!give(table, alice, part));
  CHECK(table.counts().doubled == 5);
  CHECK(table.counts().completed == 1);
  CHECK(table.incomplete_messages() == 0);
}

TEST_CASE("messages of different senders, references and widths are never mixed") {
  Chip table(age_max);
  const auto a = parts_of(payload_of(200, 1), PayloadKind::command_packet, 7);
  const auto b = parts_of(payload_of(200, 2), PayloadKind::command_packet, 7);
  const auto c = parts_of(payload_of(200, 3), PayloadKind::command_packet, 8);
  CHECK(!give(table, alice, a[0]));
  CHECK(!give(table, bob, b[1]));
  CHECK(!give(table, alice, c[1]));
  CHECK(*give(table, alice, a[1]) == payload_of(200, 1));
  CHECK(*give(table, alice, c[0]) == payload_of(200, 3));
  CHECK(*give(table, bob, b[0]) == payload_of(200, 2));
}

TEST_CASE("a reference used again begins a new message and drops what was held") {
  Chip table(age_max);
  const auto old = parts_of(payload_of(300, 1), PayloadKind::command_packet, 7);
  const auto fresh = parts_of(payload_of(300, 2), PayloadKind::command_packet, 7);
  const auto shorter = parts_of(payload_of(200, 3), PayloadKind::command_packet, 7);
  CHECK(!give(table, alice, old[0]));
  CHECK(!give(table, alice, old[1]));
  CHECK(!give(table, alice, fresh[0]));  // other content at the same place
  CHECK(table.counts().displaced == 1);
  CHECK(!give(table, alice, shorter[0]));  // another total
  CHECK(table.counts().displaced == 2);
  CHECK(*give(table, alice, shorter[1]) == payload_of(200, 3));
  // And after that one is whole: a late first part of the old message does not spoil the new.
  CHECK(!give(table, alice, fresh[2]));
  CHECK(!give(table, alice, fresh[1]));
  CHECK(*give(table, alice, fresh[0]) == payload_of(300, 2));
}

TEST_CASE("when the table is full the oldest gives way, delivered ones first") {
  Chip table(age_max);  // three messages
  std::vector<std::vector<Bytes>> messages;
  for (uint8_t i = 0; i < 5; ++i) {
    messages.push_back(parts_of(payload_of(200, i), PayloadKind::command_packet, i));
  }
  CHECK(!give(table, alice, messages[0][0]));
  CHECK(!give(table, alice, messages[1][0]));
  CHECK(give(table, alice, messages[1][1]).has_value());  // delivered, but remembered
  CHECK(!give(table, alice, messages[2][0]));
  CHECK(!give(table, alice, messages[3][0]));  // takes the place of 1
  CHECK(table.counts().evicted == 0);
  CHECK(!give(table, alice, messages[4][0]));  // takes the place of 0
  CHECK(table.counts().evicted == 1);
  CHECK(give(table, alice, messages[2][1]).has_value());
  CHECK(give(table, alice, messages[3][1]).has_value());
  CHECK(give(table, alice, messages[4][1]).has_value());
}

TEST_CASE("parts older than the age limit are dropped at their time") {
  Chip table(age_max);
  const auto parts = parts_of(payload_of(200, 1), PayloadKind::command_packet, 7);
  const Instant begin{1'000'000};
  CHECK(table.poll_timeout() == Instant::never());
  CHECK(!give(table, alice, parts[0], begin));
  CHECK(table.poll_timeout() == begin + age_max);
  table.on_timeout(begin + age_max - milliseconds(1));
  CHECK(table.incomplete_messages() == 1);
  CHECK(!give(table, alice, parts[1], begin + age_max));  // too late: begins anew
  CHECK(table.counts().aged_out == 1);
  CHECK(give(table, alice, parts[0], begin + age_max).has_value());
}

TEST_CASE("messages beyond the limits are refused and leave nothing behind") {
  Chip table(age_max);
  const auto too_many = parts_of(payload_of(800, 1), PayloadKind::command_packet, 7);
  REQUIRE(too_many.size() == 6);
  const auto header = parse_user_data_header(too_many[0]);
  CHECK(table.on_part(alice, *header, ByteView(too_many[0]).subspan(8), {}).error().code ==
        ErrorCode::too_large);
  Reassembler<2, 5, 150> narrow(age_max);
  const auto parts = parts_of(payload_of(260, 1), PayloadKind::command_packet, 7);
  CHECK(!give(narrow, alice, parts[0]));
  const auto second = parse_user_data_header(parts[1]);
  CHECK(narrow.on_part(alice, *second, ByteView(parts[1]).subspan(6), {}).error().code ==
        ErrorCode::too_large);
  CHECK(narrow.incomplete_messages() == 0);
  CHECK(narrow.counts().refused == 1);
}

TEST_CASE("a network that loses, doubles and reorders never makes a message that nobody sent") {
  std::mt19937 random(20260101);
  const auto below = [&](uint32_t n) { return static_cast<size_t>(random() % n); };
  for (int round = 0; round < 200; ++round) {
    Chip table(age_max);
    struct Sent {
      Address originator;
      Bytes payload;
    };
    std::vector<Sent> sent;
    std::vector<std::pair<size_t, Bytes>> flying;
    for (uint8_t i = 0; i < 6; ++i) {
      sent.push_back({i % 2 == 0 ? alice : bob, payload_of(100 + below(500), i)});
      for (Bytes& part : parts_of(sent[i].payload, PayloadKind::command_packet, i)) {
        const size_t copies = below(10) == 0 ? 0 : 1 + below(2);
        for (size_t copy = 0; copy < copies; ++copy) flying.emplace_back(i, part);
      }
    }
    std::shuffle(flying.begin(), flying.end(), random);
    for (const auto& [index, part] : flying) {
      const auto whole = give(table, sent[index].originator, part);
      if (whole) CHECK(*whole == sent[index].payload);
    }
  }
}
