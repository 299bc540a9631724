// The personalisation application (TAR "PER"): the chip's half of the conversation of design 4.1,
// at home in a phone. It asks for personalisation at the first logon (D6), carries the messages as
// secured packets, asks the customer for the activation code and a new PIN and tells success or
// failure (D8, D12), and has the terminal read the chip anew when the keys have changed.
//
// Only Result errors `closed` and `storage` come out of it: the power is gone. A message that the
// conversation refuses is silence (I8).
#pragma once

#include "conversations/personalisation/chip_half.h"
#include "uicc/alarms.h"
#include "uicc/chip_store.h"
#include "uicc/outbox.h"

namespace simurgh::uicc {

// What came of a message, for the chip's other parts.
struct AppletAnswer {
  personalisation::Message reply;  // for the reader that brought the message; else empty
  bool new_life = false;           // PINs and files are as new: forget what was verified
};

class PersonalisationApplet {
 public:
  static constexpr uint8_t requests_max = 5;      // per logon, then the customer is told
  static constexpr uint8_t code_prompts_max = 5;  // per logon
  static constexpr uint8_t pin_prompts_max = 3;

  struct Parts {
    NvStore& store;
    NvChipStore& record_store;
    FileSystem& files;
    Pins& pins;
    ProactiveQueue& queue;
    Outbox& outbox;
    Alarms& alarms;
    Random& random;
  };
  explicit PersonalisationApplet(const Parts& parts);

  // Whether the chip waits for service to begin its first logon.
  Result<bool> wants_location() const;
  Result<void> on_location(toolkit::LocationStatus status);
  Result<void> on_alarm();
  Result<void> on_response(const ProactiveQueue::Finished& finished);

  enum class Bearer : uint8_t { short_message, reader, https };
  Result<AppletAnswer> on_message(ByteView message, Bearer bearer);
  // Something else verified under the pending epoch.
  Result<void> confirm_pending(uint32_t epoch);
  // An administration session begins or has ended: a refresh would end it, so it waits; and
  // messages that came by it are answered by it.
  Result<void> on_session(bool under_way);
  // The first logon shall be a session, when EF.POLL says so. Taken once.
  bool take_session_wish();
  // REQUEST as a short message after all.
  Result<void> request_by_message();
  // REQUEST itself; empty when the chip is personalised.
  Result<personalisation::Message> request_message();
  // REFRESH (TS 102 223 6.4.7), now or when the session is over.
  void refresh(toolkit::RefreshMode mode);
  // RESET_CHALLENGE for a dealer's tool.
  Result<personalisation::Message> reset_challenge();

 private:
  Result<void> begin_logon();
  Result<void> send_request(personalisation::RequestReason reason);
  Result<void> send(const personalisation::Message& message);
  Result<void> handle(const personalisation::ChipStep& step, bool first_logon, bool by_message);
  Result<void> on_code(const toolkit::TerminalResponse& response);
  Result<void> on_pin(const toolkit::TerminalResponse& response, bool again);
  Result<void> set_pin(ByteView digits);
  void ask_code();
  void ask_pin();
  void finish_refresh();
  void show(std::string_view text);
  void wait(uint32_t seconds) { parts_.alarms.set(Alarm::personalisation, seconds); }
  void stop_waiting();

  Parts parts_;
  personalisation::ChipHalf half_;
  toolkit::LocationStatus location_ = toolkit::LocationStatus::no_service;
  bool logon_ = false;  // a first logon is under way
  uint8_t requests_ = 0;
  uint8_t code_prompts_ = 0;
  uint8_t pin_prompts_ = 0;
  bool code_asked_ = false;  // GET INPUT is with the terminal or in the queue
  bool refresh_wanted_ = false;
  bool session_ = false;     // an administration session is under way
  bool by_session_ = false;  // the conversation goes through it
  bool session_wanted_ = false;
  std::optional<toolkit::RefreshMode> refresh_held_;
  personalisation::CodeKind code_kind_ = personalisation::CodeKind::none;
  Secret<pin_octets> new_pin_;
};

}  // namespace simurgh::uicc
