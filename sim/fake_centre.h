// An adversary who holds K1 of a version (a leaked factory), and so every epoch 0 of its chips,
// and who owns the air; but not the security centre's signature keys. He plays the centre.
#pragma once

#include "air.h"
#include "conversations/personalisation/centre_half.h"
#include "conversations/personalisation/chip_record.h"
#include "crypto/memory_key_store.h"
#include "security_centre/chip_channel.h"

namespace simurgh::sim {

class FakeCentre final : private personalisation::CodeTries, private security_centre::Bearer {
 public:
  FakeCentre(uint64_t seed, const Key256& k1, const Msisdn& number, HostileAir& air);

  // Runs one negotiation with the chip, as far as it goes along. `counter`: what the secured
  // packets begin with.
  void attack(const personalisation::ChipRecord& chip, const Msisdn& msisdn,
              network::VisitedNetwork& network, uint64_t counter);

 private:
  Result<void> count_try(const personalisation::OrderId&, const Iccid&) override { return {}; }
  void send_short_message(const Msisdn& to, ByteView user_data) override;

  SeededRandom random_;
  Key256 k1_;
  Msisdn number_;
  HostileAir& air_;
  crypto::MemoryKeyStore keys_;
  network::VisitedNetwork* network_ = nullptr;
};

}  // namespace simurgh::sim
