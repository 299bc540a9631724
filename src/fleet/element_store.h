// What the fleet keeps of elements. Batch-first: imports come by ten thousands, counters by
// thousands. Like fleet::Store it has no logic but keys and constraints.
//
// All writes go to the open transaction; reads see it. `storage` when the store cannot answer.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/function_ref.h"
#include "fleet/element.h"

namespace simurgh::fleet {

struct ElementFilter {
  std::optional<uint16_t> batch;
  std::string iccid_prefix;  // digits; empty: any
};

// The last counter (TS 102 225 CNTR) used towards an element whose keys were imported.
struct ElementCounter {
  uint32_t element = 0;
  uint64_t counter = 0;
};

class ElementStore {
 public:
  virtual ~ElementStore() = default;

  // already_exists, with the index as offset, for an id, ICCID, MSISDN or PSK identity that is
  // there; nothing of the call is then to be kept (the caller undoes its step).
  virtual Result<void> add(std::span<const Element> elements) = 0;
  virtual Result<void> save(const Element& element) = 0;  // one that is there
  virtual Result<std::optional<Element>> element(uint32_t id) = 0;
  virtual Result<std::optional<Element>> element_of(const Iccid& iccid) = 0;
  virtual Result<std::optional<Element>> element_of(const Msisdn& msisdn) = 0;
  virtual Result<std::optional<Element>> element_of_identity(std::string_view psk_identity) = 0;
  // In order of ICCID, those after `after` (empty: from the start).
  virtual Result<std::vector<Element>> elements(const ElementFilter& filter, const Iccid& after,
                                                size_t limit) = 0;
  virtual Result<uint32_t> next_element_id() = 0;

  // Chips that were sold before there were elements (an older schema) and have none yet, in order
  // of ICCID; and taking them off that list.
  virtual Result<std::vector<Iccid>> without_element(size_t limit) = 0;
  virtual Result<void> drop_without_element(std::span<const Iccid> iccids) = 0;

  virtual Result<uint64_t> counter(uint32_t element) = 0;  // 0: none used
  virtual Result<void> set_counters(std::span<const ElementCounter> counters) = 0;
  // Adds `leap` to the counter of every imported element: after an older database came back, none
  // may carry a second payload (I2).
  virtual Result<void> raise_counters(uint64_t leap) = 0;

  virtual Result<void> save_batch(const Batch& batch) = 0;
  virtual Result<std::vector<Batch>> batches() = 0;  // in order of id
};

}  // namespace simurgh::fleet
