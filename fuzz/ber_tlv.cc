// link: simurgh_formats_tlv
#include "formats/tlv/ber_tlv.h"

#include "base/check.h"

using namespace simurgh;
using namespace simurgh::tlv;

namespace {

constexpr int depth_max = 16;

// Walks nested objects and writes them again; what was minimal comes out byte for byte.
bool rewrite(ByteView input, BerWriter& out, int depth) {
  BerReader reader(input);
  while (!reader.at_end()) {
    const size_t begin = reader.offset();
    const auto element = reader.next();
    if (!element) return false;
    SIMURGH_CHECK(element->offset + element->value.size() == reader.offset());
    SIMURGH_CHECK(reader.offset() > begin);
    if (is_constructed(element->tag) && depth < depth_max) {
      const auto open = out.open(element->tag);
      if (!rewrite(element->value, out, depth + 1)) return false;
      out.close(open);
    } else {
      out.element(element->tag, element->value);
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static uint8_t room[1 << 17];
  static uint8_t second_room[1 << 17];
  const ByteView input(data, size);
  static_cast<void>(find_ber(input, 0x83).has_value());
  static_cast<void>(unwrap_ber(input, 0x62).has_value());
  Writer writer(room);
  BerWriter objects(writer);
  if (!rewrite(input, objects, 0)) return 0;
  const auto first = writer.finish();
  if (!first) return 0;
  Writer second_writer(second_room);
  BerWriter second_objects(second_writer);
  SIMURGH_CHECK(rewrite(*first, second_objects, 0));
  SIMURGH_CHECK(equal(*first, *second_writer.finish()));
  SIMURGH_CHECK(first->size() <= size);  // lengths only get shorter
  return 0;
}
