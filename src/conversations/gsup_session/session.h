// One GSUP connection over IPA, in its two halves: the server (an HLR) asks who the peer is, the
// client (MSC/VLR, SGSN, SMSC) says it; then messages flow both ways, with pings between. No I/O.
//
//   server: ID_GET →            ← ID_RESP (serial number = name)        named: messages
//   client:        ← ID_GET     ID_RESP →  messages at once: osmo-hlr never sends ID_ACK
//
// Names are what the peer says. Whether it may is for PeerPolicy and for what carries the
// connection (loopback, or TLS that knows the peer): threats 17.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "formats/gsup/ipa.h"
#include "formats/gsup/message.h"

namespace simurgh::gsup_session {

struct SessionOptions {
  size_t frame_octets_max = gsup::message_octets_max + 1;  // payload of one IPA frame
  size_t transmit_octets_max = 1 << 20;  // a peer that does not read is cut off above it
  Duration identity_wait = seconds(10);
  Duration ping_idle = seconds(30);  // silence before a ping
  Duration pong_wait = seconds(10);
};

// How a client names itself.
struct ClientIdentity {
  std::string name;  // serial number and unit name; osmo-hlr routes by it
  std::string unit_id = "0/0/0";
  std::string mac_address = "00:00:00:00:00:00";
  std::string software_version = "simurgh";
};

// Who moves a session's bytes: told whenever there is output outside of on_bytes and on_timeout,
// so that it polls the session at the end of the batch; must not call back at once.
class Outlet {
 public:
  virtual void on_output() = 0;

 protected:
  ~Outlet() = default;
};

class Session;

class SessionHandler {
 public:
  // The identity exchange is done. At a server `name` is the peer's (serial number, or else unit
  // name, at most gsup::peer_name_octets_max octets), and returning false ends the session. At a
  // client it is its own.
  virtual bool on_named(Session& session, std::string_view name) = 0;
  // A message after that. `raw` is its bytes without the IPA header; views are valid during the
  // call.
  virtual void on_message(Session& session, const gsup::Message& message, ByteView raw) = 0;
  // A frame that holds no GSUP message that parses; the session goes on, as osmo-hlr's does.
  virtual void on_malformed(Session&, ByteView, const Error&) {}

 protected:
  ~SessionHandler() = default;
};

struct SessionCounts {
  uint64_t received = 0;
  uint64_t sent = 0;
  uint64_t malformed = 0;
  uint64_t ignored = 0;  // other protocols, messages before the name
};

class Session {
 public:
  // The connection is there. The handler outlives the session.
  static Session server(const SessionOptions& options, SessionHandler& handler, Instant now);
  static Session client(const SessionOptions& options, const ClientIdentity& identity,
                        SessionHandler& handler, Instant now);

  void on_bytes(ByteView bytes, Instant now);
  void on_timeout(Instant now);
  Instant poll_timeout() const;
  ByteView poll_transmit() const { return ByteView(transmit_).subspan(sent_); }
  void transmitted(size_t octets);
  // Over: send what poll_transmit() has, then disconnect.
  bool wants_close() const { return wants_close_; }
  void set_outlet(Outlet* outlet) { outlet_ = outlet; }  // may be null
  ErrorCode reason() const { return reason_; }           // why it wants to close

  // bad_state before the name is known or when closing, no_space when the message is longer than
  // gsup::message_octets_max, busy when the peer does not read (the session then ends).
  Result<void> send(const gsup::Message& message);
  // The same, with the bytes of a message (without IPA header) made before.
  Result<void> send_raw(ByteView message);

  bool named() const { return named_; }
  const std::string& name() const { return name_; }
  const SessionCounts& counts() const { return counts_; }

 private:
  Session(const SessionOptions& options, bool server, SessionHandler& handler, Instant now);
  void take_frame(const gsup::IpaFrame& frame);
  void take_ccm(ByteView payload);
  void take_identity(const gsup::Ccm& ccm);
  void answer_identity(const gsup::Ccm& ccm);
  void put(gsup::IpaProtocol protocol, ByteView payload);
  void end(ErrorCode reason);

  SessionOptions options_;
  SessionHandler* handler_;
  bool server_;
  bool named_ = false;
  bool wants_close_ = false;
  ErrorCode reason_ = ErrorCode::closed;
  ClientIdentity identity_;
  std::string name_;
  std::vector<uint8_t> received_;  // the beginning of a frame
  std::vector<uint8_t> transmit_;
  size_t sent_ = 0;
  Outlet* outlet_ = nullptr;
  Instant identity_deadline_;
  Instant heard_at_;
  Instant pong_deadline_ = Instant::never();
  SessionCounts counts_;
};

}  // namespace simurgh::gsup_session
