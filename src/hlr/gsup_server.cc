// What peers ask: vectors, locations, purges. What they are asked is in gsup_dialogues.cc.
#include "hlr/gsup_server.h"

#include "hlr/gsup_state.h"

namespace simurgh::hlr {

namespace {

constexpr std::string_view own_actor = "hlr";
constexpr Duration alarm_interval = hours(1);
constexpr Duration stranger_audit_interval = minutes(1);

// A message without the element is about the packet domain, as osmo-hlr takes it.
Domain domain_of(const gsup::Message& message) {
  return message.cn_domain == gsup::CnDomain::cs ? Domain::circuit : Domain::packet;
}

bool has_prefix_of(const Imsi& imsi, const std::vector<std::string>& prefixes) {
  for (const std::string& prefix : prefixes) {
    if (imsi.text().starts_with(prefix)) return true;
  }
  return false;
}

// What the peer learns of an error inside.
uint8_t cause_of(ErrorCode code) {
  return code == ErrorCode::not_found ? gsup::cause::imsi_unknown_in_hlr
                                      : gsup::cause::network_failure;
}

}  // namespace

// --- peers -------------------------------------------------------------------------------------

GsupServer::State::State(const GsupSettings& settings, const Parts& parts, Instant now)
    : settings_(settings), parts_(parts) {
  for (const PeerPolicy& policy : settings_.peers) {
    const RateBrake::Limits limits{policy.requests_per_second_max, policy.distinct_imsis_max,
                                   policy.distinct_window};
    uint64_t hash_key = 0;
    for (const uint8_t octet : parts.random.array<8>()) hash_key = hash_key << 8 | octet;
    peers_.emplace(policy.name, Peer{policy, RateBrake(limits, hash_key, now), false, {}, {}});
  }
}

GsupServer::State::Peer* GsupServer::State::find_peer(std::string_view name) {
  const auto place = peers_.find(name);
  return place == peers_.end() ? nullptr : &place->second;
}

Result<void> GsupServer::State::on_peer_up(std::string_view name, Instant now) {
  Peer* peer = find_peer(name);
  if (peer == nullptr) {
    ++figures.refused;
    if (now >= next_stranger_audit_) {
      next_stranger_audit_ = now + stranger_audit_interval;
      TRY(parts_.audit.append({own_actor, now}, {"gsup.stranger_refused", name, {}}));
    }
    return fail(ErrorCode::not_allowed);
  }
  on_peer_down(name);
  peer->connected = true;
  const auto works = works_.find(name);
  if (works == works_.end()) return {};
  const std::set<NetworkWork> open = works->second;
  for (const NetworkWork& work : open) TRY(start_work(work, now));
  return {};
}

void GsupServer::State::on_peer_down(std::string_view name) {
  Peer* peer = find_peer(name);
  if (peer == nullptr) return;
  peer->connected = false;
  // Who asked for a location asks again; what is to be told stays in works_.
  auto dialogue = dialogues_.lower_bound({peer->policy.name, Imsi()});
  while (dialogue != dialogues_.end() && dialogue->first.first == peer->policy.name) {
    const auto gone = dialogue++;
    erase(gone);
  }
}

Result<void> GsupServer::State::raise_alarm(Peer& peer, fleet::AlarmKind kind, Instant& next,
                                            std::string_view words, Instant now) {
  if (now < next) return {};
  next = now + alarm_interval;
  TRY(parts_.fleet.raise({kind, peer.policy.name, "", words}, {own_actor, now}));
  return {};
}

// --- messages ----------------------------------------------------------------------------------

void GsupServer::State::send(Peer& peer, const gsup::Message& message) {
  if (!peer.connected) return;
  ByteArray<gsup::message_octets_max> room;
  const auto bytes = gsup::write_message(message, room);
  SIMURGH_CHECK(bytes.has_value());  // everything in our messages is within its limits
  parts_.link.send(peer.policy.name, *bytes);
}

void GsupServer::State::answer(Peer& peer, const gsup::Message& request, gsup::Message& response) {
  response.imsi = request.imsi;
  response.message_class = request.message_class;
  response.destination_name = request.source_name;
  if (request.session_id) {
    response.session_id = request.session_id;
    response.session_state = gsup::SessionState::end;
  }
  send(peer, response);
}

void GsupServer::State::answer_error(Peer& peer, const gsup::Message& request, uint8_t cause) {
  gsup::Message response;
  response.type = gsup::error_of(request.type);
  response.cause = cause;
  answer(peer, request, response);
}

Result<void> GsupServer::State::on_message(std::string_view name, const gsup::Message& message,
                                           Instant now) {
  Peer* known = find_peer(name);
  if (known == nullptr || !known->connected) return fail(ErrorCode::not_allowed);
  Peer& peer = *known;
  switch (message.type) {
    case gsup::MessageType::insert_data_result:
    case gsup::MessageType::insert_data_error:
    case gsup::MessageType::location_cancel_result:
    case gsup::MessageType::location_cancel_error: return on_result(peer, message, now);
    case gsup::MessageType::auth_fail_report: return on_auth_failure(peer, message, now);
    default: break;
  }
  if (!gsup::is_request(message.type)) return {};  // not of a procedure of ours
  if (!peer.brake.take_request(now)) {
    ++figures.braked;
    answer_error(peer, message, gsup::cause::congestion);
    return {};
  }
  return on_request(peer, message, now);
}

Result<void> GsupServer::State::on_request(Peer& peer, const gsup::Message& message, Instant now) {
  switch (message.type) {
    case gsup::MessageType::send_auth_info_request: return on_auth_info(peer, message, now);
    case gsup::MessageType::update_location_request: return on_update_location(peer, message, now);
    case gsup::MessageType::purge_ms_request: return on_purge(peer, message, now);
    default: answer_error(peer, message, gsup::cause::message_type_unknown); return {};
  }
}

// Why this peer may not do it, if so.
std::optional<uint8_t> GsupServer::State::refusal(Peer& peer, bool allowed, const Imsi& imsi) {
  if (allowed && has_prefix_of(imsi, peer.policy.imsi_prefixes)) return std::nullopt;
  ++figures.refused;
  return allowed ? gsup::cause::imsi_unknown_in_hlr : gsup::cause::plmn_not_allowed;
}

Result<void> GsupServer::State::on_auth_info(Peer& peer, const gsup::Message& request,
                                             Instant now) {
  if (const auto cause = refusal(peer, peer.policy.send_auth_info, request.imsi)) {
    answer_error(peer, request, *cause);
    return raise_alarm(peer, fleet::AlarmKind::peer_refused, peer.next_refusal_alarm,
                       "the peer asked for vectors that are not its business", now);
  }
  if (!peer.brake.take_imsi(request.imsi, now)) {
    ++figures.braked;
    answer_error(peer, request, gsup::cause::congestion);
    return raise_alarm(peer, fleet::AlarmKind::mass_read, peer.next_brake_alarm,
                       "the peer reads more subscribers than it may in its window", now);
  }
  if (request.auts.has_value() != request.rand.has_value()) {
    answer_error(peer, request, gsup::cause::invalid_mandatory_information);
    return {};
  }
  Resync resync;
  Hlr::VectorRequest wanted;
  wanted.imsi = request.imsi;
  wanted.peer = peer.policy.name;
  wanted.domain = domain_of(request);
  wanted.count = request.num_vectors_requested.value_or(vectors_max);
  if (request.auts) {
    resync = {*request.rand, *request.auts};
    wanted.resync = &resync;
  }
  Hlr::VectorAnswer made;
  const auto done = parts_.hlr.make_vectors(wanted, now, made);
  if (!done) {
    if (done.error().code == ErrorCode::storage) return done;
    ++figures.auth_info_errors;
    answer_error(peer, request, cause_of(done.error().code));
    return {};
  }
  ++figures.auth_infos;
  gsup::Message response;
  response.type = gsup::MessageType::send_auth_info_result;
  response.auth_tuples = made.vectors;
  answer(peer, request, response);
  if (made.resynchronised) {
    parts_.events.on_sync_failure(request.imsi, peer.policy.name, now);
  }
  return {};
}

Result<void> GsupServer::State::on_update_location(Peer& peer, const gsup::Message& request,
                                                   Instant now) {
  if (const auto cause = refusal(peer, peer.policy.update_location, request.imsi)) {
    answer_error(peer, request, *cause);
    return raise_alarm(peer, fleet::AlarmKind::peer_refused, peer.next_refusal_alarm,
                       "the peer updated a location that is not its business", now);
  }
  const Domain domain = domain_of(request);
  const auto subscriber = parts_.hlr.subscriber(request.imsi);
  if (!subscriber) {
    if (subscriber.error().code == ErrorCode::storage) return subscriber.error();
    ++figures.location_errors;
    answer_error(peer, request, cause_of(subscriber.error().code));
    return {};
  }
  // A node that serves a subscriber has authenticated it, and asked for vectors to do so.
  if (!TRY(parts_.hlr.asked_for_vectors(request.imsi, peer.policy.name, domain))) {
    ++figures.refused;
    answer_error(peer, request, gsup::cause::network_failure);
    return raise_alarm(peer, fleet::AlarmKind::peer_refused, peer.next_refusal_alarm,
                       "the peer updated the location of a subscriber it did not authenticate",
                       now);
  }
  const bool allowed =
      domain == Domain::circuit ? subscriber->circuit_allowed : subscriber->packet_allowed;
  if (!allowed || subscriber->fenced) {
    ++figures.location_errors;
    answer_error(peer, request,
                 allowed ? gsup::cause::network_failure : gsup::cause::plmn_not_allowed);
    return {};
  }
  if (dialogues_.size() >= settings_.procedures_max) {
    ++figures.braked;
    answer_error(peer, request, gsup::cause::congestion);
    return {};
  }
  return add_task(peer, request.imsi, {Task::Kind::insert_for_location, domain}, now);
}

Result<void> GsupServer::State::on_purge(Peer& peer, const gsup::Message& request, Instant) {
  if (const auto cause = refusal(peer, peer.policy.purge, request.imsi)) {
    answer_error(peer, request, *cause);
    return {};
  }
  const Domain domain = domain_of(request);
  const auto purged = parts_.hlr.purge(request.imsi, peer.policy.name, domain);
  if (!purged) {
    if (purged.error().code == ErrorCode::storage) return purged.error();
    answer_error(peer, request, cause_of(purged.error().code));
    return {};
  }
  ++figures.purges;
  gsup::Message response;
  response.type = gsup::MessageType::purge_ms_result;
  // Only the serving node's temporary identities are frozen (TS 29.002 8.1.6, TS 29.060).
  response.freeze_ptmsi = *purged && domain == Domain::packet;
  answer(peer, request, response);
  return {};
}

Result<void> GsupServer::State::on_auth_failure(Peer& peer, const gsup::Message& message,
                                                Instant now) {
  if (!peer.brake.take_request(now) || refusal(peer, peer.policy.send_auth_info, message.imsi)) {
    return {};
  }
  const Imsi imsi = message.imsi;
  const auto asked = parts_.hlr.asked_for_vectors(imsi, peer.policy.name, domain_of(message));
  if (!asked) return asked.error();
  if (*asked) parts_.events.on_auth_failure(imsi, peer.policy.name, now);
  return {};
}

// --- the outside -------------------------------------------------------------------------------

GsupServer::GsupServer(const GsupSettings& settings, const Parts& parts, Instant now)
    : state_(std::make_unique<State>(settings, parts, now)), hlr_(parts.hlr) {
  hlr_.set_work_listener(this);
}
GsupServer::~GsupServer() {
  hlr_.set_work_listener(nullptr);
}

Result<void> GsupServer::resume(Instant now) {
  return state_->resume(now);
}
Result<void> GsupServer::on_peer_up(std::string_view peer, Instant now) {
  return state_->on_peer_up(peer, now);
}
void GsupServer::on_peer_down(std::string_view peer) {
  state_->on_peer_down(peer);
}
Result<void> GsupServer::on_message(std::string_view peer, const gsup::Message& message,
                                    Instant now) {
  return state_->on_message(peer, message, now);
}
Result<void> GsupServer::on_time(Instant now) {
  return state_->on_time(now);
}
Instant GsupServer::next_deadline() const {
  return state_->next_deadline();
}
void GsupServer::on_work(const NetworkWork& work, Instant now) {
  state_->on_work(work, now);
}
const GsupServer::Figures& GsupServer::figures() const {
  return state_->figures;
}

}  // namespace simurgh::hlr
