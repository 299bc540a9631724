// Response status codes (TS 102 225 5.2.1 table 5), and how errors and counters map to them.
#pragma once

#include "formats/secured_packet/security_parameters.h"

namespace simurgh::secured_packet {

enum class ResponseStatus : uint8_t {
  ok = 0x00,
  check_failed = 0x01,  // RC, CC or DS
  counter_low = 0x02,
  counter_high = 0x03,
  counter_blocked = 0x04,
  ciphering_error = 0x05,
  unidentified_security_error = 0x06,
  memory_full = 0x07,
  more_time = 0x08,  // a later response follows
  tar_unknown = 0x09,
  insufficient_security = 0x0a,
  response_by_submit = 0x0b,  // TS 31.115: the data comes by SMS-SUBMIT
  response_by_ussd = 0x0c,
};

// Lower-case words of the table; "reserved" or "proprietary" for the rest.
const char* name_of(ResponseStatus status);

// Status that a receiver reports for an error of this library: bad_mac -> check_failed,
// not_allowed -> insufficient_security, else unidentified_security_error. Whether it may be sent
// at all is the receiver's policy: nothing keyed goes out for a packet that did not verify.
ResponseStatus status_of(const Error& error);

// Whether a negative status may be believed without a MAC, as "this attempt failed": 01, 05, 06,
// 09 and 0A. Nothing else may; above all never `ok`.
bool may_be_unprotected(ResponseStatus status);

// The receiver's rule for the counter of a packet that verified, `stored` being the highest
// counter accepted so far. counter_blocked once stored is counter_max. The receiver stores the
// new counter durably before it acts.
ResponseStatus judge_counter(CounterRule rule, uint64_t received, uint64_t stored);

}  // namespace simurgh::secured_packet
