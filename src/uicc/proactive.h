// The chip's side of a proactive session (TS 102 223 6): commands that wait for the terminal's
// FETCH, one at a time, and who gets the terminal's response.
//
// Commands are kept as bytes, so nothing that made them need live. The queue is bounded; what does
// not fit is refused, never blocks.
#pragma once

#include <deque>

#include "formats/toolkit/proactive_command.h"
#include "formats/toolkit/terminal_profile.h"
#include "formats/toolkit/terminal_response.h"

namespace simurgh::uicc {

// What a command was for, given back with its response.
enum class Purpose : uint8_t {
  nothing,       // the response does not matter
  message_part,  // a part of the message at the head of the outbox
  ask_code,
  ask_pin,
  ask_pin_again,
  wait,  // TIMER MANAGEMENT start, of the alarm in the argument
  // The HTTP agent's (http_agent.h).
  agent_clock,
  agent_events,
  agent_open,
  agent_send,
  agent_receive,
  agent_close,
};

class ProactiveQueue {
 public:
  static constexpr size_t commands_max = 32;

  // TERMINAL PROFILE: from here on the terminal takes commands.
  void on_profile(const toolkit::TerminalProfile& profile);
  bool has_profile() const { return has_profile_; }
  const toolkit::TerminalProfile& profile() const { return profile_; }

  // False when the queue is full or the command cannot be written.
  bool push(const toolkit::CommandBody& body, Purpose purpose, uint8_t argument = 0);
  // Drops the commands of a purpose, or of a purpose and an argument, that were not fetched yet.
  void drop(Purpose purpose);
  void drop(Purpose purpose, uint8_t argument);
  size_t size() const { return commands_.size(); }

  // Octets of the command that the terminal should FETCH now; 0 when there is none, no profile,
  // or one is being carried out.
  size_t waiting_octets() const;
  // bad_state when waiting_octets() is 0.
  Result<ByteView> fetch();
  bool executing() const { return executing_; }

  // The TERMINAL RESPONSE to the fetched command. bad_state when none was fetched; a response that
  // cannot be read, or is to another command, ends it as `terminal_unable`.
  struct Finished {
    Purpose purpose = Purpose::nothing;
    uint8_t argument = 0;
    toolkit::TerminalResponse response;  // views into `body`
  };
  Result<Finished> on_response(ByteView body);

 private:
  struct Command {
    ByteString<toolkit::proactive_command_octets_max> bytes;
    toolkit::CommandDetails details;
    Purpose purpose;
    uint8_t argument;
  };
  std::deque<Command> commands_;
  toolkit::TerminalProfile profile_;
  bool has_profile_ = false;
  bool executing_ = false;
  uint8_t next_number_ = 1;
};

}  // namespace simurgh::uicc
