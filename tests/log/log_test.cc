#include "io/log/log.h"

#include <doctest/doctest.h>

#include <vector>

namespace simurgh::log {
namespace {

struct Lines final : Sink {
  void write(std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

// Without the time, which stands in a known form at the beginning.
std::string last(const Lines& lines) {
  REQUIRE(!lines.lines.empty());
  const std::string& line = lines.lines.back();
  REQUIRE(line.size() > 29);
  CHECK(line.starts_with("ts=20"));
  CHECK(line[13] == 'T');
  CHECK(line[26] == 'Z');
  CHECK(line.back() == '\n');
  return line.substr(28, line.size() - 29);
}

TEST_CASE("a line is logfmt: bare words bare, the rest quoted, and nothing breaks out") {
  Lines lines;
  const Log log(lines, Level::info);
  log.info("bound", {{"peer", "127.0.0.1:2775"},
                     {"n", 7},
                     {"big", UINT64_MAX},
                     {"low", -5},
                     {"on", true},
                     {"share", 0.5},
                     {"wait", seconds(2)},
                     {"error", ErrorCode::busy},
                     {"imsi", *Imsi::parse("901700000000001")}});
  CHECK(last(lines) ==
        "level=info msg=bound peer=127.0.0.1:2775 n=7 big=18446744073709551615 low=-5 on=true "
        "share=0.5 wait=2000 error=busy imsi=901700000000001");
  log.error("two words",
            {{"q", "a\"b\\c\nlevel=info"}, {"empty", ""}, {"ctl", "\x01\x7f"}, {"eq", "a=b"}});
  CHECK(last(lines) ==
        "level=error msg=\"two words\" q=\"a\\\"b\\\\c\\nlevel=info\" empty=\"\" "
        "ctl=\"\\x01\\x7f\" eq=\"a=b\"");
  log.warning("x", {{"utf8", "\xc3\xa4"}, {"hex", hex(bytes_of("\x01\xff"))}});
  CHECK(last(lines) == "level=warning msg=x utf8=\xc3\xa4 hex=01ff");
}

TEST_CASE("levels, requests") {
  Lines lines;
  Log log(lines, Level::warning);
  log.info("no");
  CHECK(lines.lines.empty());
  CHECK(!log.enabled(Level::debug));
  log.set_level(Level::debug);
  log.with_request("7f3a").debug("yes", {{"n", 1}});
  CHECK(last(lines) == "level=debug msg=yes request=7f3a n=1");
  CHECK(parse_level("warning") == Level::warning);
  CHECK(parse_level("loud").error().code == ErrorCode::bad_value);
}

TEST_CASE("long values are cut between characters, long lines lose fields") {
  Lines lines;
  const Log log(lines, Level::info);
  log.info("x", {{"v", std::string(value_octets_max - 1, 'a') + "\xc3\xa4" + "tail"}});
  CHECK(last(lines) ==
        "level=info msg=x v=\"" + std::string(value_octets_max - 1, 'a') + "\xe2\x80\xa6\"");
  const std::vector<uint8_t> many(value_octets_max, 0xab);
  log.info("x", {{"h", hex(many)}});
  CHECK(last(lines).size() < value_octets_max + 30);
  const std::string v(500, 'b');
  log.info("x", {{"a", v},
                 {"b", v},
                 {"c", v},
                 {"d", v},
                 {"e", v},
                 {"f", v},
                 {"g", v},
                 {"h", v},
                 {"i", v},
                 {"j", v},
                 {"k", v},
                 {"l", v},
                 {"m", v},
                 {"n", v},
                 {"o", v},
                 {"p", v},
                 {"q", v},
                 {"r", 1}});
  CHECK(lines.lines.back().size() <= line_octets_max + 1);
  CHECK(last(lines).ends_with(" r=1"));
}

}  // namespace
}  // namespace simurgh::log
