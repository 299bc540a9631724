#include "apps/simurghd/gsup_links.h"

namespace simurgh::simurghd {

bool GsupLinks::open(loop::Loop& loop, const net::Endpoint& endpoint, net::Transport& transport,
                     const gsup_session::PeerPolicy& policy, std::string& problem) {
  auto server = gsup::GsupServer::open(loop, endpoint, transport, policy, {}, *this, log_, problem);
  if (server) server_ = std::move(*server);
  return server_ != nullptr;
}

void GsupLinks::set_hlr(hlr::GsupServer& hlr, std::function<Instant()> now, Checked checked) {
  hlr_ = &hlr;
  now_ = std::move(now);
  checked_ = std::move(checked);
}

void GsupLinks::send(std::string_view peer, ByteView message) {
  if (const auto sent = server_->send_raw(peer, message); !sent) {
    log_.warning("gsup message not sent", {{"peer", peer}, {"error", sent.error()}});
  }
}

void GsupLinks::on_peer_up(std::string_view peer) {
  ++peers_;
  log_.info("gsup peer connected", {{"peer", peer}});
  checked_(hlr_->on_peer_up(peer, now_()));
}

void GsupLinks::on_peer_down(std::string_view peer) {
  --peers_;
  hlr_->on_peer_down(peer);
}

void GsupLinks::on_message(std::string_view peer, const gsup::Message& message) {
  checked_(hlr_->on_message(peer, message, now_()));
}

}  // namespace simurgh::simurghd
