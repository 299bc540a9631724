// Request targets: path segments and query parameters.
#include <doctest/doctest.h>

#include "api/http_types.h"

namespace simurgh::api {
namespace {

ErrorCode error_of(std::string_view text) {
  const auto target = parse_target(text);
  REQUIRE_FALSE(target.has_value());
  return target.error().code;
}

TEST_CASE("a path and a query are decoded (RFC 3986 2.1)") {
  const auto target = parse_target("/v1/chips/89%34%39?state=sold&note=a%20b+c%2Bd&flag");
  REQUIRE(target.has_value());
  CHECK(target->segments == std::vector<std::string>{"v1", "chips", "8949"});
  CHECK(*target->find("state") == "sold");
  CHECK(*target->find("note") == "a b c+d");
  CHECK(target->find("flag")->empty());
  CHECK(target->find("other") == nullptr);
  CHECK(parse_target("/")->segments.empty());
}

TEST_CASE("an escaped slash stays inside its segment") {
  CHECK(parse_target("/v1/chips%2F1")->segments == std::vector<std::string>{"v1", "chips/1"});
}

TEST_CASE("what is no target is refused") {
  for (const char* text : {"", "v1", "http://host/v1", "*", "/v1//chips", "/v1/", "/v1/%4", "/%",
                           "/%zz", "/a%00", "/a%0a", "/a?x=%1f", "/a?=1"}) {
    CAPTURE(text);
    CHECK(error_of(text) == ErrorCode::bad_value);
  }
  CHECK(error_of("/a?x=1&x=2") == ErrorCode::already_exists);
  CHECK(error_of("/a/a/a/a/a/a/a/a/a") == ErrorCode::too_large);
  CHECK(error_of("/" + std::string(Target::octets_max, 'a')) == ErrorCode::too_large);
  std::string many = "/a?p=1";
  for (int i = 0; i < 20; ++i) many += "&p" + std::to_string(i);
  CHECK(error_of(many) == ErrorCode::too_large);
}

TEST_CASE("encoding decodes to the same text") {
  std::string all;
  for (int c = 0x20; c < 0x7f; ++c) all.push_back(static_cast<char>(c));
  const auto target = parse_target("/" + percent_encoded(all) + "?x=" + percent_encoded(all));
  REQUIRE(target.has_value());
  CHECK(target->segments[0] == all);
  CHECK(*target->find("x") == all);
}

}  // namespace
}  // namespace simurgh::api
