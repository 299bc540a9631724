#include "apps/simurgh-lab/life_figures.h"

namespace simurgh::lab {

namespace {

constexpr size_t violation_words_max = 20;

// Adds to the member, which is 0 when it is not there.
void add(json::Value& object, const char* name, uint64_t count) {
  object.set(name, object.integer_of(name) + static_cast<int64_t>(count));
}

}  // namespace

void LifeFigures::violation(const std::string& words) {
  ++violations;
  if (violation_words.size() < violation_words_max) violation_words.push_back(words);
}

uint64_t LifeFigures::misuse_refused() const {
  return unsold_refused + copy_refused + forged_refused + foreign_reset_refused +
         after_reset_refused;
}

json::Value LifeFigures::to_json(bool milenage_only) const {
  json::Value out = json::Value::object();
  out.set("made", made).set("sold", sold).set("personalised", personalised);
  out.set("used", used).set("rekeyed", rekeyed).set("reset", reset).set("resold", resold);
  out.set("stuck", stuck).set("violations", violations);
  out.set("misuse_tried", misuse_tried).set("misuse_refused", misuse_refused());
  out.set("unsold_refused", unsold_refused).set("copy_refused", copy_refused);
  out.set("forged_refused", forged_refused);
  out.set("foreign_reset_refused", foreign_reset_refused);
  out.set("after_reset_refused", after_reset_refused).set("frozen", frozen);
  json::Value suites = json::Value::object();
  json::Value algorithms = json::Value::object();
  for (size_t kind = 0; kind < chip_kinds.size(); ++kind) {
    add(suites, chip_kinds[kind].suite, by_kind[kind]);
    add(algorithms, milenage_only ? "milenage" : chip_kinds[kind].algorithm, by_kind[kind]);
  }
  out.set("suites", std::move(suites)).set("algorithms", std::move(algorithms));
  out.set("codes", json::Value::object(
                       {{"none", by_code[0]}, {"short", by_code[1]}, {"secret128", by_code[2]}}));
  out.set("server_made_keys", server_made_keys);
  out.set("pins_chosen", pins_chosen).set("pins_kept", pins_kept).set("pin_slips", pin_slips);
  out.set("wrong_codes_typed", wrong_codes_typed);
  out.set("answers_checked", answers_checked).set("chips_checked", chips_checked);
  out.set("audit_rows_checked", audit_rows_checked);
  return out;
}

}  // namespace simurgh::lab
