#include "io/tls/stream.h"

#include <algorithm>

#include "io/tls/context.h"

namespace simurgh::tls {
namespace {

// What a record costs at most besides its plaintext: header, IV, MAC of SHA-256, padding of CBC.
constexpr size_t record_overhead_max = 5 + 16 + 32 + 16;
// Room of the plain stream that is left to alerts and key updates.
constexpr size_t reserve_octets = 1'024;
// Output given before the handshake is done (an answer that refuses a connection).
constexpr size_t early_octets_max = 16'384;

void wipe_all(std::vector<uint8_t>& bytes) {
  wipe(bytes);
  bytes.clear();
}

std::string seconds_of(Duration wait) {
  return std::to_string((wait.ms + 999) / 1000) + " s";
}

}  // namespace

TlsStream::Beginning::~Beginning() {
  wipe_all(output);
}

TlsStream::TlsStream(loop::Loop& loop, Context& context, Gate& gate, net::StreamHandler& handler)
    : loop_(loop), context_(context), gate_(gate), handler_(handler), deadline_(loop, [this] {
        on_deadline();
      }) {}

TlsStream::~TlsStream() {
  drop();
}

// --- beginning -----------------------------------------------------------------------------------

net::StreamOptions TlsStream::carrier_options() const {
  return {.send_octets_max = gate_.limits().send_octets_max,
          .connect_wait = gate_.limits().connect_wait_max};
}

void TlsStream::begin_accepted(net::Socket socket, std::string peer) {
  peer_ = peer;
  entered_ = gate_.enter();
  if (!entered_) {
    state_ = State::refused;  // and the socket closes with this scope
    deadline_.set(loop_.now());
    return;
  }
  state_ = State::silent;
  beginning_ = std::make_unique<Beginning>();
  carrier_ =
      net::make_tcp_stream(loop_, std::move(socket), std::move(peer), *this, carrier_options());
  deadline_.set_after(gate_.limits().handshake_wait_max);
}

void TlsStream::begin_connecting(const net::Endpoint& endpoint, const PskCredential* credential,
                                 std::string host) {
  peer_ = endpoint.text();
  entered_ = gate_.enter();
  if (!entered_) {
    state_ = State::refused;
    deadline_.set(loop_.now());
    return;
  }
  state_ = State::connecting;
  beginning_ = std::make_unique<Beginning>();
  if (credential != nullptr) beginning_->credential = *credential;
  beginning_->host = std::move(host);
  carrier_ = net::connect_tcp(loop_, endpoint, *this, carrier_options());
}

void TlsStream::on_connected() {
  state_ = State::silent;
  deadline_.set_after(gate_.limits().handshake_wait_max);
  begin_handshake();
}

void TlsStream::begin_handshake() {
  switch (gate_.begin_handshake(*this, beginning_->ticket)) {
    case Gate::Answer::go:
      state_ = State::handshake;
      if (make_session()) work({});
      return;
    case Gate::Answer::wait:
      state_ = State::waiting;
      carrier_->pause_reading(true);
      return;
    case Gate::Answer::refused: end({ErrorCode::busy, "too many handshakes are under way"}); return;
  }
}

void TlsStream::on_place() {
  state_ = State::handshake;
  work_later();
}

bool TlsStream::make_session() {
  const auto& credential = beginning_->credential;
  session_ = Session::make(context_, *this, credential.has_value() ? &*credential : nullptr,
                           beginning_->host);
  beginning_->credential.reset();
  if (session_ != nullptr) return true;
  end({ErrorCode::no_space, "there is no memory for another session"});
  return false;
}

// --- octets that arrive --------------------------------------------------------------------------

void TlsStream::on_bytes(ByteView bytes) {
  moved_at_ = loop_.now();
  const bool held_back = (paused_ && state_ == State::open) || !held_.empty() ||
                         state_ == State::waiting ||
                         (state_ == State::handshake && session_ == nullptr);
  if (held_back) {
    hold(bytes);
    return;
  }
  if (state_ == State::silent) {
    begin_handshake();
    if (state_ == State::waiting) hold(bytes);
    if (state_ != State::handshake) return;
  }
  work(bytes);
}

// Bounded: the plain stream is paused, so that at most what it had read already comes here.
void TlsStream::hold(ByteView input) {
  held_.insert(held_.end(), input.begin(), input.end());
  if (state_ == State::waiting && held_.size() > gate_.limits().handshake_octets_max) {
    ++gate_.figures.refused_protocol;
    end({ErrorCode::too_large, "it sent more than a handshake needs"});
    return;
  }
  carrier_->pause_reading(true);
}

void TlsStream::work_later() {
  if (resumed_ == nullptr) {
    resumed_ = std::make_unique<loop::Timer>(loop_, [this] {
      if (state_ != State::handshake && state_ != State::open) return;
      if (paused_ && state_ == State::open) return;
      if (session_ == nullptr && !make_session()) return;
      std::vector<uint8_t> input;
      input.swap(held_);
      carrier_->pause_reading(false);
      work(input);
    });
  }
  resumed_->set(loop_.now());
}

void TlsStream::work(ByteView input) {
  while (true) {
    if (paused_ && state_ == State::open) {
      hold(input);
      return;
    }
    const Session::Step step = session_->step(input, gate_.plain());
    switch (step.event) {
      case Session::Event::need_more: return;
      case Session::Event::established: established(); break;
      case Session::Event::plain: {
        const MutableByteView plain = gate_.plain().first(step.octets);
        handler_.on_bytes(plain);
        wipe(plain);
        break;
      }
      case Session::Event::ended:
        end({ErrorCode::closed, "the other end closed the connection"});
        return;
      case Session::Event::failed: {
        count_failure();
        const bool own = session_->fault() != Fault::refused;
        std::string words = own ? "TLS: " : "";
        end({ErrorCode::not_allowed, words.append(session_->words())});
        return;
      }
    }
    if (state_ != State::open && state_ != State::handshake) return;
  }
}

void TlsStream::established() {
  state_ = State::open;
  deadline_.set_after(gate_.limits().idle_wait_max);
  ++gate_.figures.handshakes_done;
  const std::unique_ptr<Beginning> beginning = std::move(beginning_);
  // Others take their places in their own batches, so this may be told at once.
  gate_.end_handshake();
  if (!context_.server()) {
    handler_.on_connected();
  } else if (!beginning->output.empty()) {
    if (writes(beginning->output)) handler_.on_writable();
  }
}

void TlsStream::count_failure() {
  Figures& figures = gate_.figures;
  if (session_->fault() == Fault::key) {
    ++figures.refused_key;
  } else {
    ++figures.refused_protocol;
  }
}

// --- octets that leave ---------------------------------------------------------------------------

bool TlsStream::on_cipher(ByteView cipher) {
  moved_at_ = loop_.now();
  return carrier_ != nullptr && carrier_->send(cipher).has_value();
}

size_t TlsStream::room() const {
  if (beginning_ != nullptr && context_.server()) {
    return early_octets_max - std::min(early_octets_max, beginning_->output.size());
  }
  if (state_ != State::open) return 0;
  const size_t free = carrier_->room();
  if (free <= reserve_octets) return 0;
  const size_t record = session_->record_octets();
  const size_t whole = (free - reserve_octets) / (record + record_overhead_max);
  const size_t rest = (free - reserve_octets) % (record + record_overhead_max);
  return whole * record + (rest > record_overhead_max ? rest - record_overhead_max : 0);
}

Result<void> TlsStream::send(ByteView bytes) {
  if (!connected()) return ErrorCode::closed;
  const size_t free = room();
  // Our room is smaller than the plain stream's, which would otherwise not know that it is full.
  if (bytes.size() >= free && state_ == State::open) carrier_->tell_when_writable();
  if (bytes.size() > free) return ErrorCode::too_large;
  if (state_ == State::open) {
    if (!writes(bytes)) return ErrorCode::closed;
    return {};
  }
  beginning_->output.insert(beginning_->output.end(), bytes.begin(), bytes.end());
  return {};
}

// False when the session broke; the handler hears of it in the next batch.
bool TlsStream::writes(ByteView plain) {
  if (session_->write(plain).has_value()) return true;
  deadline_.set(loop_.now());
  return false;
}

void TlsStream::tell_when_writable() {
  if (carrier_ != nullptr) carrier_->tell_when_writable();
}

void TlsStream::on_writable() {
  if (state_ == State::open) handler_.on_writable();
}

void TlsStream::pause_reading(bool paused) {
  if (paused == paused_) return;
  paused_ = paused;
  if (state_ != State::open) return;
  if (paused) {
    carrier_->pause_reading(true);
  } else if (held_.empty() && !session_->has_pending()) {
    carrier_->pause_reading(false);
  } else {
    work_later();
  }
}

// --- ending --------------------------------------------------------------------------------------

bool TlsStream::connected() const {
  switch (state_) {
    case State::silent:
    case State::waiting:
    case State::handshake: return context_.server();
    case State::open: return true;
    default: return false;
  }
}

std::string_view TlsStream::authenticated_peer() const {
  return state_ == State::open ? std::string_view(session_->peer_name()) : std::string_view();
}

void TlsStream::on_deadline() {
  const Limits& limits = gate_.limits();
  switch (state_) {
    case State::refused: end({ErrorCode::busy, "too many connections are open"}); return;
    case State::open:
      if (!session_->established()) {
        end({ErrorCode::io, "TLS: " + session_->words()});
      } else if (moved_at_ + limits.idle_wait_max > loop_.now()) {
        // Not set anew with every octet that moves: that would cost more than this.
        deadline_.set(moved_at_ + limits.idle_wait_max);
      } else {
        ++gate_.figures.idle_timeouts;
        session_->close_notify();
        end({ErrorCode::timed_out, "nothing came or went for " + seconds_of(limits.idle_wait_max)});
      }
      return;
    case State::closed: return;
    default:
      ++gate_.figures.handshake_timeouts;
      end({ErrorCode::timed_out,
           "the TLS handshake was not done in " + seconds_of(limits.handshake_wait_max)});
      return;
  }
}

void TlsStream::on_closed(const net::Closed& closed) {
  if (state_ == State::open) ++gate_.figures.truncated;
  if (state_ == State::open && closed.code == ErrorCode::closed) {
    end({ErrorCode::io, "the connection ended without a word: what came last may be cut short"});
  } else if (state_ == State::connecting || state_ == State::open) {
    end(closed);
  } else {
    end({ErrorCode::closed, "the connection ended before the TLS handshake was done"});
  }
}

void TlsStream::close() {
  if (state_ == State::open) session_->close_notify();
  drop();
}

void TlsStream::end(const net::Closed& closed) {
  if (state_ == State::closed) return;
  drop();
  handler_.on_closed(closed);
}

// The plain stream goes by itself when its last octets (an alert, the answer before it) are out;
// our owner may destroy us before that.
void TlsStream::drop() {
  if (state_ == State::closed) return;
  const bool shook_hands = state_ == State::handshake;
  if (state_ == State::waiting) gate_.give_up_waiting(beginning_->ticket);
  state_ = State::closed;
  deadline_.cancel();
  if (resumed_ != nullptr) resumed_->cancel();
  if (carrier_ != nullptr) {
    peer_ = carrier_->peer();
    net::close_and_destroy(loop_, std::move(carrier_));
  }
  session_.reset();
  beginning_.reset();
  wipe_all(held_);
  if (entered_) gate_.leave();
  entered_ = false;
  if (shook_hands) gate_.end_handshake();
}

}  // namespace simurgh::tls
