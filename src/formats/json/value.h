// A JSON value (RFC 8259) as a plain tree, with its reader and writer.
//
// Not a general document library: objects keep the order of their members and have few of them,
// so look-up is linear; integers are int64_t and everything else is double. A value owns all that
// it holds. parse() is declared here and defined by io/json (jansson), chosen at link time as the
// cryptography of crypto/ is; write() is pure and lives here.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace simurgh::json {

struct Member;

class Value {
 public:
  using Array = std::vector<Value>;
  using Object = std::vector<Member>;

  // Implicit, so that literals read well in Value::object({{"name", 1}, …}). Defined where Member
  // is complete, which they need.
  Value();                        // null
  Value(bool value);              // NOLINT
  Value(int64_t value);           // NOLINT
  Value(double value);            // NOLINT
  Value(std::string value);       // NOLINT
  Value(std::string_view value);  // NOLINT
  Value(const char* value);       // NOLINT
  Value(Array value);             // NOLINT
  Value(Object value);            // NOLINT
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool> && !std::same_as<Integer, int64_t>)
  Value(Integer value) : Value(static_cast<int64_t>(value)) {}  // NOLINT
  template <typename Element>
  Value(const std::optional<Element>& value) {  // NOLINT: absent is null
    if (value.has_value()) *this = Value(*value);
  }
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  static Value array();
  static Value object();
  static Value object(std::initializer_list<Member> members);

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  // The content when the value is of that kind, else null.
  const bool* as_bool() const { return std::get_if<bool>(&data_); }
  const int64_t* as_integer() const { return std::get_if<int64_t>(&data_); }
  const std::string* as_text() const { return std::get_if<std::string>(&data_); }
  const Array* as_array() const { return std::get_if<Array>(&data_); }
  const Object* as_object() const { return std::get_if<Object>(&data_); }
  // Of a double or an integer.
  std::optional<double> as_number() const;

  // Member of an object; null when there is none or this is not an object.
  const Value* find(std::string_view name) const;
  // Texts and numbers of members that a program of ours wrote and may rely on: empty or zero when
  // absent. What outsiders write is read by Fields, which says what is wrong.
  std::string_view text_of(std::string_view name) const;
  int64_t integer_of(std::string_view name) const;

  // Adds or replaces a member; makes an object of a null. Only for null and objects.
  Value& set(std::string_view name, Value value);
  // Appends an element; makes an array of a null. Only for null and arrays.
  Value& push_back(Value value);

  // Overwrites all texts inside in place, then becomes null. For trees that carried a secret
  // (activation codes in a sign-up).
  void wipe();

  friend bool operator==(const Value& a, const Value& b);

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> data_;
  friend void append(const Value& value, std::string& out);
};

struct Member {
  std::string name;
  Value value;
  friend bool operator==(const Member&, const Member&) = default;
};

struct Limits {
  size_t text_octets_max = size_t{1} << 20;
  size_t depth_max = 16;
  size_t members_max = 256;  // of one object: look-up is linear
};

// The value that `text` is, the whole of it: an object or an array, in UTF-8. Error offsets count
// octets. too_large over a limit; already_exists at a repeated member name; bad_value for all
// else that RFC 8259 does not allow, for integers beyond int64_t and for \u0000 in names or texts.
Result<Value> parse(std::string_view text, const Limits& limits = {});

// The shortest text on one line; doubles so that they read back as the same value, and null for
// what JSON cannot say (infinity, NaN).
std::string write(const Value& value);
// Appends the same to `out`.
void append(const Value& value, std::string& out);

}  // namespace simurgh::json
