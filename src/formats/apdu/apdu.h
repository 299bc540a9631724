// Command and response APDUs (ISO 7816-4 5.1, TS 102 221 10): bytes <-> plain structs.
//
// Not the T=0 transport: GET RESPONSE and 6Cxx are commands and status words like others here.
// Views point into the bytes that were parsed.
#pragma once

#include "base/reader.h"
#include "formats/apdu/instruction.h"
#include "formats/apdu/status_word.h"

namespace simurgh::apdu {

constexpr size_t short_data_octets_max = 255;
constexpr size_t short_answer_octets_max = 256;
constexpr size_t short_command_octets_max = 4 + 1 + 255 + 1;
constexpr size_t extended_data_octets_max = 65535;
constexpr size_t extended_answer_octets_max = 65536;
constexpr size_t short_response_octets_max = 256 + 2;

struct Command {
  uint8_t cla = 0;
  uint8_t ins = 0;
  uint8_t p1 = 0;
  uint8_t p2 = 0;
  ByteView data;          // Nc octets; empty in cases 1 and 2
  uint32_t le = 0;        // octets of answer wanted at most (Ne); 0 when there is no Le (1 and 3)
  bool extended = false;  // lengths of ISO 7816-4's extended form

  // ISO 7816-4 case: 1 none, 2 answer only, 3 data only, 4 both.
  int case_number() const { return (data.empty() ? 1 : 3) + (le == 0 ? 0 : 1); }
};

// truncated, trailing_bytes (lengths that do not fill the APDU), bad_length (extended Lc of 0).
Result<Command> parse_command(ByteView bytes);
// too_large when data or le exceed the form chosen; no_space.
Result<ByteView> write_command(const Command& command, MutableByteView out);

struct Response {
  ByteView data;
  StatusWord status;
};

// truncated when there are fewer than two octets.
Result<Response> parse_response(ByteView bytes);
Result<ByteView> write_response(const Response& response, MutableByteView out);

}  // namespace simurgh::apdu
