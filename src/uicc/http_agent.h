// The chip's administration agent (GlobalPlatform Amendment B): it opens a session with the server
// when a trigger comes (secured packet) or when it is time for the recurring poll (G1), carries it
// through the terminal's bearer independent protocol and TLS, and has scripts executed.
//
//   HTTP  conversations/remote_admin AdminAgent      what to post, what to execute, when to retry
//   TLS   SecureChannel                              PSK and identity of the chip's epoch
//   BIP   OPEN CHANNEL, SEND DATA, RECEIVE DATA …    one proactive command at a time
//
// Durable: the parameters of a session under way, so that it goes on after a loss of power, and the
// outcome of the last script until the server has moved on (I5). Time is what alarms count; the
// terminal's clock is asked for polls only. One session at a time. Errors are the store's.
#pragma once

#include <memory>

#include "base/function_ref.h"
#include "conversations/remote_admin/admin_agent.h"
#include "formats/remote_management/administration_session.h"
#include "formats/toolkit/envelope.h"
#include "uicc/alarms.h"
#include "uicc/chip_store.h"
#include "uicc/poll_schedule.h"
#include "uicc/secure_channel.h"

namespace simurgh::uicc {

// The chip, as far as the agent needs it.
class AgentHost {
 public:
  using RecordOf = FunctionRef<Result<void>(const remote_admin::ScriptOutcome&, NvTransaction&)>;
  // Executes a script; its effects and what `record_of` adds become durable in one step.
  virtual Result<remote_admin::ScriptOutcome> execute_script(
      const remote_admin::ReceivedScript& script, RecordOf record_of) = 0;
  // A session begins or has ended: what would disturb it waits.
  virtual Result<void> on_session(bool under_way) = 0;
  // A session came up under the pending epoch's key.
  virtual Result<void> on_epoch_proved(uint32_t epoch) = 0;

 protected:
  ~AgentHost() = default;
};

class HttpAgent final : private remote_admin::Executor,
                        private remote_admin::AgentHandler,
                        private SecureChannel::Outlet {
 public:
  static constexpr uint16_t tries_default = 3;
  static constexpr uint8_t resumptions_max = 8;  // of one session, after losses of power
  static constexpr uint16_t buffer_octets_default = 1024;
  static constexpr size_t cipher_octets_max = 16 * 1024;  // waiting to be sent

  struct Parts {
    NvStore& store;
    NvChipStore& record_store;
    FileSystem& files;
    ProactiveQueue& queue;
    Alarms& alarms;
    SecureChannels* secure_channels;  // null: a chip without an agent
    AgentHost& host;
  };
  explicit HttpAgent(const Parts& parts);
  ~HttpAgent();

  // The terminal is there: goes on with what was under way, and looks at the clock for polls.
  Result<void> on_profile();
  // Whether this terminal and this chip can have sessions.
  bool able() const;
  // A chip without an agent.
  void switch_off() { parts_.secure_channels = nullptr; }
  bool under_way() const { return session_ != nullptr; }

  Result<void> on_trigger(const remote_management::SessionTrigger& trigger);
  // A session with the stored parameters, now: for the first logon. False: there are none, or the
  // terminal cannot.
  Result<bool> begin_stored();

  Result<void> on_response(const ProactiveQueue::Finished& finished);
  Result<void> on_data_available(const toolkit::DataAvailableEvent& event);
  Result<void> on_channel_status(const toolkit::ChannelStatusEvent& event);
  Result<void> on_alarm();
  // A secured packet's script may have changed EF.POLL.
  void on_files_changed();

  const remote_admin::AgentCounts* counts() const;

 private:
  enum class Link : uint8_t {
    none,
    opening,  // OPEN CHANNEL is with the terminal
    shaking,  // the channel is there, TLS is not
    up,
    closing,  // CLOSE CHANNEL is with the terminal
  };
  struct Session;

  // --- the session ---
  Result<bool> begin(const remote_management::SessionParameters& parameters, bool keep);
  Result<void> resume();
  Result<void> pump();
  bool step();  // one thing that can be done now; false when there is nothing
  void open_channel();
  Result<void> start_tls();
  Result<void> take_cipher(ByteView cipher);
  void send_cipher();
  void receive();
  void lose_link();
  void close_link();
  void forget_link();
  Result<void> finish_session();
  Instant session_due() const;
  void set_alarm();

  // --- polls ---
  void ask_clock();
  void push_clock_question();
  Result<void> on_clock(const toolkit::TerminalResponse& response);
  Result<PollSchedule> schedule() const;
  Result<void> store_schedule(const PollSchedule& schedule);
  Result<Iccid> iccid() const;

  // --- remote_admin::Executor ---
  remote_admin::AgentRecord recall() override;
  Result<remote_admin::ScriptOutcome> execute(const remote_admin::ReceivedScript& script) override;
  void settle() override;
  // --- remote_admin::AgentHandler ---
  void on_session_end(remote_admin::AgentEnd end, Duration come_back_in) override;
  // --- SecureChannel::Outlet ---
  void on_cipher(ByteView cipher) override;

  Instant now() const { return {static_cast<int64_t>(counted_s_) * 1000}; }

  Parts parts_;
  std::unique_ptr<Session> session_;
  uint64_t counted_s_ = 0;           // seconds that alarms have counted since the chip has power
  uint64_t polled_s_ = 0;            // of them, at the last poll
  uint32_t alarm_s_ = 0;             // what the alarm is set to; 0: it is not
  std::optional<uint64_t> clock_s_;  // the terminal's clock, at counted_s_ == clock_at_s_
  uint64_t clock_at_s_ = 0;
  bool clock_asked_ = false;
  Result<void> fault_;  // of the store, met inside a callback of the machine's
};

}  // namespace simurgh::uicc
