// The chip's record: what is written is read, and nothing that contradicts itself.
#include "conversations/personalisation/chip_record.h"

#include <doctest/doctest.h>

#include "rig.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using namespace simurgh::personalisation::rig;

namespace {

Key256 secret_of(uint8_t octet) {
  Key256 secret;
  for (uint8_t& o : secret.fill(32)) o = octet;
  return secret;
}

// Everything at its largest.
ChipRecord full_record() {
  TestKeys keys;
  ChipRecord record =
      factory_record(keys, {Suite::x25519, Suite::p256, Suite::ffdhe2048, Suite::symmetric});
  record.chip.iccid = *Iccid::parse("89490123456789012345");
  record.life = 3;
  record.state = ChipState::personalised;
  record.active.number = 4;
  record.active.secret = secret_of(1);
  record.active.puk_secret = secret_of(2);
  record.pending = Epoch{.number = 9, .secret = secret_of(3), .puk_secret = secret_of(4)};
  record.epoch_max = 9;
  record.attempt = 17;
  record.centre_number = *Msisdn::parse("490000070000000");
  record.last_session.epoch = 9;
  record.last_session.init_hash.fill(5);
  record.last_session.m2_hash.fill(6);
  record.last_session.flags = {.code = CodeKind::secret, .choose_pin = true};
  record.last_reset.happened = true;
  record.last_reset.reset_hash.fill(7);
  record.last_reset.ending_mac.fill(8);
  return record;
}

Bytes bytes_of_record(const ChipRecord& record) {
  ByteArray<chip_record_octets_max> room;
  const auto written = write_record(record, room);
  REQUIRE(written.has_value());
  return Bytes(written->begin(), written->end());
}

Bytes after(ChipRecord record, void (*change)(ChipRecord&)) {
  change(record);
  return bytes_of_record(record);
}

}  // namespace

TEST_CASE("a record reads back, and the largest fits its limit") {
  TestKeys keys;
  const ChipRecord factory = factory_record(keys, {Suite::x25519});
  const ChipRecord full = full_record();
  for (const ChipRecord* record : {&factory, &full}) {
    const Bytes bytes = bytes_of_record(*record);
    const auto again = parse_record(bytes);
    REQUIRE(again.has_value());
    CHECK(bytes_of_record(*again) == bytes);
  }
  const ChipRecord again = *parse_record(bytes_of_record(full));
  CHECK(again.chip == full.chip);
  CHECK(same(again.active, full.active));
  CHECK(same(*again.pending, *full.pending));
  CHECK(again.server_keys == full.server_keys);
  CHECK(again.suites == full.suites);
  CHECK(again.centre_number == full.centre_number);
  CHECK(again.last_session.flags == full.last_session.flags);
  CHECK(again.last_reset.happened);
  CHECK(bytes_of_record(full).size() <= chip_record_octets_max);
  MESSAGE("largest record: " << bytes_of_record(full).size() << " octets");
  ByteArray<100> small;
  CHECK(failed_with(write_record(full, small), ErrorCode::no_space));
}

TEST_CASE("every truncation of a record is an error, and no changed octet crashes or lies") {
  const Bytes bytes = bytes_of_record(full_record());
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK(!parse_record(ByteView(bytes).first(size)).has_value());
  }
  Bytes changed = bytes;
  changed.push_back(0);
  CHECK(failed_with(parse_record(changed), ErrorCode::trailing_bytes));
  changed.pop_back();
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (unsigned value = 0; value < 256; ++value) {
      changed[at] = static_cast<uint8_t>(value);
      const auto record = parse_record(changed);
      if (record.has_value()) CHECK(bytes_of_record(*record) == changed);
    }
    changed[at] = bytes[at];
  }
}

TEST_CASE("a record whose parts contradict each other is refused") {
  const ChipRecord full = full_record();
  CHECK(parse_record(after(full, [](ChipRecord&) {})).has_value());
  const auto refused = [&](void (*change)(ChipRecord&)) {
    return !parse_record(after(full, change)).has_value();
  };
  CHECK(refused([](ChipRecord& r) { r.state = ChipState::pre_personalised; }));
  CHECK(refused([](ChipRecord& r) { r.state = ChipState::factory; }));
  CHECK(refused([](ChipRecord& r) { r.active.number = 0; }));
  CHECK(refused([](ChipRecord& r) { r.active.number = 9; }));
  CHECK(refused([](ChipRecord& r) { r.active.number = 10; }));
  CHECK(refused([](ChipRecord& r) { r.pending->number = 3; }));
  CHECK(refused([](ChipRecord& r) { r.pending->number = 8; }));
  CHECK(refused([](ChipRecord& r) { r.epoch_max = 10; }));
  CHECK(refused([](ChipRecord& r) { r.active.puk_secret.clear(); }));
  CHECK(refused([](ChipRecord& r) { r.active.secret.clear(); }));
  CHECK(refused([](ChipRecord& r) { r.chip_key.clear(); }));
}
