#include "phone_rig.h"
#include "uicc/inspect.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using test::Phone;
using test::TestCard;
using test::TestCentre;

namespace {

constexpr Instant noon{1'800'000'000'000};
// A page of a small EEPROM; other granules are cut one by one in nv_test.cc.
constexpr size_t granule_octets = 16;

ChipRecord record_of(TestCard& card) {
  const auto seen = uicc::inspect_chip(card.memory, test::test_seal_key);
  REQUIRE(seen.has_value());
  return seen->record;
}

// I1: what the AuC would use now, the chip accepts; and it never holds more than two.
bool accepts(const ChipRecord& record, const Epoch& epoch) {
  const auto same = [&epoch](const Epoch& own) {
    return own.number == epoch.number &&
           crypto::secure_equal(own.secret.view(), epoch.secret.view());
  };
  return same(record.active) || (record.pending.has_value() && same(*record.pending));
}

struct World {
  explicit World(bool rekey)
      : centre(test::chip_of_centre(keys(), {Suite::x25519}), keys(), 3),
        card(granule_octets),
        phone(card) {
    card.pre_personalise(centre.chip());
    if (!rekey) return;
    REQUIRE(phone.start(noon));
    REQUIRE(phone.exchange(centre, noon));
    REQUIRE(centre.done);
    centre.begin();
  }
  static crypto::MemoryKeyStore& keys() {
    static crypto::MemoryKeyStore store(7);
    return store;
  }
  bool live() { return phone.start(noon) && phone.exchange(centre, noon); }
  TestCentre centre;
  TestCard card;
  Phone phone;
};

uint64_t cut_everywhere(bool rekey, size_t& lost) {
  uint64_t cuts = 0;
  for (const uicc::Cut how : uicc::every_cut) {
    for (uint64_t n = 0;; ++n) {
      World world(rekey);
      const uint32_t target = rekey ? 2 : 1;
      world.card.nv.cut_at(n, how);
      if (world.live() && world.card.nv.powered()) {
        CHECK(world.centre.active.number == target);
        break;
      }
      ++cuts;
      // The power comes back, goes again inside the recovery or soon after it, and comes back.
      world.card.nv.power_on();
      world.card.nv.cut_at(n % 37, uicc::every_cut[n % 4]);
      (void)world.live();
      world.card.nv.power_on();
      world.card.nv.cut_never();
      if (!accepts(record_of(world.card), world.centre.active)) ++lost;
      // The centre repeats its last word, and begins anew when that does not help.
      for (int tries = 0; tries < 4 && !world.centre.done; ++tries) {
        if (tries == 1 || tries == 3) world.centre.repeat();
        if (tries == 2) world.centre.begin();
        REQUIRE(world.live());
        if (!accepts(record_of(world.card), world.centre.active)) ++lost;
      }
      const ChipRecord record = record_of(world.card);
      const bool at_rest = world.centre.done && !record.pending.has_value() &&
                           record.active.number == world.centre.active.number;
      if (!at_rest) ++lost;
    }
  }
  return cuts;
}

}  // namespace

TEST_CASE(
    "I1, I9, T-TORN: power cut at every granule of a first logon, and again: no chip is lost") {
  size_t lost = 0;
  const uint64_t cuts = cut_everywhere(false, lost);
  MESSAGE(cuts, " cuts, lost ", lost);
  CHECK(lost == 0);
  CHECK(cuts > 250);
}

TEST_CASE("I1, D11, T-TORN: power cut at every granule of a re-key, and again: no chip is lost") {
  size_t lost = 0;
  const uint64_t cuts = cut_everywhere(true, lost);
  MESSAGE(cuts, " cuts, lost ", lost);
  CHECK(lost == 0);
  CHECK(cuts > 250);
}
