// Campaigns over the interface (G3, G4): ordering, four eyes, lists, states, outcomes and fronts;
// and that no payload is ever said (I10).
#include <doctest/doctest.h>

#include <algorithm>

#include "api/rig.h"
#include "base/hex.h"

namespace simurgh::api::test {
namespace {

using campaign::CampaignId;
using campaign::ElementId;

const std::string header = "iccid,kic,kid,key_version,last_contact";
const std::string secret_data = "c0ffee0123456789abcdefc0ffee";
const std::string update = "00d600000e" + secret_data;

std::string iccid_of(uint32_t number) {
  return "8949990000000" + std::to_string(100'000 + number);
}

json::Value one_command(const std::string& command = update) {
  return json::Value::object(
      {{"kind", "script"}, {"commands", json::Value::array().push_back(command)}});
}

// A fleet of imported chips: chip i has reported i + 1 minutes before the start.
struct Fleet : Rig {
  static constexpr uint32_t chips = 200;
  Fleet() {
    for (const char* batch : {"one", "two"}) {
      CHECK(post("/v1/batches", json::Value::object({{"name", batch}})).status == 201);
      std::string rows;
      for (uint32_t i = 0; i < chips / 2; ++i) {
        const uint32_t number = i + (batch[0] == 'o' ? 0 : chips / 2);
        rows += iccid_of(number) +
                ",000102030405060708090a0b0c0d0e0f,"
                "101112131415161718191a1b1c1d1e1f,3," +
                std::to_string(start.ms / 1000 - 60 * (number + 1)) + "\n";
      }
      CHECK(post("/v1/elements/import",
                 json::Value::object({{"batch", batch}, {"header", header}, {"rows", rows}}))
                .status == 201);
    }
  }
  ~Fleet() { CHECK(said().find(secret_data) == std::string::npos); }

  Answer create(json::Value body, const std::string& token = "operator") {
    if (body.find("name") == nullptr) body.set("name", "patch-7");
    if (body.find("payload") == nullptr) body.set("payload", one_command());
    return post("/v1/campaigns", body, token);
  }
  Answer command(const std::string& verb, const std::string& token = "operator",
                 const std::string& id = "1") {
    return post("/v1/campaigns/" + id + "/" + verb, json::Value::object(), token);
  }
  json::Value shown(const std::string& id = "1") { return body_of(get("/v1/campaigns/" + id)); }
  std::string state() { return std::string(shown().text_of("state")); }
  void begin(const json::Value& body = json::Value::object()) {
    REQUIRE(create(body).status == 201);
    REQUIRE(command("submit").status == 200);
    REQUIRE(command("approve", "approver").status == 200);
    pass(seconds(1));
    REQUIRE(state() == "running");
  }
  void pass(Duration time) {
    now = now + time;
    REQUIRE(campaigns.advance(now).has_value());
    REQUIRE(campaigns.flush().has_value());
  }
  // A chip comes, and says that it has executed what it got, or refuses it.
  bool visit(uint32_t number, bool executes = true) {
    const ElementId element{
        storage.elements().element_of(*Iccid::parse(iccid_of(number))).value()->id};
    REQUIRE(campaigns.begin_session(element, now).has_value());
    const auto work = campaigns.next_work(element, now);
    REQUIRE(work.has_value());
    if (work->has_value()) {
      REQUIRE(campaigns
                  .report(element, (*work)->campaign,
                          {executes ? campaign::Answer::executed : campaign::Answer::refused, true,
                           executes ? campaign::Reason::none : campaign::Reason::memory_full},
                          now)
                  .has_value());
    }
    campaigns.end_session(element, now);
    return work->has_value();
  }
};

TEST_CASE_FIXTURE(Fleet, "G3: a campaign has careful terms when nothing else is said") {
  const Answer answer = create(json::Value::object());
  REQUIRE(answer.status == 201);
  const json::Value row = body_of(answer);
  CHECK(row.text_of("state") == "draft");
  CHECK(row.text_of("created_by") == "token:operator");
  const json::Value& terms = *row.find("terms");
  CHECK(terms.text_of("order") == "most_recent_first");
  CHECK(json::write(*terms.find("waves")) == R"([{"chips":1000,"permille":10,"soak_s":600}])");
  CHECK(terms.find("stop_rules")->as_array()->size() == 2);
  CHECK(*terms.find("needs_approval")->as_bool());
  // What an approver can compare, and not the payload itself.
  const json::Value& payload = *terms.find("payload");
  CHECK(payload.text_of("kind") == "script");
  CHECK(payload.text_of("sha256").size() == 64);
  CHECK(payload.integer_of("commands") == 1);
}

TEST_CASE_FIXTURE(Fleet, "G3: whatever is ordered is what is shown") {
  auto body = json::parse(R"({"name":"all-of-it","priority":7,"order":"hash_ramp","listed":true,
    "filter":{"batches":["two"],"releases_not":[3,4],"suspended":false,
      "contacted_from":"2023-01-01T00:00:00Z","contacted_before":"2024-01-01T00:00:00Z"},
    "needs_approval":false,"begins_at":"2024-02-03T04:05:06Z","lasts_s":86400,
    "waves":[{"chips":5,"soak_s":60},{"permille":100}],
    "stop_rules":[{"reason":"memory_full","failed_permille":0,"sample_min":1}],
    "windows":[{"days":["sat","sun"],"from":"22:00","to":"06:30"}],"utc_offset_minutes":-90,
    "triggers":{"per_second_max":9,"max":2,"first_wait_s":30,"wait_factor":2,"wait_max_s":600},
    "receipt_wait_s":90,"replan_polls":false,
    "payload":{"kind":"next_poll","release_after":9}})");
  REQUIRE(body.has_value());
  CHECK(problem_of(create(*body)) == "policy");  // an operator cannot leave out the second person
  const Answer answer = create(*body, "admin");
  REQUIRE(answer.status == 201);
  const json::Value row = body_of(answer);
  const json::Value& terms = *row.find("terms");
  for (const char* member :
       {"priority", "order", "listed", "needs_approval", "lasts_s", "windows", "utc_offset_minutes",
        "triggers", "receipt_wait_s", "replan_polls", "stop_rules"}) {
    CAPTURE(member);
    CHECK(*terms.find(member) == *body->find(member));
  }
  CHECK(json::write(*terms.find("filter")) ==
        R"({"batches":["two"],"releases_not":[3,4],"suspended":false,)"
        R"("contacted_from":"2023-01-01T00:00:00.000Z",)"
        R"("contacted_before":"2024-01-01T00:00:00.000Z"})");
  CHECK(terms.text_of("begins_at") == "2024-02-03T04:05:06.000Z");
  CHECK(terms.find("payload")->integer_of("release_after") == 9);
}

TEST_CASE_FIXTURE(Fleet, "G3: every form of payload is taken, and is what a card gets") {
  const std::string applet =
      R"("load_file_aid":"a000000087100201","module_aid":"a00000008710020101")";
  const struct {
    const char* kind;
    std::string members;
  } forms[] = {
      {"script", R"("target":"ram","target_aid":"a000000151000000","repeatable":true,)"
                 R"("commands":["80f24000024f00"],"read_back":[{"command":"00a4000c026f07"},)"
                 R"({"command":"00b0000002","expected":"0102"}])"},
      {"os_patch", R"("commands":["80e2000001aa"])"},
      {"file", R"("files":[{"path":"3f00/7f20/6f46","offset":1,"octets":"0102"}])"},
      {"applet", R"("action":"install","code_base64":"AQIDBA==",)" + applet},
      {"applet",
       R"("action":"install","code":"01020304","parameters":"c900","privileges":"04",)" + applet},
      {"applet", R"("action":"delete","load_file_aid":"a000000087100201")"},
      {"key_rotation", ""},
      {"next_poll", ""}};
  for (const auto& form : forms) {
    CAPTURE(form.kind);
    CAPTURE(form.members);
    const auto payload = json::parse(std::string(R"({"kind":")") + form.kind + "\"" +
                                     (form.members.empty() ? "" : ",") + form.members + "}");
    REQUIRE(payload.has_value());
    const Answer answer = create(json::Value::object({{"payload", *payload}}));
    CHECK(answer.status == 201);
    CHECK(body_of(answer).text_of("payload") == form.kind);
  }
}

TEST_CASE_FIXTURE(Fleet, "G3, I10: refusals name the member and never a value") {
  const struct {
    const char* body;
    const char* field;
  } wrong[] = {
      {R"({"name":"a b"})", "name"},
      {R"({"filter":{"batches":["three"]}})", "filter.batches"},
      {R"({"filter":{"profiles":["none"]}})", "filter.profiles"},
      {R"({"filter":{"releases":[70000]}})", "filter.releases"},
      {R"({"filter":{"contacted_before":"yesterday"}})", "filter.contacted_before"},
      {R"({"filter":{"contacted_from":"2024-01-01T00:00:00Z",
           "contacted_before":"2023-01-01T00:00:00Z"}})",
       "filter.contacted_before"},
      {R"({"filter":{"colour":"red"}})", "filter.colour"},
      {R"({"order":"best"})", "order"},
      {R"({"waves":[{"soak_s":1}]})", "waves[0].chips"},
      {R"({"waves":[{"permille":2000}]})", "waves[0].permille"},
      {R"({"stop_rules":[{"failed_permille":5000}]})", "stop_rules[0].failed_permille"},
      {R"({"windows":[{"from":"25:00","to":"06:00"}]})", "windows[0].from"},
      {R"({"windows":[{"from":"06:00","to":"06:00"}]})", "windows[0].to"},
      {R"({"windows":[{"days":["day"],"from":"05:00","to":"06:00"}]})", "windows[0].days"},
      {R"({"triggers":{"max":99}})", "triggers.max"},
      {R"({"triggers":{"first_wait_s":0}})", "triggers"},
      {R"({"lasts_s":0})", "lasts_s"},
      {R"({"payload":{"kind":"virus"}})", "payload.kind"},
      {R"({"payload":{"kind":"script","commands":[]}})", "payload.commands"},
      {R"({"payload":{"kind":"script","commands":["00d600000ec0ffee0123456789abcdefc0"]}})",
       "payload.commands[0]"},
      {R"({"payload":{"kind":"script","commands":["00a40000"],
           "read_back":[{"command":"00b0000002"}]}})",
       "payload.read_back"},
      {R"({"payload":{"kind":"file","files":[{"path":"3f0","octets":"00"}]}})",
       "payload.files[0].path"},
      {R"({"payload":{"kind":"applet","action":"install","load_file_aid":"a000000087100201",
           "module_aid":"a00000008710020101","code_base64":"AQ=D"}})",
       "payload.code_base64"},
      {R"({"payload":{"kind":"applet","action":"delete"}})", "payload.load_file_aid"},
  };
  for (const auto& one : wrong) {
    CAPTURE(one.body);
    const auto body = json::parse(one.body);
    REQUIRE(body.has_value());
    const Answer answer = create(*body);
    CHECK(problem_of(answer) == "bad-field");
    CHECK(field_of(answer) == one.field);
  }
  CHECK(campaigns.all().empty());
}

TEST_CASE_FIXTURE(Fleet,
                  "G3: who approves is another person than who creates, and says what goes in") {
  const auto listed = json::Value::object({{"listed", true}});
  REQUIRE(create(listed, "admin").status == 201);
  CHECK(create(listed, "viewer").status == 403);
  // Nobody else puts chips into what is approved.
  const auto piece = json::Value::object({{"iccids", iccid_of(1)}});
  CHECK(problem_of(post("/v1/campaigns/1/members", piece, "operator")) == "policy");
  CHECK(post("/v1/campaigns/1/members", piece, "admin").status == 201);
  REQUIRE(command("submit", "admin").status == 200);
  CHECK(state() == "awaiting_approval");
  CHECK(problem_of(command("approve", "admin")) == "policy");
  CHECK(command("approve", "operator").status == 403);
  CHECK(state() == "awaiting_approval");
  CHECK(command("reject", "approver").status == 200);
  CHECK(state() == "draft");
  REQUIRE(command("submit", "admin").status == 200);
  CHECK(command("approve", "approver").status == 200);
  CHECK(state() == "scheduled");
  CHECK(shown().text_of("approved_by") == "token:approver");
  // Approved is approved: nothing goes in any more.
  CHECK(problem_of(post("/v1/campaigns/1/members", piece, "admin")) == "conflict");
}

TEST_CASE_FIXTURE(Fleet,
                  "G3: of a list with mistakes nothing is lost, and each is named by its line") {
  REQUIRE(create(json::Value::object({{"listed", true}})).status == 201);
  const std::string text = "# chips of May\n" + iccid_of(3) + "\n" + "8949990000000999999\n" +
                           iccid_of(4) + "\r\nnonsense\n" + iccid_of(3);
  const Answer answer =
      post("/v1/campaigns/1/members", json::Value::object({{"iccids", text}, {"first_line", 100}}),
           "operator");
  REQUIRE(answer.status == 201);
  const json::Value body = body_of(answer);
  CHECK(body.integer_of("added") == 3);
  CHECK(body.integer_of("unknown") == 2);
  const auto& lines = *body.find("unknown_lines")->as_array();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].integer_of("line") == 102);
  CHECK(lines[0].text_of("iccid") == "8949990000000999999");
  CHECK(lines[1].integer_of("line") == 104);
  CHECK(lines[1].find("iccid")->is_null());
  REQUIRE(command("submit").status == 200);
  REQUIRE(command("approve", "approver").status == 200);
  pass(seconds(1));
  CHECK(visit(3));
  CHECK_FALSE(visit(5));  // not on the list
  // A filter's campaign has no list.
  REQUIRE(create(json::Value::object()).status == 201);
  CHECK(problem_of(post("/v1/campaigns/2/members", json::Value::object({{"iccids", iccid_of(3)}}),
                        "operator")) == "conflict");
}

TEST_CASE_FIXTURE(Fleet, "G3: a refused command changes nothing; cancelled is for ever") {
  begin();
  CHECK(problem_of(command("resume")) == "conflict");
  CHECK(problem_of(command("submit")) == "conflict");
  CHECK(problem_of(command("pause", "operator", "99")) == "not-found");
  CHECK(command("pause").status == 200);
  CHECK_FALSE(visit(0));
  CHECK(command("resume").status == 200);
  CHECK(visit(0));
  CHECK(command("cancel").status == 200);
  // What was done is still so, also after a cancel that is refused with rows on their way.
  CHECK(problem_of(command("cancel")) == "conflict");
  CHECK(problem_of(command("retry")) == "conflict");
  CHECK_FALSE(visit(1));
  CHECK(body_of(get("/v1/campaigns/1/outcomes?state=done")).find("items")->as_array()->size() == 1);
  const auto rows = storage.audit().page(1, 1000);
  REQUIRE(rows.has_value());
  std::string actions;
  for (const audit::Row& row : *rows) {
    if (row.action.starts_with("campaign.")) actions += row.action.substr(9) + " ";
  }
  CHECK(actions == "create submit approve begin pause resume cancel ");
}

TEST_CASE_FIXTURE(Fleet, "I5: a refused cancel takes back nothing of what chips have reported") {
  begin(json::Value::object({{"waves", json::Value::array()}}));
  REQUIRE(campaigns.begin_session({0}, now).has_value());
  REQUIRE(campaigns.next_work({0}, now)->has_value());
  REQUIRE(campaigns.cancel({1}, {"somebody", now}).has_value());
  // A report that is not flushed yet, and then a command that is refused and undone.
  REQUIRE(campaigns.report({0}, {1}, {campaign::Answer::executed, true}, now).has_value());
  CHECK(problem_of(command("cancel")) == "conflict");
  REQUIRE(campaigns.flush().has_value());
  CHECK((*storage.campaigns().outcome({1}, {0}))->outcome.progress == campaign::Progress::done);
}

TEST_CASE_FIXTURE(Fleet, "G3: a payload that fails stops in the canary, and says why") {
  begin(json::Value::object(
      {{"waves", json::Value::array().push_back(json::Value::object({{"chips", 10}}))}}));
  for (uint32_t i = 0; i < 3; ++i) CHECK(visit(i, false));
  CHECK(state() == "stopped");
  const json::Value row = shown();
  CHECK(row.text_of("stop_reason") == "3 of 3 failed (any): more than 500 permille");
  CHECK(row.find("counters")->find("failed_for")->integer_of("memory_full") == 3);
  CHECK_FALSE(visit(5));
  const json::Value failed = body_of(get("/v1/campaigns/1/outcomes?state=failed&limit=2"));
  const auto& items = *failed.find("items")->as_array();
  REQUIRE(items.size() == 2);
  CHECK(items[0].text_of("iccid") == iccid_of(0));
  CHECK(items[0].text_of("reason") == "memory_full");
  const json::Value rest = body_of(
      get("/v1/campaigns/1/outcomes?state=failed&after=" + std::string(failed.text_of("next"))));
  CHECK(rest.find("items")->as_array()->size() == 1);
  CHECK(rest.find("next")->is_null());
  CHECK(field_of(get("/v1/campaigns/1/outcomes?state=bad")) == "state");
  // The rule is in the audit log, too.
  const auto rows = storage.audit().page(1, 1000);
  CHECK(rows->back().action == "campaign.stop");
  CHECK(rows->back().detail.find("failed_permille=500") != std::string::npos);
}

TEST_CASE_FIXTURE(Fleet, "G4: the fronts say who was reached by polls and who by triggers") {
  // Chip 199 has reported first, so its poll is due; the others' polls are later.
  const ElementId oldest{199};
  population.set_next_poll(oldest, campaign::whole_seconds(now));
  begin(json::Value::object({{"waves", json::Value::array()}}));
  std::vector<campaign::Trigger> triggers;
  campaigns.pick(now, {.arrivals = 10, .messages = 3, .yield = {1, 1, 1, 1}}, triggers);
  REQUIRE(triggers.size() == 3);
  CHECK(triggers[0].element == ElementId{0});  // the most recent contact
  CHECK(visit(199));
  CHECK(visit(0));
  const json::Value fronts = body_of(get("/v1/campaigns/1/fronts"));
  const auto& buckets = *fronts.find("buckets")->as_array();
  CHECK(*fronts.find("members_counted")->as_bool());
  CHECK(buckets.size() > 20);
  int64_t members = 0;
  for (const json::Value& bucket : buckets) members += bucket.integer_of("members");
  CHECK(members == chips);
  const auto oldest_bucket = std::ranges::find_if(
      buckets, [](const json::Value& bucket) { return bucket.integer_of("members") > 0; });
  CHECK(oldest_bucket->integer_of("polled") == 1);
  CHECK(buckets[buckets.size() - 2].integer_of("triggered") == 1);
  CHECK(fronts.integer_of("poll_period_s") == 7 * 86'400);
  // After a restart they are where they were.
  REQUIRE(campaigns.flush().has_value());
  const auto row = storage.campaigns().campaign({1});
  CHECK((*row)->fronts == campaigns.campaign({1})->fronts);
}

TEST_CASE_FIXTURE(Fleet,
                  "G4: one that came when its wave was full is among the recent ones after") {
  begin(json::Value::object(
      {{"waves", json::Value::array().push_back(json::Value::object({{"chips", 1}}))},
       {"stop_rules", json::Value::array()}}));
  CHECK(visit(10));
  now = now + seconds(5);
  CHECK_FALSE(visit(150));
  auto buckets = *body_of(get("/v1/campaigns/1/fronts")).find("buckets")->as_array();
  CHECK(buckets.back().integer_of("members") == 1);
  pass(seconds(1));  // the next wave
  CHECK(visit(150));
  buckets = *body_of(get("/v1/campaigns/1/fronts")).find("buckets")->as_array();
  CHECK(buckets.back().integer_of("triggered") == 1);
  int64_t members = 0, reached = 0;
  for (const json::Value& bucket : buckets) {
    members += bucket.integer_of("members");
    reached += bucket.integer_of("polled") + bucket.integer_of("triggered");
  }
  CHECK(members == chips);
  CHECK(reached == 2);
}

TEST_CASE_FIXTURE(Fleet, "G3: campaigns are listed newest first, by state, page by page") {
  for (int i = 0; i < 3; ++i) REQUIRE(create(json::Value::object()).status == 201);
  REQUIRE(command("cancel", "operator", "2").status == 200);
  const json::Value first = body_of(get("/v1/campaigns?limit=2"));
  CHECK(first.find("items")->as_array()->front().integer_of("id") == 3);
  CHECK(first.text_of("next") == "2");
  CHECK(body_of(get("/v1/campaigns?limit=2&after=2")).find("items")->as_array()->size() == 1);
  CHECK(body_of(get("/v1/campaigns?state=draft")).find("items")->as_array()->size() == 2);
  CHECK(get("/v1/campaigns/9").status == 404);
  CHECK(get("/v1/campaigns/9/fronts").status == 404);
}

TEST_CASE_FIXTURE(Fleet, "G3: an order that is sent twice is one campaign") {
  auto body = json::Value::object({{"name", "once"}, {"payload", one_command()}});
  CHECK(post("/v1/campaigns", body, "operator", "key-1").status == 201);
  CHECK(post("/v1/campaigns", body, "operator", "key-1").status == 201);
  CHECK(campaigns.all().size() == 1);
}

}  // namespace
}  // namespace simurgh::api::test
