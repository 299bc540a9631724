#include "formats/json/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/secret.h"

namespace simurgh::json {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

void append_text(std::string_view text, std::string& out) {
  out.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += "\\u00";
          out.push_back(hex_digits[static_cast<unsigned char>(c) >> 4]);
          out.push_back(hex_digits[static_cast<unsigned char>(c) & 15]);
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

template <typename Number>
void append_number(Number number, std::string& out) {
  char digits[40];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
  out.append(digits, end);
}

void append_double(double number, std::string& out) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  const size_t start = out.size();
  append_number(number, out);
  // A double stays one when it is read back.
  if (out.find_first_of(".e", start) == std::string::npos) out += ".0";
}

}  // namespace

Value::Value() = default;
Value::Value(bool value) : data_(value) {}
Value::Value(int64_t value) : data_(value) {}
Value::Value(double value) : data_(value) {}
Value::Value(std::string value) : data_(std::move(value)) {}
Value::Value(std::string_view value) : data_(std::string(value)) {}
Value::Value(const char* value) : data_(std::string(value)) {}
Value::Value(Array value) : data_(std::move(value)) {}
Value::Value(Object value) : data_(std::move(value)) {}
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

Value Value::array() {
  return Array{};
}

Value Value::object() {
  return Object{};
}

Value Value::object(std::initializer_list<Member> members) {
  return Object(members);
}

std::optional<double> Value::as_number() const {
  if (const auto* real = std::get_if<double>(&data_)) return *real;
  if (const auto* integer = as_integer()) return static_cast<double>(*integer);
  return std::nullopt;
}

const Value* Value::find(std::string_view name) const {
  const Object* members = as_object();
  if (members == nullptr) return nullptr;
  const auto found = std::ranges::find(*members, name, &Member::name);
  return found == members->end() ? nullptr : &found->value;
}

std::string_view Value::text_of(std::string_view name) const {
  const Value* value = find(name);
  const std::string* text = value == nullptr ? nullptr : value->as_text();
  return text == nullptr ? std::string_view{} : std::string_view{*text};
}

int64_t Value::integer_of(std::string_view name) const {
  const Value* value = find(name);
  const int64_t* integer = value == nullptr ? nullptr : value->as_integer();
  return integer == nullptr ? 0 : *integer;
}

Value& Value::set(std::string_view name, Value value) {
  if (is_null()) data_ = Object{};
  auto* members = std::get_if<Object>(&data_);
  SIMURGH_CHECK(members != nullptr);
  const auto found = std::ranges::find(*members, name, &Member::name);
  if (found != members->end()) {
    found->value = std::move(value);
  } else {
    members->push_back({std::string(name), std::move(value)});
  }
  return *this;
}

Value& Value::push_back(Value value) {
  if (is_null()) data_ = Array{};
  auto* elements = std::get_if<Array>(&data_);
  SIMURGH_CHECK(elements != nullptr);
  elements->push_back(std::move(value));
  return *this;
}

void Value::wipe() {
  if (auto* text = std::get_if<std::string>(&data_)) {
    simurgh::wipe({reinterpret_cast<uint8_t*>(text->data()), text->size()});
  } else if (auto* elements = std::get_if<Array>(&data_)) {
    for (Value& element : *elements) element.wipe();
  } else if (auto* members = std::get_if<Object>(&data_)) {
    for (Member& member : *members) member.value.wipe();
  }
  data_ = std::monostate{};
}

bool operator==(const Value& a, const Value& b) {
  return a.data_ == b.data_;
}

void append(const Value& value, std::string& out) {
  if (value.is_null()) {
    out += "null";
  } else if (const bool* flag = value.as_bool()) {
    out += *flag ? "true" : "false";
  } else if (const int64_t* integer = value.as_integer()) {
    append_number(*integer, out);
  } else if (const double* real = std::get_if<double>(&value.data_)) {
    append_double(*real, out);
  } else if (const std::string* text = value.as_text()) {
    append_text(*text, out);
  } else if (const Value::Array* elements = value.as_array()) {
    char separator = '[';
    for (const Value& element : *elements) {
      out.push_back(separator);
      separator = ',';
      append(element, out);
    }
    out += elements->empty() ? "[]" : "]";
  } else {
    char separator = '{';
    for (const Member& member : *value.as_object()) {
      out.push_back(separator);
      separator = ',';
      append_text(member.name, out);
      out.push_back(':');
      append(member.value, out);
    }
    out += value.as_object()->empty() ? "{}" : "}";
  }
}

std::string write(const Value& value) {
  std::string out;
  append(value, out);
  return out;
}

}  // namespace simurgh::json
