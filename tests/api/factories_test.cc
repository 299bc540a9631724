// Manufacturers, numbers and batches over the interface (D1, D2, D4).
#include <doctest/doctest.h>

#include "api/rig.h"
#include "factory/allocation.h"
#include "factory/order_file.h"

namespace simurgh::api::test {
namespace {

struct Pool : Rig {
  Pool() { make_pool(); }

  factory::AllocationNote note_of(const Answer& answer) {
    json::Problem problem;
    auto note = factory::parse_allocation(test::body_of(answer), problem);
    CHECK(problem.sentence().empty());
    REQUIRE(note.has_value());
    return *note;
  }
};

TEST_CASE_FIXTURE(Pool, "D1: batches follow each other without a gap, 1:1, and no number twice") {
  const json::Value a = make_batch(100);
  const json::Value b = make_batch(50);
  CHECK(a.text_of("iccid_first") == iccid_at(0).text());
  CHECK(a.text_of("iccid_last") == iccid_at(99).text());
  CHECK(a.text_of("imsi_last") == "262170000000099");
  CHECK(b.text_of("iccid_first") == iccid_at(100).text());
  CHECK(b.text_of("imsi_first") == "262170000000100");
  const json::Value more = json::Value::object({{"manufacturer", "northern"},
                                                {"ver", "0100000000000001"},
                                                {"count", 900},
                                                {"profile", "standard"}});
  CHECK(problem_of(post("/v1/allocations", more)) == "conflict");
  const Answer overlap =
      post("/v1/ranges", json::Value::object({{"iccid_first", iccid_at(999).text()},
                                              {"imsi_first", "262180000000000"},
                                              {"count", 5}}));
  CHECK(problem_of(overlap) == "conflict");
}

TEST_CASE_FIXTURE(Pool, "D2: the manufacturer alone opens K1, which is that of the version") {
  const factory::AllocationNote note =
      note_of(post("/v1/allocations", json::Value::object({{"manufacturer", "northern"},
                                                           {"ver", "0100000000000001"},
                                                           {"count", 100},
                                                           {"profile", "standard"}})));
  const auto k1 =
      factory::open_k1(note.k1_sealed, transport_private,
                       {.manufacturer = "northern", .allocation = note.id, .ver = note.ver});
  REQUIRE(k1.has_value());
  CHECK(crypto::secure_equal(k1->view(), keys.k1_of_version(note.ver)->view()));
  CHECK(factory::verify(note, *keys.public_key(crypto::SignatureScheme::ed25519)).has_value());
  // Fetched again it is sealed anew and opens to the same.
  const factory::AllocationNote again = note_of(get("/v1/allocations/1", "factory"));
  CHECK(again.k1_sealed != note.k1_sealed);
  const auto same =
      factory::open_k1(again.k1_sealed, transport_private,
                       {.manufacturer = "northern", .allocation = note.id, .ver = note.ver});
  REQUIRE(same.has_value());
  CHECK(crypto::secure_equal(k1->view(), same->view()));
}

TEST_CASE_FIXTURE(Pool, "D2: no two manufacturers have one version, and so none the other's K1") {
  make_batch(10);
  const json::Value body = json::Value::object({{"manufacturer", "southern"},
                                                {"ver", "0100000000000001"},
                                                {"count", 10},
                                                {"profile", "standard"}});
  CHECK(problem_of(post("/v1/allocations", body)) == "conflict");
  json::Value other = body;
  other.set("ver", "0100000000000002");
  CHECK(post("/v1/allocations", other).status == 201);
}

TEST_CASE_FIXTURE(Pool, "D4: a thousand chips in a factory are no rows of chips") {
  make_batch(1000);
  CHECK(body_of(get("/v1/chips")).find("items")->as_array()->empty());
  const json::Value chip = body_of(get("/v1/chips/" + std::string(iccid_at(999).text())));
  CHECK(chip.text_of("state") == "unsold");
  CHECK(chip.text_of("imsi") == "262170000000999");
}

TEST_CASE_FIXTURE(Pool,
                  "T-TENANT: a factory sees its own batches, and others' not even as refused") {
  make_batch(10);
  CHECK(get("/v1/allocations/1", "factory").status == 200);
  CHECK(body_of(get("/v1/allocations", "factory")).find("items")->as_array()->size() == 1);
  const Answer hidden = get("/v1/allocations/1", "factory-b");
  const Answer absent = get("/v1/allocations/2", "factory-b");
  CHECK(hidden.status == 404);
  CHECK(absent.status == 404);
  CHECK(body_of(get("/v1/allocations", "factory-b")).find("items")->as_array()->empty());
  CHECK(post("/v1/allocations/1/delivery", json::Value::object(), "factory-b").status == 404);
}

TEST_CASE_FIXTURE(Pool, "who only looks does not get the sealed K1 either") {
  make_batch(10);
  for (const char* token : {"viewer", "approver"}) {
    const Answer answer = get("/v1/allocations/1", token);
    CHECK(answer.status == 200);
    CHECK(body_of(answer).find("k1_sealed") == nullptr);
  }
}

struct Delivered : Pool {
  factory::OrderFile order;
  Delivered() {
    make_batch(100);
    const fleet::Run run = (*storage.fleet().allocation(1))->run;
    order.allocation = 1;
    order.manufacturer = "northern";
    order.ver = {1, 0, 0, 0, 0, 0, 0, 1};
    order.count = 100;
    order.made = 60;
    order.iccid_first = run.iccid_at(0);
    order.iccid_last = run.iccid_at(59);
    order.imsi_first = run.imsi_at(0);
    order.imsi_last = run.imsi_at(59);
    order.chips_sha256 = factory::chips_digest(run, 60);
  }
  Answer report(const factory::OrderFile& file) {
    return post("/v1/allocations/1/delivery", factory::write_order_file(file), "factory");
  }
};

TEST_CASE_FIXTURE(Delivered, "D1: the order file is counted, checked and shown") {
  CHECK(report(order).status == 200);
  CHECK(
      body_of(get("/v1/allocations")).find("items")->as_array()->front().integer_of("delivered") ==
      60);
  order.made = 100;
  order.chips_sha256 = factory::chips_digest((*storage.fleet().allocation(1))->run, 100);
  CHECK(report(order).status == 200);
  order.made = 60;
  CHECK(problem_of(report(order)) == "conflict");
}

TEST_CASE_FIXTURE(Delivered, "D1: chips with other numbers than the batch's are not taken") {
  order.chips_sha256[5] ^= 1;
  CHECK(problem_of(report(order)) == "conflict");
  factory::OrderFile other = order;
  other.ver[0] = 9;
  CHECK(problem_of(report(other)) == "conflict");
  other = order;
  other.count = 99;
  CHECK(problem_of(report(other)) == "conflict");
  CHECK(
      body_of(get("/v1/allocations")).find("items")->as_array()->front().integer_of("delivered") ==
      0);
}

TEST_CASE_FIXTURE(Pool,
                  "a manufacturer's key is changed only on purpose, and never to a weak one") {
  const std::string other = "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c";
  json::Value body = json::Value::object({{"name", "northern"}, {"transport_public_key", other}});
  CHECK(problem_of(post("/v1/manufacturers", body)) == "conflict");
  body.set("replace_key", true);
  CHECK(post("/v1/manufacturers", body).status == 201);
  body.set("transport_public_key", std::string(64, '0'));
  CHECK(field_of(post("/v1/manufacturers", body)) == "transport_public_key");
}

TEST_CASE_FIXTURE(Pool, "a revoked version is neither allocated nor sold") {
  make_batch(10);
  CHECK(post("/v1/revoked-versions",
             json::Value::object({{"ver", "0100000000000001"}, {"reason", "K1 was seen"}}))
            .status == 201);
  const json::Value body = json::Value::object({{"manufacturer", "northern"},
                                                {"ver", "0100000000000001"},
                                                {"count", 10},
                                                {"profile", "standard"}});
  CHECK(problem_of(post("/v1/allocations", body)) == "policy");
  const json::Value sale =
      json::Value::object({{"iccid", iccid_at(1).text()},
                           {"ver", "0100000000000001"},
                           {"contract", "C-1"},
                           {"msisdn", "491700000001"},
                           {"activation", json::Value::object({{"kind", "none"}})}});
  CHECK(problem_of(post("/v1/signups", sale)) == "policy");
}

TEST_CASE_FIXTURE(Pool, "I6: each change of the pool has its audit row, with who and what") {
  make_batch(10);
  const json::Value rows = body_of(get("/v1/audit", "approver"));
  std::vector<std::string> actions;
  for (const json::Value& row : *rows.find("items")->as_array()) {
    CHECK(row.text_of("actor") == "token:admin");
    actions.emplace_back(row.text_of("action"));
  }
  CHECK(actions == std::vector<std::string>{"manufacturer.save", "manufacturer.save",
                                            "profile.save", "range.add", "allocation.add"});
  CHECK_FALSE(audit.verify()->fault.has_value());
}

}  // namespace
}  // namespace simurgh::api::test
