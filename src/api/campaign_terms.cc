#include "api/campaign_terms.h"

#include <algorithm>
#include <charconv>

#include "formats/fleet_file/fleet_file.h"

namespace simurgh::api {
namespace {

using campaign::Policy;
using campaign::Reason;

constexpr std::string_view orders[] = {"most_recent_first", "oldest_first", "hash_ramp", "random"};
constexpr std::string_view reasons[] = {
    "any",     "command_failed", "memory_full", "security_refused", "unsupported", "status_only",
    "silence", "no_contact",     "other"};
static_assert(std::size(reasons) == campaign::reasons);
constexpr std::string_view weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::string_view own_batch = "allocation ";

// What a campaign has that says nothing else: a canary of a hundredth, at most a thousand chips;
// then everybody. It stops when most of the first few fail, or a tenth of more.
constexpr campaign::Wave canary = {.elements = 1000, .permille = 10, .soak = minutes(10)};
constexpr campaign::StopRule most_fail = {.failed_permille = 500, .sample_min = 3};
constexpr campaign::StopRule many_fail = {.failed_permille = 100, .sample_min = 50};

constexpr int64_t seconds_max = campaign::lifetime_max.ms / 1000;

std::string element_name(std::string_view list, size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

void read_duration(json::Fields& fields, std::string_view name, Duration& out) {
  if (fields.has(name)) out = seconds(fields.integer(name, 0, seconds_max));
}

uint32_t read_time(json::Fields& fields, std::string_view name) {
  const auto at = fleet_file::parse_time(fields.text(name, 1, 40));
  if (at.has_value()) return *at;
  fields.refuse(name, "expected a time: \"2026-01-02T03:04:05Z\"");
  return 0;
}

void read_filter(json::Fields filter, json::Problem& problem, const BatchNames& names,
                 campaign::Filter& out) {
  const auto each_text = [&](std::string_view name, auto visit) {
    if (!filter.has(name)) return;
    const auto& values = filter.array(name, campaign::filter_values_max);
    if (values.empty()) filter.refuse(name, "expected at least one; leave it out for all");
    for (const json::Value& value : values) {
      const std::string* text = value.as_text();
      if (text == nullptr || !visit(*text)) {
        filter.refuse(name,
                      "there is no such one; simurgh batches list has the batches, simurgh "
                      "profiles list the profiles");
      }
    }
  };
  each_text("batches", [&](const std::string& text) {
    const fleet::Batch* batch = names.find(text);
    if (batch != nullptr) out.batches.push_back(batch->id);
    return batch != nullptr;
  });
  std::vector<uint16_t> of_profiles;
  each_text("profiles", [&](const std::string& text) {
    const std::vector<uint16_t> batches = names.with_profile(text);
    of_profiles.insert(of_profiles.end(), batches.begin(), batches.end());
    return !batches.empty();
  });
  // Profiles are of batches, so they are kept as the batches that there are.
  if (!of_profiles.empty() && out.batches.empty()) {
    out.batches = of_profiles;
  } else if (!of_profiles.empty()) {
    std::erase_if(out.batches, [&](uint16_t id) {
      return std::ranges::find(of_profiles, id) == of_profiles.end();
    });
    if (out.batches.empty()) filter.refuse("profiles", "no batch of the filter has this profile");
  }
  if (out.batches.size() > campaign::filter_values_max) {
    filter.refuse("profiles", "too many batches have this profile: name fewer");
  }
  for (const std::string_view name : {"releases", "releases_not"}) {
    if (!filter.has(name)) continue;
    out.releases_excluded = name == "releases_not";
    if (!out.releases.empty()) filter.refuse(name, "give releases or releases_not, not both");
    for (const json::Value& value : filter.array(name, campaign::filter_values_max)) {
      const int64_t* release = value.as_integer();
      if (release == nullptr || *release < 0 || *release > UINT16_MAX) {
        filter.refuse(name, "expected integers from 0 (not known) to 65535");
        break;
      }
      out.releases.push_back(static_cast<uint16_t>(*release));
    }
  }
  if (filter.has("suspended")) out.suspended_too = filter.boolean("suspended");
  if (filter.has("contacted_from")) out.contacted_from_s = read_time(filter, "contacted_from");
  if (filter.has("contacted_before")) {
    out.contacted_before_s = read_time(filter, "contacted_before");
  }
  filter.finish();
  if (out.contacted_from_s >= out.contacted_before_s && !problem.any()) {
    problem = {"filter.contacted_before", "expected a time after contacted_from"};
  }
}

void read_waves(json::Fields& fields, json::Problem& problem, Policy& policy) {
  if (!fields.has("waves")) {
    policy.waves = {canary};
    return;
  }
  const auto& waves = fields.array("waves", campaign::waves_max);
  for (size_t i = 0; i < waves.size(); ++i) {
    json::Fields wave(waves[i], problem, element_name("waves", i));
    campaign::Wave& out = policy.waves.emplace_back();
    read_number(wave, "chips", 1, UINT32_MAX, out.elements);
    if (wave.has("permille")) read_number(wave, "permille", 1, 1000, out.permille);
    read_duration(wave, "soak_s", out.soak);
    if (out.elements == 0 && out.permille == 0) {
      wave.refuse("chips",
                  "expected chips (a number), permille (a share of all), or both: the "
                  "smaller one counts");
    }
    wave.finish();
  }
}

void read_stop_rules(json::Fields& fields, json::Problem& problem, Policy& policy) {
  if (!fields.has("stop_rules")) {
    policy.stop_rules = {most_fail, many_fail};
    return;
  }
  const auto& rules = fields.array("stop_rules", campaign::stop_rules_max);
  for (size_t i = 0; i < rules.size(); ++i) {
    json::Fields rule(rules[i], problem, element_name("stop_rules", i));
    campaign::StopRule& out = policy.stop_rules.emplace_back();
    if (rule.has("reason")) out.reason = static_cast<Reason>(rule.choice("reason", reasons));
    out.failed_permille = static_cast<uint16_t>(rule.integer("failed_permille", 0, 1000));
    read_number(rule, "sample_min", 1, UINT32_MAX, out.sample_min);
    rule.finish();
  }
}

// "22:30" as minutes of the day.
std::optional<uint16_t> minutes_of(std::string_view text) {
  unsigned hour = 0, minute = 0;
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto number = [&](size_t at, unsigned& out) {
    const char* end = text.data() + at + 2;
    const auto [stop, error] = std::from_chars(text.data() + at, end, out);
    return error == std::errc{} && stop == end;
  };
  if (!number(0, hour) || !number(3, minute) || minute > 59) return std::nullopt;
  if (hour * 60 + minute > 24 * 60) return std::nullopt;
  return static_cast<uint16_t>(hour * 60 + minute);
}

void read_days(json::Fields& window, uint8_t& out) {
  out = 0;
  for (const json::Value& value : window.array("days", 7)) {
    const std::string* text = value.as_text();
    const auto day = text == nullptr ? std::end(weekdays) : std::ranges::find(weekdays, *text);
    if (day == std::end(weekdays)) {
      window.refuse("days",
                    "expected some of \"mon\" \"tue\" \"wed\" \"thu\" \"fri\" \"sat\" "
                    "\"sun\"");
      return;
    }
    out = static_cast<uint8_t>(out | 1u << (day - std::begin(weekdays)));
  }
}

void read_windows(json::Fields& fields, json::Problem& problem, Policy& policy) {
  if (fields.has("utc_offset_minutes")) {
    read_number(fields, "utc_offset_minutes", -840, 840, policy.utc_offset_minutes);
  }
  if (!fields.has("windows")) return;
  const auto& windows = fields.array("windows", campaign::windows_max);
  for (size_t i = 0; i < windows.size(); ++i) {
    json::Fields window(windows[i], problem, element_name("windows", i));
    campaign::Window& out = policy.windows.emplace_back();
    if (window.has("days")) read_days(window, out.weekdays);
    const auto from = minutes_of(window.text("from", 1, 5));
    const auto to = minutes_of(window.text("to", 1, 5));
    if (!from || *from == 24 * 60) window.refuse("from", "expected hours and minutes: \"22:00\"");
    if (!to || to == from) {
      window.refuse("to",
                    "expected hours and minutes other than from: \"06:00\"; before from: "
                    "on the next day");
    }
    out.from_minute = from.value_or(0);
    out.to_minute = to.value_or(1);
    window.finish();
  }
}

void read_triggers(json::Fields& fields, Policy& policy) {
  if (!fields.has("triggers")) return;
  json::Fields triggers = fields.object("triggers");
  read_number(triggers, "per_second_max", 0, UINT32_MAX, policy.triggers_per_second_max);
  read_number(triggers, "max", 0, campaign::triggers_max, policy.triggers_max);
  read_duration(triggers, "first_wait_s", policy.first_wait);
  read_number(triggers, "wait_factor", 1, 255, policy.wait_factor);
  read_duration(triggers, "wait_max_s", policy.wait_max);
  triggers.finish();
}

json::Value texts(const std::vector<uint16_t>& ids, const BatchNames& names) {
  json::Value out = json::Value::array();
  for (const uint16_t id : ids) out.push_back(names.name_of(id));
  return out;
}

json::Value describe(const campaign::Filter& filter, const BatchNames& names) {
  json::Value out = json::Value::object();
  if (!filter.batches.empty()) out.set("batches", texts(filter.batches, names));
  if (!filter.releases.empty()) {
    json::Value releases = json::Value::array();
    for (const uint16_t release : filter.releases) releases.push_back(release);
    out.set(filter.releases_excluded ? "releases_not" : "releases", std::move(releases));
  }
  if (!filter.suspended_too) out.set("suspended", false);
  if (filter.contacted_from_s != 0) {
    out.set("contacted_from", time_of(campaign::instant_of(filter.contacted_from_s)));
  }
  if (filter.contacted_before_s != UINT32_MAX) {
    out.set("contacted_before", time_of(campaign::instant_of(filter.contacted_before_s)));
  }
  return out;
}

std::string clock_of(uint16_t minute) {
  const auto two = [](unsigned number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
  };
  return two(minute / 60u) + ":" + two(minute % 60u);
}

json::Value describe_windows(const Policy& policy) {
  json::Value out = json::Value::array();
  for (const campaign::Window& window : policy.windows) {
    json::Value days = json::Value::array();
    for (size_t day = 0; day < 7; ++day) {
      if ((window.weekdays >> day & 1) != 0) days.push_back(weekdays[day]);
    }
    out.push_back(json::Value::object({{"days", std::move(days)},
                                       {"from", clock_of(window.from_minute)},
                                       {"to", clock_of(window.to_minute)}}));
  }
  return out;
}

json::Value describe_waves(const Policy& policy) {
  json::Value out = json::Value::array();
  for (const campaign::Wave& wave : policy.waves) {
    json::Value one = json::Value::object();
    if (wave.elements != 0) one.set("chips", wave.elements);
    if (wave.permille != 0) one.set("permille", wave.permille);
    one.set("soak_s", wave.soak.ms / 1000);
    out.push_back(std::move(one));
  }
  return out;
}

json::Value describe_rules(const Policy& policy) {
  json::Value out = json::Value::array();
  for (const campaign::StopRule& rule : policy.stop_rules) {
    out.push_back(json::Value::object({{"reason", reasons[static_cast<size_t>(rule.reason)]},
                                       {"failed_permille", rule.failed_permille},
                                       {"sample_min", rule.sample_min}}));
  }
  return out;
}

}  // namespace

const fleet::Batch* BatchNames::find(std::string_view name) const {
  const auto found = std::ranges::find(batches, name, &fleet::Batch::name);
  return found == batches.end() ? nullptr : &*found;
}

std::vector<uint16_t> BatchNames::with_profile(std::string_view profile) const {
  std::vector<uint16_t> ids;
  for (size_t i = 0; i < batches.size() && !profile.empty(); ++i) {
    if (profiles[i] == profile) ids.push_back(batches[i].id);
  }
  return ids;
}

std::string BatchNames::name_of(uint16_t id) const {
  const auto found = std::ranges::find(batches, id, &fleet::Batch::id);
  return found == batches.end() ? "batch " + std::to_string(id) : found->name;
}

Result<BatchNames> read_batch_names(const Api::Parts& parts, bool with_profiles) {
  BatchNames names{.batches = TRY(parts.elements.store().batches()), .profiles = {}};
  for (const fleet::Batch& batch : names.batches) {
    std::string& profile = names.profiles.emplace_back();
    uint64_t number = 0;
    if (!with_profiles || !batch.name.starts_with(own_batch)) continue;
    const char* const end = batch.name.data() + batch.name.size();
    if (std::from_chars(batch.name.data() + own_batch.size(), end, number).ptr != end) continue;
    if (const auto made = TRY(parts.fleet.store().allocation(number))) profile = made->profile;
  }
  return names;
}

void read_terms(json::Fields& fields, json::Problem& problem, const BatchNames& names,
                campaign::Terms& terms) {
  Policy& policy = terms.policy;
  if (fields.has("filter")) read_filter(fields.object("filter"), problem, names, terms.filter);
  if (fields.has("listed")) terms.listed = fields.boolean("listed");
  if (fields.has("order")) {
    policy.order = static_cast<campaign::OrderKind>(fields.choice("order", orders) + 1);
  }
  read_number(fields, "priority", 0, 255, policy.priority);
  if (fields.has("needs_approval")) policy.needs_approval = fields.boolean("needs_approval");
  if (fields.has("begins_at")) {
    policy.begins_at = campaign::instant_of(read_time(fields, "begins_at"));
  }
  read_duration(fields, "lasts_s", policy.lasts_max);
  read_waves(fields, problem, policy);
  read_stop_rules(fields, problem, policy);
  read_windows(fields, problem, policy);
  read_triggers(fields, policy);
  read_duration(fields, "receipt_wait_s", policy.receipt_wait);
  if (fields.has("replan_polls")) policy.replan_polls = fields.boolean("replan_polls");
}

json::Value describe(const campaign::Terms& terms, const BatchNames& names) {
  const Policy& policy = terms.policy;
  return json::Value::object(
      {{"filter", describe(terms.filter, names)},
       {"listed", terms.listed},
       {"payload", describe_payload(terms.payload)},
       {"order", name_of(policy.order)},
       {"priority", policy.priority},
       {"needs_approval", policy.needs_approval},
       {"begins_at", time_of(policy.begins_at)},
       {"lasts_s", policy.lasts_max.ms / 1000},
       {"waves", describe_waves(policy)},
       {"stop_rules", describe_rules(policy)},
       {"windows", describe_windows(policy)},
       {"utc_offset_minutes", policy.utc_offset_minutes},
       {"triggers", json::Value::object({{"per_second_max", policy.triggers_per_second_max},
                                         {"max", policy.triggers_max},
                                         {"first_wait_s", policy.first_wait.ms / 1000},
                                         {"wait_factor", policy.wait_factor},
                                         {"wait_max_s", policy.wait_max.ms / 1000}})},
       {"receipt_wait_s", policy.receipt_wait.ms / 1000},
       {"replan_polls", policy.replan_polls}});
}

json::Problem problem_of(const Error& error) {
  switch (error.offset) {
    case 1: return {"filter", "expected at most 1024 values in each list"};
    case 2: return {"filter.contacted_before", "expected a time after contacted_from"};
    case 3: return {"payload", "expected at most 4 MiB, and not nothing"};
    case 4: return {"lasts_s", "expected more than 0 and at most 400 days"};
    case 5: return {"waves", "expected at most 16, each with chips or permille, or both"};
    case 6: return {"stop_rules", "expected at most 16, each with sample_min of 1 or more"};
    case 7: return {"windows", "expected at most 32, none of them empty"};
    case 8: return {"utc_offset_minutes", "expected less than a day"};
    case 9: return {"triggers.max", "expected 0-15"};
    case 10:
      return {"triggers",
              "expected first_wait_s of 1 or more, and wait_max_s from that to 30 days"};
    case 11: return {"receipt_wait_s", "expected 1 s to 30 days"};
    default: return {"", "the terms cannot be read"};
  }
}

}  // namespace simurgh::api
