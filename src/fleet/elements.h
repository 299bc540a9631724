// The elements of the fleet: taking up the chips that were sold, bringing in those that were made
// elsewhere (row G8), and what the cards of a batch differ in.
//
// Not campaigns (campaign/) and not sessions: only who there is, how to reach it, and its keys.
// Every change writes its own audit row. One thread; all changes are in the open transaction.
#pragma once

#include "audit/log.h"
#include "fleet/element_store.h"

namespace simurgh::fleet {

constexpr size_t import_rows_max = 10'000;  // in one call
constexpr size_t batches_max = 65'535;
constexpr uint64_t counter_max = (uint64_t{1} << 40) - 1;  // TS 102 225 CNTR: 5 octets

struct NewElement {
  Iccid iccid;
  Msisdn msisdn;  // may be empty
  ElementKeys keys;
  uint64_t counter = 0;  // the last one that another platform used towards it
};

struct ElementSettings {
  bool refuse_test_keys = false;  // production: keys that everybody knows (threats row 3)
};

class Elements {
 public:
  struct Parts {
    ElementStore& store;
    audit::Log& audit;
    crypto::KeyStore& keys;
  };
  Elements(const ElementSettings& settings, const Parts& parts)
      : settings_(settings), parts_(parts) {}

  // Adds a batch or changes its settings, which the caller has checked. `no_space`: batches_max.
  Result<Batch> save_batch(std::string_view name, std::string_view settings, const audit::By& by);
  Result<Batch> batch(std::string_view name);  // not_found
  Result<Batch> batch(uint16_t id);

  // All or nothing (the caller undoes). An error's offset is the index of the row: `bad_length` and
  // `bad_value` for its keys, `not_allowed` for a known test key, `already_exists` for an ICCID,
  // MSISDN or PSK identity that is there or comes twice, `too_large` for more than import_rows_max
  // rows or a counter above counter_max. The ids are `first_id` onwards, in the order of the rows.
  Result<uint32_t> import(std::string_view batch, std::span<const NewElement> rows,
                          const audit::By& by);

  // A chip of ours was sold: its element, made when it has none. The same chip keeps its element
  // through all its lives. `already_exists`: an imported element has this ICCID.
  Result<Element> take_up(const Iccid& iccid, std::string_view batch, const audit::By& by);

  Result<Element> element(uint32_t id);  // not_found
  Result<Element> element_of(const Iccid& iccid);

  // The next counter towards an element with imported keys, stored before it is used (I2).
  // `no_space` when it is used up.
  Result<uint64_t> next_counter(uint32_t id);
  // The next one will be higher than `used`: the card says that it has seen more than we know of.
  Result<void> raise_counter(uint32_t id, uint64_t used);

  ElementStore& store() { return parts_.store; }

 private:
  ElementSettings settings_;
  Parts parts_;
};

}  // namespace simurgh::fleet
