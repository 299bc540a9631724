// The toolkit's commands and logical channels (TS 102 221 11.1.17, 11.2, 11.1.19; TS 51.011 9.2).
#include <algorithm>

#include "uicc/chip.h"

namespace simurgh::uicc {

namespace status = apdu::status;

namespace {

// Drops what the store did not take: only a lost power is anyone's business.
Handled ok_or_power(const Result<void>& done) {
  if (!done.has_value()) return done.error();
  return status::ok;
}

}  // namespace

Handled Chip::terminal_profile(Channel&, const apdu::Command& command) {
  if (command.data.empty()) return status::wrong_length;
  queue_.on_profile(toolkit::TerminalProfile(command.data));
  const auto done = set_up_events();
  if (!done.has_value()) return done.error();
  return ok_or_power(agent_.on_profile());
}

// One list for all: each SET UP EVENT LIST replaces the one before (TS 102 223 6.4.16).
Result<void> Chip::set_up_events() {
  toolkit::SetUpEventList events;
  if (TRY(applet_.wants_location())) {
    events.events[events.count++] = toolkit::Event::location_status;
  }
  if (agent_.able()) {
    events.events[events.count++] = toolkit::Event::data_available;
    events.events[events.count++] = toolkit::Event::channel_status;
  }
  if (events.count > 0) queue_.push(events, Purpose::nothing);
  return {};
}

// Nothing that the terminal can say here changes what this chip does.
Handled Chip::terminal_capability(Channel&, const apdu::Command& command) {
  return command.data.empty() ? status::wrong_length : status::ok;
}

Handled Chip::envelope(Channel&, const apdu::Command& command) {
  const auto envelope = toolkit::parse_envelope(command.data);
  if (!envelope.has_value()) {
    return envelope.error().code == ErrorCode::unsupported ? status::ok : status::incorrect_data;
  }
  if (const auto* download = std::get_if<toolkit::SmsPpDownload>(&*envelope)) {
    return on_sms_pp(*download);
  }
  if (const auto* event = std::get_if<toolkit::LocationStatusEvent>(&*envelope)) {
    const auto done = applet_.on_location(event->status);
    if (!done.has_value()) return done.error();
    return applet_.take_session_wish() ? ok_or_power(begin_logon_session()) : status::ok;
  }
  if (const auto* data = std::get_if<toolkit::DataAvailableEvent>(&*envelope)) {
    return ok_or_power(agent_.on_data_available(*data));
  }
  if (const auto* channel = std::get_if<toolkit::ChannelStatusEvent>(&*envelope)) {
    return ok_or_power(agent_.on_channel_status(*channel));
  }
  if (const auto* expired = std::get_if<toolkit::TimerExpiration>(&*envelope)) {
    return ok_or_power(on_alarm(alarms_.on_timer(expired->timer)));
  }
  // Call control without an answer means "allowed" (TS 31.111 7.3.1.6); there is no menu.
  return status::ok;
}

Handled Chip::fetch(Channel&, const apdu::Command& command) {
  const size_t waiting = queue_.waiting_octets();
  if (waiting == 0) return status::conditions_not_satisfied;
  // TS 102 221 11.2.3: exactly what 91xx said; 00 is 256 octets, and taken for "all".
  if (command.le != apdu::short_answer_octets_max && command.le != waiting) {
    return status::wrong_le(static_cast<uint8_t>(waiting));
  }
  const ByteView bytes = TRY(queue_.fetch());
  answer_.assign(bytes.begin(), bytes.end());
  return status::ok;
}

Handled Chip::terminal_response(Channel&, const apdu::Command& command) {
  const auto finished = queue_.on_response(command.data);
  if (!finished.has_value()) return status::conditions_not_satisfied;
  alarms_.on_response(*finished);
  const auto done = applet_.on_response(*finished);
  if (!done.has_value()) return done.error();
  return ok_or_power(agent_.on_response(*finished));
}

// D6 over HTTPS: the first logon is a session with the stored parameters, when there are any.
Result<void> Chip::begin_logon_session() {
  if (TRY(agent_.begin_stored())) return {};
  return applet_.request_by_message();
}

Result<void> Chip::on_session(bool under_way) {
  return applet_.on_session(under_way);
}

Result<void> Chip::on_epoch_proved(uint32_t epoch) {
  return applet_.confirm_pending(epoch);
}

Result<void> Chip::on_alarm(std::optional<Alarm> alarm) {
  if (alarm == Alarm::personalisation) return applet_.on_alarm();
  if (alarm == Alarm::administration) return agent_.on_alarm();
  return {};
}

// STATUS: the clock of terminals without timers.
Result<void> Chip::on_status_poll() {
  for (const Alarm alarm : {Alarm::personalisation, Alarm::administration}) {
    if (alarms_.on_status_poll(alarm)) TRY(on_alarm(alarm));
  }
  return {};
}

Handled Chip::manage_channel(Channel& channel, const apdu::Command& command) {
  const auto current = static_cast<uint8_t>(&channel - channels_);
  if (command.p1 == 0x80) {  // close
    const uint8_t number = command.p2 == 0 ? current : command.p2;
    if (number == 0 || number >= channels_max) return status::incorrect_p1_p2;
    channels_[number] = Channel{};
    return status::ok;
  }
  if (command.p1 != 0x00) return status::incorrect_p1_p2;
  uint8_t number = command.p2;
  if (number == 0) {  // the chip chooses
    while (number < channels_max && channels_[number].open) ++number;
    answer_.push_back(number);
  }
  if (number >= channels_max || channels_[number].open) {
    answer_.clear();
    return number >= channels_max && command.p2 != 0 ? status::incorrect_p1_p2
                                                     : status::function_not_supported;
  }
  // From the basic channel the MF is selected, from another one what is selected there (8.7).
  channels_[number] = current == 0 ? Channel{} : channel;
  channels_[number].open = true;
  return status::ok;
}

Handled Chip::get_response(Channel&, const apdu::Command& command) {
  if (waiting_.empty()) return status::conditions_not_satisfied;
  const size_t wanted = command.le == 0 ? apdu::short_answer_octets_max : command.le;
  if (wanted > waiting_.size() && wanted != apdu::short_answer_octets_max) {
    return status::wrong_le(static_cast<uint8_t>(waiting_.size()));
  }
  const size_t size = std::min(wanted, waiting_.size());
  answer_.assign(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(size));
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(size));
  if (waiting_.empty()) return status::ok;
  return status::response_available(static_cast<uint8_t>(std::min<size_t>(waiting_.size(), 0x100)));
}

}  // namespace simurgh::uicc
