#include "formats/smpp/tlv.h"

namespace simurgh::smpp {

Result<Tlvs> Tlvs::parse(ByteView raw) {
  Reader reader(raw);
  while (!reader.at_end()) {
    const size_t begin = reader.offset();
    // The tag is two octets; a stretch too short for tag and length is cut off as well.
    if (reader.remaining() < 4) return fail(ErrorCode::truncated, begin);
    TRY(reader.skip(2));
    TRY(reader.prefixed16());
  }
  return Tlvs(raw);
}

std::optional<ByteView> Tlvs::find(Tag tag) const {
  Reader reader(raw_);
  while (reader.remaining() >= 4) {
    const auto found = static_cast<Tag>(*reader.u16());
    const auto value = reader.prefixed16();
    if (!value.has_value()) break;
    if (found == tag) return *value;
  }
  return std::nullopt;
}

std::optional<uint8_t> Tlvs::u8(Tag tag) const {
  const auto value = find(tag);
  if (!value.has_value() || value->size() != 1) return std::nullopt;
  return (*value)[0];
}

std::optional<uint16_t> Tlvs::u16(Tag tag) const {
  const auto value = find(tag);
  if (!value.has_value() || value->size() != 2) return std::nullopt;
  return *Reader(*value).u16();
}

std::optional<uint32_t> Tlvs::u32(Tag tag) const {
  const auto value = find(tag);
  if (!value.has_value() || value->size() != 4) return std::nullopt;
  return *Reader(*value).u32();
}

std::optional<std::string_view> Tlvs::text(Tag tag) const {
  const auto value = find(tag);
  if (!value.has_value()) return std::nullopt;
  const std::string_view text = text_of(*value);
  return text.substr(0, text.find('\0'));
}

TlvWriter& TlvWriter::add(Tag tag, ByteView value) {
  writer_.u16(static_cast<uint16_t>(tag)).prefixed16(value);
  return *this;
}

TlvWriter& TlvWriter::add_u8(Tag tag, uint8_t value) {
  writer_.u16(static_cast<uint16_t>(tag)).u16(1).u8(value);
  return *this;
}

TlvWriter& TlvWriter::add_u16(Tag tag, uint16_t value) {
  writer_.u16(static_cast<uint16_t>(tag)).u16(2).u16(value);
  return *this;
}

TlvWriter& TlvWriter::add_u32(Tag tag, uint32_t value) {
  writer_.u16(static_cast<uint16_t>(tag)).u16(4).u32(value);
  return *this;
}

TlvWriter& TlvWriter::add_text(Tag tag, std::string_view text) {
  // Longer than 65,534 does not fit the length with the NUL; the length would be wrong.
  if (text.size() >= 0xffff) text = text.substr(0, 0xfffe);
  writer_.u16(static_cast<uint16_t>(tag)).u16(static_cast<uint16_t>(text.size() + 1));
  writer_.bytes(bytes_of(text)).u8(0);
  return *this;
}

}  // namespace simurgh::smpp
