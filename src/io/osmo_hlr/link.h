// The connection to osmo-hlr's control interface (CTRL over IPA, TCP port 4259): lines of a
// hlr::RemoteDirectory out, answers in, connecting again with growing waits.
//
// The interface has no authentication and the lines hold keys, so only loopback (or a transport
// that is secure) is taken. One thread, the loop's. What is sent is read after the batch's commit.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hlr/remote_directory.h"
#include "io/log/log.h"
#include "io/loop/loop.h"
#include "io/net/tcp.h"

namespace simurgh::osmo_hlr {

struct LinkOptions {
  Duration reconnect_wait_min = milliseconds(500);
  Duration reconnect_wait_max = seconds(30);
};

class Link final : public hlr::ControlOutlet, private loop::Flushable, private net::StreamHandler {
 public:
  // not_allowed when the endpoint is not loopback and the transport is not secure; `problem` in
  // words. Everything named outlives the link. Connects from the first batch on.
  static Result<std::unique_ptr<Link>> open(loop::Loop& loop, const net::Endpoint& endpoint,
                                            net::Transport& transport, const LinkOptions& options,
                                            hlr::RemoteDirectory& directory, const log::Log& log,
                                            std::string& problem);
  ~Link() override;

  bool up() const { return up_; }

 private:
  Link(loop::Loop& loop, const net::Endpoint& endpoint, net::Transport& transport,
       const LinkOptions& options, hlr::RemoteDirectory& directory, const log::Log& log);

  void on_output() override { flush_after_batch(); }
  void on_flush() override;
  void on_connected() override;
  void on_bytes(ByteView bytes) override;
  void on_writable() override { flush_after_batch(); }
  void on_closed(const net::Closed& closed) override { lose(closed.words); }
  void lose(std::string_view reason);
  bool take_frames();

  loop::Loop& loop_;
  net::Endpoint endpoint_;
  net::Transport& transport_;
  LinkOptions options_;
  hlr::RemoteDirectory& directory_;
  log::Log log_;
  loop::Timer timer_;
  std::unique_ptr<net::Stream> stream_;
  bool up_ = false;
  Instant connect_at_;
  Duration reconnect_wait_;
  std::vector<uint8_t> received_;  // the beginning of a frame; wiped, because answers hold keys
};

}  // namespace simurgh::osmo_hlr
