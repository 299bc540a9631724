#include "memory_store/state.h"

namespace simurgh::memory_store {

Result<std::optional<api::IdempotentAnswer>> ApiTables::load(std::string_view token,
                                                             std::string_view key) {
  TRY(transaction_.alive());
  return answers.get({std::string(token), std::string(key)});
}

Result<void> ApiTables::add(const api::IdempotentAnswer& answer) {
  TRY(transaction_.alive());
  const AnswerKey key{answer.token, answer.key};
  if (answers.find(key) != nullptr) return fail(ErrorCode::already_exists);
  answers.put(key, answer);
  return {};
}

Result<void> ApiTables::erase_before(Instant at) {
  TRY(transaction_.alive());
  std::vector<AnswerKey> old;
  for (const auto& [key, answer] : answers.rows()) {
    if (answer.at < at) old.push_back(key);
  }
  for (const AnswerKey& key : old) answers.erase(key);
  return {};
}

Result<void> ApiTables::save_manufacturer(const api::Manufacturer& row) {
  TRY(transaction_.alive());
  manufacturer_rows.put(row.name, row);
  return {};
}

Result<std::optional<api::Manufacturer>> ApiTables::manufacturer(std::string_view name) {
  TRY(transaction_.alive());
  return manufacturer_rows.get(std::string(name));
}

Result<std::vector<api::Manufacturer>> ApiTables::manufacturers() {
  TRY(transaction_.alive());
  std::vector<api::Manufacturer> all;
  for (const auto& [name, row] : manufacturer_rows.rows()) all.push_back(row);
  return all;
}

Result<void> ApiTables::save_delivery(const api::Delivery& row) {
  TRY(transaction_.alive());
  delivery_rows.put(row.allocation, row);
  return {};
}

Result<std::optional<api::Delivery>> ApiTables::delivery(uint64_t allocation) {
  TRY(transaction_.alive());
  return delivery_rows.get(allocation);
}

}  // namespace simurgh::memory_store
