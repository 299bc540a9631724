#include "formats/json/fields.h"

#include <algorithm>

#include "base/hex.h"

namespace simurgh::json {
namespace {

const Value empty_object = Value::object();
const Value::Array empty_array;

std::string range(size_t min, size_t max) {
  return min == max ? std::to_string(min) : std::to_string(min) + "-" + std::to_string(max);
}

}  // namespace

std::string Problem::sentence() const {
  return field.empty() ? text : "\"" + field + "\": " + text;
}

Fields::Fields(const Value& value, Problem& problem, std::string path)
    : value_(&value), problem_(&problem), path_(std::move(path)) {
  if (value.as_object() == nullptr) {
    if (!problem_->any()) *problem_ = {path_, "expected an object"};
    value_ = &empty_object;
  }
}

std::string Fields::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

void Fields::refuse(std::string_view name, std::string_view text) {
  if (!problem_->any()) *problem_ = {path_of(name), std::string(text)};
}

bool Fields::has(std::string_view name) const {
  const Value* value = value_->find(name);
  return value != nullptr && !value->is_null();
}

const Value* Fields::take(std::string_view name, std::string_view expected) {
  asked_.push_back(name);
  const Value* value = value_->find(name);
  if (value == nullptr) refuse(name, "missing; expected " + std::string(expected));
  return value;
}

std::string_view Fields::text(std::string_view name, size_t octets_min, size_t octets_max) {
  const std::string expected = "a string of " + range(octets_min, octets_max) + " octets";
  const Value* value = take(name, expected);
  if (value == nullptr) return {};
  const std::string* text = value->as_text();
  if (text == nullptr || text->size() < octets_min || text->size() > octets_max) {
    refuse(name, "expected " + expected);
    return {};
  }
  return *text;
}

int64_t Fields::integer(std::string_view name, int64_t min, int64_t max) {
  const std::string expected =
      "an integer from " + std::to_string(min) + " to " + std::to_string(max);
  const Value* value = take(name, expected);
  if (value == nullptr) return 0;
  const int64_t* integer = value->as_integer();
  if (integer == nullptr || *integer < min || *integer > max) {
    refuse(name, "expected " + expected);
    return 0;
  }
  return *integer;
}

bool Fields::boolean(std::string_view name) {
  const Value* value = take(name, "true or false");
  if (value == nullptr) return false;
  const bool* flag = value->as_bool();
  if (flag == nullptr) {
    refuse(name, "expected true or false");
    return false;
  }
  return *flag;
}

size_t Fields::choice(std::string_view name, std::span<const std::string_view> choices) {
  std::string expected = "one of";
  for (const std::string_view choice : choices) {
    expected += " \"" + std::string(choice) + "\"";
  }
  const Value* value = take(name, expected);
  if (value == nullptr) return 0;
  const std::string* text = value->as_text();
  const auto found = text == nullptr ? choices.end() : std::ranges::find(choices, *text);
  if (found == choices.end()) {
    refuse(name, "expected " + expected);
    return 0;
  }
  return static_cast<size_t>(found - choices.begin());
}

ByteView Fields::hex(std::string_view name, size_t octets_min, MutableByteView out) {
  const std::string expected =
      "a string of " + range(2 * octets_min, 2 * out.size()) + " hexadecimal digits";
  const Value* value = take(name, expected);
  if (value == nullptr) return {};
  const std::string* text = value->as_text();
  if (text != nullptr && text->size() >= 2 * octets_min && text->size() <= 2 * out.size()) {
    const Result<ByteView> octets = parse_hex(*text, out);
    if (octets.has_value()) return *octets;
  }
  refuse(name, "expected " + expected);
  return {};
}

std::string_view Fields::digit_text(std::string_view name, size_t size_min, size_t size_max) {
  const std::string expected = "a string of " + range(size_min, size_max) + " digits";
  const Value* value = take(name, expected);
  if (value == nullptr) return {};
  const std::string* text = value->as_text();
  if (text != nullptr && text->size() >= size_min && text->size() <= size_max &&
      text->find_first_not_of("0123456789") == std::string::npos) {
    return *text;
  }
  refuse(name, "expected " + expected);
  return {};
}

Fields Fields::object(std::string_view name) {
  const Value* value = take(name, "an object");
  return {value == nullptr ? empty_object : *value, *problem_, path_of(name)};
}

const Value::Array& Fields::array(std::string_view name, size_t elements_max) {
  const std::string expected = "an array of at most " + std::to_string(elements_max) + " elements";
  const Value* value = take(name, expected);
  if (value == nullptr) return empty_array;
  const Value::Array* elements = value->as_array();
  if (elements == nullptr || elements->size() > elements_max) {
    refuse(name, "expected " + expected);
    return empty_array;
  }
  return *elements;
}

bool Fields::finish() {
  for (const Member& member : *value_->as_object()) {
    if (std::ranges::find(asked_, member.name) == asked_.end()) {
      // The name is the outsider's: shown only when it is short and harmless.
      const bool showable =
          member.name.size() <= 64 && std::ranges::all_of(member.name, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '_' || c == '-';
          });
      refuse(showable ? std::string_view{member.name} : "?", "unknown field; remove it");
    }
  }
  return !problem_->any();
}

}  // namespace simurgh::json
