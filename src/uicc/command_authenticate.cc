// AUTHENTICATE in the 3G and GSM contexts (TS 31.102 7.1), RUN GSM ALGORITHM (TS 51.011 9.2.16).
//
// The chip may hold two keys. In the 3G context MAC-A says which one is meant: the pending one is
// tried first, and its first valid use makes it the active one (design 4.1). In 2G the tag in RAND
// says it, and nothing is promoted on 32 bits. A challenge that fails changes nothing at all,
// however often it comes (threats row 5).
#include "crypto/aka.h"
#include "crypto/rand_tag.h"
#include "uicc/chip.h"
#include "uicc/nv_keys.h"
#include "uicc/sequence.h"

namespace simurgh::uicc {

namespace status = apdu::status;
using personalisation::ChipRecord;
using personalisation::Epoch;

namespace {

constexpr uint8_t p2_gsm_context = 0x80;
constexpr uint8_t p2_3g_context = 0x81;
constexpr uint8_t tag_success = 0xdb;
constexpr uint8_t tag_sync_failure = 0xdc;

crypto::AkaKeys keys_of(const Epoch& epoch, const AuthenticationProfile& profile) {
  crypto::AkaKeys keys;
  personalisation::derive_ki(epoch.secret, keys.k.fill(profile.ki_octets));
  if (profile.algorithm == AuthenticationAlgorithm::tuak) {
    keys.algorithm = crypto::AkaAlgorithm::tuak;
    keys.tuak_iterations = profile.tuak_iterations;
    keys.opc.assign(personalisation::derive_topc(epoch.secret).view());
  } else {
    keys.opc.assign(personalisation::derive_opc(epoch.secret).view());
  }
  return keys;
}

void append_prefixed(Answer& answer, ByteView value) {
  answer.push_back(static_cast<uint8_t>(value.size()));
  answer.insert(answer.end(), value.begin(), value.end());
}

crypto::Block block_of(ByteView bytes) {
  crypto::Block block;
  std::memcpy(block.data(), bytes.data(), block.size());
  return block;
}

}  // namespace

Result<AuthenticationProfile> Chip::authentication_profile() const {
  ByteArray<3> octets;
  TRY(store_.read(nv_key::authentication, octets));
  return AuthenticationProfile{static_cast<AuthenticationAlgorithm>(octets[0]), octets[1],
                               octets[2]};
}

Handled Chip::authenticate(Channel& channel, const apdu::Command& command) {
  if (channel.adf != usim_index) return status::conditions_not_satisfied;
  if (!TRY(satisfied(channel, Condition::pin1))) return status::security_status_not_satisfied;
  Reader reader(command.data);
  const auto rand = reader.prefixed8();
  if (!rand.has_value()) return status::wrong_length;
  if (rand->size() != sizeof(crypto::Block)) return status::incorrect_data;
  if (command.p1 != 0) return status::incorrect_p1_p2;
  if (command.p2 == p2_gsm_context) {
    return reader.at_end() ? authenticate_2g(*rand, false) : status::wrong_length;
  }
  if (command.p2 != p2_3g_context) return status::incorrect_p1_p2;
  const auto autn = reader.prefixed8();
  if (!autn.has_value() || !reader.at_end()) return status::wrong_length;
  if (autn->size() != sizeof(crypto::Autn)) return status::incorrect_data;
  return authenticate_3g(*rand, *autn);
}

Handled Chip::run_gsm_algorithm(Channel& channel, const apdu::Command& command) {
  if (command.data.size() != sizeof(crypto::Block)) return status::wrong_length;
  FileIndex directory = channel.directory;
  while (directory != gsm_index && directory != mf_index) directory = files_.file(directory).parent;
  if (directory != gsm_index) return status::conditions_not_satisfied;
  if (!TRY(satisfied(channel, Condition::pin1))) return status::security_status_not_satisfied;
  return authenticate_2g(command.data, true);
}

Handled Chip::authenticate_3g(ByteView rand_bytes, ByteView autn_bytes) {
  const crypto::Block rand = block_of(rand_bytes);
  const crypto::Autn autn = block_of(autn_bytes);
  const AuthenticationProfile profile = TRY(authentication_profile());
  ChipRecord record;
  TRY(record_store_.load(record));
  const Epoch* used = nullptr;
  crypto::AkaKeys keys;
  crypto::AkaChallenge challenge;
  for (const Epoch* epoch : {record.pending ? &*record.pending : nullptr, &record.active}) {
    if (epoch == nullptr || used != nullptr) continue;
    keys = keys_of(*epoch, profile);
    const auto opened = crypto::open_challenge(keys, rand, autn);
    if (!opened.has_value()) continue;
    challenge = *opened;
    used = epoch;
  }
  if (used == nullptr) return status::authentication_mac_failure;
  // The centre has committed. The old key's sequence numbers go with the old key.
  if (used != &record.active) TRY(applet_.confirm_pending(used->number));

  if (TRY(judge_sequence_number(store_, challenge.sequence_number)) != Freshness::fresh) {
    const auto auts = TRY(crypto::make_auts(keys, rand, TRY(highest_sequence_number(store_))));
    answer_.push_back(tag_sync_failure);
    append_prefixed(answer_, auts);
    return status::ok;
  }
  NvTransaction transaction;
  put_sequence_number(transaction, challenge.sequence_number);
  TRY(store_.commit(transaction));
  answer_.push_back(tag_success);
  append_prefixed(answer_, challenge.answer.res);
  append_prefixed(answer_, challenge.answer.ck.view());
  append_prefixed(answer_, challenge.answer.ik.view());
  append_prefixed(answer_, crypto::gsm_answer_of(challenge.answer).kc.view());
  return status::ok;
}

Handled Chip::authenticate_2g(ByteView rand_bytes, bool gsm_class) {
  const crypto::Block rand = block_of(rand_bytes);
  const AuthenticationProfile profile = TRY(authentication_profile());
  ChipRecord record;
  TRY(record_store_.load(record));
  const bool pending =
      record.pending.has_value() && personalisation::check_rand_tag(record.pending->secret, rand);
  const crypto::AkaKeys keys = keys_of(pending ? *record.pending : record.active, profile);
  const auto answer = TRY(crypto::answer_challenge(keys, rand));
  const crypto::GsmAnswer gsm_answer = crypto::gsm_answer_of(answer);
  if (gsm_class) {
    answer_.assign(gsm_answer.sres.begin(), gsm_answer.sres.end());
    answer_.insert(answer_.end(), gsm_answer.kc.view().begin(), gsm_answer.kc.view().end());
  } else {
    append_prefixed(answer_, gsm_answer.sres);
    append_prefixed(answer_, gsm_answer.kc.view());
  }
  return status::ok;
}

Handled Chip::get_challenge(Channel&, const apdu::Command& command) {
  const size_t size = command.le == 0 ? 8 : command.le;
  answer_.resize(std::min<size_t>(size, apdu::short_answer_octets_max));
  hardware_.random.fill(answer_);
  return status::ok;
}

// SUCI calculation in the USIM is not among the services of EF.UST (TS 31.102 7.5).
Handled Chip::get_identity(Channel&, const apdu::Command&) {
  return status::conditions_not_satisfied;
}

}  // namespace simurgh::uicc
