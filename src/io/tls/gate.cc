#include "io/tls/gate.h"

#include "base/check.h"

namespace simurgh::tls {
namespace {

constexpr size_t record_plaintext_max = 16'384;  // RFC 8446 5.1

}  // namespace

Gate::Gate(const Limits& limits) : limits_(limits), plain_(record_plaintext_max) {}

bool Gate::enter() {
  if (figures.sessions >= limits_.sessions_max) {
    ++figures.refused_full;
    return false;
  }
  ++figures.sessions;
  return true;
}

Gate::Answer Gate::begin_handshake(Waiting& waiting, uint64_t& ticket) {
  if (figures.handshakes < limits_.handshakes_at_once_max) {
    ++figures.handshakes;
    ++figures.handshakes_begun;
    return Answer::go;
  }
  if (limits_.when_full == Limits::Full::refuse) {
    ++figures.refused_full;
    return Answer::refused;
  }
  ticket = ++last_ticket_;
  waiting_[ticket] = &waiting;
  figures.waiting = waiting_.size();
  return Answer::wait;
}

void Gate::end_handshake() {
  SIMURGH_CHECK(figures.handshakes > 0);
  --figures.handshakes;
  admit();
}

void Gate::give_up_waiting(uint64_t ticket) {
  SIMURGH_CHECK(waiting_.erase(ticket) == 1);
  figures.waiting = waiting_.size();
}

void Gate::admit() {
  while (!waiting_.empty() && figures.handshakes < limits_.handshakes_at_once_max) {
    Waiting* const next = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    figures.waiting = waiting_.size();
    ++figures.handshakes;
    ++figures.handshakes_begun;
    next->on_place();
  }
}

}  // namespace simurgh::tls
