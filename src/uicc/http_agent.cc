#include "uicc/http_agent.h"

#include <algorithm>

#include "uicc/nv_keys.h"
#include "uicc/remote.h"

namespace simurgh::uicc {

namespace rm = remote_management;
using remote_admin::AgentParameters;
using remote_admin::AgentRecord;
using remote_admin::ScriptOutcome;
using toolkit::Facility;

namespace {

// What fits a SEND DATA command beside its other objects.
constexpr size_t send_octets_max = 230;
constexpr uint8_t receive_octets_all = 0xff;
constexpr uint32_t wait_s_min = 1;
constexpr Duration handshake_wait = seconds(90);

remote_admin::CardProfile own_profile() {
  remote_admin::CardProfile profile;
  profile.script_octets_max = 8192;
  profile.response_octets_max = http_response_octets_max;
  return profile;
}

std::string string_of(ByteView bytes) {
  return std::string(text_of(bytes));
}

// What a trigger leaves away comes from what is stored.
template <typename T>
void prefer(std::optional<T>& out, const std::optional<T>& stored) {
  if (!out.has_value()) out = stored;
}

}  // namespace

struct HttpAgent::Session {
  Session(HttpAgent& agent, std::vector<uint8_t> bytes)
      : parameter_bytes(std::move(bytes)),
        machine(own_profile(), remote_admin::AgentLimits{}, agent, agent) {}
  std::vector<uint8_t> parameter_bytes;  // the parameters are views of it
  rm::SessionParameters parameters;
  remote_admin::AdminAgent machine;
  Link link = Link::none;
  uint8_t channel = 0;
  bool in_flight = false;   // a BIP command is with the terminal or in the queue
  bool data_waits = false;  // the terminal has said so
  Instant handshake_due = Instant::never();
  bool lost = false;           // the channel is gone; what was read before still counts
  bool notified = false;       // close_notify was written
  bool pending_epoch = false;  // the key offered is the pending epoch's
  uint32_t epoch = 0;
  std::unique_ptr<SecureChannel> tls;
  std::vector<uint8_t> cipher_out;
  std::optional<remote_admin::AgentEnd> end;
  Duration come_back_in{-1};
};

HttpAgent::HttpAgent(const Parts& parts) : parts_(parts) {}
HttpAgent::~HttpAgent() = default;

bool HttpAgent::able() const {
  const toolkit::TerminalProfile& profile = parts_.queue.profile();
  return parts_.secure_channels != nullptr && profile.has(Facility::open_channel) &&
         profile.has(Facility::send_data) && profile.has(Facility::receive_data) &&
         profile.has(Facility::close_channel) && profile.has(Facility::event_data_available) &&
         profile.has(Facility::event_channel_status);
}

const remote_admin::AgentCounts* HttpAgent::counts() const {
  return session_ == nullptr ? nullptr : &session_->machine.counts();
}

Result<void> HttpAgent::on_profile() {
  if (under_way()) {
    session_.reset();
    TRY(parts_.host.on_session(false));
  }
  alarm_s_ = 0;
  clock_asked_ = false;
  if (!able()) return {};
  TRY(resume());
  if (session_ == nullptr) ask_clock();
  return pump();
}

// --- beginning ---------------------------------------------------------------------------------

Result<void> HttpAgent::on_trigger(const rm::SessionTrigger& trigger) {
  if (!able() || under_way()) return {};
  TRY(begin(trigger.session, true));
  return pump();
}

Result<bool> HttpAgent::begin_stored() {
  if (!able() || under_way()) return false;
  const bool begun = TRY(begin({}, true));
  TRY(pump());
  return begun;
}

// False: the parameters, with those that are stored, do not say where to go.
Result<bool> HttpAgent::begin(const rm::SessionParameters& given, bool keep) {
  uint8_t file[administration_octets];
  const ByteView stored_bytes = TRY(parts_.files.read(content_of(Known::administration), 0, file));
  const size_t stored_size = std::min<size_t>(stored_bytes[0], stored_bytes.size() - 1);
  const auto stored = rm::parse_session_parameters(stored_bytes.subspan(1, stored_size));
  rm::SessionParameters parameters = given;
  if (stored.has_value()) {
    prefer(parameters.connection, stored->connection);
    prefer(parameters.security, stored->security);
    prefer(parameters.retry, stored->retry);
    prefer(parameters.http, stored->http);
  }
  if (!parameters.connection.has_value() || !parameters.http.has_value()) return false;
  const rm::ConnectionParameters& connection = *parameters.connection;
  if (!connection.transport.has_value() || !connection.address.has_value() ||
      connection.address->type == 0) {
    return false;
  }
  ByteArray<NvStore::record_octets_max> room;
  const auto written = rm::write_session_parameters(parameters, room);
  if (!written.has_value()) return false;
  auto session =
      std::make_unique<Session>(*this, std::vector<uint8_t>(written->begin(), written->end()));
  session->parameters = TRY(rm::parse_session_parameters(session->parameter_bytes));
  AgentParameters http;
  http.host = string_of(parameters.http->host);
  http.agent_id = string_of(parameters.http->agent_id);
  if (!parameters.http->uri.empty()) http.uri = string_of(parameters.http->uri);
  http.tries = tries_default;
  if (parameters.retry.has_value()) {
    http.tries = std::min(parameters.retry->tries, AgentParameters::tries_limit);
    http.pause = seconds(parameters.retry->pause.total_seconds());
  }
  session_ = std::move(session);
  if (!session_->machine.begin(http, now()).has_value()) {
    session_.reset();
    return false;
  }
  if (keep) {
    NvTransaction transaction;
    std::vector<uint8_t> record = {0};
    record.insert(record.end(), session_->parameter_bytes.begin(), session_->parameter_bytes.end());
    if (record.size() <= NvStore::record_octets_max) {
      transaction.put(nv_key::agent_session, record);
      TRY(parts_.store.commit(transaction));
    }
  }
  TRY(parts_.host.on_session(true));
  // When it is over the time of it is written down; the last look may be hours old.
  push_clock_question();
  return true;
}

// After a loss of power: the session that was under way, so often.
Result<void> HttpAgent::resume() {
  ByteArray<NvStore::record_octets_max> room;
  const auto record = parts_.store.read(nv_key::agent_session, room);
  if (!record.has_value()) {
    return record.error().code == ErrorCode::not_found ? Result<void>() : record.error();
  }
  const auto parameters = record->empty() ? Result<rm::SessionParameters>(ErrorCode::truncated)
                                          : rm::parse_session_parameters(record->subspan(1));
  NvTransaction transaction;
  const bool again = parameters.has_value() && (*record)[0] < resumptions_max;
  if (again) {
    room[0] = static_cast<uint8_t>(room[0] + 1);
    transaction.put(nv_key::agent_session, *record);
  } else {
    transaction.erase(nv_key::agent_session);
  }
  TRY(parts_.store.commit(transaction));
  if (again) TRY(begin(*parameters, false));
  return {};
}

// --- the loop ----------------------------------------------------------------------------------

// Does everything that can be done without the terminal's next word.
Result<void> HttpAgent::pump() {
  while (session_ != nullptr && step()) {
    TRY(fault_);
  }
  TRY(fault_);
  if (session_ != nullptr && session_->end.has_value() && session_->link == Link::none &&
      !session_->in_flight) {
    TRY(finish_session());
  }
  if (session_ != nullptr) set_alarm();
  return {};
}

bool HttpAgent::step() {
  Session& session = *session_;
  if (session.in_flight) return false;
  switch (session.link) {
    case Link::none:
      if (session.machine.connect_at() > now() || session.end.has_value()) return false;
      open_channel();
      return true;
    case Link::opening:
    case Link::closing: return false;
    case Link::shaking:
    case Link::up: break;
  }
  if (!session.cipher_out.empty() && !session.lost) {
    send_cipher();
    return true;
  }
  if (session.data_waits) {
    receive();
    return true;
  }
  if (session.lost) {
    lose_link();
    return true;
  }
  if (session.link != Link::up) return false;
  const ByteView plain = session.machine.poll_transmit();
  if (!plain.empty()) {
    const size_t size = std::min<size_t>(plain.size(), 4096);
    const auto written = session.tls->write(plain.first(size));
    session.machine.transmitted(size);
    if (!written.has_value()) session.lost = true;
    return true;
  }
  if (session.machine.wants_close() || session.end.has_value()) {
    if (!session.notified) {
      session.notified = true;
      session.tls->close();
      return true;
    }
    close_link();
    return true;
  }
  return false;
}

void HttpAgent::open_channel() {
  Session& session = *session_;
  const rm::ConnectionParameters& connection = *session.parameters.connection;
  toolkit::OpenChannel command;
  command.bearer = connection.bearer.value_or(toolkit::BearerDescription{});
  command.buffer_octets = connection.buffer_octets.value_or(buffer_octets_default);
  command.network_access_name = connection.access_point;
  command.transport = connection.transport;
  command.destination = connection.address;
  const auto text_of_object = [](ByteView object) {
    return toolkit::Text{object[0], object.subspan(1)};
  };
  if (!connection.login.empty()) command.user_login = text_of_object(connection.login);
  if (!connection.login.empty() && !connection.password.empty()) {
    command.user_password = text_of_object(connection.password);
  }
  session.link = Link::opening;
  session.in_flight = parts_.queue.push(command, Purpose::agent_open);
  if (!session.in_flight) forget_link();  // a full queue: as a terminal that cannot
}

// The channel is open: the client's hello. Under the pending epoch, when there is one and the last
// try was under the active one: the server may have moved on already.
Result<void> HttpAgent::start_tls() {
  Session& session = *session_;
  personalisation::ChipRecord record;
  TRY(parts_.record_store.load(record));
  const bool pending = record.pending.has_value() && !session.pending_epoch;
  session.pending_epoch = pending;
  const personalisation::Epoch& epoch = pending ? *record.pending : record.active;
  session.epoch = epoch.number;
  const auto identity = personalisation::derive_psk_identity(epoch.secret);
  const auto key = personalisation::derive_psk(epoch.secret);
  session.link = Link::shaking;
  session.handshake_due = now() + handshake_wait;
  session.notified = session.lost = session.data_waits = false;
  session.tls = parts_.secure_channels->connect(identity, key.view(), *this);
  if (session.tls == nullptr || !session.tls->start().has_value()) session.lost = true;
  return {};
}

void HttpAgent::on_cipher(ByteView cipher) {
  std::vector<uint8_t>& out = session_->cipher_out;
  if (out.size() + cipher.size() > cipher_octets_max) {
    session_->lost = true;
    return;
  }
  out.insert(out.end(), cipher.begin(), cipher.end());
}

void HttpAgent::send_cipher() {
  Session& session = *session_;
  const size_t size = std::min(session.cipher_out.size(), send_octets_max);
  toolkit::SendData command;
  command.channel = session.channel;
  command.data = ByteView(session.cipher_out).first(size);
  session.in_flight = parts_.queue.push(command, Purpose::agent_send);
  if (session.in_flight) {
    session.cipher_out.erase(session.cipher_out.begin(),
                             session.cipher_out.begin() + static_cast<ptrdiff_t>(size));
  } else {
    session.lost = true;
  }
}

void HttpAgent::receive() {
  Session& session = *session_;
  session.data_waits = false;
  session.in_flight = parts_.queue.push(toolkit::ReceiveData{session.channel, receive_octets_all},
                                        Purpose::agent_receive);
  if (!session.in_flight) session.lost = true;
}

Result<void> HttpAgent::take_cipher(ByteView cipher) {
  Session& session = *session_;
  const bool was_up = session.tls->established();
  std::vector<uint8_t> plain;
  const auto taken = session.tls->on_bytes(cipher, plain);
  if (!was_up && session.tls->established()) {
    session.link = Link::up;
    session.handshake_due = Instant::never();
    if (session.pending_epoch) TRY(parts_.host.on_epoch_proved(session.epoch));
    session.machine.on_connected(now());
  }
  if (!plain.empty() && session.link == Link::up) session.machine.on_bytes(plain, now());
  if (!taken.has_value()) session.lost = true;
  return fault_;
}

// The channel is gone, or of no more use.
void HttpAgent::lose_link() {
  close_link();
}

void HttpAgent::close_link() {
  Session& session = *session_;
  session.link = Link::closing;
  session.cipher_out.clear();
  session.in_flight =
      parts_.queue.push(toolkit::CloseChannel{session.channel, 0, {}}, Purpose::agent_close);
  if (!session.in_flight) forget_link();
}

void HttpAgent::forget_link() {
  Session& session = *session_;
  session.link = Link::none;
  session.handshake_due = Instant::never();
  session.channel = 0;
  session.lost = session.data_waits = session.notified = false;
  session.tls.reset();
  session.cipher_out.clear();
  session.machine.on_disconnected(now());
}

// What the session waits for beside the terminal's answers, which come by themselves.
Instant HttpAgent::session_due() const {
  switch (session_->link) {
    case Link::none:
    case Link::up: return session_->machine.poll_timeout();
    case Link::shaking: return session_->handshake_due;
    case Link::opening:
    case Link::closing: break;
  }
  return Instant::never();
}

void HttpAgent::set_alarm() {
  const Instant due = session_due();
  if (due == Instant::never()) return;
  const int64_t ms = std::max<int64_t>((due - now()).ms, 0);
  auto wait_s = static_cast<uint32_t>(std::min<int64_t>((ms + 999) / 1000, Alarms::wait_s_max));
  wait_s = std::max(wait_s, wait_s_min);
  // One that goes off earlier does: each setting is a command to the terminal.
  if (parts_.alarms.is_set(Alarm::administration) && alarm_s_ <= wait_s) return;
  alarm_s_ = wait_s;
  parts_.alarms.set(Alarm::administration, wait_s);
}

void HttpAgent::on_files_changed() {
  if (!under_way()) ask_clock();
}

// --- what the terminal says --------------------------------------------------------------------

Result<void> HttpAgent::on_response(const ProactiveQueue::Finished& finished) {
  const toolkit::TerminalResponse& response = finished.response;
  if (finished.purpose == Purpose::agent_clock) return on_clock(response);
  if (session_ == nullptr) return {};
  Session& session = *session_;
  const bool done = toolkit::class_of(response.result) == toolkit::ResultClass::performed;
  switch (finished.purpose) {
    case Purpose::agent_open:
      session.in_flight = false;
      if (session.link != Link::opening) break;
      if (done && response.channel_count > 0 && response.channels[0].channel != 0) {
        session.channel = response.channels[0].channel;
        TRY(start_tls());
      } else {
        forget_link();
      }
      break;
    case Purpose::agent_send:
      session.in_flight = false;
      if (!done) session.lost = true;
      break;
    case Purpose::agent_receive:
      session.in_flight = false;
      if (!done) session.lost = true;
      if (done && response.channel_data.has_value() && session.tls != nullptr) {
        session.data_waits = response.channel_data_length.value_or(0) > 0;
        TRY(take_cipher(*response.channel_data));
      }
      break;
    case Purpose::agent_close:
      session.in_flight = false;
      forget_link();  // whatever the terminal said: the channel is not ours any more
      break;
    default: return {};
  }
  return pump();
}

Result<void> HttpAgent::on_data_available(const toolkit::DataAvailableEvent& event) {
  if (session_ == nullptr || event.channel.channel != session_->channel) return {};
  session_->data_waits = true;
  return pump();
}

Result<void> HttpAgent::on_channel_status(const toolkit::ChannelStatusEvent& event) {
  if (session_ == nullptr || event.channel.channel != session_->channel) return {};
  if (event.channel.state != toolkit::ChannelState::established) session_->lost = true;
  return pump();
}

Result<void> HttpAgent::on_alarm() {
  counted_s_ += alarm_s_;
  alarm_s_ = 0;
  if (session_ == nullptr) {
    ask_clock();
    return {};
  }
  if (session_->handshake_due <= now()) session_->lost = true;
  session_->machine.on_timeout(now());
  return pump();
}

// --- the end of a session ----------------------------------------------------------------------

void HttpAgent::on_session_end(remote_admin::AgentEnd end, Duration come_back_in) {
  session_->end = end;
  session_->come_back_in = come_back_in;
}

Result<void> HttpAgent::finish_session() {
  const Duration come_back_in = session_->come_back_in;
  session_.reset();
  alarm_s_ = 0;
  parts_.alarms.stop(Alarm::administration);
  NvTransaction transaction;
  transaction.erase(nv_key::agent_session);
  TRY(parts_.store.commit(transaction));
  polled_s_ = counted_s_;
  auto poll = schedule();
  if (!poll.has_value() && poll.error().code == ErrorCode::closed) return poll.error();
  if (poll.has_value() && poll->enabled && clock_s_.has_value()) {
    const uint64_t now_s = *clock_s_ + (counted_s_ - clock_at_s_);
    PollSchedule changed = *poll;
    changed.last_at = now_s;
    if (changed.next_at <= now_s) changed.next_at = 0;  // it was for this session
    if (come_back_in.ms >= 0) {
      changed.next_at = now_s + static_cast<uint64_t>(come_back_in.ms / 1000);
    }
    TRY(store_schedule(changed));
  }
  TRY(parts_.host.on_session(false));
  ask_clock();
  return {};
}

}  // namespace simurgh::uicc
