// One session: which campaign comes next, which script of it, and what an answer proves.
#include <algorithm>

#include "element_update/element_update.h"

namespace simurgh::element_update {

using campaign::Answer;
using campaign::CampaignId;
using campaign::PayloadKind;
using campaign::Reason;
using remote_admin::Doubt;
using remote_admin::Next;
using remote_admin::Script;
using remote_admin::ScriptId;
using remote_admin::ScriptResponse;
using remote_admin::SessionRecord;

namespace {

// A script's id: campaign (31 bits, top bit 0), run (3), phase (3), rounds (4), step (22). With the
// top bit: the date of the next poll, in seconds.
constexpr ScriptId poll_bit = ScriptId{1} << 63;

ScriptId id_of(const Cursor& cursor) {
  return ScriptId{cursor.campaign.value & 0x7fff'ffff} << 32 | ScriptId{cursor.run & 7u} << 29 |
         ScriptId{static_cast<uint8_t>(cursor.phase) & 7u} << 26 |
         ScriptId{cursor.rounds & 15u} << 22 | ScriptId{cursor.step & 0x3f'ffffu};
}

CampaignId campaign_of(ScriptId id) {
  return {static_cast<uint32_t>(id >> 32 & 0x7fff'ffff)};
}

}  // namespace

ElementUpdate::Session::Session(ElementUpdate& owner, const Peer& peer, const Card& card,
                                Instant now)
    : owner_(owner), peer_(peer), card_(card), now_(now) {}

ElementUpdate::Session::~Session() {
  const auto found = owner_.sessions_.find(peer_.element);
  if (found != owner_.sessions_.end() && found->second == this) owner_.sessions_.erase(found);
}

// The store's failure ends the process (failure()); anything else ends this session's work.
template <typename T>
bool ElementUpdate::Session::is_good(const Result<T>& result) {
  if (result.has_value()) return true;
  if (result.error().code == ErrorCode::storage && !owner_.failure_) {
    owner_.failure_ = result.error();
  }
  return false;
}

// A session that was taken over knows of no script and keeps nothing: the record is the newer
// one's.
SessionRecord ElementUpdate::Session::recall() {
  if (superseded_) return {};
  const auto record = owner_.parts_.store.session(peer_.element);
  return is_good(record) ? *record : SessionRecord{};
}

void ElementUpdate::Session::keep(const SessionRecord& record) {
  if (!superseded_) is_good(owner_.parts_.store.save_session(peer_.element, record));
}

void ElementUpdate::Session::on_contact(std::string_view) {
  if (!superseded_) is_good(contact());
}

Result<void> ElementUpdate::Session::contact() {
  TRY(owner_.make_known(peer_.element, peer_.batch));
  if (peer_.source == fleet::ElementKeySource::centre) {
    TRY(owner_.parts_.own_keys.on_epoch_proved(peer_.iccid, peer_.epoch));
    TRY(begin_keys());
    if (peer_.epoch == 0) return {};
  }
  TRY(owner_.parts_.campaigns.begin_session(element(), now_));
  present_ = true;
  return owner_.report_rekeyed(peer_.element, peer_.epoch, now_);
}

void ElementUpdate::Session::on_end(remote_admin::SessionEnd) {
  end_keys();
  if (present_) owner_.parts_.campaigns.end_session(element(), now_);
  present_ = false;
}

// --- which campaign ----------------------------------------------------------------------------

// What was offered in this visit and is not over, the first one; else what campaigns have next.
Result<std::optional<campaign::Work>> ElementUpdate::Session::take_work() {
  if (!offered_.empty()) return std::optional<campaign::Work>(offered_.front());
  auto work = TRY(owner_.parts_.campaigns.next_work(element(), now_));
  if (work) offered_.push_back(*work);
  return work;
}

// Whether the campaign wants it (still, or again) in this visit.
Result<bool> ElementUpdate::Session::is_offered(CampaignId campaign) {
  for (;;) {
    for (const campaign::Work& work : offered_) {
      if (work.campaign == campaign) return true;
    }
    const auto work = TRY(owner_.parts_.campaigns.next_work(element(), now_));
    if (!work) return false;
    offered_.push_back(*work);
  }
}

// --- scripts that are out ----------------------------------------------------------------------

std::optional<Script> ElementUpdate::Session::again(ScriptId id, Doubt doubt) {
  if (superseded_) return std::nullopt;
  auto script = give_again(id, doubt);
  return is_good(script) ? std::move(*script) : std::nullopt;
}

Result<std::optional<Script>> ElementUpdate::Session::give_again(ScriptId id, Doubt doubt) {
  using Found = std::optional<Script>;
  if (is_key_script(id)) {
    // The message is said again by who said it; the rest of one is of no use alone.
    key_scripts_.clear();
    return Found();
  }
  if ((id & poll_bit) != 0) {
    if (!present_) return Found();
    return Found(poll_script(campaign::instant_of(static_cast<uint32_t>(id))));
  }
  const CampaignId campaign = campaign_of(id);
  auto cursor = TRY(owner_.parts_.store.cursor(peer_.element, campaign));
  if (!cursor || id_of(*cursor) != id) return Found();  // settled meanwhile
  const Prepared* prepared = owner_.prepared(campaign, peer_, card_);
  if (prepared == nullptr || prepared->problem) return Found();
  const bool offered = present_ && TRY(is_offered(campaign));
  const bool same = cursor->cut == prepared->cut;
  const auto& scripts = prepared->scripts(cursor->phase);
  // A chained script is of no use to a card that has lost the ones before.
  const bool alone = cursor->step == 0 || !prepared->chained;
  const bool harmless = cursor->phase != Phase::work || prepared->plan.repeatable;
  if (offered && same && alone && cursor->step < scripts.size() &&
      (doubt == Doubt::not_executed || harmless)) {
    return Found(script_of(*cursor, scripts[cursor->step]));
  }
  // Not executed, but not to be given now: it stays the next one.
  if (doubt == Doubt::not_executed && same && alone) return Found();
  TRY(begin_anew(*cursor, *prepared));
  return Found();
}

// Nobody knows how much of the work was done: it is found out, done from the beginning, or left.
Result<void> ElementUpdate::Session::begin_anew(Cursor& cursor, const Prepared& prepared) {
  if (doubt(cursor, prepared)) ++owner_.figures_.read_backs;
  return owner_.parts_.store.save(cursor);
}

Script ElementUpdate::Session::script_of(const Cursor& cursor, const ScriptText& text) const {
  Script script;
  script.id = id_of(cursor);
  script.kind = text.target.kind;
  if (!text.target.application.empty()) {
    script.targeted_application = remote_admin_http::target_of(text.target.application);
  }
  script.body = text.body;
  return script;
}

// --- what comes next ---------------------------------------------------------------------------

Next ElementUpdate::Session::next(Instant now) {
  now_ = now;
  if (superseded_) return {};
  auto found = find_next();
  return is_good(found) ? std::move(*found) : Next{};
}

Result<Next> ElementUpdate::Session::find_next() {
  for (;;) {
    if (auto script = TRY(next_key_script())) {
      return Next{.kind = Next::Kind::script, .script = std::move(script)};
    }
    if (!present_) return Next{};
    const auto work = TRY(take_work());
    if (!work) return last_words();
    auto script = TRY(go_on(*work));
    if (script) {
      ++owner_.figures_.scripts;
      return Next{.kind = Next::Kind::script, .script = std::move(script)};
    }
    std::erase_if(offered_, [&](const auto& other) { return other.campaign == work->campaign; });
  }
}

// The next script of this campaign; nullopt: nothing more in this session.
Result<std::optional<Script>> ElementUpdate::Session::go_on(const campaign::Work& work) {
  using Found = std::optional<Script>;
  const campaign::Campaign* campaign = owner_.parts_.campaigns.campaign(work.campaign);
  const Prepared* prepared = owner_.prepared(work.campaign, peer_, card_);
  if (campaign == nullptr || prepared == nullptr) return Found();
  wants_date_ = wants_date_ || campaign->terms.policy.replan_polls;
  auto stored = TRY(owner_.parts_.store.cursor(peer_.element, work.campaign));
  Cursor cursor{
      .element = peer_.element, .campaign = work.campaign, .run = work.run, .cut = prepared->cut};
  if (stored && stored->run == work.run) cursor = *stored;
  if (prepared->problem) {
    TRY(settle(cursor, Answer::refused, Reason::unsupported));
    return Found();
  }
  if (prepared->plan.kind == PayloadKind::next_poll) {
    date_campaigns_.push_back(work.campaign);
    return Found();
  }
  if (prepared->plan.kind == PayloadKind::key_rotation) {
    TRY(order_rekey(cursor));
    return Found();
  }
  if (cursor.cut != prepared->cut) TRY(begin_anew(cursor, *prepared));
  const auto& scripts = prepared->scripts(cursor.phase);
  if (cursor.phase == Phase::unknown || cursor.step >= scripts.size()) {
    TRY(say_unproved(work.campaign));
    return Found();
  }
  TRY(owner_.parts_.store.save(cursor));
  return Found(script_of(cursor, scripts[cursor.step]));
}

Result<void> ElementUpdate::Session::order_rekey(Cursor& cursor) {
  if (cursor.phase == Phase::rekey) return {};  // ordered; the new epoch will show itself
  if (peer_.source != fleet::ElementKeySource::centre) {
    return settle(cursor, Answer::refused, Reason::unsupported);
  }
  const auto ordered = owner_.parts_.own_keys.rekey(peer_.iccid, now_);
  if (!ordered.has_value()) {
    if (ordered.error().code == ErrorCode::storage) return ordered.error();
    return say_unproved(cursor.campaign);  // not now: it is offered again
  }
  cursor.phase = Phase::rekey;
  cursor.base_epoch = peer_.epoch;
  return owner_.parts_.store.save(cursor);
}

// --- answers -----------------------------------------------------------------------------------

void ElementUpdate::Session::on_response(ScriptId id, const ScriptResponse& response) {
  if (superseded_) return;
  if (is_key_script(id)) {
    is_good(take_key_response(response));
    return;
  }
  if (peer_.source == fleet::ElementKeySource::centre && peer_.epoch == 0) return;
  is_good(take_response(id, response));
}

Result<void> ElementUpdate::Session::take_response(ScriptId id, const ScriptResponse& response) {
  if ((id & poll_bit) != 0) {
    return take_poll_answer(campaign::instant_of(static_cast<uint32_t>(id)), response);
  }
  const CampaignId campaign = campaign_of(id);
  auto cursor = TRY(owner_.parts_.store.cursor(peer_.element, campaign));
  if (!cursor || id_of(*cursor) != id) return {};
  const Prepared* prepared = owner_.prepared(campaign, peer_, card_);
  if (prepared == nullptr || prepared->problem) return {};
  const auto& scripts = prepared->scripts(cursor->phase);
  if (cursor->cut != prepared->cut || cursor->step >= scripts.size()) {
    return begin_anew(*cursor, *prepared);
  }
  const Verdict verdict = judge(scripts[cursor->step], response);
  if (verdict.inconclusive) {
    // The response is gone, so whether it was executed is not to be found there any more.
    TRY(begin_anew(*cursor, *prepared));
    TRY(say_unproved(campaign));
    std::erase_if(offered_, [&](const auto& work) { return work.campaign == campaign; });
    return {};
  }
  if (verdict.restart) return begin_anew(*cursor, *prepared);
  if (verdict.fits || cursor->phase == Phase::before_again) {
    if (step_on(*cursor, *prepared)) return settle(*cursor, Answer::executed, Reason::none);
    return owner_.parts_.store.save(*cursor);
  }
  if (cursor->phase == Phase::guard) {
    on_not_done(*cursor, *prepared);
    return owner_.parts_.store.save(*cursor);
  }
  return settle(*cursor, Answer::refused, verdict.reason);
}

// Proved, one way or the other, by an answer in this TLS session.
Result<void> ElementUpdate::Session::settle(const Cursor& cursor, Answer answer, Reason reason) {
  const auto told = owner_.parts_.campaigns.report(
      element(), cursor.campaign, {.answer = answer, .proved = true, .reason = reason}, now_);
  if (!told.has_value() && told.error().code != ErrorCode::not_found) return told.error();
  ++(answer == Answer::executed ? owner_.figures_.executed : owner_.figures_.refused);
  std::erase_if(offered_, [&](const auto& work) { return work.campaign == cursor.campaign; });
  return owner_.parts_.store.erase_cursor(peer_.element, cursor.campaign);
}

Result<void> ElementUpdate::Session::say_unproved(CampaignId campaign) {
  ++owner_.figures_.unproved;
  const auto told = owner_.parts_.campaigns.report(element(), campaign, {}, now_);
  if (!told.has_value() && told.error().code != ErrorCode::not_found) return told.error();
  return {};
}

}  // namespace simurgh::element_update
