// What peers are asked: to take a subscriber's data, and to forget a subscriber.
#include "hlr/gsup_state.h"

namespace simurgh::hlr {

namespace {

gsup::CnDomain cn_domain_of(Domain domain) {
  return domain == Domain::circuit ? gsup::CnDomain::cs : gsup::CnDomain::ps;
}

}  // namespace

// --- work: what must be told, however long it takes ----------------------------------------------

Result<void> GsupServer::State::resume(Instant) {
  undo_count_ = parts_.hlr.undo_count();
  works_.clear();
  for (const NetworkWork& work : TRY(parts_.hlr.open_work())) works_[work.peer].insert(work);
  return {};
}

// Not started here but in on_time: the change that it comes from may still be undone.
void GsupServer::State::on_work(const NetworkWork& work, Instant) {
  new_work_.push_back(work);
}

Result<void> GsupServer::State::start_new_work(Instant now) {
  if (new_work_.empty()) return {};
  std::vector<NetworkWork> fresh;
  fresh.swap(new_work_);
  const bool undone = undo_count_ != parts_.hlr.undo_count();
  if (undone) TRY(resume(now));
  for (const NetworkWork& work : fresh) {
    if (!undone) works_[work.peer].insert(work);
    const auto works = works_.find(work.peer);
    if (works != works_.end() && works->second.contains(work)) TRY(start_work(work, now));
  }
  return {};
}

Result<void> GsupServer::State::start_work(const NetworkWork& work, Instant now) {
  Peer* peer = find_peer(work.peer);
  if (peer == nullptr || !peer->connected) return {};
  switch (work.kind) {
    case NetworkWork::Kind::insert_data:
      return add_task(*peer, work.imsi, {Task::Kind::insert_data, work.domain}, now);
    case NetworkWork::Kind::cancel_update:
      return add_task(*peer, work.imsi, {Task::Kind::cancel_update, work.domain}, now);
    case NetworkWork::Kind::cancel_withdrawn:
      return add_task(*peer, work.imsi, {Task::Kind::cancel_withdrawn, work.domain}, now);
  }
  return {};
}

Result<void> GsupServer::State::finish_work(const NetworkWork& work) {
  const auto works = works_.find(work.peer);
  if (works != works_.end()) {
    works->second.erase(work);
    if (works->second.empty()) works_.erase(works);
  }
  return parts_.hlr.finish_work(work);
}

// --- dialogues -----------------------------------------------------------------------------------

Result<void> GsupServer::State::add_task(Peer& peer, const Imsi& imsi, const Task& task,
                                         Instant now) {
  const auto [dialogue, is_new] = dialogues_.try_emplace({peer.policy.name, imsi});
  auto& tasks = dialogue->second.tasks;
  // Data that changed after it was sent must be sent again; anything else is asked once.
  const bool is_data = task.kind == Task::Kind::insert_data;
  for (size_t i = is_data ? 1 : 0; i < tasks.size(); ++i) {
    if (tasks[i] == task) return {};
  }
  tasks.push_back(task);
  if (!is_new) return {};
  return send_task(dialogue, now);
}

Result<void> GsupServer::State::send_task(Dialogues::iterator dialogue, Instant now) {
  const auto& [name, imsi] = dialogue->first;
  Peer& peer = *find_peer(name);
  const Task task = dialogue->second.tasks.front();
  ++dialogue->second.sends;
  set_deadline(dialogue, now + settings_.answer_wait);
  if (task.kind == Task::Kind::insert_for_location || task.kind == Task::Kind::insert_data) {
    const bool sent = TRY(send_insert_data(peer, imsi, task.domain));
    if (sent) return {};
    // Removed in the meantime.
    TRY(finish_task(peer, Imsi(imsi), task, gsup::cause::imsi_unknown_in_hlr, now));
    return next_task(dialogue, now);
  }
  ++figures.cancels;
  gsup::Message message;
  message.type = gsup::MessageType::location_cancel_request;
  message.imsi = imsi;
  message.cancel_type = task.kind == Task::Kind::cancel_update
                            ? gsup::CancelType::update_procedure
                            : gsup::CancelType::subscription_withdrawn;
  message.cn_domain = cn_domain_of(task.domain);
  send(peer, message);
  return {};
}

Result<void> GsupServer::State::next_task(Dialogues::iterator dialogue, Instant now) {
  dialogue->second.tasks.pop_front();
  dialogue->second.sends = 0;
  if (!dialogue->second.tasks.empty()) return send_task(dialogue, now);
  erase(dialogue);
  return {};
}

void GsupServer::State::set_deadline(Dialogues::iterator dialogue, Instant at) {
  deadlines_.erase({dialogue->second.deadline, dialogue->first});
  dialogue->second.deadline = at;
  deadlines_.insert({at, dialogue->first});
}

void GsupServer::State::erase(Dialogues::iterator dialogue) {
  deadlines_.erase({dialogue->second.deadline, dialogue->first});
  dialogues_.erase(dialogue);
}

// False when there is no such subscriber any more.
Result<bool> GsupServer::State::send_insert_data(Peer& peer, const Imsi& imsi, Domain domain) {
  const auto found = parts_.hlr.subscriber(imsi);
  if (!found) {
    if (found.error().code == ErrorCode::not_found) return false;
    return found.error();
  }
  const Subscriber& subscriber = *found;
  gsup::Message message;
  message.type = gsup::MessageType::insert_data_request;
  message.imsi = imsi;
  message.cn_domain = cn_domain_of(domain);
  ByteArray<gsup::number_octets_max> msisdn, hlr_number, hotline;
  if (!subscriber.msisdn.empty()) {
    message.msisdn = TRY(gsup::write_number(subscriber.msisdn, msisdn));
  }
  if (!settings_.hlr_number.empty()) {
    message.hlr_number = TRY(gsup::write_number(settings_.hlr_number, hlr_number));
  }
  if (subscriber.hotline) {
    message.hotline = TRY(gsup::write_number(settings_.hotline_number, hotline));
  }
  ByteArray<128> access_point;
  if (domain == Domain::packet) {
    gsup::PdpInfo context;
    context.context_id = 1;
    context.access_point_name = TRY(gsup::write_access_point_name(
        subscriber.hotline ? settings_.hotline_apn : settings_.default_apn, access_point));
    message.pdp_info_complete = true;
    message.pdp_infos.push_back(context);
  }
  ++figures.inserts;
  send(peer, message);
  return true;
}

void GsupServer::State::send_location_error(Peer& peer, const Imsi& imsi, uint8_t cause) {
  ++figures.location_errors;
  gsup::Message message;
  message.type = gsup::MessageType::update_location_error;
  message.imsi = imsi;
  message.cause = cause;
  send(peer, message);
}

// --- answers -------------------------------------------------------------------------------------

Result<void> GsupServer::State::on_result(Peer& peer, const gsup::Message& message, Instant now) {
  const auto dialogue = dialogues_.find({peer.policy.name, message.imsi});
  if (dialogue == dialogues_.end()) return {};  // an answer that comes again, or too late
  const Task task = dialogue->second.tasks.front();
  const bool is_insert =
      task.kind == Task::Kind::insert_for_location || task.kind == Task::Kind::insert_data;
  const gsup::MessageType asked = is_insert ? gsup::MessageType::insert_data_request
                                            : gsup::MessageType::location_cancel_request;
  const bool good = message.type == gsup::result_of(asked);
  if (!good && message.type != gsup::error_of(asked)) return {};
  if (message.cn_domain && *message.cn_domain != cn_domain_of(task.domain)) return {};
  std::optional<uint8_t> error;
  if (!good) error = message.cause.value_or(gsup::cause::network_failure);
  const DialogueKey key = dialogue->first;
  TRY(finish_task(peer, key.second, task, error, now));
  // What finished may have disconnected the peer or added tasks: look again.
  const auto again = dialogues_.find(key);
  if (again == dialogues_.end()) return {};
  return next_task(again, now);
}

Result<void> GsupServer::State::finish_task(Peer& peer, const Imsi& imsi, const Task& task,
                                            std::optional<uint8_t> error, Instant now) {
  NetworkWork work{imsi, peer.policy.name, task.domain, NetworkWork::Kind::insert_data};
  switch (task.kind) {
    case Task::Kind::insert_for_location:
      if (error) {
        send_location_error(peer, imsi, *error);
        return {};
      }
      return finish_location(peer, imsi, task.domain, now);
    case Task::Kind::insert_data: break;
    case Task::Kind::cancel_update: work.kind = NetworkWork::Kind::cancel_update; break;
    case Task::Kind::cancel_withdrawn: work.kind = NetworkWork::Kind::cancel_withdrawn; break;
  }
  // A node that does not know the subscriber has nothing to change or to forget.
  if (error && *error != gsup::cause::imsi_unknown_in_hlr) {
    retries_.emplace(now + settings_.work_retry_wait, work);
    return {};
  }
  // The data changed while the answer was on its way: it is not done before it was sent again.
  const auto dialogue = dialogues_.find({peer.policy.name, imsi});
  if (dialogue != dialogues_.end()) {
    const auto& tasks = dialogue->second.tasks;
    for (size_t i = 1; i < tasks.size(); ++i) {
      if (tasks[i] == task) return {};
    }
  }
  return finish_work(work);
}

Result<void> GsupServer::State::finish_location(Peer& peer, const Imsi& imsi, Domain domain,
                                                Instant now) {
  const auto set = parts_.hlr.set_location(imsi, peer.policy.name, domain, now);
  if (!set) {
    if (set.error().code == ErrorCode::storage) return set;
    send_location_error(peer, imsi, gsup::cause::imsi_unknown_in_hlr);
    return {};
  }
  const auto works = works_.find(peer.policy.name);
  if (works != works_.end()) {
    works->second.erase({imsi, peer.policy.name, domain, NetworkWork::Kind::cancel_update});
    works->second.erase({imsi, peer.policy.name, domain, NetworkWork::Kind::cancel_withdrawn});
  }
  ++figures.locations;
  gsup::Message message;
  message.type = gsup::MessageType::update_location_result;
  message.imsi = imsi;
  ByteArray<gsup::number_octets_max> hlr_number;
  if (!settings_.hlr_number.empty()) {
    message.hlr_number = TRY(gsup::write_number(settings_.hlr_number, hlr_number));
  }
  send(peer, message);
  parts_.events.on_located(imsi, domain, peer.policy.name, now);
  return {};
}

// --- time
// ------------------------------------------------------------------------------------------

Result<void> GsupServer::State::on_time(Instant now) {
  TRY(start_new_work(now));
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const DialogueKey key = deadlines_.begin()->second;
    const auto dialogue = dialogues_.find(key);
    if (dialogue->second.sends < settings_.sends_max) {
      TRY(send_task(dialogue, now));
      continue;
    }
    const Task task = dialogue->second.tasks.front();
    TRY(finish_task(*find_peer(key.first), key.second, task, gsup::cause::network_failure, now));
    const auto again = dialogues_.find(key);
    if (again != dialogues_.end()) TRY(next_task(again, now));
  }
  while (!retries_.empty() && retries_.begin()->first <= now) {
    const NetworkWork work = retries_.begin()->second;
    retries_.erase(retries_.begin());
    const auto works = works_.find(work.peer);
    if (works != works_.end() && works->second.contains(work)) TRY(start_work(work, now));
  }
  return {};
}

Instant GsupServer::State::next_deadline() const {
  if (!new_work_.empty()) return Instant{};
  Instant next = Instant::never();
  if (!deadlines_.empty()) next = earlier(next, deadlines_.begin()->first);
  if (!retries_.empty()) next = earlier(next, retries_.begin()->first);
  return next;
}

}  // namespace simurgh::hlr
