// Messages about a chip's keys in its session: the data of EXCHANGE in scripts for the
// personalisation application, and the answers back.
//
// Nothing of it is kept: a message that is lost is said again by the centre, in its own time or in
// the next session, and the same message twice changes nothing. So a script's id is only a number
// that no campaign's has, and a response is taken whichever session its script was given in.
#include <algorithm>

#include "element_update/element_update.h"
#include "formats/remote_management/script.h"

namespace simurgh::element_update {

using remote_admin::Script;
using remote_admin::ScriptId;
using remote_admin::ScriptResponse;

namespace {

// docs/protocols/personalisation.md, "Bearers"; chip-apdus.md, "Blocks"
constexpr ByteArray<10> application = {0xf0, 0x53, 0x49, 0x4d, 0x55, 0x52, 0x47, 0x48, 0x50, 0x45};
constexpr uint8_t cla_own = 0x80, ins_exchange = 0x56, ins_request = 0x58, p1_last = 0x80;
constexpr size_t block_octets_max = 255;

Group exchange_of(ByteView message) {
  Group group;
  for (size_t at = 0; at < message.size(); at += block_octets_max) {
    const ByteView block = message.subspan(at, std::min(block_octets_max, message.size() - at));
    const bool is_last = at + block.size() == message.size();
    Step step{.command = {cla_own, ins_exchange, is_last ? p1_last : uint8_t{0},
                          static_cast<uint8_t>(group.size()), static_cast<uint8_t>(block.size())},
              .expect = Step::Expect::anything};
    step.command.insert(step.command.end(), block.begin(), block.end());
    group.push_back(std::move(step));
  }
  return group;
}

}  // namespace

bool ElementUpdate::Session::is_key_script(ScriptId id) {
  return id >> 32 == 0;  // campaigns are numbered from 1
}

Result<void> ElementUpdate::Session::begin_keys() {
  if (owner_.key_conversation_ == nullptr) return {};
  talks_ = true;
  return owner_.key_conversation_->begin_session(peer_.iccid, now_);
}

void ElementUpdate::Session::end_keys() {
  if (talks_) owner_.key_conversation_->end_session(peer_.iccid);
  talks_ = false;
  key_scripts_.clear();
}

// The next script of the conversation; nullopt: nothing is to be said.
Result<std::optional<Script>> ElementUpdate::Session::next_key_script() {
  using Found = std::optional<Script>;
  if (!talks_) return Found();
  if (key_scripts_.empty()) {
    const auto message = owner_.key_conversation_->next(peer_.iccid);
    if (!message) return Found();
    std::vector<Group> groups = {exchange_of(*message)};
    if (message->empty()) {
      groups.front() = {
          {.command = {cla_own, ins_request, 0, 0, 0}, .expect = Step::Expect::anything}};
    }
    const Target target{remote_admin::ScriptKind::card_content,
                        *remote_management::Aid::of(application)};
    const auto scripts = make_scripts(target, groups, card_.http);
    if (!scripts.has_value()) return Found();  // such a card cannot: short messages are left
    for (const ScriptText& script : *scripts) {
      key_scripts_.push_back(
          {.id = ++owner_.last_key_script_,
           .kind = script.target.kind,
           .targeted_application = remote_admin_http::target_of(script.target.application),
           .body = script.body});
    }
  }
  Script script = std::move(key_scripts_.front());
  key_scripts_.pop_front();
  ++owner_.figures_.key_scripts;
  return Found(std::move(script));
}

// The chip's message is the data of the last command, whole.
Result<void> ElementUpdate::Session::take_key_response(const ScriptResponse& response) {
  if (!talks_) return {};
  const auto script = remote_management::parse_response_script(response.body);
  ByteView message;
  if (script.has_value()) {
    remote_management::ResponseItems items(*script);
    while (const auto item = items.next()) {
      const auto answer = apdu::parse_response(item->value);
      if (answer.has_value() && answer->status.is_success()) message = answer->data;
    }
  }
  if (message.empty()) return {};
  return owner_.key_conversation_->on_message(peer_.iccid, message, now_);
}

}  // namespace simurgh::element_update
