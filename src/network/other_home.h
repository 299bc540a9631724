// Another operator's HLR, as far as a visited network meets it: it has the chips that this platform
// did not make and only updates (G8). It gives vectors and subscriber data to who asks, and never
// changes its mind.
//
// For the lab and the simulator. Answers wait until run(), because questions come from inside the
// visited network. One thread.
#pragma once

#include <deque>
#include <map>

#include "base/random.h"
#include "crypto/aka.h"
#include "network/visited_network.h"

namespace simurgh::network {

class OtherHome final : public HlrLink {
 public:
  // `random` outlives it.
  explicit OtherHome(Random& random) : random_(random) {}

  struct Subscriber {
    Msisdn msisdn;
    crypto::AkaKeys keys;
    uint64_t sequence = 0;  // of the last vector
  };
  void add(const Imsi& imsi, Subscriber subscriber) { subscribers_[imsi] = std::move(subscriber); }
  size_t size() const { return subscribers_.size(); }

  void send(const gsup::Message& message) override;
  // Answers what was asked since. `network` is where the questions came from.
  void run(VisitedNetwork& network, Instant now);

 private:
  struct Question {
    gsup::MessageType type;
    Imsi imsi;
  };
  void give_vector(VisitedNetwork& network, const Imsi& imsi, Subscriber& subscriber, Instant now);
  static void give_data(VisitedNetwork& network, const Imsi& imsi, const Subscriber& subscriber,
                        Instant now);

  Random& random_;
  std::map<Imsi, Subscriber> subscribers_;
  std::deque<Question> questions_;
};

}  // namespace simurgh::network
