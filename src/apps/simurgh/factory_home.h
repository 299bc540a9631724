// A manufacturer's folder: its transport key, the operator's key it trusts, and which allocation is
// made into which pack. The last is what keeps a number from being made twice: an allocation has
// one pack for ever.
//
//   factory.json          {"transport_public_key", "transport_private_key", "server_key"} (0600)
//   allocation-<id>.json  {"pack", "pack_made", "allocation": the note as it came}
#pragma once

#include <string>

#include "apps/simurgh/outcome.h"
#include "base/random.h"
#include "base/secret.h"
#include "factory/allocation.h"

namespace simurgh::cli {

struct AllocationRecord {
  json::Value note;        // as the server wrote it
  std::string pack;        // absolute path
  bool pack_made = false;  // the pack file was there once: if it is gone, so are its numbers
};

class FactoryHome {
 public:
  // Makes folder (0700) and keys. Fails when there is a factory.json already.
  static Outcome<FactoryHome> create(const std::string& path, const std::string& server_key,
                                     Random& random);
  static Outcome<FactoryHome> open(const std::string& path);

  const Key256& transport_private() const { return transport_private_; }
  std::string transport_public_hex() const;
  const std::string& path() const { return path_; }

  // Checks the note's signature under the trusted key. The first note's key becomes the trusted
  // one when none was given; `trusted_now` is then its hexadecimal text.
  Outcome<void> trust(const factory::AllocationNote& note, std::string& trusted_now);

  // Empty-handed (no value, no failure) when the allocation was never begun.
  Outcome<std::optional<AllocationRecord>> record(uint64_t allocation) const;
  Outcome<void> save(uint64_t allocation, const AllocationRecord& record) const;
  Outcome<std::vector<uint64_t>> allocations() const;

 private:
  FactoryHome() = default;
  Outcome<void> save_keys(bool fresh) const;

  std::string path_;
  Key256 transport_private_;
  ByteArray<32> transport_public_{};
  ByteString<crypto::ed25519_public_octets> server_key_;
};

}  // namespace simurgh::cli
