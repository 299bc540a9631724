// Requests that are not right: each names what is wrong, changes nothing, and repeats nothing
// secret.
#include <doctest/doctest.h>

#include "api/rig.h"

namespace simurgh::api::test {
namespace {

struct Post {
  const char* path;
  const char* good;         // a body whose fields are all of the right form
  const char* first_field;  // what an empty object lacks first
};

constexpr Post posts[] = {
    {"/v1/manufacturers",
     R"({"name":"northern","transport_public_key":)"
     R"("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"})",
     "name"},
    {"/v1/ranges",
     R"({"iccid_first":"8949170000000000004","imsi_first":"262170000000000",)"
     R"("count":5})",
     "iccid_first"},
    {"/v1/profiles", R"({"name":"standard","algorithm":"milenage"})", "name"},
    {"/v1/revoked-versions", R"({"ver":"0102030405060708","reason":"lost"})", "ver"},
    {"/v1/allocations",
     R"({"manufacturer":"northern","ver":"0102030405060708","count":5,"profile":"standard"})",
     "manufacturer"},
    {"/v1/contracts", R"({"id":"C-1","customer":"A","tariff":"B"})", "id"},
    {"/v1/signups",
     R"({"iccid":"8949170000000000004","ver":"0102030405060708","contract":"C-1",)"
     R"("msisdn":"491700000001","activation":{"kind":"none"}})",
     "iccid"},
    {"/v1/chips/8949170000000000004/reset", R"({"challenge":"00112233"})", "challenge"},
    {"/v1/chips/8949170000000000004/reset/confirm", R"({"receipt":"00112233"})", "receipt"},
    {"/v1/subscribers",
     R"({"imsi":"262170000000001","msisdn":"491700000001","algorithm":"milenage",)"
     R"("ki":"00000000000000000000000000000001","opc":"00000000000000000000000000000002"})",
     "imsi"},
};

TEST_CASE("every POST names the first field that is missing") {
  Rig rig;
  for (const Post& post : posts) {
    CAPTURE(post.path);
    const Answer answer = rig.call("POST", post.path, "{}");
    CHECK(answer.status == 422);
    CHECK(problem_of(answer) == "bad-field");
    CHECK(field_of(answer) == post.first_field);
    // No body at all is an object without fields.
    CHECK(field_of(rig.call("POST", post.path, "")) == post.first_field);
  }
}

TEST_CASE("every POST names each field that is absent, of another kind, or unknown") {
  Rig rig;
  for (const Post& post : posts) {
    const auto good = json::parse(post.good);
    REQUIRE(good.has_value());
    for (const json::Member& member : *good->as_object()) {
      CAPTURE(post.path);
      CAPTURE(member.name);
      json::Value without = json::Value::object();
      for (const json::Member& other : *good->as_object()) {
        if (other.name != member.name) without.set(other.name, other.value);
      }
      const Answer absent = rig.post(post.path, without);
      CHECK(absent.status == 422);
      CHECK(field_of(absent) == member.name);
      for (const char* wrong : {"true", "-1", "[1]", "1.5", "\"\\u00e9\"", "null"}) {
        if (member.name == "customer" || member.name == "tariff" || member.name == "id" ||
            member.name == "contract" || member.name == "profile" || member.name == "reason") {
          if (wrong[0] == '"') continue;  // any text will do there
        }
        json::Value changed = *good;
        changed.set(member.name, json::parse("[" + std::string(wrong) + "]")->as_array()->front());
        const Answer answer = rig.post(post.path, changed);
        CHECK(answer.status == 422);
        // A key alone may be blamed for another field's wrong kind when both belong together.
        CHECK(field_of(answer).substr(0, 2) == member.name.substr(0, 2));
      }
    }
    json::Value extra = *good;
    extra.set("surprise", 1);
    CHECK(field_of(rig.post(post.path, extra)) == "surprise");
  }
}

TEST_CASE("what is no JSON, too large, too deep or of another type is told apart") {
  Rig rig;
  for (const Post& post : posts) {
    CAPTURE(post.path);
    CHECK(problem_of(rig.call("POST", post.path, "{\"a\"")) == "bad-request");
    CHECK(problem_of(rig.call("POST", post.path, "[]")) == "bad-field");
    CHECK(problem_of(rig.call("POST", post.path, "\"text\"")) == "bad-request");
    CHECK(problem_of(rig.call("POST", post.path, "{\"a\":1,\"a\":2}")) == "bad-request");
    CHECK(problem_of(rig.call("POST", post.path, std::string(200, '['))) == "too-large");
    const std::string large = "{\"a\":\"" + std::string(1 << 20, 'x') + "\"}";
    const auto refused = rig.call("POST", post.path, large);
    CHECK(refused.status == 413);
    CHECK(refused.body.find("at most 1048576 octets, 16 levels and 256 members") !=
          std::string::npos);
    Request request{.method = "POST",
                    .target = post.path,
                    .body = post.good,
                    .authorization = rig.authorization("admin"),
                    .content_type = "text/plain"};
    CHECK(problem_of(*rig.api.handle(request, start)) == "media-type");
  }
  CHECK(problem_of(rig.call("GET", "/v1/ranges", "{}")) == "bad-request");
}

TEST_CASE("lists name a query parameter that is wrong or unknown") {
  Rig rig;
  for (const char* list :
       {"/v1/allocations", "/v1/chips", "/v1/alarms", "/v1/jobs", "/v1/audit", "/v1/contracts"}) {
    const std::string path = list;
    CAPTURE(path);
    CHECK(field_of(rig.get(path + "?limit=0")) == "limit");
    CHECK(field_of(rig.get(path + "?limit=1001")) == "limit");
    CHECK(field_of(rig.get(path + "?limit=ten")) == "limit");
    CHECK(field_of(rig.get(path + "?surprise=1")) == "?");
    CHECK(rig.get(path + "?limit=1&limit=2").status == 400);
    CHECK(rig.get(path + "?limit=1").status == 200);
  }
  CHECK(field_of(rig.get("/v1/chips?state=happy")) == "state");
  CHECK(field_of(rig.get("/v1/chips?iccid_prefix=89x")) == "iccid_prefix");
  CHECK(field_of(rig.get("/v1/chips?after=12")) == "after");
  CHECK(field_of(rig.get("/v1/audit?after=-1")) == "after");
}

TEST_CASE("a path that names nothing is told so, and nonsense in it is not repeated") {
  Rig rig;
  rig.make_pool();
  CHECK(rig.get("/v1/chips/8949170000009999999").status == 404);
  CHECK(rig.get("/v1/orders/none").status == 404);
  CHECK(rig.get("/v1/allocations/77").status == 404);
  CHECK(rig.post("/v1/alarms/5/acknowledge", json::Value::object()).status == 404);
  const Answer answer = rig.get("/v1/orders/%3Cscript%3E");
  CHECK(answer.status == 404);
  CHECK(answer.body.find("script") == std::string::npos);
}

TEST_CASE("I6: a refused request leaves no change and no audit row, even if it fails at the end") {
  Rig rig;
  rig.make_pool();
  rig.make_batch();
  REQUIRE(rig.storage.commit(0).has_value());
  const uint64_t rows = rig.audit.head()->sequence;
  rig.centre.fails_late = ErrorCode::unsupported;
  const json::Value body =
      json::Value::object({{"iccid", rig.iccid_at(1).text()},
                           {"ver", "0100000000000001"},
                           {"contract", "C-1"},
                           {"msisdn", "491700000001"},
                           {"activation", json::Value::object({{"kind", "none"}})}});
  CHECK(rig.post("/v1/signups", body).status == 409);
  CHECK(rig.audit.head()->sequence == rows);
  CHECK(rig.fleet.chip(rig.iccid_at(1)).error().code == ErrorCode::not_found);
  rig.centre.fails_late.reset();
  CHECK(rig.post("/v1/signups", body).status == 201);
}

TEST_CASE("a store that fails is no answer but the end") {
  Rig rig;
  rig.make_pool();
  rig.storage.fail_next_commit();
  CHECK_FALSE(rig.storage.commit(0).has_value());
  Request request{
      .method = "GET", .target = "/v1/ranges", .authorization = rig.authorization("admin")};
  const auto answer = rig.api.handle(request, start);
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == ErrorCode::storage);
}

}  // namespace
}  // namespace simurgh::api::test
