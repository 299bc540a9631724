// link: simurgh_crypto simurgh_io_crypto_openssl
// A sealed column as found in a database (T-ROW-SWAP): what the store did not seal for this row
// does not open, whatever was changed.
#include "base/reader.h"
#include "crypto/memory_key_store.h"

using namespace simurgh;
using namespace simurgh::crypto;

namespace {

constexpr size_t octets_max = 512;
using Room = ByteArray<octets_max + KeyStore::seal_overhead_octets>;

// Nothing that is not sealed by the store opens, and nothing is written then.
void check_refused(KeyStore& store, ByteView identity, ByteView sealed) {
  Room plain;
  plain.fill(0xa5);
  Room untouched;
  untouched.fill(0xa5);
  SIMURGH_CHECK(!store.open(identity, sealed, plain).has_value());
  SIMURGH_CHECK(plain == untouched);
}

}  // namespace

// Input: identity (u8 length), another identity (u8 length), place (u16) and octet of a change,
// value.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static MemoryKeyStore store(1);
  const ByteView input(data, std::min(size, octets_max));
  check_refused(store, {}, input);

  Reader reader(input);
  const ByteView identity = reader.prefixed8().value_or(ByteView());
  const ByteView other = reader.prefixed8().value_or(ByteView());
  const size_t place = reader.u16().value_or(0);
  const uint8_t change = reader.u8().value_or(1);
  const ByteView value = reader.rest();

  Room room;
  const auto sealed = store.seal(identity, value, room);
  SIMURGH_CHECK(sealed.has_value() && sealed->size() == value.size() + store.seal_overhead_octets);
  Room plain;
  const auto opened = store.open(identity, *sealed, plain);
  SIMURGH_CHECK(opened.has_value() && equal(*opened, value));
  if (!equal(identity, other)) check_refused(store, other, *sealed);
  if (change != 0) {
    room[place % sealed->size()] ^= change;
    check_refused(store, identity, *sealed);
  }
  return 0;
}
