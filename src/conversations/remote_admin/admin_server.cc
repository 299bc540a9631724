#include "conversations/remote_admin/admin_server.h"

#include "base/reader.h"

namespace simurgh::remote_admin {

namespace {

constexpr uint16_t status_ok = 200;
constexpr uint16_t status_no_content = 204;
constexpr uint16_t status_bad_request = 400;
constexpr uint16_t status_request_timeout = 408;
constexpr uint16_t status_too_many_requests = 429;
constexpr uint16_t status_unavailable = 503;
constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

http1::Limits limits_of(const ServerOptions& options, const CardProfile& profile) {
  http1::Limits out;
  out.start_line_octets_max = options.head_octets_max;
  out.field_octets_max = options.head_octets_max;
  out.field_count_max = 32;
  out.body_octets_max = profile.response_octets_max;
  return out;
}

// A status that says ok comes with a body, or there is no response in it.
bool has_response(const remote_admin_http::AdminRequest& request, ByteView body) {
  if (!body.empty()) return true;
  return request.script_status.has_value() && *request.script_status != ScriptStatus::ok;
}

}  // namespace

Result<void> AdminServer::check(const ServerOptions& options) {
  if (options.path.size() > ServerOptions::path_octets_max) return ErrorCode::too_large;
  if (!http1::is_target(options.path) || options.path.find('?') != std::string::npos ||
      options.path.starts_with("//") || options.path == "*") {
    return ErrorCode::bad_value;
  }
  return {};
}

AdminServer::AdminServer(const ServerOptions& options, const CardProfile& profile, Work& work,
                         Random& random, Instant now)
    : options_(options),
      profile_(profile),
      work_(work),
      random_(random),
      parser_(limits_of(options, profile)),
      deadline_(now + options.first_request_wait),
      session_deadline_(now + options.session_wait) {
  SIMURGH_CHECK(check(options).has_value() && profile.check().has_value());
}

void AdminServer::on_bytes(ByteView bytes, Instant now) {
  while (!lingering_ && !wants_close_) {
    if (!bytes.empty() && !reading_) {
      // A card has the Next-URI of its next request from the answer to this one.
      if (!out_.empty()) return refuse(status_bad_request, now);
      reading_ = true;
      deadline_ = now + options_.request_wait;
    }
    const auto step = parser_.parse(bytes);
    if (!step.has_value()) return refuse(parser_.refusal_status(), now);
    bytes = bytes.subspan(step->consumed);
    switch (step->event) {
      case http1::Event::need_more: return;
      case http1::Event::head: take_head(now); break;
      case http1::Event::body:
        body_.insert(body_.end(), step->data.begin(), step->data.end());
        break;
      case http1::Event::end:
        reading_ = false;
        take_request(now);
        request_.reset();
        body_.clear();
        break;
    }
  }
}

void AdminServer::take_head(Instant now) {
  const http1::RequestHead& head = parser_.head();
  auto request = remote_admin_http::read_request(head);
  if (!request.has_value()) {
    return refuse(remote_admin_http::status_of(request.error(), head), now);
  }
  request_ = std::move(*request);
  keep_alive_ = head.keep_alive;
  if (head.expects_continue) out_ += continue_line;
}

void AdminServer::take_request(Instant now) {
  if (++counts_.requests > options_.rounds_max) return refuse(status_too_many_requests, now);
  const bool response = has_response(*request_, body_);
  // A response is taken even when there is no time for more: the card may throw it away now.
  if (send_away_.has_value() && !response) return put_later(send_away_, now);
  if (!contacted_) {
    contacted_ = true;
    work_.on_contact(request_->agent_id);
  }
  SessionRecord record = work_.recall();
  if (response) take_response(*request_, record);
  if (send_away_.has_value()) return put_later(send_away_, now);
  answer(record, now);
}

void AdminServer::take_response(const remote_admin_http::AdminRequest& request,
                                SessionRecord& record) {
  const auto token = token_of(options_.path, request.target);
  const bool known = token.has_value() && *token == record.token;
  if (known && record.state == SessionRecord::State::answered) return;  // our answer was lost
  if (!known || record.state != SessionRecord::State::given) {
    ++counts_.stale;
    return;
  }
  ++counts_.responses;
  work_.on_response(record.script, {.status = request.script_status.value_or(ScriptStatus::ok),
                                    .kind = request.kind.value_or(ScriptKind::card_content),
                                    .body = body_});
  record.state = SessionRecord::State::answered;
  work_.keep(record);
}

void AdminServer::answer(SessionRecord& record, Instant now) {
  if (record.state == SessionRecord::State::given) {
    if (give_again(record, now)) return;
    record.state = SessionRecord::State::answered;  // whatever still comes for it is not counted
    work_.keep(record);
  }
  const Next next = work_.next(now);
  switch (next.kind) {
    case Next::Kind::script:
      SIMURGH_CHECK(next.script.has_value());
      if (!fits(*next.script)) return finish_unfit(now);
      record = {SessionRecord::State::given, new_token(), next.script->id};
      // Nobody will answer; the token is not out at all.
      if (!next.script->wants_response) record.state = SessionRecord::State::answered;
      work_.keep(record);
      return give(*next.script, record, now);
    case Next::Kind::finished: return finish(next.come_back_in, now);
    case Next::Kind::stay: return stay(record, now);
    case Next::Kind::later: return put_later(next.come_back_in, now);
  }
}

// False: it is not given again.
bool AdminServer::give_again(const SessionRecord& record, Instant now) {
  if (record.token == repeated_token_ && ++repeats_in_a_row_ > options_.repeats_max) {
    refuse(status_too_many_requests, now);
    return true;
  }
  if (record.token != repeated_token_) {
    repeated_token_ = record.token;
    repeats_in_a_row_ = 1;
  }
  const Doubt doubt = profile_.keeps_response ? Doubt::not_executed : Doubt::maybe_executed;
  const auto script = work_.again(record.script, doubt);
  if (!script.has_value()) return false;
  if (fits(*script)) {
    ++counts_.repeats;
    give(*script, record, now);
  } else {
    finish_unfit(now);
  }
  return true;
}

bool AdminServer::fits(const Script& script) const {
  return !script.body.empty() && script.body.size() <= profile_.script_octets_max;
}

// Not given out at all, so that it does not wait for a response for ever.
void AdminServer::finish_unfit(Instant now) {
  end(SessionEnd::unfit);
  finish({}, now);
}

void AdminServer::give(const Script& script, const SessionRecord& record, Instant now) {
  ++counts_.scripts;
  remote_admin_http::AdminResponse response;
  response.status = status_ok;
  response.kind = script.kind;
  response.targeted_application = script.targeted_application;
  if (script.wants_response) response.next_uri = uri_of(options_.path, record.token);
  put(response, script.body, now);
  if (script.wants_response) return;
  end(SessionEnd::finished);
  lingering_ = true;
}

void AdminServer::stay(SessionRecord& record, Instant now) {
  record = {SessionRecord::State::staying, new_token(), record.script};
  work_.keep(record);
  remote_admin_http::AdminResponse response;
  response.status = status_no_content;
  response.next_uri = uri_of(options_.path, record.token);
  put(response, {}, now);
}

void AdminServer::finish(std::optional<Duration> come_back_in, Instant now) {
  remote_admin_http::AdminResponse response;
  response.status = status_no_content;
  if (profile_.understands_retry_after) response.retry_after = come_back_in;
  put(response, {}, now);
  end(SessionEnd::finished);
  lingering_ = true;
}

// A card that knows no Retry-After would take a 503 for a failure, and try again by its own policy.
void AdminServer::put_later(std::optional<Duration> come_back_in, Instant now) {
  remote_admin_http::AdminResponse response;
  const bool tells = profile_.understands_retry_after && come_back_in.has_value();
  response.status = tells ? status_unavailable : status_no_content;
  if (tells) response.retry_after = come_back_in;
  put(response, {}, now);
  end(SessionEnd::sent_away);
  lingering_ = true;
}

void AdminServer::put(const remote_admin_http::AdminResponse& response, ByteView script,
                      Instant now) {
  remote_admin_http::AdminResponse framed = response;
  framed.keep_alive = keep_alive_;
  deadline_ = now + options_.send_wait;
  if (!keep_alive_) lingering_ = true;
  const size_t before = out_.size();
  if (append_response(framed, script, profile_.script_form, out_).has_value()) return;
  // A target that no head can carry. Nothing of it is sent, and the card told that this is all.
  out_.resize(before);
  end(SessionEnd::unfit);
  lingering_ = true;
  const auto written =
      remote_admin_http::append_response({.keep_alive = keep_alive_}, {}, {}, out_);
  SIMURGH_CHECK(written.has_value());
}

void AdminServer::refuse(uint16_t status, Instant now) {
  end(SessionEnd::refused);
  keep_alive_ = false;
  put({.status = status}, {}, now);
}

void AdminServer::end(SessionEnd why) {
  if (ended_.has_value()) return;
  ended_ = why;
  work_.on_end(why);
}

uint64_t AdminServer::new_token() {
  return *Reader(random_.array<8>()).u64();
}

void AdminServer::transmitted(size_t octets, Instant now) {
  SIMURGH_CHECK(octets <= out_.size() - out_sent_);
  out_sent_ += octets;
  if (out_sent_ < out_.size()) return;
  out_.clear();
  out_sent_ = 0;
  if (reading_ && !lingering_) return;  // that was 100 Continue
  deadline_ = now + (lingering_ ? options_.linger_wait : options_.idle_wait);
}

Instant AdminServer::poll_timeout() const {
  return wants_close_ ? Instant::never() : earlier(deadline_, session_deadline_);
}

void AdminServer::on_timeout(Instant now) {
  if (wants_close_ || now < poll_timeout()) return;
  if (reading_ && !lingering_ && now < session_deadline_) {
    end(SessionEnd::timed_out);
    return refuse(status_request_timeout, now);
  }
  end(lingering_ ? SessionEnd::broken : SessionEnd::timed_out);
  wants_close_ = true;
}

void AdminServer::on_disconnected() {
  end(SessionEnd::broken);
  wants_close_ = true;
}

}  // namespace simurgh::remote_admin
