// link: simurgh_io_tls simurgh_io_process simurgh_io_crypto_openssl
// What an outsider can send to a TLS end before its handshake is done, in pieces of any size: our
// limits and OpenSSL's parsing behind them. The first octet chooses the end, the second the size of
// the pieces.
#include <cstdlib>

#include "base/check.h"
#include "io/process/process.h"
#include "io/tls/context.h"

using namespace simurgh;

namespace {

struct Sink final : tls::Session::Outlet {
  bool on_cipher(ByteView cipher) override {
    octets += cipher.size();
    return true;
  }
  size_t octets = 0;
};

struct Ends {
  Ends() {
    const Psk chip{tls::PskKey(bytes_of("fuzz tls session")), tls::all_suites};
    SIMURGH_CHECK(keys.add("chip", chip).has_value());
    credential.identity = "chip";
    credential.key = chip.key;
    std::string problem;
    server = tls::Context::make_psk(tls::chip_policy(true), &keys, &random, problem);
    client = tls::Context::make_psk(tls::chip_policy(true), nullptr, nullptr, problem);
    SIMURGH_CHECK(server != nullptr && client != nullptr);
  }
  using Psk = tls::Psk;
  process::OsRandom random;
  tls::PskTable keys{tls::PskRole::server};
  tls::PskCredential credential;
  std::unique_ptr<tls::Context> server, client;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Ends& ends = *new Ends;
  if (size < 2) return 0;
  const bool serving = (data[0] & 1) == 0;
  const size_t piece_max = data[1] == 0 ? size : data[1];
  ByteView rest(data + 2, size - 2);
  Sink sink;
  const auto session = tls::Session::make(serving ? *ends.server : *ends.client, sink,
                                          serving ? nullptr : &ends.credential, "");
  uint8_t plain[1'024];
  ByteView piece;
  auto event = session->step(piece, plain).event;
  while (!rest.empty() && event == tls::Session::Event::need_more) {
    piece = rest.first(std::min(piece_max, rest.size()));
    rest = rest.subspan(piece.size());
    event = session->step(piece, plain).event;
    SIMURGH_CHECK(event != tls::Session::Event::need_more || piece.empty());
  }
  // Nobody gets in without the key.
  SIMURGH_CHECK(event == tls::Session::Event::need_more || event == tls::Session::Event::failed ||
                event == tls::Session::Event::ended);
  SIMURGH_CHECK(!session->established() && session->peer_name().size() <= 128);
  if (event == tls::Session::Event::failed) SIMURGH_CHECK(!session->words().empty());
  SIMURGH_CHECK(sink.octets < 4'096);
  return 0;
}
