// D10: a chip goes back to be sold again, only on a command signed for it and for now; RESYNC: the
// centre learns, provably, what a chip holds, and decides.
#include <doctest/doctest.h>

#include <algorithm>

#include "conversations/personalisation/handshake.h"
#include "conversations/personalisation/labels.h"
#include "rig.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using namespace simurgh::personalisation::rig;

namespace {

const OrderId return_order(bytes_of("RETURN-1"));

Epoch epoch_0(World& world, uint32_t life) {
  const ChipIdentity chip = test_identity();
  return initial_epoch(chip_key(*world.keys.k1_of_version(chip.ver), chip), life);
}

Result<Message> make_reset(World& world, ByteView challenge, uint32_t life = 0) {
  return world.centre.half().make_reset(
      challenge, test_identity(), life, return_order,
      {Suite::x25519, Suite::p256, Suite::ffdhe2048, Suite::symmetric}, world.centre.db.active);
}

Setting setting_of(Suite suite) {
  return {.chip_suites = {suite}, .centre_suites = {suite}, .code = CodeKind::secret};
}

bool contains(const Bytes& bytes, ByteView window) {
  return std::search(bytes.begin(), bytes.end(), window.begin(), window.end()) != bytes.end();
}

}  // namespace

TEST_CASE("D10: a signed reset begins the next life: epoch 0 of it, and no old key anywhere") {
  for (const Suite suite : {Suite::x25519, Suite::p256, Suite::ffdhe2048, Suite::symmetric}) {
    CAPTURE(name_of(suite));
    World world(setting_of(suite));
    world.run();
    REQUIRE(world.agreed());
    const Epoch old = world.centre.db.active;
    const Message challenge = *world.chip.half().reset_challenge();
    const Message reset = *make_reset(world, challenge);
    const auto step = world.chip.half().on_message(reset);
    REQUIRE(step.has_value());
    CHECK(step->event == ChipEvent::reset);
    const ChipRecord record = world.store.record();
    CHECK(record.life == 1);
    CHECK(record.state == ChipState::pre_personalised);
    CHECK(same(record.active, epoch_0(world, 1)));
    CHECK(!same(record.active, epoch_0(world, 0)));
    CHECK(!record.pending.has_value());
    CHECK(record.epoch_max == 0);
    CHECK(record.attempt == 0);
    CHECK(record.last_session.epoch == 0);
    CHECK(!contains(world.store.bytes(), old.secret.view().first(8)));
    CHECK(!contains(world.store.bytes(), old.puk_secret.view().first(8)));
    const Epoch* const ending[] = {&old};
    const auto receipt =
        check_reset_done(step->reply, reset, test_identity(), epoch_0(world, 1), ending);
    REQUIRE(receipt.has_value());
    CHECK(receipt->ending_verified);
  }
}

TEST_CASE("D10 D12: sold again, the chip is personalised in its new life, with a new PUK") {
  World world(setting_of(Suite::x25519));
  world.run();
  const auto puk = derive_puk(world.centre.db.active.puk_secret);
  const Message reset = *make_reset(world, *world.chip.half().reset_challenge());
  REQUIRE(world.chip.half().on_message(reset).has_value());
  // Nothing of the old life is good any more: not its epochs, not its attempts, not its messages.
  world.centre.db = Database();
  world.centre.db.life = 1;
  world.centre.db.active = epoch_0(world, 1);
  world.centre.db.chip_suites = {Suite::x25519};
  world.centre.lose_session();
  world.centre.want(true);
  world.run();
  CHECK(world.agreed());
  CHECK(world.store.record().life == 1);
  CHECK(world.store.record().active.number == 1);
  CHECK(derive_puk(world.store.record().active.puk_secret) != puk);
}

TEST_CASE("D12: a chip reset without authority does not exist: every way to forge one is refused") {
  World world(setting_of(Suite::x25519));
  world.run();
  const Bytes record = world.store.bytes();
  const Message challenge = *world.chip.half().reset_challenge();
  const Reset genuine = *parse_reset(*make_reset(world, challenge));
  const auto refused = [&](const Reset& reset) {
    const bool silent = world.chip.deliver(write_reset(reset)).empty();
    return silent && world.store.bytes() == record;
  };
  SUBCASE("another centre's key") {
    TestKeys other(1);
    Centre thief(other, {}, {});
    const auto forged = thief.half().make_reset(challenge, test_identity(), 0, return_order,
                                                {Suite::x25519}, world.centre.db.active);
    CHECK(refused(*parse_reset(*forged)));
  }
  SUBCASE("any field changed") {
    Reset changed = genuine;
    changed.iccid = *Iccid::parse("8949012345678909999");
    CHECK(refused(changed));
    changed = genuine;
    changed.life = 1;
    CHECK(refused(changed));
    changed = genuine;
    changed.authorisation = OrderId(bytes_of("RETURN-2"));
    CHECK(refused(changed));
    changed = genuine;
    changed.nonce_c[0] ^= 1;
    CHECK(refused(changed));
    for (const Suite suite : {Suite::p256, Suite::ffdhe2048, Suite::symmetric}) {
      changed = genuine;
      changed.suite = suite;
      CHECK(refused(changed));
    }
  }
  SUBCASE("every bit of the message") {
    Bytes bytes;
    const Message message = write_reset(genuine);
    bytes.assign(message.begin(), message.end());
    for (size_t at = 0; at < bytes.size(); ++at) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        bytes[at] ^= static_cast<uint8_t>(1 << bit);
        CHECK(world.chip.deliver(bytes).empty());
        bytes[at] ^= static_cast<uint8_t>(1 << bit);
      }
    }
    CHECK(world.store.bytes() == record);
  }
  SUBCASE("for an older challenge") {
    REQUIRE(world.chip.half().reset_challenge().has_value());
    CHECK(refused(genuine));
  }
  SUBCASE("after the power was gone") {
    world.chip.power_cycle();
    CHECK(refused(genuine));
  }
  SUBCASE("a MAC in the place of a signature, by who knows the chip's active epoch") {
    Reset mac = genuine;
    mac.suite = Suite::symmetric;
    mac.signature = Signature(symmetric_signature(world.store.record().active, label::sign_reset,
                                                  reset_digest(mac, test_identity())));
    CHECK(refused(mac));
    // Nor where the chip has that suite beside better ones.
    ChipRecord both = world.store.record();
    both.suites = {Suite::x25519, Suite::symmetric};
    world.store.put(both);
    CHECK(world.chip.deliver(write_reset(mac)).empty());
    CHECK(world.store.record().life == 0);
  }
  SUBCASE("the genuine one works") {
    CHECK(!refused(genuine));
    CHECK(world.store.record().life == 1);
  }
}

TEST_CASE("D10: a reset cannot be used twice, but its receipt can be asked for again") {
  World world(setting_of(Suite::x25519));
  world.run();
  const Message reset = *make_reset(world, *world.chip.half().reset_challenge());
  const auto done = world.chip.deliver(reset);
  REQUIRE(done.size() == 1);
  world.chip.power_cycle();
  CHECK(world.chip.deliver(reset) == done);
  CHECK(world.store.record().life == 1);
  // A later life's challenge does not fit it either.
  REQUIRE(world.chip.half().reset_challenge().has_value());
  CHECK(world.chip.deliver(reset) == done);
  CHECK(world.store.record().life == 1);
}

TEST_CASE("D10: the power goes before or after the save of a reset") {
  for (const bool after : {false, true}) {
    World world(setting_of(Suite::x25519));
    world.run();
    const Bytes record = world.store.bytes();
    const Message reset = *make_reset(world, *world.chip.half().reset_challenge());
    world.store.plan_cut(0, after);
    CHECK(world.chip.deliver(reset).empty());
    world.store.power_on();
    world.chip.power_cycle();
    if (after) {
      CHECK(world.store.record().life == 1);
      CHECK(world.chip.deliver(reset).size() == 1);
    } else {
      CHECK(world.store.bytes() == record);
      CHECK(world.chip.deliver(reset).empty());  // its challenge is gone
      const Message again = *make_reset(world, *world.chip.half().reset_challenge());
      CHECK(world.chip.deliver(again).size() == 1);
    }
  }
}

TEST_CASE("D10: the centre signs only for the chip and the life that it means") {
  World world;
  world.run();
  const Message challenge = *world.chip.half().reset_challenge();
  CHECK(failed_with(make_reset(world, challenge, 1), ErrorCode::bad_value));
  ResetChallenge foreign = *parse_reset_challenge(challenge);
  foreign.iccid = *Iccid::parse("8949012345678909999");
  CHECK(failed_with(make_reset(world, write_reset_challenge(foreign)), ErrorCode::bad_value));
  ResetChallenge weak = *parse_reset_challenge(challenge);
  weak.suites = SuiteSet();
  CHECK(failed_with(make_reset(world, write_reset_challenge(weak)), ErrorCode::unsupported));
}

TEST_CASE("D10: every changed bit of a receipt is refused, and who has K1 alone proves no ending") {
  World world;
  world.run();
  const Epoch old = world.centre.db.active;
  const Message reset = *make_reset(world, *world.chip.half().reset_challenge());
  const auto receipt = world.chip.deliver(reset);
  const Epoch* const ending[] = {&old};
  const auto check = [&](ByteView message) {
    return check_reset_done(message, reset, test_identity(), epoch_0(world, 1), ending);
  };
  CHECK(check(receipt[0])->ending_verified);
  Bytes bytes = receipt[0];
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      bytes[at] ^= static_cast<uint8_t>(1 << bit);
      const auto result = check(bytes);
      CHECK((!result.has_value() || !result->ending_verified));
      bytes[at] ^= static_cast<uint8_t>(1 << bit);
    }
  }
  // K1's holder heard the RESET on its way.
  ResetDone forged;
  forged.iccid = test_identity().iccid;
  forged.life = 1;
  forged.nonce_c = parse_reset(reset)->nonce_c;
  forged.mac = reset_done_mac(forged, test_identity(), epoch_0(world, 1), label::mac_reset_done);
  const auto result = check(write_reset_done(forged));
  REQUIRE(result.has_value());
  CHECK(!result->ending_verified);
  // Nor does he make one for another challenge.
  forged.nonce_c[0] ^= 1;
  forged.mac = reset_done_mac(forged, test_identity(), epoch_0(world, 1), label::mac_reset_done);
  CHECK(failed_with(check(write_reset_done(forged)), ErrorCode::bad_value));
}

TEST_CASE(
    "the chip's life is in everything: an INIT, COMMIT or code of an older life does nothing") {
  World world;
  const auto init = world.centre.tick();
  const auto m2 = world.centre.deliver(world.chip.deliver(init[0])[0]);
  const auto commit = world.centre.deliver(world.chip.deliver(m2[0])[0]);
  const Message reset = *make_reset(world, *world.chip.half().reset_challenge());
  REQUIRE(world.chip.deliver(reset).size() == 1);
  const Bytes record = world.store.bytes();
  CHECK(world.chip.deliver(init[0]).empty());
  CHECK(world.chip.deliver(m2[0]).empty());
  CHECK(world.chip.deliver(commit[0]).empty());
  CHECK(world.store.bytes() == record);
}

// --- RESYNC -------------------------------------------------------------------------------------

TEST_CASE(
    "RESYNC: a centre that forgot its numbers learns the chip's highest and goes on above it") {
  World world;
  // Two negotiations reached the chip, and the centre's database fell behind both.
  const Database backup = world.centre.db;
  const auto m2 = world.centre.deliver(world.chip.deliver(world.centre.tick()[0])[0]);
  REQUIRE(world.chip.deliver(m2[0]).size() == 1);  // epoch 1 is pending, its PREPARED was lost
  world.centre.lose_session();
  const auto m2_2 = world.centre.deliver(world.chip.deliver(world.centre.tick()[0])[0]);
  REQUIRE(world.chip.deliver(m2_2[0]).size() == 1);  // and 2 replaced it
  world.centre.db = backup;
  world.centre.db.last_attempt = {};
  world.centre.db.wanted = true;
  world.centre.lose_session();
  world.run();
  CHECK(world.agreed());
  CHECK(world.store.record().active.number == 3);
  REQUIRE(world.centre.decisions.size() == 1);
  CHECK(world.centre.decisions[0] == ResyncDecision::raise_number);
}

TEST_CASE("RESYNC: has no effect on the chip and no outsider gets one") {
  World world;
  world.run();
  world.centre.want(false);
  world.centre.db.epoch_max = 0;
  CentreSession session;
  CentreOrder order = world.centre.order(2);
  order.base.number = 0;  // so that begin() lets a number pass that the chip has used
  order.epoch = 1;
  Init init = *parse_init(*world.centre.half().begin(session, order));
  init.base_epoch = 1;
  init.flags.new_puk = false;
  init.mac = init_mac(init, world.store.record().active);
  const Bytes record = world.store.bytes();
  const auto answer = world.chip.deliver(write_init(init));
  REQUIRE(answer.size() == 1);
  CHECK(*type_of(answer[0]) == MessageType::resync);
  CHECK(world.chip.deliver(write_init(init)) == answer);
  CHECK(world.store.bytes() == record);
  init.mac[0] ^= 1;
  CHECK(world.chip.deliver(write_init(init)).empty());
}

TEST_CASE("QUERY: signed, answered with what the chip holds; a forged one with nothing") {
  for (const Suite suite : {Suite::x25519, Suite::p256, Suite::ffdhe2048, Suite::symmetric}) {
    CAPTURE(name_of(suite));
    World world(setting_of(suite));
    world.run();
    const Epoch active = world.centre.db.active;
    const Message query = *world.centre.half().make_query(test_identity().iccid, suite, active);
    const Bytes record = world.store.bytes();
    const auto answer = world.chip.deliver(query);
    REQUIRE(answer.size() == 1);
    CHECK(world.chip.deliver(query) == answer);
    const KnownEpoch known[] = {{.life = 0, .epoch = &active}};
    const auto report = read_resync(answer[0], query, test_identity(), known);
    REQUIRE(report.has_value());
    CHECK(report->active_epoch == 1);
    CHECK(!report->pending_epoch.has_value());
    CHECK(report->epoch_max == 1);
    CHECK(report->attempt == 1);
    CHECK(report->active_verified);
    CHECK(decide(*report, {.active_epoch = 1, .epoch_max = 1, .attempt = 1}) ==
          ResyncDecision::ignore);
    // Another question's answer, and no known epoch.
    const Message other = *world.centre.half().make_query(test_identity().iccid, suite, active);
    CHECK(failed_with(read_resync(answer[0], other, test_identity(), known), ErrorCode::bad_value));
    CHECK(failed_with(read_resync(answer[0], query, test_identity(), {}), ErrorCode::bad_mac));
    for (size_t at = 0; at < answer[0].size(); ++at) {
      Bytes changed = answer[0];
      changed[at] ^= 4;
      CHECK(!read_resync(changed, query, test_identity(), known).has_value());
    }
    for (size_t at = 0; at < query.size(); ++at) {
      Bytes changed(query.begin(), query.end());
      changed[at] ^= 4;
      CHECK(world.chip.deliver(changed).empty());
    }
    CHECK(world.store.bytes() == record);
  }
}

TEST_CASE("QUERY: a chip that holds two epochs proves both") {
  World world;
  const auto init = world.centre.tick();
  const auto m2 = world.centre.deliver(world.chip.deliver(init[0])[0]);
  const Epoch base = world.centre.db.active;
  const Epoch next = world.centre.session().next;
  REQUIRE(world.chip.deliver(m2[0]).size() == 1);
  const Message query = *world.centre.half().make_query(test_identity().iccid, Suite::x25519, base);
  const auto answer = world.chip.deliver(query);
  const KnownEpoch both[] = {{.life = 0, .epoch = &base}, {.life = 0, .epoch = &next}};
  auto report = *read_resync(answer[0], query, test_identity(), both);
  CHECK(report.active_verified);
  CHECK(report.pending_verified);
  CHECK(*report.pending_epoch == 1);
  report = *read_resync(answer[0], query, test_identity(), std::span(both).subspan(1));
  CHECK(!report.active_verified);
  CHECK(report.pending_verified);
}

TEST_CASE("RESYNC: what the centre decides, case by case") {
  const CentreKnowledge centre{.life = 2, .active_epoch = 5, .epoch_max = 8, .attempt = 9};
  const ResyncReport fine{
      .life = 2, .active_epoch = 5, .epoch_max = 8, .attempt = 9, .active_verified = true};
  struct Case {
    const char* what;
    ResyncReport report;
    ResyncDecision decision;
    bool reset_signed = false;
  };
  std::vector<Case> cases;
  const auto add = [&](const char* what, ResyncDecision decision, auto change) -> Case& {
    Case one{what, fine, decision};
    change(one.report);
    cases.push_back(one);
    return cases.back();
  };
  using enum ResyncDecision;
  add("all agrees", ignore, [](ResyncReport&) {});
  add("the chip holds an abandoned pending one", ignore, [](ResyncReport& r) {
    r.pending_epoch = 7;
    r.epoch_max = 7;
  });
  add("the chip has seen higher numbers", raise_number, [](ResyncReport& r) { r.epoch_max = 12; });
  add("as far as it is believed", raise_number,
      [](ResyncReport& r) { r.epoch_max = 8 + number_raise_max; });
  add("further than it is believed", fence,
      [](ResyncReport& r) { r.epoch_max = 9 + number_raise_max; });
  add("our active one is pending there", send_commit, [](ResyncReport& r) {
    r.active_epoch = 4;
    r.active_verified = false;
    r.pending_epoch = 5;
    r.pending_verified = true;
  });
  add("the same, not proved", fence, [](ResyncReport& r) {
    r.active_epoch = 4;
    r.pending_epoch = 5;
  });
  add("our number with another secret", fence, [](ResyncReport& r) { r.active_verified = false; });
  add("the chip is ahead, as the journal knows", roll_forward,
      [](ResyncReport& r) { r.active_epoch = 6; });
  add("the chip is ahead, unproved", fence, [](ResyncReport& r) {
    r.active_epoch = 6;
    r.active_verified = false;
  });
  add("the chip is behind", fence, [](ResyncReport& r) { r.active_epoch = 4; });
  add("attempts have fallen", fence, [](ResyncReport& r) { r.attempt = 8; });
  add("a life that has ended", fence, [](ResyncReport& r) { r.life = 1; });
  const auto fresh = [](ResyncReport& r) {
    r.life = 3;
    r.active_epoch = 0;
    r.epoch_max = 0;
    r.attempt = 0;
  };
  add("the next life, a reset signed by us", adopt_life, fresh).reset_signed = true;
  add("the next life, no reset signed: K1 is enough to say so", fence, fresh);
  add("two lives on", fence, [&](ResyncReport& r) {
    fresh(r);
    r.life = 4;
  }).reset_signed = true;
  add("the next life, unproved", fence, [&](ResyncReport& r) {
    fresh(r);
    r.active_verified = false;
  }).reset_signed = true;
  add("an agreed epoch of the next life, as the journal knows", roll_forward, [&](ResyncReport& r) {
    fresh(r);
    r.active_epoch = 1;
    r.epoch_max = 1;
  });
  for (const Case& one : cases) {
    CAPTURE(one.what);
    CentreKnowledge knowledge = centre;
    knowledge.reset_signed = one.reset_signed;
    CHECK(std::string_view(name_of(decide(one.report, knowledge))) == name_of(one.decision));
  }
  CentreKnowledge far = centre;
  far.epoch_max = fine.epoch_max + epoch_jump_max;
  CHECK(decide(fine, far) == ResyncDecision::fence);
  far.epoch_max -= 1;
  CHECK(decide(fine, far) == ResyncDecision::ignore);
}
