#include "api/tokens.h"

#include <algorithm>
#include <charconv>

#include "api/store.h"
#include "base/hex.h"

namespace simurgh::api {
namespace {

constexpr const char* role_names[role_count] = {"viewer", "operator", "approver", "factory",
                                                "dealer", "device",   "admin"};
constexpr std::string_view scheme = "Bearer ";
// A bucket holds this much of a minute's requests, so that a burst passes and a flood does not.
constexpr double bucket_minutes = 1.0 / 6;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= token_name_octets_max &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos;
}

std::string hex_of(ByteView bytes) {
  std::string out(bytes.size() * 2, '0');
  write_hex(bytes, out);
  return out;
}

// The next word of a line; empty at its end.
std::string_view next_word(std::string_view& line) {
  const size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return line = {};
  const size_t end = std::min(line.find_first_of(" \t\r", begin), line.size());
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<Roles> parse_roles(std::string_view text) {
  Roles roles;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::optional<Role> role = role_of(text.substr(0, comma));
    if (!role.has_value()) return ErrorCode::bad_value;
    roles.add(*role);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  if (roles.empty()) return ErrorCode::bad_value;
  return roles;
}

Result<void> parse_setting(std::string_view word, Token& token) {
  const size_t equals = word.find('=');
  if (equals == std::string_view::npos) return ErrorCode::bad_value;
  const std::string_view name = word.substr(0, equals);
  const std::string_view value = word.substr(equals + 1);
  if (name == "manufacturer") {
    token.manufacturer = value;
    if (!value.empty() && value.size() <= manufacturer_name_octets_max) return {};
  } else if (name == "rate") {
    const auto rate = number_of<uint32_t>(value);
    if (rate.has_value() && *rate > 0) {
      token.requests_per_minute = *rate;
      return {};
    }
  }
  return ErrorCode::bad_value;
}

Result<Token> parse_line(std::string_view line) {
  Token token;
  const std::string_view name = next_word(line);
  if (!is_name(name)) return ErrorCode::bad_value;
  token.name = name;
  token.roles = TRY(parse_roles(next_word(line)));
  if (TRY(parse_hex(next_word(line), token.salt)).size() != token.salt.size() ||
      TRY(parse_hex(next_word(line), token.hash)).size() != token.hash.size()) {
    return ErrorCode::bad_length;
  }
  for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
    TRY(parse_setting(word, token));
  }
  if (token.roles.contains(Role::factory) && token.manufacturer.empty()) {
    return ErrorCode::not_allowed;
  }
  return token;
}

}  // namespace

const char* name_of(Role role) {
  return role_names[static_cast<size_t>(role)];
}

std::optional<Role> role_of(std::string_view name) {
  const auto* const found = std::ranges::find(role_names, name);
  if (found == std::end(role_names)) return std::nullopt;
  return static_cast<Role>(found - std::begin(role_names));
}

Result<NewToken> make_token(std::string_view name, Roles roles, const Key256& secret,
                            const ByteArray<16>& salt) {
  if (!is_name(name) || roles.empty() || secret.size() != token_secret_octets) {
    return ErrorCode::bad_value;
  }
  NewToken made;
  const MutableByteView text = made.text.fill(name.size() + 1 + 2 * token_secret_octets);
  std::memcpy(text.data(), name.data(), name.size());
  text[name.size()] = '.';
  write_hex(secret.view(),
            {reinterpret_cast<char*>(text.data()) + name.size() + 1, 2 * token_secret_octets});
  made.token.name = name;
  made.token.roles = roles;
  made.token.salt = salt;
  made.token.hash = crypto::hmac_sha256(salt, {made.text.view()});
  return made;
}

Result<std::vector<Token>> parse_tokens(std::string_view text) {
  std::vector<Token> tokens;
  size_t offset = 0;
  while (offset < text.size()) {
    const size_t end = std::min(text.find('\n', offset), text.size());
    const std::string_view line = text.substr(offset, end - offset);
    const size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && line[first] != '#') {
      const Result<Token> token = parse_line(line);
      if (!token.has_value()) return fail(token.error().code, offset);
      if (std::ranges::find(tokens, token->name, &Token::name) != tokens.end()) {
        return fail(ErrorCode::already_exists, offset);
      }
      if (tokens.size() == tokens_max) return fail(ErrorCode::too_large, offset);
      tokens.push_back(*token);
    }
    offset = end + 1;
  }
  return tokens;
}

std::string write_tokens(const std::vector<Token>& tokens) {
  std::string out = "# name  role[,role]  salt  hash  [manufacturer=NAME]  [rate=PER_MINUTE]\n";
  for (const Token& token : tokens) {
    out += token.name + " ";
    char separator = 0;
    for (size_t i = 0; i < role_count; ++i) {
      if (!token.roles.contains(static_cast<Role>(i))) continue;
      if (separator != 0) out.push_back(separator);
      separator = ',';
      out += role_names[i];
    }
    out += " " + hex_of(token.salt) + " " + hex_of(token.hash);
    if (!token.manufacturer.empty()) out += " manufacturer=" + token.manufacturer;
    if (token.requests_per_minute != requests_per_minute_default) {
      out += " rate=" + std::to_string(token.requests_per_minute);
    }
    out += "\n";
  }
  return out;
}

Tokens::Tokens(std::vector<Token> tokens) : tokens_(std::move(tokens)), buckets_(tokens_.size()) {}

const Token* Tokens::check(std::string_view authorization) const {
  static const Token nobody;
  if (!authorization.starts_with(scheme)) return nullptr;
  const std::string_view text = authorization.substr(scheme.size());
  if (text.size() > token_octets_max) return nullptr;
  const std::string_view name = text.substr(0, text.find('.'));
  const auto found = std::ranges::find(tokens_, name, &Token::name);
  const Token& candidate = found == tokens_.end() ? nobody : *found;
  const crypto::Digest hash = crypto::hmac_sha256(candidate.salt, {bytes_of(text)});
  const bool right = crypto::secure_equal(hash, candidate.hash);
  return right && found != tokens_.end() ? &*found : nullptr;
}

std::optional<Duration> Tokens::over_rate(const Token& token, Instant now) {
  Bucket& bucket = buckets_[static_cast<size_t>(&token - tokens_.data())];
  const double per_ms = token.requests_per_minute / 60'000.0;
  const double capacity = std::max(1.0, token.requests_per_minute * bucket_minutes);
  if (!bucket.begun) {
    bucket = {.requests = capacity, .filled_at = now, .begun = true};
  }
  // A clock that was set back gives nothing until it is where it was.
  const int64_t passed_ms = std::max<int64_t>(0, (now - bucket.filled_at).ms);
  bucket.requests = std::min(capacity, bucket.requests + static_cast<double>(passed_ms) * per_ms);
  if (passed_ms > 0) bucket.filled_at = now;
  if (bucket.requests < 1) {
    return milliseconds(static_cast<int64_t>((1 - bucket.requests) / per_ms) + 1);
  }
  bucket.requests -= 1;
  return std::nullopt;
}

}  // namespace simurgh::api
