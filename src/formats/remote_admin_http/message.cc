#include "formats/remote_admin_http/message.h"

#include <algorithm>

#include "base/hex.h"

namespace simurgh::remote_admin_http {

namespace {

constexpr std::string_view field_protocol = "X-Admin-Protocol";
constexpr std::string_view field_from = "X-Admin-From";
constexpr std::string_view field_resume = "X-Admin-Resume";
constexpr std::string_view field_script_status = "X-Admin-Script-Status";
constexpr std::string_view field_next_uri = "X-Admin-Next-URI";
constexpr std::string_view field_target = "X-Admin-Targeted-Application";
constexpr std::string_view field_content_type = "Content-Type";
constexpr std::string_view field_retry_after = "Retry-After";

constexpr std::string_view target_prefix = "//aid/";
constexpr size_t rid_octets = 5;
constexpr uint16_t ok = 200;
constexpr uint16_t no_content = 204;

constexpr std::string_view status_names[] = {
    "ok",
    "unknown-application",
    "not-a-security-domain",
    "security-error",
    "unavailable-se",
    "temporarily-unavailable-application",
    "script-format-error",
};

// The media type of a script and of its response. All are version 1.0.
struct ContentRow {
  ScriptKind kind;
  std::string_view script;
  std::string_view response;
};
constexpr ContentRow contents[] = {
    {ScriptKind::card_content, "application/vnd.globalplatform.card-content-mgt",
     "application/vnd.globalplatform.card-content-mgt-response"},
    {ScriptKind::file, "application/vnd.etsi.scp.command-data",
     "application/vnd.etsi.scp.response-data"},
};
constexpr std::string_view version_parameter = "version=1.0";

// "type;version=1.0", with white space where RFC 9110 8.3.1 allows it; the parameter may be left
// out, as one card does.
bool is_media_type(std::string_view text, std::string_view type) {
  const size_t semicolon = text.find(';');
  std::string_view name = text.substr(0, semicolon);
  while (name.ends_with(' ')) name.remove_suffix(1);
  if (!http1::equal_without_case(name, type)) return false;
  if (semicolon == std::string_view::npos) return true;
  std::string_view parameter = text.substr(semicolon + 1);
  while (parameter.starts_with(' ')) parameter.remove_prefix(1);
  return http1::equal_without_case(parameter, version_parameter);
}

Result<ScriptKind> kind_of(std::string_view text, std::string_view ContentRow::* type) {
  for (const ContentRow& row : contents) {
    if (is_media_type(text, row.*type)) return row.kind;
  }
  return ErrorCode::unsupported;
}

std::string media_type(ScriptKind kind, std::string_view ContentRow::* type) {
  for (const ContentRow& row : contents) {
    if (row.kind == kind) return std::string(row.*type) + ";" + std::string(version_parameter);
  }
  return {};
}

// The value of a field that may be there once; empty when it is not.
Result<std::string_view> single(const http1::Fields& fields, std::string_view name,
                                size_t octets_max) {
  if (fields.count(name) > 1) return ErrorCode::bad_value;
  const std::string_view value = fields.text(name);
  if (value.size() > octets_max) return ErrorCode::too_large;
  return value;
}

// Any 1.x: later minor versions of the protocol add values, not meanings.
Result<void> check_protocol(const http1::Fields& fields) {
  constexpr std::string_view family = "globalplatform-remote-admin/1.";
  constexpr size_t octets_max = family.size() + 8;
  const std::string_view value = TRY(single(fields, field_protocol, octets_max));
  if (value.empty()) return ErrorCode::not_found;
  if (!value.starts_with(family) || value.size() == family.size()) return ErrorCode::unsupported;
  for (const char c : value.substr(family.size())) {
    if (c != '.' && (c < '0' || c > '9')) return ErrorCode::unsupported;
  }
  return {};
}

// A relative reference as http1 takes it for a target: no host of its own, no fragment.
Result<std::string> read_uri(const http1::Fields& fields) {
  const std::string_view uri = TRY(single(fields, field_next_uri, uri_octets_max));
  if (!uri.empty() && (uri == "*" || uri.starts_with("//") || !http1::is_target(uri))) {
    return ErrorCode::bad_value;
  }
  return std::string(uri);
}

Result<std::optional<Duration>> read_retry_after(const http1::Fields& fields) {
  constexpr size_t digits_max = 9;
  const std::string_view text = fields.text(field_retry_after);
  // A date (RFC 9110 10.2.3) is of no use to a card, which has no clock; it is as if nothing stood
  // there.
  if (text.empty() || text.size() > digits_max || fields.count(field_retry_after) > 1) {
    return std::optional<Duration>();
  }
  int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::optional<Duration>();
    value = value * 10 + (c - '0');
  }
  return std::optional<Duration>(std::min(seconds(value), retry_after_max));
}

bool has_body(http1::Framing framing, uint64_t content_length) {
  return framing == http1::Framing::chunked || framing == http1::Framing::until_close ||
         (framing == http1::Framing::length && content_length > 0);
}

void append_body(ByteView body, const BodyForm& form, std::string& out) {
  if (!form.chunked) {
    out.append(text_of(body));
    return;
  }
  const size_t piece = form.chunk_octets == 0 ? body.size() : form.chunk_octets;
  while (!body.empty()) {
    const ByteView part = body.first(std::min(piece, body.size()));
    http1::append_chunk(part, out);
    body = body.subspan(part.size());
  }
  http1::append_last_chunk(out);
}

// Nothing is left in `out` when a head cannot be written.
template <typename Head>
Result<void> append_framed(Head& head, ByteView body, const BodyForm& form, std::string& out) {
  const bool chunked = form.chunked && !body.empty();
  head.framing = chunked ? http1::Framing::chunked : http1::Framing::length;
  head.content_length = body.size();
  TRY(http1::append_head(head, out));
  append_body(body, {chunked, form.chunk_octets}, out);
  return {};
}

}  // namespace

std::string_view name_of(ScriptStatus status) {
  return status_names[static_cast<size_t>(status)];
}

Result<AdminRequest> read_request(const http1::RequestHead& head) {
  if (head.method != "POST") return ErrorCode::unsupported;
  TRY(check_protocol(head.fields));
  if (head.target.size() > uri_octets_max) return ErrorCode::too_large;
  AdminRequest out;
  out.target = head.target;
  out.host = TRY(single(head.fields, "Host", host_octets_max));
  out.agent_id = TRY(single(head.fields, field_from, agent_id_octets_max));
  const std::string_view resume = TRY(single(head.fields, field_resume, 5));
  if (!resume.empty() && resume != "true" && resume != "false") return ErrorCode::bad_value;
  out.resume = resume == "true";
  const std::string_view status = TRY(single(head.fields, field_script_status, 64));
  for (size_t i = 0; i < std::size(status_names); ++i) {
    if (status == status_names[i]) out.script_status = static_cast<ScriptStatus>(i);
  }
  if (!status.empty() && !out.script_status.has_value()) return ErrorCode::bad_value;
  const std::string_view type = head.fields.text(field_content_type);
  if (!type.empty()) {
    out.kind = TRY(kind_of(type, &ContentRow::response));
  } else if (has_body(head.framing, head.content_length)) {
    return ErrorCode::unsupported;
  }
  return out;
}

uint16_t status_of(const Error& error, const http1::RequestHead& head) {
  constexpr uint16_t bad_request = 400, method_not_allowed = 405, unsupported_media_type = 415;
  if (head.method != "POST") return method_not_allowed;
  const bool protocol_known = check_protocol(head.fields).has_value();
  return error.code == ErrorCode::unsupported && protocol_known ? unsupported_media_type
                                                                : bad_request;
}

Result<void> append_request(const AdminRequest& request, ByteView body, const BodyForm& form,
                            std::string& out) {
  if (request.kind.has_value() == body.empty() || request.target.size() > uri_octets_max ||
      request.agent_id.size() > agent_id_octets_max) {
    return ErrorCode::bad_value;
  }
  http1::RequestHead head;
  head.method = "POST";
  head.target = request.target;
  head.fields.add("Host", request.host);
  head.fields.add(field_protocol, protocol);
  if (!request.agent_id.empty()) head.fields.add(field_from, request.agent_id);
  if (request.resume) head.fields.add(field_resume, "true");
  if (request.script_status.has_value()) {
    head.fields.add(field_script_status, name_of(*request.script_status));
  }
  if (request.kind.has_value()) {
    head.fields.add(field_content_type, media_type(*request.kind, &ContentRow::response));
  }
  return append_framed(head, body, form, out);
}

Result<AdminResponse> read_response(const http1::ResponseHead& head) {
  AdminResponse out;
  out.status = head.status;
  out.keep_alive = head.keep_alive;
  out.retry_after = TRY(read_retry_after(head.fields));
  if (head.status != ok && head.status != no_content) return out;
  TRY(check_protocol(head.fields));
  out.next_uri = TRY(read_uri(head.fields));
  const std::string_view target = TRY(single(head.fields, field_target, 64));
  if (!target.empty()) {
    TRY(parse_target(target));
    out.targeted_application = target;
  }
  const std::string_view type = head.fields.text(field_content_type);
  if (head.status == ok) out.kind = TRY(kind_of(type, &ContentRow::script));
  return out;
}

Result<void> append_response(const AdminResponse& response, ByteView script, const BodyForm& form,
                             std::string& out) {
  if ((response.status == ok) == script.empty() ||
      response.kind.has_value() != (response.status == ok) ||
      response.next_uri.size() > uri_octets_max) {
    return ErrorCode::bad_value;
  }
  if (!response.next_uri.empty() && !http1::is_target(response.next_uri)) {
    return ErrorCode::bad_value;
  }
  http1::ResponseHead head;
  head.status = response.status;
  head.keep_alive = response.keep_alive;
  head.fields.add(field_protocol, protocol);
  if (!response.next_uri.empty()) head.fields.add(field_next_uri, response.next_uri);
  if (!response.targeted_application.empty()) {
    TRY(parse_target(response.targeted_application));
    head.fields.add(field_target, response.targeted_application);
  }
  if (response.kind.has_value()) {
    head.fields.add(field_content_type, media_type(*response.kind, &ContentRow::script));
  }
  if (response.retry_after.has_value()) {
    head.fields.add(field_retry_after, std::to_string((response.retry_after->ms + 999) / 1000));
  }
  if (response.status == no_content) {
    head.framing = http1::Framing::none;
    return http1::append_head(head, out);
  }
  return append_framed(head, script, form, out);
}

std::string target_of(ByteView aid) {
  SIMURGH_CHECK(aid.size() >= rid_octets && aid.size() <= aid_octets_max);
  char digits[2 * aid_octets_max];
  const std::string_view hex = write_hex(aid, digits);
  std::string out(target_prefix);
  out.append(hex.substr(0, 2 * rid_octets)).append("/").append(hex.substr(2 * rid_octets));
  for (size_t i = target_prefix.size(); i < out.size(); ++i) {
    if (out[i] >= 'a' && out[i] <= 'f') out[i] = static_cast<char>(out[i] - 'a' + 'A');
  }
  return out;
}

Result<ByteString<aid_octets_max>> parse_target(std::string_view text) {
  constexpr size_t rid_end = target_prefix.size() + 2 * rid_octets;
  if (!text.starts_with(target_prefix) || text.size() < rid_end + 1 || text[rid_end] != '/') {
    return ErrorCode::bad_value;
  }
  std::string digits(text.substr(target_prefix.size(), 2 * rid_octets));
  digits.append(text.substr(rid_end + 1));
  if (digits.size() > 2 * aid_octets_max) return ErrorCode::bad_value;
  uint8_t octets[aid_octets_max];
  return ByteString<aid_octets_max>(TRY(parse_hex(digits, octets)));
}

}  // namespace simurgh::remote_admin_http
