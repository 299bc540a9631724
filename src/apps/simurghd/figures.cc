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

std::string ServerOnLoop::metrics() {
  MetricsText out;
  centre_metrics(out);
  network_metrics(out);
  out.counter("commits_total", "Transactions made durable", commits_);
  return std::move(out).text();
}

}  // namespace simurgh::simurghd
