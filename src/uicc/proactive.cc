#include "uicc/proactive.h"

#include <algorithm>

namespace simurgh::uicc {

void ProactiveQueue::on_profile(const toolkit::TerminalProfile& profile) {
  profile_ = profile;
  has_profile_ = true;
}

bool ProactiveQueue::push(const toolkit::CommandBody& body, Purpose purpose, uint8_t argument) {
  if (commands_.size() >= commands_max) return false;
  const toolkit::ProactiveCommand command{next_number_, body};
  Command waiting;
  waiting.bytes.resize(waiting.bytes.capacity());
  const auto written = write_proactive_command(command, waiting.bytes.span());
  if (!written.has_value()) return false;
  waiting.bytes.resize(written->size());
  waiting.details = details_of(command);
  waiting.purpose = purpose;
  waiting.argument = argument;
  commands_.push_back(waiting);
  next_number_ = static_cast<uint8_t>(next_number_ == 254 ? 1 : next_number_ + 1);
  return true;
}

void ProactiveQueue::drop(Purpose purpose) {
  const auto first = commands_.begin() + (executing_ ? 1 : 0);
  commands_.erase(
      std::remove_if(first, commands_.end(),
                     [purpose](const Command& command) { return command.purpose == purpose; }),
      commands_.end());
}

void ProactiveQueue::drop(Purpose purpose, uint8_t argument) {
  const auto first = commands_.begin() + (executing_ ? 1 : 0);
  commands_.erase(std::remove_if(first, commands_.end(),
                                 [&](const Command& command) {
                                   return command.purpose == purpose &&
                                          command.argument == argument;
                                 }),
                  commands_.end());
}

size_t ProactiveQueue::waiting_octets() const {
  if (!has_profile_ || executing_ || commands_.empty()) return 0;
  return commands_.front().bytes.size();
}

Result<ByteView> ProactiveQueue::fetch() {
  if (waiting_octets() == 0) return fail(ErrorCode::bad_state);
  executing_ = true;
  return commands_.front().bytes.view();
}

Result<ProactiveQueue::Finished> ProactiveQueue::on_response(ByteView body) {
  if (!executing_) return fail(ErrorCode::bad_state);
  const Command command = commands_.front();
  commands_.pop_front();
  executing_ = false;
  Finished finished;
  finished.purpose = command.purpose;
  finished.argument = command.argument;
  const auto response = toolkit::parse_terminal_response(body);
  if (response.has_value() && response->command == command.details) {
    finished.response = *response;
  } else {
    finished.response.command = command.details;
    finished.response.result = toolkit::GeneralResult::terminal_unable;
  }
  return finished;
}

}  // namespace simurgh::uicc
