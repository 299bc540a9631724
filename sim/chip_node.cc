#include "chip_node.h"

#include "uicc/chip_store.h"
#include "uicc/inspect.h"
#include "uicc/nv_keys.h"

namespace simurgh::sim {

using personalisation::ChipRecord;
using personalisation::ChipState;
using personalisation::CodeKind;
using personalisation::make_code_secret;
using personalisation::make_short_code;

namespace {

constexpr uint32_t cut_ppm = 60'000;  // of a turn, while faults are on
constexpr uint32_t cut_in_recovery_ppm = 300'000;
constexpr uint64_t cut_granules = 400;

std::string digits_of(size_t value, size_t width) {
  std::string text = std::to_string(value);
  return std::string(width - std::min(width, text.size()), '0') + text;
}

}  // namespace

ChipNode::ChipNode(uint64_t seed, size_t index, const ChipPlan& plan, ServerNode& server,
                   network::VisitedNetwork& network, const Instant& now)
    : random_(seed * 1000 + index),
      index_(index),
      plan_(plan),
      server_(server),
      network_(network),
      now_(now),
      nv_(memory_, random_),
      seal_key_(random_.array<16>()) {
  msisdn_ = *Msisdn::parse("49170" + digits_of(index, 7));
  network::Handset::Settings settings;
  settings.imei = *Imei::parse("35000000" + digits_of(index, 6) + "0");
  settings.rat = plan.rat;
  handset_ = std::make_unique<network::Handset>(settings, uicc::Hardware{nv_, random_, seal_key_},
                                                network_, now_);
}

Result<void> ChipNode::make(const fleet::PoolNumber& number, const Key256& k1,
                            const Msisdn& centre) {
  number_ = number;
  TRY(uicc::make_blank_chip({nv_, random_, seal_key_}));
  TRY(handset_->reset());
  uicc::PrePersonalisation data;
  data.chip = {number.iccid, number.imsi, number.allocation.ver};
  data.k1 = k1;
  data.suites = plan_.suites;
  data.server_keys.ed25519.assign(TRY(server_.keys().public_key(crypto::SignatureScheme::ed25519)));
  data.server_keys.p256.assign(TRY(server_.keys().public_key(crypto::SignatureScheme::ecdsa_p256)));
  if (plan_.suites.contains(personalisation::Suite::ffdhe2048)) {
    data.server_keys.rsa2048.assign(
        TRY(server_.keys().public_key(crypto::SignatureScheme::rsa2048_pss)));
  }
  data.centre_number = centre;
  TRY(command(uicc::chip_ins::pre_personalise, write_pre_personalisation(data).view()));
  handset_->power_off();
  return {};
}

Result<std::vector<uint8_t>> ChipNode::command(uint8_t ins, ByteView data) {
  std::vector<uint8_t> out;
  size_t offset = 0;
  uint8_t block = 0;
  uint8_t sw1 = 0, sw2 = 0;
  const auto take = [&](ByteView apdu) -> Result<void> {
    const ByteView answer = TRY(handset_->transmit(apdu));
    if (answer.size() < 2) return ErrorCode::bad_length;
    out.insert(out.end(), answer.begin(), answer.end() - 2);
    sw1 = answer[answer.size() - 2];
    sw2 = answer[answer.size() - 1];
    return {};
  };
  do {
    const size_t size = std::min(data.size() - offset, uicc::block_octets_max);
    const bool last = offset + size == data.size();
    std::vector<uint8_t> apdu = {0x80, ins, uint8_t{0}, 0};
    if (data.empty()) {
      apdu.push_back(0);
    } else {
      apdu[2] = last ? uicc::block_last : uint8_t{0};
      apdu[3] = block++;
      apdu.push_back(static_cast<uint8_t>(size));
      apdu.insert(apdu.end(), data.begin() + static_cast<ptrdiff_t>(offset),
                  data.begin() + static_cast<ptrdiff_t>(offset + size));
    }
    offset += size;
    TRY(take(apdu));
  } while (offset < data.size() && sw1 == 0x90);
  while (sw1 == 0x61) {
    const uint8_t get_response[] = {0x00, 0xc0, 0x00, 0x00, sw2};
    TRY(take(get_response));
  }
  if (sw1 != 0x90 && sw1 != 0x91) return ErrorCode::not_allowed;
  return out;
}

const std::optional<ChipRecord>& ChipNode::record() {
  if (record_at_ == nv_.granules_written()) return record_;
  record_at_ = nv_.granules_written();
  uicc::MemoryNv copy(memory_.size(), memory_.granule());
  std::vector<uint8_t> all(memory_.size());
  record_.reset();
  if (!memory_.read(0, all) || !copy.write(0, all)) return record_;
  uicc::NvStore store(copy, seal_key_);
  ByteArray<personalisation::chip_record_octets_max> room;
  if (!store.mount()) return record_;
  const auto bytes = store.read(uicc::nv_key::chip_record, room);
  const auto parsed =
      bytes ? personalisation::parse_record(*bytes) : Result<ChipRecord>(bytes.error());
  if (parsed) record_ = *parsed;
  return record_;
}

int ChipNode::pin_tries() {
  if (!handset_->on()) return -1;
  const uint8_t ask[] = {0x00, 0x20, 0x00, 0x01};
  const auto answer = handset_->transmit(ask);
  if (!answer || answer->size() != 2) return -1;
  if ((*answer)[0] == 0x63) return (*answer)[1] & 15;
  if ((*answer)[0] == 0x69 && (*answer)[1] == 0x83) return 0;
  return -1;
}

// Power: cut at a random granule of whatever comes, and back some time later, perhaps to be cut
// again while the chip recovers.
void ChipNode::battery(bool faults_on) {
  if (!nv_.powered() && power_back_ == Instant::never()) {
    ++figures_.power_cuts;
    handset_->switch_off();
    power_back_ = now_ + milliseconds(random_.between(500, 60'000));
  }
  if (power_back_ <= now_) {
    power_back_ = Instant::never();
    nv_.power_on();
    nv_.cut_never();
    if (faults_on && random_.chance(cut_in_recovery_ppm)) {
      ++figures_.cuts_in_recovery;
      nv_.cut_at(random_.below(12), uicc::every_cut[random_.below(4)]);
    }
    if (sold_life_ && !switch_on()) return;
  }
  if (faults_on && plan_.power_cuts && nv_.powered() && random_.chance(cut_ppm)) {
    nv_.cut_at(random_.below(cut_granules), uicc::every_cut[random_.below(4)]);
  }
  if (!faults_on && nv_.powered()) nv_.cut_never();
}

// I9: whoever tries PINs gets no more tries by cutting the power. He stops in time to leave the
// customer one.
void ChipNode::steal() {
  const auto before = uicc::inspect_chip(memory_, seal_key_);
  if (!before || before->pin1.tries < 2 || !nv_.powered()) return;
  handset_->switch_off();
  if (!handset_->reset()) return;
  if (random_.below(2) == 0) {
    nv_.cut_at(random_.below(24), uicc::every_cut[random_.below(4)]);
  }
  const uint8_t verify[] = {0x00, 0x20, 0x00, 0x01, 8, '9', '9', '9', '9', 0xff, 0xff, 0xff, 0xff};
  const auto answer = handset_->transmit(verify);
  handset_->power_off();
  nv_.power_on();
  nv_.cut_never();
  if (!handset_->reset()) violation_ = "I9: a chip does not start after a cut inside VERIFY";
  handset_->power_off();
  ++figures_.wrong_pins;
  const auto after = uicc::inspect_chip(memory_, seal_key_);
  if (!after) {
    violation_ = "I9: a chip's memory is lost by a cut inside VERIFY";
  } else if (after->pin1.tries > before->pin1.tries) {
    violation_ = "I9: PIN tries grew by a power cut";
  } else if (answer && answer->size() == 2 && after->pin1.tries >= before->pin1.tries) {
    violation_ = "I9: a wrong PIN was answered and cost no try";
  }
}

// The chip has said on the display that it has given up: off and on.
bool ChipNode::heeds_advice() {
  const auto& texts = handset_->displayed();
  if (texts.size() < advice_seen_) advice_seen_ = 0;
  for (; advice_seen_ < texts.size(); ++advice_seen_) {
    if (texts[advice_seen_].starts_with("Not activated.") ||
        texts[advice_seen_].starts_with("Activation failed")) {
      advice_at_ = now_ + minutes(random_.between(1, 30));
    }
  }
  if (advice_at_ > now_) return false;
  advice_at_ = Instant::never();
  ++figures_.switched_off;
  handset_->switch_off();
  return switch_on();
}

// What a chip with the mistake would have in its memory by now.
void ChipNode::plant_mistake() {
  if (plan_.mistake == ChipMistake::none || !nv_.powered() || !record() || !record_->pending) {
    before_ = record();
    return;
  }
  ChipRecord record = *record_;
  if (plan_.mistake == ChipMistake::promotes_at_once) {
    record.active = *record.pending;
    record.pending.reset();
    record.state = ChipState::personalised;
  } else if (before_ && before_->pending && before_->pending->number == record.active.number) {
    record.active = before_->active;  // the pending epoch was replaced, not promoted
    record.state = before_->state;
  } else {
    before_ = record_;
    return;
  }
  before_ = record;
  handset_->switch_off();
  uicc::NvStore store(memory_, seal_key_);
  uicc::NvTransaction transaction;
  uicc::put_record(record, transaction);
  if (!store.mount() || !store.commit(transaction)) return;
  record_at_ = UINT64_MAX;
  record_ = record;
  if (!switch_on()) return;
}

// The customer switches his phone on. A card that power cuts inside VERIFY have blocked wants the
// PUK, which he asks his operator for.
bool ChipNode::switch_on() {
  if (handset_->switch_on()) return true;
  if (!nv_.powered()) return false;
  const auto held = uicc::inspect_chip(memory_, seal_key_);
  if (held && held->pin1.tries == 0) unblock_pin();
  return static_cast<bool>(handset_->switch_on());
}

void ChipNode::unblock_pin() {
  if (!record() || !handset_->reset()) return;
  ++figures_.unblocked;
  std::vector<uint8_t> apdu = {0x00, 0x2c, 0x00, 0x01, 16};
  const auto& puk_secret = record_->active.puk_secret;
  const auto puk = puk_secret.empty() ? ByteArray<8>{'0', '0', '0', '0', '0', '0', '0', '0'}
                                      : personalisation::derive_puk(puk_secret);
  apdu.insert(apdu.end(), puk.begin(), puk.end());
  for (const int octet : {0x30, 0x30, 0x30, 0x30, 0xff, 0xff, 0xff, 0xff}) {
    apdu.push_back(static_cast<uint8_t>(octet));
  }
  static_cast<void>(handset_->transmit(apdu).has_value());
  handset_->power_off();
}

void ChipNode::sell(uint32_t life) {
  security_centre::SignUp order;
  order.iccid = number_.iccid;
  order.ver = number_.allocation.ver;
  order.life = life;
  order.contract = "sim";
  order.msisdn = msisdn_;
  order.suites = plan_.suites;
  order.server_made_key = plan_.server_made;
  if (plan_.code == CodeKind::short_code) order.code = make_short_code(random_, 8);
  if (plan_.code == CodeKind::secret) order.code = make_code_secret(random_);
  std::string id;
  const bool lived = server_.run(
      [&](security_centre::SecurityCentre& centre) -> Result<void> {
        id = TRY(centre.sign_up(order, "dealer", now_)).order;
        return {};
      },
      now_);
  // The dealer's paper has the code whether or not the answer came: the next look at the server
  // tells if the sale counts; if not, it is made again with another code.
  if (!lived || id.empty()) return;
  code_ = order.code;
  order_ = id;
  sold_life_ = life;
  if (plan_.code != CodeKind::none) {
    const auto text = write_code(code_);
    handset_->customer.activation_code = text_of(text.view());
  }
  handset_->customer.code_entries_max = UINT32_MAX;
  if (nv_.powered() && !handset_->on() && !switch_on()) return;
}

void ChipNode::take_to_dealer() {
  if (!nv_.powered()) return;
  handset_->switch_off();
  if (!handset_->reset()) return;
  const auto challenge = command(uicc::chip_ins::reset_challenge, {});
  if (!challenge) return;
  personalisation::Message reset;
  const bool authorised = server_.run(
      [&](security_centre::SecurityCentre& centre) -> Result<void> {
        reset = TRY(centre.authorise_reset(number_.iccid, *challenge, "dealer", now_));
        return {};
      },
      now_);
  if (!authorised || reset.empty()) return;
  const auto receipt = command(uicc::chip_ins::exchange, reset);
  handset_->power_off();
  if (!receipt) return;
  sold_life_.reset();
  server_.run(
      [&](security_centre::SecurityCentre& centre) {
        return centre.confirm_reset(number_.iccid, *receipt, "dealer", now_);
      },
      now_);
}

void ChipNode::turn(bool faults_on) {
  battery(faults_on);
  plant_mistake();
  if (!server_.alive() || !nv_.powered() || !record()) return;
  const auto chip = server_.fleet().chip(number_.iccid);
  const auto subscriber = server_.storage().hlr().load(number_.imsi);
  const bool fenced = subscriber && *subscriber && (*subscriber)->fenced;
  done_ = false;
  if (!chip || chip->state == fleet::ChipState::returned) {
    waits_for_ = "its sale";
    return sell(record_->life);
  }
  if (chip->state == fleet::ChipState::frozen || fenced ||
      chip->state == fleet::ChipState::resetting) {
    waits_for_ = "its reset";
    return take_to_dealer();
  }
  if (!sold_life_ || (plan_.code != CodeKind::none && chip->order != order_)) {
    // The sale is in the database, the dealer's answer was lost: a new code is given.
    sold_life_ = chip->life;
    order_ = chip->order;
    if (plan_.code != CodeKind::none && chip->state == fleet::ChipState::sold) {
      code_ =
          plan_.code == CodeKind::secret ? make_code_secret(random_) : make_short_code(random_, 8);
      const auto text = write_code(code_);
      handset_->customer.activation_code = text_of(text.view());
      server_.run(
          [&](security_centre::SecurityCentre& centre) {
            return centre.renew_code(order_, code_, "dealer", now_);
          },
          now_);
      return;
    }
  }
  if (!handset_->on() && !switch_on()) return;
  const bool at_rest = !record_->pending && record_->state == ChipState::personalised &&
                       handset_->registered() && network_.hotline(number_.imsi).empty();
  waits_for_ = std::string(name_of(chip->state)) + (handset_->registered() ? "" : " (no network)");
  if (faults_on && plan_.thief && random_.chance(20'000)) {
    steal();
    if (!switch_on()) return;
  }
  if (heeds_advice()) return;
  const bool unconfirmed = chip->state == fleet::ChipState::personalised && record_->pending;
  const bool order_again = faults_on && ((chip->state == fleet::ChipState::rekeying &&
                                          plan_.double_orders && random_.chance(100'000)) ||
                                         (unconfirmed && plan_.impatient));
  if (chip->state != fleet::ChipState::personalised && !order_again) return;
  if (!at_rest && !order_again) return;
  if (record_->life + 1 >= plan_.lives) {
    done_ = true;
    return;
  }
  if (rekeys_ordered_ < plan_.rekeys || order_again) {
    ++rekeys_ordered_;
    server_.run(
        [&](security_centre::SecurityCentre& centre) {
          return centre.rekey(number_.iccid, "operator", now_);
        },
        now_);
    return;
  }
  take_to_dealer();
}

}  // namespace simurgh::sim
