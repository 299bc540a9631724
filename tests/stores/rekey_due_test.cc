// The rows of the security centre by age, for re-keying at intervals (D11).
#include "stores/conformance.h"

using namespace simurgh;
using namespace simurgh::test;

TEST_CASE_TEMPLATE("D11: rows of which a re-keying is due, the oldest first", BackEnd,
                   SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  security_centre::Store& store = back_end.storage().security_centre();
  constexpr int64_t from[] = {50, 0, 40, 30, 40, 20};
  for (uint64_t i = 0; i < std::size(from); ++i) {
    security_centre::ChipKeys row = some_chip_keys(i + 1);
    row.interval_from = Instant{from[i]};
    if (i % 2 == 0) row.work = security_centre::Work::none;  // which it has nothing to do with
    REQUIRE(store.save(row).has_value());
  }
  const auto due = [&](int64_t before, size_t limit) {
    std::vector<Iccid> found;
    security_centre::Store& now = back_end.storage().security_centre();
    const auto visited =
        now.each_rekey_due(Instant{before}, limit, [&](const security_centre::ChipKeys& row) {
          CHECK(**now.load(row.iccid) == row);
          found.push_back(row.iccid);
        });
    REQUIRE(visited.has_value());
    return found;
  };
  three_times(back_end, [&] {
    CHECK((*back_end.storage().security_centre().load(iccid_of(1)))->interval_from.ms == 50);
    CHECK(due(41, 9) == std::vector{iccid_of(6), iccid_of(4), iccid_of(3), iccid_of(5)});
    CHECK(due(40, 9) == std::vector{iccid_of(6), iccid_of(4)});
    CHECK(due(INT64_MAX, 3) == std::vector{iccid_of(6), iccid_of(4), iccid_of(3)});
    CHECK(due(INT64_MAX, SIZE_MAX).size() == 5);
    CHECK(due(20, 9).empty());
    CHECK(due(99, 0).empty());
  });
  security_centre::Store& now = back_end.storage().security_centre();
  // What is visited may be changed: it gets out of the way, later, or for good.
  REQUIRE(now.each_rekey_due(Instant{31}, 9,
                             [&](security_centre::ChipKeys row) {
                               row.interval_from =
                                   row.iccid == iccid_of(6) ? Instant{60} : Instant();
                               REQUIRE(now.save(row).has_value());
                             })
              .has_value());
  REQUIRE(now.erase(iccid_of(3)).has_value());
  CHECK(due(99, 9) == std::vector{iccid_of(5), iccid_of(1), iccid_of(6)});
  REQUIRE(back_end.storage().commit(1).has_value());
  CHECK(due(99, 9) == std::vector{iccid_of(5), iccid_of(1), iccid_of(6)});
}
