#include "api/api.h"

#include <algorithm>
#include <functional>

#include "api/routes.h"
#include "base/reader.h"

namespace simurgh::api {
namespace {

constexpr size_t idempotency_identity_octets_max = 160;

// The request as the Idempotency-Key must find it again.
crypto::Digest digest_of(const Request& request) {
  ByteArray<8> sizes;
  Writer writer(sizes);
  writer.u32(static_cast<uint32_t>(request.method.size()));
  writer.u32(static_cast<uint32_t>(request.target.size()));
  return crypto::sha256(
      {sizes, bytes_of(request.method), bytes_of(request.target), bytes_of(request.body)});
}

bool is_idempotency_key(std::string_view key) {
  return key.size() <= idempotency_key_octets_max &&
         std::ranges::all_of(key, [](char c) { return c > 0x20 && c < 0x7f; });
}

ByteString<idempotency_identity_octets_max> identity_of(std::string_view token,
                                                        std::string_view key) {
  ByteArray<idempotency_identity_octets_max> buffer;
  Writer writer(buffer);
  writer.prefixed8(bytes_of("idempotent request")).prefixed8(bytes_of(token));
  writer.prefixed8(bytes_of(key));
  SIMURGH_CHECK(!writer.failed());
  return ByteString<idempotency_identity_octets_max>(writer.written());
}

// The routes of a path, and the one of the method among them.
struct Found {
  const Route* route = nullptr;
  std::vector<std::string> path;
  std::string allow;  // methods that the path takes
};

Found find(std::string_view method, const Target& target) {
  Found found;
  for (const Route& route : routes()) {
    auto path = match(route.pattern, target.segments);
    if (!path.has_value()) continue;
    if (!found.allow.empty()) found.allow += ", ";
    found.allow += route.method;
    if (route.method != method) continue;
    found.route = &route;
    found.path = std::move(*path);
  }
  return found;
}

Answer refuse_route(const Found& found, const Request& request) {
  if (found.allow.empty()) {
    return refuse(Refusal{.kind = ProblemKind::not_found, .detail = "there is no such path"});
  }
  const bool known = request.method == "GET" || request.method == "POST" ||
                     request.method == "PUT" || request.method == "DELETE" ||
                     request.method == "PATCH" || request.method == "HEAD";
  Answer answer = refuse(Refusal{
      .kind = ProblemKind::method_not_allowed,
      .detail = (known ? request.method : std::string("this method")) + " is not for this path"});
  answer.headers.emplace_back("Allow", found.allow);
  return answer;
}

// Wipes what it was given when it goes: bodies hold activation codes.
struct Wiped {
  explicit Wiped(Request& request) : body(request.body) {}
  ~Wiped() {
    wipe({reinterpret_cast<uint8_t*>(body.data()), body.size()});
    body.clear();
    value.wipe();
  }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  std::string& body;
  json::Value value;
};

std::optional<Answer> read_body(const Route& route, const Request& request, json::Value& out) {
  if (request.body.empty()) {
    out = json::Value::object();
    return std::nullopt;
  }
  if (!route.takes_body()) {
    return refuse(Refusal{.kind = ProblemKind::bad_request,
                          .detail = "this request takes no body",
                          .hint = "send it without a body"});
  }
  const std::string_view type = request.content_type;
  if (type.substr(0, type.find(';')) != "application/json") {
    return refuse(Refusal{.kind = ProblemKind::media_type, .detail = {}});
  }
  Result<json::Value> parsed = json::parse(request.body);
  if (parsed.has_value()) {
    out = std::move(*parsed);
    return std::nullopt;
  }
  if (parsed.error().code == ErrorCode::too_large) {
    constexpr json::Limits limits;
    return refuse(Refusal{.kind = ProblemKind::too_large,
                          .detail = "a body has at most " + std::to_string(limits.text_octets_max) +
                                    " octets, " + std::to_string(limits.depth_max) +
                                    " levels and " + std::to_string(limits.members_max) +
                                    " members in an object"});
  }
  std::string detail = parsed.error().code == ErrorCode::already_exists
                           ? "the body names a member twice"
                           : "the body is not valid JSON";
  detail += " (at octet " + std::to_string(parsed.error().offset) + ")";
  return refuse(Refusal{.kind = ProblemKind::bad_request, .detail = detail});
}

// The request's token, or the refusal.
struct Admission {
  const Token* token = nullptr;
  std::optional<Answer> refusal = {};
};

Admission admit(const Route& route, const Request& request, Tokens& tokens, Instant now) {
  if (route.roles.empty()) return {};
  const Token* token = tokens.check(request.authorization);
  if (token == nullptr) {
    return {.refusal = refuse(Refusal{.kind = ProblemKind::unauthorized,
                                      .detail = request.authorization.empty()
                                                    ? "there is no Authorization header"
                                                    : "this token is not known here"})};
  }
  if (const auto wait = tokens.over_rate(*token, now); wait.has_value()) {
    return {.refusal = refuse_for(
                {.kind = ProblemKind::too_many_requests,
                 .detail = "token " + token->name + " is over its rate of " +
                           std::to_string(token->requests_per_minute) + " requests a minute"},
                *wait)};
  }
  if (!token->roles.intersects(route.roles)) {
    return {.refusal = refuse(
                Refusal{.kind = ProblemKind::forbidden,
                        .detail = "token " + token->name + " has no role that may do this"})};
  }
  return {.token = token};
}

// The answer that the key got before, or nothing.
Result<std::optional<Answer>> find_repeated(const Api::Parts& parts, const Token& token,
                                            const Request& request, const crypto::Digest& digest) {
  const auto row = TRY(parts.answers.load(token.name, request.idempotency_key));
  if (!row.has_value()) return std::optional<Answer>{};
  crypto::Digest before;
  TRY(parts.keys.open(identity_of(token.name, request.idempotency_key), row->request, before));
  if (!crypto::secure_equal(before, digest)) {
    return std::optional(refuse(Refusal{.kind = ProblemKind::key_reused, .detail = {}}));
  }
  Answer answer{.status = row->status, .body = row->body};
  answer.headers.emplace_back("Idempotent-Replayed", "true");
  return std::optional(std::move(answer));
}

Result<void> keep_answer(const Api::Parts& parts, const Token& token, const Request& request,
                         const crypto::Digest& digest, const Answer& answer, Instant now) {
  IdempotentAnswer row;
  row.token = token.name;
  row.key = request.idempotency_key;
  row.request.resize(digest.size() + crypto::KeyStore::seal_overhead_octets);
  TRY(parts.keys.seal(identity_of(row.token, row.key), digest, row.request.span()));
  row.status = answer.status;
  row.body = answer.body;
  row.at = now;
  return parts.answers.add(row);
}

// Runs the handler as one step. `after` adds to the step once the handler is content.
Result<Answer> perform(const Route& route, Call& call,
                       const std::function<Result<void>(const Answer&)>& after) {
  const bool changes = route.method != "GET";
  if (changes) TRY(call.parts.step.begin());
  Reply answered = route.handler(call);
  if (answered.storage_failed) return ErrorCode::storage;
  if (!changes) return std::move(answered.answer);
  Result<void> kept;
  if (answered.keep_changes && after) kept = after(answered.answer);
  if (!kept.has_value() && kept.error().code == ErrorCode::storage) return ErrorCode::storage;
  if (!answered.keep_changes || !kept.has_value()) {
    TRY(call.parts.step.undo());
    if (!kept.has_value()) return kept.error();
  } else {
    TRY(call.parts.step.keep());
  }
  return std::move(answered.answer);
}

// The same for a request with an Idempotency-Key: done once, answered as often as it comes.
Result<Answer> perform_once(const Route& route, Call& call, const Request& request) {
  const crypto::Digest digest = digest_of(request);
  auto repeated = TRY(find_repeated(call.parts, *call.token, request, digest));
  if (repeated.has_value()) return std::move(*repeated);
  return perform(route, call, [&](const Answer& answer) -> Result<void> {
    if (answer.status >= 300) return {};
    return keep_answer(call.parts, *call.token, request, digest, answer, call.now);
  });
}

}  // namespace

Result<Answer> Api::handle(Request& request, Instant now) {
  Wiped wiped(request);
  const Result<Target> target = parse_target(request.target);
  if (!target.has_value()) {
    return refuse(Refusal{.kind = ProblemKind::bad_request,
                          .detail = "the request target cannot be read (at octet " +
                                    std::to_string(target.error().offset) + ")"});
  }
  Found found = find(request.method, *target);
  if (found.route == nullptr) return refuse_route(found, request);
  const Route& route = *found.route;
  Admission admission = admit(route, request, parts_.tokens, now);
  if (admission.refusal.has_value()) return std::move(*admission.refusal);
  if (std::optional<Answer> refusal = read_body(route, request, wiped.value)) {
    return std::move(*refusal);
  }
  const bool keyed =
      route.takes_body() && !request.idempotency_key.empty() && admission.token != nullptr;
  if (!is_idempotency_key(request.idempotency_key)) {
    return refuse(Refusal{.kind = ProblemKind::bad_request,
                          .detail = "the Idempotency-Key is longer than 64 octets or not printable",
                          .hint = "send a new random UUID with each new request"});
  }
  Call call{.settings = settings_,
            .parts = parts_,
            .token = admission.token,
            .target = *target,
            .path = std::move(found.path),
            .body = wiped.value,
            .now = now,
            .actor = admission.token == nullptr ? "" : "token:" + admission.token->name};
  Result<Answer> answer = keyed ? perform_once(route, call, request) : perform(route, call, {});
  if (answer.has_value() || answer.error().code == ErrorCode::storage) return answer;
  return refuse(answer.error(), "the request");
}

}  // namespace simurgh::api
