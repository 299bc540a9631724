// The HLR's bounded memory of subscribers: rows with opened keys and the sequence numbers in hand.
// The least recently used goes first; what was left of its reserved block is skipped.
#pragma once

#include <memory>
#include <unordered_map>

#include "crypto/aka.h"
#include "hlr/hlr.h"

namespace simurgh::hlr {

struct Hlr::Entry {
  Subscriber row;
  Sequence sequence;
  uint64_t used = 0;  // the highest SEQ used, at most sequence.reserved

  bool opened = false;  // the keys below are those of the row
  crypto::AkaKeys aka;  // MILENAGE, TUAK
  Key128 comp128_ki;
  Key256 rand_tag_key;

  uint64_t key = 0;
  Entry* newer = nullptr;
  Entry* older = nullptr;
};

class Hlr::Cache {
 public:
  explicit Cache(size_t entries_max) : entries_max_(entries_max < 2 ? 2 : entries_max) {}

  Entry* find(const Imsi& imsi);
  // Makes room and adds; the entry stays where it is until it is erased or the oldest.
  Entry* add(std::unique_ptr<Entry> entry);
  void erase(const Imsi& imsi);
  void clear();
  size_t size() const { return entries_.size(); }

  // The store's undo_count() for which the content holds.
  uint64_t undo_count = 0;
  // IND by peer and domain ("peer\x01"), read once.
  std::unordered_map<std::string, uint32_t> indexes;
  bool indexes_read = false;

 private:
  void unlink(Entry& entry);
  void link_newest(Entry& entry);

  size_t entries_max_;
  std::unordered_map<uint64_t, std::unique_ptr<Entry>> entries_;
  Entry* newest_ = nullptr;
  Entry* oldest_ = nullptr;
};

}  // namespace simurgh::hlr
