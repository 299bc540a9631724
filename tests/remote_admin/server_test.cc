#include "conversations/remote_admin/admin_server.h"

#include "rig.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

constexpr std::string_view protocol_line = "X-Admin-Protocol: globalplatform-remote-admin/1.0\r\n";
constexpr std::string_view response_type =
    "Content-Type: application/vnd.globalplatform.card-content-mgt-response;version=1.0\r\n";

// A session and a peer that may say anything.
struct Bench {
  explicit Bench(const CardProfile& card_profile = {}) : profile(card_profile) {
    work.card = &card;
    work.scripts = {"script 1", "script 2"};
    open();
  }
  void open() { session = std::make_unique<AdminServer>(options, profile, work, random, now); }

  // Says something; what comes back, taken.
  std::string say(std::string_view text) {
    session->on_bytes(bytes_of(text), now);
    return take();
  }
  std::string take() {
    std::string out(text_of(session->poll_transmit()));
    session->transmitted(out.size(), now);
    return out;
  }
  void pass(Duration wait) {
    now = now + wait;
    session->on_timeout(now);
  }

  static std::string post(std::string_view target, std::string_view more = {},
                          std::string_view body = {}) {
    std::string out = "POST " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n";
    out.append(protocol_line).append(more);
    if (!body.empty()) {
      out.append(response_type).append("X-Admin-Script-Status: ok\r\n");
      out.append("Content-Length: " + std::to_string(body.size()) + "\r\n");
    }
    return out.append("\r\n").append(body);
  }
  static std::string next_uri(const std::string& answer) {
    constexpr std::string_view name = "X-Admin-Next-URI: ";
    const size_t begin = answer.find(name);
    if (begin == std::string::npos) return {};
    return answer.substr(begin + name.size(), answer.find("\r\n", begin) - begin - name.size());
  }
  // Does the script that stands in the answer, and brings its response.
  std::string respond(const std::string& answer) {
    const std::string script = answer.substr(answer.find("\r\n\r\n") + 4);
    card.effects.push_back(script);
    return post(next_uri(answer), {}, "done " + script);
  }

  CardProfile profile;
  ServerOptions options;
  Card card;
  Server work;
  CountingRandom random;
  Instant now{5'000'000};
  std::unique_ptr<AdminServer> session;
};

int status_of(const std::string& answer) {
  return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
}

}  // namespace

TEST_CASE("T2 G3: a session as live cards have it: scripts, changing Next-URIs, 204") {
  Bench bench;
  const std::string first =
      bench.say(Bench::post("/server/adminagent?cmd=1", "X-Admin-From: //se-id/CUD/01\r\n"));
  CHECK(status_of(first) == 200);
  CHECK(first.find(protocol_line) != std::string::npos);
  CHECK(first.find("Content-Type: application/vnd.globalplatform.card-content-mgt;version=1.0") !=
        std::string::npos);
  CHECK(first.find("Content-Length: 8\r\n") != std::string::npos);
  CHECK(bench.work.agent_id == "//se-id/CUD/01");
  const std::string uri = Bench::next_uri(first);
  CHECK(uri.starts_with("/admin?n="));
  CHECK(uri.size() == 9 + 16);
  const std::string second = bench.say(bench.respond(first));
  CHECK(status_of(second) == 200);
  CHECK(Bench::next_uri(second) != uri);
  CHECK(second.find("Content-Type: application/vnd.etsi.scp.command-data;version=1.0") !=
        std::string::npos);
  CHECK(second.find("X-Admin-Targeted-Application: //aid/A000000087/1002\r\n") !=
        std::string::npos);
  const std::string last = bench.say(bench.respond(second));
  CHECK(status_of(last) == 204);
  CHECK(Bench::next_uri(last).empty());
  CHECK(bench.work.state.answered == std::map<ScriptId, int>{{1, 1}, {2, 1}});
  CHECK(bench.work.ends == std::vector<SessionEnd>{SessionEnd::finished});
  // The card closes; if it does not, we do.
  CHECK(!bench.session->wants_close());
  bench.pass(bench.options.linger_wait);
  CHECK(bench.session->wants_close());
}

TEST_CASE("T2: the same POST again changes nothing, and gets what is out") {
  Bench bench;
  const std::string first = bench.say(Bench::post("/"));
  const std::string response = bench.respond(first);
  const std::string second = bench.say(response);
  for (int i = 0; i < 2; ++i) {
    bench.session->on_disconnected();
    bench.open();
    std::string again = response;
    again.insert(again.find("\r\n") + 2, "X-Admin-Resume: true\r\n");
    CHECK(bench.say(again) == second);
  }
  CHECK(bench.work.state.answered.at(1) == 1);
  CHECK(bench.session->counts().stale == 1);
}

TEST_CASE("T2: the last response again is no stale one, and is answered alike") {
  Bench bench;
  bench.work.scripts.resize(1);
  const std::string response = bench.respond(bench.say(Bench::post("/")));
  const std::string last = bench.say(response);
  CHECK(status_of(last) == 204);
  bench.open();
  CHECK(bench.say(response) == last);
  CHECK(bench.session->counts().stale == 0);
  CHECK(bench.work.state.answered.at(1) == 1);
}

TEST_CASE("T2: a response to a URI that came without a script is not counted") {
  Bench bench;
  const std::string response = bench.respond(bench.say(Bench::post("/")));
  bench.work.hook = [](Server&) -> Next { return {.kind = Next::Kind::stay}; };
  const std::string stay = bench.say(response);
  CHECK(status_of(stay) == 204);
  bench.say(Bench::post(Bench::next_uri(stay), {}, "done script 1"));
  CHECK(bench.work.state.answered.at(1) == 1);
  CHECK(bench.session->counts().stale == 1);
}

TEST_CASE("T2: a card that resumes without a response gets the same script under the same name") {
  Bench bench;
  const std::string first = bench.say(Bench::post("/"));
  for (const char* target : {"/", "/server?x=1"}) {
    bench.open();
    CHECK(bench.say(Bench::post(target, "X-Admin-Resume: true\r\n")) == first);
  }
  bench.open();
  CHECK(bench.say(Bench::post(Bench::next_uri(first), "X-Admin-Resume: true\r\n")) == first);
  CHECK(bench.work.agains == 3);
  CHECK(bench.work.last_doubt == Doubt::not_executed);
  CHECK(bench.work.state.answered.empty());
  // In one connection that goes on so often only.
  std::string answer;
  for (uint32_t i = 0; i < bench.options.repeats_max; ++i) answer = bench.say(Bench::post("/"));
  CHECK(status_of(answer) == 429);
}

TEST_CASE("T2: a script status that is an error is the script's response") {
  Bench bench;
  const std::string first = bench.say(Bench::post("/"));
  bench.card.effects.push_back("script 1");
  const std::string second = bench.say(Bench::post(
      Bench::next_uri(first), "X-Admin-Script-Status: security-error\r\nContent-Length: 0\r\n"));
  CHECK(status_of(second) == 200);
  CHECK(bench.work.last_status == ScriptStatus::security_error);
  CHECK(bench.work.state.answered.at(1) == 1);
  // "ok" without a response is none.
  const std::string third = bench.say(
      Bench::post(Bench::next_uri(second), "X-Admin-Script-Status: ok\r\nContent-Length: 0\r\n"));
  CHECK(third == second);
  CHECK(!bench.work.state.answered.contains(2));
}

TEST_CASE("T2: responses that belong to nothing that is out are not counted") {
  Bench bench;
  const std::string first = bench.say(Bench::post("/"));
  const std::string uri = Bench::next_uri(first);
  for (const std::string& target :
       {std::string("/"), std::string("/admin?n=0000000000000000"), uri + "0",
        uri.substr(0, uri.size() - 1), std::string("/other") + uri.substr(6)}) {
    CAPTURE(target);
    bench.open();
    CHECK(bench.say(Bench::post(target, {}, "a response")) == first);
    CHECK(bench.session->counts().stale == 1);
  }
  CHECK(bench.work.state.answered.empty());
}

TEST_CASE("T2: 204 with a Next-URI keeps the session, 200 without one ends it") {
  Bench bench;
  bench.work.hook = [](Server& server) -> Next {
    if (server.state.given == 0) {
      server.state.given = 1;
      return {.kind = Next::Kind::stay};
    }
    Script script = server.script(1);
    script.wants_response = false;
    return {.kind = Next::Kind::script, .script = script};
  };
  const std::string stay = bench.say(Bench::post("/"));
  CHECK(status_of(stay) == 204);
  const std::string uri = Bench::next_uri(stay);
  CHECK(!uri.empty());
  const std::string last = bench.say(Bench::post(uri));
  CHECK(status_of(last) == 200);
  CHECK(Bench::next_uri(last).empty());
  CHECK(bench.work.ends == std::vector<SessionEnd>{SessionEnd::finished});
  CHECK(bench.work.state.answered.empty());
  bench.session->on_disconnected();
  bench.open();
  // Nobody waits for it.
  bench.work.hook = nullptr;
  CHECK(status_of(bench.say(Bench::post("/"))) == 200);
  CHECK(bench.work.agains == 0);
}

TEST_CASE("G2 G5: overload tells when to come back, in the form that the card understands") {
  for (const bool understands : {true, false}) {
    CardProfile profile;
    profile.understands_retry_after = understands;
    Bench bench(profile);
    bench.session->send_away(seconds(90));
    const std::string answer = bench.say(Bench::post("/"));
    CHECK(status_of(answer) == (understands ? 503 : 204));
    CHECK((answer.find("Retry-After: 90\r\n") != std::string::npos) == understands);
    CHECK(bench.work.ends == std::vector<SessionEnd>{SessionEnd::sent_away});
    CHECK(bench.work.agent_id.empty());
  }
}

TEST_CASE("G3 I5: overload takes a response all the same: the card may throw it away now") {
  Bench bench;
  const std::string first = bench.say(Bench::post("/"));
  const std::string response = bench.respond(first);
  bench.open();
  bench.session->send_away(seconds(5));
  CHECK(status_of(bench.say(response)) == 503);
  CHECK(bench.work.state.answered.at(1) == 1);
  CHECK(bench.work.state.record.state == SessionRecord::State::answered);
}

TEST_CASE("G1: the last answer says when to come back") {
  Bench bench;
  bench.work.scripts.clear();
  bench.work.last_words = hours(20);
  const std::string answer = bench.say(Bench::post("/"));
  CHECK(status_of(answer) == 204);
  CHECK(answer.find("Retry-After: 72000\r\n") != std::string::npos);
}

TEST_CASE("T2: a script that the profile does not let through is not given out") {
  CardProfile profile;
  profile.script_octets_max = 7;
  Bench bench(profile);
  CHECK(status_of(bench.say(Bench::post("/"))) == 204);
  CHECK(bench.work.ends == std::vector<SessionEnd>{SessionEnd::unfit});
  CHECK(bench.work.state.record == SessionRecord{});
}

TEST_CASE("T2: what is no administration request is refused, and the Work hears nothing of it") {
  const std::string good = Bench::post("/");
  const auto with = [&](std::string_view line) {
    std::string out = good;
    return out.insert(out.size() - 2, line);
  };
  struct Row {
    std::string request;
    int status;
  };
  const Row rows[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\n" + std::string(protocol_line) + "\r\n", 405},
      {"POST / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nX-Admin-Protocol: globalplatform-remote-admin/2.0\r\n\r\n",
       400},
      {with(protocol_line), 400},
      {with("X-Admin-From: a\r\nX-Admin-From: b\r\n"), 400},
      {with("X-Admin-From: " + std::string(129, 'a') + "\r\n"), 400},
      {with("X-Admin-Resume: maybe\r\n"), 400},
      {with("X-Admin-Script-Status: perhaps\r\n"), 400},
      {with("X-Admin-Script-Status: ok\r\nX-Admin-Script-Status: ok\r\n"), 400},
      {with("Content-Length: 1\r\n"), 415},
      {with("Content-Length: 1\r\nContent-Type: text/plain\r\n"), 415},
      // Smuggling: two lengths, two framings, framings that readers take differently.
      {with("Content-Length: 1\r\nContent-Length: 1\r\n"), 400},
      {with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400},
      {with("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), 400},
      {with("Transfer-Encoding: chunked, identity\r\n"), 501},
      {with("Transfer-Encoding: \tchunked\r\n"), 400},
      {with("Content-Length: +1\r\n"), 400},
      {with("Content-Length: 1, 1\r\n"), 400},
      {with("Content-Length : 1\r\n"), 400},
      {with(" folded: 1\r\n"), 400},
      {with("Host: other\r\n"), 400},
      {"POST / HTTP/1.1\nHost: h\n\n", 400},
      {"POST http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"POST / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {with("X-A: " + std::string(5000, 'a') + "\r\n"), 431},
      {"POST /" + std::string(5000, 'a') + " HTTP/1.1\r\n", 414},
      {with("Content-Length: 99999999\r\n"), 413},
  };
  for (const Row& row : rows) {
    CAPTURE(row.request);
    Bench bench;
    const std::string answer = bench.say(row.request);
    CHECK(status_of(answer) == row.status);
    CHECK(answer.find("Connection: close\r\n") != std::string::npos);
    CHECK(bench.work.ends == std::vector<SessionEnd>{SessionEnd::refused});
    CHECK(bench.work.agent_id.empty());
    CHECK(bench.work.state.given == 0);
    // Whatever comes now is thrown away.
    CHECK(bench.say(good).empty());
    bench.pass(bench.options.linger_wait);
    CHECK(bench.session->wants_close());
  }
}

TEST_CASE("T2: a smuggled second request ends the session, and is not answered") {
  Bench bench;
  const std::string answer = bench.say(Bench::post("/") + Bench::post("/"));
  CHECK(status_of(answer) == 200);
  const size_t second = answer.find("HTTP/1.1 ", 1);
  REQUIRE(second != std::string::npos);
  CHECK(status_of(answer.substr(second)) == 400);
  CHECK(bench.work.state.given == 1);
}

TEST_CASE("G2: silent, slow and greedy cards are bounded") {
  SUBCASE("one that says nothing") {
    Bench bench;
    CHECK(bench.session->poll_timeout() == bench.now + bench.options.first_request_wait);
    bench.pass(bench.options.first_request_wait);
    CHECK(bench.session->wants_close());
    CHECK(bench.work.ends == std::vector<SessionEnd>{SessionEnd::timed_out});
  }
  SUBCASE("an octet now and then") {
    Bench bench;
    const std::string request = Bench::post("/");
    std::string answer;
    size_t said = 0;
    while (said < request.size() && answer.empty()) {
      answer = bench.say(request.substr(said++, 1));
      if (answer.empty()) {
        bench.pass(seconds(2));
        answer = bench.take();
      }
    }
    CHECK(status_of(answer) == 408);
    CHECK(said <= 31);
  }
  SUBCASE("one that does not take its answer") {
    Bench bench;
    bench.session->on_bytes(bytes_of(Bench::post("/")), bench.now);
    bench.pass(bench.options.send_wait);
    CHECK(bench.session->wants_close());
  }
  SUBCASE("one that never brings a response") {
    Bench bench;
    bench.say(Bench::post("/"));
    bench.pass(bench.options.idle_wait);
    CHECK(bench.session->wants_close());
  }
  SUBCASE("a body without end") {
    CardProfile profile;
    profile.response_octets_max = 100;
    Bench bench(profile);
    std::string head = Bench::post("/", response_type);
    head.insert(head.size() - 2, "Transfer-Encoding: chunked\r\n");
    std::string answer = bench.say(head);
    for (int i = 0; i < 100 && answer.empty(); ++i) answer = bench.say("5\r\n12345\r\n");
    CHECK(status_of(answer) == 413);
  }
  SUBCASE("requests without end") {
    Bench bench;
    bench.options.rounds_max = 10;
    bench.work.hook = [](Server&) -> Next { return {.kind = Next::Kind::stay}; };
    int answers = 0;
    std::string answer;
    do {
      answer = bench.say(Bench::post("/"));
      ++answers;
    } while (status_of(answer) == 204 && answers < 100);
    CHECK(answers == 11);
    CHECK(status_of(answer) == 429);
  }
  SUBCASE("a session without end") {
    Bench bench;
    bench.options.session_wait = minutes(10);
    bench.open();
    bench.work.hook = [](Server&) -> Next { return {.kind = Next::Kind::stay}; };
    for (int i = 0; i < 9; ++i) {
      CHECK(status_of(bench.say(Bench::post("/"))) == 204);
      bench.pass(minutes(1));
    }
    CHECK(!bench.session->wants_close());
    bench.pass(minutes(1));
    CHECK(bench.session->wants_close());
  }
}

TEST_CASE("T2: values that would break out of a head are sent in none") {
  Bench bench;
  bench.work.hook = [](Server& server) -> Next {
    Script script = server.script(1);
    script.targeted_application = "//aid/A000000087/\r\nX-Evil: 1";
    return {.kind = Next::Kind::script, .script = script};
  };
  const std::string answer = bench.say(Bench::post("/"));
  CHECK(status_of(answer) == 204);
  CHECK(answer.find("Evil") == std::string::npos);
  CHECK(bench.work.ends == std::vector<SessionEnd>{SessionEnd::unfit});
  ServerOptions options;
  for (const char* path : {"", "admin", "/a?b", "/a b", "//host", "*", "/a\r\nb"}) {
    options.path = path;
    CHECK(!AdminServer::check(options).has_value());
  }
  options.path = "/" + std::string(ServerOptions::path_octets_max, 'a');
  CHECK(AdminServer::check(options).error().code == ErrorCode::too_large);
}

TEST_CASE("T2: a client of another kind: Expect, Connection: close, HTTP/1.0") {
  Bench bench;
  std::string request = Bench::post("/", "Expect: 100-continue\r\n", "a response");
  const size_t body = request.size() - 10;
  CHECK(bench.say(request.substr(0, body)) == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(status_of(bench.say(request.substr(body))) == 200);
  bench.open();
  const std::string closing = bench.say(Bench::post("/", "Connection: close\r\n"));
  CHECK(status_of(closing) == 200);
  CHECK(closing.find("Connection: close\r\n") != std::string::npos);
  bench.pass(bench.options.linger_wait);
  CHECK(bench.session->wants_close());
}

TEST_CASE("T2: session records and their URIs are read back") {
  const SessionRecord record{SessionRecord::State::given, 0x0123456789abcdef, 42};
  const auto octets = write_session_record(record);
  CHECK(*parse_session_record(octets) == record);
  for (size_t size = 0; size < octets.size(); ++size) {
    CHECK(!parse_session_record(ByteView(octets).first(size)).has_value());
  }
  auto bad = octets;
  bad[0] = 4;
  CHECK(parse_session_record(bad).error().code == ErrorCode::bad_value);
  CHECK(uri_of("/admin", record.token) == "/admin?n=0123456789abcdef");
  CHECK(*token_of("/admin", "/admin?n=0123456789abcdef") == record.token);
  CHECK(!token_of("/admin", "/admin?n=0123456789abcde").has_value());
  CHECK(!token_of("/admin", "/admin?n=0123456789abcdeg").has_value());
}
