#include <charconv>

#include "audit/log.h"
#include "base/utf8.h"

namespace simurgh::audit {

namespace {

constexpr std::string_view cut_mark = "cut=yes";

void append_escaped(std::string& out, std::string_view value) {
  while (!value.empty()) {
    const size_t size = utf8_sequence_octets(value);
    const auto first = static_cast<unsigned char>(value.front());
    if (first == '\\') {
      out += "\\\\";
    } else if (first == '\n') {
      out += "\\n";
    } else if (size == 0 || first < 0x20 || first == 0x7f) {
      out += '?';
    } else {
      out += value.substr(0, size);
    }
    value.remove_prefix(size == 0 ? 1 : size);
  }
}

}  // namespace

Detail& Detail::add(std::string_view name, std::string_view value) {
  for (const char c : name) {
    SIMURGH_CHECK((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
  }
  SIMURGH_CHECK(!name.empty());
  if (cut_) return *this;
  const size_t before = text_.size();
  if (before != 0) text_ += '\n';
  text_ += name;
  text_ += '=';
  append_escaped(text_, value);
  if (text_.size() > detail_octets_max - cut_mark.size() - 1) {
    cut_ = true;
    text_.resize(before);
    if (before != 0) text_ += '\n';
    text_ += cut_mark;
  }
  return *this;
}

Detail& Detail::add_number(std::string_view name, int64_t value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return add(name, std::string_view(digits, static_cast<size_t>(end - digits)));
}

Detail& Detail::add_count(std::string_view name, uint64_t value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return add(name, std::string_view(digits, static_cast<size_t>(end - digits)));
}

}  // namespace simurgh::audit
