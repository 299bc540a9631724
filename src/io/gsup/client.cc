#include "io/gsup/client.h"

namespace simurgh::gsup {

GsupClient::GsupClient(loop::Loop& loop, const net::Endpoint& endpoint, net::Transport& transport,
                       const GsupClientOptions& options, GsupClientHandler& handler,
                       const log::Log& log)
    : Flushable(loop),
      loop_(loop),
      endpoint_(endpoint),
      transport_(transport),
      options_(options),
      handler_(handler),
      log_(log),
      timer_(loop, [this] { on_timer(); }),
      reconnect_wait_(options.reconnect_wait_min) {}

GsupClient::~GsupClient() = default;

void GsupClient::start() {
  started_ = true;
  connect_at_ = loop_.now();
  flush_after_batch();
}

void GsupClient::stop() {
  started_ = false;
  timer_.cancel();
  if (stream_ != nullptr) lose_link("stopped");
}

bool GsupClient::up() const {
  return up_;
}

Result<void> GsupClient::send(const Message& message) {
  if (!up_) return ErrorCode::bad_state;
  return session_->send(message);
}

Result<void> GsupClient::send_raw(ByteView message) {
  if (!up_) return ErrorCode::bad_state;
  return session_->send_raw(message);
}

// --- the stream and the session ------------------------------------------------------------------

void GsupClient::on_connected() {
  session_ = std::make_unique<gsup_session::Session>(
      gsup_session::Session::client(options_.session, options_.identity, *this, loop_.now()));
  session_->set_outlet(this);
  flush_after_batch();
}

void GsupClient::on_bytes(ByteView bytes) {
  session_->on_bytes(bytes, loop_.now());
  flush_after_batch();
}

void GsupClient::on_writable() {
  flush_after_batch();
}

void GsupClient::on_closed(const net::Closed& closed) {
  lose_link(closed.words);
}

bool GsupClient::on_named(gsup_session::Session&, std::string_view name) {
  log_.info("gsup connected", {{"hlr", endpoint_.text()}, {"as", name}});
  up_ = true;
  reconnect_wait_ = options_.reconnect_wait_min;
  handler_.on_up();
  return true;
}

void GsupClient::on_message(gsup_session::Session&, const Message& message, ByteView raw) {
  if (up_) handler_.on_message(message, raw);  // not after on_down, of what came in one piece
}

void GsupClient::on_malformed(gsup_session::Session&, ByteView raw, const Error& error) {
  log_.warning("gsup message does not parse", {{"hlr", endpoint_.text()},
                                               {"octets", raw.size()},
                                               {"error", error},
                                               {"offset", error.offset}});
}

void GsupClient::lose_link(std::string_view reason) {
  net::close_and_destroy(loop_, std::move(stream_));
  // The session may be the one that is calling.
  loop_.after_flushes([owned = std::move(session_)] {});
  if (started_) {
    log_.warning("gsup link lost",
                 {{"hlr", endpoint_.text()}, {"reason", reason}, {"again_in_ms", reconnect_wait_}});
    connect_at_ = loop_.now() + reconnect_wait_;
    reconnect_wait_ = std::min(reconnect_wait_ * 2, options_.reconnect_wait_max);
    flush_after_batch();
  }
  if (std::exchange(up_, false)) handler_.on_down();
}

// --- after the batch -----------------------------------------------------------------------------

void GsupClient::on_output() {
  flush_after_batch();
}

void GsupClient::on_timer() {
  if (session_ != nullptr) session_->on_timeout(loop_.now());
  flush_after_batch();
}

void GsupClient::on_flush() {
  if (!started_) return;
  if (stream_ == nullptr) {
    if (connect_at_ > loop_.now()) {
      timer_.set(connect_at_);
    } else {
      stream_ = transport_.connect(loop_, endpoint_, *this);
    }
    return;
  }
  if (session_ == nullptr) return;  // still connecting
  while (true) {
    const ByteView pending = session_->poll_transmit();
    const size_t octets = std::min(pending.size(), stream_->room());
    if (octets == 0 || !stream_->send(pending.first(octets)).has_value()) break;
    session_->transmitted(octets);
  }
  if (session_->wants_close()) {
    lose_link(name_of(session_->reason()));
  } else {
    timer_.set(session_->poll_timeout());
  }
}

}  // namespace simurgh::gsup
