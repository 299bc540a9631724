// Where chips come for their updates (G2): TLS with their own keys, the front end behind it, and a
// session of element_update for each that has proved its key.
//
// An identity that nobody has costs what a known one does, and ends with the same alert as a wrong
// key. The loop's thread. What a session says leaves after the commit, as everything does.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>

#include "apps/simurghd/config.h"
#include "element_update/element_update.h"
#include "io/admin_http/server.h"
#include "io/tls/chip_server.h"

namespace simurgh::simurghd {

class ChipFront final : private tls::PskSource, private admin_http::Chips {
 public:
  struct Parts {
    loop::Loop& loop;
    element_update::ElementUpdate& update;
    crypto::KeyStore& keys;
    Random& random;
    const log::Log& log;
    // The store failed where nobody can hand it on; does not return.
    std::move_only_function<void(Error)> fatal;
  };
  // Listens. Null when something is wrong; `problem` says what, and what to do. Everything that is
  // handed over outlives it.
  static std::unique_ptr<ChipFront> open(const Config::Chips& config, Parts parts,
                                         std::string& problem);
  ~ChipFront() override;

  const net::Endpoint& endpoint() const { return server_->endpoint(); }
  size_t sessions_max() const { return config_.sessions_max; }
  // Connections that a place is taken by, handshakes included, those sent away too.
  size_t sessions() const { return server_->figures().connections; }
  admin_http::Figures figures() const { return server_->figures(); }
  const tls::Figures& tls_figures() const { return transport_->figures(); }

 private:
  class Visitor;

  ChipFront(const Config::Chips& config, Parts parts);
  bool make_decoy(std::string& problem);
  bool listen(std::string& problem);
  std::optional<element_update::Peer> peer_of(std::string_view identity);

  // --- tls::PskSource
  std::optional<tls::Psk> find(std::string_view identity) override;
  tls::PskRole role() const override { return tls::PskRole::server; }
  // --- admin_http::Chips
  std::optional<admin_http::Visit> enter(std::string_view identity, bool full) override;
  void leave(remote_admin::Work& work) override;

  Config::Chips config_;
  Parts parts_;
  fleet::Element decoy_;  // opened in place of the keys of an unknown identity
  std::unordered_map<remote_admin::Work*, std::unique_ptr<Visitor>> visitors_;
  std::unique_ptr<tls::ChipServer> transport_;
  std::unique_ptr<admin_http::Server> server_;
};

}  // namespace simurgh::simurghd
