#include "apps/simurgh-lab/chip_run.h"

#include <fmt/format.h>

#include "apps/simurgh-lab/opening.h"
#include "base/hex.h"

namespace simurgh::lab {

namespace {

using personalisation::ActivationCode;
using personalisation::ChipState;

constexpr size_t short_code_digits = 8;

std::string hex_text(ByteView bytes) {
  std::string out(bytes.size() * 2, '0');
  write_hex(bytes, out);
  return out;
}

std::string text_of_code(const ActivationCode& code) {
  const auto text = write_code(code);
  return std::string(text_of(text.view()));
}

}  // namespace

ChipRun::ChipRun(LifeWorld& world, size_t index, const uicc::Hardware& chip, bool with_misuse)
    : world_(world),
      index_(index),
      chip_(chip),
      with_misuse_(with_misuse),
      entered_(world.lab.now()) {}

ChipRun::~ChipRun() {
  drop(handset_);
  drop(impostor_);
}

const char* ChipRun::stage_name() const {
  constexpr const char* names[] = {"begin",       "unsold",      "selling",      "forged",
                                   "first_logon", "first_use",   "copied",       "ordering_rekey",
                                   "rekeying",    "rekeyed_use", "asking_reset", "confirming_reset",
                                   "after_reset", "reselling",   "second_logon", "second_use",
                                   "checking",    "over",        "stuck"};
  static_assert(std::size(names) == static_cast<size_t>(Stage::stuck) + 1);
  return names[static_cast<size_t>(stage_)];
}

void ChipRun::enter(Stage stage) {
  stage_ = stage;
  entered_ = world_.lab.now();
  hotline_checked_ = false;
}

void ChipRun::fail(const std::string& words) {
  world_.figures.violation(fmt::format("chip {} ({}) in stage {}: {}", iccid_.text(),
                                       chip_kinds[kind_of(index_)].profile, stage_name(), words));
}

void ChipRun::fail_answer(const char* what, const RestAnswer& answer) {
  fail(fmt::format("{} answered {}: {}", what, answer.status, answer.text));
  enter(Stage::stuck);
}

// Says what chip and phone are at; what the server says is in its own answers.
void ChipRun::get_stuck() {
  const auto chip = look();
  std::string words = "stuck";
  if (chip) {
    words +=
        fmt::format("; the chip is in life {} with key {}{}", chip->record.life,
                    chip->record.active.number, chip->record.pending ? " and a prepared one" : "");
  }
  if (handset_) {
    const auto attach = handset_->last_attach();
    words += fmt::format("; last attach {}", attach ? network::name_of(*attach) : "none");
    if (!handset_->displayed().empty()) {
      words += fmt::format("; its display says \"{}\"", handset_->displayed().back());
    }
  }
  fail(words);
  enter(Stage::stuck);
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

network::VisitedNetwork& ChipRun::home_network() {
  return world_.lab.network(index_ % world_.lab.networks());
}

// The customer takes the phone in his hand.
void ChipRun::switch_on() {
  drop(handset_);
  handset_ = make_handset(chip_, index_);
  handset_->customer.activation_code = code_text_;
  handset_->customer.wrong_code = wrong_code_text_;
  handset_->customer.pin = pin_;
  handset_->customer.new_pin = new_pin_;
  handset_->customer.pin_slips = pin_choice_of(index_) == PinChoice::slips ? 1 : 0;
  if (!handset_->switch_on()) fail("the chip is mute, or refuses its PIN");
  imsi_ = handset_->imsi();
}

ActivationCode ChipRun::new_code() {
  switch (code_of(index_)) {
    case Code::none: return {};
    case Code::short_code:
      return personalisation::make_short_code(world_.random, short_code_digits);
    case Code::secret: return personalisation::make_code_secret(world_.random);
  }
  return {};
}

void ChipRun::turn_begin() {
  const auto chip = look();
  if (!chip || chip->record.state != ChipState::pre_personalised) {
    fail("the factory's chip is not pre-personalised");
    return enter(Stage::stuck);
  }
  iccid_ = chip->record.chip.iccid;
  ver_ = chip->record.chip.ver;
  msisdn_ = *Msisdn::parse(fmt::format("49170{:08}", index_));
  ++world_.figures.made;
  if (!with_misuse_) {
    enter(Stage::selling);
    return begin_sale(0, Stage::first_logon);
  }
  copy_ = copy_of(chip_.nv);
  ++world_.figures.misuse_tried;
  switch_on();
  enter(Stage::unsold);
}

// A chip that is not under contract must be refused (D4, D12), then it is sold.
void ChipRun::turn_unsold(uint64_t& refused, Stage next_stage, uint32_t life, Stage next) {
  using network::AttachResult;
  const auto result = handset_->last_attach();
  if (!result || *result == AttachResult::home_unreachable) return;
  // Another's HLR hears of a removal some time later, and until then has the old key.
  const bool old_key =
      !world_.hotlining && life > 0 && *result == AttachResult::authentication_failed;
  if (*result == AttachResult::unknown_at_home || old_key) {
    ++refused;
  } else {
    fail(fmt::format("a chip that is not sold was not refused: {}", network::name_of(*result)));
  }
  drop(handset_);
  enter(next_stage);
  begin_sale(life, next);
}

void ChipRun::begin_sale(uint32_t life, Stage next) {
  life_ = life;
  pin_ = "0000";
  new_pin_.clear();
  // Four to eight digits, others in the second life.
  if (pin_choice_of(index_) != PinChoice::declines) {
    const auto length = static_cast<int>(4 + (index_ + life) % 5);
    new_pin_ = fmt::format("{:0{}}", 1000 + (index_ * 7 + life) % 9000, length);
  }
  const Code kind = code_of(index_);
  json::Value activation = json::Value::object();
  code_text_.clear();
  wrong_code_text_.clear();
  if (kind == Code::none) {
    activation.set("kind", "none");
  } else {
    code_text_ = text_of_code(new_code());
    if (types_wrong_code(index_)) wrong_code_text_ = text_of_code(new_code());
    activation.set("kind", kind == Code::short_code ? "short" : "secret128");
    activation.set("code", code_text_);
  }
  json::Value body = json::Value::object({{"iccid", iccid_.text()},
                                          {"ver", hex_text(ver_)},
                                          {"life", life},
                                          {"contract", Opening::contract},
                                          {"msisdn", msisdn_.text()},
                                          {"activation", std::move(activation)}});
  if (order_wants_server_made_key(index_)) body.set("server_made_key", true);
  world_.dealer.post("/v1/signups", std::move(body), [this, next](const RestAnswer& answer) {
    if (answer.status / 100 != 2) return fail_answer("the sign-up", answer);
    order_ = answer.body.text_of("order");
    if (next != Stage::second_logon) ++world_.figures.sold;
    if (next != Stage::forged) switch_on();
    enter(next);
  });
}

void ChipRun::turn_logon(Stage next) {
  if (with_misuse_ && life_ == 0) look_if_frozen(world_.lab.now());
  if (!handset_ || !handset_->registered()) return;
  if (!home_network().hotline(imsi_).empty()) {
    if (!hotline_checked_) check_hotlined();
    return;
  }
  const auto chip = look();
  if (!chip || chip->record.state != ChipState::personalised || chip->record.pending) return;
  if (!check_customer()) return;
  epoch_ = chip->record.active.number;
  world_.ledger.personalised(iccid_, life_, epoch_);
  if (life_ == 0) ++world_.figures.personalised;
  // Another's HLR leaves the chip registered: a new start shows that it has the new key.
  if (!world_.hotlining) switch_on();
  enter(next);
}

void ChipRun::turn_use(Stage next) {
  if (!handset_->registered()) return;  // between two attempts, after a lost link
  check_free();
  if (stage_ == Stage::first_use) ++world_.figures.used;
  if (stage_ == Stage::rekeyed_use) {
    ++world_.figures.rekeyed;
    drop(handset_);
  }
  enter(next);
  if (next == Stage::checking) check_end();
}

void ChipRun::order_rekey() {
  enter(Stage::rekeying);
  world_.desk.post(fmt::format("/v1/chips/{}/rekey", iccid_.text()), json::Value::object(),
                   [this](const RestAnswer& answer) {
                     if (answer.status / 100 != 2) fail_answer("rekey", answer);
                   });
}

void ChipRun::turn_rekeying() {
  if (!handset_->registered() || !home_network().hotline(imsi_).empty()) return;
  const auto chip = look();
  if (!chip || chip->record.active.number <= epoch_ || chip->record.pending) return;
  epoch_ = chip->record.active.number;
  world_.ledger.rekeyed(iccid_, life_, epoch_);
  if (!takes_pin(chip_, pin_)) fail("re-keying has changed the PIN");
  if (!world_.hotlining) switch_on();
  enter(Stage::rekeyed_use);
}

void ChipRun::dealer_asks_reset() {
  reader_ = std::make_unique<uicc::Card>(chip_);
  if (!reader_->reset()) return fail("the chip is mute in the reader");
  if (with_misuse_) {
    ++world_.figures.misuse_tried;
    if (try_foreign_reset()) {
      ++world_.figures.foreign_reset_refused;
    } else {
      fail("a reset that nobody authorised had an effect");
    }
  }
  const auto challenge = run_command(*reader_, uicc::chip_ins::reset_challenge, {});
  if (!challenge) return fail("no reset challenge");
  enter(Stage::confirming_reset);
  world_.dealer.post(fmt::format("/v1/chips/{}/reset", iccid_.text()),
                     json::Value::object({{"challenge", hex_text(*challenge)}}),
                     [this](const RestAnswer& answer) { dealer_resets(answer); });
}

void ChipRun::dealer_resets(const RestAnswer& answer) {
  std::vector<uint8_t> room(personalisation::message_octets_max);
  const auto reset = parse_hex(answer.body.text_of("command"), room);
  const auto receipt = answer.status / 100 == 2 && reset
                           ? run_command(*reader_, uicc::chip_ins::exchange, *reset)
                           : Result<std::vector<uint8_t>>(ErrorCode::not_allowed);
  reader_.reset();
  if (!receipt) return fail_answer("reset", answer);
  world_.dealer.post(fmt::format("/v1/chips/{}/reset/confirm", iccid_.text()),
                     json::Value::object({{"receipt", hex_text(*receipt)}}),
                     [this](const RestAnswer& confirmed) { dealer_confirms(confirmed); });
}

void ChipRun::dealer_confirms(const RestAnswer& answer) {
  const auto chip = look();
  if (answer.status / 100 != 2 || !chip || chip->record.life != life_ + 1) {
    return fail_answer("reset confirmation", answer);
  }
  // As new: PIN 0000, and no key of the life before (D10).
  if (chip->record.state != ChipState::pre_personalised || !takes_pin(chip_, "0000")) {
    fail("a chip that was reset is not as new");
  }
  ++world_.figures.reset;
  if (!with_misuse_) {
    enter(Stage::reselling);
    return begin_sale(life_ + 1, Stage::second_logon);
  }
  ++world_.figures.misuse_tried;
  pin_ = "0000";
  switch_on();
  enter(Stage::after_reset);
}

void ChipRun::check_end() {
  drop(handset_);
  world_.desk.get(fmt::format("/v1/chips/{}", iccid_.text()), [this](const RestAnswer& answer) {
    const bool agrees = answer.body.text_of("state") == "personalised" &&
                        answer.body.integer_of("key_epoch") == int64_t{epoch_} &&
                        answer.body.integer_of("life") == int64_t{life_};
    if (!agrees) return fail_answer("the chip's row", answer);
    LifeFigures& figures = world_.figures;
    ++figures.resold;
    ++figures.by_kind[kind_of(index_)];
    ++figures.by_code[static_cast<size_t>(code_of(index_))];
    if (chip_kinds[kind_of(index_)].server_made_key || order_wants_server_made_key(index_)) {
      ++figures.server_made_keys;
    }
    enter(Stage::over);
  });
}

// One case for each stage of the life, in their order.
void ChipRun::turn() {
  const Instant now = world_.lab.now();
  if (over() || now < look_again_) return;
  look_again_ = now + world_.look_wait;
  const bool waits_for_rest = stage_ == Stage::selling || stage_ == Stage::confirming_reset ||
                              stage_ == Stage::reselling || stage_ == Stage::checking;
  if (now - entered_ > world_.patience && !waits_for_rest && stage_ != Stage::forged) {
    return get_stuck();
  }
  switch (stage_) {
    case Stage::begin: return turn_begin();
    case Stage::unsold:
      return turn_unsold(world_.figures.unsold_refused, Stage::selling, 0,
                         code_of(index_) != Code::none ? Stage::forged : Stage::first_logon);
    case Stage::forged: return turn_forged();
    case Stage::first_logon: return turn_logon(Stage::first_use);
    case Stage::first_use: return turn_use(with_misuse_ ? Stage::copied : Stage::ordering_rekey);
    case Stage::copied: return turn_copied();
    case Stage::ordering_rekey: return order_rekey();
    case Stage::rekeying: return turn_rekeying();
    case Stage::rekeyed_use: return turn_use(Stage::asking_reset);
    case Stage::asking_reset: return dealer_asks_reset();
    case Stage::after_reset:
      return turn_unsold(world_.figures.after_reset_refused, Stage::reselling, life_ + 1,
                         Stage::second_logon);
    case Stage::second_logon: return turn_logon(Stage::second_use);
    case Stage::second_use: return turn_use(Stage::checking);
    case Stage::selling:
    case Stage::confirming_reset:
    case Stage::reselling:
    case Stage::checking:
    case Stage::over:
    case Stage::stuck: return;
  }
}

}  // namespace simurgh::lab
