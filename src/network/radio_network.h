// The way of a short message between an SMSC and handsets in visited networks: which network has
// the subscriber, what its terminal answers, and what terminals send. Pure; the lab runs it on
// sockets' time, the simulator on its own.
//
// What comes from terminals waits in a queue until run(), because it arises while the SMSC or a
// network is in the middle of something. One thread.
#pragma once

#include <deque>
#include <vector>

#include "network/smsc.h"
#include "network/visited_network.h"

namespace simurgh::network {

// Who owns the air between network and terminal. The default lets everything pass.
class Air {
 public:
  virtual ~Air() = default;
  // May alter the TPDU, or drop it by returning false (the terminal never sees it).
  virtual bool pass_down(const Msisdn&, std::vector<uint8_t>&) { return true; }
  virtual bool pass_up(const Msisdn&, std::vector<uint8_t>&) { return true; }
};

class RadioNetwork final : public Terminals, public Switch {
 public:
  // All outlive it.
  explicit RadioNetwork(Air& air) : air_(air) {}
  void set_centre(SmscCentre& centre) { centre_ = &centre; }
  void add(VisitedNetwork& network) { networks_.push_back(&network); }

  // Hands the queue to the SMSC, then lets networks and SMSC do what is due.
  void run(Instant now);
  Instant next_deadline() const;

  // Terminals: the SMSC delivers.
  void deliver(DeliveryId id, std::string_view destination, ByteView deliver_tpdu,
               Instant now) override;
  // Switch: visited networks submit.
  bool submit(const Msisdn& from, ByteView submit_tpdu) override;
  void on_reachable(const Msisdn& msisdn) override;

 private:
  struct Upward {
    Msisdn from;
    std::vector<uint8_t> tpdu;  // empty: the subscriber became reachable
  };
  Air& air_;
  SmscCentre* centre_ = nullptr;
  std::vector<VisitedNetwork*> networks_;
  std::deque<Upward> upward_;
};

}  // namespace simurgh::network
