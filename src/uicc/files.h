// What files every chip has: one const table of directories and elementary files, and the contents
// behind them (TS 102 221 13, TS 31.102 4, TS 51.011 10). Files that a remote script has created
// stand beside them, in file_system.h.
//
// Two files may share a content, as EF.IMSI of DF.GSM and of ADF.USIM do. What a file holds when
// nothing was written is in the table, so that a chip's NV holds only what differs. `id` of a
// content names it in the NV and never changes its meaning.
#pragma once

#include <span>

#include "base/bytes.h"
#include "formats/apdu/fcp.h"

namespace simurgh::uicc {

// Who may do something with a file; `remote` is a verified secured packet (RFM), which stands for
// ADM. ADM can be had in no other way.
enum class Condition : uint8_t { always, pin1, pin2, adm, never };

// Record of EF.ARR, counted from 1.
using RuleNumber = uint8_t;

struct AccessRules {
  Condition read = Condition::never;
  Condition update = Condition::never;
  Condition increase = Condition::never;
  Condition activate = Condition::adm;  // and deactivate
  bool directory = false;
};
constexpr size_t access_rules_count = 9;
const AccessRules& access_rules(RuleNumber number);
// EF.ARR's record (TS 102 221 9.2.4, expanded format), padded with FF.
constexpr size_t arr_record_octets = 60;
ByteArray<arr_record_octets> arr_record(RuleNumber number);

// When a content goes back to what the table says.
enum class Lifetime : uint8_t {
  chip,      // never
  customer,  // when the chip begins a new life (D10)
  key,       // when the chip's key changes, and then too: session keys, counters under them
};

struct Content {
  const char* name;
  uint8_t id;
  apdu::FileType structure;
  uint16_t octets;  // of the file, or of each record
  uint8_t records;
  std::string_view initial;  // first octets of the file, or of each record
  uint8_t fill;              // the others
  Lifetime lifetime;

  constexpr bool transparent() const { return structure == apdu::FileType::transparent; }
  constexpr size_t total_octets() const {
    return transparent() ? octets : size_t{octets} * records;
  }
};
constexpr uint8_t content_id_max = 127;
constexpr uint8_t arr_content_id = 10;  // its records are made from the access rules

using FileIndex = uint8_t;
constexpr FileIndex no_file = 0xff;

struct File {
  uint16_t fid = 0;
  FileIndex parent = no_file;  // of the MF: itself
  uint8_t sfi = 0;             // 0: none
  RuleNumber rule = 0;
  const Content* content = nullptr;  // null: a directory
  constexpr bool directory() const { return content == nullptr; }
};

std::span<const File> files();
std::span<const Content> contents();

// Directories that others need to know by place. The numbers of directories are in chips' memory
// (parents of created files): never renumbered.
constexpr FileIndex mf_index = 0;
constexpr FileIndex usim_index = 1;  // ADF.USIM
constexpr FileIndex telecom_index = 2;
constexpr FileIndex gsm_index = 3;
constexpr FileIndex directories_count = 8;
extern const ByteArray<16> usim_aid;
constexpr uint16_t current_adf_fid = 0x7fff;

// Contents that the chip's own software reads or writes.
enum class Known : uint8_t {
  iccid = 1,
  imsi = 2,
  msisdn = 3,
  smsp = 4,
  spn = 5,
  acc = 6,
  ad = 7,
  poll_schedule = 44,
  administration = 45,
};
const Content& content_of(Known known);

}  // namespace simurgh::uicc
