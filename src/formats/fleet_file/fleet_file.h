// A fleet as a file of rows: chips that were made elsewhere, with their keys (row G8). One header
// line that names the columns, in any order, then one line for each chip:
//
//   iccid,msisdn,kic,kid,key_version,psk_identity,psk,counter,last_contact,next_poll
//   8949170000000000004,49170100,000102…0f,f0f1…ff,1,chip-4,a0a1…af,17,2026-01-02T03:04:05Z,
//
// Plain cells of printable ASCII between commas; no quotes and no blanks around them. An empty cell
// is "none". Only iccid is required. docs/operator/fleet-file.md has the columns.
//
// Not the import: that is fleet::Elements. Lines are given without their line end, so that a file
// of any size is read piece by piece. Errors never hold a value of a cell: it may be a key.
#pragma once

#include <array>
#include <string>

#include "base/numbers.h"
#include "base/secret.h"

namespace simurgh::fleet_file {

constexpr size_t line_octets_max = 512;
constexpr size_t psk_identity_chars_max = 128;
constexpr size_t psk_octets_max = 64;
constexpr unsigned key_version_max = 15;                   // TS 102 225 5.1.2
constexpr uint64_t counter_max = (uint64_t{1} << 40) - 1;  // TS 102 225 CNTR: 5 octets

enum class Column : uint8_t {
  iccid,
  msisdn,
  kic,
  kid,
  key_version,
  psk_identity,
  psk,
  counter,
  last_contact,
  next_poll,
};
constexpr size_t columns = 10;
const char* name_of(Column column);
// What a cell of it must be: "18-20 digits".
const char* expected_in(Column column);

// Which column each cell of a line is.
struct Header {
  std::array<Column, columns> order{};
  size_t count = 0;
};

struct Row {
  Iccid iccid;
  Msisdn msisdn;  // may be empty
  Key128 kic;
  Key128 kid;
  uint8_t key_version = 0;
  std::string psk_identity;
  Secret<psk_octets_max> psk;
  uint64_t counter = 0;         // the last one used towards the chip
  uint32_t last_contact_s = 0;  // whole seconds since 1970; 0: has never reported
  uint32_t next_poll_s = 0;     // 0: no date was given
};

// Errors' offsets are the place of the cell, from 0; the header's count where the line has more or
// fewer cells. bad_value: no such column, or a value that a cell may not have; already_exists: a
// column twice; not_found: no column iccid; bad_length: number of cells; too_large: line.
Result<Header> parse_header(std::string_view line);
Result<Row> parse_row(const Header& header, std::string_view line);
// Words for people: `column "kic": expected 32 hexadecimal digits, or nothing`.
std::string words_for_header(const Error& error);
std::string words_for_row(const Header& header, const Error& error);

// All columns in the order of Column. The caller wipes a row's text.
std::string write_header();
std::string write_row(const Row& row);

// RFC 3339, or unix seconds, as whole seconds from 1 to UINT32_MAX; fractions are cut off.
Result<uint32_t> parse_time(std::string_view text);

}  // namespace simurgh::fleet_file
