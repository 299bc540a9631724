#include "apps/simurgh/campaign_picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace simurgh::cli {
namespace {

constexpr double rate_window_s = 60;
constexpr int bar_rows = 6;
// What a column of the picture is made of.
constexpr std::string_view by_poll = "\u2592", by_trigger = "\u2588", open = "\u00b7", nobody = " ";

const json::Value& member(const json::Value& object, std::string_view name) {
  static const json::Value nothing;
  const json::Value* found = object.find(name);
  return found == nullptr ? nothing : *found;
}

double number(const json::Value& object, std::string_view name) {
  return static_cast<double>(object.integer_of(name));
}

template <typename... Values>
std::string format(const char* pattern, Values... values) {
  std::array<char, 256> room{};
  std::snprintf(room.data(), room.size(), pattern, values...);
  return room.data();
}

std::string percent(double part, double whole) {
  return whole <= 0 ? "-" : format("%.1f %%", 100 * part / whole);
}

struct Reached {
  double members = 0, polled = 0, triggered = 0;
  double open() const { return std::max(0.0, members - polled - triggered); }
};

std::vector<Reached> columns_of(const json::Value& fronts) {
  std::vector<Reached> columns;
  const json::Value::Array* buckets = member(fronts, "buckets").as_array();
  if (buckets == nullptr) return columns;
  for (const json::Value& bucket : *buckets) {
    columns.push_back(
        {number(bucket, "members"), number(bucket, "polled"), number(bucket, "triggered")});
  }
  return columns;
}

Reached sum_of(const json::Value& fronts) {
  Reached sum;
  for (const Reached& column : columns_of(fronts)) {
    sum.members += column.members;
    sum.polled += column.polled;
    sum.triggered += column.triggered;
  }
  return sum;
}

// How many chips there are: counted by the campaign, or by the fronts until then.
double total_of(const json::Value& fronts) {
  return std::max(number(fronts, "total"), sum_of(fronts).members);
}

double settled_of(const json::Value& fronts) {
  const json::Value& counters = member(fronts, "counters");
  return number(counters, "done") + number(counters, "failed");
}

// Where a front is, as a share of the chips in its order: up to the first column with less than
// half of its chips reached by it.
double front_share(std::vector<Reached> columns, double Reached::* by, bool from_oldest) {
  if (!from_oldest) std::ranges::reverse(columns);
  double behind = 0, all = 0;
  bool ended = false;
  for (const Reached& column : columns) {
    all += column.members;
    if (column.members == 0) continue;
    ended = ended || column.*by * 2 < column.members;
    if (!ended) behind += column.members;
  }
  return all == 0 ? 0 : behind / all;
}

std::string bars_of(const std::vector<Reached>& columns) {
  std::string out;
  for (int row = bar_rows; row > 0; --row) {
    out += row == bar_rows ? " 100 % \u2502" : row == 1 ? "   0 % \u2502" : "       \u2502";
    for (const Reached& column : columns) {
      // This cell shows the share from row - 1 to row; what it has most of there.
      const double middle = (row - 0.5) / bar_rows * column.members;
      std::string_view cell = open;
      if (column.members == 0) {
        cell = nobody;
      } else if (middle < column.polled) {
        cell = by_poll;
      } else if (middle < column.polled + column.triggered) {
        cell = by_trigger;
      }
      out += cell;
    }
    out += "\n";
  }
  out += "       \u2514";
  for (size_t i = 0; i < columns.size(); ++i) out += "\u2500";
  return out + "\n";
}

std::string wave_words(const json::Value& fronts) {
  const json::Value& wave = member(fronts, "wave");
  std::string out = format("wave %lld of %lld", static_cast<long long>(wave.integer_of("number")),
                           static_cast<long long>(wave.integer_of("of")));
  if (member(wave, "opens_until").as_integer() != nullptr) {
    out += format(" (%.0f of %.0f reached)", number(wave, "reached"), number(wave, "opens_until"));
  }
  const bool* is_open = member(fronts, "window_open").as_bool();
  if (is_open != nullptr && !*is_open) out += ", outside of its windows: polls only";
  return out;
}

std::string counter_words(const json::Value& fronts) {
  const json::Value& counters = member(fronts, "counters");
  const double total = total_of(fronts);
  return format(
      "done %.0f (%s)  failed %.0f (%s)  silent %.0f  waiting %.0f  given up %.0f  of %.0f",
      number(counters, "done"), percent(number(counters, "done"), total).c_str(),
      number(counters, "failed"), percent(number(counters, "failed"), total).c_str(),
      number(counters, "silent"), number(counters, "waiting"), number(counters, "given_up"), total);
}

std::string rule_words(const json::Value& fronts) {
  std::string out;
  const json::Value::Array* rules = member(fronts, "stop_rules").as_array();
  if (rules == nullptr) return out;
  for (const json::Value& rule : *rules) {
    const double settled = number(rule, "settled");
    const bool* broken = member(rule, "broken").as_bool();
    out += format("  stop rule  %s over %.1f %% of %.0f or more: %s of %.0f%s\n",
                  std::string(rule.text_of("reason")).c_str(), number(rule, "failed_permille") / 10,
                  number(rule, "sample_min"), percent(number(rule, "failed"), settled).c_str(),
                  settled, broken != nullptr && *broken ? "  BROKEN" : "");
  }
  return out;
}

// The time left at the present rates; with no plan could it all end before N/(r+t).
std::string time_words(const json::Value& fronts, const Rates& rates) {
  const double per_s = rates.polled_per_s() + rates.triggered_per_s();
  std::string out =
      format("%.1f/s by polls + %.1f/s by triggers", rates.polled_per_s(), rates.triggered_per_s());
  if (per_s <= 0) return out;
  const Reached sum = sum_of(fronts);
  const double left = std::max(0.0, total_of(fronts) - settled_of(fronts));
  out += ", " + words_for_seconds(left / per_s) + " left; bound N/(r+t) " +
         words_for_seconds(sum.members / per_s);
  return out;
}

std::string head_of(const json::Value& fronts) {
  return std::string(fronts.text_of("name")) + " (campaign " +
         std::to_string(fronts.integer_of("id")) + ")  " + std::string(fronts.text_of("state"));
}

}  // namespace

void Rates::add(double now_s, const json::Value& fronts) {
  const Reached sum = sum_of(fronts);
  samples_.push_back({now_s, sum.polled, sum.triggered});
  while (samples_.size() > 2 && samples_[1].at_s < now_s - rate_window_s) samples_.pop_front();
}

double Rates::per_s(double Sample::* count) const {
  if (samples_.size() < 2) return 0;
  const double seconds = samples_.back().at_s - samples_.front().at_s;
  // A new run counts from the beginning.
  return seconds <= 0 ? 0
                      : std::max(0.0, samples_.back().*count - samples_.front().*count) / seconds;
}

double Rates::polled_per_s() const {
  return per_s(&Sample::polled);
}
double Rates::triggered_per_s() const {
  return per_s(&Sample::triggered);
}

std::string words_for_seconds(double seconds) {
  if (seconds < 100) return format("%.0f s", seconds);
  if (seconds < 100 * 60) return format("%.0f min", seconds / 60);
  if (seconds < 48 * 3600) return format("%.1f h", seconds / 3600);
  return format("%.1f days", seconds / 86400);
}

std::string line_of(const json::Value& fronts, const Rates& rates) {
  const std::vector<Reached> columns = columns_of(fronts);
  return head_of(fronts) + "  " + wave_words(fronts) + "  " + counter_words(fronts) +
         format("  fronts %.0f %% | %.0f %%  ", 100 * front_share(columns, &Reached::polled, true),
                100 * front_share(columns, &Reached::triggered, false)) +
         time_words(fronts, rates);
}

std::string picture_of(const json::Value& fronts, const Rates& rates) {
  const std::vector<Reached> columns = columns_of(fronts);
  const Reached sum = sum_of(fronts);
  std::string out = head_of(fronts) + "  " + wave_words(fronts) + "\n";
  out += counter_words(fronts) + "\n";
  if (!columns.empty()) {
    out += "\n" + bars_of(columns);
    const auto gap = static_cast<int>(columns.size());
    out += format("        %-*s%s\n", gap - 11, "oldest contact", "most recent");
    out += format("  %s polls %.0f, front at %.0f %% of the fleet from the oldest side\n",
                  std::string(by_poll).c_str(), sum.polled,
                  100 * front_share(columns, &Reached::polled, true));
    out += format("  %s triggers %.0f, front at %.0f %% from the most recent side\n",
                  std::string(by_trigger).c_str(), sum.triggered,
                  100 * front_share(columns, &Reached::triggered, false));
  }
  const json::Value& counters = member(fronts, "counters");
  out += format("  messages %.0f, %.2f a chip\n", number(counters, "triggers"),
                sum.members > 0 ? number(counters, "triggers") / sum.members : 0.0);
  out += "  " + time_words(fronts, rates) + "\n" + rule_words(fronts);
  const std::string_view why = fronts.text_of("stop_reason");
  if (!why.empty()) out += "  stopped: " + std::string(why) + "\n";
  return out;
}

}  // namespace simurgh::cli
