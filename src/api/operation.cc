// What runs and what happened: health, figures, alarms, open work, the audit log.
#include <algorithm>

#include "api/call.h"

namespace simurgh::api {
namespace {

json::Value describe(const fleet::Alarm& alarm) {
  return json::Value::object({{"id", alarm.id},
                              {"kind", name_of(alarm.kind)},
                              {"subject", alarm.subject},
                              {"order", alarm.order},
                              {"words", alarm.words},
                              {"at", time_of(alarm.at)},
                              {"acknowledged_at", time_of(alarm.acknowledged_at)},
                              {"acknowledged_by", alarm.acknowledged_by}});
}

const char* name_of_work(security_centre::Work work) {
  switch (work) {
    case security_centre::Work::none: return "none";
    case security_centre::Work::first_logon: return "first-logon";
    case security_centre::Work::rekey: return "rekey";
  }
  return "none";
}

}  // namespace

Reply get_health(Call&) {
  return reply(json::Value::object({{"alive", true}}));
}

Reply get_readiness(Call& call) {
  std::string why_not;
  if (call.parts.surroundings.ready(why_not)) {
    return reply(json::Value::object({{"ready", true}}));
  }
  return reply(refuse_for({.kind = ProblemKind::busy, .detail = why_not}, seconds(5)));
}

Reply get_metrics(Call& call) {
  return {.answer = {.content_type = "text/plain; version=0.0.4; charset=utf-8",
                     .body = call.parts.surroundings.metrics()}};
}

Reply get_status(Call& call) {
  json::Value out = call.parts.surroundings.status();
  json::Value chips = json::Value::object();
  for (const auto state :
       {fleet::ChipState::sold, fleet::ChipState::personalised, fleet::ChipState::rekeying,
        fleet::ChipState::frozen, fleet::ChipState::resetting, fleet::ChipState::returned}) {
    const auto count = call.parts.fleet.store().count_chips(state);
    if (!count.has_value()) return reply(count.error(), "the chips");
    chips.set(name_of(state), *count);
  }
  out.set("chips", std::move(chips));
  const auto alarms = call.parts.fleet.store().alarms(true, INT64_MAX, call.settings.page_rows_max);
  if (!alarms.has_value()) return reply(alarms.error(), "the alarms");
  out.set("alarms_open", alarms->size());
  return reply(out);
}

Reply list_alarms(Call& call) {
  json::Problem problem;
  Query query(call.target, problem);
  const size_t limit = page_limit(query, call.settings);
  const uint64_t before = query.number("after", INT64_MAX, 1, INT64_MAX);
  const bool open_only = query.number("open", 0, 0, 1) == 1;
  if (!query.finish()) return reply(problem);
  const auto rows = call.parts.fleet.store().alarms(open_only, before, limit);
  if (!rows.has_value()) return reply(rows.error(), "the alarms");
  json::Value items = json::Value::array();
  for (const fleet::Alarm& row : *rows) items.push_back(describe(row));
  std::optional<std::string> next;
  if (rows->size() == limit) next = std::to_string(rows->back().id);
  return reply(page_of(std::move(items), next));
}

Reply acknowledge_alarm(Call& call) {
  const std::optional<uint64_t> id = path_number(call, 0);
  if (!id.has_value()) return no_such("alarm", call.path[0]);
  json::Problem problem;
  json::Fields fields(call.body, problem);
  if (!fields.finish()) return reply(problem);
  const auto acknowledged = call.parts.fleet.acknowledge(*id, call.by());
  if (!acknowledged.has_value()) {
    if (acknowledged.error().code == ErrorCode::not_found) return no_such("alarm", call.path[0]);
    return reply(acknowledged.error(), "the alarm");
  }
  const auto alarm = call.parts.fleet.store().alarm(*id);
  if (!alarm.has_value()) return reply(alarm.error(), "the alarm");
  if (!alarm->has_value()) return no_such("alarm", call.path[0]);
  return reply(describe(**alarm));
}

Reply list_jobs(Call& call) {
  json::Problem problem;
  Query query(call.target, problem);
  const size_t limit = page_limit(query, call.settings);
  const std::string_view after = query.text("after", Iccid::size_max);
  if (!query.finish()) return reply(problem);
  // The rows come in any order: the page is the `limit` lowest ICCIDs above `after`.
  std::vector<security_centre::ChipKeys> page;
  uint64_t total = 0;
  const auto by_iccid = [](const auto& a, const auto& b) { return a.iccid < b.iccid; };
  const auto visited = call.parts.centre.each_open([&](const security_centre::ChipKeys& row) {
    ++total;
    if (row.iccid.text() <= after) return;
    if (page.size() == limit && !by_iccid(row, page.back())) return;
    page.insert(std::ranges::upper_bound(page, row, by_iccid), row);
    if (page.size() > limit) page.pop_back();
  });
  if (!visited.has_value()) return reply(visited.error(), "the jobs");
  json::Value items = json::Value::array();
  for (const security_centre::ChipKeys& row : page) {
    const auto is_legacy = call.parts.fleet.is_legacy_1997(row.iccid);
    if (!is_legacy.has_value()) return reply(is_legacy.error(), "the card profile");
    json::Value item = json::Value::object({{"iccid", row.iccid.text()},
                                            {"imsi", row.imsi.text()},
                                            {"work", name_of_work(row.work)},
                                            {"attempts", row.work_attempts},
                                            {"next_try", time_of(row.work_next_try)},
                                            {"key_epoch", row.active_epoch},
                                            {"commit_unconfirmed", row.commit_unconfirmed},
                                            {"directory_behind", row.directory_behind}});
    mark_legacy_1997(item, *is_legacy);
    items.push_back(std::move(item));
  }
  std::optional<std::string> next;
  if (page.size() == limit) next = std::string(page.back().iccid.text());
  json::Value out = page_of(std::move(items), next);
  out.set("total", total);
  return reply(out);
}

Reply list_audit(Call& call) {
  json::Problem problem;
  Query query(call.target, problem);
  const size_t limit = page_limit(query, call.settings);
  const uint64_t after = query.number("after", 0, 0, INT64_MAX - 1);
  if (!query.finish()) return reply(problem);
  const auto rows = call.parts.audit.page(after + 1, limit);
  if (!rows.has_value()) return reply(rows.error(), "the audit log");
  json::Value items = json::Value::array();
  for (const audit::Row& row : *rows) {
    items.push_back(json::Value::object({{"sequence", row.sequence},
                                         {"at", time_of(row.at)},
                                         {"actor", row.actor},
                                         {"action", row.action},
                                         {"subject", row.subject},
                                         {"detail", row.detail},
                                         {"previous", hex_of(row.previous)},
                                         {"hash", hex_of(row.hash)}}));
  }
  std::optional<std::string> next;
  if (rows->size() == limit) next = std::to_string(rows->back().sequence);
  return reply(page_of(std::move(items), next));
}

}  // namespace simurgh::api
