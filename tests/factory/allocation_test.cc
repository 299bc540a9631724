// The allocation on its way to the manufacturer, and the order file on its way back.
#include <doctest/doctest.h>

#include <functional>

#include "factory/note.h"
#include "factory/order_file.h"
#include "hex.h"

namespace simurgh::factory::test {
namespace {

TEST_CASE("D2: a note writes and reads back as the same, and its signature holds") {
  Operator op;
  AllocationNote note = op.note();
  note.profile.algorithm = fleet::AuthAlgorithm::tuak;
  note.profile.ki_octets = 32;
  note.profile.server_made_key = true;
  note.profile.files = "{\"spn\":\"x\"}";
  note.server_keys.rsa2048.resize(256);
  op.seal_and_sign(note);
  json::Problem problem;
  const auto value = json::parse(json::write(write_allocation(note)));
  REQUIRE(value.has_value());
  const auto read = parse_allocation(*value, problem);
  CHECK(problem.sentence().empty());
  REQUIRE(read.has_value());
  CHECK(*read == note);
  CHECK(verify(*read, *op.keys.public_key(crypto::SignatureScheme::ed25519)).has_value());
  crypto::MemoryKeyStore other(8);
  CHECK(verify(*read, *other.public_key(crypto::SignatureScheme::ed25519)).error().code ==
        ErrorCode::bad_signature);
}

TEST_CASE("D2: the signature covers every field of the note") {
  Operator op;
  const AllocationNote note = op.note();
  const auto key = *op.keys.public_key(crypto::SignatureScheme::ed25519);
  using Change = std::function<void(AllocationNote&)>;
  const Change changes[] = {
      [](AllocationNote& n) { ++n.id; },
      [](AllocationNote& n) { n.manufacturer += "x"; },
      [](AllocationNote& n) { ++n.run.iccid.number; },
      [](AllocationNote& n) { ++n.run.imsi.number; },
      [](AllocationNote& n) { --n.run.count; },
      [](AllocationNote& n) { n.ver[7] ^= 1; },
      [](AllocationNote& n) { n.profile.name += "x"; },
      [](AllocationNote& n) { n.profile.algorithm = fleet::AuthAlgorithm::tuak; },
      [](AllocationNote& n) { n.profile.ki_octets = 32; },
      [](AllocationNote& n) { ++n.profile.tuak_iterations; },
      [](AllocationNote& n) { n.profile.suites ^= 1; },
      [](AllocationNote& n) { n.profile.server_made_key = true; },
      [](AllocationNote& n) { n.profile.files = "x"; },
      [](AllocationNote& n) { n.centre_number = *Msisdn::parse("4917000009"); },
      [](AllocationNote& n) { n.service_centre = {}; },
      [](AllocationNote& n) { n.service_provider_name += "x"; },
      [](AllocationNote& n) { n.mnc_digits = 3; },
      [](AllocationNote& n) { n.server_keys.ed25519[0] ^= 1; },
      [](AllocationNote& n) { n.server_keys.p256.clear(); },
      [](AllocationNote& n) { n.server_keys.rsa2048.resize(256); },
      [](AllocationNote& n) { n.k1_sealed[0] ^= 1; },
  };
  REQUIRE(verify(note, key).has_value());
  for (size_t i = 0; i < std::size(changes); ++i) {
    AllocationNote changed = note;
    changes[i](changed);
    CAPTURE(i);
    CHECK(verify(changed, key).error().code == ErrorCode::bad_signature);
  }
}

TEST_CASE("the note's fields are checked by name, and against each other") {
  Operator op;
  const json::Value good = write_allocation(op.note());
  const auto problem_with = [&](std::string_view name, json::Value value) {
    json::Value changed = good;
    changed.set(name, std::move(value));
    json::Problem problem;
    CHECK_FALSE(parse_allocation(changed, problem).has_value());
    return problem.field;
  };
  for (const json::Member& member : *good.as_object()) {
    CHECK(problem_with(member.name, json::Value::array()) == member.name);
  }
  CHECK(problem_with("iccid_first", "8949170000000000005") == "iccid_first");
  CHECK(problem_with("iccid_last", "8949170000000000004") == "iccid_last");
  CHECK(problem_with("imsi_last", "262170000000000") == "imsi_last");
  CHECK(problem_with("count", 0) == "count");
  CHECK(problem_with("count", 21) == "iccid_last");
  CHECK(problem_with("extra", 1) == "extra");
}

TEST_CASE("an order file writes and reads back as the same") {
  Operator op;
  const AllocationNote note = op.note();
  OrderFile order{.allocation = note.id,
                  .manufacturer = note.manufacturer,
                  .ver = note.ver,
                  .count = 20,
                  .made = 20,
                  .iccid_first = note.run.iccid_at(0),
                  .iccid_last = note.run.iccid_at(19),
                  .imsi_first = note.run.imsi_at(0),
                  .imsi_last = note.run.imsi_at(19),
                  .chips_sha256 = chips_digest(note.run, 20)};
  json::Problem problem;
  CHECK(*parse_order_file(write_order_file(order), problem) == order);
  OrderFile none{.allocation = 3, .manufacturer = "n", .count = 20};
  CHECK(*parse_order_file(write_order_file(none), problem) == none);
  order.made = 21;
  CHECK_FALSE(parse_order_file(write_order_file(order), problem).has_value());
  CHECK(problem.field == "made");
}

// Computed by Python's hashlib: SHA-256(zeros, "8949170000000000004 262170000000000\n"), then over
// the next chip.
TEST_CASE("the checksum of chips is what another program computes") {
  Operator op;
  CHECK(simurgh::test::to_hex(chips_digest(op.note().run, 2)) ==
        "a78d34bdb97845752930a4b1f0bbf0873b9e31d4ff1fcca0bdb5ca3bf0d38cfd");
}

}  // namespace
}  // namespace simurgh::factory::test
