// Which suites a server takes, by trying all that have a number; and record sizes on the wire.
#include <set>

#include "io/tls/context.h"
#include "wire.h"

namespace simurgh::tls::test {
namespace {

struct Sink final : Session::Outlet {
  bool on_cipher(ByteView cipher) override {
    out.append(text_of(cipher));
    return true;
  }
  std::string out;
};

// The suite that a server chooses when it is offered just this one; nothing when it refuses.
std::optional<uint16_t> chosen(Context& context, const std::string& hello) {
  Sink sink;
  const auto session = Session::make(context, sink, nullptr, "");
  REQUIRE(session != nullptr);
  uint8_t plain[256];
  ByteView in = bytes_of(hello);
  const auto step = session->step(in, plain);
  REQUIRE(!sink.out.empty());
  if (step.event != Session::Event::need_more) {
    CHECK(sink.out[0] == 21);  // an alert
    return std::nullopt;
  }
  REQUIRE(sink.out[0] == 22);
  REQUIRE(sink.out[5] == 2);  // ServerHello: header 9, version 2, random 32, session id, suite
  const size_t at = 9 + 2 + 32 + 1 + static_cast<uint8_t>(sink.out[9 + 2 + 32]);
  return static_cast<uint16_t>(static_cast<uint8_t>(sink.out[at]) << 8 |
                               static_cast<uint8_t>(sink.out[at + 1]));
}

TEST_CASE("T-PSK: of all 65,536 suites the server takes those of its policy, and none else") {
  process::OsRandom random;
  PskTable keys(PskRole::server);
  std::string problem;
  for (const bool old_cards : {false, true}) {
    const TlsPolicy policy = chip_policy(old_cards);
    std::set<uint16_t> wanted;
    for (const Suite suite : policy.suites) {
      if (!facts_of(suite).tls13) wanted.insert(facts_of(suite).code);
    }
    const auto context = Context::make_psk(policy, &keys, &random, problem);
    REQUIRE_MESSAGE(context != nullptr, problem);
    std::set<uint16_t> taken;
    for (uint32_t code = 0; code <= 0xffff; ++code) {
      const auto suite = chosen(*context, client_hello(static_cast<uint16_t>(code)));
      if (suite.has_value()) {
        CHECK(*suite == code);
        taken.insert(*suite);
      }
    }
    CHECK(taken == wanted);
    CHECK(!taken.contains(0x00b0));  // PSK_WITH_NULL_SHA256
    CHECK(!taken.contains(0x008b));  // PSK_WITH_3DES_EDE_CBC_SHA
  }
}

TEST_CASE("versions below TLS 1.2 are refused") {
  process::OsRandom random;
  PskTable keys(PskRole::server);
  std::string problem;
  const auto context = Context::make_psk(chip_policy(true), &keys, &random, problem);
  REQUIRE(context != nullptr);
  CHECK(chosen(*context, client_hello(0x008c, 0x0303)).has_value());
  CHECK(!chosen(*context, client_hello(0x008c, 0x0302)).has_value());
  CHECK(!chosen(*context, client_hello(0x008c, 0x0301)).has_value());
  CHECK(!chosen(*context, client_hello(0x008c, 0x0300)).has_value());
}

// The largest record that a server sends when it has 5,000 octets to say.
size_t largest_record(const TlsPolicy& server_policy, const TlsPolicy& client_policy) {
  Rig rig(server_policy);
  Tap tap(*rig.loop, rig.server->endpoint());
  const auto client = make_client(client_policy);
  End end;
  end.stream = client->connect(*rig.loop, tap.endpoint(), end, credential());
  rig.run_until([&] {
    tap.forward();
    return end.times_connected == 1;
  });
  REQUIRE(end.stream->send(bytes_of(std::string(5'000, 'x'))).has_value());
  rig.run_until([&] {
    tap.forward();
    return end.received.size() == 5'000;
  });
  size_t largest = 0;
  for (const size_t length : record_lengths(tap.pairs[0]->from_server)) {
    largest = std::max(largest, length);
  }
  return largest;
}

TEST_CASE("T2: a card that asks for fragments of 512 gets no larger record, nor does any chip") {
  for (size_t i = 0; i < suite_count; ++i) {
    const auto suite = static_cast<Suite>(i);
    CAPTURE(facts_of(suite).name);
    TlsPolicy large = only(suite);
    large.limits.record_octets_max = 16'384;
    TlsPolicy asking = large;
    asking.asks_small_records = true;
    constexpr size_t small = 512 + 69;
    CHECK(largest_record(only(suite), large) <= small);
    CHECK(largest_record(large, asking) <= small);
    CHECK(largest_record(large, large) > small);
  }
}

}  // namespace
}  // namespace simurgh::tls::test
