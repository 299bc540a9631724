// JSON: what is accepted, what is refused and where, and the words for a wrong member.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "base/numbers.h"
#include "formats/json/fields.h"

namespace simurgh::json {
namespace {

ErrorCode error_of(std::string_view text, const Limits& limits = {}) {
  const auto parsed = parse(text, limits);
  REQUIRE_FALSE(parsed.has_value());
  return parsed.error().code;
}

// RFC 8259 section 13, first example, without white space.
constexpr std::string_view rfc8259_image =
    R"({"Image":{"Width":800,"Height":600,"Title":"View from 15th Floor","Thumbnail":)"
    R"({"Url":"http://www.example.com/image/481989943","Height":125,"Width":100},)"
    R"("Animated":false,"IDs":[116,943,234,38793]}})";

TEST_CASE("the example of RFC 8259 13 reads and writes back byte for byte") {
  const auto value = parse(rfc8259_image);
  REQUIRE(value.has_value());
  const Value* image = value->find("Image");
  REQUIRE(image != nullptr);
  CHECK(image->integer_of("Width") == 800);
  CHECK(image->find("Thumbnail")->text_of("Url") == "http://www.example.com/image/481989943");
  CHECK(image->find("IDs")->as_array()->size() == 4);
  CHECK(*image->find("Animated")->as_bool() == false);
  CHECK(write(*value) == rfc8259_image);
}

TEST_CASE("every truncation of a document is refused") {
  for (size_t size = 0; size < rfc8259_image.size(); ++size) {
    CHECK(error_of(rfc8259_image.substr(0, size)) == ErrorCode::bad_value);
  }
}

TEST_CASE("no change of one byte crashes, and what it leaves valid writes and reads again") {
  for (size_t i = 0; i < rfc8259_image.size(); ++i) {
    for (const char c : {'\0', '"', '{', '}', '[', ']', ',', ':', '\\', '9', '\x80', '\xff'}) {
      std::string text(rfc8259_image);
      text[i] = c;
      const auto value = parse(text);
      if (!value.has_value()) continue;
      const auto again = parse(write(*value));
      REQUIRE(again.has_value());
      CHECK(*again == *value);
    }
  }
}

TEST_CASE("what RFC 8259 does not allow is refused") {
  for (const std::string_view text : {"",
                                      " ",
                                      "{",
                                      "{}{}",
                                      "{\"a\":1,}",
                                      "[1,]",
                                      "{'a':1}",
                                      "{a:1}",
                                      "[01]",
                                      "[+1]",
                                      "[1.]",
                                      "[.5]",
                                      "[1e]",
                                      "[NaN]",
                                      "[Infinity]",
                                      "[\"\x01\"]",
                                      "[\"\xff\"]",
                                      "[\"\\x41\"]",
                                      "[\"\\ud800\"]",
                                      "[\"\xed\xa0\x80\"]",
                                      "[true false]",
                                      "// c\n{}",
                                      "\xef\xbb\xbf{}"}) {
    CAPTURE(text);
    CHECK(error_of(text) == ErrorCode::bad_value);
  }
}

TEST_CASE("only objects and arrays are documents, and NUL is in no text") {
  CHECK(error_of("1") == ErrorCode::bad_value);
  CHECK(error_of("\"text\"") == ErrorCode::bad_value);
  CHECK(error_of("[\"\\u0000\"]") == ErrorCode::bad_value);
}

TEST_CASE("a repeated member name is refused, nested too") {
  CHECK(error_of(R"({"a":1,"a":2})") == ErrorCode::already_exists);
  CHECK(error_of(R"({"x":[{"a":1,"b":2,"a":1}]})") == ErrorCode::already_exists);
  CHECK(error_of("{\"a\":1,\"\\u0061\":2}") == ErrorCode::already_exists);
  CHECK(parse(R"({"a":{"a":1}})").has_value());
}

TEST_CASE("limits of size, depth and members hold exactly") {
  CHECK(parse("[1,2]", {.text_octets_max = 5}).has_value());
  CHECK(error_of("[1,2]", {.text_octets_max = 4}) == ErrorCode::too_large);
  CHECK(parse("[[1]]", {.depth_max = 2}).has_value());
  CHECK(error_of("[[1]]", {.depth_max = 1}) == ErrorCode::too_large);
  CHECK(parse(R"(["[[[[", "\"[["])", {.depth_max = 1}).has_value());
  CHECK(parse(R"({"a":1,"b":2})", {.members_max = 2}).has_value());
  CHECK(error_of(R"([{"a":1,"b":2}])", {.members_max = 1}) == ErrorCode::too_large);
  CHECK(error_of(std::string(100'000, '[')) == ErrorCode::too_large);
}

TEST_CASE("integers are exact to the ends of int64_t and refused beyond") {
  const auto value = parse("[9223372036854775807,-9223372036854775808]");
  REQUIRE(value.has_value());
  CHECK(write(*value) == "[9223372036854775807,-9223372036854775808]");
  CHECK(error_of("[9223372036854775808]") == ErrorCode::bad_value);
  CHECK(error_of("[1e999]") == ErrorCode::bad_value);
}

TEST_CASE("doubles read back as the same value; what JSON cannot say is null") {
  for (const double number : {0.1, 1.0 / 3, 1e300, -2.5e-9, 3.0, 5e-324}) {
    const auto back = parse(write(Value::array().push_back(number)));
    REQUIRE(back.has_value());
    CHECK(back->as_array()->front() == Value(number));
  }
  CHECK(write(Value(0.7)) == "0.7");
  CHECK(write(Value(3.0)) == "3.0");
  CHECK(write(Value(std::numeric_limits<double>::infinity())) == "null");
  CHECK(write(Value(std::nan(""))) == "null");
}

TEST_CASE("texts are escaped so that they read back, and controls are never raw") {
  std::string all;
  for (int c = 1; c < 0x80; ++c) all.push_back(static_cast<char>(c));
  all += "\u00e9\u20ac\U0001f600";
  const std::string text = write(Value::array().push_back(all));
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.find('\x7f') == std::string::npos);
  CHECK(*parse(text)->as_array()->front().as_text() == all);
}

TEST_CASE("members keep their order; set replaces in place") {
  Value value;
  value.set("z", 1).set("a", "two").set("z", true);
  CHECK(write(value) == R"({"z":true,"a":"two"})");
  CHECK(write(Value::object()) == "{}");
  CHECK(write(Value::array()) == "[]");
  CHECK(write(Value::object({{"n", {}}, {"o", std::optional<int>{}}})) == R"({"n":null,"o":null})");
}

TEST_CASE("I10: wiping overwrites the texts of a tree where they lie") {
  // A text this short lies inside the value, so its octets can be looked at afterwards.
  const auto raw = [](const Value& v) {
    return std::string(reinterpret_cast<const char*>(&v), sizeof v);
  };
  Value value = "canary";
  REQUIRE(raw(value).find("canary") != std::string::npos);
  value.wipe();
  CHECK(raw(value).find("canary") == std::string::npos);
  CHECK(value.is_null());
}

// --- Fields ---------------------------------------------------------------------------------

std::string problem_of(std::string_view text, void (*read)(Fields&)) {
  const auto value = parse(text);
  REQUIRE(value.has_value());
  Problem problem;
  Fields fields(*value, problem);
  read(fields);
  fields.finish();
  return problem.sentence();
}

TEST_CASE("a wrong member is named with what was expected") {
  const auto iccid = [](Fields& f) { f.digits<Iccid>("iccid"); };
  CHECK(problem_of(R"({"iccid":"8949000000000000001"})", iccid).empty());
  CHECK(problem_of(R"({"iccid":8949})", iccid) == "\"iccid\": expected a string of 18-20 digits");
  CHECK(problem_of(R"({"iccid":"12"})", iccid) == "\"iccid\": expected a string of 18-20 digits");
  CHECK(problem_of(R"({"iccid":"894900000000000000x"})", iccid) ==
        "\"iccid\": expected a string of 18-20 digits");
  CHECK(problem_of("{}", iccid) == "\"iccid\": missing; expected a string of 18-20 digits");
  CHECK(problem_of("[]", iccid) == "expected an object");

  const auto count = [](Fields& f) { f.integer("count", 1, 10); };
  CHECK(problem_of(R"({"count":10})", count).empty());
  CHECK(problem_of(R"({"count":11})", count) == "\"count\": expected an integer from 1 to 10");
  CHECK(problem_of(R"({"count":1.5})", count) == "\"count\": expected an integer from 1 to 10");
  CHECK(problem_of(R"({"count":"1"})", count) == "\"count\": expected an integer from 1 to 10");

  const auto ver = [](Fields& f) {
    uint8_t out[4];
    f.hex("ver", 4, out);
  };
  CHECK(problem_of(R"({"ver":"00ffAA12"})", ver).empty());
  CHECK(problem_of(R"({"ver":"00ff"})", ver) ==
        "\"ver\": expected a string of 8 hexadecimal digits");
  CHECK(problem_of(R"({"ver":"00ff00gg"})", ver) ==
        "\"ver\": expected a string of 8 hexadecimal digits");

  const auto kind = [](Fields& f) {
    static constexpr std::string_view kinds[] = {"none", "short"};
    f.object("activation").choice("kind", kinds);
  };
  CHECK(problem_of(R"({"activation":{"kind":"short"}})", kind).empty());
  CHECK(problem_of(R"({"activation":{"kind":"long"}})", kind) ==
        "\"activation.kind\": expected one of \"none\" \"short\"");
  CHECK(problem_of(R"({"activation":1})", kind) == "\"activation\": expected an object");

  const auto name = [](Fields& f) { f.text("name", 1, 3); };
  CHECK(problem_of(R"({"name":"abcd"})", name) == "\"name\": expected a string of 1-3 octets");
  const auto flag = [](Fields& f) { f.boolean("on"); };
  CHECK(problem_of(R"({"on":1})", flag) == "\"on\": expected true or false");
  const auto list = [](Fields& f) { f.array("list", 2); };
  CHECK(problem_of(R"({"list":[1,2,3]})", list) ==
        "\"list\": expected an array of at most 2 elements");
}

TEST_CASE("unknown members are refused by name, unless the name itself is not fit to show") {
  const auto none = [](Fields&) {};
  CHECK(problem_of(R"({"extra":1})", none) == "\"extra\": unknown field; remove it");
  CHECK(problem_of("{\"<script>\":1}", none) == "\"?\": unknown field; remove it");
  CHECK(problem_of("{\"" + std::string(65, 'a') + "\":1}", none) ==
        "\"?\": unknown field; remove it");
}

TEST_CASE("only the first problem is told, and never the value") {
  const auto both = [](Fields& f) {
    f.digits<Imsi>("imsi");
    f.digits<Iccid>("iccid");
  };
  const std::string sentence = problem_of(R"({"imsi":"canary-secret","iccid":"canary"})", both);
  CHECK(sentence == "\"imsi\": expected a string of 6-15 digits");
}

TEST_CASE("null counts as absent for has(), and is refused where a value is needed") {
  const auto value = parse(R"({"life":null})");
  Problem problem;
  Fields fields(*value, problem);
  CHECK_FALSE(fields.has("life"));
  CHECK_FALSE(fields.has("other"));
  fields.integer("life", 0, 5);
  CHECK(problem.any());
}

}  // namespace
}  // namespace simurgh::json
