// What `simurgh campaigns watch` shows, as text: the two fronts of a campaign, which meet (the
// polls serve from the oldest side, the triggers from the most recent one), counters, rates, time
// left.
//
// Pure: answers of GET /v1/campaigns/{id}/fronts come in, text comes out.
#pragma once

#include <deque>
#include <string>

#include "formats/json/value.h"

namespace simurgh::cli {

// Rates over the last minute, from one answer after the other.
class Rates {
 public:
  void add(double now_s, const json::Value& fronts);
  double polled_per_s() const;
  double triggered_per_s() const;

 private:
  struct Sample {
    double at_s, polled, triggered;
  };
  double per_s(double Sample::* count) const;
  std::deque<Sample> samples_;
};

// One line, for logs.
std::string line_of(const json::Value& fronts, const Rates& rates);
// Several lines of at most 80 columns, each ended, in UTF-8.
std::string picture_of(const json::Value& fronts, const Rates& rates);

// "40 s", "12 min", "7.5 h", "3.2 days".
std::string words_for_seconds(double seconds);

}  // namespace simurgh::cli
