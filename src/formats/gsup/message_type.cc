#include "formats/gsup/message.h"

namespace simurgh::gsup {

// Long: one line for each message type.
std::string_view name_of(MessageType type) {
  switch (type) {
    case MessageType::update_location_request: return "update_location_request";
    case MessageType::update_location_error: return "update_location_error";
    case MessageType::update_location_result: return "update_location_result";
    case MessageType::send_auth_info_request: return "send_auth_info_request";
    case MessageType::send_auth_info_error: return "send_auth_info_error";
    case MessageType::send_auth_info_result: return "send_auth_info_result";
    case MessageType::auth_fail_report: return "auth_fail_report";
    case MessageType::purge_ms_request: return "purge_ms_request";
    case MessageType::purge_ms_error: return "purge_ms_error";
    case MessageType::purge_ms_result: return "purge_ms_result";
    case MessageType::insert_data_request: return "insert_data_request";
    case MessageType::insert_data_error: return "insert_data_error";
    case MessageType::insert_data_result: return "insert_data_result";
    case MessageType::delete_data_request: return "delete_data_request";
    case MessageType::delete_data_error: return "delete_data_error";
    case MessageType::delete_data_result: return "delete_data_result";
    case MessageType::location_cancel_request: return "location_cancel_request";
    case MessageType::location_cancel_error: return "location_cancel_error";
    case MessageType::location_cancel_result: return "location_cancel_result";
    case MessageType::proc_ss_request: return "proc_ss_request";
    case MessageType::proc_ss_error: return "proc_ss_error";
    case MessageType::proc_ss_result: return "proc_ss_result";
    case MessageType::mo_forward_sm_request: return "mo_forward_sm_request";
    case MessageType::mo_forward_sm_error: return "mo_forward_sm_error";
    case MessageType::mo_forward_sm_result: return "mo_forward_sm_result";
    case MessageType::mt_forward_sm_request: return "mt_forward_sm_request";
    case MessageType::mt_forward_sm_error: return "mt_forward_sm_error";
    case MessageType::mt_forward_sm_result: return "mt_forward_sm_result";
    case MessageType::ready_for_sm_request: return "ready_for_sm_request";
    case MessageType::ready_for_sm_error: return "ready_for_sm_error";
    case MessageType::ready_for_sm_result: return "ready_for_sm_result";
    case MessageType::check_imei_request: return "check_imei_request";
    case MessageType::check_imei_error: return "check_imei_error";
    case MessageType::check_imei_result: return "check_imei_result";
    case MessageType::e_prepare_handover_request: return "e_prepare_handover_request";
    case MessageType::e_prepare_handover_error: return "e_prepare_handover_error";
    case MessageType::e_prepare_handover_result: return "e_prepare_handover_result";
    case MessageType::e_prepare_subsequent_handover_request:
      return "e_prepare_subsequent_handover_request";
    case MessageType::e_prepare_subsequent_handover_error:
      return "e_prepare_subsequent_handover_error";
    case MessageType::e_prepare_subsequent_handover_result:
      return "e_prepare_subsequent_handover_result";
    case MessageType::e_send_end_signal_request: return "e_send_end_signal_request";
    case MessageType::e_send_end_signal_error: return "e_send_end_signal_error";
    case MessageType::e_send_end_signal_result: return "e_send_end_signal_result";
    case MessageType::e_process_access_signalling_request:
      return "e_process_access_signalling_request";
    case MessageType::e_forward_access_signalling_request:
      return "e_forward_access_signalling_request";
    case MessageType::e_close: return "e_close";
    case MessageType::e_abort: return "e_abort";
    case MessageType::routing_error: return "routing_error";
    case MessageType::epdg_tunnel_request: return "epdg_tunnel_request";
    case MessageType::epdg_tunnel_error: return "epdg_tunnel_error";
    case MessageType::epdg_tunnel_result: return "epdg_tunnel_result";
  }
  return "unknown";
}

}  // namespace simurgh::gsup
