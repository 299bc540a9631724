// A script of command APDUs as a person writes it, for campaigns:
//
//   # the new service table
//   00 a4 0004 02 6f38            hexadecimal digits, blanks as one likes
//   00d6 0000 02 9eff
//   read-back:                    from here on commands that only look
//   00a40004026f38
//   00b0000002 -> 9eff            … and the data that they give once the work is done
//
// Not what is sent to a card: that is element_update/payload.h. No limits of a payload, but for
// lines.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh::apdu_script {

constexpr size_t line_octets_max = 2048;
constexpr size_t lines_max = 10'000;

struct Look {
  std::vector<uint8_t> command;
  std::vector<uint8_t> expected;  // empty: none said
  friend bool operator==(const Look&, const Look&) = default;
};

struct Script {
  std::vector<std::vector<uint8_t>> commands;
  std::vector<Look> read_back;
  friend bool operator==(const Script&, const Script&) = default;
};

// Errors' offsets are the number of the line, from 1. bad_value: no hexadecimal digits; bad_length:
// no command APDU (TS 102 221 10.1); too_large: a line, or too many; bad_state: `->` before
// read-back:, or read-back: twice; not_found: no command, or a read-back that ends without `->`.
Result<Script> parse_script(std::string_view text);
// Words for people: "line 3: expected hexadecimal digits".
std::string words_for(const Error& error);
std::string write_script(const Script& script);

}  // namespace simurgh::apdu_script
