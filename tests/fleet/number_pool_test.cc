#include <map>
#include <set>

#include "fleet/rig.h"

using namespace simurgh;
using namespace simurgh::test;

// 896588081210001114 with check digit 6 is the worked example of smartjac.biz ("ICCID checksum");
// the number of 20 digits is a US card's, as modem manuals show it.
TEST_CASE("D1: check digits are Luhn's, of 19 and of 20 digits") {
  for (const char* text : {"8965880812100011146", "89014103211118510720"}) {
    CAPTURE(text);
    const auto iccid = *Iccid::parse(text);
    const auto body = fleet::body_of(iccid);
    REQUIRE(body.has_value());
    CHECK(fleet::iccid_of(*body) == iccid);
    // Every other check digit is refused, with the place of it.
    std::string wrong = text;
    for (int i = 1; i < 10; ++i) {
      wrong.back() = static_cast<char>('0' + (text[wrong.size() - 1] - '0' + i) % 10);
      const auto refused = fleet::body_of(*Iccid::parse(wrong));
      REQUIRE(!refused.has_value());
      CHECK(refused.error() ==
            Error{ErrorCode::bad_value, static_cast<uint32_t>(wrong.size() - 1)});
    }
  }
  CHECK(!fleet::body_of(*Iccid::parse("7965880812100011146")).has_value());
}

TEST_CASE("D1: ICCID and IMSI of a run go together by position, 1:1") {
  const fleet::Run run{{18, 894900000000000998}, {15, 262019999999000}, 1000};
  REQUIRE(run.check().has_value());
  std::set<Iccid> iccids;
  for (uint64_t position = 0; position < run.count; ++position) {
    const Iccid iccid = run.iccid_at(position);
    const Imsi imsi = run.imsi_at(position);
    CHECK(luhn_check_digit(iccid.text().substr(0, 18)) == iccid.text().back());
    CHECK(run.position_of(*fleet::body_of(iccid)) == position);
    CHECK(run.position_of(fleet::number_of(imsi)) == position);
    iccids.insert(iccid);
  }
  CHECK(iccids.size() == 1000);
  CHECK(!run.position_of(fleet::IccidBody{18, 894900000000000997}).has_value());
  CHECK(!run.position_of(fleet::IccidBody{18, 894900000000001998}).has_value());
  CHECK(!run.position_of(fleet::ImsiNumber{15, 262020000000000}).has_value());
  CHECK(!run.position_of(fleet::ImsiNumber{14, 262019999999000}).has_value());
}

TEST_CASE("D1: runs that would leave their digits are refused") {
  const auto good = [](fleet::Run run) { return run.check().has_value(); };
  CHECK(good({{18, 899999999999999999}, {15, 1}, 1}));
  CHECK(!good({{18, 899999999999999999}, {15, 1}, 2}));
  CHECK(!good({{18, 900000000000000000}, {15, 1}, 1}));
  CHECK(!good({{18, 889999999999999999}, {15, 1}, 1}));
  CHECK(good({{19, 8999999999999999999u}, {15, 1}, 1}));
  CHECK(!good({{19, 8999999999999999999u}, {15, 1}, 2}));
  CHECK(!good({{20, 1}, {15, 1}, 1}));
  CHECK(!good({{16, 1}, {15, 1}, 1}));
  CHECK(good({{18, 894900000000000000}, {15, 999999999999999}, 1}));
  CHECK(!good({{18, 894900000000000000}, {15, 999999999999999}, 2}));
  CHECK(!good({{18, 894900000000000000}, {15, 1}, 0}));
  CHECK(!good({{18, 894900000000000000}, {15, 1}, UINT64_MAX}));
  CHECK(!good({{18, 894900000000000000}, {16, 1}, 1}));
}

TEST_CASE("D1: ranges that share a number are refused, of either kind") {
  FleetRig rig;
  rig.add_range(1000, 1000);
  const auto iccid = [](uint64_t n) { return fleet::iccid_of({18, 894900000000000000 + n}); };
  const auto imsi = [](uint64_t n) { return fleet::imsi_of({15, 262019000000000 + n}); };
  CHECK(rig.fleet.add_range({iccid(1999), imsi(9000), 1, ""}, rig.by()).error().code ==
        ErrorCode::already_exists);
  CHECK(rig.fleet.add_range({iccid(9000), imsi(1999), 1, ""}, rig.by()).error().code ==
        ErrorCode::already_exists);
  CHECK(rig.fleet.add_range({iccid(0), imsi(0), 1001, ""}, rig.by()).error().code ==
        ErrorCode::already_exists);
  CHECK(rig.fleet.add_range({iccid(2000), imsi(2000), 5, ""}, rig.by()).has_value());
  CHECK(rig.fleet.add_range({iccid(0), imsi(0), 1000, ""}, rig.by()).has_value());
  CHECK(rig.actions() == std::vector<std::string>{"range.add", "range.add", "range.add"});
}

TEST_CASE("D1: an allocation is one piece, and nothing is given out twice") {
  FleetRig rig;
  const auto small = rig.add_range(100, 1);
  const auto large = rig.add_range(1000, 5000);
  REQUIRE(rig.fleet.save_profile({"usim"}, rig.by()).has_value());
  const auto allocate = [&](uint64_t count, uint64_t range = 0) {
    return rig.fleet.allocate({"cards inc", rig.ver, "usim", count, range}, rig.by());
  };
  CHECK(allocate(60)->range == small.id);
  CHECK(allocate(60)->range == large.id);  // does not fit into what the first has left
  CHECK(allocate(40)->run.iccid.number == 894900000000000061);
  CHECK(allocate(1)->range == large.id);
  CHECK(allocate(1, small.id).error().code == ErrorCode::no_space);
  CHECK(allocate(1000).error().code == ErrorCode::no_space);
  CHECK(allocate(0).error().code == ErrorCode::bad_value);
  CHECK(allocate(1, 77).error().code == ErrorCode::not_found);
  CHECK(rig.fleet.allocate({"cards inc", rig.ver, "nothing", 1}, rig.by()).error().code ==
        ErrorCode::not_found);
  CHECK(rig.fleet.allocate({"", rig.ver, "usim", 1}, rig.by()).error().code ==
        ErrorCode::bad_value);
  REQUIRE(rig.fleet.revoke(rig.ver, "leaked", rig.by()).has_value());
  CHECK(allocate(1).error().code == ErrorCode::not_allowed);
}

TEST_CASE("D1 property: whatever is allocated and whenever it crashes, no number is issued twice") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    FleetRig rig;
    SeededRandom random(seed);
    REQUIRE(rig.fleet.save_profile({"usim"}, rig.by()).has_value());
    REQUIRE(rig.storage.commit(0).has_value());
    uint64_t free_number = 1;
    std::map<Iccid, Imsi> issued;  // what left the house: committed and handed over
    std::set<Imsi> imsis;
    for (int step = 0; step < 150; ++step) {
      if (random.one_in(8)) {
        const uint64_t count = 1 + random.below(300);
        // Sometimes right behind the last one, sometimes over it.
        const uint64_t first = free_number - (random.one_in(3) ? random.below(free_number) : 0);
        const auto iccid = fleet::iccid_of({18, 894900000000000000 + first});
        const auto imsi = fleet::imsi_of({15, 262019000000000 + first});
        if (rig.fleet.add_range({iccid, imsi, count, ""}, rig.by())) free_number = first + count;
      }
      const auto allocation = rig.fleet.allocate(
          {"maker " + std::to_string(random.below(3)), rig.ver, "usim", 1 + random.below(40)},
          rig.by());
      if (random.one_in(5)) {
        rig.storage.crash();
        continue;
      }
      if (random.one_in(3)) {
        const auto ranges = rig.storage.fleet().ranges();
        if (!ranges->empty()) {
          const auto& range = (*ranges)[random.below(ranges->size())];
          const fleet::GivenOut given{range.id, range.run.iccid_at(0), range.run.imsi_at(0),
                                      random.below(range.run.count + 1)};
          CHECK(rig.fleet.skip_numbers(given, rig.by()).has_value());
        }
      }
      REQUIRE(rig.storage.commit(0).has_value());
      if (!allocation) continue;
      for (uint64_t i = 0; i < allocation->run.count; ++i) {
        const Iccid iccid = allocation->run.iccid_at(i);
        const Imsi imsi = allocation->run.imsi_at(i);
        CHECK(issued.emplace(iccid, imsi).second);
        CHECK(imsis.insert(imsi).second);
      }
    }
    REQUIRE(issued.size() > 100);
    for (const auto& [iccid, imsi] : issued) {
      const auto by_iccid = rig.fleet.find(iccid);
      REQUIRE(by_iccid.has_value());
      CHECK(by_iccid->imsi == imsi);
      CHECK(rig.fleet.find(imsi)->iccid == iccid);
    }
  }
}

namespace {

fleet::GivenOut first_of(const fleet::Range& range, uint64_t count) {
  return {range.id, range.run.iccid_at(0), range.run.imsi_at(0), count};
}

}  // namespace

TEST_CASE("D1: numbers that were skipped are never given out") {
  FleetRig rig;
  const auto range = rig.add_range(100);
  REQUIRE(rig.fleet.skip_numbers(first_of(range, 50), rig.by()).has_value());
  REQUIRE(rig.fleet.skip_numbers(first_of(range, 20), rig.by()).has_value());  // never lowers
  REQUIRE(rig.fleet.skip_numbers(first_of(range, 0), rig.by()).has_value());
  CHECK(rig.allocate(10).run.iccid.number == 894900000000000051);
  // Of the first journals, which have no numbers.
  REQUIRE(rig.fleet.skip_numbers({range.id, {}, {}, 70}, rig.by()).has_value());
  CHECK(rig.allocate(10).run.iccid.number == 894900000000000071);
  CHECK(rig.fleet.skip_numbers({range.id, {}, {}, 101}, rig.by()).error().code ==
        ErrorCode::too_large);
  CHECK(rig.fleet.skip_numbers({9, {}, {}, 1}, rig.by()).error().code == ErrorCode::not_found);
}

TEST_CASE("D1: a database from before a range is told of it, and no number is given out twice") {
  FleetRig before;
  const auto other = before.add_range(10, 5001);
  const auto range = before.add_range(100);
  REQUIRE(before.fleet.save_profile({"usim"}, before.by()).has_value());
  REQUIRE(before.fleet.allocate({"a", before.ver, "usim", 40, range.id}, before.by()).has_value());
  const fleet::GivenOut given = first_of(range, 40);

  FleetRig rig;  // the restored copy: it has the first range only
  REQUIRE(rig.add_range(10, 5001).id == other.id);
  REQUIRE(rig.fleet.skip_numbers(given, rig.by()).has_value());
  REQUIRE(rig.fleet.skip_numbers(given, rig.by()).has_value());  // and again
  const auto ranges = *rig.storage.fleet().ranges();
  REQUIRE(ranges.size() == 2);
  CHECK(ranges[1].id == range.id);
  CHECK((ranges[1].run.count == 40 && ranges[1].allocated == 40));
  CHECK(rig.actions().back() == "range.recover");
  // The range cannot come back over them, not even in part; the rest of it can.
  const auto add = [&](uint64_t first, uint64_t count) {
    return rig.fleet.add_range({fleet::iccid_of({18, 894900000000000000 + first}),
                                fleet::imsi_of({15, 262019000000000 + first}), count, ""},
                               rig.by());
  };
  CHECK(add(1, 100).error().code == ErrorCode::already_exists);
  CHECK(add(40, 10).error().code == ErrorCode::already_exists);
  REQUIRE(add(41, 60).has_value());
  REQUIRE(rig.fleet.save_profile({"usim"}, rig.by()).has_value());
  const auto next = rig.fleet.allocate({"a", rig.ver, "usim", 20}, rig.by());
  REQUIRE(next.has_value());
  CHECK(next->run.iccid.number == 894900000000000041);
}

TEST_CASE("D1: what was given out is found by its numbers, whatever ids a restore has dealt anew") {
  FleetRig rig;
  const auto range = rig.add_range(100);  // has the id that another range had
  const fleet::Run lost = {{18, 894900000000007001}, {15, 262019000007001}, 30};
  const fleet::GivenOut given{range.id, lost.iccid_at(0), lost.imsi_at(0), 30};
  REQUIRE(rig.fleet.skip_numbers(given, rig.by()).has_value());
  CHECK(rig.storage.fleet().range(range.id)->value().allocated == 0);
  CHECK(rig.storage.fleet().ranges()->size() == 2);
  // In the middle of a range that has them all.
  const fleet::GivenOut inside{7, range.run.iccid_at(50), range.run.imsi_at(50), 10};
  REQUIRE(rig.fleet.skip_numbers(inside, rig.by()).has_value());
  CHECK(rig.storage.fleet().range(range.id)->value().allocated == 60);
  // Paired otherwise, or with some of them only: nobody can put that right alone.
  const fleet::GivenOut crossed{7, range.run.iccid_at(5), range.run.imsi_at(6), 10};
  CHECK(rig.fleet.skip_numbers(crossed, rig.by()).error().code == ErrorCode::already_exists);
  const fleet::GivenOut over{7, range.run.iccid_at(90), range.run.imsi_at(90), 11};
  CHECK(rig.fleet.skip_numbers(over, rig.by()).error().code == ErrorCode::already_exists);
}

TEST_CASE("D4: a million unsold chips are one row, and each is found") {
  FleetRig rig;
  rig.add_range(1'000'000);
  const auto allocation = rig.allocate(1'000'000);
  for (const uint64_t position : {0ul, 1ul, 499'999ul, 999'999ul}) {
    const auto found = rig.fleet.find(allocation.run.iccid_at(position));
    REQUIRE(found.has_value());
    CHECK(found->position == position);
    CHECK(found->imsi == allocation.run.imsi_at(position));
  }
  CHECK(rig.fleet.find(fleet::iccid_of({18, 894900000001000001})).error().code ==
        ErrorCode::not_found);
  CHECK(rig.fleet.find(*Iccid::parse("8949000000000000010")).error().code ==
        ErrorCode::not_found);  // check digit
  CHECK(rig.storage.fleet().chips({}, {}, 10)->empty());
  CHECK(rig.storage.fleet().allocations(0, 10)->size() == 1);
}
