// A JSON file of tests/vectors (or of an absolute path), and the bookkeeping that no value of it
// goes untested: finish() fails with the path of each leaf that nobody read.
#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "formats/json/value.h"
#include "hex.h"
#include "source_folder.h"

namespace simurgh::test {

class VectorFile;

// One value of the file. Reading it counts as looking at it.
class Vector {
 public:
  Vector(VectorFile& file, const json::Value& value) : file_(&file), value_(&value) {}

  bool has(std::string_view name) const { return value_->find(name) != nullptr; }
  bool is_null() const;
  Vector operator[](std::string_view name) const;
  Vector operator[](size_t index) const;
  size_t size() const;
  std::vector<Vector> elements() const;

  std::string text() const;
  // The text as hexadecimal digits.
  Bytes hex() const { return from_hex(text()); }
  int64_t integer() const;
  bool boolean() const;
  // Counts all of it as looked at: notes, and values that are said to need no test. `why` is for
  // the reader.
  void skip(std::string_view why) const;

 private:
  VectorFile* file_;
  const json::Value* value_;
};

class VectorFile {
 public:
  explicit VectorFile(std::string_view name) {
    const std::string folder =
        name.starts_with('/') ? std::string() : source_folder() + "/tests/vectors/";
    const std::string path = folder + std::string(name);
    std::ifstream in(path, std::ios::binary);
    REQUIRE_MESSAGE(in.good(), "cannot read " << path);
    std::ostringstream text;
    text << in.rdbuf();
    json::Limits limits;
    limits.text_octets_max = size_t{4} << 20;
    auto parsed = json::parse(text.str(), limits);
    REQUIRE_MESSAGE(parsed.has_value(), path << ": not JSON at " << parsed.error().offset);
    root_ = std::move(*parsed);
    if (root_.find("source") != nullptr) this->root()["source"].text();
  }

  Vector root() { return {*this, root_}; }
  void seen(const json::Value& value) { seen_.insert(&value); }
  void seen_below(const json::Value& value) {
    seen(value);
    if (const auto* array = value.as_array()) {
      for (const auto& element : *array) seen_below(element);
    }
    if (const auto* object = value.as_object()) {
      for (const auto& member : *object) seen_below(member.value);
    }
  }
  void finish() const { report_unseen(root_, ""); }

 private:
  void report_unseen(const json::Value& value, const std::string& path) const {
    if (const auto* array = value.as_array()) {
      for (size_t i = 0; i < array->size(); ++i) {
        report_unseen((*array)[i], path + "[" + std::to_string(i) + "]");
      }
    } else if (const auto* object = value.as_object()) {
      for (const auto& member : *object) report_unseen(member.value, path + "." + member.name);
    } else {
      CHECK_MESSAGE(seen_.contains(&value), "no test looks at " << path);
    }
  }

  json::Value root_;
  std::set<const json::Value*> seen_;
};

inline bool Vector::is_null() const {
  file_->seen(*value_);
  return value_->is_null();
}
inline Vector Vector::operator[](std::string_view name) const {
  const json::Value* value = value_->find(name);
  REQUIRE_MESSAGE(value != nullptr, "no member " << name);
  return {*file_, *value};
}
inline Vector Vector::operator[](size_t index) const {
  const auto* array = value_->as_array();
  REQUIRE(array != nullptr);
  REQUIRE(index < array->size());
  return {*file_, (*array)[index]};
}
inline size_t Vector::size() const {
  return value_->as_array() != nullptr ? value_->as_array()->size() : 0;
}
inline std::vector<Vector> Vector::elements() const {
  std::vector<Vector> out;
  for (size_t i = 0; i < size(); ++i) out.push_back((*this)[i]);
  return out;
}
inline std::string Vector::text() const {
  file_->seen(*value_);
  REQUIRE(value_->as_text() != nullptr);
  return *value_->as_text();
}
inline int64_t Vector::integer() const {
  file_->seen(*value_);
  REQUIRE(value_->as_integer() != nullptr);
  return *value_->as_integer();
}
inline bool Vector::boolean() const {
  file_->seen(*value_);
  REQUIRE(value_->as_bool() != nullptr);
  return *value_->as_bool();
}
inline void Vector::skip(std::string_view) const {
  file_->seen_below(*value_);
}

}  // namespace simurgh::test
