// What the server says of itself: GET /v1/status, /readyz and /metrics.
#include "apps/simurghd/metrics_text.h"
#include "apps/simurghd/server_on_loop.h"

namespace simurgh::simurghd {

json::Value ServerOnLoop::status() {
  const auto& figures = centre_->figures();
  json::Value out = json::Value::object();
  out.set("smpp_bound", messages_ && messages_->bound());
  out.set("gsup_peers", gsup_links_->peers());
  out.set("sessions", centre_->sessions());
  out.set("personalised", figures.personalised);
  out.set("rekeyed", figures.rekeyed);
  out.set("resets_confirmed", figures.resets_confirmed);
  out.set("refused_packets", figures.refused_packets);
  out.set("two_chips", figures.two_chips);
  out.set("elements", population_->size());
  out.set("chip_sessions", chips_ ? chips_->figures().sessions : 0);
  out.set("chip_sessions_max", chips_ ? chips_->sessions_max() : 0);
  uint64_t running = 0;
  for (const auto& [id, campaign] : campaigns_->all()) {
    running += campaign.state == campaign::State::running;
  }
  out.set("campaigns_running", running);
  out.set("production", config_.production);
  out.set("version", SIMURGH_VERSION);
  return out;
}

bool ServerOnLoop::ready(std::string& why_not) {
  if (messages_ && !messages_->bound()) {
    why_not = "no bind with the SMSC";
    return false;
  }
  return true;
}

void ServerOnLoop::centre_metrics(MetricsText& out) const {
  const auto& centre = centre_->figures();
  out.counter("negotiations_begun_total", "INITs of new key agreements", centre.negotiations_begun);
  out.counter("personalised_total", "First logons that ended in a new key", centre.personalised);
  out.counter("rekeyed_total", "Keys renewed in service", centre.rekeyed);
  out.counter("rekeys_by_interval_total", "Re-keyings ordered by rekey_interval_s",
              centre.rekeys_by_interval);
  out.counter("rekeys_postponed_total", "Re-keyings due of chips that cannot be re-keyed now",
              centre.rekeys_postponed);
  out.counter("resets_confirmed_total", "Chips returned for another life", centre.resets_confirmed);
  out.counter("chip_messages_sent_total", "Messages to chips", centre.messages_out);
  out.counter("chip_messages_received_total", "Authentic messages of chips", centre.messages_in);
  out.counter("chip_packets_refused_total", "Packets that were no chip's", centre.refused_packets);
  out.counter("code_refusals_total", "Activation codes typed again", centre.code_refusals);
  out.counter("two_chips_total", "Identities that two chips answered under", centre.two_chips);
  out.gauge("negotiations", "Key agreements under way", centre_->sessions());
}

void ServerOnLoop::network_metrics(MetricsText& out) const {
  const auto& gsup = gsup_->figures();
  out.counter("gsup_auth_infos_total", "SendAuthInfo answered", gsup.auth_infos);
  out.counter("gsup_auth_info_errors_total", "SendAuthInfo refused", gsup.auth_info_errors);
  out.counter("gsup_locations_total", "UpdateLocation done", gsup.locations);
  out.counter("gsup_refused_total", "Requests that a peer may not make", gsup.refused);
  out.gauge("gsup_peers", "Connected visited networks", gsup_links_->peers());
  if (messages_) {
    const auto& smpp = messages_->session().counts();
    out.counter("smpp_submitted_total", "submit_sm sent", smpp.submitted);
    out.counter("smpp_throttled_total", "submit_sm answered with throttling", smpp.throttled);
    out.counter("smpp_delivered_total", "deliver_sm taken", smpp.delivered);
    out.gauge("smpp_bound", "1 while bound to the SMSC", messages_->bound() ? 1 : 0);
    out.gauge("smpp_queued", "Messages waiting for the SMSC", messages_->session().queued());
  }
  if (api_tls_) {
    const auto& tls = api_tls_->figures();
    out.counter("api_tls_handshakes_total", "TLS handshakes of REST clients", tls.handshakes_done);
    out.counter("api_tls_refused_total", "Connections that were no TLS, or no client's of ours",
                tls.refused_protocol + tls.refused_full + tls.handshake_timeouts);
    out.gauge("api_tls_sessions", "Open TLS connections of REST clients", tls.sessions);
  }
}

void ServerOnLoop::chip_metrics(MetricsText& out) const {
  const auto& update = update_->figures();
  out.counter("chip_sessions_total", "Sessions of chips that proved their key", update.sessions);
  out.counter("chip_scripts_total", "Scripts given to chips", update.scripts);
  out.counter("chip_executed_total", "Campaigns done at a chip, proved", update.executed);
  out.counter("chip_refused_total", "Campaigns refused by a chip, proved", update.refused);
  out.counter("chip_unproved_total", "Answers that proved nothing", update.unproved);
  out.counter("chip_read_backs_total", "Read-backs after a broken session", update.read_backs);
  out.counter("chip_key_scripts_total", "Scripts about chips' keys: first logons, re-keyings",
              update.key_scripts);
  out.counter("chip_poll_dates_total", "Dates of the next poll given", update.poll_dates);
  if (!chips_) return;
  const admin_http::Figures front = chips_->figures();
  out.gauge("chip_connections", "Connections of chips, handshakes included", front.connections);
  out.gauge("chip_sessions", "Of these, chips that are known", front.sessions);
  out.gauge("chip_sessions_max", "chips.sessions_max", chips_->sessions_max());
  out.counter("chip_connections_total", "Connections taken", front.accepted);
  out.counter("chip_refused_full_total", "Connections closed at once, because of limits",
              front.refused_full);
  out.counter("chip_sent_away_total", "Sessions told to come back later", front.sent_away);
  out.counter("chip_sessions_finished_total", "Sessions that came to their end", front.finished);
  out.counter("chip_sessions_broken_total", "Sessions whose chip went in the middle",
              front.broken + front.timed_out);
  out.counter("chip_sessions_refused_total", "Sessions ended: protocol or limits broken",
              front.refused + front.unfit);
  out.counter("chip_sessions_superseded_total", "Sessions ended by a newer one of the same chip",
              front.superseded);
  const tls::Figures& tls = chips_->tls_figures();
  out.counter("chip_tls_handshakes_total", "TLS handshakes done", tls.handshakes_done);
  out.counter("chip_tls_refused_key_total", "Identities unknown, or keys wrong", tls.refused_key);
  out.counter("chip_tls_refused_total", "Connections that were no TLS of ours, or too slow",
              tls.refused_protocol + tls.handshake_timeouts);
  out.gauge("chip_tls_waiting", "Handshakes that wait their turn", tls.waiting);
}

void ServerOnLoop::campaign_metrics(MetricsText& out) const {
  uint64_t running = 0, done = 0, failed = 0, waiting = 0;
  for (const auto& [id, campaign] : campaigns_->all()) {
    if (campaign.state != campaign::State::running) continue;
    ++running;
    done += campaign.counters.done;
    failed += campaign.counters.failed;
    waiting += campaign.counters.waiting;
  }
  out.gauge("campaigns_running", "Campaigns under way", running);
  out.gauge("campaigns_done", "Chips done, in the campaigns under way", done);
  out.gauge("campaigns_failed", "Chips failed, in the campaigns under way", failed);
  out.gauge("campaigns_waiting", "Chips triggered and not there yet", waiting);
  out.gauge("elements", "Chips that campaigns know", population_->size());
  out.gauge("elements_reported", "Of these, chips that were here once", population_->reported());
  out.gauge("polls_overdue", "Recurring polls that were due and did not come",
            population_->calendar().overdue());
  const auto& dispatcher = dispatcher_->figures();
  out.counter("triggers_total", "Triggers handed to the SMSC's link", dispatcher.triggers);
  out.counter("triggers_refused_total", "Triggers that its link did not take", dispatcher.refused);
  if (update_messages_) {
    const auto& messages = update_messages_->figures();
    out.counter("campaign_packets_total", "Packets to cards that are served by short messages",
                messages.packets);
    out.counter("campaign_packets_again_total", "The very same packets sent again",
                messages.repetitions);
    out.counter("campaign_receipts_total", "Proofs of receipt that verified", messages.receipts);
    out.counter("campaign_receipts_refused_total", "Forged, replayed, late or of another card",
                messages.refused_receipts);
    out.counter("campaign_read_backs_total", "Cards asked whether they had executed a packet",
                messages.read_backs);
    out.counter("campaign_unreachable_total", "Triggers for chips without number or key",
                messages.unreachable);
    out.gauge("campaign_message_visits", "Cards being served by short messages",
              update_messages_->visits());
  }
  const auto capacity = static_cast<uint32_t>(chips_ ? chips_->sessions_max() : 0);
  const auto learnt = dispatcher_->controller().learnt(capacity);
  out.gauge("flow_session_seconds", "Learnt: a session with a payload", learnt.session_s);
  out.gauge("flow_trigger_delay_seconds", "Learnt: by when most triggers bring a session",
            learnt.delay_s);
  out.gauge("flow_trigger_yield", "Learnt: sessions for one first trigger", learnt.yield[0]);
  out.gauge("flow_poll_share", "Learnt: of the polls due, those that come", learnt.poll_share);
  out.gauge("flow_margin", "Sessions kept free", learnt.margin);
  out.gauge("flow_budget", "Sessions that triggers may bring this second",
            dispatcher_->budget().arrivals);
}

std::string ServerOnLoop::metrics() {
  MetricsText out;
  centre_metrics(out);
  network_metrics(out);
  chip_metrics(out);
  campaign_metrics(out);
  out.counter("commits_total", "Transactions made durable", commits_);
  return std::move(out).text();
}

}  // namespace simurgh::simurghd
