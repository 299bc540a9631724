// What cards differ in when they are administered over HTTP, as data: one profile for a batch of
// cards, not code for each. Both halves take it: the server to suit the card, the agent to be one.
#pragma once

#include "formats/remote_admin_http/message.h"

namespace simurgh::remote_admin {

// Limits of a profile's own values.
constexpr size_t script_octets_limit = 64 * 1024;
constexpr size_t response_octets_limit = 64 * 1024;

struct CardProfile {
  // How bodies travel: some cards read only one of the two forms reliably, or write only one.
  remote_admin_http::BodyForm script_form = {};
  remote_admin_http::BodyForm response_form = {.chunked = true};

  // One POST: weak cards take one or two commands and a few hundred octets.
  size_t script_octets_max = 8192;
  size_t response_octets_max = 8192;
  uint8_t apdus_per_script_max = 255;
  bool definite_scripts = false;  // AA L instead of AE 80 … 00 00

  // The trigger: how many parts of a concatenated short message the card puts together.
  uint8_t trigger_parts_max = 3;

  // The agent keeps the response of a script durably until the server has moved on, and never
  // executes a script twice. Cards in the field mostly do not: with them a script that may or may
  // not have been executed is a question for the Work (Doubt).
  bool keeps_response = true;
  // The agent says X-Admin-Resume after a broken session.
  bool says_resume = true;
  // The agent takes Retry-After of a 503 or 204 for the time to come back. A card that does not is
  // told nothing by it, and follows its own retry policy after a 503; it gets a 204 instead.
  bool understands_retry_after = true;

  // bad_value or too_large when the values contradict each other or a limit.
  Result<void> check() const {
    if (script_octets_max == 0 || response_octets_max < 32 || apdus_per_script_max == 0 ||
        trigger_parts_max == 0) {
      return ErrorCode::bad_value;
    }
    if (script_octets_max > script_octets_limit || response_octets_max > response_octets_limit) {
      return ErrorCode::too_large;
    }
    return {};
  }
  friend bool operator==(const CardProfile&, const CardProfile&) = default;
};

}  // namespace simurgh::remote_admin
