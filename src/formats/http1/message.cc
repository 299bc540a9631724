#include "formats/http1/message.h"

#include <array>

namespace simurgh::http1 {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool is_tchar(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         marks.find(c) != std::string_view::npos;
}

bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Result<void> append_fields(const Fields& fields, std::string& out) {
  for (const Field& field : fields) {
    if (!is_token(field.name) || !is_field_value(field.value) || is_framing_name(field.name) ||
        trimmed(field.value).size() != field.value.size()) {
      return ErrorCode::bad_value;
    }
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  return {};
}

void append_framing(Framing framing, uint64_t content_length, bool keep_alive, std::string& out) {
  if (framing == Framing::length) {
    out.append("Content-Length: ").append(std::to_string(content_length)).append("\r\n");
  }
  if (framing == Framing::chunked) out.append("Transfer-Encoding: chunked\r\n");
  if (!keep_alive) out.append("Connection: close\r\n");
  out.append("\r\n");
}

bool has_no_body(uint16_t status) {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace

bool equal_without_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

bool is_framing_name(std::string_view name) {
  return equal_without_case(name, "Content-Length") ||
         equal_without_case(name, "Transfer-Encoding") || equal_without_case(name, "Connection");
}

bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_tchar(c)) return false;
  }
  return !text.empty();
}

bool is_field_value(std::string_view text) {
  for (const char c : text) {
    const auto octet = static_cast<uint8_t>(c);
    if ((octet < 0x20 && c != '\t') || octet == 0x7f) return false;
  }
  return true;
}

bool is_target(std::string_view text) {
  if (text == "*") return true;
  if (text.empty() || text.front() != '/') return false;
  for (const char c : text) {
    if (!is_visible(c) || c == '#') return false;
  }
  return true;
}

const std::string* Fields::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (equal_without_case(field.name, name)) return &field.value;
  }
  return nullptr;
}

std::string_view Fields::text(std::string_view name) const {
  const std::string* value = find(name);
  return value == nullptr ? std::string_view() : std::string_view(*value);
}

size_t Fields::count(std::string_view name) const {
  size_t count = 0;
  for (const Field& field : fields_) {
    if (equal_without_case(field.name, name)) ++count;
  }
  return count;
}

bool Fields::has_token(std::string_view name, std::string_view token) const {
  for (const Field& field : fields_) {
    if (!equal_without_case(field.name, name)) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      if (equal_without_case(trimmed(rest.substr(0, comma)), token)) return true;
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  return false;
}

std::string_view reason_of(uint16_t status) {
  struct Row {
    uint16_t status;
    std::string_view reason;
  };
  constexpr auto rows =
      std::to_array<Row>({{100, "Continue"},
                          {200, "OK"},
                          {201, "Created"},
                          {202, "Accepted"},
                          {204, "No Content"},
                          {301, "Moved Permanently"},
                          {302, "Found"},
                          {303, "See Other"},
                          {304, "Not Modified"},
                          {307, "Temporary Redirect"},
                          {308, "Permanent Redirect"},
                          {400, "Bad Request"},
                          {401, "Unauthorized"},
                          {403, "Forbidden"},
                          {404, "Not Found"},
                          {405, "Method Not Allowed"},
                          {406, "Not Acceptable"},
                          {408, "Request Timeout"},
                          {409, "Conflict"},
                          {410, "Gone"},
                          {411, "Length Required"},
                          {412, "Precondition Failed"},
                          {413, "Content Too Large"},
                          {414, "URI Too Long"},
                          {415, "Unsupported Media Type"},
                          {417, "Expectation Failed"},
                          {422, "Unprocessable Content"},
                          {428, "Precondition Required"},
                          {429, "Too Many Requests"},
                          {431, "Request Header Fields Too Large"},
                          {500, "Internal Server Error"},
                          {501, "Unsupported"},  // phrases are recommendations (RFC 9110 15.1)
                          {502, "Bad Gateway"},
                          {503, "Service Unavailable"},
                          {504, "Gateway Timeout"},
                          {505, "HTTP Version Not Supported"}});
  for (const Row& row : rows) {
    if (row.status == status) return row.reason;
  }
  return {};
}

Result<void> append_head(const RequestHead& head, std::string& out) {
  if (!is_token(head.method) || !is_target(head.target) || head.minor_version != 1 ||
      head.framing == Framing::until_close || head.fields.count("Host") != 1) {
    return ErrorCode::bad_value;
  }
  std::string text = head.method + " " + head.target + " HTTP/1.1\r\n";
  TRY(append_fields(head.fields, text));
  if (head.expects_continue) text.append("Expect: 100-continue\r\n");
  append_framing(head.framing, head.content_length, head.keep_alive, text);
  out.append(text);
  return {};
}

Result<void> append_head(const ResponseHead& head, std::string& out) {
  const std::string_view reason = head.reason.empty() ? reason_of(head.status) : head.reason;
  const bool framed = head.framing == Framing::length || head.framing == Framing::chunked;
  if (head.status < 100 || head.status > 599 || !is_field_value(reason) ||
      head.minor_version != 1 || (has_no_body(head.status) && framed) ||
      (head.framing == Framing::until_close && head.keep_alive)) {
    return ErrorCode::bad_value;
  }
  std::string text = "HTTP/1.1 " + std::to_string(head.status) + " ";
  text.append(reason).append("\r\n");
  TRY(append_fields(head.fields, text));
  append_framing(head.framing, head.content_length, head.keep_alive, text);
  out.append(text);
  return {};
}

void append_chunk(ByteView data, std::string& out) {
  if (data.empty()) return;
  constexpr std::string_view digits = "0123456789abcdef";
  bool begun = false;
  for (int shift = 60; shift >= 0; shift -= 4) {
    const auto digit = static_cast<size_t>(data.size() >> shift & 0x0f);
    begun = begun || digit != 0;
    if (begun) out.push_back(digits[digit]);
  }
  out.append("\r\n").append(text_of(data)).append("\r\n");
}

void append_last_chunk(std::string& out) {
  out.append("0\r\n\r\n");
}

Result<void> append_message(RequestHead head, std::string_view body, std::string& out) {
  // A method that expects content says so even when there is none (RFC 9110 8.6).
  const bool wants_length =
      !body.empty() || head.method == "POST" || head.method == "PUT" || head.method == "PATCH";
  head.framing = wants_length ? Framing::length : Framing::none;
  head.content_length = body.size();
  TRY(append_head(head, out));
  out.append(body);
  return {};
}

Result<void> append_message(ResponseHead head, std::string_view body, std::string& out) {
  if (has_no_body(head.status)) {
    if (!body.empty()) return ErrorCode::bad_value;
    head.framing = Framing::none;
  } else {
    head.framing = Framing::length;
  }
  head.content_length = body.size();
  TRY(append_head(head, out));
  out.append(body);
  return {};
}

}  // namespace simurgh::http1
