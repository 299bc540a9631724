#include "conversations/gsup_session/peer_policy.h"

#include <algorithm>

namespace simurgh::gsup_session {
namespace {

constexpr struct {
  std::string_view word;
  Operation operation;
} operation_words[] = {
    {"authenticate", Operation::authenticate},     {"locate", Operation::locate},
    {"short_messages", Operation::short_messages}, {"supplementary", Operation::supplementary},
    {"check_imei", Operation::check_imei},         {"handover", Operation::handover},
};

// What a message type is a part of; nothing for types that no peer may begin.
Operations operation_of(gsup::MessageType type) {
  using gsup::MessageType;
  switch (type) {
    case MessageType::send_auth_info_request:
    case MessageType::auth_fail_report: return static_cast<Operations>(Operation::authenticate);
    case MessageType::update_location_request:
    case MessageType::purge_ms_request: return static_cast<Operations>(Operation::locate);
    case MessageType::mo_forward_sm_request:
    case MessageType::mt_forward_sm_request:
    case MessageType::ready_for_sm_request:
      return static_cast<Operations>(Operation::short_messages);
    case MessageType::proc_ss_request: return static_cast<Operations>(Operation::supplementary);
    case MessageType::check_imei_request: return static_cast<Operations>(Operation::check_imei);
    case MessageType::e_prepare_handover_request:
    case MessageType::e_prepare_subsequent_handover_request:
    case MessageType::e_send_end_signal_request:
    case MessageType::e_process_access_signalling_request:
    case MessageType::e_forward_access_signalling_request:
    case MessageType::e_close:
    case MessageType::e_abort: return static_cast<Operations>(Operation::handover);
    default: return 0;
  }
}

// Answers to requests that the HLR made.
bool is_answer_to_hlr(gsup::MessageType type) {
  using gsup::MessageType;
  switch (type) {
    case MessageType::insert_data_result:
    case MessageType::insert_data_error:
    case MessageType::delete_data_result:
    case MessageType::delete_data_error:
    case MessageType::location_cancel_result:
    case MessageType::location_cancel_error:
    case MessageType::proc_ss_result:
    case MessageType::proc_ss_error:
    case MessageType::mt_forward_sm_result:
    case MessageType::mt_forward_sm_error: return true;
    default: return false;
  }
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<Operations> parse_operations(std::string_view text) {
  Operations operations = 0;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    const auto* found = std::find_if(std::begin(operation_words), std::end(operation_words),
                                     [&](const auto& candidate) { return candidate.word == word; });
    if (found == std::end(operation_words)) return fail(ErrorCode::bad_value, begin);
    operations = operations | found->operation;
    begin = end + 1;
  }
  return operations;
}

Result<void> PeerPolicy::add(Peer peer) {
  if (find(peer.name) != nullptr) return ErrorCode::already_exists;
  if (peers_.size() >= peers_max || peer.imsi_prefixes.size() > imsi_prefixes_max) {
    return ErrorCode::too_large;
  }
  if (peer.name.empty() || peer.name.size() > gsup::peer_name_octets_max) {
    return ErrorCode::bad_value;
  }
  for (const std::string& prefix : peer.imsi_prefixes) {
    if (prefix.size() > Imsi::size_max || !all_digits(prefix)) return ErrorCode::bad_value;
  }
  peers_.push_back(std::move(peer));
  return {};
}

const Peer* PeerPolicy::find(std::string_view name) const {
  for (const Peer& peer : peers_) {
    if (peer.name == name) return &peer;
  }
  return nullptr;
}

Result<void> PeerPolicy::allows(const Peer& peer, const gsup::Message& message) {
  const Operations needed = operation_of(message.type);
  const bool answer = is_answer_to_hlr(message.type);
  if (needed == 0 && !answer) return ErrorCode::unsupported;
  if (!answer && (peer.operations & needed) == 0) return ErrorCode::not_allowed;
  for (const std::string& prefix : peer.imsi_prefixes) {
    if (message.imsi.text().starts_with(prefix)) return {};
  }
  return ErrorCode::not_allowed;
}

}  // namespace simurgh::gsup_session
