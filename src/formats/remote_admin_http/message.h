// Requests and responses of remote administration over HTTP (GlobalPlatform Amendment B, "Remote
// Application Management over HTTP"; RFM by ETSI TS 102 226), as values: HTTP heads <-> structs.
//
// Not the conversation (conversations/remote_admin) and not the scripts in the bodies
// (formats/remote_management). Strict: a field that says one thing must say it once, values are
// those of the specification, nothing that http1 refuses gets here. Unknown fields are ignored.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "formats/http1/message.h"

namespace simurgh::remote_admin_http {

constexpr std::string_view protocol = "globalplatform-remote-admin/1.0";

constexpr size_t uri_octets_max = 255;
constexpr size_t host_octets_max = 255;
constexpr size_t agent_id_octets_max = 128;
constexpr size_t aid_octets_max = 16;
constexpr Duration retry_after_max = days(7);

// What a body is, and so what executes it.
enum class ScriptKind : uint8_t {
  card_content,  // RAM: application/vnd.globalplatform.card-content-mgt
  file,          // RFM: application/vnd.etsi.scp.command-data
};

// X-Admin-Script-Status.
enum class ScriptStatus : uint8_t {
  ok,
  unknown_application,
  not_a_security_domain,
  security_error,
  // As agents of 1.1.1 have it:
  unavailable_se,
  temporarily_unavailable_application,
  script_format_error,
};
std::string_view name_of(ScriptStatus status);

// How a body travels.
struct BodyForm {
  bool chunked = false;
  size_t chunk_octets = 0;  // 0: in one piece
  friend bool operator==(const BodyForm&, const BodyForm&) = default;
};

// A POST of a card.
struct AdminRequest {
  std::string target;  // of the session's parameters, or the last Next-URI
  std::string host;
  std::string agent_id;                       // X-Admin-From; may be empty
  bool resume = false;                        // X-Admin-Resume: the session broke
  std::optional<ScriptStatus> script_status;  // with every response of a script
  std::optional<ScriptKind> kind;             // of the body, when there is one
};

// bad_value, unsupported (another protocol version, another method), too_large (a limit above),
// not_found (no X-Admin-Protocol). status_of says how to refuse.
Result<AdminRequest> read_request(const http1::RequestHead& head);
// 405, 415 or 400.
uint16_t status_of(const Error& error, const http1::RequestHead& head);
// Head and body. `kind` is there exactly when the body is not empty.
Result<void> append_request(const AdminRequest& request, ByteView body, const BodyForm& form,
                            std::string& out);

// A server's answer: 200 with a script, 204, or a refusal without a body.
struct AdminResponse {
  uint16_t status = 204;
  std::string next_uri;                 // X-Admin-Next-URI; empty: this is the end
  std::string targeted_application;     // X-Admin-Targeted-Application, as written by target_of
  std::optional<ScriptKind> kind;       // of the script; with 200 only
  std::optional<Duration> retry_after;  // whole seconds: when to come back
  bool keep_alive = true;
};

// bad_value, too_large, not_found (no X-Admin-Protocol in a 200 or 204). Of a status other than 200
// and 204 only status and retry_after are read.
Result<AdminResponse> read_response(const http1::ResponseHead& head);
// Head and script. The script is not empty exactly when the status is 200.
Result<void> append_response(const AdminResponse& response, ByteView script, const BodyForm& form,
                             std::string& out);

// "//aid/A000000151/000000": an application by its AID of 5…16 octets, and back.
std::string target_of(ByteView aid);
Result<ByteString<aid_octets_max>> parse_target(std::string_view text);

}  // namespace simurgh::remote_admin_http
