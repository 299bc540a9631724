// The bearer independent protocol (TS 102 223 6.4.27 …) between the card, its channels and the
// network: commands, and the events that the card is told of.
#include "terminal/state.h"

namespace simurgh::terminal {

using toolkit::GeneralResult;
using toolkit::TerminalResponse;

namespace {

constexpr Duration opening_wait = seconds(30);  // for a connection
// One session may bring data, its end and another channel's; a card cannot keep us longer.
constexpr size_t events_in_a_row_max = 16;

}  // namespace

bool Terminal::State::carry_out_channel(const toolkit::CommandBody& body, Instant now,
                                        TerminalResponse& response) {
  if (!channels.available()) return false;
  if (const auto* open = std::get_if<toolkit::OpenChannel>(&body)) {
    if (location_status != LocationStatus::normal) {
      static constexpr uint8_t no_service[] = {toolkit::terminal_unable_cause::no_service};
      response.result = GeneralResult::terminal_unable;
      response.additional_information = no_service;
    } else if (!channels.open(*open, response)) {
      opening = response.command;
      opening_due = now + opening_wait;
    }
  } else if (const auto* close = std::get_if<toolkit::CloseChannel>(&body)) {
    channels.close(*close, response);
  } else if (const auto* send = std::get_if<toolkit::SendData>(&body)) {
    channels.send(*send, response);
  } else if (const auto* receive = std::get_if<toolkit::ReceiveData>(&body)) {
    channels.receive(*receive, response);
  } else if (std::holds_alternative<toolkit::GetChannelStatus>(body)) {
    channels.status(response);
  } else {
    return false;
  }
  return true;
}

Result<void> Terminal::State::finish_opening(bool reached, Instant now) {
  if (!opening.has_value()) return {};
  TerminalResponse response;
  response.command = *opening;
  opening.reset();
  opening_due = Instant::never();
  channels.finish_opening(reached, response);
  TRY(respond(response));
  return run_proactive(now);
}

Result<void> Terminal::State::tell_channel_events(Instant now) {
  for (size_t told = 0; told < events_in_a_row_max && powered; ++told) {
    const auto event = channels.take_event(wants_data_events, wants_channel_events);
    if (!event.has_value()) return {};
    TRY(envelope(*event));
    TRY(run_session(now));
  }
  return {};
}

Result<void> Terminal::on_data_opened(uint8_t channel, bool reached, Instant now) {
  State& state = *state_;
  if (!state.powered || state.channels.opening() != channel) return {};
  return state.or_off(state.finish_opening(reached, now));
}

Result<void> Terminal::on_data_ready(uint8_t channel, Instant now) {
  State& state = *state_;
  if (!state.powered) return {};
  state.channels.on_ready(channel);
  return state.or_off(state.tell_channel_events(now));
}

}  // namespace simurgh::terminal
