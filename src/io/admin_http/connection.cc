#include "io/admin_http/connection.h"

#include <algorithm>

#include "base/reader.h"

namespace simurgh::admin_http {

namespace {

// Uniform in [least, most].
Duration spread(Duration least, Duration most, Random& random) {
  const uint64_t drawn = *Reader(random.array<8>()).u64();
  const auto width = static_cast<uint64_t>(most.ms - least.ms) + 1;
  return milliseconds(least.ms + static_cast<int64_t>(drawn % width));
}

}  // namespace

Connection::Connection(loop::Loop& loop, const Options& options, ConnectionOwner& owner, bool full)
    : Flushable(loop),
      loop_(loop),
      options_(options),
      owner_(owner),
      full_(full),
      timer_(loop, [this] { on_timer(); }) {}

void Connection::begin(net::Transport& transport, net::Socket socket, std::string peer) {
  timer_.set_after(options_.first_octet_wait);
  stream_ = transport.accepted(loop_, std::move(socket), std::move(peer), *this);
}

void Connection::on_bytes(ByteView bytes) {
  if (ended_ || (!session_.has_value() && !meet())) return;
  session_->on_bytes(bytes, loop_.now());
  flush_after_batch();
}

// The chip says its first octet: TLS has proved who it is.
bool Connection::meet() {
  heard_ = true;
  identity_ = stream_->authenticated_peer();
  auto visit = owner_.enter(*this, identity_);
  if (!visit.has_value()) {
    end();
    return false;
  }
  visit_ = std::move(*visit);
  session_.emplace(options_.session, visit_.profile, *visit_.work, owner_.random(), loop_.now());
  if (full_ && !visit_.come_back_in.has_value()) {
    visit_.come_back_in =
        spread(options_.return_wait_min, options_.return_wait_max, owner_.random());
  }
  if (visit_.come_back_in.has_value()) session_->send_away(*visit_.come_back_in);
  return true;
}

void Connection::on_timer() {
  if (!session_.has_value()) return end();
  session_->on_timeout(loop_.now());
  flush_after_batch();
}

// After the commit of this batch (io/loop).
void Connection::on_flush() {
  if (ended_ || !session_.has_value()) return;
  while (true) {
    const ByteView pending = session_->poll_transmit();
    const size_t octets = std::min(pending.size(), stream_->room());
    if (octets == 0 || !stream_->send(pending.first(octets)).has_value()) break;
    session_->transmitted(octets, loop_.now());
  }
  if (session_->wants_close()) {
    end();
  } else {
    timer_.set(session_->poll_timeout());
  }
}

void Connection::on_closed(const net::Closed&) {
  end();
}

void Connection::end() {
  if (ended_) return;
  ended_ = true;
  timer_.cancel();
  if (session_.has_value()) session_->on_disconnected();
  owner_.gone(*this);
}

}  // namespace simurgh::admin_http
