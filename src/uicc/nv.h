// The chip's non-volatile memory: Nv, a byte-addressed EEPROM, and NvStore, records in it that
// change by transactions which survive a power cut inside any write.
//
// A power cut is an Nv whose write answers `closed`. From then on the chip is without power: who
// sees `closed` answers nothing and does nothing more until the next reset.
//
// Layout (docs/protocols/nv-image.md): two banks. The active one holds a sealed header, a sealed
// snapshot, and after it a log of sealed frames, one a transaction; appending is the only write of
// an ordinary transaction, so that a PIN counter or an SQN costs a few dozen octets and wear is
// spread over the bank. When the log is full, and whenever a secret is replaced or erased, the
// live records are written to the other bank with the next generation number, its header last,
// and the old bank is zeroed: a secret that was replaced is nowhere in the image afterwards.
// Mounting finishes what a cut interrupted.
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh::uicc {

// EEPROM as a chip sees it. One thread, no owner beyond its creator.
class Nv {
 public:
  virtual ~Nv() = default;
  virtual size_t size() const = 0;
  // Octets that are written as one: a cut may leave the granule that it hits with any content,
  // and never touches another one. A power of two, at most NvStore::granule_octets_max.
  virtual size_t granule() const = 0;
  // `closed` without power; `storage` when the medium fails. Offsets inside size() are the
  // caller's duty.
  virtual Result<void> read(size_t offset, MutableByteView out) const = 0;
  // Durable when it returns. Granules are written in rising order; on `closed` a prefix of them
  // was written, the next one may hold anything, and the last may even be complete.
  virtual Result<void> write(size_t offset, ByteView bytes) = 0;
};

// EEPROM in memory, for a chip that need not outlive the process. It takes memory only for the
// chunks that were written with something else than zero.
class MemoryNv : public Nv {
 public:
  static constexpr size_t size_octets_default = 16 * 1024;

  explicit MemoryNv(size_t size_octets = size_octets_default, size_t granule_octets = 4);
  size_t size() const override { return size_octets_; }
  size_t granule() const override { return granule_octets_; }
  Result<void> read(size_t offset, MutableByteView out) const override;
  Result<void> write(size_t offset, ByteView bytes) override;

 private:
  static constexpr size_t chunk_octets = 1024;
  size_t size_octets_;
  size_t granule_octets_;
  std::vector<std::vector<uint8_t>> chunks_;
};

// Names a record. Records with the secret bit leave nothing behind when they are replaced.
using NvKey = uint16_t;
constexpr NvKey nv_key_secret_bit = 0x8000;

// The changes of one transaction, later ones winning. Its bytes are wiped when it goes.
class NvTransaction {
 public:
  NvTransaction() = default;
  NvTransaction(const NvTransaction&) = delete;
  NvTransaction& operator=(const NvTransaction&) = delete;
  ~NvTransaction();

  void put(NvKey key, ByteView value);  // at most NvStore::record_octets_max
  void erase(NvKey key);                // erasing what does not exist is allowed
  // Every change of `other` after ours.
  void add(const NvTransaction& other);
  bool empty() const { return items_.empty(); }

 private:
  friend class NvStore;
  struct Item {
    NvKey key;
    bool erased;
    uint16_t offset;  // in values_
    uint16_t size_octets;
  };
  const Item* find(NvKey key) const;
  std::vector<Item> items_;
  std::vector<uint8_t> values_;
};

class NvStore {
 public:
  static constexpr size_t granule_octets_max = 64;
  static constexpr size_t record_octets_max = 1024;
  static constexpr size_t transaction_octets_max = 3072;
  static constexpr size_t batch_octets_max = 32 * 1024;
  static constexpr size_t records_max = 512;
  static constexpr size_t size_octets_min = 4096;

  // `seal_key` is the chip's own (fuses in silicon, the pack's header in a file): frames are
  // sealed with it. `nv` outlives the store.
  NvStore(Nv& nv, const ByteArray<16>& seal_key);
  ~NvStore();

  // Makes an empty store: the one moment at which content may be lost, done when a chip is made.
  // May be repeated after a cut.
  Result<void> format();

  // Reads what is there and finishes what a cut interrupted. `not_found` when it was never
  // formatted, `storage` when what must be there does not verify: the chip must not go on, for it
  // would silently be an older one. After any other error call mount() again.
  Result<void> mount();

  bool contains(NvKey key) const;
  // Into `out`, which is large enough for the record, else `no_space`; `not_found`.
  Result<ByteView> read(NvKey key, MutableByteView out) const;
  Result<size_t> size_of(NvKey key) const;

  // All or nothing, durable when it returns. `no_space` when the live records would not fit a
  // bank or a limit (nothing changed); `closed` when the power was cut: the transaction holds or
  // does not hold, mount() tells.
  Result<void> commit(const NvTransaction& transaction);

  // From here on commits are kept back: reads see them, the memory does not. end_batch() makes all
  // of them durable in one step (errors as commit(), and then the batch is gone); drop_batch()
  // forgets them, as a loss of power does. One batch at a time.
  void begin_batch();
  Result<void> end_batch();
  void drop_batch();
  // Whether the open batch has changes.
  bool batch_changes() const { return batch_ != nullptr && !batch_->empty(); }

  // Octets that live records take in a bank, of bank_octets(): what is left for files.
  size_t live_octets() const;
  size_t bank_octets() const { return nv_.size() / 2; }

 private:
  struct Entry {
    NvKey key;
    uint16_t size_octets;
    uint32_t offset;  // of the value, in the Nv
  };
  struct BankHeader {
    uint32_t generation = 0;
    uint32_t snapshot_octets = 0;
  };
  class SnapshotWriter;

  size_t align(size_t octets) const;
  size_t bank_offset(int bank) const { return static_cast<size_t>(bank) * bank_octets(); }
  size_t bank_end(int bank) const { return bank_offset(bank) + bank_octets(); }
  size_t snapshot_offset(int bank) const;
  Result<BankHeader> read_header(int bank) const;
  Result<void> write_header(int bank, const BankHeader& header);
  Result<void> zero(size_t offset, size_t end);
  Result<bool> is_zero(size_t offset, size_t end) const;
  ByteArray<8> seal_of(uint32_t generation, ByteView frame) const;
  Result<size_t> read_frame(size_t offset, size_t end, std::vector<uint8_t>& frame) const;
  Result<size_t> replay_frame(size_t offset, size_t end);
  Result<void> replay(const BankHeader& header);
  Result<void> expect_no_frame(size_t offset, size_t end) const;
  Result<size_t> write_frame(size_t offset, uint32_t generation, uint32_t sequence, ByteView items);
  Result<void> commit_now(const NvTransaction& transaction);
  Result<void> add_to_batch(const NvTransaction& transaction);
  bool has_room(const NvTransaction& transaction) const;
  Result<void> append(const NvTransaction& transaction);
  Result<void> compact(const NvTransaction& transaction);
  size_t snapshot_octets_after(const NvTransaction& transaction) const;
  std::vector<Entry>::const_iterator find(NvKey key) const;
  void set(NvKey key, size_t offset, size_t size_octets);
  void remove(NvKey key);
  bool replaces_secret(const NvTransaction& transaction) const;

  Nv& nv_;
  ByteArray<16> seal_key_;
  std::vector<Entry> entries_;  // by key
  std::unique_ptr<NvTransaction> batch_;
  bool mounted_ = false;
  int bank_ = 0;
  uint32_t generation_ = 0;
  uint32_t sequence_ = 0;  // of the next frame
  size_t log_end_ = 0;     // offset in the Nv where the next frame goes
};

}  // namespace simurgh::uicc
