// TLS with certificates: our ends with each other, and with openssl's s_client and s_server.
#include <unistd.h>

#include <cstdlib>

#include "rig.h"

namespace simurgh::tls::test {
namespace {

using simurgh::test::Child;

// Two authorities, and certificates of the first: made by openssl once for all tests here.
struct Papers {
  Papers() {
    char name[] = "/tmp/simurgh-tls-test-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    folder = name;
    run("for a in ca other; do openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
        "-nodes -keyout $a.key -out $a.pem -days 30 -subj /CN=$a; done; "
        "paper() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key "
        "-out $1.csr -subj /CN=$2 && openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key "
        "-CAcreateserial -days $4 -out $1.pem -extfile <(echo \"subjectAltName=$3\"); }; "
        "paper server smsc.example DNS:smsc.example,DNS:localhost,IP:127.0.0.1 30 && "
        "paper elsewhere other.example DNS:other.example 30 && "
        "paper client operator-7 DNS:operator-7 30 && paper old localhost DNS:localhost 0 && "
        "openssl rsa -aes128 -passout pass:x -in <(openssl genrsa 2048) -out locked.key");
  }
  ~Papers() {
    // After main(), where nothing can be checked any more.
    Child child({"/bin/rm", "-r", folder});
    for (int i = 0; i < 500 && !child.ended(); ++i) usleep(10'000);
  }
  void run(const std::string& command) const {
    Child child({"/bin/bash", "-c", "cd " + folder + " && { " + command + "; } 2>/dev/null"});
    for (int i = 0; i < 2'000 && !child.ended(); ++i) usleep(10'000);
    REQUIRE(child.ended());
    REQUIRE(child.exit_code() == 0);
  }
  std::string operator()(const char* name) const { return folder + "/" + name; }
  ServerFiles server(const char* name = "server") const {
    const std::string path = folder + "/" + name;
    return {path + ".pem", path + ".key", ""};
  }
  std::string folder;
};

const Papers& papers() {
  static const Papers made;
  return made;
}

struct CertificateRig {
  explicit CertificateRig(const ServerFiles& files = papers().server()) : loop(make_loop()) {
    std::string problem;
    auto made = ServerTls::create(files, certificate_limits(), problem);
    REQUIRE_MESSAGE(made.has_value(), problem);
    tls = std::move(*made);
    server.emplace(*loop, *tls);
  }
  net::Closed closed_after(const ClientFiles& files, const std::string& host,
                           const char* address = "localhost") {
    std::string problem;
    auto client = ClientTls::create(files, host, certificate_limits(), problem);
    REQUIRE_MESSAGE(client.has_value(), problem);
    End end;
    net::Endpoint endpoint = server->endpoint();
    endpoint.host = address;
    end.stream = (*client)->connect(*loop, endpoint, end);
    bool said = false;
    run_until([&] {
      if (!said && end.times_connected == 1 && !end.done()) {
        said = true;
        CHECK((*client)->secure());
        name = end.stream->authenticated_peer();
        CHECK(end.stream->send(bytes_of("hello")).has_value());
      }
      return end.done() || end.received == "hello";
    });
    return end.done() ? end.closed : net::Closed{ErrorCode::already_exists, "open"};
  }
  template <typename Until>
  void run_until(Until until) {
    for (int i = 0; i < 2'000 && !until(); ++i) loop->run_once(milliseconds(10));
    REQUIRE(until());
  }
  std::unique_ptr<loop::Loop> loop;
  std::unique_ptr<ServerTls> tls;
  std::optional<EchoServer> server;
  std::string name;
};

TEST_CASE("a client believes the server that has the name, signed by whom it trusts; no other") {
  CertificateRig rig;
  CHECK(!rig.tls->secure());
  const std::string ca = papers()("ca.pem");
  CHECK(rig.closed_after({ca, "", ""}, "").words == "open");
  CHECK(rig.name == "localhost");
  CHECK(rig.closed_after({ca, "", ""}, "", "127.0.0.1").words == "open");
  CHECK(rig.closed_after({ca, "", ""}, "smsc.example").words == "open");
  CHECK(rig.name == "smsc.example");
  const auto wrong_name = rig.closed_after({ca, "", ""}, "bank.example");
  CHECK(wrong_name.code == ErrorCode::not_allowed);
  CHECK(wrong_name.words.find("hostname mismatch") != std::string::npos);
  const auto wrong_address = rig.closed_after({ca, "", ""}, "192.0.2.1");
  CHECK(wrong_address.words.find("IP address mismatch") != std::string::npos);
  const auto stranger = rig.closed_after({papers()("other.pem"), "", ""}, "");
  CHECK(stranger.words.find("certificate") != std::string::npos);
  CHECK(rig.closed_after({"", "", ""}, "").code == ErrorCode::not_allowed);  // the system's
  CertificateRig old(papers().server("old"));
  CHECK(old.closed_after({ca, "", ""}, "").words.find("expired") != std::string::npos);
}

TEST_CASE("with client_ca, only clients with a certificate of it come in, and are known by name") {
  ServerFiles files = papers().server();
  files.client_ca = papers()("ca.pem");
  CertificateRig rig(files);
  CHECK(rig.tls->secure());
  const std::string ca = papers()("ca.pem");
  CHECK(rig.closed_after({ca, papers()("client.pem"), papers()("client.key")}, "").words == "open");
  CHECK(rig.server->ends.back()->peer_name == "operator-7");
  const size_t before = rig.server->ends.size();
  CHECK(rig.closed_after({ca, "", ""}, "").words.find("alert") != std::string::npos);
  CHECK(rig.closed_after({ca, papers()("other.pem"), papers()("other.key")}, "").code ==
        ErrorCode::not_allowed);
  for (size_t i = before; i < rig.server->ends.size(); ++i) {
    CHECK(rig.server->ends[i]->received.empty());
  }
}

TEST_CASE("files that cannot be used are named, with what is wrong") {
  std::string problem;
  const auto refused = [&](const ServerFiles& files) {
    CHECK(ServerTls::create(files, certificate_limits(), problem).error().code == ErrorCode::io);
    return problem;
  };
  const ServerFiles good = papers().server();
  CHECK(refused({"/nowhere.pem", good.key, ""}).find("/nowhere.pem: ") == 0);
  CHECK(refused({good.certificate, "/nowhere.key", ""}).find("/nowhere.key: ") == 0);
  CHECK(refused({good.certificate, "", ""}).find("belong together") != std::string::npos);
  CHECK(refused({good.certificate, papers()("client.key"), ""}).find("is not the key of") !=
        std::string::npos);
  CHECK(refused({good.certificate, papers()("locked.key"), ""}).find("pass phrase") !=
        std::string::npos);
  CHECK(refused({good.certificate, good.key, "/nowhere-ca.pem"}).find("/nowhere-ca.pem: ") == 0);
  CHECK(refused({good.key, good.key, ""}).find("no certificate in PEM form") != std::string::npos);
}

TEST_CASE("openssl s_client reads our certificate and verifies it, TLS 1.2 and 1.3, not below") {
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    CAPTURE(version);
    CertificateRig rig;
    Child child({"/bin/bash", "-c",
                 "exec openssl s_client -quiet -verify_return_error -verify_hostname localhost "
                 "-CAfile " +
                     papers()("ca.pem") + " -connect " + rig.server->address() + " " + version +
                     " 2>/dev/null < <(echo secret; sleep 5)"});
    std::string line;
    rig.run_until([&] {
      if (line.empty()) line = child.line(0);
      return !line.empty() || child.ended();
    });
    CHECK(line == "secret");
  }
  for (const char* options :
       {"-tls1_1 -cipher ALL:@SECLEVEL=0", "-tls1_2 -cipher AES128-SHA",
        "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA", "-tls1_2 -cipher aNULL:@SECLEVEL=0"}) {
    CAPTURE(options);
    CertificateRig rig;
    Child child({"/bin/bash", "-c",
                 "exec openssl s_client -quiet -connect " + rig.server->address() + " " + options +
                     " 2>/dev/null < <(echo secret; sleep 1)"});
    rig.run_until([&] { return child.ended(); });
    CHECK(child.exit_code() != 0);
    CHECK(rig.tls->figures().handshakes_done == 0);
  }
}

TEST_CASE("we verify openssl s_server, and it sees our certificate") {
  const auto loop = make_loop();
  // Its port is its own choice; it says which.
  Child child({"/bin/bash", "-c",
               "exec openssl s_server -accept 127.0.0.1:0 -Verify 1 -verify_return_error -CAfile " +
                   papers()("ca.pem") + " -cert " + papers()("server.pem") + " -key " +
                   papers()("server.key") + " 2>/dev/null < <(sleep 20)"});
  std::string port;
  while (port.empty()) {
    const std::string line = child.line(5'000);
    REQUIRE(!line.empty());
    if (line.starts_with("ACCEPT ")) port = line.substr(line.rfind(':') + 1);
  }
  std::string problem;
  const auto client =
      ClientTls::create({papers()("ca.pem"), papers()("client.pem"), papers()("client.key")},
                        "smsc.example", certificate_limits(), problem);
  REQUIRE_MESSAGE(client.has_value(), problem);
  End end;
  end.stream = (*client)->connect(*loop, *net::parse_endpoint("127.0.0.1:" + port), end);
  bool subject = false;
  bool said = false;
  for (int i = 0; i < 1'000 && !said; ++i) {
    loop->run_once(milliseconds(10));
    if (end.times_connected == 1 && !end.done() && !subject) {
      REQUIRE(end.stream->send(bytes_of("bind me\n")).has_value());
      subject = true;
    }
    for (std::string line = child.line(0); !line.empty(); line = child.line(0)) {
      said = said || line == "bind me";
    }
    REQUIRE(!end.done());
  }
  CHECK(said);
}

TEST_CASE("T-PSK: a chip takes no certificate in place of the key") {
  // A server with a certificate that knows no key: in TLS 1.3 it would just send the certificate.
  CertificateRig rig;
  for (const bool tls13_only : {true, false}) {
    TlsPolicy policy = chip_policy(true);
    if (tls13_only) policy.suites = {Suite::tls13_aes128_gcm_sha256};
    const auto chips = make_client(policy);
    End end;
    end.stream = chips->connect(*rig.loop, rig.server->endpoint(), end, credential());
    rig.run_until([&] { return end.done(); });
    CHECK(end.times_connected == 0);
    CHECK(end.closed.code == ErrorCode::not_allowed);
  }
  CHECK(rig.tls->figures().handshakes_done == 0);
}

}  // namespace
}  // namespace simurgh::tls::test
