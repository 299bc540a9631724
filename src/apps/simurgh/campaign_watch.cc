#include "apps/simurgh/campaign_watch.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "apps/simurgh/campaign_picture.h"

namespace simurgh::cli {
namespace {

constexpr uint64_t interval_s_max = 3600;
constexpr int failures_in_a_row_max = 30;  // a server that restarts is waited for
constexpr double line_every_s = 5;         // where there is no terminal

void put(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// Draws over what it drew before.
class Screen {
 public:
  void draw(const std::string& picture) {
    std::string out;
    if (lines_ > 0) out += "\033[" + std::to_string(lines_) + "A";
    lines_ = 0;
    for (size_t begin = 0; begin < picture.size(); ++lines_) {
      const size_t end = std::min(picture.find('\n', begin), picture.size());
      out += picture.substr(begin, end - begin) + "\033[K\n";
      begin = end + 1;
    }
    put(out + "\033[J");
  }

 private:
  size_t lines_ = 0;
};

class Watch {
 public:
  explicit Watch(Session& session)
      : session_(session), terminal_(isatty(STDOUT_FILENO) == 1 && !session.global().json) {}

  void show(const json::Value& fronts, bool last) {
    const double now_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    rates_.add(now_s, fronts);
    if (session_.global().json) {
      put(json::write(fronts) + "\n");
    } else if (terminal_) {
      screen_.draw(picture_of(fronts, rates_));
    } else if (last || now_s - last_line_s_ >= line_every_s ||
               fronts.text_of("state") != last_state_) {
      last_line_s_ = now_s;
      put(line_of(fronts, rates_) + "\n");
    }
    last_state_ = fronts.text_of("state");
  }

 private:
  Session& session_;
  const bool terminal_;
  Rates rates_;
  Screen screen_;
  double last_line_s_ = -line_every_s;
  std::string last_state_;
};

Outcome<void> end_of(const json::Value& fronts) {
  const std::string name = "campaign " + std::to_string(fronts.integer_of("id"));
  const std::string id = std::to_string(fronts.integer_of("id"));
  const std::string_view state = fronts.text_of("state");
  if (state == "stopped") {
    return Failure{Exit::stopped,
                   name + " is stopped: " + std::string(fronts.text_of("stop_reason")),
                   "see: simurgh campaigns outcomes " + id + "; then resume, retry or cancel it"};
  }
  if (state == "cancelled") return Failure{Exit::stopped, name + " was cancelled", {}};
  const json::Value* counters = fronts.find("counters");
  const int64_t failed = counters == nullptr ? 0 : counters->integer_of("failed");
  if (failed == 0) return {};
  return Failure{
      Exit::incomplete, name + " is done; it failed at " + std::to_string(failed) + " chips",
      "see: simurgh campaigns outcomes " + id + "; simurgh campaigns retry " + id + " tries again"};
}

}  // namespace

Outcome<void> watch_campaign(Session& session, uint64_t id, uint64_t interval_s) {
  if (interval_s == 0 || interval_s > interval_s_max) {
    return usage("--interval: expected 1 to 3600 seconds");
  }
  Watch watch(session);
  int failures = 0;
  while (true) {
    const auto fronts = session.api().get("/v1/campaigns/" + std::to_string(id) + "/fronts");
    if (fronts) {
      failures = 0;
      const std::string_view state = fronts->text_of("state");
      const bool last = state == "done" || state == "cancelled" || state == "stopped";
      watch.show(*fronts, last);
      if (last) return end_of(*fronts);
    } else if (fronts.error().exit != Exit::unreachable || ++failures > failures_in_a_row_max) {
      return fronts.error();
    }
    std::this_thread::sleep_for(std::chrono::seconds(interval_s));
  }
}

}  // namespace simurgh::cli
