// Elements over the interface (G8): batches, a fleet file in pieces, and no key in any answer
// (I10).
#include <doctest/doctest.h>

#include "api/rig.h"

namespace simurgh::api::test {
namespace {

const std::string kic = "000102030405060708090a0b0c0d0e0f";
const std::string psk = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf";
const std::string header = "iccid,msisdn,kic,kid,key_version,psk_identity,psk,counter,last_contact";

std::string row(int number, const std::string& key = kic) {
  const std::string n = std::to_string(100 + number);
  return "8949990000000000" + n + ",49170" + n + "," + key + "," + kic + ",3,chip-" + n + "," +
         psk + ",17,2026-01-02T03:04:05Z\n";
}

struct Importer : Rig {
  Importer() { CHECK(post("/v1/batches", json::Value::object({{"name", "one"}})).status == 201); }
  ~Importer() {
    CHECK(said().find(kic) == std::string::npos);
    CHECK(said().find(psk) == std::string::npos);
  }
  Answer import(const std::string& rows, bool skip_known = false) {
    return post("/v1/elements/import", json::Value::object({{"batch", "one"},
                                                            {"header", header},
                                                            {"rows", rows},
                                                            {"first_line", 1002},
                                                            {"skip_known", skip_known}}));
  }
};

TEST_CASE_FIXTURE(Importer, "G8: batches are added and changed, and listed with their settings") {
  const auto settings = json::Value::object({{"chunked", false}});
  CHECK(
      post("/v1/batches", json::Value::object({{"name", "two"}, {"settings", settings}})).status ==
      201);
  CHECK(problem_of(post("/v1/batches", json::Value::object({{"name", "a b"}}))) == "bad-field");
  CHECK(post("/v1/batches", json::Value::object({{"name", "x"}}), "viewer").status == 403);
  const json::Value list = body_of(get("/v1/batches"));
  REQUIRE(list.find("items")->as_array()->size() == 2);
  CHECK(*(*list.find("items")->as_array())[1].find("settings") == settings);
}

TEST_CASE_FIXTURE(Importer,
                  "G8: a piece of a fleet file is imported whole, and seen without keys") {
  const Answer answer = import(row(1) + row(2) + row(3));
  REQUIRE(answer.status == 201);
  CHECK(body_of(answer).integer_of("imported") == 3);
  const json::Value one = body_of(get("/v1/elements/8949990000000000102"));
  CHECK(one.text_of("batch") == "one");
  CHECK(one.text_of("source") == "imported");
  CHECK(one.text_of("psk_identity") == "chip-102");
  CHECK(one.integer_of("counter") == 17);
  CHECK(one.text_of("last_contact") == "2026-01-02T03:04:05.000Z");
  CHECK(one.find("next_poll")->is_null());
  // What campaigns start from.
  const auto state = storage.campaigns().element({1});
  REQUIRE(state.has_value());
  CHECK(**state == campaign::ElementRow{{1}, 1767323045, 0, 1, 0, {}});
  const json::Value page = body_of(get("/v1/elements?batch=one&limit=2"));
  CHECK(page.find("items")->as_array()->size() == 2);
  CHECK(page.text_of("next") == "8949990000000000102");
  CHECK(body_of(get("/v1/elements?after=8949990000000000102")).find("items")->as_array()->size() ==
        1);
  CHECK(get("/v1/elements?batch=none").status == 404);
  CHECK(get("/v1/elements?iccid_prefix=x").status == 422);
  CHECK(get("/v1/elements/8949990000000000999").status == 404);
}

TEST_CASE_FIXTURE(Importer, "G8: an import that is run again brings in what is missing, once") {
  REQUIRE(import(row(1) + row(2)).status == 201);
  const Answer again = import(row(2) + row(3));
  CHECK(again.status == 409);
  CHECK(again.body.find("line 1002") != std::string::npos);
  CHECK(get("/v1/elements/8949990000000000103").status == 404);  // nothing of the piece
  const Answer skipped = import(row(2) + row(3), true);
  REQUIRE(skipped.status == 201);
  CHECK(body_of(skipped).integer_of("known") == 1);
  CHECK(body_of(skipped).integer_of("imported") == 1);
  CHECK(body_of(import(row(1) + row(2) + row(3), true)).integer_of("known") == 3);
  // The same ICCID with another key is not the same chip.
  CHECK(import(row(2, "ff0102030405060708090a0b0c0d0e0f"), true).status == 409);
}

TEST_CASE_FIXTURE(Importer, "G8, I10: refusals name line and column of the file, never a value") {
  const Answer bad = import(row(1) + row(2, kic + "00"));
  CHECK(problem_of(bad) == "bad-field");
  CHECK(bad.body.find("line 1003, column \\\"kic\\\"") != std::string::npos);
  CHECK(get("/v1/elements/8949990000000000101").status == 404);
  CHECK(problem_of(import("8949990000000000101,,,,,,,,\n")) == "bad-field");  // no keys at all
  CHECK(import(row(1) + row(1)).status == 409);
  CHECK(problem_of(
            post("/v1/elements/import",
                 json::Value::object({{"batch", "none"}, {"header", header}, {"rows", row(1)}}))) ==
        "bad-field");
  std::string many;
  for (size_t i = 0; i <= fleet::import_rows_max; ++i) many += "894999000000000000,,,,,,,,\n";
  CHECK(problem_of(import(many)) == "bad-field");
}

}  // namespace
}  // namespace simurgh::api::test
