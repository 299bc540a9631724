// Selling, re-keying and resetting chips over the interface (D5, D10, D11, D12), and what never
// leaves it (I10).
#include <doctest/doctest.h>

#include "api/rig.h"
#include "conversations/personalisation/activation_code.h"

namespace simurgh::api::test {
namespace {

struct Shop : Rig {
  Shop() {
    make_pool();
    make_batch(500);
  }
  json::Value sale(uint64_t position, json::Value activation) {
    return json::Value::object({{"iccid", iccid_at(position).text()},
                                {"ver", "0100000000000001"},
                                {"contract", "C-1"},
                                {"msisdn", std::to_string(491700000000 + position)},
                                {"activation", std::move(activation)}});
  }
  std::string path_of_chip(uint64_t position) {
    return "/v1/chips/" + std::string(iccid_at(position).text());
  }
};

json::Value with_code(std::string_view kind, std::string_view code) {
  return json::Value::object({{"kind", kind}, {"code", code}});
}

TEST_CASE_FIXTURE(Shop, "D5: a chip is sold by ICCID, VER and contract, and is then seen as sold") {
  const Answer answer =
      post("/v1/signups", sale(7, json::Value::object({{"kind", "none"}})), "dealer");
  CHECK(answer.status == 201);
  const json::Value body = body_of(answer);
  CHECK(body.text_of("imsi") == "262170000000007");
  CHECK(body.text_of("state") == "sold");
  const json::Value chip = body_of(get(path_of_chip(7)));
  CHECK(chip.text_of("state") == "sold");
  CHECK(chip.text_of("contract") == "C-1");
  CHECK(chip.integer_of("key_epoch") == 3);
  CHECK(chip.find("orders")->as_array()->size() == 1);
  CHECK(chip.find("history")->as_array()->front().text_of("action") == "chip.sell");
  CHECK(chip.find("history")->as_array()->front().text_of("actor") == "token:dealer");
  // The dealer sees the chip, and not who did what to it.
  CHECK(body_of(get(path_of_chip(7), "dealer")).find("history") == nullptr);
}

TEST_CASE_FIXTURE(Shop, "D5: sign-ups that do not fit are refused in words") {
  json::Value body = sale(7, json::Value::object({{"kind", "none"}}));
  body.set("ver", "0100000000000002");
  CHECK(problem_of(post("/v1/signups", body, "dealer")) == "not-found");
  body = sale(700, json::Value::object({{"kind", "none"}}));
  CHECK(problem_of(post("/v1/signups", body, "dealer")) == "not-found");
  body = sale(7, json::Value::object({{"kind", "none"}}));
  body.set("life", 1);
  CHECK(field_of(post("/v1/signups", body, "dealer")) == "life");
  body.set("life", 0);
  CHECK(post("/v1/signups", body, "dealer").status == 201);
  CHECK(problem_of(post("/v1/signups", body, "dealer")) == "conflict");
}

TEST_CASE_FIXTURE(Shop, "D12, I10: an activation code goes in, and comes out nowhere") {
  CountingRandom dice;
  const auto secret = personalisation::make_code_secret(dice);
  const auto digits = personalisation::make_short_code(dice, 8);
  const personalisation::CodeText secret_text = personalisation::write_code(secret);
  const personalisation::CodeText digits_text = personalisation::write_code(digits);
  const std::string qr(text_of(secret_text.view()));
  const std::string typed(text_of(digits_text.view()));

  CHECK(post("/v1/signups", sale(1, with_code("secret128", qr)), "dealer", "k1").status == 201);
  CHECK(post("/v1/signups", sale(2, with_code("short", typed)), "dealer", "k2").status == 201);
  REQUIRE(centre.signed_up.size() == 2);
  CHECK(crypto::secure_equal(centre.signed_up[0].code.secret.view(), secret.secret.view()));
  CHECK(crypto::secure_equal(centre.signed_up[1].code.digits.view(), digits.digits.view()));
  const std::string order = std::string(body_of(get(path_of_chip(2))).text_of("order"));
  CHECK(post("/v1/orders/" + order + "/renew-code", with_code("secret128", qr), "dealer").status ==
        200);

  // Wrong ones must not be repeated either.
  CHECK(field_of(post("/v1/signups", sale(3, with_code("short", qr)))) == "activation.code");
  CHECK(field_of(post("/v1/signups", sale(3, with_code("secret128", typed)))) == "activation.code");
  std::string misread = qr;
  misread.back() = misread.back() == 'A' ? 'B' : 'A';
  CHECK(field_of(post("/v1/signups", sale(3, with_code("secret128", misread)))) ==
        "activation.code");
  CHECK(problem_of(call("POST", "/v1/signups", "{\"activation\":{\"code\":\"" + qr)) ==
        "bad-request");
  CHECK(post("/v1/contracts", with_code("short", typed)).status == 422);
  for (const char* path : {"/v1/chips", "/v1/audit", "/v1/jobs", "/v1/alarms", "/v1/contracts"}) {
    CHECK(get(path).status == 200);
  }
  CHECK(get("/v1/orders/" + order).status == 200);
  CHECK(said().find(qr.substr(9)) == std::string::npos);
  CHECK(said().find(misread.substr(9, 20)) == std::string::npos);
  CHECK(said().find(typed) == std::string::npos);
  CHECK(said().find("canary") == std::string::npos);
  const auto rows = audit.page(1, 1000);
  REQUIRE(rows.has_value());
  for (const audit::Row& row : *rows) {
    CHECK(row.detail.find(typed) == std::string::npos);
    CHECK(row.detail.find(qr.substr(9)) == std::string::npos);
  }
}

TEST_CASE_FIXTURE(Shop, "D12: a frozen order is opened by who may decide, not by the shop") {
  const std::string order = sell(1);
  REQUIRE(fleet.change(iccid_at(1), fleet::ChipEvent::freeze, {"test", now}).has_value());
  CHECK(body_of(get("/v1/orders/" + order)).text_of("state") == "frozen");
  const json::Value code = with_code("short", "12345674");
  CHECK(problem_of(post("/v1/orders/" + order + "/renew-code", code, "dealer")) == "conflict");
  CHECK(problem_of(post("/v1/orders/" + order + "/unfreeze", code, "dealer")) == "forbidden");
  CHECK(field_of(post("/v1/orders/" + order + "/unfreeze", json::Value::object({{"kind", "none"}}),
                      "approver")) == "kind");
  CHECK(post("/v1/orders/" + order + "/unfreeze", code, "approver").status == 200);
  CHECK(body_of(get("/v1/orders/" + order)).text_of("state") == "open");
  CHECK(problem_of(post("/v1/orders/" + order + "/unfreeze", code, "approver")) == "conflict");
}

TEST_CASE_FIXTURE(Shop, "D11: re-keying is ordered for a chip in service, and refused for others") {
  sell(1);
  CHECK(problem_of(post(path_of_chip(1) + "/rekey", json::Value::object())) == "conflict");
  REQUIRE(fleet.change(iccid_at(1), fleet::ChipEvent::personalised, {"test", now}).has_value());
  const Answer answer = post(path_of_chip(1) + "/rekey", json::Value::object());
  CHECK(answer.status == 202);
  CHECK(body_of(answer).text_of("state") == "rekeying");
  CHECK(problem_of(post(path_of_chip(2) + "/rekey", json::Value::object())) == "not-found");
}

TEST_CASE_FIXTURE(Shop, "D10: a chip is reset by command and receipt, and can then be sold again") {
  sell(1);
  REQUIRE(fleet.change(iccid_at(1), fleet::ChipEvent::personalised, {"test", now}).has_value());
  const std::string path = path_of_chip(1) + "/reset";
  CHECK(field_of(post(path, json::Value::object({{"challenge", "00"}}), "dealer")) == "challenge");
  const Answer command = post(path, json::Value::object({{"challenge", "0011223344"}}), "dealer");
  CHECK(command.status == 200);
  CHECK(body_of(command).text_of("command") == "636f6d6d616e64");
  CHECK(field_of(post(path + "/confirm", json::Value::object({{"receipt", "00"}}), "dealer")) ==
        "receipt");
  json::Value again = sale(1, json::Value::object({{"kind", "none"}}));
  CHECK(problem_of(post("/v1/signups", again, "dealer")) == "conflict");
  const Answer confirmed =
      post(path + "/confirm", json::Value::object({{"receipt", "72656365697074"}}), "dealer");
  CHECK(confirmed.status == 200);
  CHECK(body_of(confirmed).text_of("state") == "returned");
  CHECK(body_of(confirmed).integer_of("life") == 1);
  CHECK(field_of(post("/v1/signups", again, "dealer")) == "life");
  again.set("life", 1);
  CHECK(post("/v1/signups", again, "dealer").status == 201);
}

TEST_CASE_FIXTURE(Shop, "lists come in pages that join without gap or repetition") {
  for (uint64_t i = 0; i < 25; ++i) sell(i);
  std::vector<std::string> seen;
  std::string path = "/v1/chips?limit=7";
  for (int pages = 1;; ++pages) {
    const json::Value page = body_of(get(path));
    for (const json::Value& item : *page.find("items")->as_array()) {
      seen.emplace_back(item.text_of("iccid"));
    }
    if (page.find("next")->is_null()) {
      CHECK(pages == 4);
      break;
    }
    path = "/v1/chips?limit=7&after=" + std::string(page.text_of("next"));
  }
  REQUIRE(seen.size() == 25);
  for (uint64_t i = 0; i < 25; ++i) CHECK(seen[i] == iccid_at(i).text());
  const auto count = [&](const std::string& query) {
    return body_of(get("/v1/chips?" + query)).find("items")->as_array()->size();
  };
  CHECK(count("state=sold") == 25);
  CHECK(count("state=frozen") == 0);
  CHECK(count("contract=C-3") == 1);
  CHECK(count("manufacturer=northern") == 25);
  CHECK(count("manufacturer=southern") == 0);
  CHECK(count("iccid_prefix=89491700000000001") == 10);
}

TEST_CASE_FIXTURE(Shop, "jobs are paged by ICCID, whatever order the centre has them in") {
  for (const uint64_t position : {5u, 1u, 4u, 2u, 3u}) {
    security_centre::ChipKeys row;
    row.iccid = iccid_at(position);
    row.work = security_centre::Work::first_logon;
    centre.open.push_back(row);
  }
  const json::Value first = body_of(get("/v1/jobs?limit=2"));
  CHECK(first.integer_of("total") == 5);
  CHECK(first.find("items")->as_array()->front().text_of("iccid") == iccid_at(1).text());
  CHECK(first.find("items")->as_array()->front().text_of("work") == "first-logon");
  const json::Value last =
      body_of(get("/v1/jobs?limit=2&after=" + std::string(iccid_at(4).text())));
  CHECK(last.find("items")->as_array()->size() == 1);
  CHECK(last.find("next")->is_null());
}

TEST_CASE_FIXTURE(Shop, "alarms are shown newest first and acknowledged by name") {
  for (const char* words : {"first", "second"}) {
    REQUIRE(fleet
                .raise({.kind = fleet::AlarmKind::two_first_logons,
                        .subject = iccid_at(1).text(),
                        .order = "order-1",
                        .words = words},
                       {"security-centre", now})
                .has_value());
  }
  const json::Value open = body_of(get("/v1/alarms?open=1"));
  const json::Value& newest = open.find("items")->as_array()->front();
  CHECK(newest.text_of("words") == "second");
  const std::string path = "/v1/alarms/" + std::to_string(newest.integer_of("id")) + "/acknowledge";
  const json::Value taken = body_of(post(path, json::Value::object(), "approver"));
  CHECK(taken.text_of("acknowledged_by") == "token:approver");
  CHECK(body_of(get("/v1/alarms?open=1")).find("items")->as_array()->size() == 1);
  CHECK(body_of(get("/v1/alarms")).find("items")->as_array()->size() == 2);
  CHECK(body_of(get("/v1/status")).integer_of("alarms_open") == 1);
}

json::Value subscriber(std::string_view algorithm) {
  return json::Value::object({{"imsi", "262990000000001"},
                              {"msisdn", "491720000001"},
                              {"algorithm", algorithm},
                              {"ki", "6361726e6172792d6b692d2d2d2d2d2d"}});
}

TEST_CASE("T-A3A8-FLOOR: COMP128 is refused unless policy takes it, and the refusal is audited") {
  Rig strict;
  const Answer refused = strict.post("/v1/subscribers", subscriber("comp128v1"));
  CHECK(problem_of(refused) == "policy");
  REQUIRE(strict.audit.head()->sequence == 1);
  CHECK((*strict.audit.page(1, 1))[0].action == "subscriber.import_refused");
  Rig lax(true);
  CHECK(lax.post("/v1/subscribers", subscriber("comp128v1")).status == 201);
  CHECK(problem_of(lax.post("/v1/subscribers", subscriber("comp128v1"))) == "conflict");
}

TEST_CASE("I10: imported keys come out nowhere, and imported subscribers can be removed") {
  Rig rig;
  json::Value body = subscriber("milenage");
  CHECK(field_of(rig.post("/v1/subscribers", body)) == "opc");
  body.set("opc", "6361726e6172792d6f70632d2d2d2d2d");
  CHECK(rig.post("/v1/subscribers", body).status == 201);
  CHECK(rig.get("/v1/audit").status == 200);
  CHECK(rig.said().find("6361726e617279") == std::string::npos);
  const std::string path = "/v1/subscribers/262990000000001";
  CHECK(rig.call("DELETE", path, "", "operator").status == 403);
  CHECK(rig.call("DELETE", path).status == 200);
  CHECK(rig.call("DELETE", path).status == 404);
}

TEST_CASE("times are told as RFC 3339 has them") {
  // 1700000000 s is 2023-11-14T22:13:20Z; a leap day and the last second of a century beside it.
  struct Told {
    int64_t ms;
    const char* text;
  };
  constexpr Told told[] = {{1'700'000'000'123, "2023-11-14T22:13:20.123Z"},
                           {1'709'164'800'000, "2024-02-29T00:00:00.000Z"},
                           {946'684'799'999, "1999-12-31T23:59:59.999Z"}};
  for (const auto& [ms, text] : told) {
    Rig fresh;
    fresh.now = Instant{ms};
    fresh.make_pool(5);
    const json::Value ranges = body_of(fresh.get("/v1/ranges"));
    CHECK(ranges.find("items")->as_array()->front().text_of("created") == text);
  }
}

}  // namespace
}  // namespace simurgh::api::test
