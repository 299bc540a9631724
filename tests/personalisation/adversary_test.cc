// Someone owns the air: changes, replays, reflects and splices messages, and, where a test says so,
// has K1 as well (an opened chip gives it), so every MAC under epoch 0. Never has: the activation
// code, the centre's signature key.
#include <doctest/doctest.h>

#include <algorithm>

#include "conversations/personalisation/handshake.h"
#include "conversations/personalisation/labels.h"
#include "rig.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using namespace simurgh::personalisation::rig;

namespace {

// What an outsider's message may do: nothing.
struct Still {
  explicit Still(World& world)
      : world_(world),
        record_(world.store.bytes()),
        saves_(world.store.saves),
        events_(world.chip.events.size()),
        tries_(world.centre.db.tries),
        phase_(world.centre.session().phase),
        active_(world.centre.db.active.number) {}
  bool holds() const {
    return world_.store.bytes() == record_ && world_.store.saves == saves_ &&
           world_.chip.events.size() == events_ && world_.centre.db.tries == tries_ &&
           world_.centre.session().phase == phase_ && world_.centre.db.active.number == active_ &&
           world_.centre.evidence == Evidence::none;
  }
  World& world_;
  Bytes record_;
  int saves_;
  size_t events_;
  int tries_;
  CentrePhase phase_;
  uint32_t active_;
};

// The messages of one whole conversation, and who gets each.
struct Step {
  bool to_chip;
  Bytes message;
};

// Runs a conversation and calls `before` with every message that is about to be delivered.
template <typename Before>
void run_watched(World& world, Before before) {
  std::vector<Step> queue;
  for (Bytes& m : world.centre.tick()) queue.push_back({true, std::move(m)});
  for (size_t i = 0; i < queue.size(); ++i) {
    const Step step = queue[i];
    before(step);
    auto out = step.to_chip ? world.chip.deliver(step.message) : world.centre.deliver(step.message);
    for (Bytes& m : out) queue.push_back({!step.to_chip, std::move(m)});
  }
}

std::vector<Step> messages_of(World& world) {
  std::vector<Step> all;
  run_watched(world, [&](const Step& step) { all.push_back(step); });
  return all;
}

std::vector<Bytes> deliver(World& world, bool to_chip, ByteView message) {
  return to_chip ? world.chip.deliver(message) : world.centre.deliver(message);
}

void check_flips(const Setting& setting, unsigned values) {
  World world(setting);
  TestRandom random(9);
  run_watched(world, [&](const Step& step) {
    Bytes changed = step.message;
    for (size_t at = 0; at < changed.size(); ++at) {
      for (unsigned n = 0; n < values; ++n) {
        const uint8_t right = changed[at];
        changed[at] = static_cast<uint8_t>(right ^ (values == 8 ? 1u << n : 1 + random.below(255)));
        const Still still(world);
        const size_t refused = world.chip.events.size();
        const auto replies = deliver(world, step.to_chip, changed);
        // With an activation code a damaged M2 MAC tells the customer that the code was refused;
        // nothing else happens, and the undamaged M2 counts afterwards.
        if (world.chip.events.size() == refused + 1 &&
            world.chip.events.back() == ChipEvent::code_refused) {
          world.chip.events.pop_back();
        }
        CAPTURE(at);
        CAPTURE(step.message[1]);
        CHECK(replies.empty());
        CHECK(still.holds());
        changed[at] = right;
      }
    }
    CHECK(changed == step.message);
  });
  CHECK(world.agreed());
}

// An attacker's own E_0 of the world's chip: what K1 gives.
Epoch epoch_0(World& world) {
  const ChipIdentity chip = test_identity();
  return initial_epoch(chip_key(*world.keys.k1_of_version(chip.ver), chip), 0);
}

}  // namespace

TEST_CASE("I8 threats row 15: every changed bit of every message is refused, without any effect") {
  for (const CodeKind code : {CodeKind::none, CodeKind::secret, CodeKind::short_code}) {
    check_flips({.code = code}, 8);
  }
}

TEST_CASE("I8 threats row 15: and every changed octet with the other suites and sealed secrets") {
  check_flips({.chip_suites = {Suite::p256}, .server_made = true}, 1);
  check_flips({.chip_suites = {Suite::ffdhe2048}, .server_made = true}, 1);
  check_flips({.chip_suites = {Suite::symmetric},
               .centre_suites = {Suite::symmetric},
               .code = CodeKind::secret},
              2);
}

TEST_CASE("I8: an outsider's random bytes get no answer and leave no trace") {
  World world({.code = CodeKind::secret});
  TestRandom random(4);
  run_watched(world, [&](const Step&) {
    for (int i = 0; i < 300; ++i) {
      Bytes bytes(random.below(300));
      random.fill(bytes);
      if (bytes.size() > 2 && random.chance(90)) {
        bytes[0] = protocol_octet;
        bytes[1] = static_cast<uint8_t>(1 + random.below(7)) |
                   static_cast<uint8_t>(random.chance(50) ? 0x80 : 0);
      }
      const Still still(world);
      CHECK(world.chip.deliver(bytes).empty());
      CHECK(world.centre.deliver(bytes).empty());
      CHECK(still.holds());
    }
  });
  CHECK(world.agreed());
}

TEST_CASE("threats row 15: a message sent back to where it came from is refused") {
  World world({.code = CodeKind::short_code});
  run_watched(world, [&](const Step& step) {
    const Still still(world);
    CHECK(deliver(world, !step.to_chip, step.message).empty());
    CHECK(still.holds());
  });
  CHECK(world.agreed());
}

TEST_CASE("threats row 15: messages of earlier conversations change nothing in a later one") {
  World world({.code = CodeKind::secret});
  std::vector<Step> old = messages_of(world);
  for (int rekey = 0; rekey < 2; ++rekey) {
    REQUIRE(world.agreed());
    world.centre.want(false);
    std::vector<Step> present;
    run_watched(world, [&](const Step& step) {
      present.push_back(step);
      for (const Step& replay : old) {
        const Still still(world);
        (void)deliver(world, replay.to_chip, replay.message);
        (void)deliver(world, !replay.to_chip, replay.message);
        CHECK(still.holds());
      }
    });
    old.insert(old.end(), present.begin(), present.end());
  }
  CHECK(world.agreed());
  CHECK(world.store.record().active.number == 3);
}

TEST_CASE("threats row 15: messages of another chip's conversation change nothing, at any step") {
  World world({.seed = 1});
  // The same identity and epoch 0, but another conversation: the hardest case for a replay.
  World other({.seed = 2});
  const std::vector<Step> foreign = messages_of(other);
  run_watched(world, [&](const Step& step) {
    for (const Step& replay : foreign) {
      // Its INIT is genuine under the same epoch 0; that one is in the next test.
      if (replay.message[1] == static_cast<uint8_t>(MessageType::init)) continue;
      const Still still(world);
      CHECK(deliver(world, replay.to_chip, replay.message).empty());
      CHECK(still.holds());
    }
    (void)step;
  });
  CHECK(world.agreed());
}

TEST_CASE("threats row 15: relayed between two sessions of one identity, nothing is agreed") {
  World world({.seed = 1});
  World other({.seed = 2});
  const auto init = world.centre.tick();
  const auto init_other = other.centre.tick();
  // The chip answers the other session's INIT; its M1 is given to this session.
  const auto m1 = world.chip.deliver(init_other[0]);
  REQUIRE(m1.size() == 1);
  CHECK(world.centre.deliver(m1[0]).empty());
  CHECK(world.centre.evidence == Evidence::none);
  // M2 of the other session's own chip does not fit this chip's M1.
  const auto m2_other = other.centre.deliver(other.chip.deliver(init_other[0])[0]);
  CHECK(world.chip.deliver(m2_other[0]).empty());
  CHECK(world.chip.errors.back().code == ErrorCode::bad_signature);
}

TEST_CASE("threats row 15: parts of two answers spliced together are refused") {
  World world;
  World other({.seed = 3});
  const auto init = world.centre.tick();
  const auto m1 = world.chip.deliver(init[0]);
  const M2 a = *parse_m2(world.centre.deliver(m1[0])[0]);
  const auto init_other = other.centre.tick();
  const M2 b = *parse_m2(other.centre.deliver(other.chip.deliver(init_other[0])[0])[0]);
  for (unsigned mask = 1; mask < 7; ++mask) {  // not all from one
    M2 spliced = a;
    if (mask & 1) spliced.share = b.share;
    if (mask & 2) spliced.signature = b.signature;
    if (mask & 4) spliced.mac = b.mac;
    const Still still(world);
    CHECK(world.chip.deliver(write_m2(spliced)).empty());
    CHECK(still.holds());
  }
  CHECK(world.chip.deliver(write_m2(a)).size() == 1);
}

TEST_CASE("threats rows 13 15: with K1 but without the signature key nobody plays the centre") {
  World world;
  TestKeys forged_keys(1);  // another signature key, the same K1
  Centre forged(forged_keys, {}, {});
  forged.want(true);
  const auto init = forged.tick();
  const auto m1 = world.chip.deliver(init[0]);
  REQUIRE(m1.size() == 1);  // INIT's MAC is right: who has K1 can do that
  const auto m2 = forged.deliver(m1[0]);
  REQUIRE(m2.size() == 1);
  const Bytes record = world.store.bytes();
  CHECK(world.chip.deliver(m2[0]).empty());
  CHECK(world.chip.errors.back().code == ErrorCode::bad_signature);
  CHECK(world.store.bytes() == record);
}

TEST_CASE("threats row 15: with the signature key but without the base epoch, neither") {
  World world;
  world.run();
  REQUIRE(world.agreed());
  Centre thief(world.keys, {}, {});  // knows K1 and signs right; E_1 it has not
  thief.db.active.number = 1;
  thief.db.active.puk_secret = thief.db.active.secret;
  thief.db.epoch_max = 1;
  thief.want(false);
  const Still still(world);
  const auto init = thief.tick();
  CHECK(parse_init(init[0])->base_epoch == 1);
  CHECK(world.chip.deliver(init[0]).empty());
  CHECK(world.chip.errors.back().code == ErrorCode::bad_mac);
  CHECK(still.holds());
}

TEST_CASE("threats row 15: a man in the middle with K1 who replaces the shares gets nowhere") {
  World world;
  const Epoch e0 = epoch_0(world);
  const auto init = world.centre.tick();
  const auto m1 = world.chip.deliver(init[0]);
  // Towards the centre: his own share, under a right MAC.
  Key256 seed;
  TestRandom(1).fill(seed.fill(32));
  M1 forged = *parse_m1(m1[0]);
  forged.share = *make_share(Suite::x25519, seed);
  forged.mac = m1_mac(forged, init[0], e0);
  const auto m2 = world.centre.deliver(write_m1(forged));
  REQUIRE(m2.size() == 1);
  // Towards the chip: the centre's signature is over his M1, not the chip's.
  CHECK(world.chip.deliver(m2[0]).empty());
  CHECK(world.chip.errors.back().code == ErrorCode::bad_signature);
  CHECK(!world.store.record().pending.has_value());
  // And the chip's own M1 shows that two chips speak.
  CHECK(world.centre.deliver(m1[0]).empty());
  CHECK(world.centre.evidence == Evidence::two_chips);
}

TEST_CASE(
    "threats row 15: downgrade: whatever lists are altered on the way, no weaker suite runs") {
  const SuiteSet all{Suite::x25519, Suite::p256, Suite::ffdhe2048};
  // REQUEST was altered: the centre believes that the chip has P-256 only. The chip sees that both
  // have better.
  World told({.chip_suites = all, .centre_suites = all});
  told.centre.db.chip_suites = {Suite::p256};
  const auto init = told.centre.tick();
  CHECK(parse_init(init[0])->suite == Suite::p256);
  CHECK(told.chip.deliver(init[0]).empty());
  CHECK(told.chip.errors.back().code == ErrorCode::unsupported);

  // With K1 he alters INIT's list as well, so that the chip takes P-256; M1's list is then the
  // chip's own, and its MAC is over an INIT that the centre never sent …
  const Epoch e0 = epoch_0(told);
  Init lying = *parse_init(init[0]);
  lying.suites = {Suite::p256};
  lying.mac = init_mac(lying, e0);
  const auto m1 = told.chip.deliver(write_init(lying));
  REQUIRE(m1.size() == 1);
  CHECK(told.centre.deliver(m1[0]).empty());
  // … he makes it one over the centre's INIT: the centre sees a list with better …
  M1 forged = *parse_m1(m1[0]);
  forged.mac = m1_mac(forged, init[0], e0);
  CHECK(told.centre.deliver(write_m1(forged)).empty());
  CHECK(told.centre.evidence == Evidence::downgrade);
  CHECK(told.centre.db.tries == 0);
  // … and begins anew with the list that the chip itself gave.
  CHECK(parse_init(told.centre.tick()[0])->suite == Suite::x25519);

  // … or he alters the list in M1, too: then the signature is over what the chip did not send.
  World again({.chip_suites = all, .centre_suites = all});
  again.centre.db.chip_suites = {Suite::p256};
  const auto init_2 = again.centre.tick();
  lying = *parse_init(init_2[0]);
  lying.suites = {Suite::p256};
  lying.mac = init_mac(lying, e0);
  forged = *parse_m1(again.chip.deliver(write_init(lying))[0]);
  forged.suites = {Suite::p256};
  forged.mac = m1_mac(forged, init_2[0], e0);
  const auto m2 = again.centre.deliver(write_m1(forged));
  REQUIRE(m2.size() == 1);
  CHECK(again.chip.deliver(m2[0]).empty());
  CHECK(again.chip.errors.back().code == ErrorCode::bad_signature);
}

TEST_CASE("threats row 15: a suite that the chip does not allow is refused") {
  World world({.chip_suites = {Suite::x25519}, .centre_suites = {Suite::p256}});
  world.centre.db.chip_suites = {Suite::p256};
  const auto init = world.centre.tick();
  const Still still(world);
  CHECK(world.chip.deliver(init[0]).empty());
  CHECK(still.holds());
}

namespace {

std::vector<Share> invalid_shares(Suite suite) {
  std::vector<Share> out;
  const auto add = [&](std::string_view hex) { out.emplace_back(test::from_hex(hex)); };
  if (suite == Suite::x25519) {  // the points of small order, RFC 7748 6.1 and cr.yp.to/ecdh.html
    add("0000000000000000000000000000000000000000000000000000000000000000");
    add("0100000000000000000000000000000000000000000000000000000000000000");
    add("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800");
    add("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157");
    add("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    add("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    add("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
  } else if (suite == Suite::p256) {
    Share zero;
    zero.resize(65);
    out.push_back(zero);
    zero[0] = 4;  // (0, 0) is not on the curve
    out.push_back(zero);
    Key256 seed;
    TestRandom(3).fill(seed.fill(32));
    Share off = *make_share(Suite::p256, seed);
    off[64] ^= 1;
    out.push_back(off);
    Share compressed = *make_share(Suite::p256, seed);
    compressed[0] = 2;
    out.push_back(compressed);
  } else {
    Share value;
    value.resize(256);
    out.push_back(value);  // 0
    value[255] = 1;
    out.push_back(value);
    // p - 1 and p: RFC 7919 A.1, the prime ends in 61285C97FFFFFFFFFFFFFFFF.
    const Bytes prime = test::from_hex(
        "ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1d8b9c583ce2d3695a9e13641146433fbcc939dce"
        "249b3ef97d2fe363630c75d8f681b202aec4617ad3df1ed5d5fd65612433f51f5f066ed0856365553ded1af3"
        "b557135e7f57c935984f0c70e0e68b77e2a689daf3efe8721df158a136ade73530acca4f483a797abc0ab182"
        "b324fb61d108a94bb2c8e3fbb96adab760d7f4681d4f42a3de394df4ae56ede76372bb190b07a7c8ee0a6d70"
        "9e02fce1cdf7e2ecc03404cd28342f619172fe9ce98583ff8e4f1232eef28183c3fe3b1b4c6fad733bb5fcbc"
        "2ec22005c58ef1837d1683b2c6f34a26c1b2effa886b423861285c97ffffffffffffffff");
    value.assign(prime);
    out.push_back(value);
    value[255] = 0xfe;
    out.push_back(value);
  }
  return out;
}

}  // namespace

TEST_CASE(
    "threats row 15: invalid and small-order shares are refused by the centre, no try counted") {
  for (const Suite suite : {Suite::x25519, Suite::p256, Suite::ffdhe2048}) {
    World world({.chip_suites = {suite}, .code = CodeKind::secret});
    const Epoch e0 = epoch_0(world);
    const auto init = world.centre.tick();
    const auto m1 = world.chip.deliver(init[0]);
    for (const Share& share : invalid_shares(suite)) {
      M1 forged = *parse_m1(m1[0]);
      forged.share = share;
      forged.mac = m1_mac(forged, init[0], e0);
      const Still still(world);
      CHECK(world.centre.deliver(write_m1(forged)).empty());
      CHECK(still.holds());
    }
    CHECK(world.centre.deliver(m1[0]).size() == 1);
  }
}

TEST_CASE("threats row 15: and by the chip, even signed with the centre's key") {
  for (const Suite suite : {Suite::x25519, Suite::p256, Suite::ffdhe2048}) {
    World world({.chip_suites = {suite}});
    const auto init = world.centre.tick();
    const auto m1 = world.chip.deliver(init[0]);
    M2 m2 = *parse_m2(world.centre.deliver(m1[0])[0]);
    const auto scheme = suite == Suite::x25519 ? crypto::SignatureScheme::ed25519
                        : suite == Suite::p256 ? crypto::SignatureScheme::ecdsa_p256
                                               : crypto::SignatureScheme::rsa2048_pss;
    for (const Share& share : invalid_shares(suite)) {
      m2.share = share;
      const auto t1 = transcript_1(*world.keys.public_key(scheme), init[0], m1[0]);
      const auto t3 = transcript_3(transcript_2(t1, m2), m2);
      m2.signature = *world.keys.sign(scheme, signed_bytes(label::sign_m2, t3));
      const Still still(world);
      CHECK(world.chip.deliver(write_m2(m2)).empty());
      CHECK(world.chip.errors.back().code == ErrorCode::crypto);
      CHECK(still.holds());
    }
  }
}

TEST_CASE(
    "threats row 15: identity misbinding: another ICCID or IMSI in anyone's mouth is refused") {
  World world;
  const Epoch e0 = epoch_0(world);
  const auto init = world.centre.tick();
  Init foreign = *parse_init(init[0]);
  foreign.iccid = *Iccid::parse("8949012345678909999");
  foreign.mac = init_mac(foreign, e0);
  const Still still(world);
  CHECK(world.chip.deliver(write_init(foreign)).empty());
  CHECK(still.holds());
  foreign = *parse_init(init[0]);
  foreign.life = 1;
  foreign.mac = init_mac(foreign, e0);
  CHECK(world.chip.deliver(write_init(foreign)).empty());
  CHECK(still.holds());

  const auto m1 = world.chip.deliver(init[0]);
  M1 swapped = *parse_m1(m1[0]);
  swapped.chip.imsi = *Imsi::parse("001010999999999");
  swapped.mac = m1_mac(swapped, init[0], e0);
  CHECK(world.centre.deliver(write_m1(swapped)).empty());
  CHECK(world.centre.evidence == Evidence::foreign_identity);
  CHECK(world.centre.session().phase == CentrePhase::ended);
}

TEST_CASE("threats row 6: a centre that leaps to the end of the numbers is not followed") {
  World world;
  CentreSession session;
  const auto far = world.centre.half().begin(session, world.centre.order(epoch_jump_max + 1));
  const auto answer = world.chip.deliver(*far);
  REQUIRE(answer.size() == 1);
  CHECK(*type_of(answer[0]) == MessageType::resync);
  CHECK(world.store.record().attempt == 0);
  const auto near = world.centre.half().begin(session, world.centre.order(epoch_jump_max));
  CHECK(*type_of(world.chip.deliver(*near)[0]) == MessageType::m1);
}

TEST_CASE("I8: recorded INITs of abandoned negotiations do not displace one under way") {
  World world;
  const auto old = world.centre.tick();
  world.centre.lose_session();
  const auto present = world.centre.tick();
  const auto m1 = world.chip.deliver(present[0]);
  REQUIRE(m1.size() == 1);
  const Still still(world);
  CHECK(world.chip.deliver(old[0]).empty());
  CHECK(still.holds());
  CHECK(world.chip.deliver(present[0]) == m1);
}
