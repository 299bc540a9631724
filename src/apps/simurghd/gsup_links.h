// The HLR's GSUP server on its sockets: visited networks connect to it. The loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "hlr/gsup_server.h"
#include "io/gsup/server.h"

namespace simurgh::simurghd {

class GsupLinks final : public hlr::GsupLink, private gsup::GsupServerHandler {
 public:
  explicit GsupLinks(const log::Log& log) : log_(log) {}

  bool open(loop::Loop& loop, const net::Endpoint& endpoint, net::Transport& transport,
            const gsup_session::PeerPolicy& policy, std::string& problem);
  // `checked` takes every outcome; `now` is the server's present instant.
  using Checked = std::move_only_function<void(const Result<void>&)>;
  void set_hlr(hlr::GsupServer& hlr, std::function<Instant()> now, Checked checked);
  size_t peers() const { return peers_; }

  void send(std::string_view peer, ByteView message) override;

 private:
  void on_peer_up(std::string_view peer) override;
  void on_peer_down(std::string_view peer) override;
  void on_message(std::string_view peer, const gsup::Message& message) override;

  log::Log log_;
  std::unique_ptr<gsup::GsupServer> server_;
  hlr::GsupServer* hlr_ = nullptr;
  std::function<Instant()> now_;
  Checked checked_;
  size_t peers_ = 0;
};

}  // namespace simurgh::simurghd
