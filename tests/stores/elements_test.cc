// Elements in every back end, as in conformance_test.cc.
#include "stores/conformance.h"

using namespace simurgh;
using namespace simurgh::test;

TEST_CASE_TEMPLATE("elements, their counters and batches (G8)", BackEnd, SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  fleet::ElementStore& store = back_end.storage().elements();
  CHECK(*store.next_element_id() == 0);
  std::vector<fleet::Element> rows;
  for (uint32_t i = 0; i < 4; ++i) rows.push_back(some_element(i));
  REQUIRE(store.add(rows).has_value());
  CHECK(*store.next_element_id() == 4);
  // Each unique column alone.
  const auto clash = [&](auto change) {
    std::vector<fleet::Element> pair = {some_element(10), some_element(11)};
    change(pair[1]);
    const auto added = with_step(back_end, [&] { return store.add(pair); });
    return refused(added) && added.error().offset == 1;
  };
  CHECK(clash([](auto& row) { row.id = 2; }));
  CHECK(clash([](auto& row) { row.iccid = iccid_of(2); }));
  CHECK(clash([](auto& row) { row.msisdn = msisdn_of(2); }));
  CHECK(clash([](auto& row) { row.psk_identity = some_element(2).psk_identity; }));
  // More rows than a pipeline holds: the first that is there is named, wherever it is.
  for (const size_t wrong : {0u, 511u, 512u, 700u, 1499u}) {
    std::vector<fleet::Element> many;
    for (uint32_t i = 0; i < 1500; ++i) many.push_back(some_element(100 + i));
    many[wrong].iccid = iccid_of(2);
    many[1499].id = 2;
    const auto added = with_step(back_end, [&] { return store.add(many); });
    CHECK(refused(added));
    CHECK(added.error().offset == wrong);
    CHECK(*store.next_element_id() == 4);
  }
  rows[3].msisdn = {};
  rows[3].psk_identity.clear();
  rows[3].batch = 9;
  REQUIRE(store.save(rows[3]).has_value());
  CHECK(refused(store.save(some_element(77)), ErrorCode::not_found));
  rows[2].msisdn = some_element(3).msisdn;  // free again
  REQUIRE(store.save(rows[2]).has_value());
  const fleet::ElementCounter counters[] = {{1, 7}, {2, uint64_t{1} << 39}, {1, 8}};
  REQUIRE(store.set_counters(counters).has_value());
  REQUIRE(store.save_batch({1, "one", "{}", Instant{5}}).has_value());
  REQUIRE(store.save_batch({2, "two", "{}", Instant{6}}).has_value());
  REQUIRE(store.save_batch({1, "one", "{\"chunked\":false}", Instant{99}}).has_value());
  CHECK(refused(store.save_batch({3, "two", "{}", Instant{7}})));
  three_times(back_end, [&] {
    fleet::ElementStore& now = back_end.storage().elements();
    for (const fleet::Element& row : rows) {
      CHECK(**now.element(row.id) == row);
      CHECK(**now.element_of(row.iccid) == row);
    }
    CHECK(**now.element_of(rows[1].msisdn) == rows[1]);
    CHECK(**now.element_of_identity(rows[1].psk_identity) == rows[1]);
    CHECK((**now.element_of(some_element(3).msisdn)).id == 2);
    CHECK(!now.element_of_identity(some_element(3).psk_identity)->has_value());
    CHECK(!now.element_of_identity("")->has_value());
    CHECK(*now.elements({}, {}, 10) == rows);
    CHECK(*now.elements({}, rows[0].iccid, 2) == std::vector{rows[1], rows[2]});
    CHECK(*now.elements({9, ""}, {}, 10) == std::vector{rows[3]});
    CHECK(now.elements({std::nullopt, "12"}, {}, 10)->empty());
    CHECK(*now.counter(1) == 8);
    CHECK(*now.counter(2) == uint64_t{1} << 39);
    CHECK(*now.counter(3) == 0);
    CHECK(*now.batches() == std::vector<fleet::Batch>{{1, "one", "{\"chunked\":false}", Instant{5}},
                                                      {2, "two", "{}", Instant{6}}});
  });
  // After an older database came back (I2): every imported element, also one without a counter.
  fleet::ElementStore& present = back_end.storage().elements();
  rows[0].source = fleet::ElementKeySource::centre;
  REQUIRE(present.save(rows[0]).has_value());
  rows[1].source = rows[2].source = rows[3].source = fleet::ElementKeySource::imported;
  for (const size_t i : {1u, 2u, 3u}) REQUIRE(present.save(rows[i]).has_value());
  REQUIRE(present.raise_counters(1000).has_value());
  three_times(back_end, [&] {
    fleet::ElementStore& now = back_end.storage().elements();
    CHECK(*now.counter(0) == 0);
    CHECK(*now.counter(1) == 1008);
    CHECK(*now.counter(2) == (uint64_t{1} << 39) + 1000);
    CHECK(*now.counter(3) == 1000);
  });
}

TEST_CASE_TEMPLATE("PSK identities of the security centre (G2)", BackEnd, SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  security_centre::Store& store = back_end.storage().security_centre();
  security_centre::ChipKeys row = some_chip_keys(1);
  row.active_identity = "active of 1";
  row.previous_identity = "previous of 1";
  security_centre::ChipKeys bare = some_chip_keys(2);
  REQUIRE(store.save(row).has_value());
  REQUIRE(store.save(bare).has_value());
  REQUIRE(store.save(some_chip_keys(3)).has_value());
  REQUIRE(store.save(row).has_value());  // again, with its own identities
  for (const bool previous : {false, true}) {
    security_centre::ChipKeys copy = some_chip_keys(4);
    (previous ? copy.previous_identity : copy.active_identity) =
        previous ? row.previous_identity : row.active_identity;
    CHECK(refused(store.save(copy)));
  }
  three_times(back_end, [&] {
    security_centre::Store& now = back_end.storage().security_centre();
    CHECK(**now.load_by_identity("active of 1") == row);
    CHECK(**now.load_by_identity("previous of 1") == row);
    CHECK(!now.load_by_identity("of 1")->has_value());
    CHECK(!now.load_by_identity("")->has_value());
    const auto without = *now.without_identity(10);
    REQUIRE(without.size() == 2);
    CHECK(without[0] == bare);
    CHECK(now.without_identity(1)->size() == 1);
  });
  // An identity that a row gives up is free.
  security_centre::Store& now = back_end.storage().security_centre();
  row.active_identity = "next of 1";
  row.previous_identity.clear();
  REQUIRE(now.save(row).has_value());
  bare.active_identity = "active of 1";
  REQUIRE(now.save(bare).has_value());
  CHECK((*now.load_by_identity("active of 1"))->iccid == bare.iccid);
  CHECK(!now.load_by_identity("previous of 1")->has_value());
  REQUIRE(now.erase(bare.iccid).has_value());
  CHECK(!now.load_by_identity("active of 1")->has_value());
}
