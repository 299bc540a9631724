#include "apps/simurgh-lab/ledger.h"

#include <fmt/format.h>

#include <algorithm>

namespace simurgh::lab {

namespace {

constexpr int64_t audit_page_rows = 1000;  // the server's most

// Effects that the ledger counts, by the action in the audit log.
constexpr std::string_view actions_counted[] = {
    "chip.sell",        "chip.personalised",     "chip.rekey_ordered",
    "chip.rekeyed",     "chip.reset_authorised", "chip.reset_confirmed",
    "order.renew_code", "allocation.delivery"};

bool is_counted(std::string_view action) {
  return std::ranges::find(actions_counted, action) != std::ranges::end(actions_counted);
}

// The subject in /v1/…/SUBJECT/…: the third segment.
std::string subject_of(std::string_view path) {
  size_t begin = 0;
  for (int i = 0; i < 3; ++i) begin = path.find('/', begin) + 1;
  return std::string(path.substr(begin, path.find('/', begin) - begin));
}

}  // namespace

Ledger::Ledger(Rest& auditor, std::vector<Rest*> desks, LifeFigures& figures)
    : auditor_(auditor), desks_(std::move(desks)), figures_(figures) {
  for (Rest* desk : desks_) desk->keep_acknowledged();
}

void Ledger::reach(const Iccid& iccid, uint32_t life, uint32_t epoch) {
  ChipFact& fact = chips_[std::string(iccid.text())];
  if (std::pair(fact.life, fact.epoch) < std::pair(life, epoch)) {
    fact.life = life;
    fact.epoch = epoch;
    fact.changed = true;
  }
}

void Ledger::personalised(const Iccid& iccid, uint32_t life, uint32_t epoch) {
  reach(iccid, life, epoch);
  ++effects_[{"chip.personalised", std::string(iccid.text())}];
}

void Ledger::rekeyed(const Iccid& iccid, uint32_t life, uint32_t epoch) {
  reach(iccid, life, epoch);
  ++effects_[{"chip.rekeyed", std::string(iccid.text())}];
}

// What an acknowledgement says has happened.
void Ledger::learn(const Acknowledged& answer) {
  const auto body = json::parse(answer.body);
  const auto answered = json::parse(answer.answer);
  if (!body || !answered) return figures_.violation("an acknowledgement that is not JSON");
  const std::string subject = subject_of(answer.path);
  const std::string_view path = answer.path;
  if (path == "/v1/signups") {
    const std::string iccid(body->text_of("iccid"));
    ChipFact& fact = chips_[iccid];
    fact.orders.emplace_back(answered->text_of("order"));
    fact.changed = true;
    ++effects_[{"chip.sell", iccid}];
  } else if (path.ends_with("/rekey")) {
    ++effects_[{"chip.rekey_ordered", subject}];
  } else if (path.ends_with("/reset")) {
    ++effects_[{"chip.reset_authorised", subject}];
  } else if (path.ends_with("/reset/confirm")) {
    if (const auto iccid = Iccid::parse(subject)) {
      reach(*iccid, static_cast<uint32_t>(answered->integer_of("life")), 0);
    }
    ++effects_[{"chip.reset_confirmed", subject}];
  } else if (path.ends_with("/unfreeze")) {
    ++effects_[{"order.renew_code", subject}];
  } else if (path.ends_with("/delivery")) {
    ++effects_[{"allocation.delivery", subject}];
  }
}

void Ledger::take_answers() {
  for (Rest* desk : desks_) {
    for (Acknowledged& answer : desk->take_acknowledged()) {
      learn(answer);
      unchecked_.emplace_back(desk, std::move(answer));
    }
  }
}

void Ledger::ended() {
  --under_way_;
  if (under_way_ == 0 && final_) {
    final_ = false;
    compare_effects();
  }
}

void Ledger::check() {
  take_answers();
  for (const auto& [desk, answer] : std::exchange(unchecked_, {})) check_answer(*desk, answer);
  for (auto& [iccid, fact] : chips_) {
    if (std::exchange(fact.changed, false)) check_chip(iccid, fact);
  }
  read_audit();
}

void Ledger::check_all() {
  take_answers();
  for (auto& [iccid, fact] : chips_) fact.changed = true;
  final_ = true;
  check();
}

void Ledger::check_answer(Rest& desk, const Acknowledged& answer) {
  began();
  desk.repeat(answer, [this, path = answer.path, status = answer.status,
                       text = answer.answer](const RestAnswer& again) {
    if (again.status == status && again.text == text) {
      ++figures_.answers_checked;
    } else {
      figures_.violation(fmt::format("{} was answered {} {}, and after a restart {} {}", path,
                                     status, text, again.status, again.text));
    }
    ended();
  });
}

void Ledger::check_chip(const std::string& iccid, ChipFact& fact) {
  began();
  auditor_.get("/v1/chips/" + iccid, [this, iccid, fact](const RestAnswer& answer) {
    const auto life = static_cast<uint32_t>(answer.body.integer_of("life"));
    const auto epoch = static_cast<uint32_t>(answer.body.integer_of("key_epoch"));
    bool kept = answer.status == 200 && std::pair(life, epoch) >= std::pair(fact.life, fact.epoch);
    std::vector<std::string_view> orders;
    const json::Value* listed = answer.body.find("orders");
    if (listed != nullptr && listed->as_array() != nullptr) {
      for (const json::Value& order : *listed->as_array()) {
        orders.push_back(order.text_of("order"));
      }
    }
    for (const std::string& order : fact.orders) {
      kept = kept && std::ranges::find(orders, order) != orders.end();
    }
    if (kept) {
      ++figures_.chips_checked;
    } else {
      figures_.violation(fmt::format("chip {} was in life {} with key {} and {} orders, and is {}",
                                     iccid, fact.life, fact.epoch, fact.orders.size(),
                                     answer.text));
    }
    ended();
  });
}

void Ledger::follow() {
  take_answers();
  read_audit();
}

void Ledger::read_audit() {
  if (std::exchange(reading_audit_, true)) return;
  began();
  auditor_.get(fmt::format("/v1/audit?after={}&limit={}", audit_sequence_, audit_page_rows),
               [this](const RestAnswer& answer) {
                 reading_audit_ = false;
                 const json::Value* items = answer.body.find("items");
                 const auto* rows = items == nullptr ? nullptr : items->as_array();
                 if (answer.status != 200 || rows == nullptr) {
                   figures_.violation(fmt::format("the audit log answered {}", answer.status));
                   return ended();
                 }
                 for (const json::Value& row : *rows) take_row(row);
                 if (rows->size() == audit_page_rows) read_audit();
                 ended();
               });
}

void Ledger::take_row(const json::Value& row) {
  const int64_t sequence = row.integer_of("sequence");
  if (sequence != audit_sequence_ + 1 || row.text_of("previous") != audit_hash_) {
    figures_.violation(fmt::format("audit row {} does not follow row {} that was read before",
                                   sequence, audit_sequence_));
  }
  audit_sequence_ = sequence;
  audit_hash_ = row.text_of("hash");
  ++figures_.audit_rows_checked;
  const std::string action(row.text_of("action"));
  if (is_counted(action)) --effects_[{action, std::string(row.text_of("subject"))}];
}

void Ledger::compare_effects() {
  for (const auto& [effect, difference] : effects_) {
    if (difference == 0) continue;
    figures_.violation(fmt::format("{} of {}: {} {} audit row(s) than effects", effect.first,
                                   effect.second, std::abs(difference),
                                   difference > 0 ? "fewer" : "more"));
  }
}

}  // namespace simurgh::lab
