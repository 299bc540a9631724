// Policies and keys as data: what cannot be said, what is refused.
#include "rig.h"

namespace simurgh::tls::test {
namespace {

TEST_CASE("T2: no policy can name a suite that encrypts nothing, or 3DES, or none of a key") {
  for (const char* name :
       {"PSK_WITH_NULL_SHA256", "PSK_WITH_NULL_SHA", "PSK_WITH_3DES_EDE_CBC_SHA",
        "DHE_PSK_WITH_AES_128_CBC_SHA256", "AES_256_GCM_SHA384", "RSA_WITH_AES_128_CBC_SHA",
        "ECDHE_PSK_WITH_NULL_SHA256", "", "psk_with_aes_128_cbc_sha256"}) {
    CAPTURE(name);
    CHECK(parse_suite(name).error().code == ErrorCode::bad_value);
  }
  for (size_t i = 0; i < suite_count; ++i) {
    const SuiteFacts& facts = facts_of(static_cast<Suite>(i));
    CHECK(facts.suite == static_cast<Suite>(i));
    CHECK(parse_suite(facts.name).value() == facts.suite);
    CHECK(parse_suite("TLS_" + std::string(facts.name)).value() == facts.suite);
  }
}

TEST_CASE("a policy that cannot work is refused in words") {
  std::string problem;
  const auto refused = [&](auto change) {
    TlsPolicy policy = chip_policy();
    change(policy);
    CHECK(!check_policy(policy, problem));
    CHECK(!problem.empty());
    CHECK(ChipClient::create(policy, problem).error().code == ErrorCode::not_allowed);
  };
  CHECK(check_policy(chip_policy(), problem));
  CHECK(check_policy(chip_policy(true), problem));
  CHECK(chip_policy().suites.size() + 1 == chip_policy(true).suites.size());
  refused([](TlsPolicy& p) { p.suites.clear(); });
  refused([](TlsPolicy& p) { p.suites.push_back(p.suites[0]); });
  refused([](TlsPolicy& p) { p.limits.record_octets_max = 511; });
  refused([](TlsPolicy& p) { p.limits.record_octets_max = 16'385; });
  refused([](TlsPolicy& p) { p.limits.sessions_max = 0; });
  refused([](TlsPolicy& p) { p.limits.handshakes_at_once_max = 0; });
  refused([](TlsPolicy& p) { p.limits.handshake_octets_max = 100; });
  refused([](TlsPolicy& p) { p.limits.send_octets_max = 1'000; });
}

TEST_CASE("T-PSK: one key is provisioned for one identity and one role") {
  PskTable serving(PskRole::server);
  PskTable presenting(PskRole::client);
  const Psk key{key_of(chip_key)};
  const Psk other{key_of("ffeeddccbbaa99887766554433221100")};
  CHECK(serving.add("a", key, &presenting).has_value());
  CHECK(serving.add("a", key, &presenting).has_value());  // again: the same
  CHECK(serving.add("a", other).error().code == ErrorCode::already_exists);
  CHECK(serving.add("b", key).error().code == ErrorCode::not_allowed);
  CHECK(presenting.add("z", key, &serving).error().code == ErrorCode::not_allowed);
  CHECK(presenting.add("z", other, &serving).has_value());
  CHECK(serving.add("b", other, &presenting).error().code == ErrorCode::not_allowed);
  serving.remove("a");
  CHECK(!serving.find("a").has_value());
  CHECK(presenting.add("y", key, &serving).has_value());
  // Forms.
  CHECK(serving.add("", other).error().code == ErrorCode::bad_value);
  CHECK(serving.add(std::string("a\0b", 3), other).error().code == ErrorCode::bad_value);
  CHECK(serving.add(std::string(129, 'x'), other).error().code == ErrorCode::bad_value);
  CHECK(serving.add("c", {key_of("00112233445566778899aabbccddee")}).error().code ==
        ErrorCode::bad_value);
}

TEST_CASE("T-PSK: a server takes no source of keys that clients present") {
  PskTable presenting(PskRole::client);
  process::OsRandom random;
  std::string problem;
  CHECK(ChipServer::create(chip_policy(), presenting, random, problem).error().code ==
        ErrorCode::not_allowed);
  CHECK(problem.find("never used in both roles") != std::string::npos);
}

}  // namespace
}  // namespace simurgh::tls::test
