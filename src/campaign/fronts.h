// The two fronts of a campaign, for people: how many of the chips that last reported at about the
// same time have been reached, by recurring polls and by triggers. Polls serve from the oldest
// side, triggers from the most recent one, and they meet (G4).
//
// Buckets of last contact, oldest first, about equally full when the run began; the last one is
// for chips that reported since then without being reached. Members are counted a piece at a time
// and only once, so nothing here grows with the fleet. Not used for any decision. Stored with the
// campaign's progress.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "campaign/element.h"

namespace simurgh::campaign {

struct Fronts {
  static constexpr size_t buckets_max = 42;

  struct Bucket {
    uint32_t until_s = 0;    // last contact below this; of the last bucket UINT32_MAX
    uint32_t members = 0;    // counted so far
    uint32_t polled = 0;     // reached: the payload was offered in a recurring poll
    uint32_t triggered = 0;  // … after a trigger, or unannounced
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };

  std::vector<Bucket> buckets;  // empty: the run has not begun
  uint32_t counted = 0;         // elements below this id are in `members`
  bool complete = false;        // all are

  // Buckets for a fleet whose contacts are counted by the hour, as of `now_s`.
  static Fronts of(const std::vector<uint32_t>& contacts_in_hour, uint32_t now_s);

  void add_member(uint32_t contact_s) { ++at(contact_s).members; }
  // It reported at another time, without being reached.
  void move_member(uint32_t before_s, uint32_t contact_s);
  void reach(uint32_t contact_s, bool polled) {
    Bucket& bucket = at(contact_s);
    ++(polled ? bucket.polled : bucket.triggered);
  }
  friend bool operator==(const Fronts&, const Fronts&) = default;

 private:
  Bucket& at(uint32_t contact_s);
};

// One stored value and back.
std::vector<uint8_t> write_fronts(const Fronts& fronts);
Result<Fronts> parse_fronts(ByteView bytes);

}  // namespace simurgh::campaign
