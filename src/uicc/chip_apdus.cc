#include "uicc/chip_apdus.h"

#include "formats/tlv/ber_tlv.h"

namespace simurgh::uicc {
namespace {

// Context-specific tags of the chip's own data (docs/protocols/chip-apdus.md).
enum Tag : tlv::Tag {
  tag_pre_personalisation = 0xe1,  // around the others, so that nothing can be cut off unnoticed
  tag_chip_data = 0xe2,
  tag_iccid = 0x80,
  tag_imsi = 0x81,
  tag_ver = 0x82,
  tag_k1 = 0x83,
  tag_suites = 0x84,
  tag_ed25519 = 0x85,
  tag_p256 = 0x86,
  tag_rsa2048 = 0x87,
  tag_centre_number = 0x88,
  tag_authentication = 0x89,
  tag_service_centre = 0x8a,
  tag_mnc_digits = 0x8b,
  tag_provider_name = 0x8c,
  tag_state = 0x8d,
  tag_life = 0x8e,
  tag_active_epoch = 0x8f,
  tag_pending = 0x90,
  tag_imported = 0xae,
  tag_legacy_1997 = 0x91,  // 01; absent otherwise
};

template <typename Digits>
Result<Digits> digits_of(const tlv::Element& element) {
  const auto digits = Digits::parse(text_of(element.value));
  if (!digits.has_value()) return fail(ErrorCode::bad_value, element.offset);
  return *digits;
}

Result<uint8_t> octet_of(const tlv::Element& element) {
  if (element.value.size() != 1) return fail(ErrorCode::bad_length, element.offset);
  return element.value[0];
}

Result<uint32_t> number_of(const tlv::Element& element) {
  if (element.value.size() != 4) return fail(ErrorCode::bad_length, element.offset);
  return Reader(element.value).u32();
}

Result<personalisation::Ver> ver_of(const tlv::Element& element) {
  personalisation::Ver ver;
  if (element.value.size() != ver.size()) return fail(ErrorCode::bad_length, element.offset);
  std::memcpy(ver.data(), element.value.data(), ver.size());
  return ver;
}

template <typename Key>
Result<Key> key_of(const tlv::Element& element) {
  if (element.value.size() != Key::capacity()) return fail(ErrorCode::bad_length, element.offset);
  return Key(element.value);
}

Result<AuthenticationProfile> authentication_of(const tlv::Element& element) {
  if (element.value.size() != 3) return fail(ErrorCode::bad_length, element.offset);
  AuthenticationProfile profile;
  profile.ki_octets = element.value[1];
  profile.tuak_iterations = element.value[2];
  const uint8_t algorithm = element.value[0];
  const bool milenage = algorithm == static_cast<uint8_t>(AuthenticationAlgorithm::milenage);
  const bool tuak = algorithm == static_cast<uint8_t>(AuthenticationAlgorithm::tuak);
  profile.algorithm = milenage ? AuthenticationAlgorithm::milenage : AuthenticationAlgorithm::tuak;
  const bool size_fits = profile.ki_octets == 16 || (tuak && profile.ki_octets == 32);
  if ((!milenage && !tuak) || !size_fits || profile.tuak_iterations == 0) {
    return fail(ErrorCode::bad_value, element.offset);
  }
  return profile;
}

Result<bool> is_legacy_1997(const tlv::Element& element) {
  if (TRY(octet_of(element)) != 1) return fail(ErrorCode::bad_value, element.offset);
  return true;
}

Result<void> take(const tlv::Element& element, PrePersonalisation& data) {
  switch (element.tag) {
    case tag_iccid: data.chip.iccid = TRY(digits_of<Iccid>(element)); return {};
    case tag_imsi: data.chip.imsi = TRY(digits_of<Imsi>(element)); return {};
    case tag_ver: data.chip.ver = TRY(ver_of(element)); return {};
    case tag_k1: data.k1 = TRY(key_of<Key256>(element)); return {};
    case tag_suites:
      data.suites = TRY(personalisation::SuiteSet::from_bits(TRY(octet_of(element))));
      return {};
    case tag_ed25519:
      data.server_keys.ed25519 = TRY(key_of<decltype(data.server_keys.ed25519)>(element));
      return {};
    case tag_p256:
      data.server_keys.p256 = TRY(key_of<decltype(data.server_keys.p256)>(element));
      return {};
    case tag_rsa2048:
      data.server_keys.rsa2048 = TRY(key_of<decltype(data.server_keys.rsa2048)>(element));
      return {};
    case tag_centre_number: data.centre_number = TRY(digits_of<Msisdn>(element)); return {};
    case tag_service_centre: data.service_centre = TRY(digits_of<Msisdn>(element)); return {};
    case tag_authentication: data.authentication = TRY(authentication_of(element)); return {};
    case tag_mnc_digits:
      data.mnc_digits = TRY(octet_of(element));
      if (data.mnc_digits != 2 && data.mnc_digits != 3) {
        return fail(ErrorCode::bad_value, element.offset);
      }
      return {};
    case tag_provider_name:
      if (element.value.size() > data.service_provider_name.capacity()) {
        return fail(ErrorCode::bad_length, element.offset);
      }
      data.service_provider_name.assign(element.value);
      return {};
    case tag_imported: {
      const auto imported = parse_imported(element.value);
      if (!imported.has_value()) return fail(imported.error().code, element.offset);
      data.imported = *imported;
      return {};
    }
    case tag_legacy_1997: data.legacy_1997 = TRY(is_legacy_1997(element)); return {};
    default: return fail(ErrorCode::unsupported, element.offset);
  }
}

void write_unless_empty(tlv::BerWriter& writer, tlv::Tag tag, ByteView value) {
  if (!value.empty()) writer.element(tag, value);
}

void write_u32(tlv::BerWriter& writer, tlv::Tag tag, uint32_t value) {
  ByteArray<4> octets;
  Writer(octets).u32(value);
  writer.element(tag, octets);
}

}  // namespace

const ByteArray<10> personalisation_aid = {0xf0, 'S', 'I', 'M', 'U', 'R', 'G', 'H', 'P', 'E'};

PrePersonalisationBytes write_pre_personalisation(const PrePersonalisation& data) {
  PrePersonalisationBytes bytes;
  Writer out(bytes.fill(pre_personalisation_octets_max));
  tlv::BerWriter writer(out);
  const auto whole = writer.open(tag_pre_personalisation);
  writer.element(tag_iccid, data.chip.iccid.bytes());
  writer.element(tag_imsi, data.chip.imsi.bytes());
  writer.element(tag_ver, data.chip.ver);
  writer.element(tag_k1, data.k1.view());
  writer.u8(tag_suites, data.suites.bits());
  write_unless_empty(writer, tag_ed25519, data.server_keys.ed25519);
  write_unless_empty(writer, tag_p256, data.server_keys.p256);
  write_unless_empty(writer, tag_rsa2048, data.server_keys.rsa2048);
  write_unless_empty(writer, tag_centre_number, data.centre_number.bytes());
  const uint8_t authentication[] = {static_cast<uint8_t>(data.authentication.algorithm),
                                    data.authentication.ki_octets,
                                    data.authentication.tuak_iterations};
  writer.element(tag_authentication, authentication);
  write_unless_empty(writer, tag_service_centre, data.service_centre.bytes());
  writer.u8(tag_mnc_digits, data.mnc_digits);
  write_unless_empty(writer, tag_provider_name, data.service_provider_name);
  if (data.imported.has_value()) {
    Secret<imported_octets_max> room;
    const auto imported = write_imported(*data.imported, room.fill(imported_octets_max));
    SIMURGH_CHECK(imported.has_value());
    writer.element(tag_imported, *imported);
  }
  if (data.legacy_1997) writer.u8(tag_legacy_1997, 1);
  writer.close(whole);
  SIMURGH_CHECK(!out.failed());  // all fields have their limits
  return PrePersonalisationBytes(out.written());
}

Result<PrePersonalisation> parse_pre_personalisation(ByteView bytes) {
  PrePersonalisation data;
  tlv::BerReader reader(TRY(tlv::unwrap_ber(bytes, tag_pre_personalisation)));
  while (!reader.at_end()) TRY(take(TRY(reader.next()), data));
  if (data.chip.iccid.empty() || data.chip.imsi.empty() || data.k1.empty() || data.suites.empty()) {
    return fail(ErrorCode::not_found, bytes.size());
  }
  return data;
}

Result<ByteView> write_chip_data(const ChipData& data, MutableByteView out) {
  Writer raw(out);
  tlv::BerWriter writer(raw);
  const auto whole = writer.open(tag_chip_data);
  writer.u8(tag_state, static_cast<uint8_t>(data.state));
  if (data.state != personalisation::ChipState::factory) {
    writer.element(tag_iccid, data.iccid.bytes());
    writer.element(tag_ver, data.ver);
    write_u32(writer, tag_life, data.life);
    write_u32(writer, tag_active_epoch, data.active_epoch);
    writer.u8(tag_pending, data.pending ? 1 : 0);
    writer.u8(tag_suites, data.suites.bits());
    if (data.legacy_1997) writer.u8(tag_legacy_1997, 1);
  }
  writer.close(whole);
  return raw.finish();
}

Result<ChipData> parse_chip_data(ByteView bytes) {
  ChipData data;
  bool has_state = false;
  tlv::BerReader reader(TRY(tlv::unwrap_ber(bytes, tag_chip_data)));
  while (!reader.at_end()) {
    const tlv::Element element = TRY(reader.next());
    switch (element.tag) {
      case tag_state: {
        const uint8_t state = TRY(octet_of(element));
        if (state < 1 || state > 3) return fail(ErrorCode::bad_value, element.offset);
        data.state = static_cast<personalisation::ChipState>(state);
        has_state = true;
        break;
      }
      case tag_iccid: data.iccid = TRY(digits_of<Iccid>(element)); break;
      case tag_ver: data.ver = TRY(ver_of(element)); break;
      case tag_life: data.life = TRY(number_of(element)); break;
      case tag_active_epoch: data.active_epoch = TRY(number_of(element)); break;
      case tag_pending: data.pending = TRY(octet_of(element)) != 0; break;
      case tag_suites:
        data.suites = TRY(personalisation::SuiteSet::from_bits(TRY(octet_of(element))));
        break;
      case tag_legacy_1997: data.legacy_1997 = TRY(is_legacy_1997(element)); break;
      default: return fail(ErrorCode::unsupported, element.offset);
    }
  }
  if (!has_state) return fail(ErrorCode::not_found, bytes.size());
  if (data.state != personalisation::ChipState::factory && data.iccid.empty()) {
    return fail(ErrorCode::not_found, bytes.size());
  }
  return data;
}

}  // namespace simurgh::uicc
