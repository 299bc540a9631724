// Many virtual chips in one file, as a drawer holds cards: the NV memory of each in a slot of fixed
// size, and an index of which chip is where. docs/protocols/nv-pack.md has the layout.
//
// The file is sparse: a chip takes the blocks that it has written, not its slot. Opening locks the
// file, so that no two programs work on the same chips. It keeps no chip secret away from who may
// read the file (mode 600): a pack is the chips.
//
// Slots may be used by different threads at the same time, one thread a slot. After a write or a
// sync has failed the pack refuses everything: what is on the medium is not known any more.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/numbers.h"
#include "base/random.h"
#include "uicc/nv.h"

namespace simurgh::nv_file {

enum class Durability : uint8_t {
  every_write,  // each NV write is on the medium when it returns, as with a real chip
  on_sync,      // sync() says when: for batches that begin again after a crash, and for the lab
};

class Pack {
 public:
  static constexpr size_t slot_octets_default = uicc::MemoryNv::size_octets_default;
  static constexpr size_t slots_max = 10'000'000;
  static constexpr size_t granule_octets = 16;  // torn inside by nothing but the host's crash

  struct Shape {
    size_t slots = 0;
    size_t slot_octets = slot_octets_default;  // 4096 … 65536, a multiple of 4096
  };

  // Makes a new file; every slot is empty memory, not yet a blank chip. already_exists when there
  // is one, io; `problem` says in words what and what to do.
  static Result<std::unique_ptr<Pack>> create(const std::string& path, const Shape& shape,
                                              Random& random, Durability durability,
                                              std::string& problem);
  // not_found, busy (another program has it), bad_value (not a pack, or damaged), io.
  static Result<std::unique_ptr<Pack>> open(const std::string& path, Durability durability,
                                            std::string& problem);
  ~Pack();
  Pack(const Pack&) = delete;
  Pack& operator=(const Pack&) = delete;

  const Shape& shape() const { return shape_; }
  // The memory of a slot; lives as long as the pack.
  std::unique_ptr<uicc::Nv> slot(size_t index);
  // The key of the records in that slot (uicc::Hardware::seal_key): each slot's own, so that chips
  // copied from one slot to another do not mount.
  ByteArray<16> seal_key(size_t index) const;

  // The index: who is in a slot. Set it after the chip is made; empty when nobody is.
  Result<void> set_label(size_t index, const Iccid& iccid);
  Iccid label(size_t index) const;
  std::optional<size_t> find(const Iccid& iccid) const;
  size_t labelled() const;

  // Everything written so far is on the medium when it returns.
  Result<void> sync();

 private:
  class Slot;
  Pack(int fd, const Shape& shape, const ByteArray<16>& key, Durability durability);
  Result<void> load_index();
  Result<void> read(uint64_t offset, MutableByteView out) const;
  Result<void> write(uint64_t offset, ByteView bytes);
  uint64_t slot_offset(size_t index) const;

  int fd_;
  Shape shape_;
  ByteArray<16> key_;
  Durability durability_;
  std::atomic<bool> failed_ = false;
  mutable std::mutex index_mutex_;
  std::vector<Iccid> labels_;
  std::unordered_map<std::string, size_t> by_iccid_;
};

}  // namespace simurgh::nv_file
