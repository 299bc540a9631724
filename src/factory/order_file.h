// The factory's order file: what was made of an allocation, for the operator, without secrets.
//
//   {"format":"simurgh-order-1","allocation":7,"manufacturer":"northern","ver":"0102030405060708",
//    "count":100000,"made":100000,"iccid_first":"8949…","iccid_last":"8949…","imsi_first":"26201…",
//    "imsi_last":"26201…","chips_sha256":"…"}
//
// Chips are made from the first position without a gap, so a count says which. The checksum is
// over the numbers that the chips themselves told when they were made, so that a batch with wrong
// numbers in it shows at the operator's.
#pragma once

#include "crypto/primitives.h"
#include "fleet/number_pool.h"
#include "formats/json/fields.h"

namespace simurgh::factory {

constexpr std::string_view order_file_format = "simurgh-order-1";

struct OrderFile {
  uint64_t allocation = 0;
  std::string manufacturer;
  fleet::Ver ver{};
  uint64_t count = 0;  // of the allocation
  uint64_t made = 0;   // positions 0 to made - 1
  Iccid iccid_first;   // first and last made; empty while none is
  Iccid iccid_last;
  Imsi imsi_first;
  Imsi imsi_last;
  crypto::Digest chips_sha256{};
  friend bool operator==(const OrderFile&, const OrderFile&) = default;
};

json::Value write_order_file(const OrderFile& order);
Result<OrderFile> parse_order_file(const json::Value& value, json::Problem& problem);

// SHA-256 over the chips' digests, chained: start with zeros, then for each position
// SHA-256(chain ‖ "ICCID IMSI\n"). It can be taken up again at any position.
crypto::Digest add_chip(const crypto::Digest& chain, const Iccid& iccid, const Imsi& imsi);
// Over the first `made` positions of a run, as the operator computes it.
crypto::Digest chips_digest(const fleet::Run& run, uint64_t made);

}  // namespace simurgh::factory
