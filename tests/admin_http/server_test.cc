#include "io/admin_http/server.h"

#include <unistd.h>

#include <fstream>

#include "base/hex.h"
#include "rig.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

std::string post(std::string_view target) {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: h\r\nX-Admin-Protocol: globalplatform-remote-admin/1.0\r\n"
         "Content-Length: 0\r\n\r\n";
}

void say(Wire& wire, std::string_view text) {
  REQUIRE(wire.stream->send(bytes_of(text)).has_value());
}

}  // namespace

TEST_CASE("G2 T2: chips behind TLS are served in parallel, each its own work, once") {
  Site site(true);
  std::vector<tls::ChipTransport> transports;
  for (int i = 0; i < Site::chips_max; ++i) transports.push_back(site.transport_of(i));
  std::vector<std::unique_ptr<Chip>> chips;
  for (int i = 0; i < Site::chips_max; ++i) {
    chips.push_back(std::make_unique<Chip>(*site.loop, transports[static_cast<size_t>(i)],
                                           site.server->endpoint()));
    site.work(identity_of(i), &chips.back()->card, 3);
    chips.back()->begin();
  }
  REQUIRE(site.until([&] {
    return std::all_of(chips.begin(), chips.end(), [](const auto& chip) { return chip->idle(); });
  }));
  for (int i = 0; i < Site::chips_max; ++i) {
    const Card& card = chips[static_cast<size_t>(i)]->card;
    const Server& work = site.desk.works.at(identity_of(i));
    CHECK(card.end == AgentEnd::done);
    CHECK(card.effects == work.scripts);
    CHECK(work.durable.answered == std::map<ScriptId, int>{{1, 1}, {2, 1}, {3, 1}});
    CHECK(work.agent_id == "//se-id/CUD/01");
  }
  REQUIRE(site.until([&] { return site.server->figures().connections == 0; }));
  const admin_http::Figures figures = site.server->figures();
  CHECK(figures.accepted == Site::chips_max);
  CHECK(figures.finished == Site::chips_max);
  CHECK(figures.scripts == 3 * Site::chips_max);
  CHECK(figures.responses == 3 * Site::chips_max);
  CHECK(figures.requests == 4 * Site::chips_max);
  CHECK(figures.sessions == 0);
  CHECK(site.desk.inside == 0);
}

TEST_CASE("G2: who proves no key, and who proves a key that the desk does not know") {
  Site site(true);
  tls::ChipTransport wrong(*site.tls_client, {.identity = identity_of(1), .key = key_of(2)});
  Chip forger(*site.loop, wrong, site.server->endpoint());
  forger.begin();
  REQUIRE(site.until([&] { return forger.idle(); }));
  CHECK(forger.card.end == AgentEnd::gave_up);
  CHECK(site.desk.entered.empty());
  tls::ChipTransport known = site.transport_of(3);
  Chip stranger(*site.loop, known, site.server->endpoint());
  stranger.begin();
  REQUIRE(site.until([&] { return stranger.idle(); }));
  CHECK(stranger.card.end == AgentEnd::gave_up);
  CHECK(site.desk.entered == std::vector<std::string>{identity_of(3)});
  REQUIRE(site.until([&] { return site.server->figures().connections == 0; }));
  CHECK(site.server->figures().unheard == 1);
  CHECK(site.server->figures().unknown == 1);
}

TEST_CASE("G3 I5: a chip that comes anew while its old link lingers ends the old session") {
  Site site(true);
  tls::ChipTransport transport = site.transport_of(1);
  Chip chip(*site.loop, transport, site.server->endpoint());
  Server& work = site.work(identity_of(1), &chip.card);
  // The old connection: the chip asks, and then is not heard of any more.
  Wire old;
  old.stream = transport.connect(*site.loop, site.server->endpoint(), old);
  REQUIRE(site.until([&] { return old.stream->connected(); }));
  say(old, post("/"));
  REQUIRE(site.until([&] { return old.received.find("script 1") != std::string::npos; }));
  chip.begin();
  REQUIRE(site.until([&] { return chip.idle(); }));
  CHECK(chip.card.end == AgentEnd::done);
  CHECK(chip.card.effects == work.scripts);
  REQUIRE(site.until([&] { return site.server->figures().connections == 0; }));
  CHECK(old.closed);
  CHECK(work.ends == std::vector<SessionEnd>{SessionEnd::broken, SessionEnd::finished});
  CHECK(site.server->figures().superseded == 1);
  CHECK(site.server->figures().repeats == 1);
  CHECK(site.desk.inside == 0);
  net::close_and_destroy(*site.loop, std::move(old.stream));
}

TEST_CASE("G3 I5: nothing is said before it is committed") {
  Site site(false);
  Card card;
  Server& work = site.work("", &card);
  auto wire = site.wire();
  // A crash in the place of the commit: what was decided in this batch is lost.
  int batches = 0;
  bool said_before_commit = false;
  site.loop->set_end_of_batch([&] {
    ++batches;
    said_before_commit = said_before_commit || !wire->received.empty();
    if (work.state.given > 0) {
      CHECK(work.durable.given == 0);
      work.commit();
    }
    site.loop->set_end_of_batch([&] { work.commit(); });
  });
  say(*wire, post("/"));
  REQUIRE(site.until([&] { return !wire->received.empty(); }));
  CHECK(!said_before_commit);
  CHECK(work.durable.given == 1);
  CHECK(work.durable.record.state == SessionRecord::State::given);
  net::close_and_destroy(*site.loop, std::move(wire->stream));
}

TEST_CASE("G2 G5: above sessions_max chips are told when to come back, above that closed") {
  admin_http::Options options;
  options.sessions_max = 2;
  options.sent_away_max = 1;
  options.return_wait_min = seconds(100);
  options.return_wait_max = seconds(200);
  Site site(false, options);
  Card card;
  Server& work = site.work("", &card);
  auto first = site.wire(), second = site.wire();
  REQUIRE(site.until([&] { return site.server->figures().connections == 2; }));
  auto third = site.wire();
  REQUIRE(site.until([&] { return site.server->figures().connections == 3; }));
  auto fourth = site.wire();
  REQUIRE(site.until([&] { return fourth->closed; }));
  say(*third, post("/"));
  REQUIRE(site.until([&] { return !third->received.empty(); }));
  CHECK(third->received.starts_with("HTTP/1.1 503 "));
  const size_t at = third->received.find("Retry-After: ");
  REQUIRE(at != std::string::npos);
  const int wait = std::stoi(third->received.substr(at + 13));
  CHECK(wait >= 100);
  CHECK(wait <= 200);
  CHECK(site.desk.last_full);
  CHECK(work.state.given == 0);
  // The two that are in are served.
  say(*first, post("/"));
  REQUIRE(site.until([&] { return first->received.find("script 1") != std::string::npos; }));
  CHECK(site.server->figures().refused_full == 1);
  // When one goes, there is room again.
  net::close_and_destroy(*site.loop, std::move(second->stream));
  net::close_and_destroy(*site.loop, std::move(third->stream));
  REQUIRE(site.until([&] { return site.server->figures().connections == 1; }));
  auto fifth = site.wire();
  say(*fifth, post("/"));
  REQUIRE(site.until([&] { return fifth->received.starts_with("HTTP/1.1 200 "); }));
  CHECK(site.server->figures().sent_away == 1);
  // And full again is full again.
  auto sixth = site.wire();
  say(*sixth, post("/"));
  REQUIRE(site.until([&] { return sixth->received.starts_with("HTTP/1.1 503 "); }));
  for (Wire* wire : {first.get(), fourth.get(), fifth.get(), sixth.get()}) {
    net::close_and_destroy(*site.loop, std::move(wire->stream));
  }
}

TEST_CASE("G2: the silent and the slow are ended by their limits") {
  admin_http::Options options;
  options.first_octet_wait = milliseconds(80);
  options.session.first_request_wait = milliseconds(80);
  options.session.request_wait = milliseconds(80);
  options.session.idle_wait = milliseconds(80);
  options.session.linger_wait = milliseconds(80);
  Site site(false, options);
  Card card;
  site.work("", &card);
  auto silent = site.wire(), slow = site.wire(), idle = site.wire();
  say(*slow, post("/").substr(0, 20));
  say(*idle, post("/"));
  REQUIRE(site.until([&] { return silent->closed && slow->closed && idle->closed; }));
  CHECK(silent->received.empty());
  CHECK(slow->received.starts_with("HTTP/1.1 408 "));
  CHECK(idle->received.starts_with("HTTP/1.1 200 "));
  CHECK(site.server->figures().unheard == 1);
  CHECK(site.server->figures().timed_out == 2);
  CHECK(site.server->figures().connections == 0);
  CHECK(site.desk.inside == 0);
  for (Wire* wire : {silent.get(), slow.get(), idle.get()}) {
    net::close_and_destroy(*site.loop, std::move(wire->stream));
  }
}

TEST_CASE("G2: a transport that authenticates nobody is refused unless it is said") {
  Site site(false);
  net::PlainTransport plain;
  admin_http::Options options;
  std::string problem;
  const auto endpoint = *net::parse_endpoint("127.0.0.1:0");
  const auto open = [&] {
    return admin_http::Server::open(*site.loop, endpoint, plain, options, site.desk, site.random,
                                    site.log, problem);
  };
  CHECK(open().error().code == ErrorCode::not_allowed);
  CHECK(problem.find("TLS") != std::string::npos);
  options.insecure = true;
  options.session.path = "no slash";
  CHECK(open().error().code == ErrorCode::bad_value);
  options.session.path = "/x";
  CHECK(open().has_value());
}

TEST_CASE(
    "G2: a front end that goes tells every Work, and one that drains ends when all are gone") {
  Site site(false);
  Card card;
  Server& work = site.work("", &card);
  auto wire = site.wire();
  say(*wire, post("/"));
  REQUIRE(site.until([&] { return !wire->received.empty(); }));
  CHECK(!site.server->drain());
  site.server.reset();
  CHECK(work.ends == std::vector<SessionEnd>{SessionEnd::broken});
  CHECK(site.desk.inside == 0);
  net::close_and_destroy(*site.loop, std::move(wire->stream));
}

TEST_CASE("T2: curl is served as a card would be, with bodies of known length and chunked") {
  if (!program_exists("curl")) {
    MESSAGE("no curl: a foreign client is not tried");
    return;
  }
  Site site(false);
  Card card;
  Server& work = site.work("", &card);
  char folder[] = "/tmp/simurgh-admin-XXXXXX";
  REQUIRE(mkdtemp(folder) != nullptr);
  const std::string place = folder;
  std::string target = "/start?cmd=1";
  const auto curl = [&](std::vector<std::string> more) {
    std::vector<std::string> command = {"curl", "-s",
                                        "-X",   "POST",
                                        "-D",   place + "/head",
                                        "-o",   place + "/body",
                                        "-H",   "X-Admin-Protocol: globalplatform-remote-admin/1.0",
                                        "-H",   "Accept:"};
    command.insert(command.end(), more.begin(), more.end());
    command.push_back("http://" + site.server->endpoint().text() + target);
    Child child(command);
    REQUIRE(site.until([&] { return child.ended(); }));
    CHECK(child.exit_code() == 0);
    std::ifstream head(place + "/head");
    std::string all((std::istreambuf_iterator<char>(head)), {});
    const size_t at = all.find("X-Admin-Next-URI: ");
    target = at == std::string::npos ? "" : all.substr(at + 18, all.find('\r', at) - at - 18);
    return all;
  };
  const auto body = [&] {
    std::ifstream in(place + "/body");
    return std::string((std::istreambuf_iterator<char>(in)), {});
  };
  const std::string type =
      "Content-Type: application/vnd.globalplatform.card-content-mgt-response;version=1.0";
  CHECK(curl({"-H", "Content-Length: 0"}).starts_with("HTTP/1.1 200 OK"));
  CHECK(body() == "script 1");
  card.effects.push_back("script 1");
  curl({"-H", type, "-H", "X-Admin-Script-Status: ok", "--data-binary", "done script 1"});
  CHECK(body() == "script 2");
  card.effects.push_back("script 2");
  CHECK(curl({"-H", type, "-H", "X-Admin-Script-Status: ok", "-H", "Transfer-Encoding: chunked",
              "--data-binary", "done script 2"})
            .starts_with("HTTP/1.1 204 No Content"));
  CHECK(target.empty());
  CHECK(work.durable.answered == std::map<ScriptId, int>{{1, 1}, {2, 1}});
  CHECK(work.durable.responses.at(2) == "done script 2");
  for (const char* name : {"/head", "/body"}) unlink((place + name).c_str());
  rmdir(folder);
}

TEST_CASE("T2: openssl s_client with a card's suite is served over TLS") {
  if (!program_exists("openssl")) {
    MESSAGE("no openssl program: a foreign TLS client is not tried");
    return;
  }
  Site site(true);
  Card card;
  Server& work = site.work(identity_of(2), &card);
  const auto key = key_of(2);
  std::string digits(key.view().size() * 2, '0');
  write_hex(key.view(), digits);
  // The key is a test's; a program's arguments are no place for others.
  Child child({"sh", "-c",
               "{ printf 'POST /start HTTP/1.1\\r\\nHost: h\\r\\nX-Admin-Protocol: "
               "globalplatform-remote-admin/1.0\\r\\nContent-Length: 0\\r\\n\\r\\n'; sleep 5; } | "
               "openssl s_client -quiet -connect " +
                   site.server->endpoint().text() + " -psk_identity " + identity_of(2) + " -psk " +
                   digits + " -tls1_2 -cipher PSK-AES128-CBC-SHA256 -maxfraglen 512 2>/dev/null"});
  std::string heard;
  REQUIRE(site.until([&] {
    for (std::string line = child.line(0); !line.empty(); line = child.line(0)) heard += line;
    return heard.find("Content-Length: 8") != std::string::npos;
  }));
  CHECK(heard.starts_with("HTTP/1.1 200 OK"));
  CHECK(heard.find("X-Admin-Next-URI: /admin?n=") != std::string::npos);
  CHECK(site.desk.entered == std::vector<std::string>{identity_of(2)});
  CHECK(work.durable.given == 1);
}
