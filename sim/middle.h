// Somebody between network and terminals who has K1 of a version, and so the packet keys and the
// base of every chip in epoch 0: he opens first logons, alters them, makes their MACs right, and
// sends them on. What he lacks is the centre's signature key and the activation code (D12, threats
// 13-15). Nothing that he alters may make a chip take a key.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>

#include "air.h"
#include "conversations/personalisation/chip_record.h"
#include "formats/sms/reassembly.h"
#include "security_centre/security_centre.h"

namespace simurgh::sim {

enum class Tampering : uint8_t {
  downgraded_offer,    // REQUEST or INIT with a weaker suite
  replaced_share,      // M1 or M2 with a share of his own
  invalid_point,       // M1 or M2 with a share that is no point of the curve, or of small order
  swapped_identity,    // M1 of another chip of the batch
  other_session,       // M2 of an earlier session in place of this one's
  replaced_signature,  // M2 with another signature
};
constexpr size_t tamperings = 6;
const char* name_of(Tampering tampering);

class Middle final : private security_centre::Bearer {
 public:
  using Chips = std::function<const personalisation::ChipRecord*(const Msisdn&)>;
  // `chips` tells the identity and the life behind a number, which are on the air.
  Middle(uint64_t seed, const Key256& k1, const Msisdn& centre, const Instant& now, HostileAir& air,
         Chips chips);

  uint32_t tamper_ppm = 0;  // of messages in epoch 0

  // True when he keeps the TPDU; what he makes of it is in the air's queues.
  bool takes_down(const Msisdn& to, ByteView deliver_tpdu);
  bool takes_up(const Msisdn& from, ByteView submit_tpdu);

  uint64_t count(Tampering tampering) const { return counts_[static_cast<size_t>(tampering)]; }

  // The suite of the session that the chip's newest epoch came from is the strongest that both
  // ends have, whatever was altered on the way. Empty when so.
  std::string check_suite(const personalisation::ChipRecord& chip,
                          personalisation::SuiteSet allowed) const;

 private:
  struct Seen {  // of one chip's first logon, as he read it
    personalisation::Message init;
    personalisation::Message m2, m2_earlier;
  };
  using Parts = sms::Reassembler<32, 5, 670>;

  std::optional<personalisation::Message> alter(const Msisdn& number, ByteView message,
                                                const personalisation::Epoch& base);
  std::optional<personalisation::Message> alter_m1(Seen& seen, ByteView message,
                                                   const personalisation::Epoch& base);
  std::optional<personalisation::Message> alter_m2(const Seen& seen, ByteView message);
  personalisation::Share share_for(ByteView share, bool valid);
  void send_short_message(const Msisdn& to, ByteView user_data) override;
  void send_up(const Msisdn& from, const personalisation::Epoch& base, uint64_t counter,
               ByteView message);
  void count_one(Tampering tampering) { ++counts_[static_cast<size_t>(tampering)]; }

  SeededRandom random_;
  Key256 k1_;
  Msisdn centre_;
  const Instant& now_;
  HostileAir& air_;
  Chips chips_;
  std::map<Msisdn, Seen> seen_;
  Parts down_{hours(1)}, up_{hours(1)};
  std::array<uint64_t, tamperings> counts_{};
};

}  // namespace simurgh::sim
