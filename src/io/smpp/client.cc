#include "io/smpp/client.h"

namespace simurgh::smpp {

SmppClient::SmppClient(loop::Loop& loop, const net::Endpoint& endpoint, net::Transport& transport,
                       const smpp_session::EsmeOptions& options, smpp_session::EsmeHandler& handler,
                       Random& random, const log::Log& log)
    : Flushable(loop),
      loop_(loop),
      endpoint_(endpoint),
      transport_(transport),
      log_(log),
      session_(options, handler, random),
      timer_(loop, [this] { on_timer(); }) {
  session_.set_outlet(this);
}

SmppClient::~SmppClient() = default;

void SmppClient::start() {
  started_ = true;
  flush_after_batch();
}

void SmppClient::stop() {
  session_.stop(loop_.now());
}

Result<void> SmppClient::submit(const ShortMessage& message, smpp_session::Token token) {
  return session_.submit(message, token, loop_.now());
}

Result<void> SmppClient::query(const QuerySm& query, smpp_session::Token token) {
  return session_.query(query, token, loop_.now());
}

Result<void> SmppClient::cancel(const CancelSm& cancel, smpp_session::Token token) {
  return session_.cancel(cancel, token, loop_.now());
}

// --- the stream ----------------------------------------------------------------------------------

void SmppClient::on_connected() {
  log_.info("smpp connected", {{"smsc", endpoint_.text()}});
  session_.on_connected(loop_.now());
  flush_after_batch();
}

void SmppClient::on_bytes(ByteView bytes) {
  session_.on_bytes(bytes, loop_.now());
  flush_after_batch();
}

void SmppClient::on_writable() {
  flush_after_batch();
}

void SmppClient::on_closed(const net::Closed& closed) {
  lose_stream(closed.words);
}

void SmppClient::lose_stream(std::string_view reason) {
  net::close_and_destroy(loop_, std::move(stream_));
  const auto state = session_.state();
  session_.on_disconnected(loop_.now());
  const Instant again = session_.connect_at();
  if (again == Instant::never()) {
    log_.info("smpp link ended", {{"smsc", endpoint_.text()}});
  } else {
    log_.warning("smpp link lost", {{"smsc", endpoint_.text()},
                                    {"was_bound", state == smpp_session::EsmeSession::State::bound},
                                    {"reason", reason},
                                    {"again_in_ms", again - loop_.now()}});
  }
  flush_after_batch();
}

// --- after the batch -----------------------------------------------------------------------------

void SmppClient::on_output() {
  flush_after_batch();
}

void SmppClient::on_timer() {
  session_.on_timeout(loop_.now());
  flush_after_batch();
}

void SmppClient::on_flush() {
  if (stream_ == nullptr && started_ && session_.connect_at() <= loop_.now()) {
    stream_ = transport_.connect(loop_, endpoint_, *this);
  }
  move_output();
  if (session_.wants_close()) lose_stream("the session ended it");
  arm_timer();
}

void SmppClient::move_output() {
  if (stream_ == nullptr || !stream_->connected()) return;
  while (true) {
    const ByteView pending = session_.poll_transmit();
    const size_t octets = std::min(pending.size(), stream_->room());
    if (octets == 0 || !stream_->send(pending.first(octets)).has_value()) return;
    session_.transmitted(octets, loop_.now());
  }
}

void SmppClient::arm_timer() {
  // While the stream connects, its own time-out is what counts; the session says "now" for ever.
  const bool connecting = stream_ != nullptr && !stream_->connected();
  Instant at = session_.poll_timeout();
  if (connecting || !started_) at = std::max(at, loop_.now() + seconds(1));
  timer_.set(at);
}

}  // namespace simurgh::smpp
