#include "campaign_line.h"

#include <cstdio>

#include "campaign_world.h"
#include "reverse_order.h"

namespace simurgh::sim {

namespace {

constexpr campaign::OrderKind orders[] = {
    campaign::OrderKind::most_recent_first, campaign::OrderKind::oldest_first,
    campaign::OrderKind::hash_ramp, campaign::OrderKind::random};

std::string joined(const std::vector<uint32_t>& numbers, const char* between) {
  std::string out;
  for (const uint32_t number : numbers) {
    if (!out.empty()) out += between;
    out += std::to_string(number);
  }
  return out;
}

unsigned long long number(uint64_t value) {
  return value;
}

void print_json(const ReverseOrderOptions& options, const ReverseOrderOutcome& outcome) {
  const ReverseOrderFigures& f = outcome.figures;
  std::printf(
      "{\"scenario\":\"reverse-order\",\"order\":\"%s\",\"noise\":%s,\"seed\":%llu,"
      "\"elements\":%llu,\"reachable\":%llu,\"served\":%llu,\"done\":%llu,\"failed\":%llu,"
      "\"messages_sent\":%llu,\"duration\":%.0f,\"period\":%u,\"bound\":%.0f,"
      "\"messages_per_element\":%.4f,\"duration_per_period\":%.4f,\"duration_per_bound\":%.4f,"
      "\"capacity\":%llu,\"sessions_max\":%llu,\"over_capacity\":%llu,"
      "\"never_reported_contacted\":%llu,\"served_contacted\":%llu,\"polls\":%llu,"
      "\"store_rows\":%llu,\"batch_order\":[%s],\"octets_per_element\":%.2f,"
      "\"start_seconds\":%.3f,\"run_seconds\":%.1f,\"peak_memory_octets\":%llu,"
      "\"learnt\":{\"session_s\":%.1f,\"delay_s\":%.0f,\"poll_share\":%.3f,\"yield\":%.3f,"
      "\"margin\":%.1f},\"hash\":\"%016llx\",\"violation\":\"%s\"}\n",
      name_of(options.order), options.noise ? "true" : "false", number(options.seed),
      number(options.elements), number(f.reachable), number(f.served), number(f.done),
      number(f.failed), number(f.messages_sent), f.duration_s, options.period_s, f.bound_s,
      static_cast<double>(f.messages_sent) / options.elements, f.duration_s / options.period_s,
      f.duration_s / f.bound_s, number(f.capacity), number(f.sessions_max), number(f.over_capacity),
      number(f.never_reported_contacted), number(f.served_contacted), number(f.polls),
      number(f.store_rows), joined(f.batch_order, ",").c_str(), f.state_octets_per_element,
      f.start_s, f.run_s, number(f.peak_memory_octets), f.learnt[0], f.learnt[1], f.learnt[2],
      f.learnt[3], f.learnt[4], number(f.hash), outcome.violation.c_str());
}

void print_words(const ReverseOrderOptions& options, const ReverseOrderOutcome& outcome) {
  const ReverseOrderFigures& f = outcome.figures;
  std::printf(
      "%s, %llu chips (%llu reachable), %llu sessions at most:\n"
      "  %llu messages (%.3f a chip), %.1f h of a period of %.1f h (%.3f), bound %.1f h (%.3f)\n"
      "  batches by time of service: %s\n"
      "  most sessions %llu, over capacity %llu, never reported but contacted %llu\n"
      "  %.1f octets a chip, start in %.3f s, run in %.1f s, %.2f GB at most\n",
      name_of(options.order), number(options.elements), number(f.reachable), number(f.capacity),
      number(f.messages_sent), static_cast<double>(f.messages_sent) / options.elements,
      f.duration_s / 3600, options.period_s / 3600.0, f.duration_s / options.period_s,
      f.bound_s / 3600, f.duration_s / f.bound_s, joined(f.batch_order, "-").c_str(),
      number(f.sessions_max), number(f.over_capacity), number(f.never_reported_contacted),
      f.state_octets_per_element, f.start_s, f.run_s,
      static_cast<double>(f.peak_memory_octets) / 1e9);
  if (!outcome.violation.empty()) std::printf("FAILED: %s\n", outcome.violation.c_str());
}

}  // namespace

void CampaignLine::add_options(CLI::App& app) {
  app.add_option("--elements", elements, "Campaign worlds: how many chips");
  app.add_option("--order", order, "… in which order they are triggered")
      ->check(CLI::IsMember({"most_recent_first", "oldest_first", "hash_ramp", "random"}));
  app.add_flag("--noise", noise, "… 10 % off, 20 % late, 3 % of the messages lost");
  app.add_option("--period-hours", period_hours, "… between two polls of a chip");
  app.add_option("--session-seconds", session_s, "… mean time of a session with the payload");
  app.add_option("--capacity", capacity, "… sessions of the front end; 0: twice the polls' need");
  app.add_option("--messages-min", messages_share_min, "… fail below so many messages a chip");
  app.add_option("--messages-max", messages_share_max, "… fail above so many messages a chip");
  app.add_option("--duration-max", duration_share_max, "… fail above this share of the period");
  app.add_option("--bound-max", bound_share_max, "… fail above this multiple of the bound");
}

std::string CampaignLine::help() {
  return "  campaign: campaigns under faults and crashes (G3, I5, L2)\n"
         "  campaign-credulous: canary: a status without receipt is taken for a proof\n"
         "  reverse-order: a whole fleet's campaign, polls and triggers (G4, G5, G7)\n"
         "  reverse-order-naive: canary: triggers fill what is free now, whatever is due\n";
}

bool CampaignLine::knows(const std::string& scenario) {
  return scenario == "reverse-order" || scenario == "reverse-order-naive" ||
         scenario == "campaign" || scenario == "campaign-credulous";
}

int CampaignLine::run(const Call& call) const {
  return call.scenario.starts_with("campaign") ? run_worlds(call) : run_reverse(call);
}

int CampaignLine::run_worlds(const Call& call) const {
  CampaignWorldOptions options;
  if (elements != 0) options.elements = elements;
  const bool canary = call.scenario == "campaign-credulous";
  options.believes_status = canary;
  CampaignWorldFigures sum;
  uint64_t failed = 0;
  for (uint64_t i = 0; i < call.worlds && !(canary && failed > 0); ++i) {
    options.seed = call.seed + i;
    CampaignWorldOutcome outcome = run_campaign_world(options);
    const CampaignWorldFigures& figures = outcome.figures;
    if (call.twice && outcome.violation.empty() &&
        run_campaign_world(options).figures.hash != figures.hash) {
      outcome.violation = "not deterministic";
    }
    sum.sessions += figures.sessions;
    sum.triggers += figures.triggers;
    sum.crashes += figures.crashes;
    sum.executed += figures.executed;
    sum.done += figures.done;
    sum.failed += figures.failed;
    sum.commands += figures.commands;
    sum.stopped += figures.stopped;
    sum.killed += figures.killed;
    sum.checks += figures.checks;
    if (outcome.violation.empty()) continue;
    ++failed;
    if (!call.json) {
      std::printf("%s scenario=%s seed=%llu: %s\n  again: ./dev sim --scenario %s --seed %llu\n",
                  canary ? "caught" : "FAILED", call.scenario.c_str(), number(options.seed),
                  outcome.violation.c_str(), call.scenario.c_str(), number(options.seed));
    }
  }
  std::printf(call.json
                  ? "{\"scenario\":\"%s\",\"worlds\":%llu,\"violated\":%llu,\"sessions\":%llu,"
                    "\"triggers\":%llu,\"server_deaths\":%llu,\"executed\":%llu,\"done\":%llu,"
                    "\"failed\":%llu,\"commands\":%llu,\"stopped\":%llu,\"killed\":%llu,"
                    "\"checks\":%llu}\n"
                  : "%s: %llu worlds, %llu violated; %llu sessions, %llu triggers, %llu server "
                    "deaths, %llu executed, %llu done, %llu failed, %llu commands, %llu stopped by "
                    "rule, %llu chips killed, %llu checks\n",
              call.scenario.c_str(), number(call.worlds), number(failed), number(sum.sessions),
              number(sum.triggers), number(sum.crashes), number(sum.executed), number(sum.done),
              number(sum.failed), number(sum.commands), number(sum.stopped), number(sum.killed),
              number(sum.checks));
  return canary == (failed > 0) ? 0 : 1;
}

int CampaignLine::run_reverse(const Call& call) const {
  ReverseOrderOptions options;
  const bool canary = call.scenario == "reverse-order-naive";
  if (elements != 0) options.elements = elements;
  options.seed = call.seed;
  for (const campaign::OrderKind kind : orders) {
    if (order == name_of(kind)) options.order = kind;
  }
  options.noise = noise;
  options.period_s = period_hours * 3600;
  options.session_s = session_s;
  options.capacity = capacity;
  options.naive_controller = canary;
  ReverseOrderOutcome outcome = run_reverse_order(options);
  const ReverseOrderFigures& figures = outcome.figures;
  if (call.twice && outcome.violation.empty() &&
      run_reverse_order(options).figures.hash != figures.hash) {
    outcome.violation = "not deterministic";
  }
  const auto above = [&](double share, double share_max, const char* what) {
    if (share_max > 0 && share > share_max && outcome.violation.empty()) outcome.violation = what;
  };
  above(static_cast<double>(figures.messages_sent) / options.elements, messages_share_max,
        "too many messages");
  if (messages_share_min > 0) {
    above(messages_share_min, static_cast<double>(figures.messages_sent) / options.elements,
          "fewer messages than this order needs");
  }
  above(figures.duration_s / options.period_s, duration_share_max, "too long for the period");
  above(figures.duration_s / figures.bound_s, bound_share_max, "too long for the bound");
  call.json ? print_json(options, outcome) : print_words(options, outcome);
  if (canary) return outcome.violation == "over capacity" ? 0 : 1;
  return outcome.violation.empty() ? 0 : 1;
}

}  // namespace simurgh::sim
