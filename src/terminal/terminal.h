// A phone, as far as its card, the network and its user can tell: it powers the card, reads who
// it is, runs the proactive commands, hands short messages over in both directions and answers
// challenges. The lab and the simulator run thousands.
//
// It is not a radio stack, and it believes nothing of the card: everything that comes from there
// is parsed as hostile input and bounded (threats 10).
//
// No I/O and no clock: time comes in as `now` with each event, and `next_deadline()` says when
// on_time() wants to be called. It calls Slot, Radio and User synchronously from inside its own
// functions; they must not call back into the terminal. The same for DataNetwork, without which the
// terminal offers its card no bearer independent protocol. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/numbers.h"
#include "base/result.h"
#include "base/time.h"
#include "terminal/data_network.h"

namespace simurgh::terminal {

// Where the card sits. `closed`: no card, no power, or the card is mute.
class Slot {
 public:
  virtual ~Slot() = default;
  virtual Result<ByteView> reset() = 0;                     // cold or warm; the ATR
  virtual Result<ByteView> transmit(ByteView command) = 0;  // data and SW, valid until next call
  virtual void power_off() = 0;
};

enum class SendOutcome : uint8_t {
  accepted,        // RP-ACK
  network_unable,  // worth retrying (terminal result 21)
  refused,         // RP-ERROR (35)
};

// Why the terminal tells its radio that the card asked for a new start (TS 102 223 6.4.7).
enum class Refresh : uint8_t { files_changed, application_reset, card_reset };

// What a terminal asks of the network.
class Radio {
 public:
  virtual ~Radio() = default;
  // SMS-SUBMIT TPDU (TS 23.040 9.2.2.2), for `service_centre` (digits, may be empty).
  virtual SendOutcome send_short_message(std::string_view service_centre, ByteView submit) = 0;
  // SET UP CALL. True when it was set up.
  virtual bool set_up_call(std::string_view digits) = 0;
  // The card changed under the terminal: detach, and register again with what it says now.
  // Called when the terminal has already read the card anew.
  virtual void refreshed(Refresh what) = 0;
};

// What the card asks its user for (GET INPUT, TS 102 223 6.4.3).
struct Question {
  std::string text;
  size_t length_min = 0;
  size_t length_max = 0;
  bool digits_only = false;
  bool hidden = false;
};
struct Answer {
  enum class Kind : uint8_t { text, back, cancelled, no_response } kind = Kind::no_response;
  std::string text;
};

class User {
 public:
  virtual ~User() = default;
  virtual Answer ask(const Question& question) = 0;
  virtual void show(std::string_view text) = 0;  // DISPLAY TEXT
  // The PIN, asked for at power on when the card wants one; empty refuses.
  virtual std::string pin(int tries_left) = 0;
};

enum class LocationStatus : uint8_t { normal = 0, limited = 1, none = 2 };
struct Location {
  std::string mcc_mnc;  // 5 or 6 digits
  uint16_t area_code = 0;
  uint32_t cell = 0;
};

// Answer to a challenge in the 3G context (TS 31.102 7.1.2.1).
struct Authentication {
  enum class Kind : uint8_t { success, sync_failure, mac_failure, not_possible };
  Kind kind = Kind::not_possible;
  ByteString<16> res;
  ByteArray<16> ck{};
  ByteArray<16> ik{};
  ByteArray<8> kc{};
  bool kc_present = false;
  ByteArray<14> auts{};  // of sync_failure
};
// In the 2G context (TS 51.011 9.2.16).
struct GsmAuthentication {
  ByteArray<4> sres{};
  ByteArray<8> kc{};
};

// What becomes of a delivered short message: the report to the network (TS 23.040 9.2.2.1a).
struct DeliverOutcome {
  bool accepted = false;
  uint8_t failure_cause = 0;  // TP-FCS when not accepted
  ByteString<256> user_data;  // TP-UD of the report, from the card (a PoR); may be empty
  bool to_card = false;       // went in by ENVELOPE, not to the user's inbox
};

class Terminal {
 public:
  static constexpr size_t fetches_max = 64;      // proactive commands in a row
  static constexpr size_t refreshes_max = 4;     // one bringing the next
  static constexpr size_t display_log_max = 16;  // texts kept

  Terminal(Slot& slot, Radio& radio, User& user, const Imei& imei, DataNetwork* data = nullptr);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Starts the card: identity files, TERMINAL PROFILE, PIN, first proactive commands. `closed`
  // when the card is mute, `not_allowed` when the PIN was refused or is blocked.
  Result<void> power_on(Instant now);
  void power_off();
  bool powered() const;

  const Iccid& iccid() const;  // as read from the card; empty before power_on
  const Imsi& imsi() const;
  std::string_view service_centre() const;  // from EF.SMSP; may be empty

  // `closed` when the card is mute.
  Result<Authentication> authenticate(const ByteArray<16>& rand, const ByteArray<16>& autn,
                                      Instant now);
  Result<GsmAuthentication> authenticate_2g(const ByteArray<16>& rand, Instant now);

  // The network's state changed: kept, and told to the card when it asked for the event.
  Result<void> on_location(LocationStatus status, const Location& location, Instant now);
  // An SMS-DELIVER TPDU. (U)SIM data download goes to the card, the rest to EF.SMS and the inbox.
  Result<DeliverOutcome> on_short_message(std::string_view service_centre, ByteView deliver,
                                          Instant now);
  // DataNetwork: the end of a pending opening, and data or an end to receive().
  Result<void> on_data_opened(uint8_t channel, bool reached, Instant now);
  Result<void> on_data_ready(uint8_t channel, Instant now);
  // Timers that the card started, and status polling. Call at next_deadline() or any time.
  Result<void> on_time(Instant now);
  Instant next_deadline() const;

  // The user: texts shown so far (the latest display_log_max), own short messages kept.
  const std::vector<std::string>& displayed() const;
  const std::vector<std::vector<uint8_t>>& inbox() const;  // SMS-DELIVER TPDUs

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace simurgh::terminal
