// The terminal's insides, shared by terminal.cc (card, network) and proactive.cc (the card's
// commands).
#pragma once

#include <array>
#include <optional>

#include "formats/toolkit/envelope.h"
#include "formats/toolkit/proactive_command.h"
#include "formats/toolkit/terminal_profile.h"
#include "formats/toolkit/terminal_response.h"
#include "terminal/card_session.h"
#include "terminal/channels.h"

namespace simurgh::terminal {

struct Timer {
  Instant started;
  Instant due = Instant::never();
};

struct Terminal::State {
  State(Slot& slot_in, Radio& radio_in, User& user_in, const Imei& imei_in, DataNetwork* data)
      : slot(slot_in),
        radio(radio_in),
        user(user_in),
        imei(imei_in),
        card(slot_in),
        channels(data) {}

  Slot& slot;
  Radio& radio;
  User& user;
  Imei imei;
  CardSession card;
  Channels channels;

  bool powered = false;
  Iccid iccid;
  Imsi imsi;
  std::string service_centre;
  ByteString<16> usim_aid;

  LocationStatus location_status = LocationStatus::none;
  Location location;
  bool wants_location_events = false;
  bool wants_data_events = false;
  bool wants_channel_events = false;
  // OPEN CHANNEL whose connection is being made: its answer is owed to the card.
  std::optional<toolkit::CommandDetails> opening;
  Instant opening_due = Instant::never();
  std::array<Timer, toolkit::timers_max> timers{};
  Duration poll_period{0};  // 0: the card did not ask
  Instant poll_due = Instant::never();
  std::optional<Refresh> refresh;  // asked for, to be carried out after the session

  std::vector<std::string> displayed;
  std::vector<std::vector<uint8_t>> inbox;
  uint8_t message_records = 0;  // of EF.SMS; 0: not looked at yet
  std::vector<uint8_t> free_message_records;

  // --- terminal.cc ---
  Result<void> start();  // without the proactive session that may follow
  Result<void> read_identity();
  Result<void> open_application();
  Result<void> pass_pin();
  Result<void> read_subscriber();
  Result<void> keep_location();
  Result<void> keep_message(std::string_view service_centre_digits, ByteView deliver);
  Result<CardSession::Answer> envelope(const toolkit::Envelope& envelope);
  void forget_session();
  // Passes an answer on; a mute card switches the terminal off.
  template <typename T>
  Result<T> or_off(Result<T> result) {
    if (!result.has_value() && result.error().code == ErrorCode::closed) forget_session();
    return result;
  }

  // --- proactive.cc ---
  // FETCHes and carries out what the card announced, then a REFRESH if there was one, then the
  // events of the channels and what they bring.
  Result<void> run_proactive(Instant now);
  Result<void> run_session(Instant now);
  Result<void> run_one(size_t octets, Instant now);
  Result<void> respond(const toolkit::TerminalResponse& response);
  Result<void> finish_opening(bool reached, Instant now);
  // Tells the card what it wants to know of its channels, one event after the other.
  Result<void> tell_channel_events(Instant now);
  void carry_out_event_list(const toolkit::SetUpEventList& events);
  // False: another command. `opening` is set when the answer must wait.
  bool carry_out_channel(const toolkit::CommandBody& body, Instant now,
                         toolkit::TerminalResponse& response);
  void carry_out(const toolkit::CommandBody& body, Instant now,
                 toolkit::TerminalResponse& response);
  void carry_out_input(const toolkit::Text& text, uint8_t qualifier, uint8_t length_min,
                       uint8_t length_max, toolkit::TerminalResponse& response);
  void carry_out_timer(const toolkit::TimerManagement& command, Instant now,
                       toolkit::TerminalResponse& response);
  void carry_out_local_information(const toolkit::ProvideLocalInformation& command, Instant now,
                                   toolkit::TerminalResponse& response);
  void carry_out_send(const toolkit::SendShortMessage& command,
                      toolkit::TerminalResponse& response);
  Result<void> carry_out_refresh();
  void show(std::string_view text);

  // Memory of the views in a response, until it is written.
  std::string typed;
  std::vector<uint8_t> information;
};

// With the bearer independent protocol, or without.
toolkit::TerminalProfile own_profile(bool data);
// Location information (TS 102 223 8.19); empty when MCC and MNC are not known.
std::vector<uint8_t> location_information(const Location& location);

}  // namespace simurgh::terminal
