// QR codes of activation codes: the function patterns that ISO/IEC 18004 prescribes, and the two
// forms in which they leave.
#include "apps/simurgh/qr.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace simurgh::cli {
namespace {

constexpr std::string_view code_text = "SIMURGH1:BQ2SPD3BNF6PFLO6EVU4DTOAOQUWMX";

TEST_CASE("D12: an activation code fits a small code with its three finder patterns") {
  const auto qr = QrCode::of(code_text);
  REQUIRE(qr.has_value());
  // Alphanumeric mode: version 3 (29 modules) at most, which any camera reads (7.4.1, table 7).
  CHECK(qr->size() <= 29);
  const auto finder_at = [&](int left, int top) {
    for (int y = 0; y < 7; ++y) {
      for (int x = 0; x < 7; ++x) {
        const bool ring = x == 0 || x == 6 || y == 0 || y == 6;
        const bool core = x >= 2 && x <= 4 && y >= 2 && y <= 4;
        if (qr->dark(left + x, top + y) != (ring || core)) return false;
      }
    }
    return true;
  };
  CHECK(finder_at(0, 0));
  CHECK(finder_at(qr->size() - 7, 0));
  CHECK(finder_at(0, qr->size() - 7));
  CHECK_FALSE(finder_at(qr->size() - 7, qr->size() - 7));
  CHECK_FALSE(qr->dark(-1, 0));
  CHECK_FALSE(qr->dark(0, qr->size()));
}

TEST_CASE("the SVG covers exactly the dark modules") {
  const auto qr = QrCode::of(code_text);
  REQUIRE(qr.has_value());
  const std::string svg = qr->svg();
  size_t dark = 0;
  for (int y = 0; y < qr->size(); ++y) {
    for (int x = 0; x < qr->size(); ++x) dark += qr->dark(x, y) ? 1u : 0u;
  }
  size_t covered = 0;
  for (size_t at = svg.find('h'); at != std::string::npos; at = svg.find('h', at + 1)) {
    if (svg[at + 1] < '0' || svg[at + 1] > '9' || svg.substr(at, 2) == "h=") continue;
    const size_t v = svg.find("v1h-", at);
    if (v == std::string::npos || v > at + 4) continue;
    covered += static_cast<size_t>(std::stoul(svg.substr(at + 1)));
    at = v + 3;
  }
  CHECK(covered == dark);
  CHECK(svg.find(code_text) == std::string::npos);
}

TEST_CASE("the terminal's form has two modules a character and the quiet zone around") {
  const auto qr = QrCode::of(code_text);
  REQUIRE(qr.has_value());
  const std::string plain = qr->for_terminal(false);
  const auto lines = static_cast<int>(std::count(plain.begin(), plain.end(), '\n'));
  CHECK(lines == (qr->size() + 8 + 1) / 2);
  CHECK(plain.find('\033') == std::string::npos);
  CHECK(qr->for_terminal(true).find("\033[30;107m") != std::string::npos);
}

TEST_CASE("a text that no code can hold is a failure and no crash") {
  CHECK_FALSE(QrCode::of(std::string(10'000, 'A')).has_value());
}

}  // namespace
}  // namespace simurgh::cli
