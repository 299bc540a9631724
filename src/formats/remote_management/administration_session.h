// What tells a card to open an administration session over HTTP: the trigger, which reaches it as
// the data of a secured packet, and the parameters that a security domain keeps for it
// (GlobalPlatform Amendment B, "Remote Application Management over HTTP").
//
//   81 L  83 L  [84 L connection]  [85 L security]  [A5 L extended security]  [86 L retry policy]
//               [89 L  [8A host] [8B agent identifier] [8C URI]]
//         [B3 L  [D6 server name] [FA connection]]
//
// Whatever is left away is taken from what the security domain keeps. Plain structs over views; no
// heap. Not the session itself: that is conversations/remote_admin.
#pragma once

#include <optional>

#include "formats/toolkit/data_objects.h"

namespace simurgh::remote_management {

constexpr size_t psk_identity_octets_max = 128;
constexpr size_t host_octets_max = 255;
constexpr size_t agent_id_octets_max = 128;
constexpr size_t uri_octets_max = 255;

// 84: objects of OPEN CHANNEL (TS 102 223 6.4.27), with or without their comprehension bit.
struct ConnectionParameters {
  std::optional<toolkit::BearerDescription> bearer = {};
  std::optional<uint16_t> buffer_octets = {};
  std::optional<toolkit::TransportLevel> transport = {};
  std::optional<toolkit::OtherAddress> address = {};
  ByteView access_point = {};  // 47, the name in label form
  ByteView login = {};         // the first 0D, a text string with its coding octet
  ByteView password = {};      // the second
};

// 85: which key opens the session.
struct SecurityParameters {
  ByteView psk_identity = {};
  uint8_t key_version = 0x40;  // 40…4F are keys of SCP81
  uint8_t key_id = 1;
  std::optional<uint8_t> hash = {};  // as cards with a choice have it
};

// 86: how often, and after which pause, a session that broke is tried again.
struct RetryPolicy {
  uint16_t tries = 0;
  toolkit::TimerValue pause = {};
  ByteView failure_report = {};  // 87: where to tell that it was given up
};

// 89.
struct HttpParameters {
  ByteView host = {};      // 8A, the Host field
  ByteView agent_id = {};  // 8B, X-Admin-From
  ByteView uri = {};       // 8C, of the first POST
};

// 83; also what GET DATA 0085 answers, without its outer object.
struct SessionParameters {
  std::optional<ConnectionParameters> connection = {};
  std::optional<SecurityParameters> security = {};
  ByteView extended_security = {};  // A5
  std::optional<RetryPolicy> retry = {};
  std::optional<HttpParameters> http = {};
};

// B3: how the server's address is found.
struct NameResolution {
  ByteView server_name = {};                            // D6
  std::optional<ConnectionParameters> connection = {};  // FA: to the name server
};

struct SessionTrigger {
  SessionParameters session = {};
  std::optional<NameResolution> name_resolution = {};
};

// truncated, bad_length, bad_value (an object where it does not belong, or twice), trailing_bytes,
// too_large. Objects that are not known are skipped, as a card of a later release may send them.
Result<SessionTrigger> parse_session_trigger(ByteView bytes);
Result<ByteView> write_session_trigger(const SessionTrigger& trigger, MutableByteView out);

// The objects inside 83, one after the other.
Result<SessionParameters> parse_session_parameters(ByteView bytes);
Result<ByteView> write_session_parameters(const SessionParameters& parameters, MutableByteView out);

}  // namespace simurgh::remote_management
