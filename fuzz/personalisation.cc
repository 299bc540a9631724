// link: simurgh_conversations_personalisation simurgh_io_crypto_openssl
// The first octet chooses: any message's form; messages to a chip or to a centre as they are, or
// with their MACs and signatures repaired, so that what lies behind those is reached; a chip's
// record; a code's text. Messages follow each other with their lengths in two octets.
#include <vector>

#include "base/reader.h"
#include "conversations/personalisation/centre_half.h"
#include "conversations/personalisation/chip_half.h"
#include "conversations/personalisation/handshake.h"
#include "conversations/personalisation/labels.h"
#include "conversations/personalisation/legacy_1997.h"
#include "rewrite.h"

using namespace simurgh;
using namespace simurgh::personalisation;

namespace {

class CountingRandom : public Random {
 public:
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) octet = next_++;
  }

 private:
  uint8_t next_ = 1;
};

constexpr ByteArray<32> private_key = {1, 2, 3};

class FixedKeys : public crypto::KeyStore {
 public:
  Result<ByteView> seal(ByteView, ByteView, MutableByteView) override { return ErrorCode::io; }
  Result<ByteView> open(ByteView, ByteView, MutableByteView) override { return ErrorCode::io; }
  Result<Key256> k1_of_version(ByteView) override { return Key256(ByteArray<32>{}); }
  Result<ByteString<256>> sign(crypto::SignatureScheme, ByteView message) override {
    return ByteString<256>(TRY(crypto::ed25519_sign(private_key, message)));
  }
  Result<ByteString<256>> public_key(crypto::SignatureScheme) override {
    return ByteString<256>(TRY(crypto::ed25519_public(private_key)));
  }
};

class MemoryStore : public ChipStore {
 public:
  explicit MemoryStore(const ChipRecord& record) { (void)save(record); }
  Result<void> load(ChipRecord& record) override {
    record = TRY(parse_record(bytes));
    return {};
  }
  Result<void> save(const ChipRecord& record) override {
    ByteArray<chip_record_octets_max> room;
    const auto written = write_record(record, room);
    SIMURGH_CHECK(written.has_value());
    bytes.assign(written->begin(), written->end());
    SIMURGH_CHECK(parse_record(bytes).has_value());
    return {};
  }
  ChipRecord record() const { return *parse_record(bytes); }
  std::vector<uint8_t> bytes;
};

class Tries : public CodeTries {
 public:
  Result<void> count_try(const OrderId&, const Iccid&) override {
    ++count;
    return {};
  }
  int count = 0;
};

const ChipIdentity identity{.iccid = *Iccid::parse("8949012345678901235"),
                            .imsi = *Imsi::parse("001010123456789"),
                            .ver = {'V', 'E', 'R', ' ', '0', '0', '0', '7'}};

Epoch epoch_of(uint32_t number) {
  Epoch epoch;
  epoch.number = number;
  for (uint8_t& octet : epoch.secret.fill(32)) octet = static_cast<uint8_t>(number);
  if (number > 0) epoch.puk_secret = epoch.secret;
  return epoch;
}

// A chip in one of the states that it can be in.
ChipRecord record_of(uint8_t state) {
  ChipRecord record;
  record.chip = identity;
  record.chip_key = Key256(ByteArray<32>{9});
  record.suites = {Suite::x25519, Suite::symmetric};
  record.server_keys.ed25519.assign(*crypto::ed25519_public(private_key));
  record.active = epoch_of(state & 1 ? 3 : 0);
  record.state = state & 1 ? ChipState::personalised : ChipState::pre_personalised;
  record.epoch_max = record.active.number;
  if (state & 2) {
    record.pending = epoch_of(5);
    record.epoch_max = 5;
  }
  return record;
}

std::vector<ByteView> split(ByteView input) {
  std::vector<ByteView> messages;
  Reader reader(input);
  while (const auto message = reader.prefixed16()) messages.push_back(*message);
  messages.push_back(reader.rest());
  return messages;
}

Signature sign(std::string_view label, const crypto::Digest& digest) {
  return Signature(*crypto::ed25519_sign(private_key, signed_bytes(label, digest)));
}

template <typename T>
Result<Message> keep(const Result<T>& parsed, Message (*write)(const T&)) {
  if (!parsed.has_value()) return parsed.error();
  return write(*parsed);
}

void check_forms(ByteView input) {
  const auto check = [&](const Result<Message>& again) {
    if (again.has_value()) SIMURGH_CHECK(equal(*again, input));
  };
  check(keep(parse_request(input), write_request));
  check(keep(parse_init(input), write_init));
  check(keep(parse_m1(input), write_m1));
  check(keep(parse_m2(input), write_m2));
  check(keep(parse_confirmation(input), write_confirmation));
  check(keep(parse_query(input), write_query));
  check(keep(parse_resync(input), write_resync));
  check(keep(parse_reset_challenge(input), write_reset_challenge));
  check(keep(parse_reset(input), write_reset));
  check(keep(parse_reset_done(input), write_reset_done));
}

// Makes a centre's message authentic, as far as its fields allow.
struct CentreForger {
  Message init, m1;
  std::optional<Nonce> challenge;

  Message repair(const ChipRecord& record, ByteView message) {
    const Message same(message.first(std::min(message.size(), message_octets_max)));
    if (auto parsed = parse_init(message)) {
      parsed->iccid = identity.iccid;
      parsed->life = record.life;
      const bool pending =
          record.pending.has_value() && parsed->base_epoch == record.pending->number;
      parsed->mac = init_mac(*parsed, pending ? *record.pending : record.active);
      init = write_init(*parsed);
      return init;
    }
    if (auto parsed = parse_m2(message); parsed && !m1.empty()) {
      const auto t1 = transcript_1(record.server_keys.ed25519, init, m1);
      parsed->signature = sign(label::sign_m2, transcript_3(transcript_2(t1, *parsed), *parsed));
      return write_m2(*parsed);
    }
    if (const auto parsed = parse_confirmation(message)) {
      const bool pending = record.pending.has_value() && parsed->epoch == record.pending->number;
      return make_confirmation(parsed->type, identity, record.life,
                               pending ? *record.pending : record.active);
    }
    if (auto parsed = parse_query(message)) {
      parsed->iccid = identity.iccid;
      parsed->suite = Suite::x25519;
      parsed->signature = sign(label::sign_query, query_digest(*parsed));
      return write_query(*parsed);
    }
    if (auto parsed = parse_reset(message); parsed && challenge.has_value()) {
      parsed->iccid = identity.iccid;
      parsed->suite = Suite::x25519;
      parsed->nonce_c = *challenge;
      parsed->signature = sign(label::sign_reset, reset_digest(*parsed, identity));
      return write_reset(*parsed);
    }
    return same;
  }
};

void talk_to_chip(ByteView input, bool repaired) {
  if (input.empty()) return;
  MemoryStore store(record_of(input[0]));
  CountingRandom random;
  ChipHalf chip(store, random);
  CentreForger forger;
  const auto challenge = chip.reset_challenge();
  forger.challenge = parse_reset_challenge(*challenge)->nonce_c;
  ActivationCode code;
  code.kind = CodeKind::secret;
  code.secret.fill(code_secret_octets);
  for (const ByteView message : split(input.subspan(1))) {
    const ChipRecord before = store.record();
    const std::vector<uint8_t> bytes = store.bytes;
    const Message sent = repaired ? forger.repair(before, message) : Message();
    auto step = chip.on_message(repaired ? ByteView(sent) : message);
    if (step.has_value() && step->event == ChipEvent::code_wanted) step = chip.give_code(code);
    if (step.has_value() && !step->reply.empty() && *type_of(step->reply) == MessageType::m1) {
      forger.m1 = step->reply;
    }
    if (!step.has_value() || !repaired) {
      SIMURGH_CHECK(store.bytes == bytes);  // I8: nobody without the keys leaves a trace
      continue;
    }
    const ChipRecord after = store.record();
    SIMURGH_CHECK(after.life == before.life || after.life == before.life + 1);
    if (after.life != before.life) continue;
    SIMURGH_CHECK(after.epoch_max >= before.epoch_max && after.attempt >= before.attempt);
    SIMURGH_CHECK(after.active.number >= before.active.number);
  }
}

// Makes a chip's message authentic, as far as its fields allow.
Message repair_from_chip(const CentreSession& session, ByteView message) {
  const CentreOrder& order = session.order;
  if (auto parsed = parse_m1(message)) {
    parsed->life = order.life;
    parsed->epoch = order.epoch;
    parsed->base_epoch = order.base.number;
    parsed->mac = m1_mac(*parsed, session.init, order.base);
    return write_m1(*parsed);
  }
  if (const auto parsed = parse_confirmation(message); parsed && session.next.number != 0) {
    return make_confirmation(parsed->type, identity, order.life, session.next);
  }
  if (auto parsed = parse_resync(message)) {
    parsed->answers = crypto::sha256({session.init});
    parsed->life = order.life;
    parsed->active_epoch = order.base.number;
    parsed->mac = resync_mac(*parsed, identity, order.base, label::mac_resync_active);
    return write_resync(*parsed);
  }
  return Message(message.first(std::min(message.size(), message_octets_max)));
}

void talk_to_centre(ByteView input, bool repaired) {
  if (input.empty()) return;
  FixedKeys keys;
  Tries tries;
  CountingRandom random;
  CentreHalf centre(keys, tries, random);
  CentreOrder order;
  order.chip = identity;
  order.base = epoch_of(input[0] & 1 ? 3 : 0);
  order.epoch = 7;
  order.suites = {Suite::x25519};
  order.chip_suites = order.suites;
  order.id.assign(bytes_of("fuzz"));
  if (input[0] & 2) {
    order.code.kind = CodeKind::secret;
    order.code.secret.fill(code_secret_octets);
  } else if (input[0] & 4) {
    order.code.kind = CodeKind::short_code;
    order.code.digits.assign(bytes_of("12345674"));
  }
  order.server_made = (input[0] & 8) != 0;
  CentreSession session;
  SIMURGH_CHECK(centre.begin(session, order).has_value());
  for (const ByteView message : split(input.subspan(1))) {
    const int tries_before = tries.count;
    const CentrePhase phase = session.phase;
    const Message sent = repaired ? repair_from_chip(session, message) : Message();
    const auto step = centre.on_message(session, repaired ? ByteView(sent) : message);
    if (!step.has_value() || !repaired) SIMURGH_CHECK(session.phase == phase);
    if (!repaired) SIMURGH_CHECK(tries.count == 0 && !step.has_value());
    const bool answered = step.has_value() && step->event == CentreEvent::answered;
    const bool counts = answered && order.code.kind != CodeKind::none;
    SIMURGH_CHECK(tries.count == tries_before + (counts ? 1 : 0));
    if (step.has_value() && step->event == CentreEvent::prepared) {
      SIMURGH_CHECK(phase == CentrePhase::sent_m2);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  switch (data[0] % 7) {
    case 0: check_forms(input); break;
    case 1: talk_to_chip(input, false); break;
    case 2: talk_to_chip(input, true); break;
    case 3: talk_to_centre(input, false); break;
    case 4: talk_to_centre(input, true); break;
    case 5: fuzz::check_rewrite(input, parse_record, write_record); break;
    default:
      if (const auto code = parse_code(text_of(input))) {
        SIMURGH_CHECK(equal(write_code(*code).view(), input));
      }
  }
  return 0;
}
