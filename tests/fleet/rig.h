// A fleet on the in-memory store, and what tests of it need again and again.
#pragma once

#include <doctest/doctest.h>

#include "fleet/fleet.h"
#include "memory_store/memory_storage.h"
#include "stores/seeded_random.h"

namespace simurgh::test {

struct FleetRig {
  memory_store::MemoryStorage storage{ByteArray<16>{1}};
  audit::Log audit{storage.audit()};
  fleet::Fleet fleet{storage.fleet(), audit};
  int64_t clock = 1'700'000'000'000;
  fleet::Ver ver = {1, 2, 3, 4, 5, 6, 7, 8};

  audit::By by() { return {"tester", Instant{++clock}}; }

  // A range of `count` numbers from 8949000000000000001C / 262019000000001 on.
  fleet::Range add_range(uint64_t count, uint64_t first = 1) {
    const auto iccid = fleet::iccid_of({18, 894900000000000000 + first});
    const auto imsi = fleet::imsi_of({15, 262019000000000 + first});
    const auto range = fleet.add_range({iccid, imsi, count, ""}, by());
    REQUIRE(range.has_value());
    return *range;
  }
  fleet::Allocation allocate(uint64_t count) {
    REQUIRE(fleet.save_profile({"usim"}, by()).has_value());
    const auto allocation = fleet.allocate({"cards inc", ver, "usim", count}, by());
    REQUIRE(allocation.has_value());
    return *allocation;
  }
  fleet::Sale sale(const Iccid& iccid, const char* order = "order-1") {
    fleet::Sale out;
    out.iccid = iccid;
    out.ver = ver;
    out.contract = "contract-1";
    out.msisdn = *Msisdn::parse("4917012345");
    out.order = order;
    out.code_kind = fleet::CodeKind::secret128;
    out.sealed_code.resize(44);
    return out;
  }
  std::vector<std::string> actions() {
    std::vector<std::string> out;
    const auto rows = storage.audit().page(1, 10'000);
    REQUIRE(rows.has_value());
    for (const audit::Row& row : *rows) out.push_back(row.action);
    return out;
  }
};

}  // namespace simurgh::test
