// Who of a transport's streams may be there and who may shake hands: counts, limits, and the queue
// of those that wait for a place. Private to io/tls. One thread.
#pragma once

#include <map>
#include <vector>

#include "base/bytes.h"
#include "io/tls/policy.h"

namespace simurgh::tls {

class Gate {
 public:
  class Waiting {
   public:
    // There is a place now; it is taken already.
    virtual void on_place() = 0;

   protected:
    ~Waiting() = default;
  };
  enum class Answer : uint8_t { go, wait, refused };

  explicit Gate(const Limits& limits);

  // A stream begins and ends. False when there are too many: it is then not counted.
  bool enter();
  void leave() { --figures.sessions; }

  // A handshake begins. On `wait`, on_place() comes later, unless give_up_waiting(ticket).
  Answer begin_handshake(Waiting& waiting, uint64_t& ticket);
  // A handshake that went has ended, one way or another.
  void end_handshake();
  void give_up_waiting(uint64_t ticket);

  // Room for the plaintext of one record, for whoever reads at the moment.
  MutableByteView plain() { return plain_; }
  const Limits& limits() const { return limits_; }

  Figures figures;

 private:
  void admit();

  Limits limits_;
  std::map<uint64_t, Waiting*> waiting_;  // first come, first served
  uint64_t last_ticket_ = 0;
  std::vector<uint8_t> plain_;
};

}  // namespace simurgh::tls
