// Carrying out the card's proactive commands (TS 102 223 6.4). What the card sends is hostile
// until parsed: a command that cannot be read is answered with the result that says so.
#include <algorithm>

#include "base/secret.h"
#include "formats/apdu/instruction.h"
#include "formats/sms/gsm7.h"
#include "formats/sms/timestamp.h"
#include "formats/sms/tpdu.h"
#include "terminal/state.h"

namespace simurgh::terminal {

namespace ins = apdu::ins;
using toolkit::GeneralResult;
using toolkit::TerminalResponse;

namespace {

constexpr size_t text_characters_max = 240;
constexpr uint8_t input_any_character = 0x01;
constexpr uint8_t input_hidden = 0x04;

// A text of the card's as UTF-8; characters that we cannot show become '?'.
std::string shown_text(const toolkit::Text& text) {
  std::string out;
  const uint8_t coding = text.data_coding & 0x0c;
  if (coding == 0x08) {  // UCS-2
    for (size_t i = 0; i + 1 < text.text.size(); i += 2) {
      const bool ascii = text.text[i] == 0 && text.text[i + 1] >= 0x20 && text.text[i + 1] < 0x7f;
      out.push_back(ascii ? static_cast<char>(text.text[i + 1]) : '?');
    }
    return out;
  }
  uint8_t septets[sms::user_data_septets_max + 128];
  ByteView letters = text.text;
  if (coding == 0x00) {
    const size_t count = text.text.size() * 8 / 7;
    const auto unpacked =
        sms::unpack_septets(text.text, std::min(count, sizeof(septets)), 0, septets);
    if (!unpacked.has_value()) return out;
    letters = *unpacked;
  }
  for (const uint8_t letter : letters) {
    char utf8[8];
    const auto shown = letter < 0x80 ? sms::text_of_septets({&letter, 1}, utf8)
                                     : Result<std::string_view>(ErrorCode::bad_value);
    out += shown.has_value() ? std::string(*shown) : "?";
    if (out.size() >= text_characters_max) break;
  }
  return out;
}

Refresh kind_of(toolkit::RefreshMode mode) {
  switch (mode) {
    case toolkit::RefreshMode::file_change: return Refresh::files_changed;
    case toolkit::RefreshMode::uicc_reset: return Refresh::card_reset;
    default: return Refresh::application_reset;
  }
}

GeneralResult result_of(SendOutcome outcome) {
  switch (outcome) {
    case SendOutcome::accepted: return GeneralResult::performed;
    case SendOutcome::network_unable: return GeneralResult::network_unable;
    case SendOutcome::refused: return GeneralResult::sms_error;
  }
  return GeneralResult::network_unable;
}

}  // namespace

Result<void> Terminal::State::run_proactive(Instant now) {
  TRY(run_session(now));
  return tell_channel_events(now);
}

Result<void> Terminal::State::run_session(Instant now) {
  // A refresh may bring new commands, which may bring a refresh: a card that never ends is left.
  for (size_t refreshes = 0; refreshes < refreshes_max; ++refreshes) {
    for (size_t fetched = 0; fetched < fetches_max; ++fetched) {
      const size_t octets = card.take_announced();
      if (octets == 0) break;
      TRY(run_one(octets, now));
      // A reset of the card ends the session at once: it is not answered (6.4.7).
      if (refresh == Refresh::card_reset) break;
      if (opening.has_value()) return {};  // the session goes on when the channel is there
    }
    if (!refresh.has_value()) return {};
    TRY(carry_out_refresh());
  }
  return {};
}

Result<void> Terminal::State::run_one(size_t octets, Instant now) {
  apdu::Command fetch;
  fetch.cla = apdu::cla_etsi;
  fetch.ins = ins::fetch;
  fetch.le = static_cast<uint32_t>(octets);
  const CardSession::Answer fetched = TRY(card.send(fetch));
  if (!fetched.ok()) return {};
  TerminalResponse response;
  const auto command = toolkit::parse_proactive_command(fetched.data);
  if (command.has_value()) {
    response.command = details_of(*command);
    carry_out(command->body, now, response);
    if (refresh == Refresh::card_reset || opening.has_value()) return {};
  } else {
    const auto details = toolkit::parse_command_details(fetched.data);
    if (details.has_value()) response.command = *details;
    response.result = command.error().code == ErrorCode::unsupported
                          ? GeneralResult::type_not_understood
                          : GeneralResult::data_not_understood;
  }
  return respond(response);
}

Result<void> Terminal::State::respond(const TerminalResponse& response) {
  uint8_t body[toolkit::terminal_response_octets_max];
  auto written = write_terminal_response(response, body);
  if (!written.has_value()) {
    TerminalResponse short_response;
    short_response.command = response.command;
    short_response.result = GeneralResult::terminal_unable;
    short_response.additional_information = {};
    written = write_terminal_response(short_response, body);
  }
  apdu::Command answer;
  answer.cla = apdu::cla_etsi;
  answer.ins = ins::terminal_response;
  answer.data = TRY(written);
  const auto sent = card.send(answer);
  wipe({reinterpret_cast<uint8_t*>(typed.data()), typed.size()});
  typed.clear();
  wipe(body);
  if (!sent.has_value()) return sent.error();
  return {};
}

void Terminal::State::carry_out(const toolkit::CommandBody& body, Instant now,
                                TerminalResponse& response) {
  response.result = GeneralResult::performed;
  if (const auto* text = std::get_if<toolkit::DisplayText>(&body)) {
    show(shown_text(text->text));
  } else if (const auto* input = std::get_if<toolkit::GetInput>(&body)) {
    carry_out_input(input->text, input->qualifier, input->length_min, input->length_max, response);
  } else if (const auto* key = std::get_if<toolkit::GetInkey>(&body)) {
    carry_out_input(key->text, key->qualifier & input_any_character, 1, 1, response);
  } else if (const auto* message = std::get_if<toolkit::SendShortMessage>(&body)) {
    carry_out_send(*message, response);
  } else if (const auto* timer = std::get_if<toolkit::TimerManagement>(&body)) {
    carry_out_timer(*timer, now, response);
  } else if (const auto* local = std::get_if<toolkit::ProvideLocalInformation>(&body)) {
    carry_out_local_information(*local, now, response);
  } else if (const auto* events = std::get_if<toolkit::SetUpEventList>(&body)) {
    carry_out_event_list(*events);
  } else if (const auto* poll = std::get_if<toolkit::PollInterval>(&body)) {
    poll_period = milliseconds(int64_t{poll->interval.tenths()} * 100);
    poll_due = now + poll_period;
    response.interval = poll->interval;
  } else if (std::holds_alternative<toolkit::PollingOff>(body)) {
    poll_due = Instant::never();
  } else if (const auto* asked = std::get_if<toolkit::Refresh>(&body)) {
    refresh = kind_of(asked->mode);
  } else if (const auto* call = std::get_if<toolkit::SetUpCall>(&body)) {
    char digits[sms::address_digits_max];
    const auto address = sms::parse_address_value(call->address);
    const auto text_digits =
        address.has_value() ? address->digits(digits) : Result<std::string_view>(address.error());
    const bool up = text_digits.has_value() && radio.set_up_call(*text_digits);
    response.result = up ? GeneralResult::performed : GeneralResult::network_unable;
  } else if (std::holds_alternative<toolkit::MoreTime>(body) ||
             std::holds_alternative<toolkit::SetUpMenu>(body)) {
    // Nothing to do: the card gets its time by being answered, and nobody opens the menu.
  } else if (!carry_out_channel(body, now, response)) {
    response.result = GeneralResult::beyond_terminal_capabilities;
  }
}

void Terminal::State::carry_out_event_list(const toolkit::SetUpEventList& events) {
  wants_location_events = wants_data_events = wants_channel_events = false;
  for (uint8_t i = 0; i < events.count; ++i) {
    wants_location_events |= events.events[i] == toolkit::Event::location_status;
    wants_data_events |= events.events[i] == toolkit::Event::data_available;
    wants_channel_events |= events.events[i] == toolkit::Event::channel_status;
  }
}

void Terminal::State::show(std::string_view text) {
  if (displayed.size() == display_log_max) displayed.erase(displayed.begin());
  displayed.emplace_back(text);
  user.show(text);
}

void Terminal::State::carry_out_input(const toolkit::Text& text, uint8_t qualifier,
                                      uint8_t length_min, uint8_t length_max,
                                      TerminalResponse& response) {
  Question question;
  question.text = shown_text(text);
  question.length_min = length_min;
  question.length_max = length_max;
  question.digits_only = (qualifier & input_any_character) == 0;
  question.hidden = (qualifier & input_hidden) != 0;
  Answer answer = user.ask(question);
  using Kind = Answer::Kind;
  const bool fits = answer.text.size() >= length_min && answer.text.size() <= length_max;
  switch (answer.kind) {
    case Kind::text:
      if (!fits) {
        response.result = GeneralResult::no_response_from_user;
        break;
      }
      typed = std::move(answer.text);
      response.text = toolkit::Text{0x04, bytes_of(typed)};
      break;
    case Kind::back: response.result = GeneralResult::backward_move; break;
    case Kind::cancelled: response.result = GeneralResult::session_ended_by_user; break;
    case Kind::no_response: response.result = GeneralResult::no_response_from_user; break;
  }
}

void Terminal::State::carry_out_send(const toolkit::SendShortMessage& command,
                                     TerminalResponse& response) {
  if (!sms::parse_submit(command.tpdu).has_value()) {
    response.result = GeneralResult::data_not_understood;
    return;
  }
  std::string centre = service_centre;
  if (!command.address.empty()) {
    char digits[sms::address_digits_max];
    const auto address = sms::parse_address_value(command.address);
    const auto text =
        address.has_value() ? address->digits(digits) : Result<std::string_view>(address.error());
    if (text.has_value()) centre = std::string(*text);
  }
  response.result = result_of(radio.send_short_message(centre, command.tpdu));
}

void Terminal::State::carry_out_timer(const toolkit::TimerManagement& command, Instant now,
                                      TerminalResponse& response) {
  response.timer = command.timer;
  if (command.timer < 1 || command.timer > timers.size()) {
    response.result = GeneralResult::data_not_understood;
    return;
  }
  Timer& timer = timers[command.timer - 1u];
  const bool running = timer.due != Instant::never();
  if (command.action == toolkit::TimerManagement::Action::start) {
    if (!command.value.has_value()) {
      response.result = GeneralResult::required_values_missing;
      return;
    }
    timer.started = now;
    timer.due = now + seconds(command.value->total_seconds());
    return;
  }
  if (!running) {
    response.result = GeneralResult::contradiction_with_timer;
    return;
  }
  const int64_t left_s = std::max<int64_t>((timer.due - now).ms / 1000, 0);
  response.timer_value = toolkit::TimerValue::of_seconds(static_cast<uint32_t>(left_s));
  if (command.action == toolkit::TimerManagement::Action::deactivate) {
    timer.due = Instant::never();
  }
}

void Terminal::State::carry_out_local_information(const toolkit::ProvideLocalInformation& command,
                                                  Instant now, TerminalResponse& response) {
  using toolkit::LocalInformation;
  static constexpr uint8_t no_service[] = {toolkit::terminal_unable_cause::no_service};
  static constexpr uint8_t english[] = {'e', 'n'};
  switch (command.what) {
    case LocalInformation::location:
      information = location_information(location);
      if (location_status == LocationStatus::none || information.empty()) {
        response.result = GeneralResult::terminal_unable;
        response.additional_information = no_service;
      } else {
        response.location_information = information;
      }
      return;
    case LocalInformation::imei: {
      // Digits after the type nibble, as in EF.IMSI (TS 24.008 10.5.1.4): 8 octets, "A" for odd.
      information.assign(8, 0);
      const std::string digits = "0" + std::string(imei.text());
      const auto written = write_bcd(digits, information);
      if (!written.has_value()) {
        response.result = GeneralResult::terminal_unable;
        return;
      }
      information[0] = static_cast<uint8_t>((information[0] & 0xf0) | 0x0a);
      response.imei = information;
      return;
    }
    case LocalInformation::date_time: {
      const auto stamp = sms::Timestamp::of(now);
      if (!stamp.has_value()) {
        response.result = GeneralResult::terminal_unable;
        return;
      }
      information.assign(stamp->octets.begin(), stamp->octets.end());
      response.date_time = information;
      return;
    }
    case LocalInformation::language: response.language = english; return;
    default: response.result = GeneralResult::beyond_terminal_capabilities; return;
  }
}

// 6.4.7: what the card said has changed is read again, then the network side starts anew.
Result<void> Terminal::State::carry_out_refresh() {
  const Refresh what = *refresh;
  refresh.reset();
  if (what == Refresh::card_reset) {
    TRY(start());
  } else {
    TRY(read_identity());
    if (what == Refresh::application_reset) TRY(card.select_application(usim_aid));
    TRY(read_subscriber());
    message_records = 0;
    free_message_records.clear();
  }
  radio.refreshed(what);
  return {};
}

}  // namespace simurgh::terminal
