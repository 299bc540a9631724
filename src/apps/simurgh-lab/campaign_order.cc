#include "apps/simurgh-lab/campaign_order.h"

#include <fmt/format.h>

#include "apps/simurgh-lab/foreign_chip.h"

namespace simurgh::lab {

namespace {

using json::Value;

constexpr int page_rows = 1000;

std::string problem_of(const char* what, const RestAnswer& answer) {
  if (answer.status / 100 == 2) return {};
  return fmt::format("{}: the server answered {}: {}", what, answer.status, answer.text);
}

// Adds one to a counter of the card, and a look at it that tells whether it was done.
Value payload() {
  Value commands = Value::array();
  for (const std::string_view command : payload_commands) commands.push_back(command);
  Value read_back = Value::array();
  read_back.push_back(Value::object({{"command", read_back_commands[0]}}));
  read_back.push_back(
      Value::object({{"command", read_back_commands[1]}, {"expected", read_back_expected}}));
  return Value::object({{"kind", "script"},
                        {"target", "rfm"},
                        {"target_aid", usim_aid_text},
                        {"commands", std::move(commands)},
                        {"read_back", std::move(read_back)}});
}

Value body_of(const CampaignTerms& terms) {
  Value waves = Value::array();
  waves.push_back(Value::object({{"chips", terms.first_wave_chips}, {"soak_s", 0}}));
  Value rules = Value::array();
  rules.push_back(
      Value::object({{"failed_permille", terms.stop_permille}, {"sample_min", terms.stop_sample}}));
  return Value::object({{"name", "lab"},
                        {"payload", payload()},
                        {"waves", std::move(waves)},
                        {"stop_rules", std::move(rules)},
                        {"triggers", Value::object({{"max", terms.triggers_max},
                                                    {"first_wait_s", terms.first_wait_s},
                                                    {"wait_factor", 2},
                                                    {"wait_max_s", 8 * terms.first_wait_s}})},
                        {"receipt_wait_s", terms.receipt_wait_s},
                        {"lasts_s", terms.lasts_s}});
}

}  // namespace

std::string CampaignOrder::path(std::string_view rest) const {
  return fmt::format("/v1/campaigns/{}{}", id_, rest);
}

void CampaignOrder::order(const CampaignTerms& terms, const Done& done) {
  desk_.post("/v1/campaigns", body_of(terms), [this, done](const RestAnswer& answer) {
    if (answer.status / 100 != 2) return done(problem_of("the campaign", answer));
    id_ = answer.body.integer_of("id");
    step(desk_, "submit", [this, done](const std::string& problem) {
      if (!problem.empty()) return done(problem);
      step(approver_, "approve", done);
    });
  });
}

void CampaignOrder::step(Rest& rest, const char* command, const Done& done) {
  rest.post(path(fmt::format("/{}", command)), Value::object(),
            [command, done](const RestAnswer& answer) { done(problem_of(command, answer)); });
}

void CampaignOrder::cancel(const Done& done) {
  step(desk_, "cancel", done);
}

void CampaignOrder::look(const Seen& seen) {
  desk_.get(path(), [seen](const RestAnswer& answer) {
    CampaignState state;
    state.state = answer.body.text_of("state");
    state.stop_reason = answer.body.text_of("stop_reason");
    state.total = answer.body.integer_of("total");
    if (const Value* counters = answer.body.find("counters")) {
      state.done = counters->integer_of("done");
      state.failed = counters->integer_of("failed");
      state.silent = counters->integer_of("silent");
      state.triggers = counters->integer_of("triggers");
      state.triggered = counters->integer_of("triggered");
      state.polled = counters->integer_of("polled");
    }
    if (const Value* wave = answer.body.find("wave")) {
      state.wave = wave->integer_of("number");
      state.reached = wave->integer_of("reached");
    }
    seen(problem_of("the campaign", answer), state);
  });
}

void CampaignOrder::outcomes(const Outcome& each, const Done& done) {
  next_page("", each, done);
}

void CampaignOrder::next_page(const std::string& after, const Outcome& each, const Done& done) {
  const std::string place = after.empty() ? "" : "&after=" + after;
  desk_.get(path(fmt::format("/outcomes?limit={}{}", page_rows, place)),
            [this, each, done](const RestAnswer& answer) {
              const Value* items = answer.body.find("items");
              const auto* rows = items == nullptr ? nullptr : items->as_array();
              if (answer.status != 200 || rows == nullptr) {
                return done(problem_of("the outcomes", answer));
              }
              for (const Value& row : *rows) {
                each(std::string(row.text_of("iccid")), std::string(row.text_of("outcome")));
              }
              const std::string next(answer.body.text_of("next"));
              if (next.empty()) return done("");
              next_page(next, each, done);
            });
}

}  // namespace simurgh::lab
