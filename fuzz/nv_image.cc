// link: simurgh_uicc simurgh_io_crypto_openssl
// A chip's memory as found: any octets over a good image, and frames that are sealed rightly but
// hold anything. It is refused or it mounts; what mounted reads and takes transactions.
#include "base/reader.h"
#include "crypto/primitives.h"
#include "uicc/nv.h"

using namespace simurgh;
using namespace simurgh::uicc;

namespace {

constexpr ByteArray<16> seal_key = {1, 2, 3};
constexpr size_t nv_octets = 4096;
constexpr size_t header_octets = 20;

ByteArray<8> seal_of(uint32_t generation, ByteView bytes) {
  uint8_t prefix[4];
  Writer(prefix).u32(generation);
  const auto mac = crypto::aes_cmac(seal_key, {prefix, bytes});
  ByteArray<8> seal;
  std::memcpy(seal.data(), mac->data(), seal.size());
  return seal;
}

// A good image of a few transactions.
MemoryNv good_image() {
  MemoryNv nv(nv_octets, 4);
  NvStore store(nv, seal_key);
  SIMURGH_CHECK(store.format().has_value());
  for (uint8_t i = 0; i < 5; ++i) {
    NvTransaction transaction;
    const ByteArray<24> value = {i, 1, 2, 3};
    transaction.put(static_cast<NvKey>(i % 3), value);
    transaction.put(static_cast<NvKey>(nv_key_secret_bit | (i % 2)), value);
    SIMURGH_CHECK(store.commit(transaction).has_value());
  }
  return nv;
}

// Each change: offset (2), size (1), octets.
void overwrite(MemoryNv& nv, Reader& reader) {
  while (!reader.at_end()) {
    const auto offset = reader.u16();
    const auto octets = reader.prefixed8();
    if (!offset.has_value() || !octets.has_value()) return;
    const size_t at = *offset % (nv_octets - 256);
    SIMURGH_CHECK(nv.write(at, *octets).has_value());
  }
}

// A bank whose header says what the input says, with the frames of the input, all sealed.
void build(MemoryNv& nv, Reader& reader) {
  ByteArray<header_octets> header{};
  Writer writer(header);
  const uint32_t snapshot = reader.u16().value_or(0);
  writer.u32(0x534e5631).u32(7).u32(snapshot);
  writer.bytes(seal_of(7, writer.written()));
  SIMURGH_CHECK(nv.write(0, header).has_value());
  size_t offset = header_octets;
  for (uint32_t sequence = 0; !reader.at_end(); ++sequence) {
    const auto items = reader.prefixed8();
    if (!items.has_value()) return;
    uint8_t octets[300];
    Writer frame(octets);
    frame.u16(static_cast<uint16_t>(items->size())).u32(sequence).bytes(*items);
    frame.bytes(seal_of(7, frame.written()));
    frame.fill(0, (4 - frame.size() % 4) % 4);
    if (offset + frame.size() > nv_octets / 2) return;
    SIMURGH_CHECK(nv.write(offset, frame.written()).has_value());
    offset += frame.size();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const MemoryNv good = good_image();
  Reader reader({data, size});
  const auto mode = reader.u8();
  if (!mode.has_value()) return 0;
  MemoryNv nv = *mode % 2 == 0 ? good : MemoryNv(nv_octets, 4);
  if (*mode % 2 == 0) {
    overwrite(nv, reader);
  } else {
    build(nv, reader);
  }
  NvStore store(nv, seal_key);
  if (!store.mount().has_value()) return 0;
  uint8_t value[NvStore::record_octets_max];
  for (unsigned key = 0; key <= 0xffff; key += 0x55) {
    (void)store.read(static_cast<NvKey>(key), value);
  }
  NvTransaction transaction;
  transaction.put(1, ByteView(value).first(10));
  transaction.put(nv_key_secret_bit | 1, ByteView(value).first(10));
  if (!store.commit(transaction).has_value()) return 0;
  NvStore again(nv, seal_key);
  SIMURGH_CHECK(again.mount().has_value());
  SIMURGH_CHECK(again.contains(1) && again.contains(nv_key_secret_bit | 1));
  return 0;
}
