#include "uicc/sequence.h"

#include "base/reader.h"
#include "uicc/nv_keys.h"

namespace simurgh::uicc {
namespace {

constexpr uint8_t indices = 1 << sequence_index_bits;

NvKey key_of(uint8_t index) {
  return static_cast<NvKey>(nv_key::sequence_first | index);
}

uint8_t index_of(uint64_t sequence_number) {
  return static_cast<uint8_t>(sequence_number & (indices - 1));
}

Result<uint64_t> load(const NvStore& store, uint8_t index) {
  ByteArray<6> octets;
  const auto stored = store.read(key_of(index), octets);
  if (!stored.has_value()) {
    if (stored.error().code == ErrorCode::not_found) return uint64_t{0};
    return stored.error();
  }
  return Reader(*stored).u48();
}

}  // namespace

Result<Freshness> judge_sequence_number(const NvStore& store, uint64_t sequence_number) {
  const uint64_t seq = sequence_number >> sequence_index_bits;
  const uint64_t accepted = TRY(load(store, index_of(sequence_number))) >> sequence_index_bits;
  const uint64_t highest = TRY(highest_sequence_number(store)) >> sequence_index_bits;
  const bool leaps = seq > highest && seq - highest > sequence_leap_max;
  return seq > accepted && !leaps ? Freshness::fresh : Freshness::not_fresh;
}

void put_sequence_number(NvTransaction& transaction, uint64_t sequence_number) {
  ByteArray<6> octets;
  Writer(octets).u48(sequence_number);
  transaction.put(key_of(index_of(sequence_number)), octets);
}

Result<uint64_t> highest_sequence_number(const NvStore& store) {
  uint64_t highest = 0;
  for (uint8_t index = 0; index < indices; ++index) {
    if (!store.contains(key_of(index))) continue;
    const uint64_t number = TRY(load(store, index));
    if (number >> sequence_index_bits >= highest >> sequence_index_bits) highest = number;
  }
  return highest;
}

void forget_sequence_numbers(const NvStore& store, NvTransaction& transaction) {
  for (uint8_t index = 0; index < indices; ++index) {
    if (store.contains(key_of(index))) transaction.erase(key_of(index));
  }
}

}  // namespace simurgh::uicc
