// link: simurgh_formats_tlv
#include "formats/tlv/comprehension_tlv.h"

#include "base/check.h"

using namespace simurgh;
using namespace simurgh::tlv;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static uint8_t room[1 << 17];
  const ByteView input(data, size);
  static_cast<void>(find_comprehension(input, 0x06, 1).has_value());
  Writer writer(room);
  ComprehensionWriter objects(writer);
  ComprehensionReader reader(input);
  size_t count = 0;
  while (!reader.at_end()) {
    const auto element = reader.next();
    if (!element) return 0;
    objects.element(
        element->tag, element->value,
        element->comprehension_required ? Comprehension::required : Comprehension::not_required);
    ++count;
  }
  const auto written = writer.finish();
  if (!written) return 0;
  SIMURGH_CHECK(written->size() <= size);
  ComprehensionReader again(*written);
  ComprehensionReader original(input);
  for (; count > 0; --count) {
    const auto a = again.next();
    const auto b = original.next();
    SIMURGH_CHECK((a && b && a->tag == b->tag && equal(a->value, b->value)));
    SIMURGH_CHECK(a->comprehension_required == b->comprehension_required);
  }
  SIMURGH_CHECK(again.at_end());
  return 0;
}
