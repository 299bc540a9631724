#include "formats/tlv/ber_tlv.h"

namespace simurgh::tlv {

namespace {

constexpr size_t tag_octets_max = 3;

bool has_further_octets(uint8_t first) {
  return (first & 0x1f) == 0x1f;
}

Result<Tag> read_tag(Reader& reader) {
  const size_t start = reader.offset();
  Tag tag = TRY(reader.u8());
  // ISO 7816-4 5.2.2.1: 00 and FF are no tags but padding before, between and after objects.
  if (tag == 0x00 || tag == 0xff) return fail(ErrorCode::bad_value, start);
  if (!has_further_octets(static_cast<uint8_t>(tag))) return tag;
  for (size_t octets = 1; octets < tag_octets_max; ++octets) {
    const uint8_t octet = TRY(reader.u8());
    if (octets == 1 && octet == 0x80) return fail(ErrorCode::bad_value, start);
    tag = tag << 8 | octet;
    if ((octet & 0x80) == 0) return tag;
  }
  return fail(ErrorCode::bad_value, start);
}

Result<uint32_t> read_length(Reader& reader) {
  const size_t start = reader.offset();
  const uint8_t first = TRY(reader.u8());
  if (first < 0x80) return first;
  switch (first) {
    case 0x81: return TRY(reader.u8());
    case 0x82: return TRY(reader.u16());
    case 0x83: return TRY(reader.u24());
    case 0x80: return fail(ErrorCode::bad_value, start);
    default: return fail(ErrorCode::too_large, start);
  }
}

size_t tag_octets(Tag tag) {
  return tag > 0xffff ? 3 : tag > 0xff ? 2 : 1;
}

size_t length_octets(size_t length) {
  return length < 0x80 ? 1 : length <= 0xff ? 2 : length <= 0xffff ? 3 : 4;
}

// The octets after the first of a length field; `count` of them.
void write_length_value(Writer& out, size_t length, size_t count) {
  for (size_t i = count; i-- > 0;) out.u8(static_cast<uint8_t>(length >> (8 * i)));
}

}  // namespace

Result<Element> read_ber(Reader& reader) {
  Element element;
  element.tag = TRY(read_tag(reader));
  const uint32_t length = TRY(read_length(reader));
  element.offset = reader.offset();
  element.value = TRY(reader.bytes(length));
  return element;
}

Result<Element> BerReader::expect(Tag tag) {
  const size_t start = reader_.offset();
  const Element element = TRY(read_ber(reader_));
  if (element.tag != tag) return fail(ErrorCode::bad_value, start);
  return element;
}

Result<Element> find_ber(ByteView input, Tag tag) {
  BerReader reader(input);
  while (!reader.at_end()) {
    const Element element = TRY(reader.next());
    if (element.tag == tag) return element;
  }
  return fail(ErrorCode::not_found, input.size());
}

Result<ByteView> unwrap_ber(ByteView input, Tag tag) {
  BerReader reader(input);
  const Element element = TRY(reader.expect(tag));
  if (!reader.at_end()) return fail(ErrorCode::trailing_bytes, reader.offset());
  return element.value;
}

size_t ber_header_octets(Tag tag, size_t length) {
  return tag_octets(tag) + length_octets(length);
}

void BerWriter::write_tag(Tag tag) {
  SIMURGH_CHECK(tag != 0 && tag <= 0xffffff);
  write_length_value(out_, tag, tag_octets(tag));
}

BerWriter& BerWriter::element(Tag tag, ByteView value) {
  write_tag(tag);
  if (value.size() > ber_length_max) {
    out_.set_failed();
    return *this;
  }
  const size_t octets = length_octets(value.size());
  if (octets > 1) out_.u8(static_cast<uint8_t>(0x80 + octets - 1));
  write_length_value(out_, value.size(), octets == 1 ? 1 : octets - 1);
  out_.bytes(value);
  return *this;
}

BerWriter& BerWriter::u16(Tag tag, uint16_t value) {
  const uint8_t octets[] = {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
  return element(tag, octets);
}

BerWriter::Open BerWriter::open(Tag tag) {
  write_tag(tag);
  const Open open{out_.size()};
  out_.u8(0);
  return open;
}

void BerWriter::close(Open open) {
  if (out_.failed()) return;
  const size_t length = out_.size() - open.length_offset - 1;
  if (length > ber_length_max) {
    out_.set_failed();
    return;
  }
  const size_t further = length_octets(length) - 1;
  if (further == 0) {
    out_.patch_u8(open.length_offset, static_cast<uint8_t>(length));
    return;
  }
  out_.insert(open.length_offset + 1, further);
  out_.patch_u8(open.length_offset, static_cast<uint8_t>(0x80 + further));
  for (size_t i = 0; i < further; ++i) {
    out_.patch_u8(open.length_offset + 1 + i,
                  static_cast<uint8_t>(length >> (8 * (further - 1 - i))));
  }
}

}  // namespace simurgh::tlv
