#include <set>

#include "crypto/comp128.h"
#include "crypto/rand_tag.h"
#include "hex.h"
#include "hlr/rig.h"

using namespace simurgh;
using namespace simurgh::test;
using hlr::Algorithm;
using hlr::Domain;
using Answer = Usim::Answer;

TEST_CASE("a USIM takes the vectors of MILENAGE and TUAK, 3G and 2G") {
  HlrRig rig;
  for (const auto algorithm : {Algorithm::milenage, Algorithm::tuak}) {
    const uint64_t number = static_cast<uint64_t>(algorithm);
    const auto keys = rig.make_keys(algorithm);
    rig.create(number, keys);
    Usim usim(keys);
    for (int i = 0; i < 20; ++i) {
      const auto vectors = rig.ask(number, 5);
      REQUIRE(vectors.has_value());
      REQUIRE(vectors->size() == 5);
      for (const auto& tuple : *vectors) CHECK(usim.answer(tuple) == Answer::good);
    }
  }
}

TEST_CASE("TUAK with a Ki of 32 octets and several iterations") {
  HlrRig rig;
  auto keys = rig.make_keys(Algorithm::tuak);
  rig.random.fill(keys.ki.fill(32));
  keys.tuak_iterations = 3;
  rig.create(1, keys);
  Usim usim(keys);
  CHECK(usim.answer((*rig.ask(1))[0]) == Answer::good);
  keys.tuak_iterations = 1;
  Usim other(keys);
  CHECK(other.answer((*rig.ask(1))[0]) == Answer::wrong_mac);
}

TEST_CASE("vectors of several nodes may be used in any order, because each node has its IND") {
  HlrRig rig;
  const auto keys = rig.make_keys();
  rig.create(1, keys);
  Usim usim(keys);
  const auto vlr = *rig.ask(1, 5, "vlr-1");
  const auto sgsn = *rig.ask(1, 5, "sgsn-1", nullptr, Domain::packet);
  const auto both = *rig.ask(1, 5, "vlr-1", nullptr, Domain::packet);
  std::set<uint64_t> inds;
  for (size_t i = 0; i < 5; ++i) {
    for (const auto* vectors : {&sgsn, &both, &vlr}) {
      CHECK(usim.answer((*vectors)[i]) == Answer::good);
      inds.insert(usim.sqn & 31);
    }
  }
  CHECK(inds.size() == 3);
  rig.commit();
  rig.restart();  // the indexes stay
  CHECK(usim.answer((*rig.ask(1, 1, "vlr-1"))[0]) == Answer::good);
  CHECK(inds.contains(usim.sqn & 31));
}

TEST_CASE("the number of vectors is clipped to what a message holds") {
  HlrRig rig;
  rig.create(1, rig.make_keys());
  CHECK(rig.ask(1, 0)->size() == 1);
  CHECK(rig.ask(1, 200)->size() == 5);
  CHECK(rig.ask(2).error().code == ErrorCode::not_found);
}

TEST_CASE("sequence numbers are reserved in blocks: few writes, and none per request") {
  HlrRig rig;
  rig.create(1, rig.make_keys());
  rig.commit();
  for (int i = 0; i < 1000; ++i) REQUIRE(rig.ask(1, 5).has_value());
  CHECK(rig.hlr->figures().vectors == 5000);
  CHECK(rig.hlr->figures().sequence_writes <= 5000 / hlr::sequence_block + 1);
  CHECK((*rig.storage.hlr().load_sequence(imsi_of(1)))->reserved >= 5000);
  CHECK((*rig.storage.hlr().load_sequence(imsi_of(1)))->reserved <= 5000 + hlr::sequence_block);
}

TEST_CASE(
    "I2: no sequence number is used twice under a key, whatever crashes, is evicted or "
    "undone") {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    hlr::HlrSettings settings;
    settings.cache_entries_max = 2;
    HlrRig rig(settings);
    SeededRandom random(seed);
    std::vector<hlr::SubscriberKeys> keys;
    std::vector<Usim> usims;
    for (uint64_t i = 0; i < 4; ++i) {
      keys.push_back(rig.make_keys());
      rig.create(i, keys[i]);
      usims.emplace_back(keys[i]);
    }
    rig.commit();
    std::map<uint64_t, std::set<uint64_t>> used;  // by subscriber: those that left the house
    std::vector<std::pair<uint64_t, gsup::AuthTuple>> outbox;
    for (int step = 0; step < 400; ++step) {
      const uint64_t number = random.below(4);
      switch (random.below(8)) {
        case 0: rig.restart(), outbox.clear(); break;
        case 1: {  // an event that fails after its vectors were made
          REQUIRE(rig.storage.begin_step().has_value());
          REQUIRE(rig.ask(number, 3).has_value());
          REQUIRE(rig.storage.undo_step().has_value());
          break;
        }
        case 2:
          REQUIRE(rig.hlr->remove(imsi_of(number), rig.by()).has_value());
          rig.create(number, keys[number]);  // sold again with the same key
          break;
        case 3: {
          rig.commit();
          for (const auto& [whose, tuple] : outbox) {
            CHECK(usims[whose].answer(tuple) == Answer::good);
            CHECK(used[whose].insert(usims[whose].sqn).second);
          }
          outbox.clear();
          break;
        }
        default: {
          const auto vectors = *rig.ask(number, 1 + random.below(5));
          for (const auto& tuple : vectors) outbox.emplace_back(number, tuple);
        }
      }
    }
  }
}

TEST_CASE("resynchronisation: a chip that is ahead is followed, by its own word only") {
  HlrRig rig;
  const auto keys = rig.make_keys();
  rig.create(1, keys);
  Usim usim(keys);
  usim.set_highest(1'000'000);
  const auto vectors = *rig.ask(1);
  REQUIRE(usim.answer(vectors[0]) == Answer::synchronisation);
  rig.commit();
  const auto before = **rig.storage.hlr().load_sequence(imsi_of(1));

  // Anything altered is refused and changes nothing (I8).
  for (size_t i = 0; i < 14; ++i) {
    hlr::Resync forged = usim.resync();
    forged.auts[i] ^= 1;
    CHECK(rig.ask(1, 1, "vlr-1", &forged).error().code == ErrorCode::bad_mac);
  }
  hlr::Resync other_rand = usim.resync();
  other_rand.rand[0] ^= 1;
  CHECK(rig.ask(1, 1, "vlr-1", &other_rand).error().code == ErrorCode::bad_mac);
  CHECK(!rig.storage.has_changes());
  CHECK(**rig.storage.hlr().load_sequence(imsi_of(1)) == before);
  CHECK(usim.answer((*rig.ask(1))[0]) == Answer::synchronisation);

  const hlr::Resync resync = usim.resync();
  CHECK(usim.answer((*rig.ask(1, 1, "vlr-1", &resync))[0]) == Answer::good);
  rig.commit();
  rig.restart();
  CHECK(usim.answer((*rig.ask(1))[0]) == Answer::good);
  // The same AUTS again sets nothing back.
  CHECK(usim.answer((*rig.ask(1, 1, "vlr-1", &resync))[0]) == Answer::good);
  CHECK(rig.hlr->figures().resyncs == 1);  // since the restart
}

TEST_CASE("more than the jump that chips take: set back as TS 33.102 6.3.5 says, with an alarm") {
  HlrRig rig;
  const auto keys = rig.make_keys();
  rig.create(1, keys);
  rig.commit();
  auto sequence = **rig.storage.hlr().load_sequence(imsi_of(1));
  sequence.reserved = hlr::sequence_jump_max + 1000;
  REQUIRE(rig.storage.hlr().save_sequence(sequence).has_value());
  rig.commit();
  rig.restart();
  Usim usim(keys);
  usim.set_highest(7);
  REQUIRE(usim.answer((*rig.ask(1))[0]) == Answer::synchronisation);
  const hlr::Resync resync = usim.resync();
  CHECK(usim.answer((*rig.ask(1, 1, "vlr-1", &resync))[0]) == Answer::good);
  CHECK((*rig.storage.hlr().load_sequence(imsi_of(1)))->reserved < 10'000);
  const auto alarms = *rig.storage.fleet().alarms(true, UINT64_MAX, 9);
  REQUIRE(alarms.size() == 1);
  CHECK(alarms[0].kind == fleet::AlarmKind::sequence_reset);
}

TEST_CASE("the last sequence number is never passed") {
  HlrRig rig;
  rig.create(1, rig.make_keys());
  auto sequence = **rig.storage.hlr().load_sequence(imsi_of(1));
  sequence.reserved = hlr::sequence_max - 7;
  REQUIRE(rig.storage.hlr().save_sequence(sequence).has_value());
  rig.commit();
  rig.restart();
  CHECK(rig.ask(1, 5).has_value());
  CHECK(rig.ask(1, 2).has_value());
  CHECK(rig.ask(1, 1).error().code == ErrorCode::not_allowed);
}

TEST_CASE("RAND carries a tag where the chip has a key for it, and is random in whole elsewhere") {
  HlrRig rig;
  auto keys = rig.make_keys();
  rig.create(1, keys);
  rig.random.fill(keys.rand_tag_key.fill(32));
  rig.create(2, keys);
  for (int i = 0; i < 20; ++i) {
    CHECK(crypto::rand_tag_matches(keys.rand_tag_key.view(), (*rig.ask(2))[0].rand));
    CHECK(!crypto::rand_tag_matches(keys.rand_tag_key.view(), (*rig.ask(1))[0].rand));
  }
  Usim usim(keys);
  CHECK(usim.answer((*rig.ask(2))[0]) == Answer::good);
}

// HMAC-SHA256 by Python: hmac.new(bytes(range(32)), bytes(range(12)), "sha256").digest()[:4]
TEST_CASE("the tag is the documented one") {
  ByteArray<32> key;
  for (uint8_t i = 0; i < 32; ++i) key[i] = i;
  ByteArray<12> random;
  for (uint8_t i = 0; i < 12; ++i) random[i] = i;
  const crypto::Block rand = crypto::tag_rand(key, random);
  CHECK(equal(ByteView(rand).first(12), random));
  CHECK(equal(ByteView(rand).subspan(12), ByteArray<4>{0x7a, 0x38, 0x7f, 0xa4}));
}

TEST_CASE("T-A3A8-FLOOR: COMP128 is refused by default and audited; switched on it serves 2G") {
  for (const auto algorithm : {Algorithm::comp128v1, Algorithm::comp128v2, Algorithm::comp128v3}) {
    for (const bool allowed : {false, true}) {
      hlr::HlrSettings settings;
      settings.import.comp128 = allowed;
      HlrRig rig(settings);
      const auto keys = rig.make_keys(algorithm);
      CHECK(rig.hlr->create({imsi_of(1), {}, {}, keys, false}, rig.by()).error().code ==
            ErrorCode::not_allowed);
      const auto outcome = rig.hlr->import({imsi_of(1), {}, msisdn_of(1), keys, 0}, rig.by());
      REQUIRE(outcome.has_value());
      CHECK(*outcome ==
            (allowed ? hlr::ImportOutcome::imported : hlr::ImportOutcome::refused_by_policy));
      CHECK(rig.actions().back() == (allowed ? "subscriber.import" : "subscriber.import_refused"));
      if (!allowed) {
        CHECK(rig.ask(1).error().code == ErrorCode::not_found);
        continue;
      }
      const auto vectors = *rig.ask(1, 3);
      REQUIRE(vectors.size() == 3);
      const auto version = algorithm == Algorithm::comp128v1   ? crypto::Comp128Version::v1
                           : algorithm == Algorithm::comp128v2 ? crypto::Comp128Version::v2
                                                               : crypto::Comp128Version::v3;
      for (const auto& tuple : vectors) {
        const auto answer = crypto::comp128(version, keys.ki.view(), tuple.rand);
        CHECK(tuple.sres == answer.sres);
        CHECK(equal(tuple.kc, answer.kc.view()));
        CHECK(!tuple.autn);
        CHECK(!tuple.ck);
        CHECK(tuple.res.empty());
      }
      // A key renewal never leads to COMP128.
      CHECK(rig.hlr->replace_keys(imsi_of(1), rig.make_keys(algorithm, 1), rig.by()).error().code ==
            ErrorCode::not_allowed);
    }
  }
}

TEST_CASE("T-NO-DEFAULT-KEYS: no import of a published key, nor of a Ki that another has") {
  for (const bool bench : {false, true}) {
    hlr::HlrSettings settings;
    settings.import.bench_keys = bench;
    HlrRig rig(settings);
    const auto good = rig.make_keys(Algorithm::milenage);
    const auto import = [&rig](uint64_t number, const hlr::SubscriberKeys& keys) {
      return *rig.hlr->import({imsi_of(number), {}, msisdn_of(number), keys, 0}, rig.by());
    };
    CHECK(import(1, good) == hlr::ImportOutcome::imported);
    auto known = good;  // Ki of TS 35.208 test set 1, and 3GPP's all-zero OPc
    known.ki.assign(simurgh::test::from_hex("465b5ce8b199b49faa5f0a2ee238a6bc"));
    CHECK(import(2, known) ==
          (bench ? hlr::ImportOutcome::imported : hlr::ImportOutcome::known_test_key));
    known = rig.make_keys(Algorithm::milenage);
    known.opc.assign(ByteArray<16>{});
    CHECK(import(3, known) ==
          (bench ? hlr::ImportOutcome::imported : hlr::ImportOutcome::known_test_key));
    auto shared = rig.make_keys(Algorithm::milenage);
    shared.ki = good.ki;
    CHECK(import(4, shared) ==
          (bench ? hlr::ImportOutcome::imported : hlr::ImportOutcome::shared_key));
    CHECK(rig.actions().back() == (bench ? "subscriber.import" : "subscriber.import_refused"));
    CHECK(rig.ask(4).has_value() == bench);
    // What is kept is looked through at start-up, and the first of two that share is left.
    const auto faults = rig.hlr->check_imported_keys();
    REQUIRE(faults.has_value());
    CHECK(faults->known_test_keys == (bench ? 2 : 0));
    CHECK(faults->shared_keys == (bench ? 1 : 0));
    // A key is free again when its subscriber is gone.
    CHECK(rig.hlr->remove(imsi_of(1), rig.by()).has_value());
    if (!bench) CHECK(import(5, good) == hlr::ImportOutcome::imported);
  }
}

TEST_CASE("an imported subscriber goes on from the other AuC's sequence number") {
  HlrRig rig;
  const auto keys = rig.make_keys();
  REQUIRE(rig.hlr->import({imsi_of(1), {}, msisdn_of(1), keys, 5000}, rig.by()).has_value());
  Usim usim(keys);
  usim.set_highest(5000);
  CHECK(usim.answer((*rig.ask(1))[0]) == Answer::good);
  CHECK(rig.hlr->import({imsi_of(2), {}, {}, keys, hlr::sequence_max + 1}, rig.by()).error().code ==
        ErrorCode::too_large);
}
