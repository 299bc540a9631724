// Who is there, and what is prepared for whom. The sessions are in session.cc.
#include "element_update/element_update.h"

namespace simurgh::element_update {

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

Result<std::unique_ptr<ElementUpdate::Session>> ElementUpdate::open(const Peer& peer, Instant now) {
  const Card card = TRY(card_of(parts_.elements, peer.batch, peer.source));
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

Result<void> ElementUpdate::on_rekeyed(const Iccid& iccid, uint32_t epoch, Instant now) {
  const auto element = TRY(parts_.elements.store().element_of(iccid));
  if (!element) return {};
  TRY(make_known(element->id, element->batch));
  parts_.campaigns.note_contact({element->id}, now);
  return report_rekeyed(element->id, epoch, now);
}

// It may have been sold or imported after the population was loaded.
Result<void> ElementUpdate::make_known(uint32_t id, uint16_t batch) {
  const campaign::ElementId element{id};
  campaign::Population& population = parts_.population;
  const bool known =
      population.has(element) && (population.life(element) != campaign::Life::removed ||
                                  population.last_contact_s(element) != 0);
  return known ? Result<void>() : population.put({.element = element, .batch = batch});
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
