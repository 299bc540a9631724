// Transactions before they are written: one by one, and kept back in a batch.
#include <algorithm>

#include "base/secret.h"
#include "uicc/nv.h"

namespace simurgh::uicc {

// --- NvTransaction --------------------------------------------------------------------------

NvTransaction::~NvTransaction() {
  wipe(values_);
}

void NvTransaction::put(NvKey key, ByteView value) {
  SIMURGH_CHECK(value.size() <= NvStore::record_octets_max);
  std::erase_if(items_, [key](const Item& item) { return item.key == key; });
  // A vector that grows leaves its old bytes behind, so room is made by hand.
  if (values_.capacity() - values_.size() < value.size()) {
    std::vector<uint8_t> grown;
    grown.reserve(2 * (values_.size() + value.size()) + 64);
    grown.assign(values_.begin(), values_.end());
    wipe(values_);
    values_ = std::move(grown);
  }
  items_.push_back(
      {key, false, static_cast<uint16_t>(values_.size()), static_cast<uint16_t>(value.size())});
  values_.insert(values_.end(), value.begin(), value.end());
}

void NvTransaction::erase(NvKey key) {
  std::erase_if(items_, [key](const Item& item) { return item.key == key; });
  items_.push_back({key, true, 0, 0});
}

void NvTransaction::add(const NvTransaction& other) {
  for (const Item& item : other.items_) {
    if (item.erased) {
      erase(item.key);
    } else {
      put(item.key, ByteView(other.values_).subspan(item.offset, item.size_octets));
    }
  }
}

const NvTransaction::Item* NvTransaction::find(NvKey key) const {
  for (const Item& item : items_) {
    if (item.key == key) return &item;
  }
  return nullptr;
}

// --- batches -----------------------------------------------------------------------------------

Result<void> NvStore::add_to_batch(const NvTransaction& transaction) {
  if (batch_->values_.size() + transaction.values_.size() > batch_octets_max) {
    return fail(ErrorCode::no_space);
  }
  // On a copy, so that what has no room leaves the batch as it was.
  auto grown = std::make_unique<NvTransaction>();
  grown->add(*batch_);
  grown->add(transaction);
  if (!has_room(*grown)) return fail(ErrorCode::no_space);
  batch_ = std::move(grown);
  return {};
}

void NvStore::begin_batch() {
  SIMURGH_CHECK(batch_ == nullptr);
  batch_ = std::make_unique<NvTransaction>();
}

Result<void> NvStore::end_batch() {
  SIMURGH_CHECK(batch_ != nullptr);
  if (!mounted_) return fail(ErrorCode::bad_state);
  if (batch_->empty()) {
    batch_.reset();
    return {};
  }
  const std::unique_ptr<NvTransaction> all = std::move(batch_);
  return commit_now(*all);
}

void NvStore::drop_batch() {
  batch_.reset();
}

}  // namespace simurgh::uicc
