#include "base/utf8.h"

#include <doctest/doctest.h>

#include <string>

using namespace simurgh;

TEST_CASE("UTF-8: what RFC 3629 allows, and nothing else") {
  CHECK(is_utf8_text(""));
  CHECK(is_utf8_text("a\n\x7f"));
  // The first and the last character of each length, and those beside the surrogates.
  for (const char* text : {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    const std::string_view whole(text);
    CAPTURE(whole.size());
    CHECK(utf8_sequence_octets(whole) == whole.size());
    CHECK(is_utf8_text(std::string("a") + text + "b"));
    for (size_t size = 1; size < whole.size(); ++size) {
      CHECK(utf8_sequence_octets(whole.substr(0, size)) == 0);
    }
  }
  // Lone continuation, longer than needed, surrogate, above U+10FFFF, no such first octet.
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3(", "\xe2\x82("}) {
    CAPTURE(std::string_view(text).size());
    CHECK(utf8_sequence_octets(text) == 0);
    CHECK(!is_utf8_text(std::string("a") + text));
  }
  CHECK(!is_utf8_text(std::string_view("a\0b", 3)));
}
