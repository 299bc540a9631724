#include "network/visited_network.h"

#include <utility>

#include "formats/sms/tpdu.h"

namespace simurgh::network {

const char* name_of(AttachResult result) {
  switch (result) {
    case AttachResult::registered: return "registered";
    case AttachResult::unknown_at_home: return "unknown_at_home";
    case AttachResult::home_unreachable: return "home_unreachable";
    case AttachResult::authentication_failed: return "authentication_failed";
    case AttachResult::card_failed: return "card_failed";
    case AttachResult::cancelled: return "cancelled";
  }
  return "unknown";
}

void VisitedNetwork::attach(Mobile& mobile, const Imsi& imsi, Rat rat, Instant now) {
  ++figures_.attaches;
  Subscriber& subscriber = subscribers_[imsi];
  subscriber.mobile = &mobile;
  subscriber.rat = rat;
  subscriber.registered = false;
  subscriber.vectors_fresh = false;
  if (subscriber.vectors.empty()) {
    request_vectors(imsi, subscriber, now);
  } else {
    // Left over from the last request: a real VLR uses them up first. It goes on when the network
    // is next called, so that on_attached() never comes from inside attach().
    subscriber.step = Step::vectors;
    set_deadline(imsi, subscriber, now);
  }
}

void VisitedNetwork::detach(const Imsi& imsi) {
  const auto found = subscribers_.find(imsi);
  if (found == subscribers_.end()) return;
  found->second.mobile = nullptr;
  found->second.registered = false;
  found->second.step = Step::idle;
  set_deadline(imsi, found->second, Instant::never());
}

void VisitedNetwork::request_vectors(const Imsi& imsi, Subscriber& subscriber, Instant now) {
  gsup::Message request;
  request.type = gsup::MessageType::send_auth_info_request;
  request.imsi = imsi;
  request.cn_domain = gsup::CnDomain::cs;
  request.num_vectors_requested = settings_.vectors_per_request;
  subscriber.step = Step::vectors;
  subscriber.vectors_fresh = true;
  set_deadline(imsi, subscriber, now + settings_.answer_wait);
  home_.send(request);
}

void VisitedNetwork::request_resynchronisation(const Imsi& imsi, Subscriber& subscriber,
                                               const ByteArray<14>& auts, Instant now) {
  ++figures_.resynchronisations;
  gsup::Message request;
  request.type = gsup::MessageType::send_auth_info_request;
  request.imsi = imsi;
  request.cn_domain = gsup::CnDomain::cs;
  request.num_vectors_requested = settings_.vectors_per_request;
  request.auts = auts;
  request.rand = subscriber.vectors.front().rand;
  subscriber.step = Step::resynchronised;
  subscriber.vectors.clear();
  set_deadline(imsi, subscriber, now + settings_.answer_wait);
  home_.send(request);
}

bool VisitedNetwork::check_2g(Subscriber& subscriber, const gsup::AuthTuple& vector) {
  const auto answer = subscriber.mobile->challenge_2g(vector.rand);
  return answer && answer->sres == vector.sres;
}

void VisitedNetwork::authenticate(const Imsi& imsi, Subscriber& subscriber, Instant now) {
  const gsup::AuthTuple vector = subscriber.vectors.front();
  bool ok = false;
  if (subscriber.rat == Rat::gsm || !vector.autn) {
    ok = check_2g(subscriber, vector);
  } else {
    const auto answer = subscriber.mobile->challenge(vector.rand, *vector.autn);
    if (!answer) return finish(subscriber, AttachResult::card_failed);
    using Kind = terminal::Authentication::Kind;
    if (answer->kind == Kind::sync_failure && subscriber.step != Step::resynchronised) {
      return request_resynchronisation(imsi, subscriber, answer->auts, now);
    }
    ok = answer->kind == Kind::success && answer->res == vector.res;
  }
  subscriber.vectors.erase(subscriber.vectors.begin());
  if (ok) return request_location(imsi, subscriber, now);
  if (!subscriber.vectors_fresh) {  // old vectors may be of an old key: ask home once
    subscriber.vectors.clear();
    return request_vectors(imsi, subscriber, now);
  }
  subscriber.vectors.clear();
  ++figures_.authentications_failed;
  finish(subscriber, AttachResult::authentication_failed);
}

void VisitedNetwork::request_location(const Imsi& imsi, Subscriber& subscriber, Instant now) {
  gsup::Message request;
  request.type = gsup::MessageType::update_location_request;
  request.imsi = imsi;
  request.cn_domain = gsup::CnDomain::cs;
  subscriber.step = Step::location;
  set_deadline(imsi, subscriber, now + settings_.answer_wait);
  home_.send(request);
}

void VisitedNetwork::on_insert_data(const Imsi& imsi, const gsup::Message& message) {
  Subscriber& subscriber = subscribers_[imsi];
  if (const auto msisdn = gsup::parse_number(message.msisdn)) {
    if (!subscriber.msisdn.empty()) by_msisdn_.erase(subscriber.msisdn);
    subscriber.msisdn = *msisdn;
    by_msisdn_[*msisdn] = imsi;
  }
  const auto hotline = gsup::parse_number(message.hotline);
  subscriber.hotline = hotline ? *hotline : Msisdn();
  subscriber.access_points.clear();
  for (const gsup::PdpInfo& context : message.pdp_infos) {
    char room[256];
    const auto name = gsup::parse_access_point_name(context.access_point_name, room);
    if (name) subscriber.access_points.emplace_back(*name);
  }
  subscriber.data_known = true;
  gsup::Message answer;
  answer.type = gsup::MessageType::insert_data_result;
  answer.imsi = imsi;
  home_.send(answer);
}

void VisitedNetwork::on_cancel(const Imsi& imsi) {
  gsup::Message answer;
  answer.type = gsup::MessageType::location_cancel_result;
  answer.imsi = imsi;
  home_.send(answer);
  const auto found = subscribers_.find(imsi);
  if (found == subscribers_.end()) return;
  ++figures_.cancelled;
  Subscriber& subscriber = found->second;
  subscriber.vectors.clear();  // of a key that may be gone
  subscriber.data_known = false;
  const bool was_registered = subscriber.registered;
  subscriber.registered = false;
  if (subscriber.step != Step::idle) return finish(subscriber, AttachResult::cancelled);
  if (was_registered && subscriber.mobile) subscriber.mobile->on_cancelled();
}

void VisitedNetwork::on_message(const gsup::Message& message, Instant now) {
  using Type = gsup::MessageType;
  if (message.type == Type::insert_data_request) return on_insert_data(message.imsi, message);
  if (message.type == Type::location_cancel_request) return on_cancel(message.imsi);
  Subscriber* subscriber = active(message.imsi);
  if (!subscriber) return;  // an answer that came too late
  const bool waits_for_vectors =
      subscriber->step == Step::vectors || subscriber->step == Step::resynchronised;
  if (message.type == Type::send_auth_info_result && waits_for_vectors) {
    subscriber->vectors.assign(message.auth_tuples.begin(), message.auth_tuples.end());
    if (subscriber->vectors.empty()) return finish(*subscriber, AttachResult::unknown_at_home);
    authenticate(message.imsi, *subscriber, now);
  } else if (message.type == Type::send_auth_info_error && waits_for_vectors) {
    ++figures_.unknown_at_home;
    finish(*subscriber, AttachResult::unknown_at_home);
  } else if (message.type == Type::update_location_result && subscriber->step == Step::location) {
    subscriber->registered = true;
    ++figures_.registered;
    switch_.on_reachable(subscriber->msisdn);
    finish(*subscriber, AttachResult::registered);
  } else if (message.type == Type::update_location_error && subscriber->step == Step::location) {
    ++figures_.unknown_at_home;
    finish(*subscriber, AttachResult::unknown_at_home);
  }
}

void VisitedNetwork::finish(Subscriber& subscriber, AttachResult result) {
  subscriber.step = Step::idle;
  subscriber.deadline = Instant::never();
  if (subscriber.mobile) subscriber.mobile->on_attached(result);
}

VisitedNetwork::Subscriber* VisitedNetwork::active(const Imsi& imsi) {
  const auto found = subscribers_.find(imsi);
  if (found == subscribers_.end() || !found->second.mobile) return nullptr;
  return found->second.step == Step::idle ? nullptr : &found->second;
}

void VisitedNetwork::on_home_lost(Instant now) {
  for (auto& [imsi, subscriber] : subscribers_) {
    if (subscriber.step != Step::idle) set_deadline(imsi, subscriber, now);
  }
}

void VisitedNetwork::restart() {
  deadlines_.clear();
  by_msisdn_.clear();
  for (auto& [imsi, subscriber] : std::exchange(subscribers_, {})) {
    if (!subscriber.mobile) continue;
    if (subscriber.step != Step::idle) {
      subscriber.mobile->on_attached(AttachResult::cancelled);
    } else if (subscriber.registered) {
      subscriber.mobile->on_cancelled();
    }
  }
}

void VisitedNetwork::set_deadline(const Imsi& imsi, Subscriber& subscriber, Instant at) {
  subscriber.deadline = at;
  if (at != Instant::never()) deadlines_.emplace(at, imsi);
}

void VisitedNetwork::on_time(Instant now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto [due, imsi] = *deadlines_.begin();
    deadlines_.erase(deadlines_.begin());
    Subscriber* subscriber = active(imsi);
    if (!subscriber || subscriber->deadline != due) continue;  // moved or over since
    if (subscriber->step == Step::vectors && !subscriber->vectors.empty()) {
      authenticate(imsi, *subscriber, now);
    } else {
      ++figures_.home_unreachable;
      finish(*subscriber, AttachResult::home_unreachable);
    }
  }
}

Instant VisitedNetwork::next_deadline() const {
  return deadlines_.empty() ? Instant::never() : deadlines_.begin()->first;
}

bool VisitedNetwork::registered(const Imsi& imsi) const {
  const auto found = subscribers_.find(imsi);
  return found != subscribers_.end() && found->second.registered;
}

Msisdn VisitedNetwork::hotline(const Imsi& imsi) const {
  const auto found = subscribers_.find(imsi);
  return found == subscribers_.end() ? Msisdn() : found->second.hotline;
}

Msisdn VisitedNetwork::msisdn(const Imsi& imsi) const {
  const auto found = subscribers_.find(imsi);
  return found == subscribers_.end() ? Msisdn() : found->second.msisdn;
}

Result<std::string> VisitedNetwork::originate_call(const Imsi& imsi, std::string_view digits) {
  if (!registered(imsi)) return ErrorCode::not_allowed;
  const Msisdn hotline_number = hotline(imsi);
  if (hotline_number.empty()) return std::string(digits);
  if (hotline_number.text() != digits) ++figures_.hotline_redirected;
  return std::string(hotline_number.text());
}

terminal::SendOutcome VisitedNetwork::originate_message(const Imsi& imsi, ByteView submit_tpdu) {
  if (!registered(imsi)) return terminal::SendOutcome::network_unable;
  const Msisdn hotline_number = hotline(imsi);
  if (!hotline_number.empty()) {
    const auto submit = sms::parse_submit(submit_tpdu);
    const auto to = submit ? submit->destination.msisdn() : Result<Msisdn>(submit.error());
    if (!to || *to != hotline_number) {
      ++figures_.hotline_refused;
      return terminal::SendOutcome::refused;
    }
  }
  return switch_.submit(msisdn(imsi), submit_tpdu) ? terminal::SendOutcome::accepted
                                                   : terminal::SendOutcome::network_unable;
}

Result<std::string> VisitedNetwork::open_data_session(const Imsi& imsi,
                                                      std::string_view access_point) {
  if (!registered(imsi)) return ErrorCode::not_allowed;
  const Subscriber& subscriber = subscribers_.at(imsi);
  if (access_point.empty() && !subscriber.access_points.empty() &&
      subscriber.access_points.front() != "*") {
    return subscriber.access_points.front();
  }
  for (const std::string& allowed : subscriber.access_points) {
    if (allowed == "*" || allowed == access_point) return std::string(access_point);
  }
  if (!subscriber.hotline.empty()) ++figures_.hotline_refused;
  return ErrorCode::not_allowed;
}

Result<terminal::DeliverOutcome> VisitedNetwork::deliver(const Msisdn& to, ByteView deliver_tpdu) {
  const auto number = by_msisdn_.find(to);
  if (number == by_msisdn_.end()) return ErrorCode::not_found;
  Subscriber& subscriber = subscribers_.at(number->second);
  if (!subscriber.registered || !subscriber.mobile) return ErrorCode::not_found;
  return subscriber.mobile->deliver(deliver_tpdu);
}

}  // namespace simurgh::network
