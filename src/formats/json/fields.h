// Reads the members of a JSON object that an outsider wrote, and says what is wrong in words that
// name the member: `"iccid": expected a string of 18-20 digits`.
//
// Each getter takes one member and returns its value, or an empty one after noting the problem;
// only the first problem is kept. So a request is read straight through and checked once, with
// finish(), which also refuses members that nobody asked for. Views point into the Value, which
// the caller keeps alive. The value of a member never appears in a problem: it may be a secret.
#pragma once

#include <span>

#include "base/bytes.h"
#include "formats/json/value.h"

namespace simurgh::json {

struct Problem {
  std::string field;  // dotted path, empty when the whole object is wrong
  std::string text;   // what was expected

  bool any() const { return !text.empty(); }
  // `"field": text`, or the text alone.
  std::string sentence() const;
};

class Fields {
 public:
  // `value` should be an object; another kind is noted as the problem. `path` is the place of the
  // object in the document, for nested ones.
  Fields(const Value& value, Problem& problem, std::string path = {});

  // True when the member is there and not null.
  bool has(std::string_view name) const;

  // Required members. Sizes are in octets and include both ends.
  std::string_view text(std::string_view name, size_t octets_min, size_t octets_max);
  int64_t integer(std::string_view name, int64_t min, int64_t max);
  bool boolean(std::string_view name);
  // Index of the text in `choices`.
  size_t choice(std::string_view name, std::span<const std::string_view> choices);
  // Hexadecimal digits; the octets are written to the front of `out`.
  ByteView hex(std::string_view name, size_t octets_min, MutableByteView out);
  // Iccid, Imsi, Msisdn …
  template <typename Digits>
  Digits digits(std::string_view name) {
    const auto parsed = Digits::parse(digit_text(name, Digits::size_min, Digits::size_max));
    return parsed.has_value() ? *parsed : Digits{};
  }
  // A nested object; one with no members when it is absent or of another kind.
  Fields object(std::string_view name);
  // The elements; empty when absent or of another kind.
  const Value::Array& array(std::string_view name, size_t elements_max);

  // Notes a problem with one member that only the caller can see.
  void refuse(std::string_view name, std::string_view text);
  // Refuses members that no getter asked for. True when nothing is wrong.
  bool finish();

 private:
  const Value* take(std::string_view name, std::string_view expected);
  std::string_view digit_text(std::string_view name, size_t size_min, size_t size_max);
  std::string path_of(std::string_view name) const;

  const Value* value_;
  Problem* problem_;
  std::string path_;
  std::vector<std::string_view> asked_;
};

}  // namespace simurgh::json
