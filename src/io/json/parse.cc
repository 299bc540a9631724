// json::parse by jansson, which reads strict RFC 8259 and refuses repeated names when asked.
#include <jansson.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/secret.h"
#include "formats/json/value.h"

namespace simurgh::json {
namespace {

// jansson's memory holds request bodies, and those hold activation codes: every block is wiped
// before it is given back. The size lies in front of the block.
constexpr size_t block_header_octets = alignof(std::max_align_t);

void* allocate(size_t size) {
  auto* block = static_cast<uint8_t*>(std::malloc(size + block_header_octets));
  if (block == nullptr) return nullptr;
  std::memcpy(block, &size, sizeof size);
  return block + block_header_octets;
}

void release(void* memory) {
  if (memory == nullptr) return;
  auto* block = static_cast<uint8_t*>(memory) - block_header_octets;
  size_t size = 0;
  std::memcpy(&size, block, sizeof size);
  simurgh::wipe({block, size + block_header_octets});
  std::free(block);
}

void install_memory() {
  static const bool installed = [] {
    json_set_alloc_funcs(allocate, release);
    return true;
  }();
  static_cast<void>(installed);
}

struct Release {
  void operator()(json_t* value) const { json_decref(value); }
};
using Owned = std::unique_ptr<json_t, Release>;

// Nesting is checked before jansson sees the text: its own limit is 2048 levels of recursion.
Result<void> check_depth(std::string_view text, size_t depth_max) {
  size_t depth = 0;
  bool in_text = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_text = false;
      }
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      if (++depth > depth_max) return fail(ErrorCode::too_large, i);
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return {};
}

// Room is reserved first, so that no text is moved and left behind.
Result<Value> convert(const json_t* from, const Limits& limits) {
  switch (json_typeof(from)) {
    case JSON_OBJECT: {
      if (json_object_size(from) > limits.members_max) return ErrorCode::too_large;
      Value::Object members;
      members.reserve(json_object_size(from));
      const char* name = nullptr;
      json_t* value = nullptr;
      auto* object = const_cast<json_t*>(from);  // jansson's iteration macro takes no const
      json_object_foreach(object, name, value) {
        members.push_back({name, TRY(convert(value, limits))});
      }
      return Value(std::move(members));
    }
    case JSON_ARRAY: {
      Value::Array elements;
      const size_t size = json_array_size(from);
      elements.reserve(size);
      for (size_t i = 0; i < size; ++i) {
        elements.push_back(TRY(convert(json_array_get(from, i), limits)));
      }
      return Value(std::move(elements));
    }
    case JSON_STRING:
      return Value(std::string_view{json_string_value(from), json_string_length(from)});
    case JSON_INTEGER: return Value(static_cast<int64_t>(json_integer_value(from)));
    case JSON_REAL: return Value(json_real_value(from));
    case JSON_TRUE: return Value(true);
    case JSON_FALSE: return Value(false);
    case JSON_NULL: return Value();
  }
  return Value();
}

ErrorCode code_of(const json_error_t& error) {
  switch (json_error_code(&error)) {
    case json_error_duplicate_key: return ErrorCode::already_exists;
    case json_error_out_of_memory:
    case json_error_stack_overflow: return ErrorCode::too_large;
    default: return ErrorCode::bad_value;
  }
}

}  // namespace

Result<Value> parse(std::string_view text, const Limits& limits) {
  install_memory();
  if (text.size() > limits.text_octets_max) {
    return fail(ErrorCode::too_large, limits.text_octets_max);
  }
  TRY(check_depth(text, limits.depth_max));
  json_error_t error;
  const Owned root(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, &error));
  if (root == nullptr) {
    return fail(code_of(error), error.position < 0 ? 0 : static_cast<size_t>(error.position));
  }
  return convert(root.get(), limits);
}

}  // namespace simurgh::json
