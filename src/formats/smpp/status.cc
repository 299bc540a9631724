#include "formats/smpp/status.h"

namespace simurgh::smpp {

std::string_view name_of(Status status) {
  switch (status) {
    case Status::ok: return "ESME_ROK";
    case Status::invalid_message_length: return "ESME_RINVMSGLEN";
    case Status::invalid_command_length: return "ESME_RINVCMDLEN";
    case Status::invalid_command_id: return "ESME_RINVCMDID";
    case Status::invalid_bind_status: return "ESME_RINVBNDSTS";
    case Status::already_bound: return "ESME_RALYBND";
    case Status::invalid_priority: return "ESME_RINVPRTFLG";
    case Status::invalid_registered_delivery: return "ESME_RINVREGDLVFLG";
    case Status::system_error: return "ESME_RSYSERR";
    case Status::invalid_source: return "ESME_RINVSRCADR";
    case Status::invalid_destination: return "ESME_RINVDSTADR";
    case Status::invalid_message_id: return "ESME_RINVMSGID";
    case Status::bind_failed: return "ESME_RBINDFAIL";
    case Status::invalid_password: return "ESME_RINVPASWD";
    case Status::invalid_system_id: return "ESME_RINVSYSID";
    case Status::cancel_failed: return "ESME_RCANCELFAIL";
    case Status::replace_failed: return "ESME_RREPLACEFAIL";
    case Status::queue_full: return "ESME_RMSGQFUL";
    case Status::invalid_service_type: return "ESME_RINVSERTYP";
    case Status::invalid_esm_class: return "ESME_RINVESMCLASS";
    case Status::submit_failed: return "ESME_RSUBMITFAIL";
    case Status::invalid_source_ton: return "ESME_RINVSRCTON";
    case Status::invalid_source_npi: return "ESME_RINVSRCNPI";
    case Status::invalid_destination_ton: return "ESME_RINVDSTTON";
    case Status::invalid_destination_npi: return "ESME_RINVDSTNPI";
    case Status::invalid_system_type: return "ESME_RINVSYSTYP";
    case Status::throttled: return "ESME_RTHROTTLED";
    case Status::invalid_schedule_time: return "ESME_RINVSCHED";
    case Status::invalid_validity_period: return "ESME_RINVEXPIRY";
    case Status::invalid_default_message_id: return "ESME_RINVDFTMSGID";
    case Status::receiver_temporary: return "ESME_RX_T_APPN";
    case Status::receiver_permanent: return "ESME_RX_P_APPN";
    case Status::receiver_rejected: return "ESME_RX_R_APPN";
    case Status::query_failed: return "ESME_RQUERYFAIL";
    case Status::invalid_tlv_stream: return "ESME_RINVOPTPARSTREAM";
    case Status::tlv_not_allowed: return "ESME_ROPTPARNOTALLWD";
    case Status::invalid_tlv_length: return "ESME_RINVPARLEN";
    case Status::missing_tlv: return "ESME_RMISSINGOPTPARAM";
    case Status::invalid_tlv_value: return "ESME_RINVOPTPARAMVAL";
    case Status::delivery_failure: return "ESME_RDELIVERYFAILURE";
    case Status::unknown_error: return "ESME_RUNKNOWNERR";
  }
  const auto value = static_cast<uint32_t>(status);
  return value >= 0x400 && value <= 0x4ff ? "vendor" : "reserved";
}

bool is_temporary(Status status) {
  return is_throttling(status) || status == Status::system_error ||
         status == Status::receiver_temporary;
}

bool is_throttling(Status status) {
  return status == Status::throttled || status == Status::queue_full;
}

std::string_view receipt_word(MessageState state) {
  switch (state) {
    case MessageState::en_route: return "ENROUTE";
    case MessageState::delivered: return "DELIVRD";
    case MessageState::expired: return "EXPIRED";
    case MessageState::deleted: return "DELETED";
    case MessageState::undeliverable: return "UNDELIV";
    case MessageState::accepted: return "ACCEPTD";
    case MessageState::unknown: return "UNKNOWN";
    case MessageState::rejected: return "REJECTD";
  }
  return "UNKNOWN";
}

bool is_final(MessageState state) {
  return state != MessageState::en_route && state != MessageState::accepted;
}

}  // namespace simurgh::smpp
