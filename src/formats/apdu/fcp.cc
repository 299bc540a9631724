#include "formats/apdu/fcp.h"

#include "formats/tlv/ber_tlv.h"

namespace simurgh::apdu {

namespace {

namespace tag {
constexpr tlv::Tag fcp = 0x62;
constexpr tlv::Tag file_octets = 0x80;
constexpr tlv::Tag total_file_octets = 0x81;
constexpr tlv::Tag file_descriptor = 0x82;
constexpr tlv::Tag file_id = 0x83;
constexpr tlv::Tag df_name = 0x84;
constexpr tlv::Tag short_file_id = 0x88;
constexpr tlv::Tag life_cycle = 0x8a;
constexpr tlv::Tag security_referenced = 0x8b;
constexpr tlv::Tag security_compact = 0x8c;
constexpr tlv::Tag security_expanded = 0xab;
constexpr tlv::Tag proprietary = 0xa5;
constexpr tlv::Tag pin_status = 0xc6;
// Inside the proprietary template.
constexpr tlv::Tag characteristics = 0x80;
constexpr tlv::Tag power_consumption = 0x81;
constexpr tlv::Tag minimum_clock = 0x82;
constexpr tlv::Tag available_memory = 0x83;
constexpr tlv::Tag file_details = 0x84;
constexpr tlv::Tag supported_commands = 0x87;
constexpr tlv::Tag environment = 0x88;
// Inside the PIN status template.
constexpr tlv::Tag ps_do = 0x90;
constexpr tlv::Tag usage_qualifier = 0x95;
constexpr tlv::Tag key_reference = 0x83;
}  // namespace tag

constexpr uint8_t shareable_bit = 0x40;
constexpr uint8_t short_file_id_max = 30;

bool has_records(FileType type) {
  return type == FileType::linear_fixed || type == FileType::cyclic;
}

// A number of 1…4 octets.
Result<uint32_t> number_of(const tlv::Element& element) {
  if (element.value.empty() || element.value.size() > 4) {
    return fail(ErrorCode::bad_length, element.offset);
  }
  uint32_t value = 0;
  for (const uint8_t octet : element.value) value = value << 8 | octet;
  return value;
}

Result<uint8_t> octet_of(const tlv::Element& element) {
  if (element.value.size() != 1) return fail(ErrorCode::bad_length, element.offset);
  return element.value[0];
}

// File sizes have at least two octets (11.1.1.4.1).
void write_number(tlv::BerWriter& out, tlv::Tag tag, uint32_t value) {
  uint8_t octets[4];
  for (size_t i = 0; i < 4; ++i) octets[i] = static_cast<uint8_t>(value >> (8 * (3 - i)));
  const size_t size = value > 0xffffff ? 4 : value > 0xffff ? 3 : 2;
  out.element(tag, ByteView(octets).last(size));
}

// 11.1.1.4.3
Result<void> read_file_descriptor(const tlv::Element& element, Fcp& fcp) {
  Reader reader(element.value);
  const uint8_t descriptor = TRY(reader.u8());
  fcp.shareable = (descriptor & shareable_bit) != 0;
  const auto type = static_cast<FileType>(descriptor & ~shareable_bit);
  switch (type) {
    case FileType::transparent:
    case FileType::linear_fixed:
    case FileType::cyclic:
    case FileType::ber_tlv:
    case FileType::directory: break;
    default: return fail(ErrorCode::unsupported, element.offset);
  }
  fcp.type = type;
  fcp.data_coding = TRY(reader.u8());
  if (has_records(type)) {
    fcp.record_octets = TRY(reader.u16());
    fcp.record_count = TRY(reader.u8());
  }
  return reader.expect_end();
}

Result<void> read_proprietary(const tlv::Element& element, Fcp& fcp) {
  ProprietaryInformation information;
  tlv::BerReader reader(element.value);
  while (!reader.at_end()) {
    const tlv::Element inner = TRY(reader.next());
    switch (inner.tag) {
      case tag::characteristics: information.uicc_characteristics = TRY(octet_of(inner)); break;
      case tag::power_consumption: information.application_power_consumption = inner.value; break;
      case tag::minimum_clock: information.minimum_clock = inner.value; break;
      case tag::available_memory: information.available_memory = inner.value; break;
      case tag::file_details: information.file_details = inner.value; break;
      case tag::supported_commands: information.supported_commands = TRY(octet_of(inner)); break;
      case tag::environment: information.environment = TRY(octet_of(inner)); break;
      default: break;
    }
  }
  fcp.proprietary = information;
  return {};
}

// 11.1.1.4.10: PS_DO with one bit a key from b8 of its first octet on, then the keys.
Result<void> read_pin_status(const tlv::Element& element, Fcp& fcp) {
  PinStatusTemplate pins;
  tlv::BerReader reader(element.value);
  const tlv::Element bits = TRY(reader.expect(tag::ps_do));
  std::optional<uint8_t> usage;
  while (!reader.at_end()) {
    const tlv::Element inner = TRY(reader.next());
    if (inner.tag == tag::usage_qualifier) usage = TRY(octet_of(inner));
    if (inner.tag != tag::key_reference) continue;
    if (pins.count == pin_references_max) return fail(ErrorCode::too_large, inner.offset);
    const size_t octet = pins.count / 8u;
    if (octet >= bits.value.size()) return fail(ErrorCode::bad_length, bits.offset);
    const bool enabled = (bits.value[octet] & (0x80 >> (pins.count % 8))) != 0;
    pins.pins[pins.count++] = {TRY(octet_of(inner)), enabled, usage};
    usage.reset();
  }
  fcp.pin_status = pins;
  return {};
}

Result<void> read_security(const tlv::Element& element, Fcp& fcp) {
  if (element.tag == tag::security_referenced && element.value.size() == 3) {
    Reader reader(element.value);
    AccessRule rule;
    rule.arr_file_id = TRY(reader.u16());
    rule.record = TRY(reader.u8());
    fcp.access_rule = rule;
  } else {
    fcp.security_attributes = element.value;
    fcp.security_attributes_tag = element.tag;
  }
  return {};
}

// An empty object says that there is no SFI; else it stands in the upper five bits (11.1.1.4.8).
Result<void> read_short_file_id(const tlv::Element& element, Fcp& fcp) {
  if (element.value.empty()) {
    fcp.short_file_id = uint8_t{0};
    return {};
  }
  const uint8_t octet = TRY(octet_of(element));
  const auto id = static_cast<uint8_t>(octet >> 3);
  if (id == 0 || id > short_file_id_max) return fail(ErrorCode::bad_value, element.offset);
  fcp.short_file_id = id;
  return {};
}

Result<void> read_object(const tlv::Element& element, Fcp& fcp) {
  switch (element.tag) {
    case tag::file_descriptor: return read_file_descriptor(element, fcp);
    case tag::proprietary: return read_proprietary(element, fcp);
    case tag::pin_status: return read_pin_status(element, fcp);
    case tag::short_file_id: return read_short_file_id(element, fcp);
    case tag::security_referenced:
    case tag::security_compact:
    case tag::security_expanded: return read_security(element, fcp);
    case tag::file_id:
      if (element.value.size() != 2) return fail(ErrorCode::bad_length, element.offset);
      fcp.file_id = static_cast<uint16_t>(TRY(number_of(element)));
      return {};
    case tag::df_name:
      if (element.value.size() > aid_octets_max) return fail(ErrorCode::bad_length, element.offset);
      fcp.df_name = element.value;
      return {};
    case tag::life_cycle: fcp.life_cycle = TRY(octet_of(element)); return {};
    case tag::file_octets: fcp.file_octets = TRY(number_of(element)); return {};
    case tag::total_file_octets: fcp.total_file_octets = TRY(number_of(element)); return {};
    default: return {};
  }
}

void write_file_descriptor(const Fcp& fcp, tlv::BerWriter& out) {
  const auto type = static_cast<uint8_t>(fcp.type);
  const ByteArray<5> octets = {static_cast<uint8_t>(type | (fcp.shareable ? shareable_bit : 0)),
                               fcp.data_coding, static_cast<uint8_t>(fcp.record_octets >> 8),
                               static_cast<uint8_t>(fcp.record_octets), fcp.record_count};
  out.element(tag::file_descriptor, ByteView(octets).first(has_records(fcp.type) ? 5 : 2));
}

void write_proprietary(const ProprietaryInformation& information, tlv::BerWriter& out) {
  const auto open = out.open(tag::proprietary);
  const auto view = [&](tlv::Tag tag, ByteView value) {
    if (!value.empty()) out.element(tag, value);
  };
  if (information.uicc_characteristics) {
    out.u8(tag::characteristics, *information.uicc_characteristics);
  }
  view(tag::power_consumption, information.application_power_consumption);
  view(tag::minimum_clock, information.minimum_clock);
  view(tag::available_memory, information.available_memory);
  view(tag::file_details, information.file_details);
  if (information.supported_commands) {
    out.u8(tag::supported_commands, *information.supported_commands);
  }
  if (information.environment) out.u8(tag::environment, *information.environment);
  out.close(open);
}

void write_pin_status(const PinStatusTemplate& pins, tlv::BerWriter& out) {
  const auto open = out.open(tag::pin_status);
  ByteArray<(pin_references_max + 7) / 8> bits{};
  for (size_t i = 0; i < pins.count; ++i) {
    if (pins.pins[i].enabled) bits[i / 8] |= static_cast<uint8_t>(0x80 >> (i % 8));
  }
  const size_t octets = pins.count == 0 ? 1 : (pins.count + 7u) / 8;
  out.element(tag::ps_do, ByteView(bits).first(octets));
  for (size_t i = 0; i < pins.count; ++i) {
    const PinStatus& pin = pins.pins[i];
    if (pin.usage_qualifier) out.u8(tag::usage_qualifier, *pin.usage_qualifier);
    out.u8(tag::key_reference, pin.key_reference);
  }
  out.close(open);
}

}  // namespace

Result<Fcp> parse_fcp(ByteView bytes) {
  tlv::BerReader reader(TRY(tlv::unwrap_ber(bytes, tag::fcp)));
  Fcp fcp;
  bool has_descriptor = false;
  while (!reader.at_end()) {
    const tlv::Element element = TRY(reader.next());
    has_descriptor |= element.tag == tag::file_descriptor;
    TRY(read_object(element, fcp));
  }
  if (!has_descriptor) return fail(ErrorCode::not_found, bytes.size());
  return fcp;
}

Result<ByteView> write_fcp(const Fcp& fcp, MutableByteView out) {
  if (fcp.short_file_id.value_or(0) > short_file_id_max) return ErrorCode::bad_value;
  if (fcp.pin_status && fcp.pin_status->count > pin_references_max) return ErrorCode::bad_value;
  Writer writer(out);
  tlv::BerWriter objects(writer);
  const auto open = objects.open(tag::fcp);
  write_file_descriptor(fcp, objects);
  if (fcp.file_id) objects.u16(tag::file_id, *fcp.file_id);
  if (!fcp.df_name.empty()) objects.element(tag::df_name, fcp.df_name);
  if (fcp.proprietary) write_proprietary(*fcp.proprietary, objects);
  if (fcp.life_cycle) objects.u8(tag::life_cycle, *fcp.life_cycle);
  if (fcp.access_rule) {
    const AccessRule& rule = *fcp.access_rule;
    const uint8_t octets[] = {static_cast<uint8_t>(rule.arr_file_id >> 8),
                              static_cast<uint8_t>(rule.arr_file_id), rule.record};
    objects.element(tag::security_referenced, octets);
  } else if (fcp.security_attributes_tag != 0) {
    objects.element(fcp.security_attributes_tag, fcp.security_attributes);
  }
  if (fcp.file_octets) write_number(objects, tag::file_octets, *fcp.file_octets);
  if (fcp.total_file_octets) write_number(objects, tag::total_file_octets, *fcp.total_file_octets);
  if (fcp.pin_status) write_pin_status(*fcp.pin_status, objects);
  if (fcp.short_file_id) {
    const auto octet = static_cast<uint8_t>(*fcp.short_file_id << 3);
    objects.element(tag::short_file_id, {&octet, *fcp.short_file_id == 0 ? size_t{0} : size_t{1}});
  }
  if (!writer.failed() && writer.size() - 2 > fcp_value_octets_max) return ErrorCode::too_large;
  objects.close(open);
  return writer.finish();
}

}  // namespace simurgh::apdu
