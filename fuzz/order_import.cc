// link: simurgh_factory simurgh_io_json simurgh_io_crypto_openssl
// What comes from a manufacturer (the order file) and what goes to one (the allocation): whatever
// is accepted writes and reads again as the same.
#include "base/check.h"
#include "factory/allocation.h"
#include "factory/order_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace simurgh;
  const auto value = json::parse({reinterpret_cast<const char*>(data), size});
  if (!value.has_value()) return 0;
  json::Problem problem;
  const auto order = factory::parse_order_file(*value, problem);
  SIMURGH_CHECK(order.has_value() != problem.any());
  if (order.has_value()) {
    json::Problem none;
    const auto again = factory::parse_order_file(factory::write_order_file(*order), none);
    SIMURGH_CHECK(again.has_value() && *again == *order);
  }
  json::Problem other;
  const auto note = factory::parse_allocation(*value, other);
  SIMURGH_CHECK(note.has_value() != other.any());
  if (note.has_value()) {
    json::Problem none;
    const auto again = factory::parse_allocation(factory::write_allocation(*note), none);
    SIMURGH_CHECK(again.has_value() && *again == *note);
  }
  return 0;
}
