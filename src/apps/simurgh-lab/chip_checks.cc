// What must and must not be possible on a chip's way (D6, D8, D12, invariant I7).
#include <fmt/format.h>

#include <algorithm>

#include "apps/simurgh-lab/chip_run.h"

namespace simurgh::lab {

namespace {

using personalisation::ChipState;

constexpr std::string_view other_number = "4989123456";
constexpr Duration frozen_look_wait = seconds(3);

// What the chip shows its customer (uicc/applet.cc), as he reads it.
constexpr std::string_view text_activated = "Your card is activated.";
constexpr std::string_view text_code_wrong = "The activation code is not right.";
constexpr std::string_view text_code_given_up = "Not activated. Switch off and on to try again.";
constexpr std::string_view text_pin_set = "The PIN was changed.";
constexpr std::string_view text_pin_kept = "The PIN was not changed.";
constexpr std::string_view text_pins_differ = "The PINs differ.";

bool shows(const network::Handset& handset, std::string_view text) {
  return std::ranges::find(handset.displayed(), text) != handset.displayed().end();
}

}  // namespace

// I7: before its release a chip reaches the security centre and nothing else.
void ChipRun::check_hotlined() {
  hotline_checked_ = true;
  const auto call = handset_->call(other_number);
  if (!call || *call != world_.centre_number.text()) fail("a hotlined call went elsewhere");
  if (handset_->send_text(*Msisdn::parse(other_number), "hello") !=
      terminal::SendOutcome::refused) {
    fail("a hotlined short message went out");
  }
  if (home_network().open_data_session(imsi_, "internet")) {
    fail("a hotlined data session came up");
  }
}

void ChipRun::check_free() {
  const auto call = handset_->call(other_number);
  if (!call || *call != other_number) fail("a released chip's call did not go through");
  if (handset_->send_text(*Msisdn::parse(other_number), "hello") !=
      terminal::SendOutcome::accepted) {
    fail("a released chip's short message was refused");
  }
}

bool ChipRun::was_told(std::string_view text) const {
  return shows(*handset_, text);
}

// D8: the customer was told, and the PIN that he has chosen is in force. False while the chip has
// not said it yet; a chip that never does is stuck.
bool ChipRun::check_customer() {
  LifeFigures& figures = world_.figures;
  const bool chooses = !new_pin_.empty();
  const bool slips = chooses && pin_choice_of(index_) == PinChoice::slips;
  if (!was_told(text_activated)) return false;
  if (!was_told(chooses ? text_pin_set : text_pin_kept)) return false;
  if (slips && !was_told(text_pins_differ)) fail("a wrong repetition of the PIN was not told");
  if (!wrong_code_text_.empty()) {
    if (!was_told(text_code_wrong)) fail("a wrong code was not told");
    ++figures.wrong_codes_typed;
  }
  if (chooses) {
    if (!takes_pin(chip_, new_pin_)) fail("the new PIN is not in force");
    if (takes_pin(chip_, pin_)) fail("the old PIN still opens the chip");
    pin_ = new_pin_;
    ++figures.pins_chosen;
    if (slips) ++figures.pin_slips;
  } else {
    if (!takes_pin(chip_, pin_)) fail("the PIN was changed, and nobody chose one");
    ++figures.pins_kept;
  }
  new_pin_.clear();
  wrong_code_text_.clear();
  return true;
}

void ChipRun::turn_forged() {
  if (!impostor_) {
    ++world_.figures.misuse_tried;
    impostor_ = make_handset({*copy_, chip_.random, chip_.seal_key}, index_);
    // Of the right form, and of another order.
    const auto guess_text = write_code(new_code());
    impostor_->customer.activation_code = text_of(guess_text.view());
    impostor_->customer.code_entries_max = 1;
    if (!impostor_->switch_on()) fail("the forged chip is mute");
    imsi_ = impostor_->imsi();
    return;
  }
  // It may register (its Ki_1 is right), and that is all.
  const bool out_of_patience = world_.lab.now() - entered_ > world_.patience;
  if (impostor_->displayed().empty() && !out_of_patience) return;
  const auto forged = uicc::inspect_chip(*copy_, chip_.seal_key);
  const bool released =
      world_.hotlining && impostor_->registered() && home_network().hotline(imsi_).empty();
  if (released || !forged || forged->record.state != ChipState::pre_personalised) {
    fail("a forged chip without the code was released");
  } else if (!out_of_patience && !shows(*impostor_, text_code_wrong) &&
             !shows(*impostor_, text_code_given_up)) {
    fail("a forged chip's user was not told that it failed");
  } else {
    ++world_.figures.forged_refused;
  }
  drop(impostor_);
  switch_on();
  enter(Stage::first_logon);
}

// Two first logons for one order freeze it (D12). An operator looks, and the customer whose chip it
// is gets a new code.
void ChipRun::look_if_frozen(Instant now) {
  if (look_if_frozen_at_.ms == 0) look_if_frozen_at_ = now + frozen_look_wait;
  if (now < look_if_frozen_at_) return;
  look_if_frozen_at_ = now + frozen_look_wait;
  world_.desk.get(fmt::format("/v1/chips/{}", iccid_.text()), [this](const RestAnswer& answer) {
    if (stage_ == Stage::first_logon && answer.body.text_of("state") == "frozen") unfreeze();
  });
}

void ChipRun::unfreeze() {
  look_if_frozen_at_ = Instant::never();
  ++world_.figures.frozen;
  const auto text = write_code(new_code());
  code_text_ = text_of(text.view());
  const char* kind = code_of(index_) == Code::short_code ? "short" : "secret128";
  world_.desk.post(fmt::format("/v1/orders/{}/unfreeze", order_),
                   json::Value::object({{"kind", kind}, {"code", code_text_}}),
                   [this](const RestAnswer& opened) {
                     if (opened.status / 100 != 2) return fail_answer("unfreeze", opened);
                     switch_on();  // the customer switches off and on, with the new code
                     enter(Stage::first_logon);
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

// D12: the holder's own try, a RESET that the centre has not signed. True when nothing happened.
bool ChipRun::try_foreign_reset() {
  const auto asked = run_command(*reader_, uicc::chip_ins::reset_challenge, {});
  if (!asked) return false;
  const auto challenge = personalisation::parse_reset_challenge(*asked);
  if (!challenge) return false;
  personalisation::Reset reset;
  reset.iccid = challenge->iccid;
  reset.life = challenge->life;
  // The strongest suite that the chip says it has: a RESET in it is looked at.
  const auto suite = strongest_common(challenge->suites, challenge->suites);
  if (!suite) return false;
  reset.suite = *suite;
  reset.authorisation = personalisation::OrderId(bytes_of("MYSELF"));
  reset.nonce_c = challenge->nonce_c;
  reset.signature.resize(personalisation::signature_octets(reset.suite));
  world_.random.fill(reset.signature.span());
  const auto answer = run_command(*reader_, uicc::chip_ins::exchange, write_reset(reset));
  const auto after = look();
  return (!answer || answer->empty()) && after && after->record.life == life_ &&
         after->record.active.number == epoch_;
}

}  // namespace simurgh::lab
