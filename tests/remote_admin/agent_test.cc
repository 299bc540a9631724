#include "conversations/remote_admin/admin_agent.h"

#include "rig.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

// An agent and a server that may say anything.
struct Bench {
  Bench() {
    parameters.host = "admin.example";
    parameters.uri = "/start";
    parameters.tries = 2;
    parameters.pause = minutes(10);
    make();
  }
  void make() { agent = std::make_unique<AdminAgent>(profile, AgentLimits{}, card, card); }
  void begin() {
    REQUIRE(agent->begin(parameters, now));
    connect();
  }
  void connect() {
    REQUIRE(agent->connect_at() != Instant::never());
    now = std::max(now, agent->connect_at());
    agent->on_connected(now);
  }
  std::string request() {
    const std::string out(text_of(agent->poll_transmit()));
    agent->transmitted(out.size());
    return out;
  }
  void say(std::string_view text) { agent->on_bytes(bytes_of(text), now); }
  void close() { agent->on_disconnected(now); }

  static std::string script(std::string_view body, std::string_view next_uri,
                            std::string_view more = {}) {
    std::string out = "HTTP/1.1 200 OK\r\nX-Admin-Protocol: globalplatform-remote-admin/1.0\r\n";
    if (!next_uri.empty()) out.append("X-Admin-Next-URI: ").append(next_uri).append("\r\n");
    out.append("Content-Type: application/vnd.globalplatform.card-content-mgt;version=1.0\r\n");
    out.append(more);
    out.append("Content-Length: " + std::to_string(body.size()) + "\r\n\r\n");
    return out.append(body);
  }
  static std::string end(std::string_view more = {}) {
    return "HTTP/1.1 204 No Content\r\nX-Admin-Protocol: globalplatform-remote-admin/1.0\r\n" +
           std::string(more) + "\r\n";
  }

  CardProfile profile;
  AgentParameters parameters;
  Card card;
  Instant now{7'000'000};
  std::unique_ptr<AdminAgent> agent;
};

}  // namespace

TEST_CASE("T2: the agent's requests are those of live cards") {
  Bench bench;
  bench.parameters.agent_id = "//se-id/CUD/01";
  bench.begin();
  CHECK(bench.request() ==
        "POST /start HTTP/1.1\r\nHost: admin.example\r\n"
        "X-Admin-Protocol: globalplatform-remote-admin/1.0\r\nX-Admin-From: //se-id/CUD/01\r\n"
        "Content-Length: 0\r\n\r\n");
  bench.say(Bench::script("x", "/next?n=1"));
  CHECK(bench.request() ==
        "POST /next?n=1 HTTP/1.1\r\nHost: admin.example\r\n"
        "X-Admin-Protocol: globalplatform-remote-admin/1.0\r\nX-Admin-From: //se-id/CUD/01\r\n"
        "X-Admin-Script-Status: ok\r\n"
        "Content-Type: application/vnd.globalplatform.card-content-mgt-response;version=1.0\r\n"
        "Transfer-Encoding: chunked\r\n\r\n6\r\ndone x\r\n0\r\n\r\n");
  bench.say(Bench::end("X-Admin-Next-URI: /stay?n=2\r\n"));
  CHECK(bench.request().starts_with("POST /stay?n=2 HTTP/1.1\r\n"));
  bench.say(Bench::end("Retry-After: 3600\r\n"));
  CHECK(bench.agent->wants_close());
  CHECK(bench.card.ends == 0);
  bench.close();
  CHECK(bench.card.ends == 1);
  CHECK(bench.card.end == AgentEnd::done);
  CHECK(bench.card.come_back_in == hours(1));
  CHECK(bench.agent->state() == AdminAgent::State::idle);
  CHECK(bench.agent->connect_at() == Instant::never());
}

TEST_CASE("T2: a link that stays away is tried as often as the retry policy says") {
  Bench bench;
  REQUIRE(bench.agent->begin(bench.parameters, bench.now));
  for (int i = 0; i < 3; ++i) {
    CHECK(bench.card.ends == 0);
    CHECK(bench.agent->connect_at() == bench.now);
    bench.close();
    if (i < 2) {
      CHECK(bench.agent->connect_at() == bench.now + minutes(10));
      bench.now = bench.agent->connect_at();
    }
  }
  CHECK(bench.card.end == AgentEnd::gave_up);
  CHECK(bench.card.ends == 1);
}

TEST_CASE("T2: progress gives the tries back, so that a weak link finishes in the end") {
  Rig rig({}, 20);
  rig.parameters.tries = 1;
  Faults faults;
  for (size_t cut = 300; cut < 20'000; cut += 900) faults.cuts.push_back(cut);
  REQUIRE(rig.run(faults));
  rig.check_exactly_once();
  CHECK(rig.connections > 10);
}

TEST_CASE("T2 G2: a server that says later is obeyed, and no try is counted for it") {
  Bench bench;
  bench.begin();
  bench.request();
  bench.say("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n");
  CHECK(bench.agent->wants_close());
  bench.close();
  CHECK(bench.agent->connect_at() == bench.now + seconds(120));
  for (int i = 1; i < 9; ++i) {
    bench.connect();
    CHECK(bench.request().find("X-Admin-Resume") == std::string::npos);
    bench.say("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n");
    bench.close();
  }
  CHECK(bench.card.end == AgentEnd::postponed);
  CHECK(bench.card.come_back_in == seconds(9));
}

TEST_CASE("G3 I5: a postponed agent brings the response that it had when it returns") {
  Rig rig({}, 2);
  REQUIRE(rig.agent->begin(rig.parameters, rig.now));
  while (rig.card.effects.empty()) rig.step();
  rig.disconnect();
  rig.send_away = seconds(30);
  REQUIRE(rig.run());
  rig.check_exactly_once();
  CHECK(rig.up.find("X-Admin-Resume: true") != std::string::npos);
}

TEST_CASE("T2: hostile and broken servers make the agent do nothing") {
  const std::string good = Bench::script("x", "/next");
  const std::string rows[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 302 Found\r\nLocation: http://evil/\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
      Bench::script("", "/next"),
      Bench::script("x", "http://evil/"),
      Bench::script("x", "//evil/x"),
      Bench::script("x", "/next#f"),
      Bench::script("x", "*"),
      Bench::script("x", "/" + std::string(255, 'a')),
      Bench::script("x", "/next", "X-Admin-Next-URI: /other\r\n"),
      Bench::script("x", "/next", "X-Admin-Protocol: globalplatform-remote-admin/1.0\r\n"),
      Bench::script("x", "/next", "Content-Length: 1\r\n"),
      Bench::script("x", "/next", "Transfer-Encoding: chunked\r\n"),
      Bench::script("x", "/next", "X-Admin-Targeted-Application: //aid/A0/00\r\n"),
      Bench::script(std::string(8193, 'x'), "/next"),
      // A script whose end is not known.
      "HTTP/1.1 200 OK\r\nX-Admin-Protocol: globalplatform-remote-admin/1.0\r\nContent-Type: "
      "application/vnd.globalplatform.card-content-mgt;version=1.0\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nX-Admin-Protocol: globalplatform-remote-admin/1.0\r\nContent-Type: "
      "text/html\r\nContent-Length: 1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nX-A: " + std::string(5000, 'a'),
      "SSH-2.0-OpenSSH\r\n",
  };
  for (const std::string& answer : rows) {
    CAPTURE(answer);
    Bench bench;
    bench.parameters.tries = 0;
    bench.begin();
    bench.request();
    bench.say(answer);
    CHECK(bench.agent->wants_close());
    bench.close();
    CHECK(bench.card.effects.empty());
    CHECK(bench.card.end == AgentEnd::refused);
  }
  // The pattern itself is good.
  Bench bench;
  bench.begin();
  bench.request();
  bench.say(good);
  CHECK(bench.card.effects.size() == 1);
}

TEST_CASE("T2: an answer that comes before its request, or twice, is not taken") {
  Bench bench;
  bench.begin();
  bench.say(Bench::script("x", "/next"));
  CHECK(bench.agent->wants_close());
  CHECK(bench.card.effects.empty());
  bench.close();
  bench.connect();
  bench.request();
  bench.say(Bench::script("x", "/1") + Bench::script("y", "/2"));
  CHECK(bench.card.effects == std::vector<std::string>{"x"});
  CHECK(bench.agent->wants_close());
}

TEST_CASE("G3 I5: a script under the name of the kept outcome is not executed again") {
  Bench bench;
  bench.begin();
  bench.request();
  bench.say(Bench::script("x", "/1"));
  const std::string posted = bench.request();
  bench.say(Bench::script("x", "/1"));
  CHECK(bench.request() == posted);
  CHECK(bench.card.effects.size() == 1);
  CHECK(bench.agent->counts().repeated == 1);
}

TEST_CASE("T2: a server that is silent is left, and a script that fails leaves no trace") {
  Bench bench;
  bench.begin();
  bench.request();
  CHECK(bench.agent->poll_timeout() == bench.now + seconds(60));
  bench.now = bench.now + seconds(60);
  bench.agent->on_timeout(bench.now);
  CHECK(bench.agent->wants_close());
  bench.close();
  bench.connect();
  CHECK(bench.request().find("X-Admin-Resume: true\r\n") != std::string::npos);
  bench.card.fail_next = true;
  bench.say(Bench::script("x", "/1"));
  CHECK(bench.card.effects.empty());
  CHECK(bench.agent->wants_close());
  bench.close();
  bench.connect();
  CHECK(bench.request().starts_with("POST /start "));
}

TEST_CASE("T2: an agent that is stopped, asked twice, or given what no head can carry") {
  Bench bench;
  bench.parameters.host = "a\r\nX-Evil: 1";
  CHECK(bench.agent->begin(bench.parameters, bench.now).error().code == ErrorCode::bad_value);
  bench.parameters.host = "h";
  bench.parameters.uri = "no-slash";
  CHECK(bench.agent->begin(bench.parameters, bench.now).error().code == ErrorCode::bad_value);
  bench.parameters.uri = "/";
  bench.parameters.tries = AgentParameters::tries_limit + 1;
  CHECK(bench.agent->begin(bench.parameters, bench.now).error().code == ErrorCode::too_large);
  bench.parameters.tries = 1;
  bench.begin();
  CHECK(bench.agent->begin(bench.parameters, bench.now).error().code == ErrorCode::bad_state);
  bench.agent->stop();
  CHECK(bench.agent->wants_close());
  bench.close();
  CHECK(bench.card.end == AgentEnd::stopped);
  REQUIRE(bench.agent->begin(bench.parameters, bench.now));
  bench.agent->stop();
  CHECK(bench.card.ends == 2);
  CHECK(bench.agent->state() == AdminAgent::State::idle);
}

TEST_CASE("T2: a script status that is an error goes without a body") {
  Rig rig;
  rig.card.status = ScriptStatus::unknown_application;
  REQUIRE(rig.run());
  CHECK(rig.server.last_status == ScriptStatus::unknown_application);
  CHECK(rig.server.durable.answered.size() == 3);
}

TEST_CASE("T2: an agent of the kind that keeps nothing comes back with nothing") {
  Bench bench;
  bench.profile.keeps_response = false;
  bench.make();
  bench.begin();
  bench.request();
  bench.say(Bench::script("x", "/1"));
  bench.close();
  bench.connect();
  const std::string request = bench.request();
  CHECK(request.starts_with("POST /start "));
  CHECK(request.find("X-Admin-Script-Status") == std::string::npos);
}

TEST_CASE("T2: a postponed connection that does not come up is a try, and waits like one") {
  Bench bench;
  bench.begin();
  bench.request();
  bench.say("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
  bench.close();
  bench.now = bench.agent->connect_at();
  bench.close();
  CHECK(bench.agent->connect_at() == bench.now + minutes(10));
}

TEST_CASE("T2: a server that closes after each answer is followed, and no try is counted") {
  Bench bench;
  bench.parameters.tries = 0;
  bench.begin();
  bench.request();
  bench.say(Bench::script("x", "/1", "Connection: close\r\n"));
  CHECK(bench.agent->wants_close());
  bench.close();
  CHECK(bench.agent->connect_at() == bench.now);
  bench.connect();
  const std::string request = bench.request();
  CHECK(request.starts_with("POST /1 "));
  CHECK(request.find("X-Admin-Resume") == std::string::npos);
  bench.say(Bench::end());
  bench.close();
  CHECK(bench.card.end == AgentEnd::done);
  CHECK(bench.agent->counts().broken == 0);
}
