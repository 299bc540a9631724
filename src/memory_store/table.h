// A table of the in-memory store: a sorted map that remembers what it replaced, so that changes
// can be undone in reverse order, all of them (crash) or the last ones (undo_step).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace simurgh::memory_store {

class TableBase {
 public:
  TableBase() = default;
  TableBase(const TableBase&) = delete;
  TableBase& operator=(const TableBase&) = delete;
  virtual ~TableBase() = default;
  virtual void undo_last() = 0;
  virtual void forget_changes() = 0;
  virtual std::shared_ptr<const void> copy() const = 0;
  virtual void replace(const std::shared_ptr<const void>& rows) = 0;
};

// Which table was changed, in order; owns nothing.
class ChangeLog {
 public:
  void add(TableBase& table) { tables_.push_back(&table); }
  size_t size() const { return tables_.size(); }
  void undo_to(size_t size) {
    while (tables_.size() > size) {
      tables_.back()->undo_last();
      tables_.pop_back();
    }
  }
  void forget() {
    for (TableBase* table : tables_) table->forget_changes();
    tables_.clear();
  }

 private:
  std::vector<TableBase*> tables_;
};

template <typename Key, typename Row>
class Table final : public TableBase {
 public:
  using Rows = std::map<Key, Row>;
  explicit Table(ChangeLog& log) : log_(log) {}

  const Rows& rows() const { return rows_; }
  const Row* find(const Key& key) const {
    const auto place = rows_.find(key);
    return place == rows_.end() ? nullptr : &place->second;
  }
  std::optional<Row> get(const Key& key) const {
    const Row* row = find(key);
    return row == nullptr ? std::nullopt : std::optional(*row);
  }
  void put(const Key& key, const Row& row) {
    remember(key);
    rows_.insert_or_assign(key, row);
  }
  void erase(const Key& key) {
    remember(key);
    rows_.erase(key);
  }

  void undo_last() override {
    auto& [key, row] = changes_.back();
    if (row) {
      rows_.insert_or_assign(key, std::move(*row));
    } else {
      rows_.erase(key);
    }
    changes_.pop_back();
  }
  void forget_changes() override { changes_.clear(); }
  std::shared_ptr<const void> copy() const override { return std::make_shared<const Rows>(rows_); }
  void replace(const std::shared_ptr<const void>& rows) override {
    rows_ = *std::static_pointer_cast<const Rows>(rows);
    changes_.clear();
  }

 private:
  void remember(const Key& key) {
    changes_.emplace_back(key, get(key));
    log_.add(*this);
  }

  ChangeLog& log_;
  Rows rows_;
  std::vector<std::pair<Key, std::optional<Row>>> changes_;
};

}  // namespace simurgh::memory_store
