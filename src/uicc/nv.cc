#include "uicc/nv.h"

#include <algorithm>

#include "base/reader.h"
#include "base/secret.h"
#include "crypto/primitives.h"

namespace simurgh::uicc {
namespace {

// docs/protocols/nv-image.md has the layout; these are its numbers.
constexpr uint32_t header_magic = 0x534e5631;  // "SNV1"
constexpr size_t header_octets = 20;           // magic, generation, snapshot's size, seal
constexpr size_t seal_octets = 8;
constexpr size_t frame_head_octets = 6;  // size of the items, sequence
constexpr size_t item_head_octets = 4;   // key, size of the value
constexpr size_t frame_items_octets_max =
    NvStore::transaction_octets_max + item_head_octets * 32;  // a transaction of 32 records
constexpr uint16_t erased_mark = 0xffff;
// Share of a bank that a snapshot must leave to the log, else every commit would compact.
constexpr size_t log_reserve_divisor = 8;

// A buffer that may hold secrets, wiped when it goes.
struct WipedBytes {
  std::vector<uint8_t> bytes;
  ~WipedBytes() { wipe(bytes); }
};

size_t frame_octets(size_t items_octets) {
  return frame_head_octets + items_octets + seal_octets;
}

// Compares with itself, shifted: as fast as memory is.
bool all_zero(ByteView bytes) {
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

void append_u16(std::vector<uint8_t>& out, size_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}

}  // namespace

// --- NvStore: the shape of a bank ------------------------------------------------------------

NvStore::NvStore(Nv& nv, const ByteArray<16>& seal_key) : nv_(nv), seal_key_(seal_key) {
  const size_t granule = nv.granule();
  SIMURGH_CHECK(granule > 0 && granule <= granule_octets_max && (granule & (granule - 1)) == 0);
  SIMURGH_CHECK(nv.size() >= size_octets_min && nv.size() % (2 * granule) == 0);
}

NvStore::~NvStore() {
  wipe(seal_key_);
}

size_t NvStore::align(size_t octets) const {
  return (octets + nv_.granule() - 1) & ~(nv_.granule() - 1);
}

size_t NvStore::snapshot_offset(int bank) const {
  return bank_offset(bank) + align(header_octets);
}

ByteArray<8> NvStore::seal_of(uint32_t generation, ByteView frame) const {
  uint8_t prefix_octets[4];
  Writer prefix(prefix_octets);
  prefix.u32(generation);
  const auto mac = crypto::aes_cmac(seal_key_, {prefix.written(), frame});
  SIMURGH_CHECK(mac.has_value());  // the key's size is right by its type
  ByteArray<8> seal;
  std::memcpy(seal.data(), mac->data(), seal.size());
  return seal;
}

Result<NvStore::BankHeader> NvStore::read_header(int bank) const {
  ByteArray<header_octets> octets;
  TRY(nv_.read(bank_offset(bank), octets));
  Reader reader(octets);
  if (TRY(reader.u32()) != header_magic) return fail(ErrorCode::not_found);
  BankHeader header;
  header.generation = TRY(reader.u32());
  header.snapshot_octets = TRY(reader.u32());
  const ByteArray<8> seal = TRY(reader.array<8>());
  const ByteView sealed = ByteView(octets).first(header_octets - seal_octets);
  if (!equal(seal_of(header.generation, sealed), seal)) return fail(ErrorCode::not_found);
  const size_t room_octets = bank_end(bank) - snapshot_offset(bank);
  if (header.snapshot_octets > room_octets) return fail(ErrorCode::storage);
  return header;
}

Result<void> NvStore::write_header(int bank, const BankHeader& header) {
  uint8_t octets[granule_octets_max + header_octets];
  Writer writer(octets);
  writer.u32(header_magic).u32(header.generation).u32(header.snapshot_octets);
  writer.bytes(seal_of(header.generation, writer.written()));
  writer.fill(0, align(header_octets) - header_octets);
  return nv_.write(bank_offset(bank), writer.written());
}

// Zeros from `offset` to `end`, both on granules, writing only where there is something else.
Result<void> NvStore::zero(size_t offset, size_t end) {
  ByteArray<1024> octets;  // few reads, for stores where each is a system call
  static_assert(sizeof(octets) % granule_octets_max == 0);
  for (; offset < end; offset += std::min(octets.size(), end - offset)) {
    const size_t size = std::min(octets.size(), end - offset);
    const MutableByteView part = MutableByteView(octets).first(size);
    TRY(nv_.read(offset, part));
    if (all_zero(part)) continue;
    size_t first = 0;
    size_t last = size;
    while (part[first] == 0) ++first;
    while (part[last - 1] == 0) --last;
    wipe(part);
    const size_t start = first & ~(nv_.granule() - 1);
    TRY(nv_.write(offset + start, part.subspan(start, align(last) - start)));
  }
  return {};
}

Result<bool> NvStore::is_zero(size_t offset, size_t end) const {
  ByteArray<1024> octets;
  for (; offset < end; offset += std::min(octets.size(), end - offset)) {
    const MutableByteView part =
        MutableByteView(octets).first(std::min(octets.size(), end - offset));
    TRY(nv_.read(offset, part));
    if (!all_zero(part)) return false;
  }
  return true;
}

// --- NvStore: reading ---------------------------------------------------------------------------

// Reads the frame at `offset` with its seal checked; the offset behind it, or `not_found` when
// there is no whole frame with the next sequence number.
Result<size_t> NvStore::read_frame(size_t offset, size_t end, std::vector<uint8_t>& frame) const {
  if (end - offset < frame_octets(0)) return fail(ErrorCode::not_found);
  ByteArray<frame_head_octets> head;
  TRY(nv_.read(offset, head));
  Reader reader(head);
  const size_t items_octets = TRY(reader.u16());
  const uint32_t sequence = TRY(reader.u32());
  if (items_octets == 0 || sequence < sequence_) return fail(ErrorCode::not_found);
  if (items_octets > frame_items_octets_max) return fail(ErrorCode::not_found);
  if (frame_octets(items_octets) > end - offset) return fail(ErrorCode::not_found);
  frame.resize(frame_octets(items_octets));
  TRY(nv_.read(offset, frame));
  const ByteView sealed = ByteView(frame).first(frame.size() - seal_octets);
  const ByteView seal = ByteView(frame).last(seal_octets);
  if (!equal(seal_of(generation_, sealed), seal)) return fail(ErrorCode::not_found);
  return offset + align(frame.size());
}

Result<size_t> NvStore::replay_frame(size_t offset, size_t end) {
  WipedBytes frame;
  const size_t next = TRY(read_frame(offset, end, frame.bytes));
  Reader reader(ByteView(frame.bytes).first(frame.bytes.size() - seal_octets));
  TRY(reader.u16());
  if (TRY(reader.u32()) != sequence_) return fail(ErrorCode::storage);
  while (!reader.at_end()) {
    const NvKey key = TRY(reader.u16());
    const uint16_t size_octets = TRY(reader.u16());
    if (size_octets == erased_mark) {
      remove(key);
      continue;
    }
    if (size_octets > record_octets_max) return fail(ErrorCode::storage);
    set(key, offset + reader.offset(), size_octets);
    TRY(reader.skip(size_octets));
    if (entries_.size() > records_max) return fail(ErrorCode::storage);
  }
  ++sequence_;
  return next;
}

// A valid frame behind the log's end means that one in the middle was lost: what we would mount
// is an older state, in which PIN tries or counters may have come back.
Result<void> NvStore::expect_no_frame(size_t offset, size_t end) const {
  WipedBytes frame;
  for (; offset < end; offset += nv_.granule()) {
    const auto found = read_frame(offset, end, frame.bytes);
    if (found.has_value()) return fail(ErrorCode::storage);
    if (found.error().code != ErrorCode::not_found) return found.error();
  }
  return {};
}

Result<void> NvStore::replay(const BankHeader& header) {
  entries_.clear();
  generation_ = header.generation;
  sequence_ = 0;
  const size_t end = bank_end(bank_);
  const size_t snapshot_end = snapshot_offset(bank_) + header.snapshot_octets;
  size_t offset = snapshot_offset(bank_);
  while (offset < end) {
    const auto next = replay_frame(offset, offset < snapshot_end ? snapshot_end : end);
    if (next.has_value()) {
      offset = *next;
      continue;
    }
    if (next.error().code == ErrorCode::closed) return next.error();
    // The snapshot was complete when its header was written; only the log may end torn.
    if (offset < snapshot_end || next.error().code != ErrorCode::not_found) {
      return fail(ErrorCode::storage, offset);
    }
    break;
  }
  log_end_ = offset;
  return {};
}

Result<void> NvStore::mount() {
  mounted_ = false;
  BankHeader headers[2];
  bool valid[2];
  for (const int bank : {0, 1}) {
    const auto header = read_header(bank);
    valid[bank] = header.has_value();
    if (header.has_value()) headers[bank] = *header;
    if (!header.has_value() && header.error().code != ErrorCode::not_found) return header.error();
  }
  if (!valid[0] && !valid[1]) return fail(ErrorCode::not_found);
  bank_ = valid[0] && (!valid[1] || headers[0].generation > headers[1].generation) ? 0 : 1;
  TRY(replay(headers[bank_]));
  // What a cut left: a torn frame, an unfinished bank, an old bank not yet zeroed.
  if (!TRY(is_zero(log_end_, bank_end(bank_)))) {
    TRY(expect_no_frame(log_end_, bank_end(bank_)));
    TRY(zero(log_end_, bank_end(bank_)));
  }
  TRY(zero(bank_offset(1 - bank_), bank_end(1 - bank_)));
  mounted_ = true;
  return {};
}

Result<void> NvStore::format() {
  mounted_ = false;
  entries_.clear();
  TRY(zero(0, nv_.size()));
  bank_ = 0;
  TRY(write_header(bank_, {1, 0}));
  return mount();
}

bool NvStore::contains(NvKey key) const {
  const auto* kept_back = batch_ == nullptr ? nullptr : batch_->find(key);
  if (kept_back != nullptr) return !kept_back->erased;
  return find(key) != entries_.end();
}

Result<size_t> NvStore::size_of(NvKey key) const {
  if (const auto* kept_back = batch_ == nullptr ? nullptr : batch_->find(key)) {
    if (kept_back->erased) return fail(ErrorCode::not_found);
    return static_cast<size_t>(kept_back->size_octets);
  }
  const auto entry = find(key);
  if (entry == entries_.end()) return fail(ErrorCode::not_found);
  return static_cast<size_t>(entry->size_octets);
}

Result<ByteView> NvStore::read(NvKey key, MutableByteView out) const {
  if (const auto* kept_back = batch_ == nullptr ? nullptr : batch_->find(key)) {
    if (kept_back->erased) return fail(ErrorCode::not_found);
    if (kept_back->size_octets > out.size()) return fail(ErrorCode::no_space);
    const ByteView value =
        ByteView(batch_->values_).subspan(kept_back->offset, kept_back->size_octets);
    std::copy(value.begin(), value.end(), out.begin());
    return ByteView(out.first(value.size()));
  }
  const auto entry = find(key);
  if (entry == entries_.end()) return fail(ErrorCode::not_found);
  if (entry->size_octets > out.size()) return fail(ErrorCode::no_space);
  const MutableByteView value = out.first(entry->size_octets);
  TRY(nv_.read(entry->offset, value));
  return ByteView(value);
}

// --- NvStore: the index
// ---------------------------------------------------------------------------

std::vector<NvStore::Entry>::const_iterator NvStore::find(NvKey key) const {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), key,
                                   [](const Entry& entry, NvKey k) { return entry.key < k; });
  return at != entries_.end() && at->key == key ? at : entries_.end();
}

void NvStore::set(NvKey key, size_t offset, size_t size_octets) {
  const Entry entry{key, static_cast<uint16_t>(size_octets), static_cast<uint32_t>(offset)};
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), key,
                                   [](const Entry& e, NvKey k) { return e.key < k; });
  if (at != entries_.end() && at->key == key) {
    *at = entry;
  } else {
    entries_.insert(at, entry);
  }
}

void NvStore::remove(NvKey key) {
  const auto at = find(key);
  if (at != entries_.end()) entries_.erase(at);
}

// --- NvStore: writing ---------------------------------------------------------------------------

// Packs records into sealed frames of one bank, for a snapshot. With `store` null it only counts.
class NvStore::SnapshotWriter {
 public:
  SnapshotWriter(NvStore* store, int bank, uint32_t generation, size_t granule)
      : store_(store), generation_(generation), granule_(granule) {
    if (store_ == nullptr) return;
    offset_ = start_ = store_->snapshot_offset(bank);
    items_.bytes.reserve(items_octets_max);
  }

  // Room for one record, written later by fill() when the store is real.
  Result<void> add(NvKey key, size_t size_octets) {
    if (items_octets_ + item_head_octets + size_octets > items_octets_max) TRY(flush());
    items_octets_ += item_head_octets + size_octets;
    if (store_ == nullptr) return {};
    append_u16(items_.bytes, key);
    append_u16(items_.bytes, size_octets);
    entries.push_back({key, static_cast<uint16_t>(size_octets),
                       static_cast<uint32_t>(offset_ + frame_head_octets + items_.bytes.size())});
    items_.bytes.resize(items_.bytes.size() + size_octets);
    return {};
  }
  MutableByteView value(size_t size_octets) {
    return MutableByteView(items_.bytes).last(size_octets);
  }
  Result<void> flush() {
    if (items_octets_ == 0) return {};
    const size_t frame = frame_octets(items_octets_);
    if (store_ != nullptr) {
      TRY(store_->write_frame(offset_, generation_, sequence, items_.bytes));
      wipe(items_.bytes);
      items_.bytes.clear();
    }
    offset_ += (frame + granule_ - 1) & ~(granule_ - 1);
    ++sequence;
    items_octets_ = 0;
    return {};
  }
  size_t octets() const { return offset_ - start_; }
  size_t end() const { return offset_; }

  std::vector<Entry> entries;
  uint32_t sequence = 0;

 private:
  static constexpr size_t items_octets_max = record_octets_max + item_head_octets;
  NvStore* store_;
  uint32_t generation_;
  size_t granule_;
  size_t start_ = 0;
  size_t offset_ = 0;
  size_t items_octets_ = 0;
  WipedBytes items_;
};

Result<size_t> NvStore::write_frame(size_t offset, uint32_t generation, uint32_t sequence,
                                    ByteView items) {
  WipedBytes frame;
  frame.bytes.reserve(align(frame_octets(items.size())));
  frame.bytes.resize(frame_head_octets);
  Writer head(frame.bytes);
  head.u16(static_cast<uint16_t>(items.size())).u32(sequence);
  frame.bytes.insert(frame.bytes.end(), items.begin(), items.end());
  const ByteArray<8> seal = seal_of(generation, frame.bytes);
  frame.bytes.insert(frame.bytes.end(), seal.begin(), seal.end());
  frame.bytes.resize(align(frame.bytes.size()));
  TRY(nv_.write(offset, frame.bytes));
  return offset + frame.bytes.size();
}

bool NvStore::replaces_secret(const NvTransaction& transaction) const {
  return std::any_of(transaction.items_.begin(), transaction.items_.end(), [this](const auto& i) {
    return (i.key & nv_key_secret_bit) != 0 && contains(i.key);
  });
}

// What a snapshot would take with the transaction in it.
size_t NvStore::snapshot_octets_after(const NvTransaction& transaction) const {
  SnapshotWriter counter(nullptr, 0, 0, nv_.granule());
  for (const Entry& entry : entries_) {
    if (transaction.find(entry.key) == nullptr) (void)counter.add(entry.key, entry.size_octets);
  }
  for (const auto& item : transaction.items_) {
    if (!item.erased) (void)counter.add(item.key, item.size_octets);
  }
  (void)counter.flush();
  return counter.octets();
}

size_t NvStore::live_octets() const {
  return snapshot_octets_after(NvTransaction());
}

Result<void> NvStore::commit(const NvTransaction& transaction) {
  if (!mounted_) return fail(ErrorCode::bad_state);
  if (transaction.empty()) return {};
  size_t items_octets = 0;
  for (const auto& item : transaction.items_) items_octets += item_head_octets + item.size_octets;
  if (items_octets > frame_items_octets_max) return fail(ErrorCode::no_space);
  if (batch_ != nullptr) return add_to_batch(transaction);
  return commit_now(transaction);
}

bool NvStore::has_room(const NvTransaction& transaction) const {
  if (entries_.size() + transaction.items_.size() > records_max) return false;
  const size_t reserved_octets = align(header_octets) + bank_octets() / log_reserve_divisor;
  return snapshot_octets_after(transaction) + reserved_octets <= bank_octets();
}

Result<void> NvStore::commit_now(const NvTransaction& transaction) {
  if (!has_room(transaction)) return fail(ErrorCode::no_space);
  size_t items_octets = 0;
  for (const auto& item : transaction.items_) items_octets += item_head_octets + item.size_octets;
  // What is too long for one frame goes with a change of banks, which has as many as it takes.
  const bool fits = items_octets <= frame_items_octets_max &&
                    align(frame_octets(items_octets)) <= bank_end(bank_) - log_end_;
  const auto done =
      fits && !replaces_secret(transaction) ? append(transaction) : compact(transaction);
  // After a failed write nobody knows what the medium holds until it was read again.
  if (!done.has_value()) mounted_ = false;
  return done;
}

Result<void> NvStore::append(const NvTransaction& transaction) {
  WipedBytes items;
  items.bytes.reserve(frame_items_octets_max);
  for (const auto& item : transaction.items_) {
    append_u16(items.bytes, item.key);
    append_u16(items.bytes, item.erased ? erased_mark : item.size_octets);
    const ByteView value = ByteView(transaction.values_).subspan(item.offset, item.size_octets);
    items.bytes.insert(items.bytes.end(), value.begin(), value.end());
  }
  const size_t frame_offset = log_end_;
  log_end_ = TRY(write_frame(frame_offset, generation_, sequence_, items.bytes));
  ++sequence_;
  size_t offset = frame_offset + frame_head_octets;
  for (const auto& item : transaction.items_) {
    offset += item_head_octets;
    if (item.erased) {
      remove(item.key);
    } else {
      set(item.key, offset, item.size_octets);
    }
    offset += item.size_octets;
  }
  return {};
}

Result<void> NvStore::compact(const NvTransaction& transaction) {
  const int target = 1 - bank_;
  const uint32_t generation = generation_ + 1;
  SnapshotWriter writer(this, target, generation, nv_.granule());
  for (const Entry& entry : entries_) {
    if (transaction.find(entry.key) != nullptr) continue;
    TRY(writer.add(entry.key, entry.size_octets));
    TRY(nv_.read(entry.offset, writer.value(entry.size_octets)));
  }
  for (const auto& item : transaction.items_) {
    if (item.erased) continue;
    TRY(writer.add(item.key, item.size_octets));
    const ByteView value = ByteView(transaction.values_).subspan(item.offset, item.size_octets);
    std::copy(value.begin(), value.end(), writer.value(item.size_octets).begin());
  }
  TRY(writer.flush());
  // The one write that switches.
  TRY(write_header(target, {generation, static_cast<uint32_t>(writer.octets())}));
  const int old_bank = bank_;
  bank_ = target;
  generation_ = generation;
  sequence_ = writer.sequence;
  log_end_ = writer.end();
  entries_.clear();
  for (const Entry& entry : writer.entries) set(entry.key, entry.offset, entry.size_octets);
  return zero(bank_offset(old_bank), bank_end(old_bank));
}

}  // namespace simurgh::uicc
