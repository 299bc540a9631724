#include "io/http/connection.h"

#include <ctime>

#include "api/problem.h"
#include "base/secret.h"
#include "io/http/api_messages.h"

namespace simurgh::http {
namespace {

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";
// While a request waits for its answer, so much of the next ones is kept; more stays in the socket.
constexpr size_t input_octets_max = 64 * 1024;

void wipe_text(std::string& text) {
  wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  text.clear();
}

// IMF-fixdate (RFC 9110 5.6.7), which every origin server with a clock sends.
std::string date_of(Instant at) {
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const time_t seconds = at.ms / 1000;
  tm parts{};
  gmtime_r(&seconds, &parts);
  char out[64];
  std::snprintf(out, sizeof out, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[parts.tm_wday],
                parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                parts.tm_min, parts.tm_sec);
  return out;
}

std::string retry_after(const Options& options) {
  return std::to_string((options.retry_after.ms + 999) / 1000);
}

}  // namespace

Connection::Connection(loop::Loop& loop, const Options& options, ConnectionOwner& owner,
                       uint64_t id)
    : loop_(loop),
      options_(options),
      owner_(owner),
      id_(id),
      parser_(options.message),
      deadline_(loop, [this] { on_deadline(); }) {}

Connection::~Connection() {
  wipe_text(request_.body);
  wipe_text(input_);
}

void Connection::start(net::Transport& transport, net::Socket socket, std::string peer) {
  request_.peer = peer;
  stream_ = transport.accepted(loop_, std::move(socket), std::move(peer), *this);
  deadline_.set_after(options_.idle_wait_max);
}

void Connection::start_refusing(net::Transport& transport, net::Socket socket, std::string peer) {
  stream_ = transport.accepted(loop_, std::move(socket), std::move(peer), *this);
  refuse(503);
}

void Connection::on_bytes(ByteView bytes) {
  if (state_ == State::lingering || state_ == State::gone) return;
  const bool reads = state_ == State::idle || state_ == State::reading;
  if (reads && input_.empty()) {
    read(bytes);
    return;
  }
  input_.append(text_of(bytes));
  if (input_.size() >= input_octets_max) stream_->pause_reading(true);
}

void Connection::take_up() {
  if (state_ != State::idle || input_.empty()) return;
  std::string input = std::move(input_);
  input_.clear();
  read(bytes_of(input));
  wipe_text(input);
}

void Connection::read(ByteView bytes) {
  while (true) {
    if (state_ == State::idle && !bytes.empty()) begin_request();
    const auto step = parser_.parse(bytes);
    if (!step.has_value()) {
      refuse(parser_.refusal_status() == 0 ? uint16_t{400} : parser_.refusal_status());
      return;
    }
    bytes = bytes.subspan(step->consumed);
    if (step->event == http1::Event::need_more) return;
    if (take(*step)) break;
  }
  // Pipelined requests are taken one a task, so that they do not keep others waiting.
  if (bytes.empty() || state_ == State::lingering || state_ == State::gone) return;
  input_.assign(text_of(bytes));
  if (state_ == State::idle) owner_.later(*this);
}

void Connection::begin_request() {
  state_ = State::reading;
  deadline_.set_after(options_.request_wait_max);
}

bool Connection::take(const http1::Step& step) {
  switch (step.event) {
    case http1::Event::head: {
      const http1::RequestHead& head = parser_.head();
      // Room at once where the length is known, so that a body is not left behind by growing.
      if (head.framing == http1::Framing::length) request_.body.reserve(head.content_length);
      const bool body_comes = head.framing == http1::Framing::chunked || head.content_length > 0;
      if (head.expects_continue && body_comes) {
        static_cast<void>(stream_->send(bytes_of(continue_line)));
      }
      return false;
    }
    case http1::Event::body: request_.body.append(text_of(step.data)); return false;
    case http1::Event::end: request_complete(); return true;
    case http1::Event::need_more: return false;
  }
  return false;
}

void Connection::request_complete() {
  const http1::RequestHead& head = parser_.head();
  request_.method = head.method;
  request_.target = head.target;
  request_.fields = head.fields;
  keep_alive_ = head.keep_alive;
  to_head_ = head.method == "HEAD";
  state_ = State::waiting;
  deadline_.set_after(options_.answer_wait_max);
  const bool handed_over = owner_.hand_over(*this, request_);
  wipe_text(request_.body);
  if (!handed_over) {
    owner_.count_refused();
    http1::Fields fields;
    fields.add("Retry-After", retry_after(options_));
    send(503, fields, "", keep_alive_);
  }
}

void Connection::answer(Response response) {
  if (state_ != State::waiting) return;
  send(response.status, response.fields, std::move(response.body), keep_alive_);
}

void Connection::refuse(uint16_t status) {
  owner_.count_refused();
  if (status == 413) {
    // Nobody can guess how much would be too much: the answer says it.
    to_head_ = parser_.head().method == "HEAD";
    const std::string octets = std::to_string(options_.message.body_octets_max);
    Response response = response_of(
        api::refuse({.kind = api::ProblemKind::too_large,
                     .detail = "a request's body has at most " + octets + " octets here"}));
    send(status, response.fields, std::move(response.body), false);
    return;
  }
  http1::Fields fields;
  if (status == 503) fields.add("Retry-After", retry_after(options_));
  send(status, fields, "", false);
}

void Connection::send(uint16_t status, const http1::Fields& fields, std::string body,
                      bool keep_alive) {
  http1::ResponseHead head;
  head.status = status;
  head.fields = fields;
  head.fields.add("Date", date_of(loop_.now()));
  head.content_length = body.size();
  head.keep_alive = keep_alive_ = keep_alive && !owner_.draining();
  state_ = State::sending;
  if (!append_head(head, output_).has_value()) {
    // A field that may not be sent: ours to prevent, and nothing to be sent instead of it.
    finish();
    return;
  }
  if (!to_head_) output_ += body;
  send_more();
}

void Connection::send_more() {
  const std::string_view rest = std::string_view(output_).substr(output_sent_);
  const std::string_view piece = rest.substr(0, stream_->room());
  if (!piece.empty()) {
    if (!stream_->send(bytes_of(piece)).has_value()) {
      finish();
      return;
    }
    output_sent_ += piece.size();
  }
  if (output_sent_ == output_.size()) {
    output_.clear();
    output_sent_ = 0;
    answer_sent();
  } else {
    deadline_.set_after(options_.answer_wait_max);
  }
}

void Connection::answer_sent() {
  if (!keep_alive_) {
    // Closing at once could take the answer back: what the peer still sends would make the kernel
    // reset the connection. The peer closes when it has read; if not, the deadline does.
    state_ = State::lingering;
    input_.clear();
    stream_->pause_reading(false);
    deadline_.set_after(options_.linger_wait_max);
    return;
  }
  state_ = State::idle;
  deadline_.set_after(options_.idle_wait_max);
  stream_->pause_reading(false);
  if (!input_.empty()) owner_.later(*this);
}

void Connection::on_writable() {
  if (state_ == State::sending) send_more();
}

void Connection::on_deadline() {
  switch (state_) {
    case State::idle:
    case State::lingering:
    case State::gone: finish(); return;
    case State::reading:
      owner_.count_timed_out();
      refuse(408);
      return;
    case State::waiting: {
      owner_.count_timed_out();
      owner_.forget(*this);
      http1::Fields fields;
      fields.add("Retry-After", retry_after(options_));
      send(503, fields, "", false);
      return;
    }
    case State::sending:
      owner_.count_timed_out();
      finish();
      return;
  }
}

void Connection::on_closed(const net::Closed&) {
  finish();
}

void Connection::close_if_idle() {
  if (state_ == State::idle) finish();
}

void Connection::finish() {
  if (state_ == State::gone) return;
  state_ = State::gone;
  deadline_.cancel();
  if (stream_ != nullptr) stream_->close();
  owner_.forget(*this);
  owner_.gone(*this);
}

}  // namespace simurgh::http
