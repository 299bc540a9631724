#include "formats/secured_packet/response_status.h"

namespace simurgh::secured_packet {

const char* name_of(ResponseStatus status) {
  switch (status) {
    case ResponseStatus::ok: return "ok";
    case ResponseStatus::check_failed: return "rc, cc or ds failed";
    case ResponseStatus::counter_low: return "counter low";
    case ResponseStatus::counter_high: return "counter high";
    case ResponseStatus::counter_blocked: return "counter blocked";
    case ResponseStatus::ciphering_error: return "ciphering error";
    case ResponseStatus::unidentified_security_error: return "unidentified security error";
    case ResponseStatus::memory_full: return "insufficient memory";
    case ResponseStatus::more_time: return "more time needed";
    case ResponseStatus::tar_unknown: return "tar unknown";
    case ResponseStatus::insufficient_security: return "insufficient security level";
    case ResponseStatus::response_by_submit: return "response data follows by sms-submit";
    case ResponseStatus::response_by_ussd: return "response data follows by ussd";
  }
  const auto octet = static_cast<uint8_t>(status);
  return octet >= 0xc0 && octet != 0xff ? "proprietary" : "reserved";
}

ResponseStatus status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::bad_mac: return ResponseStatus::check_failed;
    case ErrorCode::not_allowed: return ResponseStatus::insufficient_security;
    default: return ResponseStatus::unidentified_security_error;
  }
}

bool may_be_unprotected(ResponseStatus status) {
  switch (status) {
    case ResponseStatus::check_failed:
    case ResponseStatus::ciphering_error:
    case ResponseStatus::unidentified_security_error:
    case ResponseStatus::tar_unknown:
    case ResponseStatus::insufficient_security: return true;
    default: return false;
  }
}

ResponseStatus judge_counter(CounterRule rule, uint64_t received, uint64_t stored) {
  if (rule == CounterRule::none || rule == CounterRule::available) return ResponseStatus::ok;
  if (stored >= counter_max) return ResponseStatus::counter_blocked;
  if (received <= stored) return ResponseStatus::counter_low;
  if (rule == CounterRule::one_higher && received != stored + 1) {
    return ResponseStatus::counter_high;
  }
  return ResponseStatus::ok;
}

}  // namespace simurgh::secured_packet
