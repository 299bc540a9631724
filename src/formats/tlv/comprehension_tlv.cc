#include "formats/tlv/comprehension_tlv.h"

namespace simurgh::tlv {

namespace {

constexpr uint8_t comprehension_bit = 0x80;
constexpr uint8_t three_octet_tag = 0x7f;

Result<uint32_t> read_length(Reader& reader) {
  const size_t start = reader.offset();
  const uint8_t first = TRY(reader.u8());
  if (first < 0x80) return first;
  switch (first) {
    case 0x81: return TRY(reader.u8());
    case 0x82: return TRY(reader.u16());
    case 0x83: return TRY(reader.u24());
    default: return fail(ErrorCode::bad_value, start);
  }
}

}  // namespace

Result<ComprehensionElement> read_comprehension(Reader& reader) {
  ComprehensionElement element;
  const size_t start = reader.offset();
  const uint8_t first = TRY(reader.u8());
  // TS 101 220 7.1.1.2: 00 and FF are not used, 80 is reserved.
  if (first == 0x00 || first == 0x80 || first == 0xff) return fail(ErrorCode::bad_value, start);
  if (first == three_octet_tag) {
    const uint16_t tag = TRY(reader.u16());
    element.comprehension_required = (tag & 0x8000) != 0;
    element.tag = tag & 0x7fff;
    // A small tag has one octet; a second spelling for it would let two readers differ.
    if (element.tag <= one_octet_comprehension_tag_max) return fail(ErrorCode::bad_value, start);
  } else {
    element.comprehension_required = (first & comprehension_bit) != 0;
    element.tag = first & 0x7f;
  }
  const uint32_t length = TRY(read_length(reader));
  element.offset = reader.offset();
  element.value = TRY(reader.bytes(length));
  return element;
}

Result<ComprehensionElement> find_comprehension(ByteView input, ComprehensionTag tag,
                                                size_t occurrence) {
  ComprehensionReader reader(input);
  while (!reader.at_end()) {
    const ComprehensionElement element = TRY(reader.next());
    if (element.tag == tag && occurrence-- == 0) return element;
  }
  return fail(ErrorCode::not_found, input.size());
}

void ComprehensionWriter::write_header(ComprehensionTag tag, Comprehension comprehension,
                                       size_t length) {
  SIMURGH_CHECK(tag != 0 && tag <= 0x7fff);
  const bool required = comprehension == Comprehension::required;
  if (tag <= one_octet_comprehension_tag_max) {
    out_.u8(static_cast<uint8_t>(tag | (required ? comprehension_bit : 0)));
  } else {
    out_.u8(three_octet_tag).u16(static_cast<uint16_t>(tag | (required ? 0x8000 : 0)));
  }
  if (length < 0x80) {
    out_.u8(static_cast<uint8_t>(length));
  } else if (length <= 0xff) {
    out_.u8(0x81).u8(static_cast<uint8_t>(length));
  } else if (length <= 0xffff) {
    out_.u8(0x82).u16(static_cast<uint16_t>(length));
  } else if (length <= 0xffffff) {
    out_.u8(0x83).u24(static_cast<uint32_t>(length));
  } else {
    out_.set_failed();
  }
}

ComprehensionWriter& ComprehensionWriter::element(ComprehensionTag tag, ByteView value,
                                                  Comprehension comprehension) {
  write_header(tag, comprehension, value.size());
  out_.bytes(value);
  return *this;
}

ComprehensionWriter& ComprehensionWriter::element(ComprehensionTag tag, uint8_t first,
                                                  ByteView rest, Comprehension comprehension) {
  write_header(tag, comprehension, 1 + rest.size());
  out_.u8(first).bytes(rest);
  return *this;
}

ComprehensionWriter& ComprehensionWriter::u16(ComprehensionTag tag, uint16_t value,
                                              Comprehension comprehension) {
  const uint8_t octets[] = {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
  return element(tag, octets, comprehension);
}

}  // namespace simurgh::tlv
