// BER-TLV data objects as cards use them (ISO/IEC 8825-1, TS 101 220 7.1.1, ISO 7816-4): tags of
// one to three octets, definite lengths of one to four octets.
//
// Views only: nothing is copied or allocated, and an Element does not outlive the bytes it was
// read from. Indefinite lengths are refused; only remote management scripts use them.
#pragma once

#include "base/reader.h"

namespace simurgh::tlv {

// The tag's octets as one big-endian number: 0x62, 0x9f70, 0xbf8101.
using Tag = uint32_t;

constexpr uint32_t ber_length_max = 0xffffff;  // a length of four octets: 83 xx xx xx

struct Element {
  Tag tag = 0;
  ByteView value;
  size_t offset = 0;  // of the value, in octets from the start of what was read
};

// Bit 6 of the tag's first octet: the value holds data objects.
constexpr bool is_constructed(Tag tag) {
  const Tag first = tag > 0xffff ? tag >> 16 : tag > 0xff ? tag >> 8 : tag;
  return (first & 0x20) != 0;
}

// The next data object. truncated; bad_value for a tag of more than three octets, a tag that is
// not minimal, or an indefinite length; too_large for more than three octets of length. A length
// that is longer than need be (81 05) is accepted, as cards send it.
Result<Element> read_ber(Reader& reader);

// Goes through the data objects of a value. Padding is not skipped: 00 and FF are errors.
class BerReader {
 public:
  explicit BerReader(ByteView input) : reader_(input) {}
  bool at_end() const { return reader_.at_end(); }
  size_t offset() const { return reader_.offset(); }
  Result<Element> next() { return read_ber(reader_); }
  // The next data object, which must have this tag, else bad_value at its offset.
  Result<Element> expect(Tag tag);

 private:
  Reader reader_;
};

// The first data object with `tag` in `input`; not_found, or the fault met before it.
Result<Element> find_ber(ByteView input, Tag tag);

// The single data object `tag` that fills `input`; trailing_bytes when more follows.
Result<ByteView> unwrap_ber(ByteView input, Tag tag);

// Octets that tag and length take.
size_t ber_header_octets(Tag tag, size_t length);

// Writes data objects into a Writer, with minimal lengths. What is too long makes the Writer fail.
class BerWriter {
 public:
  explicit BerWriter(Writer& out) : out_(out) {}

  BerWriter& element(Tag tag, ByteView value);
  BerWriter& u8(Tag tag, uint8_t value) { return element(tag, {&value, 1}); }
  BerWriter& u16(Tag tag, uint16_t value);

  // A constructed object around what is written until `close`; objects nest. The length is
  // patched in, and what was written moves when it takes more than one octet.
  struct Open {
    size_t length_offset;
  };
  [[nodiscard]] Open open(Tag tag);
  void close(Open open);

  // For primitive content inside an open object.
  Writer& raw() { return out_; }

 private:
  void write_tag(Tag tag);
  Writer& out_;
};

}  // namespace simurgh::tlv
