// Long: one life is one story, told from its first stage to its last.
#include "apps/simurgh-lab/chip_run.h"

#include <fmt/format.h>

#include "base/hex.h"
#include "conversations/personalisation/activation_code.h"
#include "uicc/nv_keys.h"

namespace simurgh::lab {

namespace {

using personalisation::ActivationCode;
using personalisation::ChipState;

constexpr size_t violation_words_max = 20;
constexpr size_t short_code_digits = 8;
constexpr Duration frozen_look_wait = seconds(3);
constexpr Duration look_wait = milliseconds(100);
constexpr std::string_view other_number = "4989123456";

std::string hex_text(ByteView bytes) {
  std::string out(bytes.size() * 2, '0');
  write_hex(bytes, out);
  return out;
}

// A copy of a chip's memory, as somebody with a probe would make it.
std::unique_ptr<uicc::MemoryNv> copy_of(const uicc::Nv& nv) {
  auto copy = std::make_unique<uicc::MemoryNv>(nv.size(), nv.granule());
  std::vector<uint8_t> all(nv.size());
  if (!nv.read(0, all) || !copy->write(0, all)) return nullptr;
  return copy;
}

}  // namespace

void LifeFigures::violation(const std::string& words) {
  ++violations;
  if (violation_words.size() < violation_words_max) violation_words.push_back(words);
}

ChipRun::ChipRun(LifeWorld& world, size_t index, const uicc::Hardware& chip, bool with_misuse)
    : world_(world),
      index_(index),
      chip_(chip),
      with_misuse_(with_misuse),
      short_code_(index % 3 == 1),
      entered_(world.lab.now()) {}

ChipRun::~ChipRun() {
  drop(handset_);
  drop(impostor_);
}

const char* ChipRun::stage_name() const {
  constexpr const char* names[] = {
      "begin",       "unsold",       "selling",          "forged",
      "first_logon", "using_it",     "copied",           "ordering_rekey",
      "rekeying",    "asking_reset", "confirming_reset", "after_reset",
      "reselling",   "second_logon", "checking",         "over",
      "stuck"};
  return names[static_cast<size_t>(stage_)];
}

void ChipRun::enter(Stage stage) {
  stage_ = stage;
  entered_ = world_.lab.now();
  hotline_checked_ = false;
}

void ChipRun::fail(const std::string& words) {
  world_.figures.violation(
      fmt::format("chip {} in stage {}: {}", iccid_.text(), stage_name(), words));
}

std::unique_ptr<network::Handset> ChipRun::make_handset(const uicc::Hardware& chip,
                                                        size_t network) {
  network::Handset::Settings settings;
  settings.imei = *Imei::parse(fmt::format("35000000{:06}0", index_ % 1'000'000));
  settings.rat = index_ % 4 == 3 ? network::Rat::gsm : network::Rat::umts;
  settings.retry_wait_first = milliseconds(500);
  settings.retry_wait_max = seconds(5);
  auto handset = std::make_unique<network::Handset>(
      settings, chip, world_.lab.network(network % world_.lab.networks()), world_.lab.now());
  world_.lab.add(*handset);
  return handset;
}

void ChipRun::drop(std::unique_ptr<network::Handset>& handset) {
  if (!handset) return;
  world_.lab.remove(*handset);
  handset.reset();
}

// A proprietary command (class 80) in blocks, its answer fetched whole. The card is the one in
// the dealer's reader, or in the handset.
Result<std::vector<uint8_t>> ChipRun::command(uint8_t ins, ByteView data) {
  const auto transmit = [&](ByteView apdu) {
    return reader_ ? reader_->transmit(apdu) : handset_->transmit(apdu);
  };
  std::vector<uint8_t> out;
  size_t offset = 0;
  uint8_t block = 0;
  uint8_t sw1 = 0, sw2 = 0;
  do {
    const size_t size = std::min(data.size() - offset, uicc::block_octets_max);
    const bool last = offset + size == data.size();
    std::vector<uint8_t> apdu = {0x80, ins, last ? uicc::block_last : uint8_t{0}, block++};
    if (data.empty()) {
      apdu[2] = 0;
      apdu.push_back(0);
    } else {
      apdu.push_back(static_cast<uint8_t>(size));
      apdu.insert(apdu.end(), data.begin() + static_cast<ptrdiff_t>(offset),
                  data.begin() + static_cast<ptrdiff_t>(offset + size));
    }
    offset += size;
    const ByteView answer = TRY(transmit(apdu));
    if (answer.size() < 2) return ErrorCode::bad_length;
    out.assign(answer.begin(), answer.end() - 2);
    sw1 = answer[answer.size() - 2];
    sw2 = answer[answer.size() - 1];
  } while (offset < data.size() && sw1 == 0x90);
  while (sw1 == 0x61) {
    const uint8_t get_response[] = {0x00, 0xc0, 0x00, 0x00, sw2};
    const ByteView answer = TRY(transmit(get_response));
    if (answer.size() < 2) return ErrorCode::bad_length;
    out.insert(out.end(), answer.begin(), answer.end() - 2);
    sw1 = answer[answer.size() - 2];
    sw2 = answer[answer.size() - 1];
  }
  // 91xx: done, and the chip has a proactive command for the terminal.
  if (sw1 != 0x90 && sw1 != 0x91) return ErrorCode::not_allowed;
  return out;
}

// In the dealer's reader the chip is asked; in a phone, whose terminal speaks with it, its memory
// is looked at, from a copy.
Result<uicc::ChipData> ChipRun::chip_data() {
  if (reader_) return uicc::parse_chip_data(TRY(command(uicc::chip_ins::get_chip_data, {})));
  const auto copy = copy_of(chip_.nv);
  if (!copy) return ErrorCode::io;
  uicc::NvStore store(*copy, chip_.seal_key);
  TRY(store.mount());
  ByteArray<personalisation::chip_record_octets_max> room;
  const auto record =
      TRY(personalisation::parse_record(TRY(store.read(uicc::nv_key::chip_record, room))));
  uicc::ChipData data;
  data.state = record.state;
  data.iccid = record.chip.iccid;
  data.ver = record.chip.ver;
  data.life = record.life;
  data.active_epoch = record.active.number;
  data.pending = record.pending.has_value();
  data.suites = record.suites;
  return data;
}

void ChipRun::begin_sale(uint32_t life, Stage next) {
  life_ = life;
  json::Value activation = json::Value::object();
  if (index_ % 3 == 0) {
    code_text_.clear();
    activation.set("kind", "none");
  } else {
    const ActivationCode code =
        short_code_ ? personalisation::make_short_code(world_.random, short_code_digits)
                    : personalisation::make_code_secret(world_.random);
    const auto text = write_code(code);
    code_text_ = text_of(text.view());
    activation.set("kind", short_code_ ? "short" : "secret128").set("code", code_text_);
  }
  json::Value body = json::Value::object({{"iccid", iccid_.text()},
                                          {"ver", hex_text(data_.ver)},
                                          {"life", life},
                                          {"contract", "lab" + world_.salt},
                                          {"msisdn", msisdn_.text()},
                                          {"activation", std::move(activation)}});
  world_.rest.post("/v1/signups", std::move(body), [this, next](const RestAnswer& answer) {
    if (answer.status / 100 != 2) {
      fail(fmt::format("sign-up answered {}: {}", answer.status, json::write(answer.body)));
      return enter(Stage::stuck);
    }
    order_ = answer.body.text_of("order");
    if (next == Stage::second_logon) {
      handset_ = make_handset(chip_, index_);
      handset_->customer.activation_code = code_text_;
      if (!handset_->switch_on()) fail("the chip is mute");
    } else {
      ++world_.figures.sold;
    }
    enter(next);
  });
}

// I7: before its release a chip reaches the security centre and nothing else.
void ChipRun::check_hotlined() {
  hotline_checked_ = true;
  const auto call = handset_->call(other_number);
  if (!call || *call != world_.centre_number.text()) fail("a hotlined call went elsewhere");
  if (handset_->send_text(*Msisdn::parse(other_number), "hello") !=
      terminal::SendOutcome::refused) {
    fail("a hotlined short message went out");
  }
  auto& network = world_.lab.network(index_ % world_.lab.networks());
  if (network.open_data_session(imsi_, "internet")) fail("a hotlined data session came up");
}

void ChipRun::check_free() {
  const auto call = handset_->call(other_number);
  if (!call || *call != other_number) fail("a released chip's call did not go through");
  if (handset_->send_text(*Msisdn::parse(other_number), "hello") !=
      terminal::SendOutcome::accepted) {
    fail("a released chip's short message was refused");
  }
}

void ChipRun::turn_logon(Stage next) {
  if (!handset_->registered()) return;
  auto& network = world_.lab.network(index_ % world_.lab.networks());
  if (!network.hotline(imsi_).empty()) {
    if (!hotline_checked_) check_hotlined();
    return;
  }
  const auto data = chip_data();
  if (!data || data->state != ChipState::personalised || data->pending) return;
  epoch_ = data->active_epoch;
  if (next == Stage::using_it) ++world_.figures.personalised;
  enter(next);
}

void ChipRun::turn_forged() {
  if (!impostor_) {
    ++world_.figures.misuse_tried;
    impostor_ = make_handset({*copy_, chip_.random, chip_.seal_key}, index_);
    // Of the right form, and of another order.
    const ActivationCode guess =
        short_code_ ? personalisation::make_short_code(world_.random, short_code_digits)
                    : personalisation::make_code_secret(world_.random);
    const auto guess_text = write_code(guess);
    impostor_->customer.activation_code = text_of(guess_text.view());
    impostor_->customer.code_entries_max = 1;
    if (!impostor_->switch_on()) fail("the forged chip is mute");
    imsi_ = impostor_->imsi();
    return;
  }
  // It may register (its Ki_1 is right), and that is all.
  if (!impostor_->displayed().empty() || world_.lab.now() - entered_ > world_.patience) {
    auto& network = world_.lab.network(index_ % world_.lab.networks());
    if (impostor_->registered() && network.hotline(imsi_).empty()) {
      fail("a forged chip without the code was released");
    } else {
      ++world_.figures.forged_refused;
    }
    drop(impostor_);
    handset_ = make_handset(chip_, index_);
    handset_->customer.activation_code = code_text_;
    if (!handset_->switch_on()) fail("the chip is mute");
    enter(Stage::first_logon);
  }
}

// Two first logons for one order freeze it (D12). An operator looks, and the customer whose chip it
// is gets a new code.
void ChipRun::look_if_frozen() {
  asked_frozen_ = true;
  world_.rest.get(fmt::format("/v1/chips/{}", iccid_.text()), [this](const RestAnswer& answer) {
    if (answer.body.text_of("state") != "frozen") {
      entered_ = world_.lab.now();
      asked_frozen_ = false;
      return;
    }
    ++world_.figures.frozen;
    const ActivationCode code =
        short_code_ ? personalisation::make_short_code(world_.random, short_code_digits)
                    : personalisation::make_code_secret(world_.random);
    const auto text = write_code(code);
    code_text_ = text_of(text.view());
    json::Value body =
        json::Value::object({{"kind", short_code_ ? "short" : "secret128"}, {"code", code_text_}});
    world_.rest.post(
        fmt::format("/v1/orders/{}/unfreeze", order_), std::move(body),
        [this](const RestAnswer& opened) {
          if (opened.status / 100 != 2) {
            fail(fmt::format("unfreeze answered {}: {}", opened.status, json::write(opened.body)));
          }
          drop(handset_);  // the customer switches off and on, with the new code
          entered_ = world_.lab.now();
        });
  });
}

void ChipRun::turn_copied() {
  if (!impostor_) {
    ++world_.figures.misuse_tried;
    impostor_ = make_handset({*copy_, chip_.random, chip_.seal_key}, index_ + 1);
    if (!impostor_->switch_on()) fail("the copied chip is mute");
    return;
  }
  const auto result = impostor_->last_attach();
  if (!result || *result == network::AttachResult::home_unreachable) return;
  if (*result == network::AttachResult::registered) {
    fail("a copy of a personalised chip registered");
  } else {
    ++world_.figures.copy_refused;
  }
  drop(impostor_);
  enter(Stage::ordering_rekey);
}

void ChipRun::turn_rekeying() {
  if (!handset_->registered()) return;
  auto& network = world_.lab.network(index_ % world_.lab.networks());
  if (!network.hotline(imsi_).empty()) return;
  const auto data = chip_data();
  if (!data || data->active_epoch <= epoch_ || data->pending) return;
  epoch_ = data->active_epoch;
  check_free();
  ++world_.figures.rekeyed;
  drop(handset_);
  enter(Stage::asking_reset);
}

// D12: the holder's own tries: an unsigned RESET, and rubbish. True when nothing happened.
bool ChipRun::try_foreign_resets() {
  const auto asked = command(uicc::chip_ins::reset_challenge, {});
  if (!asked) return false;
  const auto challenge = personalisation::parse_reset_challenge(*asked);
  if (!challenge) return false;
  personalisation::Reset reset;
  reset.iccid = challenge->iccid;
  reset.life = challenge->life;
  reset.authorisation = personalisation::OrderId(bytes_of("MYSELF"));
  reset.nonce_c = challenge->nonce_c;
  reset.signature.resize(personalisation::signature_octets(reset.suite));
  world_.random.fill(reset.signature.span());
  const auto answer = command(uicc::chip_ins::exchange, write_reset(reset));
  const auto after = chip_data();
  return (!answer || answer->empty()) && after && after->life == data_.life &&
         after->active_epoch == epoch_;
}

void ChipRun::dealer_asks_reset() {
  reader_ = std::make_unique<uicc::Card>(chip_);
  if (!reader_->reset()) return fail("the chip is mute in the reader");
  if (with_misuse_) {
    ++world_.figures.misuse_tried;
    if (try_foreign_resets()) {
      ++world_.figures.foreign_reset_refused;
    } else {
      fail("a reset that nobody authorised had an effect");
    }
  }
  const auto challenge = command(uicc::chip_ins::reset_challenge, {});
  if (!challenge) return fail("no reset challenge");
  enter(Stage::confirming_reset);
  world_.rest.post(fmt::format("/v1/chips/{}/reset", iccid_.text()),
                   json::Value::object().set("challenge", hex_text(*challenge)),
                   [this](const RestAnswer& answer) { dealer_resets(answer); });
}

void ChipRun::dealer_resets(const RestAnswer& answer) {
  std::vector<uint8_t> room(personalisation::message_octets_max);
  const auto reset = parse_hex(answer.body.text_of("command"), room);
  const auto receipt = answer.status / 100 == 2 && reset
                           ? command(uicc::chip_ins::exchange, *reset)
                           : Result<std::vector<uint8_t>>(ErrorCode::not_allowed);
  if (!receipt) {
    fail(fmt::format("reset answered {}: {}", answer.status, json::write(answer.body)));
    return enter(Stage::stuck);
  }
  world_.rest.post(fmt::format("/v1/chips/{}/reset/confirm", iccid_.text()),
                   json::Value::object().set("receipt", hex_text(*receipt)),
                   [this](const RestAnswer& confirmed) {
                     const auto data = chip_data();
                     reader_.reset();
                     if (confirmed.status / 100 != 2 || !data || data->life != life_ + 1) {
                       fail(fmt::format("reset confirmation answered {}: {}", confirmed.status,
                                        json::write(confirmed.body)));
                       return enter(Stage::stuck);
                     }
                     ++world_.figures.reset;
                     enter(with_misuse_ ? Stage::after_reset : Stage::reselling);
                     if (stage_ == Stage::reselling) begin_sale(life_ + 1, Stage::second_logon);
                   });
}

// Long: one case for each stage of the life, in their order.
void ChipRun::turn() {
  const Instant now = world_.lab.now();
  if (over() || now < look_again_) return;
  look_again_ = now + look_wait;
  const bool waits_for_rest = stage_ == Stage::selling || stage_ == Stage::confirming_reset ||
                              stage_ == Stage::reselling || stage_ == Stage::checking;
  if (now - entered_ > world_.patience && !waits_for_rest && stage_ != Stage::forged) {
    fail("stuck");
    return enter(Stage::stuck);
  }
  switch (stage_) {
    case Stage::begin: {
      reader_ = std::make_unique<uicc::Card>(chip_);
      const auto data = reader_->reset() ? chip_data() : Result<uicc::ChipData>(ErrorCode::closed);
      reader_.reset();
      if (!data || data->state != ChipState::pre_personalised) {
        fail("the factory's chip is not pre-personalised");
        return enter(Stage::stuck);
      }
      data_ = *data;
      iccid_ = data->iccid;
      msisdn_ = *Msisdn::parse(fmt::format("49170{:08}", index_));
      ++world_.figures.made;
      if (with_misuse_) {
        copy_ = copy_of(chip_.nv);
        ++world_.figures.misuse_tried;
        handset_ = make_handset(chip_, index_);
        if (!handset_->switch_on()) fail("the chip is mute");
        return enter(Stage::unsold);
      }
      enter(Stage::selling);
      return begin_sale(0, Stage::first_logon);
    }
    case Stage::unsold: {
      const auto result = handset_->last_attach();
      if (!result || *result == network::AttachResult::home_unreachable) return;
      if (*result == network::AttachResult::unknown_at_home) {
        ++world_.figures.unsold_refused;
      } else {
        fail("an unsold chip was not refused");
      }
      drop(handset_);
      enter(Stage::selling);
      const bool coded = index_ % 3 != 0;
      return begin_sale(0, coded ? Stage::forged : Stage::first_logon);
    }
    case Stage::forged: return turn_forged();
    case Stage::first_logon:
      if (!handset_) {
        handset_ = make_handset(chip_, index_);
        handset_->customer.activation_code = code_text_;
        if (!handset_->switch_on()) fail("the chip is mute");
      }
      imsi_ = handset_->imsi();
      if (with_misuse_ && !asked_frozen_ && now - entered_ > frozen_look_wait) look_if_frozen();
      return turn_logon(Stage::using_it);
    case Stage::using_it:
      if (!handset_->registered()) return;  // between two attempts, after a lost link
      check_free();
      ++world_.figures.used;
      return enter(with_misuse_ ? Stage::copied : Stage::ordering_rekey);
    case Stage::copied: return turn_copied();
    case Stage::ordering_rekey:
      enter(Stage::rekeying);
      return world_.rest.post(
          fmt::format("/v1/chips/{}/rekey", iccid_.text()), json::Value::object(),
          [this](const RestAnswer& answer) {
            if (answer.status / 100 == 2) return;
            fail(fmt::format("rekey answered {}: {}", answer.status, json::write(answer.body)));
            enter(Stage::stuck);
          });
    case Stage::rekeying: return turn_rekeying();
    case Stage::asking_reset: return dealer_asks_reset();
    case Stage::after_reset: {
      if (!handset_) {
        ++world_.figures.misuse_tried;
        handset_ = make_handset(chip_, index_);
        if (!handset_->switch_on()) fail("the chip is mute");
        return;
      }
      const auto result = handset_->last_attach();
      if (!result || *result == network::AttachResult::home_unreachable) return;
      if (*result == network::AttachResult::unknown_at_home) {
        ++world_.figures.after_reset_refused;
      } else {
        fail("a chip that was reset registered without a contract");
      }
      drop(handset_);
      enter(Stage::reselling);
      return begin_sale(life_ + 1, Stage::second_logon);
    }
    case Stage::second_logon: {
      turn_logon(Stage::checking);
      if (stage_ != Stage::checking) return;
      return world_.rest.get(
          fmt::format("/v1/chips/{}", iccid_.text()), [this](const RestAnswer& answer) {
            const bool agrees = answer.body.text_of("state") == "personalised" &&
                                answer.body.integer_of("key_epoch") == int64_t{epoch_} &&
                                answer.body.integer_of("life") == int64_t{life_};
            if (!agrees) fail("the server says " + json::write(answer.body));
            ++world_.figures.resold;
            drop(handset_);
            enter(Stage::over);
          });
    }
    case Stage::selling:
    case Stage::confirming_reset:
    case Stage::reselling:
    case Stage::checking:
    case Stage::over:
    case Stage::stuck: return;
  }
}

}  // namespace simurgh::lab
