#include "hlr/cache.h"

namespace simurgh::hlr {

namespace {

// 15 digits need 50 bits; their number keeps 01234567 and 1234567 apart.
uint64_t key_of(const Imsi& imsi) {
  uint64_t value = 0;
  for (const char digit : imsi.text()) value = value * 10 + static_cast<uint64_t>(digit - '0');
  return value << 4 | imsi.text().size();
}

}  // namespace

Hlr::Entry* Hlr::Cache::find(const Imsi& imsi) {
  const auto place = entries_.find(key_of(imsi));
  if (place == entries_.end()) return nullptr;
  Entry& entry = *place->second;
  if (&entry != newest_) {
    unlink(entry);
    link_newest(entry);
  }
  return &entry;
}

Hlr::Entry* Hlr::Cache::add(std::unique_ptr<Entry> entry) {
  erase(entry->row.imsi);
  if (entries_.size() >= entries_max_) {
    Entry* oldest = oldest_;
    unlink(*oldest);
    entries_.erase(oldest->key);
  }
  entry->key = key_of(entry->row.imsi);
  Entry* raw = entry.get();
  entries_.emplace(raw->key, std::move(entry));
  link_newest(*raw);
  return raw;
}

void Hlr::Cache::erase(const Imsi& imsi) {
  const auto place = entries_.find(key_of(imsi));
  if (place == entries_.end()) return;
  unlink(*place->second);
  entries_.erase(place);
}

void Hlr::Cache::clear() {
  entries_.clear();
  newest_ = oldest_ = nullptr;
  indexes.clear();
  indexes_read = false;
}

void Hlr::Cache::unlink(Entry& entry) {
  (entry.newer != nullptr ? entry.newer->older : newest_) = entry.older;
  (entry.older != nullptr ? entry.older->newer : oldest_) = entry.newer;
  entry.newer = entry.older = nullptr;
}

void Hlr::Cache::link_newest(Entry& entry) {
  entry.older = newest_;
  entry.newer = nullptr;
  if (newest_ != nullptr) newest_->newer = &entry;
  newest_ = &entry;
  if (oldest_ == nullptr) oldest_ = &entry;
}

}  // namespace simurgh::hlr
