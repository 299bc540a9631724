// What element_update keeps, in every back end, as in conformance_test.cc.
#include "stores/conformance.h"

using namespace simurgh;
using namespace simurgh::test;
using element_update::Cursor;
using element_update::Phase;
using remote_admin::SessionRecord;

TEST_CASE_TEMPLATE("sessions of elements and how far campaigns are (G3, I5)", BackEnd,
                   SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  element_update::Store& store = back_end.storage().element_update();
  const SessionRecord given{SessionRecord::State::given, 0xfedc'ba98'7654'3210,
                            0x8000'0000'7000'0001};
  const Cursor first{.element = 7,
                     .campaign = {1},
                     .run = 2,
                     .phase = Phase::guard,
                     .step = 3,
                     .rounds = 4,
                     .cut = 0xffff'ffff,
                     .base_epoch = 6,
                     .counter = 0xff'ffff'ffff,
                     .doubted = 7};
  const Cursor second{.element = 7, .campaign = {9}, .run = 1, .phase = Phase::unknown};
  const Cursor other{.element = 8, .campaign = {1}};
  REQUIRE(store.save_session(7, {}).has_value());
  REQUIRE(store.save_session(7, given).has_value());
  REQUIRE(store.save(second).has_value());
  REQUIRE(store.save(other).has_value());
  REQUIRE(store.save({.element = 7, .campaign = {1}}).has_value());
  REQUIRE(store.save(first).has_value());
  three_times(back_end, [&] {
    element_update::Store& now = back_end.storage().element_update();
    CHECK(*now.session(7) == given);
    CHECK(*now.session(8) == SessionRecord{});
    CHECK(**now.cursor(7, {1}) == first);
    CHECK(!now.cursor(7, {2})->has_value());
    CHECK(*now.cursors_of(7) == std::vector{first, second});
    CHECK(now.cursors_of(9)->empty());
  });
  element_update::Store& now = back_end.storage().element_update();
  REQUIRE(now.erase_cursor(7, {1}).has_value());
  REQUIRE(now.erase_cursor(7, {1}).has_value());
  CHECK(*now.cursors_of(7) == std::vector{second});
  CHECK(**now.cursor(8, {1}) == other);
  back_end.kill();
  CHECK(back_end.storage().element_update().cursors_of(7)->size() == 2);
}
