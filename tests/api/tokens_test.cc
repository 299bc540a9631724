// Bearer tokens: their file, their check, their rate.
#include <doctest/doctest.h>

#include <algorithm>

#include "api/tokens.h"
#include "base/hex.h"

namespace simurgh::api {
namespace {

constexpr Instant start{1'700'000'000'000};

NewToken token_of(std::string_view name, Roles roles, uint8_t filler) {
  Key256 secret;
  std::ranges::fill(secret.fill(token_secret_octets), filler);
  auto made = make_token(name, roles, secret, ByteArray<16>{filler});
  REQUIRE(made.has_value());
  return *made;
}

std::string bearer(const NewToken& token) {
  return "Bearer " + std::string(text_of(token.text.view()));
}

TEST_CASE("a token opens with its own text and nothing near it") {
  const NewToken desk = token_of("desk-3", {Role::dealer}, 7);
  const NewToken ops = token_of("ops", {Role::operator_, Role::viewer}, 8);
  Tokens tokens({desk.token, ops.token});
  const std::string right = bearer(desk);
  const Token* found = tokens.check(right);
  REQUIRE(found != nullptr);
  CHECK(found->name == "desk-3");
  CHECK(tokens.check(bearer(ops))->name == "ops");
  for (size_t i = 0; i < right.size(); ++i) {
    std::string wrong = right;
    wrong[i] = static_cast<char>(wrong[i] ^ 1);
    CHECK(tokens.check(wrong) == nullptr);
    CHECK(tokens.check(right.substr(0, i)) == nullptr);
  }
  CHECK(tokens.check(right + "0") == nullptr);
  CHECK(tokens.check("") == nullptr);
  CHECK(tokens.check("Basic " + right.substr(7)) == nullptr);
  // One token's secret under the other's name.
  CHECK(tokens.check("Bearer ops" + right.substr(right.find('.'))) == nullptr);
}

TEST_CASE("the file holds nothing that opens anything, and reads back") {
  NewToken desk = token_of("desk-3", {Role::dealer}, 7);
  desk.token.requests_per_minute = 30;
  NewToken maker = token_of("maker", {Role::factory}, 9);
  maker.token.manufacturer = "northern";
  const std::string text = write_tokens({desk.token, maker.token});
  CHECK(text.find(bearer(desk).substr(7)) == std::string::npos);
  CHECK(text.find("0707070707070707") == std::string::npos);
  const auto tokens = parse_tokens(text);
  REQUIRE(tokens.has_value());
  CHECK(*tokens == std::vector{desk.token, maker.token});
}

TEST_CASE("lines that are not right are refused at their offset") {
  const std::string salt(32, '1');
  const std::string hash(64, '2');
  const auto error = [](const std::string& text) {
    const auto parsed = parse_tokens(text);
    REQUIRE_FALSE(parsed.has_value());
    return parsed.error();
  };
  const std::string good = "a viewer " + salt + " " + hash + "\n";
  CHECK(parse_tokens("# comment\n\n  \n" + good)->size() == 1);
  CHECK(error(good + "b boss " + salt + " " + hash).offset == good.size());
  CHECK(error("B viewer " + salt + " " + hash).code == ErrorCode::bad_value);
  CHECK(error(good + good) == fail(ErrorCode::already_exists, good.size()));
  CHECK(error("a viewer " + salt).code == ErrorCode::bad_length);
  CHECK(error("a viewer " + salt + " " + hash + "00").code == ErrorCode::no_space);
  CHECK(error("a viewer " + salt + " " + hash + " rate=0").code == ErrorCode::bad_value);
  CHECK(error("a viewer " + salt + " " + hash + " colour=red").code == ErrorCode::bad_value);
  CHECK(error("a factory " + salt + " " + hash).code == ErrorCode::not_allowed);
  CHECK(parse_tokens("a factory " + salt + " " + hash + " manufacturer=northern").has_value());
}

TEST_CASE("the rate holds over time, a burst passes, and the wait that is told is right") {
  NewToken desk = token_of("desk-3", {Role::dealer}, 7);
  desk.token.requests_per_minute = 60;
  Tokens tokens({desk.token});
  const Token& token = *tokens.check(bearer(desk));
  Instant now = start;
  for (int i = 0; i < 10; ++i) CHECK_FALSE(tokens.over_rate(token, now).has_value());
  const auto wait = tokens.over_rate(token, now);
  REQUIRE(wait.has_value());
  CHECK(wait->ms <= 1001);
  CHECK(tokens.over_rate(token, now - hours(1)).has_value());  // a clock set back gives nothing
  now = now + *wait;
  CHECK_FALSE(tokens.over_rate(token, now).has_value());
  CHECK(tokens.over_rate(token, now).has_value());
}

}  // namespace
}  // namespace simurgh::api
