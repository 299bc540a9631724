#include "formats/remote_management/template.h"

namespace simurgh::remote_management {

namespace {

constexpr uint8_t indefinite_length = 0x80;

// Up to the end-of-contents octets 00 00, which must be the end of the input too.
Result<Template> read_indefinite(Reader reader) {
  Template out{LengthForm::indefinite, {}, reader.offset()};
  const ByteView rest = reader.rest();
  for (;;) {
    if (TRY(reader.peek()) != 0) {
      TRY(tlv::read_ber(reader));
      continue;
    }
    out.items = rest.first(reader.offset() - out.offset);
    const size_t end = reader.offset();
    if (TRY(reader.u16()) != 0) return fail(ErrorCode::bad_value, end);
    TRY(reader.expect_end());
    return out;
  }
}

}  // namespace

Result<Template> read_template(ByteView bytes, const TemplateTags& tags) {
  Reader reader(bytes);
  const uint8_t tag = TRY(reader.u8());
  if (tag == tags.definite) {
    Reader whole(bytes);
    const tlv::Element element = TRY(tlv::read_ber(whole));
    TRY(whole.expect_end());
    return Template{LengthForm::definite, element.value, element.offset};
  }
  if (tag != tags.indefinite && tag != tags.indefinite_other) return ErrorCode::bad_value;
  if (TRY(reader.u8()) != indefinite_length) return fail(ErrorCode::bad_length, 1);
  return read_indefinite(reader);
}

size_t open_template(Writer& out, LengthForm form, const TemplateTags& tags) {
  if (form == LengthForm::definite) return tlv::BerWriter(out).open(tags.definite).length_offset;
  out.u8(tags.indefinite).u8(indefinite_length);
  return 1;
}

void close_template(Writer& out, LengthForm form, size_t length_offset) {
  if (form == LengthForm::definite) {
    tlv::BerWriter(out).close({length_offset});
  } else {
    out.u16(0);
  }
}

}  // namespace simurgh::remote_management
