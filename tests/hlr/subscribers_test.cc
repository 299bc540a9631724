#include <algorithm>

#include "hlr/rig.h"

using namespace simurgh;
using namespace simurgh::test;
using hlr::Algorithm;
using hlr::Domain;
using hlr::NetworkWork;
using Answer = Usim::Answer;

namespace {

std::vector<NetworkWork> work_of(HlrRig& rig) {
  return *rig.storage.hlr().all_work();
}

}  // namespace

TEST_CASE("keys of the wrong size are refused before anything is kept") {
  HlrRig rig;
  const auto refused = [&](auto change, Algorithm algorithm = Algorithm::milenage) {
    auto keys = rig.make_keys(algorithm);
    change(keys);
    const auto created = rig.hlr->create({imsi_of(1), {}, {}, keys, false}, rig.by());
    CHECK(!rig.storage.has_changes());
    return !created.has_value();
  };
  CHECK(refused([](auto& keys) { keys.ki.clear(); }));
  CHECK(refused([](auto& keys) { keys.ki.fill(32); }));
  CHECK(refused([](auto& keys) { keys.opc.fill(15); }));
  CHECK(refused([](auto& keys) { keys.rand_tag_key.fill(8); }));
  CHECK(refused([](auto& keys) { keys.opc.fill(16); }, Algorithm::tuak));
  CHECK(refused([](auto& keys) { keys.ki.fill(17); }, Algorithm::tuak));
  CHECK(refused([](auto& keys) { keys.tuak_iterations = 0; }, Algorithm::tuak));
}

TEST_CASE("IMSI and MSISDN are taken once") {
  HlrRig rig;
  rig.create(1, rig.make_keys());
  CHECK(rig.hlr->create({imsi_of(1), {}, msisdn_of(9), rig.make_keys(), false}, rig.by())
            .error()
            .code == ErrorCode::already_exists);
  CHECK(rig.hlr->create({imsi_of(2), {}, msisdn_of(1), rig.make_keys(), false}, rig.by())
            .error()
            .code == ErrorCode::already_exists);
  CHECK(rig.hlr->set_msisdn(imsi_of(1), msisdn_of(2), rig.by()).has_value());
  rig.create(3, rig.make_keys());
  CHECK(rig.hlr->set_msisdn(imsi_of(3), msisdn_of(2), rig.by()).error().code ==
        ErrorCode::already_exists);
}

TEST_CASE("I2: keys are replaced by later ones only; the same again is no change") {
  HlrRig rig;
  rig.create(1, rig.make_keys(Algorithm::milenage, 1));
  const auto second = rig.make_keys(Algorithm::tuak, 2);
  REQUIRE(rig.hlr->replace_keys(imsi_of(1), second, rig.by()).has_value());
  Usim usim(second);
  CHECK(usim.answer((*rig.ask(1))[0]) == Answer::good);
  const size_t rows = rig.actions().size();
  CHECK(rig.hlr->replace_keys(imsi_of(1), second, rig.by()).has_value());
  CHECK(rig.actions().size() == rows);
  for (const auto& [epoch, life] : {std::pair{2u, 0u}, {1u, 0u}, {0u, 0u}}) {
    CHECK(
        rig.hlr->replace_keys(imsi_of(1), rig.make_keys(Algorithm::milenage, epoch, life), rig.by())
            .error()
            .code == ErrorCode::replayed);
  }
  CHECK(rig.hlr->replace_keys(imsi_of(1), rig.make_keys(Algorithm::milenage, 0, 1), rig.by())
            .has_value());
  CHECK(rig.hlr->replace_keys(imsi_of(1), rig.make_keys(Algorithm::milenage, 9, 0), rig.by())
            .error()
            .code == ErrorCode::replayed);
  CHECK(rig.hlr->replace_keys(imsi_of(9), second, rig.by()).error().code == ErrorCode::not_found);
  // Sequence numbers go on: the chip keeps its own over a change of key.
  const auto third = rig.make_keys(Algorithm::milenage, 1, 1);
  REQUIRE(rig.hlr->replace_keys(imsi_of(1), third, rig.by()).has_value());
  Usim same_chip(third);
  same_chip.set_highest(usim.sqn >> 5);
  CHECK(same_chip.answer((*rig.ask(1))[0]) == Answer::good);
}

TEST_CASE("T-ROW-SWAP: sealed keys open in their own row only; the subscriber is fenced") {
  const auto damaged = [](auto damage) {
    HlrRig rig;
    auto first = rig.make_keys(Algorithm::milenage, 1);
    rig.create(1, first);
    rig.create(2, rig.make_keys(Algorithm::milenage, 1));
    rig.commit();
    auto row = **rig.storage.hlr().load(imsi_of(1));
    damage(rig, row);
    REQUIRE(rig.storage.hlr().save(row).has_value());
    rig.commit();
    rig.restart();
    CHECK(rig.ask(1).error().code == ErrorCode::not_allowed);
    CHECK(rig.hlr->subscriber(imsi_of(1))->fenced);
    CHECK(rig.ask(2).has_value());  // nobody else suffers
    const auto alarms = *rig.storage.fleet().alarms(true, UINT64_MAX, 9);
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].kind == fleet::AlarmKind::key_row_damaged);
    CHECK(alarms[0].subject == imsi_of(1).text());
    CHECK(rig.ask(1).error().code == ErrorCode::not_allowed);  // and no second alarm
    CHECK(rig.storage.fleet().alarms(true, UINT64_MAX, 9)->size() == 1);
    // New keys serve it again.
    const auto fresh = rig.make_keys(Algorithm::milenage, 7, 7);
    REQUIRE(rig.hlr->replace_keys(imsi_of(1), fresh, rig.by()).has_value());
    Usim usim(fresh);
    CHECK(usim.answer((*rig.ask(1))[0]) == Answer::good);
  };
  damaged([](HlrRig& rig, auto& row) {
    row.sealed_keys = (*rig.storage.hlr().load(imsi_of(2)))->sealed_keys;
  });
  damaged([](HlrRig&, auto& row) { row.epoch = 2; });
  damaged([](HlrRig&, auto& row) { row.life = 1; });
  damaged([](HlrRig&, auto& row) { row.iccid = iccid_of(2); });
  damaged([](HlrRig&, auto& row) { row.algorithm = Algorithm::comp128v1; });
  damaged([](HlrRig&, auto& row) { row.tuak_iterations = 2; });
  damaged([](HlrRig&, auto& row) { row.sealed_keys[20] ^= 1; });
  damaged([](HlrRig&, auto& row) { row.sealed_keys.resize(5); });
  damaged([](HlrRig&, auto& row) { row.sealed_keys.clear(); });
}

TEST_CASE("I10: no key is in the clear in what the store holds") {
  HlrRig rig;
  const auto keys = rig.make_keys();
  rig.create(1, keys);
  const auto row = **rig.storage.hlr().load(imsi_of(1));
  const auto contains = [&](ByteView needle) {
    const ByteView all = row.sealed_keys;
    return std::search(all.begin(), all.end(), needle.begin(), needle.end()) != all.end();
  };
  CHECK(!contains(keys.ki.view().first(8)));
  CHECK(!contains(keys.opc.view().first(8)));
  // And it does come back.
  const auto opened = open_keys(rig.keys, row);
  REQUIRE(opened.has_value());
  CHECK(crypto::secure_equal(opened->ki.view(), keys.ki.view()));
}

TEST_CASE("a removed subscriber is gone; its number goes on with its sequence") {
  HlrRig rig;
  const auto keys = rig.make_keys();
  rig.create(1, keys);
  Usim usim(keys);
  for (int i = 0; i < 10; ++i) CHECK(usim.answer((*rig.ask(1))[0]) == Answer::good);
  REQUIRE(rig.hlr->remove(imsi_of(1), rig.by()).has_value());
  CHECK(rig.ask(1).error().code == ErrorCode::not_found);
  const size_t rows = rig.actions().size();
  REQUIRE(rig.hlr->remove(imsi_of(1), rig.by()).has_value());
  CHECK(rig.actions().size() == rows);
  rig.create(1, keys);
  CHECK(usim.answer((*rig.ask(1))[0]) == Answer::good);
}

TEST_CASE("after a restore from an older copy no sequence number comes again") {
  HlrRig rig;
  const auto keys = rig.make_keys();
  rig.create(1, keys);
  Usim usim(keys);
  CHECK(usim.answer((*rig.ask(1))[0]) == Answer::good);
  rig.commit();
  const auto copy = rig.storage.snapshot();
  for (int i = 0; i < 2000; ++i) CHECK(usim.answer((*rig.ask(1))[0]) == Answer::good);
  rig.commit();
  rig.storage.restore(*copy);
  rig.restart();
  REQUIRE(rig.hlr->after_restore(rig.by()).has_value());
  CHECK(usim.answer((*rig.ask(1))[0]) == Answer::good);  // no synchronisation failure, and higher
  // Negative control: without it the chip sees old numbers.
  rig.storage.restore(*copy);
  rig.restart();
  CHECK(usim.answer((*rig.ask(1))[0]) == Answer::synchronisation);
}

TEST_CASE("D6: the flag and other changes are told to the nodes that serve the subscriber") {
  HlrRig rig;
  rig.create(1, rig.make_keys(), true);
  REQUIRE(rig.hlr->set_hotline(imsi_of(1), false, rig.by()).has_value());
  CHECK(work_of(rig).empty());  // nowhere located
  REQUIRE(rig.hlr->set_location(imsi_of(1), "vlr-1", Domain::circuit, rig.now()).has_value());
  REQUIRE(rig.hlr->set_location(imsi_of(1), "sgsn-1", Domain::packet, rig.now()).has_value());
  REQUIRE(rig.hlr->set_hotline(imsi_of(1), true, rig.by()).has_value());
  using Kind = NetworkWork::Kind;
  const NetworkWork at_vlr{imsi_of(1), "vlr-1", Domain::circuit, Kind::insert_data};
  const NetworkWork at_sgsn{imsi_of(1), "sgsn-1", Domain::packet, Kind::insert_data};
  auto work = work_of(rig);
  REQUIRE(work.size() == 2);
  CHECK((work[0] == at_sgsn || work[1] == at_sgsn));
  CHECK((work[0] == at_vlr || work[1] == at_vlr));
  const size_t rows = rig.actions().size();
  REQUIRE(rig.hlr->set_hotline(imsi_of(1), true, rig.by()).has_value());  // no change, no row
  CHECK(rig.actions().size() == rows);
}

TEST_CASE("a subscriber that moves is cancelled at the node before; coming back takes that away") {
  HlrRig rig;
  rig.create(1, rig.make_keys());
  const auto move = [&](const char* node) {
    REQUIRE(rig.hlr->set_location(imsi_of(1), node, Domain::circuit, rig.now()).has_value());
  };
  move("vlr-1");
  CHECK(work_of(rig).empty());
  move("vlr-2");
  const NetworkWork cancel{imsi_of(1), "vlr-1", Domain::circuit, NetworkWork::Kind::cancel_update};
  CHECK(work_of(rig) == std::vector{cancel});
  move("vlr-1");
  REQUIRE(work_of(rig).size() == 1);
  CHECK(work_of(rig)[0].peer == "vlr-2");
  CHECK(rig.hlr->subscriber(imsi_of(1))->vlr == "vlr-1");
}

TEST_CASE("cancelling, removing and fencing take the location away and tell the nodes") {
  using Kind = NetworkWork::Kind;
  for (const auto kind : {Kind::cancel_update, Kind::cancel_withdrawn}) {
    HlrRig rig;
    rig.create(1, rig.make_keys());
    REQUIRE(rig.hlr->set_location(imsi_of(1), "vlr-1", Domain::circuit, rig.now()).has_value());
    REQUIRE(rig.hlr->set_location(imsi_of(1), "sgsn-1", Domain::packet, rig.now()).has_value());
    if (kind == Kind::cancel_update) {
      REQUIRE(rig.hlr->cancel_location(imsi_of(1), rig.by()).has_value());
      CHECK(rig.hlr->subscriber(imsi_of(1))->vlr.empty());
      CHECK(rig.hlr->subscriber(imsi_of(1))->sgsn.empty());
    } else {
      REQUIRE(rig.hlr->remove(imsi_of(1), rig.by()).has_value());
    }
    REQUIRE(work_of(rig).size() == 2);
    CHECK(work_of(rig)[0].kind == kind);
  }
  HlrRig rig;
  rig.create(1, rig.make_keys());
  REQUIRE(rig.hlr->set_location(imsi_of(1), "vlr-1", Domain::circuit, rig.now()).has_value());
  REQUIRE(rig.hlr->fence(imsi_of(1), rig.by()).has_value());
  CHECK(work_of(rig).size() == 1);
  CHECK(rig.ask(1).error().code == ErrorCode::not_allowed);
}

TEST_CASE("NAM: a domain that is taken away is withdrawn where it was served") {
  HlrRig rig;
  rig.create(1, rig.make_keys());
  REQUIRE(rig.hlr->set_location(imsi_of(1), "vlr-1", Domain::circuit, rig.now()).has_value());
  REQUIRE(rig.hlr->set_location(imsi_of(1), "sgsn-1", Domain::packet, rig.now()).has_value());
  REQUIRE(rig.hlr->set_access(imsi_of(1), true, false, rig.by()).has_value());
  REQUIRE(work_of(rig).size() == 1);
  CHECK(work_of(rig)[0] ==
        NetworkWork{imsi_of(1), "sgsn-1", Domain::packet, NetworkWork::Kind::cancel_withdrawn});
  CHECK(rig.hlr->subscriber(imsi_of(1))->sgsn.empty());
  CHECK(rig.hlr->subscriber(imsi_of(1))->vlr == "vlr-1");
}

TEST_CASE("only the serving node purges") {
  HlrRig rig;
  rig.create(1, rig.make_keys());
  REQUIRE(rig.hlr->set_location(imsi_of(1), "vlr-1", Domain::circuit, rig.now()).has_value());
  CHECK(*rig.hlr->purge(imsi_of(1), "vlr-2", Domain::circuit) == false);
  CHECK(*rig.hlr->purge(imsi_of(1), "vlr-1", Domain::packet) == false);
  CHECK(!rig.hlr->subscriber(imsi_of(1))->purged_circuit);
  CHECK(*rig.hlr->purge(imsi_of(1), "vlr-1", Domain::circuit) == true);
  CHECK(rig.hlr->subscriber(imsi_of(1))->purged_circuit);
  REQUIRE(rig.hlr->set_location(imsi_of(1), "vlr-1", Domain::circuit, rig.now()).has_value());
  CHECK(!rig.hlr->subscriber(imsi_of(1))->purged_circuit);
}

TEST_CASE("I6: an undone step leaves neither a row nor a memory of it") {
  HlrRig rig;
  const auto keys = rig.make_keys();
  rig.create(1, keys);
  rig.commit();
  REQUIRE(rig.storage.begin_step().has_value());
  REQUIRE(rig.hlr->replace_keys(imsi_of(1), rig.make_keys(Algorithm::milenage, 1), rig.by())
              .has_value());
  REQUIRE(rig.hlr->set_hotline(imsi_of(1), true, rig.by()).has_value());
  rig.create(2, rig.make_keys());
  REQUIRE(rig.storage.undo_step().has_value());
  Usim usim(keys);
  CHECK(usim.answer((*rig.ask(1))[0]) == Answer::good);
  CHECK(!rig.hlr->subscriber(imsi_of(1))->hotline);
  CHECK(!rig.hlr->subscriber(imsi_of(2)).has_value());
  CHECK(rig.actions() == std::vector<std::string>{"subscriber.create"});
  CHECK(!rig.audit.verify()->fault);
}

TEST_CASE("I6: every operation writes its audit row, and no key is in any of them") {
  HlrRig rig;
  rig.create(1, rig.make_keys());
  REQUIRE(
      rig.hlr->replace_keys(imsi_of(1), rig.make_keys(Algorithm::tuak, 1), rig.by()).has_value());
  REQUIRE(rig.hlr->set_hotline(imsi_of(1), true, rig.by()).has_value());
  REQUIRE(rig.hlr->set_msisdn(imsi_of(1), msisdn_of(7), rig.by()).has_value());
  REQUIRE(rig.hlr->set_access(imsi_of(1), false, true, rig.by()).has_value());
  REQUIRE(rig.hlr->fence(imsi_of(1), rig.by()).has_value());
  REQUIRE(rig.hlr->remove(imsi_of(1), rig.by()).has_value());
  CHECK(rig.actions() == std::vector<std::string>{"subscriber.create", "subscriber.keys",
                                                  "subscriber.hotline_on", "subscriber.msisdn",
                                                  "subscriber.access", "subscriber.fence",
                                                  "subscriber.remove"});
  CHECK(!rig.audit.verify()->fault);
  CHECK(rig.storage.audit().page(2, 1)->front().detail == "algorithm=tuak\nlife=0\nepoch=1");
}

TEST_CASE("a store that fails makes every operation fail") {
  HlrRig rig;
  rig.create(1, rig.make_keys());
  rig.storage.fail_next_commit();
  CHECK(!rig.storage.commit(0).has_value());
  CHECK(rig.hlr->set_hotline(imsi_of(1), true, rig.by()).error().code == ErrorCode::storage);
  CHECK(rig.hlr->remove(imsi_of(1), rig.by()).error().code == ErrorCode::storage);
  CHECK(rig.ask(2).error().code == ErrorCode::storage);
}
