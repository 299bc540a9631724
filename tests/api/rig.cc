#include "api/rig.h"

#include <doctest/doctest.h>

#include "base/hex.h"

namespace simurgh::api::test {
namespace {

constexpr const char* first_iccid = "8949170000000000004";
constexpr const char* first_imsi = "262170000000000";

struct MadeTokens {
  std::vector<Token> tokens;
  std::map<std::string, std::string> texts;
};

void add_token(MadeTokens& made, std::string_view name, Roles roles,
               std::string_view manufacturer = {}) {
  Key256 secret;
  CountingRandom random;
  random.fill(secret.fill(32));
  secret.fill(32)[0] = static_cast<uint8_t>(made.tokens.size());
  auto token = make_token(name, roles, secret, random.array<16>());
  REQUIRE(token.has_value());
  token->token.manufacturer = manufacturer;
  token->token.requests_per_minute = 1'000'000;
  made.texts[std::string(name)] = text_of(token->text.view());
  made.tokens.push_back(token->token);
}

MadeTokens make_tokens() {
  MadeTokens made;
  for (size_t i = 0; i < role_count; ++i) {
    const auto role = static_cast<Role>(i);
    add_token(made, name_of(role), {role}, role == Role::factory ? "northern" : "");
  }
  add_token(made, "factory-b", {Role::factory}, "southern");
  return made;
}

}  // namespace

void CountingRandom::fill(MutableByteView out) {
  const uint64_t call = ++calls_;
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<uint8_t>((call * 0x9e3779b97f4a7c15 + i * 0xbf58476d1ce4e5b9) >> 40);
  }
}

Result<security_centre::SignedUp> FakeCentre::sign_up(const security_centre::SignUp& order,
                                                      std::string_view actor, Instant now) {
  fleet::Sale sale;
  sale.iccid = order.iccid;
  sale.ver = order.ver;
  sale.life = order.life;
  sale.contract = order.contract;
  sale.msisdn = order.msisdn;
  sale.order = "order-" + std::to_string(orders_ + 1);
  sale.code_kind = order.code.kind == personalisation::CodeKind::none ? fleet::CodeKind::none
                   : order.code.kind == personalisation::CodeKind::secret
                       ? fleet::CodeKind::secret128
                       : fleet::CodeKind::short_code;
  const fleet::Chip chip = TRY(fleet_.sell(sale, {actor, now}));
  if (fails_late.has_value()) return *fails_late;
  ++orders_;
  signed_up.push_back(order);
  return security_centre::SignedUp{sale.order, chip.imsi};
}

Result<void> FakeCentre::rekey(const Iccid& iccid, std::string_view actor, Instant now) {
  TRY(fleet_.change(iccid, fleet::ChipEvent::rekey_ordered, {actor, now}));
  return {};
}

Result<personalisation::Message> FakeCentre::authorise_reset(const Iccid& iccid, ByteView challenge,
                                                             std::string_view actor, Instant now) {
  if (challenge.size() < 4) return ErrorCode::truncated;
  TRY(fleet_.change(iccid, fleet::ChipEvent::reset_authorised, {actor, now}));
  return personalisation::Message(bytes_of("command"));
}

Result<void> FakeCentre::confirm_reset(const Iccid& iccid, ByteView receipt, std::string_view actor,
                                       Instant now) {
  if (text_of(receipt) != "receipt") return ErrorCode::bad_mac;
  TRY(fleet_.change(iccid, fleet::ChipEvent::reset_confirmed, {actor, now}));
  return {};
}

Result<void> FakeCentre::renew_code(std::string_view order,
                                    const personalisation::ActivationCode& code,
                                    std::string_view actor, Instant now) {
  const auto kind = code.kind == personalisation::CodeKind::secret ? fleet::CodeKind::secret128
                                                                   : fleet::CodeKind::short_code;
  TRY(fleet_.renew_code(order, kind, fleet::SealedCode(bytes_of("sealed")), {actor, now}));
  renewed.push_back(code);
  return {};
}

Result<std::optional<security_centre::ChipKeys>> FakeCentre::keys_of(const Iccid& iccid) {
  security_centre::ChipKeys keys;
  keys.iccid = iccid;
  keys.active_epoch = 3;
  // Canaries: sealed though they are, they have no business in an answer.
  keys.active_secret.assign(bytes_of("canary-active-secret"));
  keys.puk_secret.assign(bytes_of("canary-puk-secret"));
  return keys;
}

Result<void> FakeCentre::each_open(FunctionRef<void(const security_centre::ChipKeys&)> visit) {
  for (const security_centre::ChipKeys& row : open) visit(row);
  return {};
}

bool FakeSurroundings::ready(std::string& why_not) {
  why_not = "the SMSC is not bound";
  return is_ready;
}

Rig::Rig(bool comp128)
    : storage(ByteArray<16>{1}),
      audit(storage.audit()),
      fleet(storage.fleet(), audit),
      elements({}, {storage.elements(), audit, keys}),
      campaigns(storage.campaigns(), audit, population, days(7)),
      hlr({.import = {.comp128 = comp128}, .cache_entries_max = 100},
          {storage.hlr(), fleet, audit, keys, random}),
      centre(fleet),
      step(storage),
      tokens(make_tokens().tokens),
      api({.centre_number = *Msisdn::parse("4917000000"),
           .service_centre = *Msisdn::parse("4917000001"),
           .service_provider_name = "Simurgh"},
          {centre, fleet, &hlr, audit, storage.audit(), keys, storage.answers(), storage.factory(),
           tokens, surroundings, step, random, elements, storage.campaigns(), campaigns,
           population}),
      token_texts_(make_tokens().texts) {
  random.fill(transport_private.fill(32));
}

std::string Rig::authorization(const std::string& token) const {
  return token.empty() ? "" : "Bearer " + token_texts_.at(token);
}

Answer Rig::call(std::string method, std::string target, std::string body, std::string token,
                 std::string idempotency_key) {
  Request request{.method = std::move(method),
                  .target = std::move(target),
                  .body = std::move(body),
                  .authorization = authorization(token),
                  .content_type = "application/json",
                  .idempotency_key = std::move(idempotency_key)};
  auto answer = api.handle(request, now);
  REQUIRE(answer.has_value());
  CHECK(request.body.empty());
  said_ += answer->body + "\n";
  for (const auto& [name, value] : answer->headers) said_ += name + ": " + value + "\n";
  return *answer;
}

void Rig::make_pool(uint64_t count) {
  ByteArray<32> seed;
  std::memcpy(seed.data(), transport_private.view().data(), seed.size());
  ByteArray<32> key;
  REQUIRE(crypto::x25519_public(seed, key).has_value());
  std::string hex(64, '0');
  write_hex(key, hex);
  for (const char* name : {"northern", "southern"}) {
    REQUIRE(post("/v1/manufacturers",
                 json::Value::object({{"name", name}, {"transport_public_key", hex}}))
                .status == 201);
  }
  REQUIRE(post("/v1/profiles",
               json::Value::object({{"name", "standard"},
                                    {"algorithm", "milenage"},
                                    {"suites", json::Value::array().push_back("x25519")}}))
              .status == 201);
  REQUIRE(post("/v1/ranges",
               json::Value::object(
                   {{"iccid_first", first_iccid}, {"imsi_first", first_imsi}, {"count", count}}))
              .status == 201);
}

json::Value Rig::make_batch(uint64_t count, const std::string& ver) {
  const Answer answer = post(
      "/v1/allocations",
      json::Value::object(
          {{"manufacturer", "northern"}, {"ver", ver}, {"count", count}, {"profile", "standard"}}));
  REQUIRE(answer.status == 201);
  return test::body_of(answer);
}

Iccid Rig::iccid_at(uint64_t position) const {
  auto body = fleet::body_of(*Iccid::parse(first_iccid));
  REQUIRE(body.has_value());
  body->number += position;
  return fleet::iccid_of(*body);
}

std::string Rig::sell(uint64_t position) {
  const Answer answer =
      post("/v1/signups",
           json::Value::object({{"iccid", iccid_at(position).text()},
                                {"ver", "0100000000000001"},
                                {"contract", "C-" + std::to_string(position)},
                                {"msisdn", std::to_string(491700000000 + position)},
                                {"activation", json::Value::object({{"kind", "none"}})}}));
  REQUIRE(answer.status == 201);
  return std::string(test::body_of(answer).text_of("order"));
}

json::Value body_of(const Answer& answer) {
  auto value = json::parse(answer.body);
  REQUIRE(value.has_value());
  return *value;
}

std::string problem_of(const Answer& answer) {
  CHECK(answer.content_type == "application/problem+json");
  const json::Value body = body_of(answer);
  CHECK(body.integer_of("status") == answer.status);
  CHECK_FALSE(body.text_of("detail").empty());
  CHECK_FALSE(body.text_of("hint").empty());
  const std::string_view type = body.text_of("type");
  constexpr std::string_view prefix = "urn:simurgh:problem:";
  REQUIRE(type.starts_with(prefix));
  return std::string(type.substr(prefix.size()));
}

std::string field_of(const Answer& answer) {
  return std::string(body_of(answer).text_of("field"));
}

}  // namespace simurgh::api::test
