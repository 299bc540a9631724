#include "rig.h"

#include <algorithm>

#include "test_keys.h"

namespace simurgh::personalisation::rig {

uint64_t TestRandom::next() {
  uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

void TestRandom::fill(MutableByteView out) {
  for (size_t i = 0; i < out.size(); i += 8) {
    const uint64_t value = next();
    std::memcpy(out.data() + i, &value, std::min<size_t>(8, out.size() - i));
  }
  if (recording) record.emplace_back(out.begin(), out.end());
}

namespace {
// A private key that depends on the scheme's number and on whose keys they are.
ByteArray<32> private_key(uint8_t scheme, uint8_t other) {
  return crypto::sha256(
      {bytes_of("a centre's private key in a test"), ByteArray<2>{scheme, other}});
}
}  // namespace

Result<Key256> TestKeys::k1_of_version(ByteView ver) {
  return Key256(crypto::hmac_sha256(bytes_of("master key of a test"), {ver}));
}

Result<ByteString<256>> TestKeys::sign(crypto::SignatureScheme scheme, ByteView message) {
  ++signatures;
  const auto key = private_key(static_cast<uint8_t>(scheme), other_);
  switch (scheme) {
    case crypto::SignatureScheme::ed25519:
      return ByteString<256>(TRY(crypto::ed25519_sign(key, message)));
    case crypto::SignatureScheme::ecdsa_p256:
      return ByteString<256>(TRY(crypto::ecdsa_p256_sign(key, message)));
    case crypto::SignatureScheme::rsa2048_pss:
      return ByteString<256>(
          TRY(crypto::rsa2048_sign(test::from_hex(test_keys::rsa_private), message)));
  }
  return ErrorCode::unsupported;
}

Result<ByteString<256>> TestKeys::public_key(crypto::SignatureScheme scheme) {
  const auto key = private_key(static_cast<uint8_t>(scheme), other_);
  switch (scheme) {
    case crypto::SignatureScheme::ed25519: return ByteString<256>(TRY(crypto::ed25519_public(key)));
    case crypto::SignatureScheme::ecdsa_p256:
      return ByteString<256>(TRY(crypto::ecdsa_p256_public(key)));
    case crypto::SignatureScheme::rsa2048_pss:
      return ByteString<256>(test::from_hex(test_keys::rsa_modulus));
  }
  return ErrorCode::unsupported;
}

Result<void> TestChipStore::load(ChipRecord& record) {
  if (!powered_) return ErrorCode::closed;
  record = TRY(parse_record(bytes_));
  return {};
}

Result<void> TestChipStore::save(const ChipRecord& record) {
  if (!powered_) return ErrorCode::closed;
  ++saves;
  const bool cut = cut_in_ == 0;
  if (cut_in_ >= 0) --cut_in_;
  if (!cut || cut_after_) put(record);
  if (!cut) return {};
  powered_ = false;
  return ErrorCode::closed;
}

void TestChipStore::put(const ChipRecord& record) {
  ByteArray<chip_record_octets_max> room;
  const auto written = write_record(record, room);
  SIMURGH_CHECK(written.has_value());
  bytes_.assign(written->begin(), written->end());
}

ChipRecord TestChipStore::record() const {
  const auto record = parse_record(bytes_);
  SIMURGH_CHECK(record.has_value());
  return *record;
}

ChipIdentity test_identity() {
  return {.iccid = *Iccid::parse("8949012345678901235"),
          .imsi = *Imsi::parse("001010123456789"),
          .ver = {'V', 'E', 'R', ' ', '0', '0', '0', '7'}};
}

OrderId test_order() {
  return OrderId(bytes_of("ORDER-4711"));
}

ChipRecord factory_record(TestKeys& keys, SuiteSet suites) {
  ChipRecord record;
  record.chip = test_identity();
  record.chip_key = *keys.k1_of_version(record.chip.ver);
  record.suites = suites;
  using crypto::SignatureScheme;
  record.server_keys.ed25519.assign(*keys.public_key(SignatureScheme::ed25519));
  record.server_keys.p256.assign(*keys.public_key(SignatureScheme::ecdsa_p256));
  record.server_keys.rsa2048.assign(*keys.public_key(SignatureScheme::rsa2048_pss));
  record.centre_number = *Msisdn::parse("4900000700");
  return record;
}

std::vector<Bytes> Chip::deliver(ByteView message) {
  return take(half_->on_message(message));
}

std::vector<Bytes> Chip::take(const Result<ChipStep>& step) {
  if (!step.has_value()) {
    errors.push_back(step.error());
    return {};
  }
  if (step->event != ChipEvent::none) events.push_back(step->event);
  std::vector<Bytes> out;
  if (!step->reply.empty()) out.emplace_back(step->reply.begin(), step->reply.end());
  std::vector<Bytes> more;
  if (step->event == ChipEvent::code_wanted) {
    more = take(half_->give_code(code));
  } else if (step->event == ChipEvent::code_refused && second_code.kind != CodeKind::none) {
    code = second_code;
    second_code = ActivationCode();
    more = take(half_->give_code(code));
  }
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

Centre::Centre(TestKeys& keys, const Setting& setting, const ActivationCode& code)
    : keys_(keys),
      setting_(setting),
      code_(code),
      random_(setting.seed * 3 + 1),
      half_(keys_, *this, random_) {
  const ChipIdentity chip = test_identity();
  db.active = initial_epoch(chip_key(*keys_.k1_of_version(chip.ver), chip), 0);
  db.chip_suites = setting.chip_suites;
}

void Centre::want(bool first) {
  if (!first) code_ = ActivationCode();
  db.wanted = true;
}

Result<void> Centre::count_try(const OrderId&, const Iccid&) {
  if (db.tries >= tries_max) return ErrorCode::not_allowed;
  ++db.tries;
  return {};
}

CentreOrder Centre::order(uint32_t epoch) const {
  CentreOrder order;
  order.chip = test_identity();
  order.life = db.life;
  order.base = db.active;
  order.epoch = epoch;
  order.suites = setting_.centre_suites;
  order.chip_suites = db.chip_suites;
  order.id = test_order();
  order.code = code_;
  order.server_made = setting_.server_made;
  order.choose_pin = setting_.choose_pin;
  order.last_attempt = db.last_attempt;
  return order;
}

// One event, one atomic change; what it sends leaves only after the commit.
template <typename Event>
std::vector<Bytes> Centre::transaction(Event event) {
  const Crash crash = crash_;
  crash_ = Crash::none;
  const Database before = db;
  std::vector<Bytes> out = event();
  if (crash == Crash::before_commit) db = before;
  if (crash == Crash::before_commit || crash == Crash::after_commit) out.clear();
  if (crash != Crash::none) lose_session();
  return out;
}

std::vector<Bytes> Centre::deliver(ByteView message) {
  return transaction([&] { return on_message(message); });
}

std::vector<Bytes> Centre::tick() {
  return transaction([&]() -> std::vector<Bytes> {
    // A negotiation that is wanted goes first: its INIT names the committed epoch as its base,
    // which confirms it as COMMIT does.
    if (!db.wanted && db.commit_unconfirmed) {
      const Message commit =
          make_confirmation(MessageType::commit, test_identity(), db.life, db.active);
      return {Bytes(commit.begin(), commit.end())};
    }
    if (!db.wanted || db.frozen) return {};
    const Message again = CentreHalf::repeat(session_);
    if (again.empty() || ++repeats_ > repeats_max) return begin();
    return {Bytes(again.begin(), again.end())};
  });
}

std::vector<Bytes> Centre::begin() {
  repeats_ = 0;
  db.epoch_max += 1;  // burned, whatever becomes of it
  const auto init = half_.begin(session_, order(db.epoch_max));
  SIMURGH_CHECK(init.has_value());
  return {Bytes(init->begin(), init->end())};
}

void Centre::switch_to(const Epoch& next) {
  db.previous = db.active;
  db.active = next;
  db.wanted = false;
  db.commit_unconfirmed = true;
}

std::vector<Bytes> Centre::on_message(ByteView message) {
  const auto type = type_of(message);
  if (!type.has_value()) return {};
  if (*type == MessageType::request) {
    const auto request = parse_request(message);
    if (!request.has_value() || !db.wanted || db.frozen) return {};
    if (request->reason == RequestReason::code_again) return begin();
    return {};
  }
  const ChipIdentity chip = test_identity();
  if (db.commit_unconfirmed) {  // no session is needed any more
    if (check_confirmation(message, MessageType::done, chip, db.life, db.active).has_value()) {
      db.commit_unconfirmed = false;
      db.previous = Epoch();
      return {};
    }
    if (check_confirmation(message, MessageType::prepared, chip, db.life, db.active).has_value()) {
      const Message commit = make_confirmation(MessageType::commit, chip, db.life, db.active);
      return {Bytes(commit.begin(), commit.end())};
    }
  }
  const auto step = half_.on_message(session_, message);
  if (!step.has_value()) return {};
  return on_step(*step);
}

std::vector<Bytes> Centre::on_step(const CentreStep& step) {
  std::vector<Bytes> out;
  if (!step.reply.empty()) out.emplace_back(step.reply.begin(), step.reply.end());
  if (step.evidence != Evidence::none) evidence = step.evidence;
  if (step.evidence == Evidence::two_chips) db.frozen = true;
  switch (step.event) {
    case CentreEvent::answered:
      db.last_attempt = session_.attempt;
      db.chip_suites = session_.chip_suites;
      if (naive_switch_at_m2) db.active = session_.next;
      break;
    case CentreEvent::prepared:
      switch_to(session_.next);
      lose_session();
      break;
    case CentreEvent::resync:
      decisions.push_back(step.decision);
      if (step.decision == ResyncDecision::raise_number) {
        db.epoch_max = step.resync.epoch_max;
      }
      break;
    case CentreEvent::ended:
      db.last_attempt = session_.attempt;
      if (step.evidence == Evidence::downgrade) db.chip_suites = session_.chip_suites;
      break;
    case CentreEvent::none:
    case CentreEvent::done: break;
  }
  return out;
}

namespace {
ActivationCode code_of(const Setting& setting) {
  if (setting.code_given.kind != CodeKind::none) return setting.code_given;
  TestRandom random(setting.seed + 77);
  switch (setting.code) {
    case CodeKind::secret: return make_code_secret(random);
    case CodeKind::short_code: return make_short_code(random, 8);
    case CodeKind::none: break;
  }
  return {};
}
}  // namespace

World::World(const Setting& setting)
    : code(code_of(setting)),
      chip_view(store, setting.chip_mistake),
      chip(chip_view, setting.seed),
      centre(keys, setting, code) {
  store.put(factory_record(keys, setting.chip_suites));
  SIMURGH_CHECK(pre_personalise(store).has_value());
  chip.code = code;
  centre.want(true);
}

void World::run(int rounds) {
  for (int round = 0; round < rounds && !centre.idle(); ++round) {
    std::deque<std::pair<bool, Bytes>> queue;  // to the chip?, message
    for (Bytes& message : centre.tick()) queue.emplace_back(true, std::move(message));
    while (!queue.empty()) {
      const auto [to_chip, message] = queue.front();
      queue.pop_front();
      for (Bytes& reply : to_chip ? chip.deliver(message) : centre.deliver(message)) {
        queue.emplace_back(!to_chip, std::move(reply));
      }
    }
  }
}

bool same(const Epoch& a, const Epoch& b) {
  return a.number == b.number && crypto::secure_equal(a.secret.view(), b.secret.view()) &&
         crypto::secure_equal(a.puk_secret.view(), b.puk_secret.view());
}

bool World::safe() const {
  const ChipRecord record = store.record();
  return same(centre.db.active, record.active) ||
         (record.pending.has_value() && same(centre.db.active, *record.pending));
}

bool World::agreed() const {
  const ChipRecord record = store.record();
  return centre.idle() && !record.pending.has_value() && same(centre.db.active, record.active) &&
         record.state == ChipState::personalised;
}

}  // namespace simurgh::personalisation::rig
