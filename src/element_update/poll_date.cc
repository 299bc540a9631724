// The end of a session: the date of the next poll (G1).
#include "element_update/element_update.h"
#include "formats/remote_management/script.h"

namespace simurgh::element_update {

using campaign::Answer;
using campaign::Reason;
using remote_admin::Next;
using remote_admin::Script;
using remote_admin::ScriptResponse;

namespace {

// docs/protocols/poll-schedule.md
constexpr uint16_t df_simurgh = 0x5f70;
constexpr uint16_t ef_poll = 0x4f01;
constexpr uint8_t date_offset = 10;
constexpr size_t date_octets = 5;
constexpr remote_admin::ScriptId poll_bit = remote_admin::ScriptId{1} << 63;

}  // namespace

Result<Next> ElementUpdate::Session::last_words() {
  if (date_campaigns_.empty() && (!wants_date_ || dated_)) return Next{};
  dated_ = true;
  const auto tell = [&](Answer answer, Reason reason) -> Result<void> {
    for (const campaign::CampaignId id : date_campaigns_) {
      TRY(settle({.element = peer_.element, .campaign = id}, answer, reason));
    }
    date_campaigns_.clear();
    return {};
  };
  const bool by_answer = card_.poll_date == PollDate::answer && card_.http.understands_retry_after;
  if (card_.poll_date == PollDate::none || (card_.poll_date == PollDate::answer && !by_answer)) {
    TRY(tell(Answer::refused, Reason::unsupported));
    return Next{};
  }
  const Instant date = TRY(owner_.parts_.campaigns.plan_next_poll(element(), now_));
  ++owner_.figures_.poll_dates;
  if (by_answer) {
    // Nothing comes back that would prove it; the campaign hears of it as it is.
    for (const campaign::CampaignId id : date_campaigns_) TRY(say_unproved(id));
    date_campaigns_.clear();
    return Next{.come_back_in = date - now_};
  }
  return Next{.kind = Next::Kind::script, .script = poll_script(date)};
}

Script ElementUpdate::Session::poll_script(Instant date) const {
  const uint32_t at_s = campaign::whole_seconds(date);
  ByteArray<date_octets> octets;
  Writer(octets).u40(at_s);
  const ByteArray<2> folder = {df_simurgh >> 8, df_simurgh & 0xff};
  const ByteArray<2> file = {ef_poll >> 8, ef_poll & 0xff};
  ByteArray<64> room;
  remote_management::CommandScriptWriter writer(
      room, card_.http.definite_scripts ? remote_management::LengthForm::definite
                                        : remote_management::LengthForm::indefinite);
  writer.apdu({.ins = apdu::ins::select, .p2 = 0x0c, .data = folder})
      .apdu({.ins = apdu::ins::select, .p2 = 0x0c, .data = file})
      .apdu({.ins = apdu::ins::update_binary, .p2 = date_offset, .data = octets});
  const auto body = writer.finish();
  SIMURGH_CHECK(body.has_value());
  Script script;
  script.id = poll_bit | at_s;
  script.kind = remote_admin::ScriptKind::file;
  script.targeted_application = remote_admin_http::target_of(card_.poll_target);
  script.body.assign(body->begin(), body->end());
  return script;
}

Result<void> ElementUpdate::Session::take_poll_answer(Instant date,
                                                      const ScriptResponse& response) {
  dated_ = true;
  const Step any{};
  const ScriptText script{{}, {}, {&any, &any, &any}};
  const Verdict verdict = judge(script, response);
  campaign::Campaigns& campaigns = owner_.parts_.campaigns;
  // What it did not take it does not have: it polls in its own slot.
  campaigns.set_next_poll(element(), verdict.fits ? date : Instant{});
  const auto waiting = std::exchange(date_campaigns_, {});
  for (const campaign::CampaignId id : waiting) {
    if (verdict.inconclusive) {
      TRY(say_unproved(id));
    } else {
      TRY(settle({.element = peer_.element, .campaign = id},
                 verdict.fits ? Answer::executed : Answer::refused, verdict.reason));
    }
  }
  return {};
}

}  // namespace simurgh::element_update
