// COMPREHENSION-TLV data objects (TS 101 220 7.1.1), the elements of proactive commands, terminal
// responses and envelopes.
//
// The top bit of the tag says that a receiver which does not know the object must refuse the
// whole command; it is kept apart from the tag. Views only, as in ber_tlv.h.
#pragma once

#include "base/reader.h"

namespace simurgh::tlv {

// Tag without the comprehension bit: 0x01 … 0x7e in one octet, 0x7f … 0x7fff in three.
using ComprehensionTag = uint16_t;

constexpr ComprehensionTag one_octet_comprehension_tag_max = 0x7e;

struct ComprehensionElement {
  ComprehensionTag tag = 0;
  bool comprehension_required = false;
  ByteView value;
  size_t offset = 0;  // of the value, in octets from the start of what was read
};

// The next data object. truncated; bad_value for the tags 00, 80 and FF, which TS 101 220 keeps
// out, and for a length octet that is not 00…7F, 81, 82 or 83.
Result<ComprehensionElement> read_comprehension(Reader& reader);

class ComprehensionReader {
 public:
  explicit ComprehensionReader(ByteView input) : reader_(input) {}
  bool at_end() const { return reader_.at_end(); }
  size_t offset() const { return reader_.offset(); }
  Result<ComprehensionElement> next() { return read_comprehension(reader_); }

 private:
  Reader reader_;
};

// The `occurrence`-th data object with `tag`, 0 being the first, with either comprehension bit;
// not_found, or the fault met before it.
Result<ComprehensionElement> find_comprehension(ByteView input, ComprehensionTag tag,
                                                size_t occurrence = 0);

enum class Comprehension : uint8_t { required, not_required };

// Writes data objects into a Writer with minimal tags and lengths.
class ComprehensionWriter {
 public:
  explicit ComprehensionWriter(Writer& out) : out_(out) {}
  ComprehensionWriter& element(ComprehensionTag tag, ByteView value,
                               Comprehension comprehension = Comprehension::required);
  // A value in two pieces (a coding octet, then text).
  ComprehensionWriter& element(ComprehensionTag tag, uint8_t first, ByteView rest,
                               Comprehension comprehension = Comprehension::required);
  ComprehensionWriter& u8(ComprehensionTag tag, uint8_t value,
                          Comprehension comprehension = Comprehension::required) {
    return element(tag, {&value, 1}, comprehension);
  }
  ComprehensionWriter& u16(ComprehensionTag tag, uint16_t value,
                           Comprehension comprehension = Comprehension::required);

 private:
  void write_header(ComprehensionTag tag, Comprehension comprehension, size_t length);
  Writer& out_;
};

}  // namespace simurgh::tlv
