#include "uicc/applet.h"

#include <algorithm>

#include "conversations/personalisation/short_message_bearer.h"
#include "formats/secured_packet/command_packet.h"
#include "formats/sms/gsm7.h"
#include "uicc/nv_keys.h"
#include "uicc/poll_schedule.h"

namespace simurgh::uicc {
namespace {

using personalisation::ChipEvent;
using personalisation::ChipRecord;
using personalisation::ChipState;
using personalisation::ChipStep;
using personalisation::CodeKind;
using personalisation::Message;
using personalisation::RequestReason;

constexpr std::string_view text_ask_code = "Activation code:";
constexpr std::string_view text_ask_code_secret = "Activation code (QR text):";
constexpr std::string_view text_code_wrong = "The activation code is not right.";
constexpr std::string_view text_code_given_up = "Not activated. Switch off and on to try again.";
constexpr std::string_view text_success = "Your card is activated.";
constexpr std::string_view text_no_answer = "Activation failed: no answer. It will be tried again.";
constexpr std::string_view text_ask_pin = "Choose a new PIN:";
constexpr std::string_view text_ask_pin_again = "New PIN again:";
constexpr std::string_view text_pins_differ = "The PINs differ.";
constexpr std::string_view text_pin_set = "The PIN was changed.";
constexpr std::string_view text_pin_kept = "The PIN was not changed.";

// Waits after the n-th REQUEST of a logon, for the centre's first message.
constexpr uint32_t request_waits_s[PersonalisationApplet::requests_max] = {30, 120, 600, 1800,
                                                                           3600};
constexpr uint32_t conversation_wait_s = 600;  // after each message of the centre's
constexpr uint32_t resend_wait_s = 60;         // for the network to come back

constexpr uint8_t input_alphabet = 0x01;
constexpr uint8_t input_hidden = 0x04;
constexpr size_t pin_digits_min = 4;

// Whether an error of the conversation means that the chip must stop, not that it refuses.
bool ends_power(const Error& error) {
  return error.code == ErrorCode::closed || error.code == ErrorCode::storage;
}

// What a customer typed, as ASCII; empty when it is not.
template <size_t capacity>
Secret<capacity> typed_text(const toolkit::TerminalResponse& response) {
  Secret<capacity> typed;
  if (toolkit::class_of(response.result) != toolkit::ResultClass::performed) return typed;
  if (static_cast<uint8_t>(response.result) >= 0x10 || !response.text.has_value()) return typed;
  const toolkit::Text& text = *response.text;
  if ((text.data_coding & 0x0c) == 0x04) {
    if (text.text.size() <= capacity) typed.assign(text.text);
    return typed;
  }
  if ((text.data_coding & 0x0c) != 0) return typed;
  const size_t septets = std::min(text.text.size() * 8 / 7, capacity);
  const auto unpacked = sms::unpack_septets(text.text, septets, 0, typed.fill(septets));
  if (!unpacked.has_value()) typed.clear();
  // Seven fill bits look like a last character 00 ("@").
  size_t size = typed.size();
  while (size > 0 && typed.view()[size - 1] == 0) --size;
  return Secret<capacity>(typed.view().first(size));
}

}  // namespace

PersonalisationApplet::PersonalisationApplet(const Parts& parts)
    : parts_(parts), half_(parts_.record_store, parts_.random) {}

Result<bool> PersonalisationApplet::wants_location() const {
  if (!parts_.store.contains(nv_key::chip_record)) return false;
  ChipRecord record;
  TRY(parts_.record_store.load(record));
  return record.state == ChipState::pre_personalised && !record.centre_number.empty();
}

Result<void> PersonalisationApplet::on_location(toolkit::LocationStatus status) {
  const bool came_back = location_ != toolkit::LocationStatus::normal;
  location_ = status;
  if (status != toolkit::LocationStatus::normal || !came_back) return {};
  parts_.outbox.retry();
  if (!logon_) TRY(begin_logon());
  return {};
}

Result<void> PersonalisationApplet::begin_logon() {
  ChipRecord record;
  TRY(parts_.record_store.load(record));
  if (record.state != ChipState::pre_personalised || record.centre_number.empty()) return {};
  logon_ = true;
  requests_ = 0;
  code_prompts_ = 0;
  uint8_t file[poll_schedule_octets];
  const auto schedule =
      parse_poll_schedule(TRY(parts_.files.read(content_of(Known::poll_schedule), 0, file)));
  session_wanted_ = schedule.has_value() && schedule->logon_by_session;
  if (!session_wanted_) return send_request(RequestReason::first_logon);
  // When nothing comes of the session, REQUEST goes out as a short message.
  wait(request_waits_s[0]);
  return {};
}

Result<void> PersonalisationApplet::send_request(RequestReason reason) {
  const auto request = half_.request(reason);
  if (!request.has_value()) return ends_power(request.error()) ? request.error() : Result<void>();
  TRY(send(*request));
  wait(request_waits_s[std::min<size_t>(requests_, requests_max - 1)]);
  ++requests_;
  return {};
}

bool PersonalisationApplet::take_session_wish() {
  const bool wanted = session_wanted_;
  session_wanted_ = false;
  return wanted;
}

Result<void> PersonalisationApplet::request_by_message() {
  return send_request(RequestReason::first_logon);
}

Result<Message> PersonalisationApplet::request_message() {
  ChipRecord record;
  TRY(parts_.record_store.load(record));
  if (record.state != ChipState::pre_personalised) return Message{};
  return half_.request(RequestReason::first_logon);
}

Result<void> PersonalisationApplet::on_session(bool under_way) {
  session_ = under_way;
  if (under_way) return {};
  by_session_ = false;
  if (refresh_held_.has_value()) refresh(*refresh_held_);
  refresh_held_.reset();
  return {};
}

void PersonalisationApplet::refresh(toolkit::RefreshMode mode) {
  if (session_) {
    refresh_held_ = mode;
  } else {
    parts_.queue.push(toolkit::Refresh{mode, {}, {}}, Purpose::nothing);
  }
}

Result<void> PersonalisationApplet::on_alarm() {
  if (parts_.outbox.waiting()) {
    parts_.outbox.retry();
    if (logon_) wait(resend_wait_s);
    return {};
  }
  if (!logon_) return {};
  if (code_asked_ || by_session_) {  // the customer is typing, or a session is about it
    wait(conversation_wait_s);
    return {};
  }
  if (requests_ < requests_max) return send_request(RequestReason::repeat);
  logon_ = false;
  parts_.alarms.release_polls();
  show(text_no_answer);
  return {};
}

// The counter is durable before the packet exists: no counter carries two payloads (I2).
Result<void> PersonalisationApplet::send(const Message& message) {
  ChipRecord record;
  TRY(parts_.record_store.load(record));
  if (record.centre_number.empty()) return {};
  ByteArray<5> counter_octets{};
  const auto stored = parts_.store.read(nv_key::counter_out, counter_octets);
  if (!stored.has_value() && stored.error().code != ErrorCode::not_found) return stored.error();
  const uint64_t counter = TRY(Reader(counter_octets).u40()) + 1;
  if (counter > secured_packet::counter_max) return {};  // not in a chip's life
  Writer(counter_octets).u40(counter);
  NvTransaction transaction;
  transaction.put(nv_key::counter_out, counter_octets);
  TRY(parts_.store.commit(transaction));

  const auto keys = derive_ota_keys(record.active.secret, personalisation::Direction::from_chip);
  secured_packet::CommandFields fields;
  fields.spi.response = {};  // the answer is a message of its own
  fields.kic = fields.kid =
      secured_packet::KeyReference::aes(personalisation::key_set_of(record.active.number));
  fields.tar = personalisation::short_message_tar;
  fields.counter = counter;
  ByteArray<secured_packet::command_packet_octets(personalisation::message_octets_max)> room;
  const auto packet = write_command(fields, {keys.kic.view(), keys.kid.view()}, message, room);
  SIMURGH_CHECK(packet.has_value());
  parts_.outbox.push(*packet, sms::PayloadKind::command_packet,
                     sms::Address::of_msisdn(record.centre_number), static_cast<uint8_t>(counter));
  return {};
}

Result<AppletAnswer> PersonalisationApplet::on_message(ByteView message, Bearer bearer) {
  ChipRecord record;
  TRY(parts_.record_store.load(record));
  const bool first_logon = record.state == ChipState::pre_personalised;
  auto step = half_.on_message(message);
  if (!step.has_value()) {
    if (ends_power(step.error())) return step.error();
    return AppletAnswer{};
  }
  AppletAnswer answer;
  answer.new_life = step->event == ChipEvent::reset;
  if (logon_) wait(conversation_wait_s);
  by_session_ = bearer == Bearer::https;
  if (bearer != Bearer::short_message) {
    answer.reply = step->reply;
    step->reply.clear();
  }
  TRY(handle(*step, first_logon, true));
  return answer;
}

Result<void> PersonalisationApplet::confirm_pending(uint32_t epoch) {
  ChipRecord record;
  TRY(parts_.record_store.load(record));
  const auto step = half_.confirm_pending(epoch);
  if (!step.has_value()) return ends_power(step.error()) ? step.error() : Result<void>();
  return handle(*step, record.state == ChipState::pre_personalised, false);
}

Result<Message> PersonalisationApplet::reset_challenge() {
  return half_.reset_challenge();
}

Result<void> PersonalisationApplet::handle(const ChipStep& step, bool first_logon,
                                           bool by_message) {
  // Of a reply that comes late, when the customer has typed, the centre hears by the session when
  // it repeats its message.
  if (!step.reply.empty() && !by_session_) TRY(send(step.reply));
  switch (step.event) {
    case ChipEvent::none:
      // The identical INIT again, while the code is missing: the centre is still there.
      if (step.flags.code != CodeKind::none && step.reply.empty() && !code_asked_) ask_code();
      return {};
    case ChipEvent::code_wanted:
      code_kind_ = step.flags.code;
      ask_code();
      return {};
    case ChipEvent::code_refused:
      code_kind_ = step.flags.code;
      show(text_code_wrong);
      ask_code();
      return {};
    case ChipEvent::prepared: return {};
    case ChipEvent::promoted:
      // After an authentication the terminal is at work with the new key already.
      refresh_wanted_ = by_message;
      logon_ = false;
      stop_waiting();
      if (first_logon) show(text_success);
      if (step.flags.choose_pin) {
        pin_prompts_ = 0;
        ask_pin();
      } else {
        finish_refresh();
      }
      return {};
    case ChipEvent::reset:
      logon_ = false;
      stop_waiting();
      parts_.outbox.clear();
      refresh_wanted_ = true;
      finish_refresh();
      return {};
  }
  return {};
}

// --- the customer ----------------------------------------------------------------------------

void PersonalisationApplet::show(std::string_view text) {
  toolkit::DisplayText command;
  command.text = {0x04, bytes_of(text)};
  parts_.queue.push(command, Purpose::nothing);
}

void PersonalisationApplet::ask_code() {
  if (code_asked_) return;
  if (code_prompts_ >= code_prompts_max) {
    if (code_prompts_ == code_prompts_max) show(text_code_given_up);
    code_prompts_ = code_prompts_max + 1;
    return;
  }
  ++code_prompts_;
  toolkit::GetInput command;
  if (code_kind_ == CodeKind::secret) {
    command.qualifier = input_alphabet;
    command.text = {0x04, bytes_of(text_ask_code_secret)};
    command.length_min = command.length_max = personalisation::code_text_characters;
  } else {
    command.qualifier = input_hidden;
    command.text = {0x04, bytes_of(text_ask_code)};
    command.length_min = personalisation::short_code_digits_min;
    command.length_max = personalisation::short_code_digits_max;
  }
  code_asked_ = parts_.queue.push(command, Purpose::ask_code);
}

Result<void> PersonalisationApplet::on_code(const toolkit::TerminalResponse& response) {
  code_asked_ = false;
  const auto typed = typed_text<personalisation::code_text_characters>(response);
  if (typed.empty()) {
    // Declined, or no one is there. The centre's repetitions ask again, code_prompts_max times.
    return {};
  }
  const auto code = personalisation::parse_code(text_of(typed.view()));
  const auto step = code.has_value() ? half_.give_code(*code) : Result<ChipStep>(code.error());
  if (!step.has_value()) {
    if (ends_power(step.error())) return step.error();
    show(text_code_wrong);  // a slip of the finger; costs no try at the centre
    ask_code();
    return {};
  }
  return handle(*step, true, true);
}

void PersonalisationApplet::ask_pin() {
  toolkit::GetInput command;
  command.qualifier = input_hidden;
  command.text = {0x04, bytes_of(new_pin_.empty() ? text_ask_pin : text_ask_pin_again)};
  command.length_min = pin_digits_min;
  command.length_max = pin_octets;
  const Purpose purpose = new_pin_.empty() ? Purpose::ask_pin : Purpose::ask_pin_again;
  if (!parts_.queue.push(command, purpose)) finish_refresh();
}

Result<void> PersonalisationApplet::on_pin(const toolkit::TerminalResponse& response, bool again) {
  const auto typed = typed_text<pin_octets>(response);
  if (typed.size() < pin_digits_min) {
    show(text_pin_kept);
    new_pin_.clear();
    finish_refresh();
    return {};
  }
  if (!again) {
    new_pin_.assign(typed.view());
    ask_pin();
    return {};
  }
  const bool same = equal(new_pin_.view(), typed.view());
  new_pin_.clear();
  if (same) {
    TRY(set_pin(typed.view()));
    finish_refresh();
    return {};
  }
  show(++pin_prompts_ < pin_prompts_max ? text_pins_differ : text_pin_kept);
  if (pin_prompts_ < pin_prompts_max) {
    ask_pin();
  } else {
    finish_refresh();
  }
  return {};
}

Result<void> PersonalisationApplet::set_pin(ByteView digits) {
  Secret<pin_octets> value;
  const MutableByteView octets = value.fill(pin_octets);
  std::fill(octets.begin(), octets.end(), uint8_t{0xff});
  std::copy(digits.begin(), digits.end(), octets.begin());
  NvTransaction transaction;
  if (TRY(parts_.pins.put_pin1(transaction, value.view())) != PinOutcome::right) {
    show(text_pin_kept);
    return {};
  }
  TRY(parts_.store.commit(transaction));
  show(text_pin_set);
  return {};
}

void PersonalisationApplet::finish_refresh() {
  if (!refresh_wanted_) return;
  refresh_wanted_ = false;
  refresh(toolkit::RefreshMode::init_full_file_change);
}

Result<void> PersonalisationApplet::on_response(const ProactiveQueue::Finished& finished) {
  switch (finished.purpose) {
    case Purpose::nothing: return {};
    case Purpose::message_part:
      if (parts_.outbox.on_part_sent(finished.response.result)) wait(resend_wait_s);
      return {};
    case Purpose::ask_code: return on_code(finished.response);
    case Purpose::ask_pin: return on_pin(finished.response, false);
    case Purpose::ask_pin_again: return on_pin(finished.response, true);
    default: return {};  // others'
  }
  return {};
}

void PersonalisationApplet::stop_waiting() {
  parts_.alarms.stop(Alarm::personalisation);
  parts_.alarms.release_polls();
}

}  // namespace simurgh::uicc
