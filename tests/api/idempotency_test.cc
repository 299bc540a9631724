// Idempotency-Key: a request that is sent again has its effect once.
#include <doctest/doctest.h>

#include "api/rig.h"

namespace simurgh::api::test {
namespace {

json::Value sign_up_body(const Rig& rig, uint64_t position) {
  return json::Value::object({{"iccid", rig.iccid_at(position).text()},
                              {"ver", "0100000000000001"},
                              {"contract", "C-1"},
                              {"msisdn", std::to_string(491700000000 + position)},
                              {"activation", json::Value::object({{"kind", "none"}})}});
}

bool is_replayed(const Answer& answer) {
  return answer.headers ==
         std::vector<std::pair<std::string, std::string>>{{"Idempotent-Replayed", "true"}};
}

struct Sale : Rig {
  Sale() {
    make_pool();
    make_batch();
  }
};

TEST_CASE_FIXTURE(Sale, "D1: the same key and request is answered again, without a second effect") {
  const json::Value body = json::Value::object({{"manufacturer", "northern"},
                                                {"ver", "0100000000000001"},
                                                {"count", 10},
                                                {"profile", "standard"}});
  const Answer first = post("/v1/allocations", body, "admin", "key-1");
  CHECK(first.status == 201);
  CHECK_FALSE(is_replayed(first));
  const Answer again = post("/v1/allocations", body, "admin", "key-1");
  CHECK(again.status == 201);
  CHECK(is_replayed(again));
  CHECK(again.body == first.body);
  CHECK(body_of(get("/v1/ranges")).find("items")->as_array()->front().integer_of("allocated") ==
        110);
  // Without the key, or with another, it is another request.
  const Answer other = post("/v1/allocations", body, "admin", "key-2");
  CHECK(body_of(other).text_of("iccid_first") != body_of(first).text_of("iccid_first"));
}

TEST_CASE_FIXTURE(Sale, "an answer outlives a crash exactly when its effect does") {
  const json::Value body = sign_up_body(*this, 1);
  CHECK(post("/v1/signups", body, "dealer", "k").status == 201);
  storage.crash();
  Sale fresh;
  CHECK_FALSE(is_replayed(fresh.post("/v1/signups", body, "dealer", "k")));
  REQUIRE(fresh.storage.commit(0).has_value());
  fresh.storage.crash();
  CHECK(is_replayed(fresh.post("/v1/signups", body, "dealer", "k")));
  CHECK(fresh.centre.signed_up.size() == 1);
}

TEST_CASE_FIXTURE(Sale,
                  "a key of another request is refused, and other tokens have keys of their own") {
  CHECK(post("/v1/signups", sign_up_body(*this, 1), "dealer", "k").status == 201);
  const Answer reused = post("/v1/signups", sign_up_body(*this, 2), "dealer", "k");
  CHECK(reused.status == 422);
  CHECK(problem_of(reused) == "key-reused");
  CHECK(problem_of(post("/v1/contracts", json::Value::object(), "dealer", "k")) == "key-reused");
  const Answer others = post("/v1/signups", sign_up_body(*this, 2), "admin", "k");
  CHECK(others.status == 201);
  CHECK_FALSE(is_replayed(others));
}

TEST_CASE_FIXTURE(Sale, "a refusal is not kept: the request may be right tomorrow") {
  const json::Value body = sign_up_body(*this, 500);  // not given to a manufacturer yet
  CHECK(post("/v1/signups", body, "dealer", "k").status == 404);
  make_batch(450);
  CHECK(post("/v1/signups", body, "dealer", "k").status == 201);
}

TEST_CASE_FIXTURE(Sale, "I10: the kept row says nothing of the request to who reads the database") {
  json::Value body = sign_up_body(*this, 1);
  body.set("activation", json::Value::object({{"kind", "short"}, {"code", "12345674"}}));
  const std::string text = json::write(body);
  CHECK(call("POST", "/v1/signups", text, "dealer", "k").status == 201);
  const auto row = storage.answers().load("dealer", "k");
  REQUIRE(row.has_value());
  REQUIRE(row->has_value());
  // Whoever has the row can compute the hash of a guess; it must not be there to compare with.
  const std::string target = "/v1/signups";
  ByteArray<8> sizes{0, 0, 0, 4, 0, 0, 0, static_cast<uint8_t>(target.size())};
  const crypto::Digest digest =
      crypto::sha256({sizes, bytes_of("POST"), bytes_of(target), bytes_of(text)});
  const std::string_view stored = text_of((*row)->request.view());
  CHECK(stored.find(text_of(digest).substr(0, 8)) == std::string_view::npos);
  CHECK((*row)->body.find("12345674") == std::string::npos);
}

TEST_CASE_FIXTURE(Sale, "a key that is too long or not printable is refused") {
  for (const std::string& key : {std::string(65, 'a'), std::string("a b"), std::string("a\x01")}) {
    CHECK(problem_of(post("/v1/signups", sign_up_body(*this, 1), "dealer", key)) == "bad-request");
  }
  CHECK(centre.signed_up.empty());
}

TEST_CASE_FIXTURE(Sale, "old answers go when the shell says so") {
  CHECK(post("/v1/signups", sign_up_body(*this, 1), "dealer", "k").status == 201);
  REQUIRE(storage.answers().erase_before(now).has_value());
  CHECK((*storage.answers().load("dealer", "k")).has_value());
  REQUIRE(storage.answers().erase_before(now + milliseconds(1)).has_value());
  CHECK_FALSE((*storage.answers().load("dealer", "k")).has_value());
}

}  // namespace
}  // namespace simurgh::api::test
