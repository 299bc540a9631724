#include "base/result.h"

namespace simurgh {

const char* name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::truncated: return "truncated";
    case ErrorCode::trailing_bytes: return "trailing_bytes";
    case ErrorCode::bad_length: return "bad_length";
    case ErrorCode::bad_value: return "bad_value";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::too_large: return "too_large";
    case ErrorCode::no_space: return "no_space";
    case ErrorCode::bad_mac: return "bad_mac";
    case ErrorCode::bad_signature: return "bad_signature";
    case ErrorCode::replayed: return "replayed";
    case ErrorCode::bad_state: return "bad_state";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::already_exists: return "already_exists";
    case ErrorCode::not_allowed: return "not_allowed";
    case ErrorCode::busy: return "busy";
    case ErrorCode::storage: return "storage";
    case ErrorCode::crypto: return "crypto";
    case ErrorCode::closed: return "closed";
    case ErrorCode::timed_out: return "timed_out";
    case ErrorCode::io: return "io";
  }
  return "unknown";
}

}  // namespace simurgh
