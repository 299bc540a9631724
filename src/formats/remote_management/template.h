// The outer data object of a script in both length forms. Part of this library's inside.
#pragma once

#include "formats/remote_management/script.h"
#include "formats/tlv/ber_tlv.h"

namespace simurgh::remote_management {

struct TemplateTags {
  uint8_t definite = 0;
  uint8_t indefinite = 0;
  uint8_t indefinite_other = 0;  // as other sources have it; read, not written
};

struct Template {
  LengthForm form = LengthForm::definite;
  ByteView items;
  size_t offset = 0;  // of `items`
};

// The template that fills `bytes`. Indefinite: its items are read through to find the end.
Result<Template> read_template(ByteView bytes, const TemplateTags& tags);

// Begins a template; the answer is the offset of its length. Ends it.
size_t open_template(Writer& out, LengthForm form, const TemplateTags& tags);
void close_template(Writer& out, LengthForm form, size_t length_offset);

// The error of something that was read at `offset`, with the place in the whole.
template <typename T>
Result<T> at(size_t offset, Result<T>&& result) {
  if (!result.has_value()) {
    return fail(result.error().code, offset + result.error().offset);
  }
  return std::move(result);
}

}  // namespace simurgh::remote_management
