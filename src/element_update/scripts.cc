#include "element_update/scripts.h"

#include <algorithm>

#include "formats/remote_management/script_cutter.h"

namespace simurgh::element_update {

namespace {

namespace rm = remote_management;
using campaign::Reason;
using remote_admin::CardProfile;
using remote_admin::ScriptStatus;

constexpr size_t answer_header_octets = 6;  // of an R-APDU in a response script, and its status
constexpr size_t script_frame_octets = 16;

rm::ScriptLimits limits_of(const CardProfile& profile) {
  rm::ScriptLimits limits;
  limits.octets_max = profile.script_octets_max;
  limits.apdus_max = std::min<size_t>(profile.apdus_per_script_max, rm::apdus_per_script_max);
  limits.form = profile.definite_scripts ? rm::LengthForm::definite : rm::LengthForm::indefinite;
  return limits;
}

// Appends the scripts of these steps, which one cutter makes. Returns how many.
Result<size_t> cut(const Target& target, std::span<const Step* const> steps,
                   rm::ScriptLimits limits, std::vector<ScriptText>& out) {
  std::vector<ByteView> apdus;
  for (const Step* step : steps) apdus.push_back(step->command);
  rm::ScriptCutter cutter(apdus, limits);
  Bytes room(limits.octets_max);
  size_t scripts = 0, taken = 0;
  while (!cutter.at_end()) {
    const ByteView body = TRY(cutter.next(room));
    const size_t count = TRY(rm::parse_command_script(body)).apdu_count;
    ScriptText& script = out.emplace_back();
    script.target = target;
    script.body.assign(body.begin(), body.end());
    for (size_t i = 0; i < count; ++i) script.steps.push_back(steps[taken++]);
    ++scripts;
  }
  return scripts;
}

size_t answer_octets(const Step& step) {
  return answer_header_octets + (step.expect == Step::Expect::some_data ? 64 : step.data.size());
}

Reason reason_of(apdu::StatusWord status) {
  if (status == apdu::status::not_enough_memory || status == apdu::status::memory_problem) {
    return Reason::memory_full;
  }
  if (status == apdu::status::security_status_not_satisfied) return Reason::security_refused;
  if (status == apdu::status::ins_not_supported || status == apdu::status::cla_not_supported ||
      status == apdu::status::function_not_supported) {
    return Reason::unsupported;
  }
  return Reason::command_failed;
}

bool is_as_expected(const Step& step, const apdu::Response& answer) {
  switch (step.expect) {
    case Step::Expect::success: return answer.status.is_success() || answer.status.is_warning();
    case Step::Expect::same_data:
      return answer.status.is_success() && std::ranges::equal(answer.data, step.data);
    case Step::Expect::some_data: return answer.status.is_success() && !answer.data.empty();
    case Step::Expect::not_there:
      return answer.status == apdu::status::referenced_data_not_found ||
             (answer.status.is_success() && answer.data.empty());
    case Step::Expect::anything: return true;
  }
  return false;
}

Reason reason_of(ScriptStatus status) {
  switch (status) {
    case ScriptStatus::security_error: return Reason::security_refused;
    case ScriptStatus::unknown_application:
    case ScriptStatus::not_a_security_domain:
    case ScriptStatus::script_format_error: return Reason::unsupported;
    default: return Reason::other;
  }
}

}  // namespace

Result<std::vector<ScriptText>> make_scripts(const Target& target, std::span<const Group> groups,
                                             const CardProfile& profile) {
  std::vector<ScriptText> out;
  const rm::ScriptLimits limits = limits_of(profile);
  rm::ScriptLimits chained = limits;
  chained.chained = true;
  std::vector<const Step*> open;  // whole groups that go into one script together
  size_t octets = script_frame_octets, answers = script_frame_octets;
  const auto close = [&]() -> Result<void> {
    if (!open.empty()) TRY(cut(target, open, limits, out));
    open.clear();
    octets = answers = script_frame_octets;
    return {};
  };
  for (const Group& group : groups) {
    size_t group_octets = 0, group_answers = 0;
    for (const Step& step : group) {
      group_octets += step.command.size() + 4;
      group_answers += answer_octets(step);
    }
    const auto fits = [&](size_t scripts_octets, size_t answers_octets, size_t apdus) {
      return scripts_octets + group_octets <= limits.octets_max &&
             answers_octets + group_answers <= profile.response_octets_max &&
             apdus + group.size() <= limits.apdus_max;
    };
    if (!fits(octets, answers, open.size())) TRY(close());
    if (fits(octets, answers, 0)) {
      for (const Step& step : group) open.push_back(&step);
      octets += group_octets;
      answers += group_answers;
      continue;
    }
    // Alone it is too much for one script. Answers count as well as commands.
    rm::ScriptLimits spread = chained;
    size_t largest = 1;
    for (const Step& step : group) largest = std::max(largest, answer_octets(step));
    const size_t room = profile.response_octets_max - script_frame_octets;
    spread.apdus_max = std::clamp<size_t>(room / largest, 1, limits.apdus_max);
    std::vector<const Step*> steps;
    for (const Step& step : group) steps.push_back(&step);
    TRY(cut(target, steps, spread, out));
  }
  TRY(close());
  return out;
}

Verdict judge(const ScriptText& script, const remote_admin::ScriptResponse& response) {
  Verdict verdict;
  if (response.status == ScriptStatus::unavailable_se ||
      response.status == ScriptStatus::temporarily_unavailable_application) {
    verdict.inconclusive = true;
    return verdict;
  }
  if (response.status != ScriptStatus::ok) {
    verdict.reason = reason_of(response.status);
    return verdict;
  }
  const auto parsed = rm::parse_response_script(response.body);
  if (!parsed.has_value()) {
    verdict.inconclusive = true;
    return verdict;
  }
  verdict.restart = parsed->chaining_fault == rm::ChainingFault::no_previous_script;
  if (parsed->bad_format || parsed->chaining_fault) {
    verdict.reason = Reason::unsupported;
    return verdict;
  }
  rm::ResponseItems items(*parsed);
  size_t answered = 0;
  while (const auto item = items.next()) {
    if (item->kind != rm::ResponseItem::Kind::r_apdu) continue;
    const auto answer = apdu::parse_response(item->value);
    if (!answer.has_value() || answered == script.steps.size()) {
      verdict.inconclusive = true;
      return verdict;
    }
    if (!is_as_expected(*script.steps[answered], *answer)) {
      verdict.reason = reason_of(answer->status);
      return verdict;
    }
    ++answered;
  }
  verdict.fits = answered == script.steps.size();
  if (!verdict.fits) verdict.reason = Reason::command_failed;
  return verdict;
}

}  // namespace simurgh::element_update
