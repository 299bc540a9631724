// The table of routes: who may do what, and what is said to everybody else.
#include <doctest/doctest.h>

#include <algorithm>

#include "api/rig.h"

namespace simurgh::api::test {
namespace {

// A path of the pattern: every {…} becomes a number that nothing has.
std::string path_of(std::string_view pattern) {
  std::string out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '{') {
      out += "8949170000000999999";
      i = pattern.find('}', i);
    } else {
      out.push_back(pattern[i]);
    }
  }
  return out;
}

TEST_CASE("each route takes the roles that the table declares, and no other") {
  Rig rig;
  const auto routes = route_descriptions();
  REQUIRE(routes.size() > 30);
  for (const RouteDescription& route : routes) {
    for (size_t i = 0; i < role_count; ++i) {
      const auto role = static_cast<Role>(i);
      CAPTURE(route.pattern);
      CAPTURE(name_of(role));
      const std::string body = route.method == "POST" ? "{}" : "";
      const Answer answer =
          rig.call(std::string(route.method), path_of(route.pattern), body, name_of(role));
      if (route.roles.empty() || route.roles.contains(role)) {
        CHECK(answer.status != 401);
        CHECK(answer.status != 403);
        CHECK(answer.status != 405);
        CHECK(answer.status < 500);
      } else {
        CHECK(answer.status == 403);
        CHECK(problem_of(answer) == "forbidden");
      }
    }
    const Answer nobody = rig.call(std::string(route.method), path_of(route.pattern), "", "");
    if (route.roles.empty()) {
      CHECK(nobody.status == 200);
    } else {
      CHECK(nobody.status == 401);
      CHECK(nobody.headers ==
            std::vector<std::pair<std::string, std::string>>{{"WWW-Authenticate", "Bearer"}});
    }
  }
}

// Written down a second time on purpose: widening one of these must be decided twice.
TEST_CASE("what is dangerous is kept to few") {
  struct Expected {
    const char* route;
    Roles roles;
  };
  constexpr Roles operators = {Role::operator_, Role::admin};
  constexpr Roles dealers = {Role::dealer, Role::operator_, Role::admin};
  constexpr Roles deciders = {Role::operator_, Role::approver, Role::admin};
  constexpr Expected expected[] = {
      {"POST /v1/manufacturers", {Role::admin}},
      {"POST /v1/ranges", operators},
      {"POST /v1/allocations", operators},
      {"POST /v1/allocations/{id}/delivery", {Role::factory, Role::operator_, Role::admin}},
      {"POST /v1/revoked-versions", {Role::admin}},
      {"POST /v1/signups", dealers},
      {"POST /v1/orders/{id}/renew-code", dealers},
      {"POST /v1/orders/{id}/unfreeze", deciders},
      {"POST /v1/chips/{iccid}/rekey", operators},
      {"POST /v1/chips/{iccid}/reset", dealers},
      {"POST /v1/chips/{iccid}/reset/confirm", dealers},
      {"POST /v1/alarms/{id}/acknowledge", deciders},
      {"POST /v1/subscribers", {Role::admin}},
      {"DELETE /v1/subscribers/{imsi}", {Role::admin}},
      {"GET /v1/audit", {Role::approver, Role::admin}},
      {"POST /v1/profiles", operators},
      {"POST /v1/contracts", dealers},
      {"POST /v1/batches", operators},
      {"POST /v1/elements/import", operators},
      {"POST /v1/campaigns", operators},
      {"POST /v1/campaigns/{id}/members", operators},
      {"POST /v1/campaigns/{id}/submit", operators},
      {"POST /v1/campaigns/{id}/approve", {Role::approver, Role::admin}},
      {"POST /v1/campaigns/{id}/reject", deciders},
      {"POST /v1/campaigns/{id}/pause", operators},
      {"POST /v1/campaigns/{id}/resume", operators},
      {"POST /v1/campaigns/{id}/cancel", deciders},
      {"POST /v1/campaigns/{id}/retry", operators},
  };
  size_t changing = 0;
  for (const RouteDescription& route : route_descriptions()) {
    const std::string name = std::string(route.method) + " " + std::string(route.pattern);
    const auto* const found =
        std::ranges::find(expected, name, [](const Expected& e) { return std::string(e.route); });
    CAPTURE(name);
    if (route.method != "GET") {
      ++changing;
      REQUIRE(found != std::end(expected));
    }
    if (found != std::end(expected)) CHECK(route.roles == found->roles);
    // Nobody without a token sees more than that the process is there.
    if (route.roles.empty()) CHECK((name == "GET /healthz" || name == "GET /readyz"));
    CHECK_FALSE(route.summary.empty());
  }
  CHECK(changing == 27);
}

TEST_CASE("GET /v1 tells the table") {
  Rig rig;
  const json::Value body = body_of(rig.get("/v1", "device"));
  const auto& items = *body.find("routes")->as_array();
  const auto routes = route_descriptions();
  REQUIRE(items.size() == routes.size());
  for (size_t i = 0; i < items.size(); ++i) {
    CHECK(items[i].text_of("method") == routes[i].method);
    CHECK(items[i].text_of("path") == routes[i].pattern);
  }
}

TEST_CASE("a wrong path, method or token gets its own answer") {
  Rig rig;
  CHECK(problem_of(rig.get("/v2/chips")) == "not-found");
  CHECK(problem_of(rig.get("/")) == "not-found");
  CHECK(problem_of(rig.get("/v1//chips")) == "bad-request");
  const Answer method = rig.call("DELETE", "/v1/ranges");
  CHECK(problem_of(method) == "method-not-allowed");
  CHECK(method.headers == std::vector<std::pair<std::string, std::string>>{{"Allow", "GET, POST"}});
  CHECK(rig.call("BREW", "/v1/ranges").status == 405);

  Request request{.method = "GET", .target = "/v1/status", .authorization = "Bearer admin.00"};
  CHECK(rig.api.handle(request, start)->status == 401);
}

TEST_CASE("a token over its rate is told how long to wait, and others are not held up") {
  Rig rig;
  Key256 secret;
  rig.random.fill(secret.fill(32));
  auto made = make_token("slow", {Role::viewer}, secret, rig.random.array<16>());
  REQUIRE(made.has_value());
  made->token.requests_per_minute = 6;
  rig.tokens = Tokens({made->token});
  const auto ask = [&](Instant now) {
    Request request{.method = "GET",
                    .target = "/v1/ranges",
                    .authorization = "Bearer " + std::string(text_of(made->text.view()))};
    return *rig.api.handle(request, now);
  };
  CHECK(ask(start).status == 200);
  const Answer refused = ask(start);
  CHECK(problem_of(refused) == "too-many-requests");
  REQUIRE(refused.headers.size() == 1);
  CHECK(refused.headers[0].first == "Retry-After");
  const int64_t wait = std::stoll(refused.headers[0].second);
  CHECK(ask(start + seconds(wait)).status == 200);
}

TEST_CASE("readiness says why not, and health does not care") {
  Rig rig;
  CHECK(rig.get("/readyz", "").status == 200);
  rig.surroundings.is_ready = false;
  const Answer answer = rig.get("/readyz", "");
  CHECK(answer.status == 503);
  CHECK(body_of(answer).text_of("detail") == "the SMSC is not bound");
  CHECK(rig.get("/healthz", "").status == 200);
  const Answer metrics = rig.get("/metrics");
  CHECK(metrics.content_type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(metrics.body == "simurgh_up 1\n");
}

}  // namespace
}  // namespace simurgh::api::test
