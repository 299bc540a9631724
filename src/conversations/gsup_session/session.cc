#include "conversations/gsup_session/session.h"

#include <algorithm>

namespace simurgh::gsup_session {
namespace {

// Our own CCM frames: an identity request or answer.
constexpr size_t ccm_octets_max = 1024;

// As osmo-hlr asks, in its order.
constexpr gsup::IdentityTag wanted_tags[] = {
    gsup::IdentityTag::unit_id,           gsup::IdentityTag::mac_address,
    gsup::IdentityTag::location,          gsup::IdentityTag::type,
    gsup::IdentityTag::equipment_version, gsup::IdentityTag::software_version,
    gsup::IdentityTag::unit_name,         gsup::IdentityTag::serial_number,
};

}  // namespace

Session::Session(const SessionOptions& options, bool server, SessionHandler& handler, Instant now)
    : options_(options),
      handler_(&handler),
      server_(server),
      identity_deadline_(now + options.identity_wait),
      heard_at_(now) {}

Session Session::server(const SessionOptions& options, SessionHandler& handler, Instant now) {
  Session session(options, true, handler, now);
  gsup::Ccm ccm{.type = gsup::CcmType::id_get, .wanted = {}, .identity = {}};
  for (const gsup::IdentityTag tag : wanted_tags) ccm.wanted.push_back(tag);
  uint8_t payload[ccm_octets_max];
  session.put(gsup::IpaProtocol::ccm, *gsup::write_ccm(ccm, payload));
  return session;
}

Session Session::client(const SessionOptions& options, const ClientIdentity& identity,
                        SessionHandler& handler, Instant now) {
  SIMURGH_CHECK(!identity.name.empty() && identity.name.size() <= gsup::peer_name_octets_max);
  Session session(options, false, handler, now);
  session.identity_ = identity;
  return session;
}

void Session::on_bytes(ByteView bytes, Instant now) {
  if (wants_close_) return;
  heard_at_ = now;
  pong_deadline_ = Instant::never();
  // What was kept is the beginning of a frame; whole frames after it are not copied.
  ByteView rest = bytes;
  if (!received_.empty()) {
    received_.insert(received_.end(), bytes.begin(), bytes.end());
    rest = received_;
  }
  while (!rest.empty() && !wants_close_) {
    const auto frame = gsup::parse_ipa_frame(rest, options_.frame_octets_max);
    if (!frame.has_value()) {
      if (frame.error().code != ErrorCode::truncated) end(frame.error().code);
      break;
    }
    take_frame(*frame);
    rest = rest.subspan(frame->octets);
  }
  std::vector<uint8_t> kept;
  if (!wants_close_) kept.assign(rest.begin(), rest.end());
  received_ = std::move(kept);
}

void Session::take_frame(const gsup::IpaFrame& frame) {
  if (frame.protocol == static_cast<uint8_t>(gsup::IpaProtocol::ccm)) {
    take_ccm(frame.payload);
    return;
  }
  const bool gsup = frame.protocol == static_cast<uint8_t>(gsup::IpaProtocol::osmo) &&
                    !frame.payload.empty() &&
                    frame.payload[0] == static_cast<uint8_t>(gsup::OsmoExtension::gsup);
  if (!gsup || !named_) {
    ++counts_.ignored;
    return;
  }
  const ByteView raw = frame.payload.subspan(1);
  const auto message = gsup::parse_message(raw);
  if (!message.has_value()) {
    ++counts_.malformed;
    handler_->on_malformed(*this, raw, message.error());
    return;
  }
  ++counts_.received;
  handler_->on_message(*this, *message, raw);
}

void Session::take_ccm(ByteView payload) {
  const auto ccm = gsup::parse_ccm(payload);
  if (!ccm.has_value()) {
    ++counts_.malformed;
    return;
  }
  switch (ccm->type) {
    case gsup::CcmType::ping: {
      const auto pong = static_cast<uint8_t>(gsup::CcmType::pong);
      put(gsup::IpaProtocol::ccm, {&pong, 1});
      return;
    }
    case gsup::CcmType::pong: return;
    case gsup::CcmType::id_get:
      if (!server_) answer_identity(*ccm);
      return;
    case gsup::CcmType::id_resp:
      if (server_) take_identity(*ccm);
      return;
    case gsup::CcmType::id_ack: return;  // some servers send it; nothing follows from it
  }
}

void Session::take_identity(const gsup::Ccm& ccm) {
  if (named_) return;  // a name is for the length of a connection
  auto name = gsup::find(ccm.identity, gsup::IdentityTag::serial_number);
  if (!name.has_value()) name = gsup::find(ccm.identity, gsup::IdentityTag::unit_name);
  if (!name.has_value() || name->size() > gsup::peer_name_octets_max) {
    end(ErrorCode::bad_value);
    return;
  }
  name_ = *name;
  named_ = true;
  identity_deadline_ = Instant::never();
  if (!handler_->on_named(*this, name_)) end(ErrorCode::not_allowed);
}

void Session::answer_identity(const gsup::Ccm& request) {
  gsup::Ccm answer{.type = gsup::CcmType::id_resp, .wanted = {}, .identity = {}};
  for (const gsup::IdentityTag tag : request.wanted) {
    std::string_view text;
    switch (tag) {
      case gsup::IdentityTag::serial_number:
      case gsup::IdentityTag::unit_name: text = identity_.name; break;
      case gsup::IdentityTag::unit_id: text = identity_.unit_id; break;
      case gsup::IdentityTag::mac_address: text = identity_.mac_address; break;
      case gsup::IdentityTag::software_version: text = identity_.software_version; break;
      default: text = "-"; break;
    }
    answer.identity.push_back({tag, text});
  }
  uint8_t payload[ccm_octets_max * 4];
  const auto written = gsup::write_ccm(answer, payload);
  if (!written.has_value()) {
    end(written.error().code);
    return;
  }
  put(gsup::IpaProtocol::ccm, *written);
  if (named_) return;
  named_ = true;
  name_ = identity_.name;
  identity_deadline_ = Instant::never();
  if (!handler_->on_named(*this, name_)) end(ErrorCode::not_allowed);
}

void Session::on_timeout(Instant now) {
  if (wants_close_) return;
  if (identity_deadline_ <= now || pong_deadline_ <= now) {
    end(ErrorCode::timed_out);
  } else if (named_ && pong_deadline_ == Instant::never() &&
             heard_at_ + options_.ping_idle <= now) {
    const auto ping = static_cast<uint8_t>(gsup::CcmType::ping);
    put(gsup::IpaProtocol::ccm, {&ping, 1});
    pong_deadline_ = now + options_.pong_wait;
  }
}

Instant Session::poll_timeout() const {
  if (wants_close_) return Instant::never();
  if (!named_) return identity_deadline_;
  return pong_deadline_ != Instant::never() ? pong_deadline_ : heard_at_ + options_.ping_idle;
}

void Session::transmitted(size_t octets) {
  SIMURGH_CHECK(octets <= transmit_.size() - sent_);
  sent_ += octets;
  if (sent_ == transmit_.size()) {
    transmit_.clear();
    sent_ = 0;
  }
}

Result<void> Session::send(const gsup::Message& message) {
  uint8_t bytes[gsup::message_octets_max];
  return send_raw(TRY(gsup::write_message(message, bytes)));
}

Result<void> Session::send_raw(ByteView message) {
  if (!named_ || wants_close_) return ErrorCode::bad_state;
  if (message.size() > gsup::message_octets_max) return ErrorCode::no_space;
  if (transmit_.size() - sent_ > options_.transmit_octets_max) {
    end(ErrorCode::busy);
    return ErrorCode::busy;
  }
  constexpr size_t around_octets = gsup::ipa_header_octets + 1;
  const size_t before = transmit_.size();
  transmit_.resize(before + around_octets + message.size());
  const auto written = gsup::write_osmo_frame(gsup::OsmoExtension::gsup, message,
                                              MutableByteView(transmit_).subspan(before));
  SIMURGH_CHECK(written.has_value() && written->size() == around_octets + message.size());
  ++counts_.sent;
  if (outlet_ != nullptr) outlet_->on_output();
  return {};
}

// Our own frames; a peer that asks and asks and does not read is cut off.
void Session::put(gsup::IpaProtocol protocol, ByteView payload) {
  if (transmit_.size() - sent_ > options_.transmit_octets_max) {
    end(ErrorCode::busy);
    return;
  }
  const size_t before = transmit_.size();
  transmit_.resize(before + gsup::ipa_header_octets + payload.size());
  const auto written =
      gsup::write_ipa_frame(protocol, payload, MutableByteView(transmit_).subspan(before));
  SIMURGH_CHECK(written.has_value());
}

void Session::end(ErrorCode reason) {
  if (wants_close_) return;
  wants_close_ = true;
  reason_ = reason;
  if (outlet_ != nullptr) outlet_->on_output();
}

}  // namespace simurgh::gsup_session
