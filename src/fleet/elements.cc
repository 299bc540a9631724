#include "fleet/elements.h"

#include <algorithm>
#include <set>

#include "crypto/known_test_keys.h"
#include "fleet/fleet.h"

namespace simurgh::fleet {

namespace {

bool has_test_key(const ElementKeys& keys) {
  const auto known = [](ByteView key) { return !key.empty() && crypto::is_known_test_key(key); };
  return known(keys.kic.view()) || known(keys.kid.view()) || known(keys.psk.view());
}

}  // namespace

Result<Batch> Elements::save_batch(std::string_view name, std::string_view settings,
                                   const audit::By& by) {
  if (name.empty() || name.size() > name_octets_max) return ErrorCode::bad_length;
  if (settings.size() > batch_settings_octets_max) return ErrorCode::too_large;
  Batch batch;
  for (const Batch& known : TRY(parts_.store.batches())) {
    if (known.name == name) {
      batch = known;
      break;
    }
    batch.id = known.id;
  }
  const bool is_new = batch.name.empty();
  if (is_new) {
    if (batch.id == batches_max) return ErrorCode::no_space;
    ++batch.id;
    batch.name = name;
    batch.created = by.at;
  }
  batch.settings = settings;
  TRY(parts_.store.save_batch(batch));
  audit::Detail detail;
  detail.add("settings", settings);
  TRY(parts_.audit.append(by, {is_new ? "batch.add" : "batch.change", name, detail}));
  return batch;
}

Result<Batch> Elements::batch(std::string_view name) {
  for (Batch& known : TRY(parts_.store.batches())) {
    if (known.name == name) return std::move(known);
  }
  return ErrorCode::not_found;
}

Result<Batch> Elements::batch(uint16_t id) {
  for (Batch& known : TRY(parts_.store.batches())) {
    if (known.id == id) return std::move(known);
  }
  return ErrorCode::not_found;
}

Result<uint32_t> Elements::import(std::string_view batch_name, std::span<const NewElement> rows,
                                  const audit::By& by) {
  if (rows.size() > import_rows_max) return ErrorCode::too_large;
  const Batch into = TRY(batch(batch_name));
  const uint32_t first_id = TRY(parts_.store.next_element_id());
  std::vector<Element> elements(rows.size());
  std::vector<ElementCounter> counters;
  std::set<std::string_view> iccids, identities;  // an identity may well be the chip's own ICCID
  for (size_t i = 0; i < rows.size(); ++i) {
    const NewElement& row = rows[i];
    if (row.counter > counter_max) return fail(ErrorCode::too_large, i);
    if (settings_.refuse_test_keys && has_test_key(row.keys)) {
      return fail(ErrorCode::not_allowed, i);
    }
    if (const auto good = check(row.keys); !good) return fail(good.error().code, i);
    if (!iccids.insert(row.iccid.text()).second ||
        (!row.keys.psk.empty() && !identities.insert(row.keys.psk_identity).second)) {
      return fail(ErrorCode::already_exists, i);
    }
    Element& element = elements[i];
    element.id = first_id + static_cast<uint32_t>(i);
    element.iccid = row.iccid;
    element.msisdn = row.msisdn;
    element.batch = into.id;
    element.source = ElementKeySource::imported;
    element.key_version = row.keys.key_version;
    element.psk_identity = row.keys.psk_identity;
    element.sealed_keys = TRY(seal_element_keys(parts_.keys, row.iccid, row.keys));
    element.created = by.at;
    if (row.counter > 0) counters.push_back({element.id, row.counter});
  }
  TRY(parts_.store.add(elements));
  TRY(parts_.store.set_counters(counters));
  audit::Detail detail;
  detail.add("rows", rows.size());
  if (!rows.empty()) detail.add("first", rows.front().iccid).add("last", rows.back().iccid);
  TRY(parts_.audit.append(by, {"element.import", batch_name, detail}));
  return first_id;
}

Result<Element> Elements::take_up(const Iccid& iccid, std::string_view batch_name,
                                  const audit::By& by) {
  if (auto known = TRY(parts_.store.element_of(iccid))) {
    if (known->source != ElementKeySource::centre) return ErrorCode::already_exists;
    return std::move(*known);
  }
  auto into = batch(batch_name);
  if (!into && into.error().code == ErrorCode::not_found) into = save_batch(batch_name, "{}", by);
  Element element;
  element.id = TRY(parts_.store.next_element_id());
  element.iccid = iccid;
  element.batch = TRY(into).id;
  element.created = by.at;
  TRY(parts_.store.add({&element, 1}));
  audit::Detail detail;
  detail.add("id", element.id).add("batch", batch_name);
  TRY(parts_.audit.append(by, {"element.add", iccid.text(), detail}));
  return element;
}

Result<Element> Elements::element(uint32_t id) {
  auto found = TRY(parts_.store.element(id));
  if (!found) return ErrorCode::not_found;
  return std::move(*found);
}

Result<Element> Elements::element_of(const Iccid& iccid) {
  auto found = TRY(parts_.store.element_of(iccid));
  if (!found) return ErrorCode::not_found;
  return std::move(*found);
}

Result<uint64_t> Elements::next_counter(uint32_t id) {
  const uint64_t last = TRY(parts_.store.counter(id));
  if (last >= counter_max) return ErrorCode::no_space;
  const ElementCounter next{id, last + 1};
  TRY(parts_.store.set_counters({&next, 1}));
  return next.counter;
}

Result<void> Elements::raise_counter(uint32_t id, uint64_t used) {
  const ElementCounter raised{id, std::min(used, counter_max)};
  if (TRY(parts_.store.counter(id)) >= raised.counter) return {};
  return parts_.store.set_counters({&raised, 1});
}

}  // namespace simurgh::fleet
