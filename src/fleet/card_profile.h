// What the operator must know about the cards of a batch: which algorithm and suites they have,
// and the files they carry. Data, named, and referred to by allocations (number_pool.h).
#pragma once

#include <cstdint>
#include <string>

namespace simurgh::fleet {

// Authentication algorithms. The numbers are stored. COMP128 exists for imported subscribers only.
enum class AuthAlgorithm : uint8_t {
  milenage = 1,  // TS 35.206: Ki and OPc of 16 octets
  tuak = 2,      // TS 35.231: Ki of 16 or 32 octets, TOPc of 32
  comp128v1 = 3,
  comp128v2 = 4,
  comp128v3 = 5,
};
const char* name_of(AuthAlgorithm algorithm);

// What every list, show, log and audit row says beside a thing of profile legacy-1997.
constexpr const char* legacy_1997_name = "legacy_1997";
constexpr const char* insecure_mark = "INSECURE";

struct CardProfile {
  std::string name;  // key
  AuthAlgorithm algorithm = AuthAlgorithm::milenage;
  uint8_t ki_octets = 16;        // 16, or 32 with TUAK
  uint8_t tuak_iterations = 1;   // of Keccak, TS 35.231
  uint8_t suites = 0;            // bits of personalisation::SuiteSet that the cards can do
  bool server_made_key = false;  // D9: these cards cannot agree a key
  bool legacy_1997 = false;      // insecure; every list and log marks it
  std::string files;             // the card's files as the factory reads them (JSON)

  friend bool operator==(const CardProfile&, const CardProfile&) = default;
};

}  // namespace simurgh::fleet
