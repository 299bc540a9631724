#include "uicc/imported.h"

#include "formats/tlv/ber_tlv.h"
#include "uicc/nv_keys.h"

namespace simurgh::uicc {

namespace {

constexpr tlv::Tag tag_kind = 0x80;
constexpr tlv::Tag tag_key_set = 0xa1;
constexpr tlv::Tag tag_tar = 0x83;
constexpr tlv::Tag tag_set_number = 0x80;
constexpr tlv::Tag tag_kic = 0x81;
constexpr tlv::Tag tag_kid = 0x82;

bool is_aes_key(ByteView key) {
  return key.size() == 16 || key.size() == 24 || key.size() == 32;
}

Result<GivenKeys> parse_keys(const tlv::Element& set) {
  GivenKeys keys;
  const auto number = TRY(tlv::find_ber(set.value, tag_set_number)).value;
  const ByteView kic = TRY(tlv::find_ber(set.value, tag_kic)).value;
  const ByteView kid = TRY(tlv::find_ber(set.value, tag_kid)).value;
  if (number.size() != 1 || !is_aes_key(kic) || !is_aes_key(kid)) {
    return fail(ErrorCode::bad_length, set.offset);
  }
  keys.key_set = number[0];
  if (keys.key_set < 1 || keys.key_set > 15) return fail(ErrorCode::bad_value, set.offset);
  keys.kic.assign(kic);
  keys.kid.assign(kid);
  return keys;
}

Result<TarRow> parse_tar(const tlv::Element& element) {
  TarRow row;
  if (element.value.size() != row.tar.size() + 1) {
    return fail(ErrorCode::bad_length, element.offset);
  }
  std::memcpy(row.tar.data(), element.value.data(), row.tar.size());
  const uint8_t target = element.value[row.tar.size()];
  if (target > static_cast<uint8_t>(Target::applications)) {
    return fail(ErrorCode::bad_value, element.offset);
  }
  row.target = static_cast<Target>(target);
  return row;
}

}  // namespace

Result<ImportedChip> parse_imported(ByteView value) {
  ImportedChip chip;
  bool has_kind = false;
  tlv::BerReader reader(value);
  while (!reader.at_end()) {
    const tlv::Element element = TRY(reader.next());
    switch (element.tag) {
      case tag_kind: {
        if (element.value.size() != 1) return fail(ErrorCode::bad_length, element.offset);
        const uint8_t kind = element.value[0];
        if (kind < static_cast<uint8_t>(ChipKind::sim) ||
            kind > static_cast<uint8_t>(ChipKind::ese)) {
          return fail(ErrorCode::bad_value, element.offset);
        }
        chip.kind = static_cast<ChipKind>(kind);
        has_kind = true;
        break;
      }
      case tag_key_set: {
        const GivenKeys keys = TRY(parse_keys(element));
        for (const GivenKeys& other : chip.keys) {
          if (other.key_set == keys.key_set) return fail(ErrorCode::bad_value, element.offset);
        }
        if (!chip.keys.try_push_back(keys)) return fail(ErrorCode::too_large, element.offset);
        break;
      }
      case tag_tar:
        if (!chip.tars.try_push_back(TRY(parse_tar(element)))) {
          return fail(ErrorCode::too_large, element.offset);
        }
        break;
      default: return fail(ErrorCode::unsupported, element.offset);
    }
  }
  if (!has_kind || chip.keys.empty()) return fail(ErrorCode::not_found, value.size());
  return chip;
}

Result<ByteView> write_imported(const ImportedChip& chip, MutableByteView out) {
  Writer raw(out);
  tlv::BerWriter writer(raw);
  writer.u8(tag_kind, static_cast<uint8_t>(chip.kind));
  for (const GivenKeys& keys : chip.keys) {
    const auto set = writer.open(tag_key_set);
    writer.u8(tag_set_number, keys.key_set);
    writer.element(tag_kic, keys.kic.view()).element(tag_kid, keys.kid.view());
    writer.close(set);
  }
  for (const TarRow& row : chip.tars) {
    const uint8_t octets[] = {row.tar[0], row.tar[1], row.tar[2], static_cast<uint8_t>(row.target)};
    writer.element(tag_tar, octets);
  }
  return raw.finish();
}

Result<ImportedChip> load_imported(const NvStore& store) {
  Secret<imported_octets_max> room;
  auto chip = parse_imported(TRY(store.read(nv_key::imported, room.fill(imported_octets_max))));
  if (!chip.has_value()) return fail(ErrorCode::storage);
  return chip;
}

}  // namespace simurgh::uicc
