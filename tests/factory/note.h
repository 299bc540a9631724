// A signed allocation note as the server would give it, for tests of the factory's side.
#pragma once

#include <doctest/doctest.h>

#include "crypto/memory_key_store.h"
#include "factory/allocation.h"

namespace simurgh::factory::test {

inline Key256 key_filled(uint8_t filler) {
  Key256 key;
  for (uint8_t& octet : key.fill(32)) octet = filler;
  return key;
}

struct Operator {
  crypto::MemoryKeyStore keys{7};
  Key256 transport_private = key_filled(0x55);

  AllocationNote note(uint64_t count = 20) {
    AllocationNote note;
    note.id = 3;
    note.manufacturer = "northern";
    const auto body = fleet::body_of(*Iccid::parse("8949170000000000004"));
    REQUIRE(body.has_value());
    note.run = {*body, fleet::number_of(*Imsi::parse("262170000000000")), count};
    note.ver = {1, 2, 3, 4, 5, 6, 7, 8};
    note.profile.name = "standard";
    note.profile.suites =
        personalisation::SuiteSet{personalisation::Suite::x25519, personalisation::Suite::p256}
            .bits();
    note.centre_number = *Msisdn::parse("4917000000");
    note.service_centre = *Msisdn::parse("4917000001");
    note.service_provider_name = "Simurgh";
    using crypto::SignatureScheme;
    note.server_keys.ed25519.assign(*keys.public_key(SignatureScheme::ed25519));
    note.server_keys.p256.assign(*keys.public_key(SignatureScheme::ecdsa_p256));
    seal_and_sign(note);
    return note;
  }

  void seal_and_sign(AllocationNote& note) {
    ByteArray<32> seed;
    std::memcpy(seed.data(), transport_private.view().data(), seed.size());
    ByteArray<32> public_key;
    REQUIRE(crypto::x25519_public(seed, public_key).has_value());
    const auto sealed =
        seal_k1(*keys.k1_of_version(note.ver), public_key,
                {.manufacturer = note.manufacturer, .allocation = note.id, .ver = note.ver},
                key_filled(0x66));
    REQUIRE(sealed.has_value());
    note.k1_sealed = *sealed;
    REQUIRE(sign(note, keys).has_value());
  }
};

}  // namespace simurgh::factory::test
