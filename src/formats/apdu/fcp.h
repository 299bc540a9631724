// File control parameters, the answer to SELECT (TS 102 221 11.1.1.3), tag 62.
//
// What a UICC tells of a file: the struct has a place for each data object that cards send, and
// writes them in the order of the clause's tables. Views point into the parsed bytes. TS 51.011
// answers (class A0) are another format and not here.
#pragma once

#include <optional>

#include "base/reader.h"

namespace simurgh::apdu {

// Older readers fail on a length of two octets, so a template is kept below it.
constexpr size_t fcp_value_octets_max = 127;
constexpr size_t fcp_octets_max = 2 + fcp_value_octets_max;
constexpr size_t pin_references_max = 16;
constexpr size_t aid_octets_max = 16;

// File descriptor octet (11.1.1.4.3), with bit 7 (shareable) apart.
enum class FileType : uint8_t {
  transparent = 0x01,
  linear_fixed = 0x02,
  cyclic = 0x06,
  ber_tlv = 0x39,
  directory = 0x38,  // MF, DF or ADF
};

// Life cycle status (11.1.1.4.9); deactivated and activated differ in bit 1.
enum class LifeCycle : uint8_t {
  no_information = 0x00,
  creation = 0x01,
  initialisation = 0x03,
  deactivated = 0x04,
  activated = 0x05,
  terminated = 0x0c,
};

// Reference to an access rule in EF.ARR (tag 8B, 11.1.1.4.7).
struct AccessRule {
  uint16_t arr_file_id = 0;
  uint8_t record = 0;
  friend bool operator==(const AccessRule&, const AccessRule&) = default;
};

// A PIN in the PIN status template (tag C6): key reference (tag 83), whether it is enabled, and
// the usage qualifier (tag 95) that a universal PIN has.
struct PinStatus {
  uint8_t key_reference = 0;
  bool enabled = false;
  std::optional<uint8_t> usage_qualifier{};
  friend bool operator==(const PinStatus&, const PinStatus&) = default;
};

struct PinStatusTemplate {
  std::array<PinStatus, pin_references_max> pins{};
  uint8_t count = 0;
};

// Proprietary information (tag A5).
struct ProprietaryInformation {
  std::optional<uint8_t> uicc_characteristics;  // tag 80
  ByteView application_power_consumption;       // tag 81
  ByteView minimum_clock;                       // tag 82
  ByteView available_memory;                    // tag 83, big endian, in octets
  ByteView file_details;                        // tag 84, BER-TLV structure EF
  std::optional<uint8_t> supported_commands;    // tag 87
  std::optional<uint8_t> environment;           // tag 88, conditions the UICC stands
};

struct Fcp {
  FileType type = FileType::transparent;
  bool shareable = true;
  uint8_t data_coding = 0x21;
  uint16_t record_octets = 0;  // linear fixed and cyclic only
  uint8_t record_count = 0;
  std::optional<uint16_t> file_id;                    // tag 83
  ByteView df_name;                                   // tag 84, the AID of an ADF
  std::optional<ProprietaryInformation> proprietary;  // tag A5
  std::optional<uint8_t> life_cycle;                  // tag 8A, a LifeCycle or proprietary
  std::optional<AccessRule> access_rule;              // tag 8B, three octets
  ByteView security_attributes;                       // tag 8B of other forms, 8C or AB
  uint32_t security_attributes_tag = 0;               // of `security_attributes`; 0 when none
  std::optional<PinStatusTemplate> pin_status;        // tag C6, directories
  std::optional<uint32_t> file_octets;                // tag 80
  std::optional<uint32_t> total_file_octets;          // tag 81
  // Tag 88: SFI in 1…30; 0 stands for an empty object, "no SFI"; absent means the default.
  std::optional<uint8_t> short_file_id;
};

// Unknown data objects are skipped. truncated, trailing_bytes, bad_length, bad_value; not_found
// without a file descriptor; unsupported for file types that are not above.
Result<Fcp> parse_fcp(ByteView bytes);
// too_large above fcp_value_octets_max, no_space, bad_value for an SFI above 30 or too many PINs.
Result<ByteView> write_fcp(const Fcp& fcp, MutableByteView out);

}  // namespace simurgh::apdu
