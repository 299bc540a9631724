// The adversary between network and terminals: loses, alters, replays, reflects and splices short
// messages, and injects his own. He has no keys here; those who have K1 are in fake_centre.h (who
// plays the centre) and middle.h (who alters what both ends say).
#pragma once

#include <deque>
#include <vector>

#include "network/radio_network.h"
#include "seeded_random.h"

namespace simurgh::sim {

struct AirFaults {
  uint32_t drop_ppm = 0;
  uint32_t alter_ppm = 0;    // one octet of the user data
  uint32_t replay_ppm = 0;   // the message comes again later
  uint32_t splice_ppm = 0;   // another subscriber's message takes its place
  uint32_t reflect_ppm = 0;  // what a terminal sent comes back to it
};

// A message that the adversary sends to a terminal at some time.
struct Injection {
  Instant at;
  Msisdn to;
  std::vector<uint8_t> tpdu;
  bool keyless = false;  // made of nothing that anybody with keys sent: must have no effect
  bool altered = false;  // by somebody with K1: the chip must take no key by it
};

// What was done to the air's messages.
struct AirFigures {
  uint64_t dropped = 0, altered = 0, replayed = 0, spliced = 0, reflected = 0;
};

class Middle;

class HostileAir final : public network::Air {
 public:
  HostileAir(uint64_t seed, const Instant& now) : random_(seed), now_(now) {}

  AirFaults faults;
  std::deque<Injection> injections;
  // SMS-SUBMITs that somebody sends in a terminal's name.
  std::deque<std::pair<Msisdn, std::vector<uint8_t>>> upward;
  bool own = false;  // what passes now is the adversary's own
  Middle* middle = nullptr;
  // Set while somebody listens to what a terminal sends instead of the network.
  Msisdn captured_from;
  std::vector<std::vector<uint8_t>> captured;

  bool pass_down(const Msisdn& to, std::vector<uint8_t>& tpdu) override;
  bool pass_up(const Msisdn& from, std::vector<uint8_t>& tpdu) override;

  uint64_t messages = 0;
  AirFigures figures;

 private:
  void alter(std::vector<uint8_t>& tpdu);
  SeededRandom random_;
  const Instant& now_;
  std::deque<std::vector<uint8_t>> heard_;  // of everybody, the latest
};

// SMS-DELIVER of user data with a header, as the SMSC makes it. Empty when it does not fit.
std::vector<uint8_t> deliver_tpdu_of(const Msisdn& from, ByteView user_data);
// User data of an SMS-SUBMIT with a header; empty when it has none.
std::vector<uint8_t> user_data_of_submit(ByteView submit_tpdu);

}  // namespace simurgh::sim
