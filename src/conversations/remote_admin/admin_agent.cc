#include "conversations/remote_admin/admin_agent.h"

#include <algorithm>

namespace simurgh::remote_admin {

namespace {

http1::Limits limits_of(const CardProfile& profile, const AgentLimits& limits) {
  http1::Limits out;
  out.start_line_octets_max = limits.head_octets_max;
  out.field_octets_max = limits.head_octets_max;
  out.field_count_max = 32;
  out.body_octets_max = profile.script_octets_max;
  return out;
}

}  // namespace

AdminAgent::AdminAgent(const CardProfile& profile, const AgentLimits& limits, Executor& executor,
                       AgentHandler& handler)
    : profile_(profile), limits_(limits), executor_(executor), handler_(handler) {
  SIMURGH_CHECK(profile.check().has_value());
}

Result<void> AdminAgent::begin(const AgentParameters& parameters, Instant now) {
  if (state_ != State::idle) return ErrorCode::bad_state;
  if (parameters.tries > AgentParameters::tries_limit) return ErrorCode::too_large;
  std::string unused;
  TRY(remote_admin_http::append_request(
      {.target = parameters.uri, .host = parameters.host, .agent_id = parameters.agent_id}, {}, {},
      unused));
  parameters_ = parameters;
  record_ = profile_.keeps_response ? executor_.recall() : AgentRecord{};
  next_uri_ = parameters.uri;
  // An outcome that the server may not have is the rest of a session that a crash has broken.
  resume_ = record_.unsettled;
  rounds_ = 0;
  failures_in_a_row_ = 0;
  postponements_ = 0;
  state_ = State::wanting;
  connect_at_ = now;
  return {};
}

void AdminAgent::stop() {
  if (state_ == State::idle || state_ == State::closing) return;
  end(AgentEnd::stopped);
  if (!connected_) report();
}

Instant AdminAgent::connect_at() const {
  return state_ == State::wanting && !connected_ ? connect_at_ : Instant::never();
}

void AdminAgent::on_connected(Instant now) {
  SIMURGH_CHECK(state_ == State::wanting && !connected_);
  connected_ = true;
  wants_close_ = false;
  server_refused_ = false;
  reconnect_at_ = Instant::never();
  state_ = State::asking;
  parser_.emplace(limits_of(profile_, limits_));
  post(now);
}

void AdminAgent::post(Instant now) {
  remote_admin_http::AdminRequest request;
  request.target = record_.unsettled ? record_.response_uri : next_uri_;
  request.host = parameters_.host;
  request.agent_id = parameters_.agent_id;
  request.resume = resume_ && profile_.says_resume;
  ByteView body;
  if (record_.unsettled) {
    request.script_status = record_.outcome.status;
    body = record_.outcome.body;
    if (!body.empty()) request.kind = record_.outcome.kind;
  }
  posted_outcome_ = record_.unsettled;
  const auto written =
      remote_admin_http::append_request(request, body, profile_.response_form, out_);
  SIMURGH_CHECK(written.has_value());  // begin() and read_response() have checked what is in it
  body_.clear();
  deadline_ = now + limits_.answer_wait;
  ++counts_.posts;
}

void AdminAgent::on_bytes(ByteView bytes, Instant now) {
  while (state_ == State::asking && !wants_close_) {
    // What comes before anything of our request has left answers nothing of ours.
    if (!bytes.empty() && !out_.empty() && out_sent_ == 0) return refuse();
    const auto step = parser_->parse(bytes);
    if (!step.has_value()) return refuse();
    bytes = bytes.subspan(step->consumed);
    switch (step->event) {
      case http1::Event::need_more: return;
      case http1::Event::head: take_head(); break;
      case http1::Event::body:
        body_.insert(body_.end(), step->data.begin(), step->data.end());
        break;
      case http1::Event::end: take_answer(now); break;
    }
  }
}

// A script whose end is the connection's end could be a part of one.
void AdminAgent::take_head() {
  if (parser_->head().framing == http1::Framing::until_close) refuse();
}

void AdminAgent::take_answer(Instant now) {
  constexpr uint16_t first_final = 200, ok = 200, no_content = 204, too_many = 429,
                     unavailable = 503;
  if (parser_->head().status < first_final) return;  // 100 Continue: the answer follows
  deadline_ = Instant::never();
  const auto answer = remote_admin_http::read_response(parser_->head());
  if (!answer.has_value()) return refuse();
  if (answer->status == unavailable || answer->status == too_many) {
    if (!answer->retry_after.has_value() || !profile_.understands_retry_after) return refuse();
    return postpone(*answer->retry_after, now);
  }
  if (answer->status != ok && answer->status != no_content) return refuse();
  if (++rounds_ > limits_.rounds_max || (answer->status == ok && body_.empty())) return refuse();
  // A whole answer to a POST with an outcome: the server has it.
  failures_in_a_row_ = 0;
  resume_ = false;
  if (posted_outcome_) record_.unsettled = false;
  if (answer->status == ok) {
    take_script(*answer, now);
  } else {
    take_end(*answer, now);
  }
}

void AdminAgent::take_script(const remote_admin_http::AdminResponse& answer, Instant now) {
  if (!answer.next_uri.empty() && answer.next_uri == record_.response_uri) {
    ++counts_.repeated;
    record_.unsettled = true;
    return go_on(answer, now);
  }
  auto outcome = executor_.execute({.kind = *answer.kind,
                                    .targeted_application = answer.targeted_application,
                                    .body = body_,
                                    .response_uri = answer.next_uri});
  if (!outcome.has_value()) return refuse();
  ++counts_.executed;
  if (answer.next_uri.empty()) return end(AgentEnd::done, answer.retry_after.value_or(no_request));
  SIMURGH_CHECK(outcome->body.size() <= profile_.response_octets_max);
  record_ = {answer.next_uri, std::move(*outcome), true};
  go_on(answer, now);
}

void AdminAgent::take_end(const remote_admin_http::AdminResponse& answer, Instant now) {
  // A later script would replace the record anyway; now nothing will.
  if (posted_outcome_) executor_.settle();
  if (answer.next_uri.empty()) {
    const bool told = answer.retry_after.has_value() && profile_.understands_retry_after;
    return end(AgentEnd::done, told ? *answer.retry_after : no_request);
  }
  next_uri_ = answer.next_uri;
  go_on(answer, now);
}

// The next POST, in a connection of its own when the server ends this one.
void AdminAgent::go_on(const remote_admin_http::AdminResponse& answer, Instant now) {
  if (answer.keep_alive) return post(now);
  wants_close_ = true;
  reconnect_at_ = now;
}

void AdminAgent::postpone(Duration wait, Instant now) {
  if (++postponements_ > limits_.postponements_max) return end(AgentEnd::postponed, wait);
  wants_close_ = true;
  reconnect_at_ = now + std::min(wait, limits_.postponement_max);
  resume_ = record_.unsettled;
}

void AdminAgent::refuse() {
  server_refused_ = true;
  wants_close_ = true;
}

void AdminAgent::end(AgentEnd why, Duration come_back_in) {
  end_ = why;
  come_back_in_ = come_back_in;
  state_ = State::closing;
  wants_close_ = connected_;
  deadline_ = Instant::never();
}

void AdminAgent::report() {
  state_ = State::idle;
  connect_at_ = Instant::never();
  handler_.on_session_end(end_, come_back_in_);
}

void AdminAgent::on_disconnected(Instant now) {
  if (state_ == State::idle) return;
  connected_ = false;
  wants_close_ = false;
  deadline_ = Instant::never();
  out_.clear();
  out_sent_ = 0;
  body_.clear();
  parser_.reset();
  if (state_ == State::closing) return report();
  state_ = State::wanting;
  if (reconnect_at_ != Instant::never()) {
    connect_at_ = reconnect_at_;
    reconnect_at_ = Instant::never();
  } else {
    on_broken(now);
  }
}

void AdminAgent::on_broken(Instant now) {
  ++counts_.broken;
  resume_ = true;
  if (!profile_.keeps_response) record_ = {};
  if (++failures_in_a_row_ > parameters_.tries) {
    end(server_refused_ ? AgentEnd::refused : AgentEnd::gave_up);
    return report();
  }
  connect_at_ = now + parameters_.pause;
}

void AdminAgent::on_timeout(Instant now) {
  if (now < deadline_) return;
  deadline_ = Instant::never();
  if (state_ == State::asking) wants_close_ = true;
}

Instant AdminAgent::poll_timeout() const {
  return connected_ ? deadline_ : connect_at();
}

void AdminAgent::transmitted(size_t octets) {
  SIMURGH_CHECK(octets <= out_.size() - out_sent_);
  out_sent_ += octets;
  if (out_sent_ < out_.size()) return;
  out_.clear();
  out_sent_ = 0;
}

}  // namespace simurgh::remote_admin
