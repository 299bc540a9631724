// Who is there, and what is prepared for whom. The sessions are in session.cc.
#include "element_update/element_update.h"

#include "formats/remote_management/script.h"

namespace simurgh::element_update {

namespace {

constexpr size_t prepared_max = 64;  // payloads cut for a kind of card and kept

// FNV-1a: only to see that scripts were cut alike, nobody gains by a collision.
uint32_t cut_of(const std::vector<ScriptText>& scripts) {
  uint32_t hash = 2166136261u;
  const auto add = [&](uint8_t octet) { hash = (hash ^ octet) * 16777619u; };
  for (const ScriptText& script : scripts) {
    for (const uint8_t octet : script.body) add(octet);
    add(0xff);
  }
  return hash;
}

}  // namespace

ElementUpdate::~ElementUpdate() {
  SIMURGH_CHECK(sessions_.empty());
}

Result<Peer> ElementUpdate::find_psk(std::string_view identity) {
  if (identity.empty()) return ErrorCode::not_found;
  Peer peer;
  const auto own = parts_.own_keys.psk_of(identity);
  if (own.has_value()) {
    const auto element = TRY(parts_.elements.element_of(own->iccid));
    peer.element = element.id;
    peer.iccid = element.iccid;
    peer.batch = element.batch;
    peer.epoch = own->epoch;
    peer.psk.assign(own->psk.view());
    return peer;
  }
  if (own.error().code != ErrorCode::not_found) return own.error();
  const auto element = TRY(parts_.elements.store().element_of_identity(identity));
  if (!element || element->source != fleet::ElementKeySource::imported) {
    return ErrorCode::not_found;
  }
  peer.element = element->id;
  peer.iccid = element->iccid;
  peer.batch = element->batch;
  peer.source = element->source;
  peer.psk = TRY(fleet::open_element_keys(parts_.keys, *element)).psk;
  return peer;
}

Result<Card> ElementUpdate::card_of(const Peer& peer) {
  const bool own = peer.source == fleet::ElementKeySource::centre;
  const Card base = own ? own_card() : imported_card();
  if (peer.batch == 0) return base;
  const auto batch = TRY(parts_.elements.batch(peer.batch));
  std::string problem;
  return read_card(batch.settings, base, problem);
}

Result<std::unique_ptr<ElementUpdate::Session>> ElementUpdate::open(const Peer& peer, Instant now) {
  const Card card = TRY(card_of(peer));
  const auto older = sessions_.find(peer.element);
  if (older != sessions_.end()) {
    Session& session = *older->second;
    session.at(now);
    session.on_end(remote_admin::SessionEnd::broken);
    session.superseded_ = true;
  }
  auto session = std::make_unique<Session>(*this, peer, card, now);
  sessions_[peer.element] = session.get();
  ++figures_.sessions;
  return session;
}

const std::vector<ScriptText>& ElementUpdate::Prepared::scripts(Phase phase) const {
  if (phase == Phase::guard) return guard;
  if (phase == Phase::before_again) return before_again;
  return work;
}

// nullptr for a campaign that is not there.
const ElementUpdate::Prepared* ElementUpdate::prepared(campaign::CampaignId id, uint16_t batch,
                                                       const Card& card) {
  const std::pair key{id.value, batch};
  const auto found = prepared_.find(key);
  if (found != prepared_.end() && found->second->profile == card.http) return found->second.get();
  const campaign::Campaign* campaign = parts_.campaigns.campaign(id);
  if (campaign == nullptr) return nullptr;
  if (prepared_.size() >= prepared_max) prepared_.clear();
  auto made = std::make_unique<Prepared>();
  made->profile = card.http;
  const auto prepare = [&]() -> Result<void> {
    made->plan = TRY(plan_of(campaign->terms.payload));
    const Plan& plan = made->plan;
    made->work = TRY(make_scripts(plan.target, plan.work, card.http));
    made->guard = TRY(make_scripts(plan.target, plan.guard, card.http));
    made->before_again = TRY(make_scripts(plan.target, plan.before_again, card.http));
    for (const auto* scripts : {&made->work, &made->guard}) {
      for (const ScriptText& script : *scripts) {
        const auto parsed = TRY(remote_management::parse_command_script(script.body));
        made->chained = made->chained || parsed.chaining.has_value();
      }
    }
    made->cut = cut_of(made->work) ^ cut_of(made->guard) << 1;
    return {};
  };
  if (const auto done = prepare(); !done.has_value()) made->problem = done.error();
  return (prepared_[key] = std::move(made)).get();
}

Result<void> ElementUpdate::on_rekeyed(const Iccid& iccid, uint32_t epoch, Instant now) {
  const auto element = TRY(parts_.elements.store().element_of(iccid));
  if (!element) return {};
  return report_rekeyed(element->id, epoch, now);
}

// The chip shows itself under a later epoch than the one in which the rotation was ordered.
Result<void> ElementUpdate::report_rekeyed(uint32_t element, uint32_t epoch, Instant now) {
  for (const Cursor& cursor : TRY(parts_.store.cursors_of(element))) {
    if (cursor.phase != Phase::rekey || epoch <= cursor.base_epoch) continue;
    const auto told = parts_.campaigns.report({element}, cursor.campaign, {.proved = true}, now);
    if (!told.has_value() && told.error().code != ErrorCode::not_found) return told.error();
    TRY(parts_.store.erase_cursor(element, cursor.campaign));
    ++figures_.executed;
  }
  return {};
}

}  // namespace simurgh::element_update
