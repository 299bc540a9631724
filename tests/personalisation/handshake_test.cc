// The transcript and the secrets: every input counts. And what either half refuses although it is
// authentic: terms that the protocol never has, fields that the order does not call for.
#include "conversations/personalisation/handshake.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "conversations/personalisation/labels.h"
#include "rig.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using namespace simurgh::personalisation::rig;
using test::from_hex;
using test::to_hex;

namespace {

template <size_t N>
Secret<N> secret_of(uint8_t octet, size_t size = N) {
  Secret<N> secret;
  for (uint8_t& o : secret.fill(size)) o = octet;
  return secret;
}

Bytes bytes_from(const Message& message) {
  return Bytes(message.begin(), message.end());
}

// M2 with other fields, signed again with the centre's own key.
Message sign_again(World& world, ByteView init, ByteView m1, M2 m2) {
  const auto t1 = transcript_1(world.store.record().server_keys.ed25519, init, m1);
  const auto t3 = transcript_3(transcript_2(t1, m2), m2);
  m2.signature =
      *world.keys.sign(crypto::SignatureScheme::ed25519, signed_bytes(label::sign_m2, t3));
  return write_m2(m2);
}

}  // namespace

TEST_CASE("threats row 15: every part of the conversation is in its transcript") {
  const Bytes key = from_hex("aa"), init = from_hex("bb"), m1 = from_hex("cc"), x = from_hex("dd");
  M2 m2;
  m2.share.assign(from_hex("01"));
  m2.signature.assign(from_hex("02"));
  std::set<crypto::Digest> t1{transcript_1(key, init, m1), transcript_1(x, init, m1),
                              transcript_1(key, x, m1), transcript_1(key, init, x)};
  CHECK(t1.size() == 4);
  const crypto::Digest one = *t1.begin();
  M2 share = m2, pake = m2, zeros = m2, sealed = m2, signature = m2;
  share.share.assign(x);
  pake.pake = PakeShare{1};
  zeros.pake = PakeShare{};
  std::set<crypto::Digest> t2{transcript_2(one, m2), transcript_2(one, share),
                              transcript_2(one, pake), transcript_2(one, zeros),
                              transcript_2(*t1.rbegin(), m2)};
  CHECK(t2.size() == 5);
  sealed.sealed = SealedSecret{};
  std::set<crypto::Digest> t3{transcript_3(one, m2), transcript_3(one, sealed),
                              transcript_3(*t1.rbegin(), m2)};
  CHECK(t3.size() == 3);
  signature.signature.assign(x);
  std::set<crypto::Digest> t4{transcript_4(one, m2), transcript_4(one, signature),
                              transcript_4(*t1.rbegin(), m2)};
  CHECK(t4.size() == 3);
}

TEST_CASE("D7 D9 D11 D12: every secret counts, and none can stand in another's place") {
  const crypto::Digest t2 = crypto::sha256({bytes_of("T2")});
  const crypto::Digest other_t2 = crypto::sha256({bytes_of("another T2")});
  HandshakeInputs base;
  base.dh = secret_of<256>(1, 32);
  base.renegotiation = secret_of<32>(2);
  std::set<std::string> seen;
  int count = 0;
  const auto add = [&](const HandshakeInputs& inputs, const crypto::Digest& digest) {
    seen.insert(to_hex(handshake_secret(digest, inputs).view()));
    ++count;
  };
  add(base, t2);
  add(base, other_t2);
  HandshakeInputs changed = base;
  changed.dh = secret_of<256>(9, 32);
  add(changed, t2);
  changed = base;
  changed.dh.clear();
  add(changed, t2);
  changed = base;
  changed.renegotiation = secret_of<32>(9);
  add(changed, t2);
  changed = base;
  changed.code = secret_of<32>(3);
  add(changed, t2);
  changed = base;
  changed.pake = secret_of<64>(3);
  add(changed, t2);
  // The same octets as a code and as a part of the PAKE's key.
  changed.pake = secret_of<64>(3, 32);
  add(changed, t2);
  CHECK(seen.size() == static_cast<size_t>(count));

  const Key256 handshake = handshake_secret(t2, base);
  Epoch epoch;
  epoch.puk_secret = secret_of<32>(5);
  const auto next = [&](const Key256& h, const crypto::Digest& t4, const Key256& made) {
    return to_hex(next_epoch(h, t4, made, 2, epoch, false).secret.view());
  };
  CHECK(std::set<std::string>{next(handshake, t2, {}), next(secret_of<32>(7), t2, {}),
                              next(handshake, other_t2, {}), next(handshake, t2, secret_of<32>(1))}
            .size() == 4);
}

TEST_CASE("D9: a sealed secret opens for its own handshake and transcript only") {
  const crypto::Digest t2 = crypto::sha256({bytes_of("T2")});
  const Key256 handshake = secret_of<32>(1), made = secret_of<32>(2);
  SealedSecret sealed = seal_made_secret(handshake, t2, made);
  CHECK(crypto::secure_equal(open_made_secret(handshake, t2, sealed)->view(), made.view()));
  CHECK(!open_made_secret(secret_of<32>(3), t2, sealed).has_value());
  CHECK(!open_made_secret(handshake, crypto::sha256({t2}), sealed).has_value());
  sealed[40] ^= 1;
  CHECK(failed_with(open_made_secret(handshake, t2, sealed), ErrorCode::bad_mac));
}

TEST_CASE("a signed M2 without the fields that the order calls for, or with others, is refused") {
  for (const CodeKind code : {CodeKind::none, CodeKind::short_code}) {
    for (const bool server_made : {false, true}) {
      World world({.code = code, .server_made = server_made});
      const auto init = world.centre.tick();
      const auto m1 = world.chip.deliver(init[0]);
      const auto genuine = world.centre.deliver(m1[0]);
      const M2 m2 = *parse_m2(genuine[0]);
      M2 no_pake = m2, no_seal = m2, no_share = m2;
      no_pake.pake = m2.pake.has_value() ? std::optional<PakeShare>() : PakeShare{1};
      no_seal.sealed = m2.sealed.has_value() ? std::optional<SealedSecret>() : SealedSecret{};
      no_share.share.resize(31);
      for (const M2& wrong : {no_pake, no_seal, no_share}) {
        CHECK(world.chip.deliver(sign_again(world, init[0], m1[0], wrong)).empty());
        CHECK(world.chip.errors.back().code == ErrorCode::bad_value);
      }
      CHECK(equal(sign_again(world, init[0], m1[0], m2), genuine[0]));
      CHECK(world.chip.deliver(genuine[0]).size() == 1);
    }
  }
}

TEST_CASE("a second valid form of the same signature (ECDSA: n - s) is refused") {
  World world({.chip_suites = {Suite::p256}});
  const auto init = world.centre.tick();
  const auto m2 = world.centre.deliver(world.chip.deliver(init[0])[0]);
  M2 other = *parse_m2(m2[0]);
  const Bytes order = from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  int borrow = 0;
  for (size_t i = 32; i-- > 0;) {
    const int difference = order[i] - other.signature[32 + i] - borrow;
    borrow = difference < 0 ? 1 : 0;
    other.signature[32 + i] = static_cast<uint8_t>(difference + 256 * borrow);
  }
  const int saves = world.store.saves;
  CHECK(world.chip.deliver(write_m2(other)).empty());
  CHECK(world.store.saves == saves);
  CHECK(world.chip.deliver(m2[0]).size() == 1);
}

TEST_CASE("K1 is not enough for an M1 of other numbers, nor for one with fields too many") {
  World world;
  const Epoch e0 = world.store.record().active;
  const auto init = world.centre.tick();
  const auto m1 = world.chip.deliver(init[0]);
  const auto refused = [&](auto change) {
    M1 forged = *parse_m1(m1[0]);
    change(forged);
    forged.mac = m1_mac(forged, init[0], e0);
    return world.centre.deliver(write_m1(forged)).empty() &&
           world.centre.session().phase == CentrePhase::sent_init &&
           world.centre.evidence == Evidence::none;
  };
  CHECK(refused([](M1& m) { m.life = 1; }));
  CHECK(refused([](M1& m) { m.epoch = 2; }));
  CHECK(refused([](M1& m) { m.base_epoch = 1; }));
  CHECK(refused([](M1& m) { m.attempt = 0; }));
  CHECK(refused([](M1& m) { m.pake = PakeShare{1}; }));
  CHECK(refused([](M1& m) { m.share.resize(31); }));
  CHECK(world.centre.deliver(m1[0]).size() == 1);
}

TEST_CASE("K1 is not enough for a COMMIT: epoch 0 is never committed") {
  World world;
  const Epoch e0 = world.store.record().active;
  CHECK(world.chip.deliver(make_confirmation(MessageType::commit, test_identity(), 0, e0)).empty());
  CHECK(world.chip.errors.back().code == ErrorCode::bad_state);
}

TEST_CASE("the centre begins nothing that the protocol never does") {
  World world;
  CentreSession session;
  const auto begin = [&](auto change) {
    CentreOrder order = world.centre.order(1);
    change(order);
    const auto begun = world.centre.half().begin(session, order);
    return begun.has_value() ? std::string() : std::string(name_of(begun.error().code));
  };
  TestRandom random(1);
  CHECK(begin([](CentreOrder&) {}) == "");
  CHECK(begin([](CentreOrder& o) { o.epoch = 0; }) == "not_allowed");
  CHECK(begin([](CentreOrder& o) {
          o.base.number = 4;
          o.epoch = 4;
        }) == "not_allowed");
  CHECK(begin([&](CentreOrder& o) {
          o.code = make_code_secret(random);
          o.id.clear();
        }) == "bad_value");
  CHECK(begin([](CentreOrder& o) { o.suites = SuiteSet(); }) == "unsupported");
  CHECK(begin([](CentreOrder& o) { o.chip_suites = {Suite::symmetric}; }) == "unsupported");
  const auto symmetric = [](CentreOrder& o) { o.suites = o.chip_suites = {Suite::symmetric}; };
  CHECK(begin([&](CentreOrder& o) { symmetric(o); }) == "not_allowed");
  CHECK(begin([&](CentreOrder& o) {
          symmetric(o);
          o.base.number = 1;
          o.epoch = 2;
        }) == "");
  CHECK(begin([&](CentreOrder& o) {
          symmetric(o);
          o.base.number = 1;
          o.epoch = 2;
          o.code = make_short_code(random, 8);
        }) == "not_allowed");
}

TEST_CASE("D9: suite symmetric never runs without the code's 128 bits on a fresh chip") {
  World world({.chip_suites = {Suite::symmetric}, .centre_suites = {Suite::symmetric}});
  CentreSession session;
  CHECK(failed_with(world.centre.half().begin(session, world.centre.order(1)),
                    ErrorCode::not_allowed));
  CentreOrder order = world.centre.order(1);
  TestRandom random(1);
  order.code = make_short_code(random, 8);
  CHECK(failed_with(world.centre.half().begin(session, order), ErrorCode::not_allowed));
  // A forged INIT that asks for it (K1 is enough to make one) is refused by the chip.
  order.code = make_code_secret(random);
  Init init = *parse_init(*world.centre.half().begin(session, order));
  for (const OrderFlags flags :
       {OrderFlags{.server_made = true, .new_puk = true},
        OrderFlags{.code = CodeKind::short_code, .server_made = true, .new_puk = true},
        OrderFlags{.code = CodeKind::secret, .new_puk = true},
        OrderFlags{.code = CodeKind::secret, .server_made = true}}) {
    init.flags = flags;
    init.mac = init_mac(init, order.base);
    const Bytes record = world.store.bytes();
    CHECK(world.chip.deliver(write_init(init)).empty());
    CHECK(world.store.bytes() == record);
  }
  init.flags = {.code = CodeKind::secret, .server_made = true, .new_puk = true};
  init.mac = init_mac(init, order.base);
  CHECK(world.chip.half().on_message(write_init(init))->event == ChipEvent::code_wanted);
}

TEST_CASE("the centre's session: what it takes in which state, to its end") {
  World world;
  CentreHalf& half = world.centre.half();
  CentreSession session;
  CHECK(CentreHalf::repeat(session).empty());
  const Message init = *half.begin(session, world.centre.order(1));
  CHECK(CentreHalf::repeat(session) == init);
  const auto m1 = world.chip.deliver(init);
  const auto answered = half.on_message(session, m1[0]);
  CHECK(answered->event == CentreEvent::answered);
  CHECK(session.attempt.attempt == 1);
  CHECK(session.attempt.epoch == 1);
  CHECK(session.chip_suites == SuiteSet{Suite::x25519});
  CHECK(CentreHalf::repeat(session) == answered->reply);
  const ChipIdentity chip = test_identity();
  const Message early_done = make_confirmation(MessageType::done, chip, 0, session.next);
  CHECK(failed_with(half.on_message(session, early_done), ErrorCode::bad_state));
  const auto prepared = world.chip.deliver(answered->reply);
  const auto commit = half.on_message(session, prepared[0]);
  CHECK(commit->event == CentreEvent::prepared);
  CHECK(CentreHalf::repeat(session) == commit->reply);
  const auto again = half.on_message(session, prepared[0]);
  CHECK(again->event == CentreEvent::none);
  CHECK(again->reply == commit->reply);
  Bytes wrong = bytes_from(early_done);
  wrong.back() ^= 1;
  CHECK(failed_with(half.on_message(session, wrong), ErrorCode::bad_mac));
  const auto done = world.chip.deliver(commit->reply);
  CHECK(equal(done[0], early_done));
  CHECK(half.on_message(session, done[0])->event == CentreEvent::done);
  CHECK(session.phase == CentrePhase::ended);
  CHECK(CentreHalf::repeat(session).empty());
  CHECK(failed_with(half.on_message(session, done[0]), ErrorCode::bad_state));
  CHECK(failed_with(half.on_message(session, m1[0]), ErrorCode::bad_state));
}

TEST_CASE("REQUEST says who the chip is and what it can, and gives a negotiation up") {
  World world({.chip_suites = {Suite::p256, Suite::symmetric}});
  const auto request = parse_request(*world.chip.half().request(RequestReason::first_logon));
  REQUIRE(request.has_value());
  CHECK(request->iccid == test_identity().iccid);
  CHECK(request->life == 0);
  CHECK(request->active_epoch == 0);
  CHECK(request->suites == SuiteSet{Suite::p256, Suite::symmetric});
  const auto init = world.centre.tick();
  const auto m1 = world.chip.deliver(init[0]);
  const auto m2 = world.centre.deliver(m1[0]);
  const int saves = world.store.saves;
  CHECK(world.chip.half().request(RequestReason::repeat).has_value());
  CHECK(world.store.saves == saves);
  // An M2 for what was given up only brings the REQUEST again: it may have been lost.
  const auto again = world.chip.deliver(m2[0]);
  REQUIRE(again.size() == 1);
  CHECK(parse_request(again[0])->reason == RequestReason::repeat);
  CHECK(world.store.saves == saves);
}
