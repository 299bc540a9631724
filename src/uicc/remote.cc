// Remote scripts (ETSI TS 102 226): from secured packets in compact or expanded format, over HTTP
// in expanded format. What comes here has verified.
#include "uicc/remote.h"

#include <algorithm>

#include "conversations/personalisation/short_message_bearer.h"
#include "formats/remote_management/administration_session.h"
#include "formats/remote_management/script.h"
#include "formats/tlv/comprehension_tlv.h"
#include "uicc/chip.h"
#include "uicc/nv_keys.h"

namespace simurgh::uicc {

namespace status = apdu::status;
namespace rm = remote_management;
namespace ins = apdu::ins;
using secured_packet::ResponseStatus;

namespace {

// In a delivery report a response packet is one short message, with padding and its MAC; by
// SMS-SUBMIT it may have parts.
constexpr size_t report_data_octets_max = 96;
constexpr size_t submit_data_octets_max = 400;
constexpr uint8_t trigger_tag = 0x81;

// The first octet tells the formats apart: no class octet of a command is a template's tag.
bool is_expanded(ByteView script) {
  if (script.empty()) return false;
  return script[0] == 0xaa || script[0] == 0xae || script[0] == 0xac;
}

// Whether a script stops after this answer (TS 102 226 5.2.1.4): errors do.
bool stops(apdu::StatusWord word) {
  return !word.is_success() && !word.is_warning();
}

apdu::StatusWord status_of(const Error& error) {
  return error.code == ErrorCode::no_space ? status::not_enough_memory : status::technical_problem;
}

}  // namespace

Target target_of(const secured_packet::Tar& tar) {
  if (tar == tar_rfm_shared) return Target::shared_files;
  if (tar == tar_rfm_usim || tar == tar_rfm_usim_other) return Target::usim_files;
  if (tar == tar_ram || tar == tar_admin_agent) return Target::applications;
  if (tar == personalisation::short_message_tar) return Target::personalisation;
  return Target::none;
}

Target target_of(const rm::Aid& aid) {
  if (equal(aid, issuer_security_domain_aid)) return Target::applications;
  if (equal(aid, personalisation_aid)) return Target::personalisation;
  if (equal(aid, usim_aid)) return Target::usim_files;
  const auto tar = rm::tar_of(aid);
  return tar.has_value() ? target_of(*tar) : Target::none;
}

// --- secured packets ---------------------------------------------------------------------------

Handled Chip::on_sms_pp(const toolkit::SmsPpDownload& download) {
  const auto packet = TRY(ota_.on_short_message(download.tpdu, record_store_));
  if (!packet.has_value()) return status::ok;
  const bool by_submit = packet->response.response.bearer == secured_packet::ResponseBearer::submit;
  ResponseStatus result = packet->status;
  std::vector<uint8_t> data;
  if (result == ResponseStatus::ok) {
    const size_t room = by_submit ? submit_data_octets_max : report_data_octets_max;
    result = TRY(act_on(*packet, room, data));
  }
  personalisation::ChipRecord record;
  TRY(record_store_.load(record));
  // Made before a promotion below can retire the keys.
  const auto response = ota_.respond(*packet, result, data, record);
  if (record.pending.has_value() && record.pending->number == packet->epoch) {
    TRY(applet_.confirm_pending(packet->epoch));
  }
  if (response.empty()) return status::ok;
  if (by_submit) {
    outbox_.push(response, sms::PayloadKind::response_packet, packet->originator,
                 static_cast<uint8_t>(packet->counter));
    return status::ok;
  }
  uint8_t user_data[sms::user_data_octets_max];
  const auto part = sms::write_part(response, sms::PayloadKind::response_packet, 0, 0, user_data);
  if (!part.has_value() || response.size() > sms::packet_single_octets_max) return status::ok;
  answer_.assign(part->user_data.begin(), part->user_data.end());
  return status::ok;
}

Result<ResponseStatus> Chip::act_on(const VerifiedPacket& packet, size_t room,
                                    std::vector<uint8_t>& data) {
  const ByteView secured = packet.secured_data;
  const Target target = target_of_packet(packet.tar);
  switch (target) {
    case Target::none:
      // An applet takes it; as applets are not run here there is nothing to say.
      return TRY(applications_.takes(packet.tar)) ? ResponseStatus::ok
                                                  : ResponseStatus::tar_unknown;
    case Target::personalisation: {
      const AppletAnswer answer =
          TRY(applet_.on_message(secured, PersonalisationApplet::Bearer::short_message));
      if (answer.new_life) forget_session();
      return ResponseStatus::ok;
    }
    case Target::applications:
      if (!secured.empty() && secured[0] == trigger_tag) {
        const auto trigger = rm::parse_session_trigger(secured);
        if (trigger.has_value()) TRY(agent_.on_trigger(*trigger));
        return ResponseStatus::ok;
      }
      break;
    case Target::shared_files:
    case Target::usim_files: break;
  }
  data = is_expanded(secured) ? TRY(run_expanded(secured, target, room))
                              : TRY(run_compact(secured, target, room));
  agent_.on_files_changed();
  return ResponseStatus::ok;
}

Target Chip::target_of_packet(const secured_packet::Tar& tar) const {
  for (const TarRow& row : other_tars_) {
    if (row.tar == tar) return row.target;
  }
  return target_of(tar);
}

// --- scripts -----------------------------------------------------------------------------------

Channel Chip::remote_channel(Target target) const {
  Channel channel;
  channel.open = channel.remote = true;
  if (target == Target::usim_files) {
    channel.directory = channel.adf = usim_index;
  }
  return channel;
}

// One command of a script; its data is in answer_. Only the loss of power is an error.
Handled Chip::run_one(Channel& channel, Target target, const apdu::Command& command) {
  answer_.clear();
  Handled handled = status::ins_not_supported;
  switch (target) {
    case Target::none: break;
    case Target::applications: handled = manage_card(command); break;
    case Target::personalisation:
      if (command.ins == chip_ins::exchange) handled = exchange_remotely(command);
      if (command.ins == chip_ins::request) handled = request(channel, command);
      break;
    case Target::shared_files:
    case Target::usim_files:
      handled = execute(channel, command);
      if (handled.has_value() && gsm(command)) handled = gsm_status(*handled);
      break;
  }
  if (handled.has_value() || handled.error().code == ErrorCode::closed) return handled;
  answer_.clear();
  return status_of(handled.error());
}

// Compact format (TS 102 226 5.1): commands one after the other until the first that fails; the
// answer is how many were executed, the last one's status, and its data.
Result<std::vector<uint8_t>> Chip::run_compact(ByteView script, Target target, size_t room) {
  Channel channel = remote_channel(target);
  Answer fetched_before;
  fetched_before.swap(waiting_);
  rm::CompactCommands commands(script);
  rm::CompactResponse response;
  response.status = status::ok;
  Answer data;
  while (!commands.at_end() && response.executed < rm::apdus_per_script_max) {
    const auto command = commands.next();
    ++response.executed;
    data.clear();
    if (!command.has_value()) {
      response.status = command.error().code == ErrorCode::unsupported ? status::ins_not_supported
                                                                       : status::wrong_length;
      break;
    }
    if (command->ins == ins::get_response) {
      answer_.clear();
      response.status = TRY(get_response(channel, *command));
    } else {
      waiting_.clear();
      response.status = TRY(run_one(channel, target, *command));
    }
    data = answer_;
    if (command->ins != ins::get_response && !command->data.empty()) {
      waiting_.swap(answer_);  // for a GET RESPONSE that may follow
      data.clear();
    }
    if (stops(response.status)) break;
  }
  answer_.clear();
  waiting_.swap(fetched_before);
  if (data.size() > room) data.resize(room);
  response.data = data;
  std::vector<uint8_t> out(3 + data.size());
  out.resize(TRY(write_compact_response(response, out)).size());
  return out;
}

// Expanded format (5.2): a script that is not well formed is not begun.
Result<std::vector<uint8_t>> Chip::run_expanded(ByteView bytes, Target target, size_t room) {
  std::vector<uint8_t> out(std::max(room, rm::ResponseScriptWriter::octets_min));
  const auto script = rm::parse_command_script(bytes);
  rm::ResponseScriptWriter response(out,
                                    script.has_value() ? script->form : rm::LengthForm::definite);
  if (!script.has_value()) {
    response.bad_format(rm::bad_format_of(script.error()));
    out.resize(response.finish().size());
    return out;
  }
  Channel channel = remote_channel(target);
  const bool goes_on =
      script->chaining == rm::Chaining::subsequent || script->chaining == rm::Chaining::last;
  if (script->chaining == rm::Chaining::first_kept) {
    response.chaining_fault(rm::ChainingFault::not_supported);  // the context is in RAM
  } else if (goes_on && (chained_ == nullptr || chained_->target != target)) {
    response.chaining_fault(rm::ChainingFault::no_previous_script);
  } else {
    if (goes_on) channel = chained_->channel;
    TRY(run_items(*script, channel, target, response));
  }
  chained_.reset();
  if (script->chaining == rm::Chaining::first || script->chaining == rm::Chaining::subsequent) {
    chained_ = std::make_unique<Chained>(Chained{channel, target});
  }
  out.resize(response.finish().size());
  return out;
}

Result<void> Chip::run_items(const rm::CommandScript& script, Channel& channel, Target target,
                             rm::ResponseScriptWriter& response) {
  rm::CommandItems items(script);
  while (const auto item = items.next()) {
    if (item->kind == rm::CommandItem::Kind::immediate_action) take_action(item->value);
    if (item->kind != rm::CommandItem::Kind::apdu) continue;
    apdu::StatusWord word = status::wrong_length;
    answer_.clear();
    if (const auto command = apdu::parse_command(item->value)) {
      word = TRY(run_one(channel, target, *command));
    }
    const auto added = response.r_apdu(answer_, word);
    answer_.clear();
    if (stops(word) || added != rm::ResponseScriptWriter::Added::whole) break;
  }
  return {};
}

// 5.2.1.2: a proactive command to be issued; REFRESH is the one that makes sense here.
void Chip::take_action(ByteView action) {
  const auto details = tlv::find_comprehension(action, toolkit::tag::command_details);
  if (!details.has_value() || details->value.size() != 3) return;
  const bool refresh = details->value[1] == static_cast<uint8_t>(toolkit::CommandType::refresh);
  if (!refresh || details->value[2] > static_cast<uint8_t>(toolkit::RefreshMode::session_reset)) {
    return;
  }
  applet_.refresh(static_cast<toolkit::RefreshMode>(details->value[2]));
}

// --- over HTTP ---------------------------------------------------------------------------------

// The effects of a script and `record_of(outcome)` become durable in one step.
Result<remote_admin::ScriptOutcome> Chip::execute_script(
    const remote_admin::ReceivedScript& script,
    FunctionRef<Result<void>(const remote_admin::ScriptOutcome&, NvTransaction&)> record_of) {
  using remote_admin::ScriptKind;
  using remote_admin_http::ScriptStatus;
  remote_admin::ScriptOutcome outcome;
  outcome.kind = script.kind;
  Target target = script.kind == ScriptKind::file ? Target::shared_files : Target::applications;
  if (!script.targeted_application.empty()) {
    const auto name = remote_admin_http::parse_target(script.targeted_application);
    const auto aid = name.has_value() ? rm::Aid::of(*name) : Result<rm::Aid>(name.error());
    target = aid.has_value() ? target_of(*aid) : Target::none;
  }
  store_.begin_batch();
  const auto ran = [&]() -> Result<void> {
    if (target == Target::none) {
      outcome.status = ScriptStatus::unknown_application;
    } else {
      // The record has flags, status, kind and the script's name beside it.
      const size_t record_room = NvStore::record_octets_max - 4 - script.response_uri.size();
      outcome.body =
          TRY(run_expanded(script.body, target, std::min(http_response_octets_max, record_room)));
    }
    NvTransaction transaction;
    TRY(record_of(outcome, transaction));
    return store_.commit(transaction);
  }();
  const auto kept = ran.has_value() ? store_.end_batch() : ran;
  if (kept.has_value()) return outcome;
  // Nothing has happened: what RAM believes of the files comes from the memory again.
  store_.drop_batch();
  if (kept.error().code == ErrorCode::closed) return kept.error();
  TRY(files_.reload());
  for (Channel& channel : channels_) leave_deleted(channel, mf_index);
  chained_.reset();
  return kept.error();
}

}  // namespace simurgh::uicc
