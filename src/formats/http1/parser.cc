#include "formats/http1/parser.h"

#include <algorithm>

namespace simurgh::http1 {

namespace {

constexpr uint16_t bad_request = 400;
constexpr uint16_t content_too_large = 413;
constexpr uint16_t uri_too_long = 414;
constexpr uint16_t expectation_failed = 417;
constexpr uint16_t fields_too_large = 431;
constexpr uint16_t not_implemented = 501;
constexpr uint16_t version_not_supported = 505;

constexpr size_t length_digits_max = 18;      // below 2^63
constexpr size_t chunk_size_digits_max = 15;  // below 2^63
constexpr size_t method_octets_max = 32;

// Fields that say one thing and must say it once: two of them would be read differently by
// different readers.
constexpr std::string_view singletons[] = {
    "Host",          "Content-Length", "Transfer-Encoding", "Content-Type",
    "Authorization", "Expect",         "Idempotency-Key",   "Location"};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "HTTP/1.0" or "HTTP/1.1": 0 or 1; bad_value for no version at all, unsupported for another.
Result<uint8_t> parse_version(std::string_view text) {
  constexpr size_t size = 8;
  if (text.size() != size || !text.starts_with("HTTP/") || text[6] != '.' || text[5] < '0' ||
      text[5] > '9' || text[7] < '0' || text[7] > '9') {
    return ErrorCode::bad_value;
  }
  if (text[5] != '1' || text[7] > '1') return ErrorCode::unsupported;
  return static_cast<uint8_t>(text[7] - '0');
}

Result<uint64_t> parse_decimal(std::string_view text) {
  if (text.empty() || text.size() > length_digits_max) return ErrorCode::bad_value;
  uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return ErrorCode::bad_value;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return value;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The value after "=" of a chunk extension: token or quoted-string (RFC 9110 5.6.4). Its octets, or
// 0 when it is neither.
size_t extension_value_octets(std::string_view text) {
  if (!text.starts_with('"')) {
    const std::string_view token = text.substr(0, text.find(';'));
    return is_token(token) ? token.size() : 0;
  }
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
  }
  return 0;
}

// *( ";" name [ "=" value ] ), without the white space that RFC 9112 7.1.1 calls bad.
bool are_chunk_extensions(std::string_view text) {
  if (!is_field_value(text)) return false;
  while (!text.empty()) {
    if (text.front() != ';') return false;
    text.remove_prefix(1);
    const size_t name = std::min(text.find_first_of(";="), text.size());
    if (!is_token(text.substr(0, name))) return false;
    text.remove_prefix(name);
    if (!text.starts_with('=')) continue;
    text.remove_prefix(1);
    const size_t value = extension_value_octets(text);
    if (value == 0) return false;
    text.remove_prefix(value);
  }
  return true;
}

// chunk-size [chunk-ext] (RFC 9112 7.1); extensions are checked and ignored.
Result<uint64_t> parse_chunk_size(std::string_view line) {
  uint64_t size = 0;
  size_t digits = 0;
  while (digits < line.size() && hex_value(line[digits]) >= 0) {
    if (digits == chunk_size_digits_max) return ErrorCode::too_large;
    size = size << 4 | static_cast<uint64_t>(hex_value(line[digits]));
    ++digits;
  }
  if (digits == 0) return ErrorCode::bad_value;
  if (!are_chunk_extensions(line.substr(digits))) return ErrorCode::bad_value;
  return size;
}

}  // namespace

Error MessageParser::refuse(ErrorCode code, uint16_t status) {
  refusal_status_ = status;
  return fail(code, message_octets_);
}

Result<Step> MessageParser::parse(ByteView input) {
  if (state_ == State::failed) return ErrorCode::bad_state;
  size_t consumed = 0;
  for (;;) {
    Result<Step> done = step(input.subspan(consumed));
    if (!done) {
      state_ = State::failed;
      line_.clear();
      if (refusal_status_ == 0) refusal_status_ = bad_request;
      return done;
    }
    consumed += done->consumed;
    message_octets_ += done->consumed;
    if (done->event == Event::need_more && consumed < input.size()) continue;
    if (done->event == Event::end) {
      state_ = State::start_line;
      message_octets_ = 0;
    }
    done->consumed = consumed;
    return done;
  }
}

// At most one event; `need_more` when the input is at its end or another step has to follow.
Result<Step> MessageParser::step(ByteView input) {
  switch (state_) {
    case State::start_line: return take_start_line(input);
    case State::field_line: return take_field_line(input);
    case State::body_length:
    case State::body_until_close: return take_body(input);
    case State::chunk_size: return take_chunk_size(input);
    case State::chunk_data: return take_chunk_data(input);
    case State::chunk_end: return take_chunk_end(input);
    case State::trailer_line: return take_trailer_line(input);
    case State::message_end: return Step{Event::end, 0, {}};
    case State::failed: break;
  }
  return ErrorCode::bad_state;
}

// A line up to its CR LF. LF without CR is refused here; CR elsewhere by the classes of
// characters that each kind of line allows.
Result<MessageParser::Line> MessageParser::take_line(ByteView input, size_t octets_max,
                                                     uint16_t status) {
  Line line;
  const auto end = std::find(input.begin(), input.end(), uint8_t{'\n'});
  const auto size = static_cast<size_t>(end - input.begin());
  if (line_.size() + size > octets_max + 1) return refuse(ErrorCode::too_large, status);
  if (end == input.end()) {
    line_.append(text_of(input));
    line.consumed = input.size();
    return line;
  }
  line.consumed = size + 1;
  if (line_.empty()) {
    line.text = text_of(input.first(size));
  } else {
    line_.append(text_of(input.first(size)));
    line.text = line_;
  }
  if (!line.text.ends_with('\r')) return refuse(ErrorCode::bad_value, bad_request);
  line.text.remove_suffix(1);
  line.complete = true;
  return line;
}

Result<Step> MessageParser::take_start_line(ByteView input) {
  const Line line = TRY(take_line(input, limits_.start_line_octets_max, uri_too_long));
  if (!line.complete) return Step{Event::need_more, line.consumed, {}};
  fields().clear();
  field_octets_ = 0;
  body_octets_ = 0;
  TRY(on_start_line(line.text));
  line_.clear();
  state_ = State::field_line;
  return Step{Event::need_more, line.consumed, {}};
}

Result<Step> MessageParser::take_field_line(ByteView input) {
  const Line line =
      TRY(take_line(input, limits_.field_octets_max - field_octets_, fields_too_large));
  if (!line.complete) return Step{Event::need_more, line.consumed, {}};
  if (!line.text.empty()) {
    TRY(add_field(line.text));
    line_.clear();
    return Step{Event::need_more, line.consumed, {}};
  }
  line_.clear();
  begin_body(TRY(on_fields_end()));
  return Step{Event::head, line.consumed, {}};
}

Result<void> MessageParser::add_field(std::string_view line) {
  field_octets_ += line.size();
  if (fields().size() == limits_.field_count_max) {
    return refuse(ErrorCode::too_large, fields_too_large);
  }
  // A line that begins with white space (obs-fold) has no token before the colon either.
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(ErrorCode::bad_value, bad_request);
  const std::string_view name = line.substr(0, colon);
  const std::string_view padded = line.substr(colon + 1);
  const std::string_view value = trimmed(padded);
  if (!is_token(name) || !is_field_value(value)) return refuse(ErrorCode::bad_value, bad_request);
  // Around these values readers differ about tabs (llhttp takes them for part of the value).
  if (is_framing_name(name) && padded.find('\t') != std::string_view::npos) {
    return refuse(ErrorCode::bad_value, bad_request);
  }
  TRY(check_singleton(name));
  fields().add(name, value);
  return {};
}

Result<void> MessageParser::check_singleton(std::string_view name) {
  for (const std::string_view singleton : singletons) {
    if (equal_without_case(name, singleton) && fields().find(name) != nullptr) {
      return refuse(ErrorCode::bad_value, bad_request);
    }
  }
  return {};
}

Result<Framing> MessageParser::read_framing(uint8_t minor_version) {
  const std::string* length = fields().find("Content-Length");
  const std::string* coding = fields().find("Transfer-Encoding");
  body_left_ = 0;
  if (coding != nullptr) {
    if (length != nullptr || minor_version == 0) return refuse(ErrorCode::bad_value, bad_request);
    if (!equal_without_case(*coding, "chunked")) {
      return refuse(ErrorCode::unsupported, not_implemented);
    }
    return Framing::chunked;
  }
  if (length == nullptr) return Framing::none;
  const Result<uint64_t> octets = parse_decimal(*length);
  if (!octets) return refuse(ErrorCode::bad_value, bad_request);
  if (*octets > limits_.body_octets_max) return refuse(ErrorCode::too_large, content_too_large);
  body_left_ = *octets;
  return Framing::length;
}

bool MessageParser::read_keep_alive(uint8_t minor_version) {
  if (fields().has_token("Connection", "close")) return false;
  return minor_version == 1 || fields().has_token("Connection", "keep-alive");
}

void MessageParser::begin_body(Framing framing) {
  switch (framing) {
    case Framing::none: state_ = State::message_end; break;
    case Framing::length: state_ = body_left_ == 0 ? State::message_end : State::body_length; break;
    case Framing::chunked: state_ = State::chunk_size; break;
    case Framing::until_close: state_ = State::body_until_close; break;
  }
}

Result<Step> MessageParser::take_body(ByteView input) {
  if (input.empty()) return Step{};
  // What is within the limit comes out, however the input is cut.
  const bool until_close = state_ == State::body_until_close;
  const uint64_t left = until_close ? limits_.body_octets_max - body_octets_ : body_left_;
  if (left == 0) return refuse(ErrorCode::too_large, content_too_large);
  const auto size = static_cast<size_t>(std::min<uint64_t>(input.size(), left));
  if (!until_close) {
    body_left_ -= size;
    if (body_left_ == 0) state_ = State::message_end;
  }
  body_octets_ += size;
  return Step{Event::body, size, input.first(size)};
}

Result<Step> MessageParser::take_chunk_size(ByteView input) {
  const Line line = TRY(take_line(input, limits_.chunk_line_octets_max, bad_request));
  if (!line.complete) return Step{Event::need_more, line.consumed, {}};
  const Result<uint64_t> size = parse_chunk_size(line.text);
  line_.clear();
  if (!size) return refuse(ErrorCode::bad_value, bad_request);
  if (*size > limits_.body_octets_max - body_octets_) {
    return refuse(ErrorCode::too_large, content_too_large);
  }
  body_left_ = *size;
  field_octets_ = 0;
  state_ = *size == 0 ? State::trailer_line : State::chunk_data;
  return Step{Event::need_more, line.consumed, {}};
}

Result<Step> MessageParser::take_chunk_data(ByteView input) {
  if (input.empty()) return Step{};
  const auto size = static_cast<size_t>(std::min<uint64_t>(input.size(), body_left_));
  body_left_ -= size;
  body_octets_ += size;
  if (body_left_ == 0) state_ = State::chunk_end;
  return Step{Event::body, size, input.first(size)};
}

Result<Step> MessageParser::take_chunk_end(ByteView input) {
  const Line line = TRY(take_line(input, 1, bad_request));
  if (!line.complete) return Step{Event::need_more, line.consumed, {}};
  const bool empty = line.text.empty();
  line_.clear();
  if (!empty) return refuse(ErrorCode::bad_value, bad_request);
  state_ = State::chunk_size;
  return Step{Event::need_more, line.consumed, {}};
}

// Trailer fields are checked and dropped (RFC 9112 7.1.2); those that would change how the message
// is read are refused.
Result<Step> MessageParser::take_trailer_line(ByteView input) {
  const Line line =
      TRY(take_line(input, limits_.field_octets_max - field_octets_, fields_too_large));
  if (!line.complete) return Step{Event::need_more, line.consumed, {}};
  field_octets_ += line.text.size();
  const size_t colon = line.text.find(':');
  const bool last = line.text.empty();
  const std::string_view name = line.text.substr(0, colon);
  bool good = last || (colon != std::string_view::npos && is_token(name) &&
                       is_field_value(line.text.substr(colon + 1)));
  for (const std::string_view singleton : singletons) {
    good = good && !equal_without_case(name, singleton);
  }
  line_.clear();
  if (!good) return refuse(ErrorCode::bad_value, bad_request);
  if (last) state_ = State::message_end;
  return Step{last ? Event::end : Event::need_more, line.consumed, {}};
}

void MessageParser::finish_until_close() {
  state_ = State::start_line;
  message_octets_ = 0;
}

// --- requests ------------------------------------------------------------------------------

// method SP target SP version, with single spaces (RFC 9112 3).
Result<void> RequestParser::on_start_line(std::string_view line) {
  head_ = RequestHead{};
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return refuse(ErrorCode::bad_value, bad_request);
  }
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const Result<uint8_t> version = parse_version(line.substr(last + 1));
  if (!version) {
    const bool other = version.error().code == ErrorCode::unsupported;
    return refuse(version.error().code, other ? version_not_supported : bad_request);
  }
  if (!is_token(method) || method.size() > method_octets_max || !is_target(target) ||
      (target == "*" && method != "OPTIONS")) {
    return refuse(ErrorCode::bad_value, bad_request);
  }
  head_.method = method;
  head_.target = target;
  head_.minor_version = *version;
  return {};
}

// RFC 9112 3.2: exactly one in 1.1. Its value is only held against characters that would make it
// something else than host and port.
Result<void> RequestParser::check_host() {
  const std::string* host = head_.fields.find("Host");
  if (host == nullptr) {
    if (head_.minor_version == 1) return refuse(ErrorCode::bad_value, bad_request);
    return {};
  }
  constexpr std::string_view outside = " \t,/?#@\\<>\"{}|^`";
  if (host->find_first_of(outside) != std::string::npos) {
    return refuse(ErrorCode::bad_value, bad_request);
  }
  return {};
}

Result<Framing> RequestParser::on_fields_end() {
  TRY(check_host());
  if (const std::string* expectation = head_.fields.find("Expect")) {
    if (!equal_without_case(*expectation, "100-continue")) {
      return refuse(ErrorCode::unsupported, expectation_failed);
    }
    head_.expects_continue = head_.minor_version == 1;
  }
  head_.framing = TRY(read_framing(head_.minor_version));
  head_.content_length = content_length();
  head_.keep_alive = read_keep_alive(head_.minor_version);
  return head_.framing;
}

// --- responses -----------------------------------------------------------------------------

// version SP status SP [reason] (RFC 9112 4).
Result<void> ResponseParser::on_start_line(std::string_view line) {
  head_ = ResponseHead{};
  constexpr size_t version_octets = 8;
  constexpr size_t reason_offset = version_octets + 1 + 3 + 1;
  const Result<uint8_t> version = parse_version(line.substr(0, version_octets));
  if (!version) return refuse(version.error().code, bad_request);
  if (line.size() < reason_offset || line[version_octets] != ' ' ||
      line[reason_offset - 1] != ' ') {
    return refuse(ErrorCode::bad_value, bad_request);
  }
  const Result<uint64_t> status = parse_decimal(line.substr(version_octets + 1, 3));
  const std::string_view reason = line.substr(reason_offset);
  if (!status || *status < 100 || *status > 599 || !is_field_value(reason)) {
    return refuse(ErrorCode::bad_value, bad_request);
  }
  head_.status = static_cast<uint16_t>(*status);
  head_.reason = reason;
  head_.minor_version = *version;
  return {};
}

// RFC 9112 6.3.
Result<Framing> ResponseParser::on_fields_end() {
  const Framing framing = TRY(read_framing(head_.minor_version));
  head_.content_length = content_length();
  head_.keep_alive = read_keep_alive(head_.minor_version);
  const bool bodiless_status = head_.status < 200 || head_.status == 204 || head_.status == 304;
  // A length in a response that cannot have a body may be read as one by somebody else; a 304 may
  // carry one (RFC 9110 15.4.5), and llhttp reads a body then.
  if (bodiless_status && (framing == Framing::chunked || head_.content_length != 0)) {
    return refuse(ErrorCode::bad_value, bad_request);
  }
  if (bodiless_status || to_head_) {
    head_.framing = Framing::none;
  } else if (framing == Framing::none) {
    head_.framing = Framing::until_close;
    head_.keep_alive = false;
  } else {
    head_.framing = framing;
  }
  return head_.framing;
}

Result<Event> ResponseParser::on_close() {
  if (state() == State::body_until_close) {
    finish_until_close();
    return Event::end;
  }
  if (at_message_start()) return Event::need_more;
  return ErrorCode::truncated;
}

}  // namespace simurgh::http1
