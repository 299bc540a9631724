// What the databases hold whose dumps are kept for every released schema (tests/stores/dumps).
#pragma once

#include <doctest/doctest.h>

#include "stores/rows.h"

namespace simurgh::test {

inline void fill_for_a_dump(storage::Storage& storage) {
  REQUIRE(storage.fleet().add_range(some_range(1, 0, 100)).has_value());
  REQUIRE(storage.fleet().add_allocation(some_allocation(1, 0, 50)).has_value());
  REQUIRE(storage.fleet().save_chip(some_chip(1)).has_value());
  REQUIRE(storage.fleet().save_order(some_order("order-1", 1)).has_value());
  REQUIRE(storage.hlr().save(some_subscriber(1)).has_value());
  REQUIRE(storage.hlr().save_sequence({imsi_of(1), 512, "vlr-1", ""}).has_value());
  REQUIRE(storage.security_centre().save(some_chip_keys(1)).has_value());
  REQUIRE(storage.audit().append({1, {}, "a", "b", "c", "d", {}, {}}).has_value());
  REQUIRE(storage.set_generation(41).has_value());
  REQUIRE(storage.commit(3).has_value());
}

}  // namespace simurgh::test
