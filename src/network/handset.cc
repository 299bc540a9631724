#include "network/handset.h"

#include <utility>

#include "formats/sms/gsm7.h"
#include "formats/sms/tpdu.h"

namespace simurgh::network {

Handset::Handset(const Settings& settings, const uicc::Hardware& chip, VisitedNetwork& network,
                 const Instant& now, PacketNetwork* packets)
    : settings_(settings),
      card_(chip),
      network_(&network),
      packets_(packets),
      terminal_(*this, *this, *this, settings.imei, packets == nullptr ? nullptr : this),
      now_(now),
      retry_wait_(settings.retry_wait_first) {}

Handset::~Handset() {
  switch_off();
}

Result<void> Handset::switch_on() {
  pin_typed_ = false;
  if (const auto on = terminal_.power_on(now_); !on) {
    card_.power_off();
    return on.error();
  }
  retry_wait_ = settings_.retry_wait_first;
  attach_at_ = now_;
  return {};
}

void Handset::switch_off() {
  if (!attached_imsi_.empty()) network_->detach(attached_imsi_);
  attached_imsi_ = {};
  attaching_ = false;
  attach_at_ = Instant::never();
  terminal_.power_off();
  card_.power_off();
}

void Handset::move_to(VisitedNetwork& network) {
  if (!attached_imsi_.empty()) network_->detach(attached_imsi_);
  attached_imsi_ = {};
  attaching_ = false;
  network_ = &network;
  if (on()) attach_at_ = now_;
}

void Handset::begin_attach() {
  attach_at_ = Instant::never();
  if (terminal_.imsi().empty()) return;  // a chip without identity registers nowhere
  if (!attached_imsi_.empty() && attached_imsi_ != terminal_.imsi()) {
    network_->detach(attached_imsi_);
  }
  attached_imsi_ = terminal_.imsi();
  attaching_ = true;
  ++attach_attempts_;
  network_->attach(*this, attached_imsi_, settings_.rat, now_);
}

void Handset::on_time() {
  if (!on()) return;
  if (attach_at_ <= now_ && !attaching_) {
    // Until the attempt succeeds the phone has no service, and says so to the card.
    if (last_attach_ == AttachResult::registered &&
        !terminal_.on_location(terminal::LocationStatus::limited, terminal::Location{}, now_)) {
      return switch_off();
    }
    begin_attach();
  }
  if (terminal_.next_deadline() <= now_) {
    if (const auto ticked = terminal_.on_time(now_); !ticked) switch_off();
  }
}

Instant Handset::next_deadline() const {
  if (!on()) return Instant::never();
  const Instant attach = attaching_ ? Instant::never() : attach_at_;
  return earlier(attach, terminal_.next_deadline());
}

bool Handset::registered() const {
  return on() && !attached_imsi_.empty() && network_->registered(attached_imsi_);
}

void Handset::on_attached(AttachResult result) {
  attaching_ = false;
  last_attach_ = result;
  if (!on()) return;
  if (result == AttachResult::registered) {
    retry_wait_ = settings_.retry_wait_first;
    const auto told = terminal_.on_location(terminal::LocationStatus::normal,
                                            terminal::Location{"90170", 1, 1}, now_);
    if (!told) switch_off();
    return;
  }
  if (result == AttachResult::cancelled) {
    attach_at_ = now_ + settings_.reattach_wait;
    return;
  }
  attach_at_ = now_ + retry_wait_;
  retry_wait_ = std::min(retry_wait_ * 2, settings_.retry_wait_max);
}

void Handset::on_cancelled() {
  attach_at_ = now_ + settings_.reattach_wait;
}

template <typename T>
Result<T> Handset::dead_if_closed(Result<T> result) {
  if (!result && result.error().code == ErrorCode::closed) card_.power_off();
  return result;
}

Result<terminal::Authentication> Handset::challenge(const ByteArray<16>& rand,
                                                    const ByteArray<16>& autn) {
  return dead_if_closed(terminal_.authenticate(rand, autn, now_));
}

Result<terminal::GsmAuthentication> Handset::challenge_2g(const ByteArray<16>& rand) {
  return dead_if_closed(terminal_.authenticate_2g(rand, now_));
}

Result<terminal::DeliverOutcome> Handset::deliver(ByteView deliver_tpdu) {
  return dead_if_closed(terminal_.on_short_message(terminal_.service_centre(), deliver_tpdu, now_));
}

Result<std::string> Handset::call(std::string_view digits) {
  return network_->originate_call(attached_imsi_, digits);
}

terminal::SendOutcome Handset::send_text(const Msisdn& to, std::string_view text) {
  ByteArray<sms::user_data_septets_max> septets;
  ByteArray<sms::user_data_octets_max> packed;
  const auto letters = sms::septets_of_text(text, septets);
  if (!letters) return terminal::SendOutcome::refused;
  const auto octets = sms::pack_septets(*letters, 0, packed);
  if (!octets) return terminal::SendOutcome::refused;
  sms::Submit submit;
  submit.message_reference = ++message_reference_;
  submit.destination = sms::Address::of_msisdn(to);
  submit.user_data = {static_cast<uint8_t>(letters->size()), *octets};
  ByteArray<sms::tpdu_octets_max> room;
  const auto tpdu = write_submit(submit, room);
  if (!tpdu) return terminal::SendOutcome::refused;
  return network_->originate_message(attached_imsi_, *tpdu);
}

Result<ByteView> Handset::transmit(ByteView command) {
  return card_.transmit(command);
}
Result<ByteView> Handset::reset() {
  return card_.reset();
}
void Handset::power_off() {
  card_.power_off();
}

terminal::SendOutcome Handset::send_short_message(std::string_view, ByteView submit) {
  if (attached_imsi_.empty()) return terminal::SendOutcome::network_unable;
  return network_->originate_message(attached_imsi_, submit);
}

bool Handset::set_up_call(std::string_view digits) {
  return call(digits).has_value();
}

void Handset::refreshed(terminal::Refresh what) {
  if (what != terminal::Refresh::files_changed) attach_at_ = now_ + settings_.reattach_wait;
}

// --- packet data ------------------------------------------------------------------------------

terminal::DataOpening Handset::open(uint8_t channel, const terminal::DataDestination& to) {
  if (attached_imsi_.empty()) return terminal::DataOpening::network_refused;
  const auto granted = network_->open_data_session(attached_imsi_, to.access_point);
  if (!granted) return terminal::DataOpening::network_refused;
  return packets_->open(*this, channel, {*granted, to.address, to.port});
}

Result<void> Handset::send(uint8_t channel, ByteView bytes) {
  return packets_->send(*this, channel, bytes);
}

Result<size_t> Handset::receive(uint8_t channel, MutableByteView out) {
  return packets_->receive(*this, channel, out);
}

void Handset::close(uint8_t channel) {
  packets_->close(*this, channel);
}

void Handset::on_data_opened(uint8_t channel, bool reached) {
  if (!terminal_.on_data_opened(channel, reached, now_)) switch_off();
}

void Handset::on_data_ready(uint8_t channel) {
  if (!terminal_.on_data_ready(channel, now_)) switch_off();
}

terminal::Answer Handset::ask(const terminal::Question& question) {
  using Kind = terminal::Answer::Kind;
  // A question that a PIN fits is about the new PIN; the code is longer.
  const bool about_pin =
      question.length_max <= 8 && question.digits_only && question.length_min <= 4;
  if (about_pin) {
    if (customer.new_pin.empty()) return {Kind::cancelled, ""};
    const bool repetition = pin_entries_++ % 2 == 1;
    if (!repetition || customer.pin_slips == 0) return {Kind::text, customer.new_pin};
    --customer.pin_slips;
    std::string slip = customer.new_pin;
    slip.back() = slip.back() == '9' ? '0' : static_cast<char>(slip.back() + 1);
    return {Kind::text, slip};
  }
  if (customer.activation_code.empty() || code_entries_ >= customer.code_entries_max) {
    return {Kind::cancelled, ""};
  }
  const bool wrong = code_entries_++ == 0 && !customer.wrong_code.empty();
  return {Kind::text, wrong ? customer.wrong_code : customer.activation_code};
}

void Handset::show(std::string_view) {}  // the terminal keeps the log of texts

// A card whose power went inside VERIFY has lost that try, so few tries left need not mean a wrong
// PIN: the customer types what he knows. But he does not block the card with what it refused.
std::string Handset::pin(int tries_left) {
  if (tries_left <= 1 && customer.pin == refused_pin_) return {};
  if (std::exchange(pin_typed_, true)) {
    refused_pin_ = customer.pin;
    return {};
  }
  return customer.pin;
}

}  // namespace simurgh::network
