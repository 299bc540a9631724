// What campaigns watch draws (G4): the polls' front from the oldest side, the triggers' front from
// the most recent one.
#include <doctest/doctest.h>

#include "apps/simurgh/campaign_picture.h"

namespace simurgh::cli {
namespace {

json::Value bucket(int members, int polled, int triggered) {
  return json::Value::object({{"members", members}, {"polled", polled}, {"triggered", triggered}});
}

// Four buckets: one polled, one half polled, one open, one triggered.
json::Value fronts(int polled_more = 0) {
  json::Value out = json::Value::object({{"id", 7},
                                         {"name", "patch-7"},
                                         {"state", "running"},
                                         {"total", 400},
                                         {"window_open", true}});
  out.set("wave",
          json::Value::object(
              {{"number", 2}, {"of", 2}, {"reached", 250}, {"opens_until", json::Value()}}));
  out.set("counters", json::Value::object({{"done", 240}, {"failed", 4}, {"triggers", 110}}));
  out.set("stop_rules",
          json::Value::array().push_back(json::Value::object({{"reason", "any"},
                                                              {"failed_permille", 100},
                                                              {"sample_min", 50},
                                                              {"settled", 244},
                                                              {"failed", 4},
                                                              {"broken", false}})));
  out.set("buckets", json::Value::array()
                         .push_back(bucket(100, 100, 0))
                         .push_back(bucket(100, 50 + polled_more, 0))
                         .push_back(bucket(100, 0, 0))
                         .push_back(bucket(100, 0, 100)));
  return out;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("G4: the picture has both fronts, from their sides") {
  Rates rates;
  rates.add(0, fronts());
  rates.add(10, fronts(20));
  CHECK(rates.polled_per_s() == doctest::Approx(2));
  CHECK(rates.triggered_per_s() == doctest::Approx(0));
  const std::string picture = picture_of(fronts(20), rates);
  CAPTURE(picture);
  // Top row: polled, open (70 of 100), open, triggered. Bottom row: polled, polled, open,
  // triggered.
  CHECK(has(picture, " 100 % \u2502\u2592\u00b7\u00b7\u2588\n"));
  CHECK(has(picture, "   0 % \u2502\u2592\u2592\u00b7\u2588\n"));
  CHECK(has(picture, "polls 170, front at 50 % of the fleet from the oldest side"));
  CHECK(has(picture, "triggers 100, front at 25 % from the most recent side"));
  CHECK(has(picture, "done 240 (60.0 %)  failed 4 (1.0 %)"));
  CHECK(has(picture, "wave 2 of 2"));
  CHECK(has(picture, "stop rule  any over 10.0 % of 50 or more: 1.6 % of 244"));
  // 156 of 400 are left, at 2 a second; none could be done before 400 / 2.
  CHECK(has(picture, "78 s left; bound N/(r+t) 3 min"));
  for (size_t begin = 0; begin < picture.size();) {
    const size_t end = picture.find('\n', begin);
    REQUIRE(end != std::string::npos);
    size_t columns = 0;
    for (size_t i = begin; i < end; ++i) columns += (picture[i] & 0xc0) != 0x80;
    CHECK(columns <= 80);
    begin = end + 1;
  }
  CHECK(has(line_of(fronts(), rates), "fronts 50 % | 25 %"));
}

TEST_CASE("G4: a campaign that has not begun is shown, too") {
  const auto draft = json::Value::object({{"id", 1}, {"name", "x"}, {"state", "draft"}});
  Rates rates;
  rates.add(0, draft);
  CHECK(has(picture_of(draft, rates), "x (campaign 1)  draft"));
  CHECK(has(line_of(draft, rates), "0.0/s by polls"));
}

TEST_CASE("times are said as people say them") {
  CHECK(words_for_seconds(99) == "99 s");
  CHECK(words_for_seconds(720) == "12 min");
  CHECK(words_for_seconds(7.5 * 3600) == "7.5 h");
  CHECK(words_for_seconds(3.2 * 86400) == "3.2 days");
}

}  // namespace
}  // namespace simurgh::cli
