#include "uicc/files.h"

#include "base/reader.h"
#include "uicc/poll_schedule.h"

namespace simurgh::uicc {
namespace {

using apdu::FileType;
using namespace std::string_view_literals;

// --- access rules ------------------------------------------------------------------------------

constexpr uint8_t am_read = 0x01;
constexpr uint8_t am_update = 0x02;
constexpr uint8_t am_activate_deactivate = 0x18;
constexpr uint8_t am_directory_all = 0x7e;  // create, delete, terminate, activate, deactivate
constexpr uint8_t ins_increase = 0x32;

constexpr RuleNumber rule_read_only = 1;    // read always, update never
constexpr RuleNumber rule_issuer = 2;       // read always, update by the issuer
constexpr RuleNumber rule_open = 3;         // read always, update with PIN1
constexpr RuleNumber rule_user = 4;         // read and update with PIN1
constexpr RuleNumber rule_user_issuer = 5;  // read with PIN1, update by the issuer
constexpr RuleNumber rule_user_pin2 = 6;    // read with PIN1, update with PIN2
constexpr RuleNumber rule_meter = 7;        // as before, increase with PIN1
constexpr RuleNumber rule_directory = 8;
constexpr RuleNumber rule_secret = 9;  // the issuer's alone

constexpr AccessRules rules[access_rules_count] = {
    {Condition::always, Condition::never, Condition::never, Condition::adm, false},
    {Condition::always, Condition::adm, Condition::never, Condition::adm, false},
    {Condition::always, Condition::pin1, Condition::never, Condition::adm, false},
    {Condition::pin1, Condition::pin1, Condition::never, Condition::adm, false},
    {Condition::pin1, Condition::adm, Condition::never, Condition::adm, false},
    {Condition::pin1, Condition::pin2, Condition::never, Condition::adm, false},
    {Condition::pin1, Condition::pin2, Condition::pin1, Condition::adm, false},
    {Condition::always, Condition::adm, Condition::never, Condition::adm, true},
    {Condition::adm, Condition::adm, Condition::never, Condition::adm, false},
};

// Security condition (TS 102 221 9.3): always, never, or a control reference template naming a
// key for user authentication.
void write_condition(Condition condition, Writer& out) {
  switch (condition) {
    case Condition::always: out.u8(0x90).u8(0); return;
    case Condition::never: out.u8(0x97).u8(0); return;
    case Condition::pin1:
    case Condition::pin2:
    case Condition::adm: break;
  }
  const uint8_t key_reference = condition == Condition::pin1   ? 0x01
                                : condition == Condition::pin2 ? 0x81
                                                               : 0x0a;
  out.u8(0xa4).u8(6).u8(0x83).u8(1).u8(key_reference).u8(0x95).u8(1).u8(0x08);
}

// --- contents ----------------------------------------------------------------------------------

// Services of EF.UST (TS 31.102 4.2.8): local phone book, FDN, SMS, SMS parameters, advice of
// charge, SPN, user controlled PLMN selector, MSISDN, GSM access, SMS-PP download, "shall be set",
// enabled services, GSM security context, operator and HPLMN selectors, EHPLMN, EPS mobility.
constexpr uint8_t services[] = {1, 2, 10, 12, 13, 19, 20, 21, 27, 28, 33, 34, 38, 42, 43, 71, 85};
constexpr size_t ust_octets = 17;
struct ServiceTable {
  char octets[ust_octets] = {};
};
constexpr ServiceTable service_table = [] {
  ServiceTable table;
  for (const uint8_t service : services) {
    char& octet = table.octets[(service - 1) / 8];
    octet = static_cast<char>(octet | 1 << (service - 1) % 8);
  }
  return table;
}();

constexpr std::string_view dir_record =
    "\x61\x1a\x4f\x10\xa0\x00\x00\x00\x87\x10\x02\xff\xff\xff\xff\x89\x07\x09\x00\x00\x50\x06"
    "Usim-1"sv;

// Keys and counters that the terminal keeps: no key yet (KSI 07), START at its maximum.
constexpr std::string_view no_keys = "\x07"sv;
constexpr std::string_view no_gsm_key = "\xff\xff\xff\xff\xff\xff\xff\xff\x07"sv;
constexpr std::string_view no_location = "\xff\xff\xff\xff\xff\xff\xff\x00\x00\xff\x01"sv;
constexpr std::string_view no_packet_location =
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\xff\x01"sv;
constexpr std::string_view no_eps_location =
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x01"sv;
constexpr std::string_view phone_book_reference = "\xa8\x05\xc0\x03\x4f\x3a\x01"sv;

constexpr Content transparent(const char* name, uint8_t id, uint16_t octets,
                              std::string_view initial = {}, Lifetime lifetime = Lifetime::chip,
                              uint8_t fill = 0xff) {
  return {name, id, FileType::transparent, octets, 0, initial, fill, lifetime};
}
constexpr Content linear(const char* name, uint8_t id, uint16_t octets, uint8_t records,
                         std::string_view initial = {}, Lifetime lifetime = Lifetime::chip) {
  return {name, id, FileType::linear_fixed, octets, records, initial, 0xff, lifetime};
}
constexpr Content cyclic(const char* name, uint8_t id, uint16_t octets, uint8_t records,
                         std::string_view initial, Lifetime lifetime, uint8_t fill) {
  return {name, id, FileType::cyclic, octets, records, initial, fill, lifetime};
}

constexpr Content table_of_contents[] = {
    // In the order of Known.
    transparent("ICCID", 1, 10),
    transparent("IMSI", 2, 9),
    linear("MSISDN", 3, 34, 2, ""sv, Lifetime::customer),
    linear("SMSP", 4, 40, 1),
    transparent("SPN", 5, 17, "\x01"sv),
    transparent("ACC", 6, 2, "\x00\x01"sv),
    transparent("AD", 7, 4, "\x00\x00\x00\x02"sv),
    // Others, by id.
    linear("DIR", 8, 38, 1, dir_record),
    transparent("PL", 9, 10, "en"sv),
    linear("ARR", arr_content_id, arr_record_octets, access_rules_count),
    transparent("LI", 11, 6, "en"sv),
    transparent("Keys", 12, 33, no_keys, Lifetime::key),
    transparent("KeysPS", 13, 33, no_keys, Lifetime::key),
    transparent("PLMNwAcT", 14, 40, ""sv, Lifetime::customer),
    transparent("HPPLMN", 15, 1, "\x05"sv),
    transparent("ACMmax", 16, 3, ""sv, Lifetime::chip, 0),
    transparent("UST", 17, ust_octets, {service_table.octets, ust_octets}),
    cyclic("ACM", 18, 3, 5, ""sv, Lifetime::customer, 0),
    transparent("FPLMN", 19, 12, ""sv, Lifetime::customer),
    transparent("LOCI", 20, 11, no_location, Lifetime::customer),
    linear("ECC", 21, 4, 1, "\x11\xf2\xff\x00"sv),
    transparent("PSLOCI", 22, 14, no_packet_location, Lifetime::customer),
    linear("FDN", 23, 34, 10, ""sv, Lifetime::customer),
    linear("SMS", 24, 176, 10, "\x00"sv, Lifetime::customer),
    transparent("SMSS", 25, 2, ""sv, Lifetime::customer),
    transparent("EST", 26, 1, "\x00"sv),
    transparent("START-HFN", 27, 6, "\xf0\x00\x00\xf0\x00\x00"sv, Lifetime::key),
    transparent("THRESHOLD", 28, 3, "\xf0\x00\x00"sv),
    transparent("OPLMNwAcT", 29, 40),
    transparent("HPLMNwAcT", 30, 5),
    transparent("NETPAR", 31, 18, ""sv, Lifetime::customer),
    transparent("EHPLMN", 32, 12),
    transparent("EPSLOCI", 33, 18, no_eps_location, Lifetime::customer),
    linear("EPSNSC", 34, 54, 1, ""sv, Lifetime::key),
    linear("ADN", 35, 34, 100, ""sv, Lifetime::customer),
    linear("PBR", 36, 16, 1, phone_book_reference),
    transparent("Kc", 37, 9, no_gsm_key, Lifetime::key),
    transparent("KcGPRS", 38, 9, no_gsm_key, Lifetime::key),
    transparent("Phase", 39, 1, "\x03"sv),
    transparent("SST", 40, 4, "\xff\x33\xff\x0f"sv),
    transparent("PLMNsel", 41, 24, ""sv, Lifetime::customer),
    transparent("CBMI", 42, 16),
    transparent("LP", 43, 1, "\x01"sv),
    // docs/protocols/poll-schedule.md
    transparent("POLL", 44, poll_schedule_octets, ""sv, Lifetime::chip, 0),
    transparent("ADMIN", 45, administration_octets, ""sv, Lifetime::chip, 0),
};

constexpr const Content* content(uint8_t id) {
  return &table_of_contents[id - 1];
}
static_assert([] {
  for (size_t i = 0; i < std::size(table_of_contents); ++i) {
    if (table_of_contents[i].id != i + 1) return false;
  }
  return true;
}());

// --- files ---------------------------------------------------------------------------------------

constexpr FileIndex usim_phone_book = 4;
constexpr FileIndex gsm_access = 5;
constexpr FileIndex telecom_phone_book = 6;
constexpr FileIndex simurgh = 7;

// TS 31.102 annex H gives the short file identifiers.
constexpr File table_of_files[] = {
    {0x3f00, mf_index, 0, rule_directory, nullptr},
    {0x7ff0, mf_index, 0, rule_directory, nullptr},  // ADF.USIM
    {0x7f10, mf_index, 0, rule_directory, nullptr},  // DF.TELECOM
    {0x7f20, mf_index, 0, rule_directory, nullptr},  // DF.GSM
    {0x5f3a, usim_index, 0, rule_directory, nullptr},
    {0x5f3b, usim_index, 0, rule_directory, nullptr},
    {0x5f3a, telecom_index, 0, rule_directory, nullptr},
    {0x5f70, usim_index, 0, rule_directory, nullptr},  // DF.SIMURGH

    {0x2f00, mf_index, 0x1e, rule_issuer, content(8)},
    {0x2fe2, mf_index, 0x02, rule_read_only, content(1)},
    {0x2f05, mf_index, 0x05, rule_open, content(9)},
    {0x2f06, mf_index, 0x06, rule_issuer, content(10)},

    {0x6f05, usim_index, 0x02, rule_open, content(11)},         // LI
    {0x6f06, usim_index, 0x17, rule_issuer, content(10)},       // ARR
    {0x6f07, usim_index, 0x07, rule_user_issuer, content(2)},   // IMSI
    {0x6f08, usim_index, 0x08, rule_user, content(12)},         // Keys
    {0x6f09, usim_index, 0x09, rule_user, content(13)},         // KeysPS
    {0x6f31, usim_index, 0x12, rule_user_issuer, content(15)},  // HPPLMN
    {0x6f37, usim_index, 0x00, rule_user_pin2, content(16)},    // ACMmax
    {0x6f38, usim_index, 0x04, rule_user_issuer, content(17)},  // UST
    {0x6f39, usim_index, 0x00, rule_meter, content(18)},        // ACM
    {0x6f3b, usim_index, 0x00, rule_user_pin2, content(23)},    // FDN
    {0x6f3c, usim_index, 0x00, rule_user, content(24)},         // SMS
    {0x6f40, usim_index, 0x00, rule_user, content(3)},          // MSISDN
    {0x6f42, usim_index, 0x00, rule_user, content(4)},          // SMSP
    {0x6f43, usim_index, 0x00, rule_user, content(25)},         // SMSS
    {0x6f46, usim_index, 0x00, rule_issuer, content(5)},        // SPN
    {0x6f56, usim_index, 0x05, rule_user_pin2, content(26)},    // EST
    {0x6f5b, usim_index, 0x0f, rule_user, content(27)},         // START-HFN
    {0x6f5c, usim_index, 0x10, rule_user_issuer, content(28)},  // THRESHOLD
    {0x6f60, usim_index, 0x0a, rule_user, content(14)},         // PLMNwAcT
    {0x6f61, usim_index, 0x11, rule_user_issuer, content(29)},  // OPLMNwAcT
    {0x6f62, usim_index, 0x13, rule_user_issuer, content(30)},  // HPLMNwAcT
    {0x6f73, usim_index, 0x0c, rule_user, content(22)},         // PSLOCI
    {0x6f78, usim_index, 0x06, rule_user_issuer, content(6)},   // ACC
    {0x6f7b, usim_index, 0x0d, rule_user, content(19)},         // FPLMN
    {0x6f7e, usim_index, 0x0b, rule_user, content(20)},         // LOCI
    {0x6fad, usim_index, 0x03, rule_issuer, content(7)},        // AD
    {0x6fb7, usim_index, 0x01, rule_issuer, content(21)},       // ECC
    {0x6fc4, usim_index, 0x00, rule_user, content(31)},         // NETPAR
    {0x6fd9, usim_index, 0x1d, rule_user_issuer, content(32)},  // EHPLMN
    {0x6fe3, usim_index, 0x1e, rule_user, content(33)},         // EPSLOCI
    {0x6fe4, usim_index, 0x18, rule_user, content(34)},         // EPSNSC

    {0x4f30, usim_phone_book, 0x00, rule_user_issuer, content(36)},  // PBR
    {0x4f3a, usim_phone_book, 0x01, rule_user, content(35)},         // ADN
    {0x4f20, gsm_access, 0x01, rule_user, content(37)},              // Kc
    {0x4f52, gsm_access, 0x02, rule_user, content(38)},              // KcGPRS
    {0x4f01, simurgh, 0x01, rule_issuer, content(44)},               // POLL
    {0x4f02, simurgh, 0x02, rule_secret, content(45)},               // ADMIN

    {0x6f06, telecom_index, 0x00, rule_issuer, content(10)},
    {0x6f3a, telecom_index, 0x00, rule_user, content(35)},
    {0x6f3b, telecom_index, 0x00, rule_user_pin2, content(23)},
    {0x6f3c, telecom_index, 0x00, rule_user, content(24)},
    {0x6f40, telecom_index, 0x00, rule_user, content(3)},
    {0x6f42, telecom_index, 0x00, rule_user, content(4)},
    {0x6f43, telecom_index, 0x00, rule_user, content(25)},
    {0x4f30, telecom_phone_book, 0x00, rule_user_issuer, content(36)},
    {0x4f3a, telecom_phone_book, 0x01, rule_user, content(35)},

    {0x6f05, gsm_index, 0x00, rule_open, content(43)},  // LP
    {0x6f06, gsm_index, 0x00, rule_issuer, content(10)},
    {0x6f07, gsm_index, 0x00, rule_user_issuer, content(2)},
    {0x6f20, gsm_index, 0x00, rule_user, content(37)},  // Kc
    {0x6f30, gsm_index, 0x00, rule_user, content(41)},  // PLMNsel
    {0x6f31, gsm_index, 0x00, rule_user_issuer, content(15)},
    {0x6f37, gsm_index, 0x00, rule_user_pin2, content(16)},
    {0x6f38, gsm_index, 0x00, rule_user_issuer, content(40)},  // SST
    {0x6f39, gsm_index, 0x00, rule_meter, content(18)},
    {0x6f45, gsm_index, 0x00, rule_user, content(42)},  // CBMI
    {0x6f46, gsm_index, 0x00, rule_issuer, content(5)},
    {0x6f52, gsm_index, 0x00, rule_user, content(38)},  // KcGPRS
    {0x6f53, gsm_index, 0x00, rule_user, content(22)},  // LOCIGPRS
    {0x6f60, gsm_index, 0x00, rule_user, content(14)},
    {0x6f78, gsm_index, 0x00, rule_user_issuer, content(6)},
    {0x6f7b, gsm_index, 0x00, rule_user, content(19)},
    {0x6f7e, gsm_index, 0x00, rule_user, content(20)},
    {0x6fad, gsm_index, 0x00, rule_issuer, content(7)},
    {0x6fae, gsm_index, 0x00, rule_issuer, content(39)},  // Phase
};
static_assert(std::size(table_of_files) < no_file);
static_assert([] {
  for (size_t i = 0; i < std::size(table_of_files); ++i) {
    if (table_of_files[i].directory() != (i < directories_count)) return false;
  }
  return true;
}());
static_assert(table_of_files[usim_index].fid == 0x7ff0 && table_of_files[gsm_index].fid == 0x7f20);
static_assert(table_of_files[telecom_phone_book].parent == telecom_index);

}  // namespace

const ByteArray<16> usim_aid = {0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02, 0xff,
                                0xff, 0xff, 0xff, 0x89, 0x07, 0x09, 0x00, 0x00};

const AccessRules& access_rules(RuleNumber number) {
  SIMURGH_CHECK(number >= 1 && number <= access_rules_count);
  return rules[number - 1];
}

ByteArray<arr_record_octets> arr_record(RuleNumber number) {
  const AccessRules& rule = access_rules(number);
  ByteArray<arr_record_octets> record;
  Writer writer(record);
  if (rule.directory) {
    writer.u8(0x80).u8(1).u8(am_directory_all);
    write_condition(rule.activate, writer);
  } else {
    writer.u8(0x80).u8(1).u8(am_read);
    write_condition(rule.read, writer);
    writer.u8(0x80).u8(1).u8(am_update);
    write_condition(rule.update, writer);
    writer.u8(0x80).u8(1).u8(am_activate_deactivate);
    write_condition(rule.activate, writer);
    writer.u8(0x84).u8(1).u8(ins_increase);
    write_condition(rule.increase, writer);
  }
  writer.fill(0xff, record.size() - writer.size());
  SIMURGH_CHECK(!writer.failed());
  return record;
}

std::span<const File> files() {
  return table_of_files;
}

std::span<const Content> contents() {
  return table_of_contents;
}

const Content& content_of(Known known) {
  return table_of_contents[static_cast<uint8_t>(known) - 1];
}

}  // namespace simurgh::uicc
