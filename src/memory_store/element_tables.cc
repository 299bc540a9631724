#include "memory_store/state.h"

namespace simurgh::memory_store {

using fleet::Element;

template <typename Key>
Result<std::optional<Element>> ElementTables::find_by(const Table<Key, uint32_t>& index,
                                                      const Key& key) {
  TRY(transaction_.alive());
  const uint32_t* id = index.find(key);
  if (id == nullptr) return std::optional<Element>();
  return rows.get(*id);
}

// Whether another element has the ICCID, MSISDN or identity.
bool ElementTables::clashes(const Element& element) const {
  const auto taken = [&](const uint32_t* holder) {
    return holder != nullptr && *holder != element.id;
  };
  return taken(by_iccid.find(element.iccid)) ||
         (!element.msisdn.empty() && taken(by_msisdn.find(element.msisdn))) ||
         (!element.psk_identity.empty() && taken(by_identity.find(element.psk_identity)));
}

void ElementTables::put(const Element& element) {
  if (const Element* old = rows.find(element.id)) {
    if (!old->msisdn.empty()) by_msisdn.erase(old->msisdn);
    if (!old->psk_identity.empty()) by_identity.erase(old->psk_identity);
  }
  by_iccid.put(element.iccid, element.id);
  if (!element.msisdn.empty()) by_msisdn.put(element.msisdn, element.id);
  if (!element.psk_identity.empty()) by_identity.put(element.psk_identity, element.id);
  rows.put(element.id, element);
}

Result<void> ElementTables::add(std::span<const Element> elements) {
  TRY(transaction_.alive());
  for (size_t i = 0; i < elements.size(); ++i) {
    if (rows.find(elements[i].id) != nullptr || clashes(elements[i])) {
      return fail(ErrorCode::already_exists, i);
    }
    put(elements[i]);
  }
  return {};
}

Result<void> ElementTables::save(const Element& element) {
  TRY(transaction_.alive());
  const Element* old = rows.find(element.id);
  if (old == nullptr) return fail(ErrorCode::not_found);
  if (clashes(element)) return fail(ErrorCode::already_exists);
  Element kept = element;
  kept.iccid = old->iccid;
  kept.created = old->created;
  put(kept);
  return {};
}

Result<std::optional<Element>> ElementTables::element(uint32_t id) {
  TRY(transaction_.alive());
  return rows.get(id);
}

Result<std::optional<Element>> ElementTables::element_of(const Iccid& iccid) {
  return find_by(by_iccid, iccid);
}

Result<std::optional<Element>> ElementTables::element_of(const Msisdn& msisdn) {
  return find_by(by_msisdn, msisdn);
}

Result<std::optional<Element>> ElementTables::element_of_identity(std::string_view identity) {
  return find_by(by_identity, std::string(identity));
}

Result<std::vector<Element>> ElementTables::elements(const fleet::ElementFilter& filter,
                                                     const Iccid& after, size_t limit) {
  TRY(transaction_.alive());
  std::vector<Element> out;
  const auto& index = by_iccid.rows();
  for (auto place = index.upper_bound(after); place != index.end() && out.size() < limit; ++place) {
    const Element& element = *rows.find(place->second);
    if (filter.batch && element.batch != *filter.batch) continue;
    if (!element.iccid.text().starts_with(filter.iccid_prefix)) continue;
    out.push_back(element);
  }
  return out;
}

Result<uint32_t> ElementTables::next_element_id() {
  TRY(transaction_.alive());
  return rows.rows().empty() ? 0 : rows.rows().rbegin()->first + 1;
}

Result<std::vector<Iccid>> ElementTables::without_element(size_t) {
  TRY(transaction_.alive());
  return std::vector<Iccid>();
}

Result<void> ElementTables::drop_without_element(std::span<const Iccid>) {
  return transaction_.alive();
}

Result<uint64_t> ElementTables::counter(uint32_t element) {
  TRY(transaction_.alive());
  return counters.get(element).value_or(0);
}

Result<void> ElementTables::set_counters(std::span<const fleet::ElementCounter> changed) {
  TRY(transaction_.alive());
  for (const fleet::ElementCounter& row : changed) counters.put(row.element, row.counter);
  return {};
}

Result<void> ElementTables::raise_counters(uint64_t leap) {
  TRY(transaction_.alive());
  for (const auto& [id, element] : rows.rows()) {
    if (element.source != fleet::ElementKeySource::imported) continue;
    counters.put(id, counters.get(id).value_or(0) + leap);
  }
  return {};
}

Result<void> ElementTables::save_batch(const fleet::Batch& batch) {
  TRY(transaction_.alive());
  for (const auto& [id, other] : batch_rows.rows()) {
    if (id != batch.id && other.name == batch.name) return fail(ErrorCode::already_exists);
  }
  fleet::Batch row = batch;
  if (const fleet::Batch* old = batch_rows.find(batch.id)) row.created = old->created;
  batch_rows.put(batch.id, row);
  return {};
}

Result<std::vector<fleet::Batch>> ElementTables::batches() {
  TRY(transaction_.alive());
  std::vector<fleet::Batch> out;
  for (const auto& [id, row] : batch_rows.rows()) out.push_back(row);
  return out;
}

}  // namespace simurgh::memory_store
