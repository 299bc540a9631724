// What every back end must do. A new back end is added to SIMURGH_BACK_ENDS and passes this.
#include <algorithm>

#include "stores/conformance.h"

using namespace simurgh;
using namespace simurgh::test;

TEST_CASE_TEMPLATE("audit rows come back as they were, in both orders, and are only ever added",
                   BackEnd, SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  CHECK(!back_end.storage().audit().last()->has_value());
  std::vector<audit::Row> rows;
  for (uint64_t i = 1; i <= 5; ++i) {
    audit::Row row{i,
                   Instant{static_cast<int64_t>(i * 10)},
                   "actor" + std::to_string(i),
                   "action",
                   i % 2 == 0 ? "even" : "odd",
                   "a=1\nb=\xc3\xa4",
                   {static_cast<uint8_t>(i)},
                   {static_cast<uint8_t>(i + 1)}};
    rows.push_back(row);
    REQUIRE(back_end.storage().audit().append(row).has_value());
  }
  CHECK(refused(back_end.storage().audit().append(rows[2])));
  three_times(back_end, [&] {
    audit::Store& store = back_end.storage().audit();
    CHECK(**store.last() == rows[4]);
    CHECK(*store.page(2, 2) == std::vector(rows.begin() + 1, rows.begin() + 3));
    CHECK(store.page(5, 100)->size() == 1);
    CHECK(store.page(6, 100)->empty());
    CHECK(*store.page_of_subject("odd", UINT64_MAX, 2) == std::vector{rows[4], rows[2]});
    CHECK(*store.page_of_subject("odd", 3, 9) == std::vector{rows[0]});
  });
}

TEST_CASE_TEMPLATE("D1: ranges and allocations never overlap, in ICCIDs or in IMSIs", BackEnd,
                   SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  fleet::Store& store = back_end.storage().fleet();
  REQUIRE(store.add_range(some_range(1, 1000, 100)).has_value());
  for (const auto& [first, count] :
       {std::pair{1000ul, 1ul}, {1099ul, 1ul}, {950ul, 51ul}, {900ul, 1000ul}, {1050ul, 10ul}}) {
    CAPTURE(first);
    CHECK(refused(store.add_range(some_range(2, first, count))));
  }
  fleet::Range other = some_range(2, 5000, 100);
  other.run.imsi.number = some_range(1, 1099, 1).run.imsi.number;
  CHECK(refused(store.add_range(other)));
  CHECK(refused(store.add_range(some_range(1, 7000, 5))));  // the id
  REQUIRE(store.add_range(some_range(2, 1100, 100)).has_value());
  REQUIRE(store.add_range(some_range(3, 900, 100)).has_value());

  REQUIRE(store.add_allocation(some_allocation(1, 1000, 10)).has_value());
  REQUIRE(store.add_allocation(some_allocation(2, 1020, 10)).has_value());
  CHECK(refused(store.add_allocation(some_allocation(3, 1009, 1))));
  CHECK(refused(store.add_allocation(some_allocation(3, 1009, 12))));
  CHECK(refused(store.add_allocation(some_allocation(3, 1005, 2))));
  CHECK(refused(store.add_allocation(some_allocation(3, 1029, 1))));
  REQUIRE(store.add_allocation(some_allocation(3, 1010, 10)).has_value());

  CHECK(refused(store.set_allocated(1, 101), ErrorCode::bad_value));
  REQUIRE(store.set_allocated(1, 30).has_value());
  CHECK(refused(store.set_allocated(1, 29), ErrorCode::bad_value));
  CHECK(refused(store.set_allocated(9, 1), ErrorCode::not_found));

  three_times(back_end, [&] {
    fleet::Store& now = back_end.storage().fleet();
    CHECK((*now.range(1))->allocated == 30);
    CHECK((*now.range(1))->note == "note 1");
    CHECK(now.ranges()->size() == 3);
    CHECK(!now.range(4)->has_value());
    CHECK(**now.allocation(2) == some_allocation(2, 1020, 10));
    CHECK(now.allocations(1, 9)->size() == 2);
    CHECK(now.allocations(1, 1)->front().id == 2);
    CHECK(*now.next_range_id() == 4);
    CHECK(*now.next_allocation_id() == 4);
    for (const uint64_t number : {1000ul, 1009ul, 1010ul, 1019ul, 1020ul, 1029ul}) {
      CAPTURE(number);
      const auto id = (number - 1000) / 10 == 0 ? 1u : (number - 1000) / 10 == 1 ? 3u : 2u;
      CHECK((*now.allocation_with(run_of(number, 1).iccid))->id == id);
      CHECK((*now.allocation_with(run_of(number, 1).imsi))->id == id);
    }
    for (const uint64_t number : {0ul, 999ul, 1030ul, 99999ul}) {
      CHECK(!now.allocation_with(run_of(number, 1).iccid)->has_value());
      CHECK(!now.allocation_with(run_of(number, 1).imsi)->has_value());
    }
    // The same number with other digits is another number.
    CHECK(!now.allocation_with(fleet::IccidBody{17, run_of(1000, 1).iccid.number})->has_value());
  });
}

TEST_CASE_TEMPLATE("profiles and revoked versions", BackEnd, SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  fleet::Store& store = back_end.storage().fleet();
  fleet::CardProfile profile{"usim", fleet::AuthAlgorithm::tuak, 32, 3, 5, true, true, "{}"};
  REQUIRE(store.save_profile({"usim"}).has_value());
  REQUIRE(store.save_profile(profile).has_value());
  REQUIRE(store.save_profile({"other"}).has_value());
  const fleet::RevokedVersion revoked{{1, 2, 3}, "leaked", Instant{5}};
  REQUIRE(store.add_revoked(revoked).has_value());
  CHECK(refused(store.add_revoked(revoked)));
  three_times(back_end, [&] {
    fleet::Store& now = back_end.storage().fleet();
    CHECK(**now.profile("usim") == profile);
    CHECK(!now.profile("none")->has_value());
    CHECK(now.profiles()->size() == 2);
    CHECK(**now.revoked({1, 2, 3}) == revoked);
    CHECK(!now.revoked({})->has_value());
    CHECK(*now.revoked_versions() == std::vector{revoked});
  });
}

TEST_CASE_TEMPLATE("chips: found by ICCID, IMSI and MSISDN; no number twice", BackEnd,
                   SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  fleet::Store& store = back_end.storage().fleet();
  const fleet::Chip chip = some_chip(1);
  REQUIRE(store.save_chip(chip).has_value());
  fleet::Chip second = some_chip(2);
  second.msisdn = chip.msisdn;
  CHECK(refused(store.save_chip(second)));
  second.msisdn = {};
  REQUIRE(store.save_chip(second).has_value());
  fleet::Chip third = some_chip(3);
  third.msisdn = {};  // none is not a number that could be doubled
  REQUIRE(store.save_chip(third).has_value());
  third.imsi = chip.imsi;
  CHECK(refused(store.save_chip(third)));

  const fleet::Contact contacts[] = {
      {chip.iccid, Instant{500}}, {chip.iccid, Instant{400}}, {iccid_of(99), Instant{1}}};
  REQUIRE(store.add_contacts(contacts).has_value());
  fleet::Chip seen = chip;
  seen.last_contact = Instant{500};
  three_times(back_end, [&] {
    fleet::Store& now = back_end.storage().fleet();
    CHECK(**now.chip(chip.iccid) == seen);
    CHECK(**now.chip_of(chip.imsi) == seen);
    CHECK(**now.chip_of(chip.msisdn) == seen);
    CHECK((*now.chip(iccid_of(2)))->last_contact.ms == 0);
    CHECK(!now.chip(iccid_of(99))->has_value());
    CHECK(!now.chip_of(msisdn_of(2))->has_value());
    CHECK(*now.count_chips(fleet::ChipState::frozen) == 3);
    CHECK(*now.count_chips(fleet::ChipState::sold) == 0);
  });
  // The number is free again once its chip gave it up.
  fleet::Store& now = back_end.storage().fleet();
  fleet::Chip returned = chip;
  returned.msisdn = {};
  REQUIRE(now.save_chip(returned).has_value());
  second.msisdn = chip.msisdn;
  REQUIRE(now.save_chip(second).has_value());
  CHECK((*now.chip_of(chip.msisdn))->iccid == second.iccid);
}

TEST_CASE_TEMPLATE("chips are listed by page with every filter as a plain search would", BackEnd,
                   SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  fleet::Store& store = back_end.storage().fleet();
  SeededRandom random(7);
  REQUIRE(store.add_allocation(some_allocation(4, 0, 100)).has_value());
  REQUIRE(store.add_allocation(some_allocation(5, 100, 100)).has_value());
  std::vector<fleet::Chip> all;
  for (uint64_t i = 0; i < 200; ++i) {
    fleet::Chip chip = some_chip(i);
    chip.state = static_cast<fleet::ChipState>(1 + random.below(6));
    chip.allocation = i < 100 ? 4 : 5;
    chip.contract = "c" + std::to_string(random.below(3));
    all.push_back(chip);
    REQUIRE(store.save_chip(chip).has_value());
  }
  for (int round = 0; round < 60; ++round) {
    fleet::ChipFilter filter;
    if (random.one_in(2)) filter.state = static_cast<fleet::ChipState>(1 + random.below(6));
    if (random.one_in(3)) filter.allocation = 4 + random.below(2);
    if (random.one_in(3)) filter.manufacturer = random.one_in(2) ? "even cards" : "odd cards";
    if (random.one_in(3)) filter.contract = "c1";
    if (random.one_in(2)) filter.iccid_prefix = all[random.below(200)].iccid.text().substr(0, 17);
    std::vector<fleet::Chip> expected;
    for (const fleet::Chip& chip : all) {
      if ((filter.state && chip.state != *filter.state) ||
          (filter.allocation && chip.allocation != *filter.allocation) ||
          (filter.manufacturer == "even cards" && chip.allocation != 4) ||
          (filter.manufacturer == "odd cards" && chip.allocation != 5) ||
          (!filter.contract.empty() && chip.contract != filter.contract) ||
          !chip.iccid.text().starts_with(filter.iccid_prefix)) {
        continue;
      }
      expected.push_back(chip);
    }
    std::vector<fleet::Chip> listed;
    Iccid after;
    for (;;) {
      const auto page = store.chips(filter, after, 7);
      REQUIRE(page.has_value());
      if (page->empty()) break;
      listed.insert(listed.end(), page->begin(), page->end());
      after = page->back().iccid;
    }
    CHECK(listed == expected);
  }
}

TEST_CASE_TEMPLATE("orders, contracts and alarms", BackEnd, SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  fleet::Store& store = back_end.storage().fleet();
  fleet::Order first = some_order("b", 1);
  fleet::Order second = some_order("a", 1);
  second.created = Instant{50};
  REQUIRE(store.save_order(second).has_value());
  REQUIRE(store.save_order(first).has_value());
  first.wrong_tries = 3;
  REQUIRE(store.save_order(first).has_value());
  const fleet::Contract contract{"k1", "customer", "tariff", true, Instant{4}};
  REQUIRE(store.save_contract({"k1"}).has_value());
  REQUIRE(store.save_contract(contract).has_value());
  REQUIRE(store.save_contract({"k2"}).has_value());
  fleet::Alarm alarm{
      1, fleet::AlarmKind::mass_read, "vlr-1", "o1", "words", Instant{9}, Instant{10}, "alice"};
  REQUIRE(store.add_alarm(alarm).has_value());
  CHECK(refused(store.add_alarm(alarm)));
  fleet::Alarm open{2, fleet::AlarmKind::two_first_logons, "x", "", "y", Instant{9}, {}, ""};
  REQUIRE(store.add_alarm(open).has_value());
  alarm.acknowledged_by = "bob";
  REQUIRE(store.save_alarm(alarm).has_value());
  fleet::Alarm none = alarm;
  none.id = 77;
  CHECK(refused(store.save_alarm(none), ErrorCode::not_found));
  three_times(back_end, [&] {
    fleet::Store& now = back_end.storage().fleet();
    CHECK(**now.order("b") == first);
    CHECK(!now.order("c")->has_value());
    CHECK(*now.orders_of(iccid_of(1)) == std::vector{first, second});
    CHECK(now.orders_of(iccid_of(2))->empty());
    CHECK(**now.contract("k1") == contract);
    CHECK(now.contracts("", 9)->size() == 2);
    CHECK(now.contracts("k1", 9)->size() == 1);
    CHECK(**now.alarm(1) == alarm);
    CHECK(*now.alarms(false, UINT64_MAX, 9) == std::vector{open, alarm});
    CHECK(*now.alarms(true, UINT64_MAX, 9) == std::vector{open});
    CHECK(*now.alarms(false, 2, 9) == std::vector{alarm});
    CHECK(*now.next_alarm_id() == 3);
  });
}

TEST_CASE_TEMPLATE("HLR rows", BackEnd, SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  hlr::Store& store = back_end.storage().hlr();
  hlr::Subscriber subscriber = some_subscriber(1);
  REQUIRE(store.save(subscriber).has_value());
  hlr::Subscriber second = some_subscriber(2);
  second.msisdn = subscriber.msisdn;
  CHECK(refused(store.save(second)));
  second.msisdn = {};
  REQUIRE(store.save(second).has_value());
  hlr::Subscriber moved = subscriber;
  moved.vlr = "elsewhere";
  moved.purged_packet = true;
  moved.epoch = 99;  // not part of a location
  REQUIRE(store.save_location(moved).has_value());
  subscriber.vlr = "elsewhere";
  subscriber.purged_packet = true;
  CHECK(refused(store.save_location(some_subscriber(3)), ErrorCode::not_found));

  const hlr::Sequence sequence{subscriber.imsi, 12345, "vlr-1", "sgsn-1"};
  REQUIRE(store.save_sequence({subscriber.imsi, 1, "", ""}).has_value());
  REQUIRE(store.save_sequence(sequence).has_value());
  REQUIRE(store.save_sequence({imsi_of(2), 10, "", ""}).has_value());
  REQUIRE(store.add_peer_index({"vlr-1", hlr::Domain::circuit, 0}).has_value());
  REQUIRE(store.add_peer_index({"vlr-1", hlr::Domain::packet, 1}).has_value());
  CHECK(refused(store.add_peer_index({"vlr-1", hlr::Domain::packet, 2})));
  using Kind = hlr::NetworkWork::Kind;
  const hlr::NetworkWork work{imsi_of(1), "vlr-1", hlr::Domain::circuit, Kind::cancel_update};
  const hlr::NetworkWork done{imsi_of(1), "vlr-1", hlr::Domain::circuit, Kind::insert_data};
  REQUIRE(store.add_work(work).has_value());
  REQUIRE(store.add_work(work).has_value());
  REQUIRE(store.add_work(done).has_value());
  REQUIRE(store.erase_work(done).has_value());
  REQUIRE(store.erase_work(done).has_value());
  three_times(back_end, [&] {
    hlr::Store& now = back_end.storage().hlr();
    CHECK(**now.load(subscriber.imsi) == subscriber);
    CHECK(**now.load_by_msisdn(subscriber.msisdn) == subscriber);
    CHECK(!now.load(imsi_of(9))->has_value());
    CHECK(*now.page({}, 9) == std::vector{subscriber, second});
    CHECK(*now.page(subscriber.imsi, 9) == std::vector{second});
    CHECK(**now.load_sequence(subscriber.imsi) == sequence);
    CHECK(now.peer_indexes()->size() == 2);
    CHECK(*now.all_work() == std::vector{work});
  });
  hlr::Store& now = back_end.storage().hlr();
  REQUIRE(now.raise_all_sequences(1000).has_value());
  CHECK((*now.load_sequence(imsi_of(1)))->reserved == 13345);
  CHECK((*now.load_sequence(imsi_of(2)))->reserved == 1010);
  REQUIRE(now.erase(imsi_of(1)).has_value());
  REQUIRE(now.erase(imsi_of(1)).has_value());
  CHECK(!now.load(imsi_of(1))->has_value());
  CHECK((*now.load_sequence(imsi_of(1)))->reserved == 13345);  // stays (I2)
  second.msisdn = subscriber.msisdn;
  CHECK(now.save(second).has_value());
}

TEST_CASE_TEMPLATE("rows of a remote directory", BackEnd, SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  hlr::RemoteStore& store = back_end.storage().remote_directory();
  hlr::RemoteSubscriber row;
  row.wanted = some_subscriber(1);
  row.wanted.vlr = row.wanted.sgsn = "";
  row.wanted.purged_circuit = false;
  row.present = true;
  row.version = 3;
  row.confirmed = 2;
  REQUIRE(store.save(row).has_value());
  hlr::RemoteSubscriber done = row;
  done.wanted.imsi = imsi_of(2);
  done.confirmed = 3;
  REQUIRE(store.save(done).has_value());
  three_times(back_end, [&] {
    hlr::RemoteStore& now = back_end.storage().remote_directory();
    CHECK(**now.load(imsi_of(1)) == row);
    CHECK(*now.unconfirmed({}, 9) == std::vector{row});
    CHECK(now.unconfirmed(imsi_of(1), 9)->empty());
  });
  REQUIRE(back_end.storage().remote_directory().erase(imsi_of(1)).has_value());
  CHECK(!back_end.storage().remote_directory().load(imsi_of(1))->has_value());
}

TEST_CASE_TEMPLATE("rows of the security centre", BackEnd, SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  security_centre::Store& store = back_end.storage().security_centre();
  security_centre::ChipKeys row = some_chip_keys(1);
  REQUIRE(store.save(row).has_value());
  security_centre::ChipKeys rest = some_chip_keys(2);
  rest.work = security_centre::Work::none;
  rest.commit_unconfirmed = false;
  REQUIRE(store.save(rest).has_value());
  security_centre::ChipKeys copy = some_chip_keys(3);
  copy.imsi = row.imsi;
  CHECK(refused(store.save(copy)));
  three_times(back_end, [&] {
    security_centre::Store& now = back_end.storage().security_centre();
    CHECK(**now.load(row.iccid) == row);
    CHECK(**now.load_by_imsi(row.imsi) == row);
    CHECK(!now.load(iccid_of(7))->has_value());
    std::vector<security_centre::ChipKeys> open;
    REQUIRE(now.each_open([&](const security_centre::ChipKeys& seen) { open.push_back(seen); })
                .has_value());
    CHECK(open == std::vector{row});
  });
  security_centre::Store& now = back_end.storage().security_centre();
  REQUIRE(now.raise_counters(1000).has_value());
  CHECK((*now.load(row.iccid))->counter_to_chip == row.counter_to_chip + 1000);
  for (const bool behind : {false, true}) {  // each reason alone makes a row open
    rest.directory_behind = behind;
    rest.commit_unconfirmed = !behind;
    REQUIRE(now.save(rest).has_value());
    size_t open = 0;
    REQUIRE(now.each_open([&](const security_centre::ChipKeys&) { ++open; }).has_value());
    CHECK(open == 2);
  }
  REQUIRE(now.erase(row.iccid).has_value());
  CHECK(!now.load_by_imsi(row.imsi)->has_value());
}

TEST_CASE_TEMPLATE("rows of the REST interface", BackEnd, SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  api::IdempotentAnswer answer{"token", "key", filled<60>(60, 3), 201, "{}", Instant{100}};
  api::IdempotentAnswer old = answer;
  old.key = "old";
  old.at = Instant{99};
  REQUIRE(back_end.storage().answers().add(answer).has_value());
  REQUIRE(back_end.storage().answers().add(old).has_value());
  CHECK(refused(back_end.storage().answers().add(answer)));
  const api::Manufacturer maker{"cards", {1, 2, 3}, Instant{7}};
  REQUIRE(back_end.storage().factory().save_manufacturer({"cards", {}, {}}).has_value());
  REQUIRE(back_end.storage().factory().save_manufacturer(maker).has_value());
  const api::Delivery delivery{4, 1000, {9}, "token", Instant{8}};
  REQUIRE(back_end.storage().factory().save_delivery({4, 1, {}, "", {}}).has_value());
  REQUIRE(back_end.storage().factory().save_delivery(delivery).has_value());
  three_times(back_end, [&] {
    CHECK(**back_end.storage().answers().load("token", "key") == answer);
    CHECK(!back_end.storage().answers().load("token", "other")->has_value());
    CHECK(**back_end.storage().factory().manufacturer("cards") == maker);
    CHECK(back_end.storage().factory().manufacturers()->size() == 1);
    CHECK(**back_end.storage().factory().delivery(4) == delivery);
    CHECK(!back_end.storage().factory().delivery(5)->has_value());
  });
  REQUIRE(back_end.storage().answers().erase_before(Instant{100}).has_value());
  CHECK(!back_end.storage().answers().load("token", "old")->has_value());
  CHECK(back_end.storage().answers().load("token", "key")->has_value());
}

TEST_CASE_TEMPLATE("one transaction spans all stores: what was not committed is gone after a crash",
                   BackEnd, SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  REQUIRE(back_end.storage().hlr().save(some_subscriber(1)).has_value());
  CHECK(back_end.storage().has_changes());
  const auto mark = back_end.storage().commit(5);
  REQUIRE(mark.has_value());
  CHECK(mark->generation == 1);
  CHECK(mark->journal_sequence == 5);
  CHECK(!back_end.storage().has_changes());
  CHECK(*back_end.storage().commit(9) == *mark);  // nothing to commit

  hlr::Subscriber changed = some_subscriber(1);
  changed.epoch = 10;
  REQUIRE(back_end.storage().hlr().save(changed).has_value());
  REQUIRE(back_end.storage().fleet().save_chip(some_chip(1)).has_value());
  REQUIRE(back_end.storage().security_centre().save(some_chip_keys(1)).has_value());
  back_end.kill();
  CHECK(!back_end.storage().has_changes());
  CHECK(back_end.storage().mark() == *mark);
  CHECK(**back_end.storage().hlr().load(imsi_of(1)) == some_subscriber(1));
  CHECK(!back_end.storage().fleet().chip(iccid_of(1))->has_value());
  CHECK(!back_end.storage().security_centre().load(iccid_of(1))->has_value());
  CHECK(back_end.storage().check_integrity().has_value());
}

TEST_CASE_TEMPLATE("a step is undone alone, and says so to those who remember", BackEnd,
                   SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  storage::Storage& storage = back_end.storage();
  const uint64_t undone = storage.hlr().undo_count();
  // An undone step that was the only change leaves nothing to commit.
  REQUIRE(storage.begin_step().has_value());
  REQUIRE(storage.hlr().save(some_subscriber(1)).has_value());
  REQUIRE(storage.undo_step().has_value());
  CHECK(!storage.has_changes());
  CHECK(storage.hlr().undo_count() == undone + 1);
  CHECK(storage.audit().undo_count() == undone + 1);
  CHECK(storage.commit(0)->generation == 0);

  REQUIRE(storage.hlr().save(some_subscriber(1)).has_value());
  REQUIRE(storage.begin_step().has_value());
  hlr::Subscriber changed = some_subscriber(1);
  changed.epoch = 77;
  REQUIRE(storage.hlr().save(changed).has_value());
  REQUIRE(storage.hlr().save(some_subscriber(2)).has_value());
  REQUIRE(storage.hlr().erase(imsi_of(1)).has_value());
  REQUIRE(storage.undo_step().has_value());
  CHECK(**storage.hlr().load(imsi_of(1)) == some_subscriber(1));
  CHECK(!storage.hlr().load(imsi_of(2))->has_value());
  REQUIRE(storage.begin_step().has_value());
  REQUIRE(storage.hlr().save(some_subscriber(3)).has_value());
  REQUIRE(storage.keep_step().has_value());
  REQUIRE(storage.commit(0).has_value());
  back_end.kill();
  CHECK(back_end.storage().hlr().page({}, 9)->size() == 2);
}

TEST_CASE_TEMPLATE("commits are counted, and go on where a recovery says", BackEnd,
                   SIMURGH_BACK_ENDS) {
  BackEnd back_end;
  const ByteArray<16> database = back_end.storage().mark().database;
  CHECK(database != ByteArray<16>{});
  for (uint64_t i = 1; i <= 3; ++i) {
    REQUIRE(back_end.storage().hlr().save(some_subscriber(i)).has_value());
    CHECK(back_end.storage().commit(i)->generation == i);
  }
  REQUIRE(back_end.storage().set_generation(2).has_value());
  CHECK(back_end.storage().commit(3)->generation == 3);
  REQUIRE(back_end.storage().set_generation(100).has_value());
  back_end.kill();  // before the commit
  CHECK(back_end.storage().mark().generation == 3);
  REQUIRE(back_end.storage().set_generation(100).has_value());
  CHECK(back_end.storage().commit(4)->generation == 100);
  back_end.kill();
  CHECK(back_end.storage().mark() == hlr::CommitMark{database, 100, 4});
  REQUIRE(back_end.storage().hlr().save(some_subscriber(9)).has_value());
  CHECK(back_end.storage().commit(4)->generation == 101);
}
