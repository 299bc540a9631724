#include <algorithm>

#include "formats/remote_management/script.h"
#include "formats/remote_management/template.h"

namespace simurgh::remote_management {

namespace {

constexpr uint8_t tag_executed = 0x80;
constexpr uint8_t tag_r_apdu = 0x23;
constexpr uint8_t tag_immediate_action = 0x81;
constexpr uint8_t tag_chaining = 0x83;
constexpr uint8_t tag_bad_format = 0x90;
constexpr TemplateTags response_tags = {0xab, 0xaf, 0xad};
constexpr size_t status_octets = 2;

// What finish() and the closing objects may still need: a longer length field (3 octets), bad
// format and script chaining (3 each), the end of contents (2).
constexpr size_t closing_octets = 3 + 3 + 3 + 2;

Result<uint8_t> parse_octet(const tlv::Element& element, uint8_t value_max) {
  if (element.value.size() != 1) return fail(ErrorCode::bad_length, element.offset);
  const uint8_t octet = element.value[0];
  if (octet == 0 || octet > value_max) return fail(ErrorCode::bad_value, element.offset);
  return octet;
}

// Once, before the first R-APDU (5.2.2).
Result<void> take_executed(const tlv::Element& element, ResponseScript& script) {
  if (script.executed_count.has_value() || script.r_apdu_count > 0) {
    return fail(ErrorCode::bad_value, element.offset);
  }
  Reader value(element.value);
  if (value.remaining() == 1) {
    script.executed_count = *value.u8();
  } else if (value.remaining() == 2) {
    script.executed_count = *value.u16();
  } else {
    return fail(ErrorCode::bad_length, element.offset);
  }
  return {};
}

Result<void> take_r_apdu(const tlv::Element& element, ResponseScript& script) {
  if (element.value.size() < status_octets) return fail(ErrorCode::bad_length, element.offset);
  if (script.r_apdu_count == apdus_per_script_max) {
    return fail(ErrorCode::too_large, element.offset);
  }
  ++script.r_apdu_count;
  script.last_status = apdu::parse_response(element.value)->status;
  return {};
}

Result<void> take_item(const tlv::Element& element, ResponseScript& script, size_t& others) {
  switch (element.tag) {
    case tag_r_apdu: return take_r_apdu(element, script);
    case tag_executed: return take_executed(element, script);
    case tag_immediate_action:
      if (++others > other_items_max) return fail(ErrorCode::too_large, element.offset);
      return {};
    case tag_bad_format:
      if (script.bad_format.has_value()) return fail(ErrorCode::bad_value, element.offset);
      script.bad_format = static_cast<BadFormat>(TRY(parse_octet(element, 3)));
      return {};
    case tag_chaining:
      if (script.chaining_fault.has_value()) return fail(ErrorCode::bad_value, element.offset);
      script.chaining_fault = static_cast<ChainingFault>(TRY(parse_octet(element, 3)));
      return {};
    default: return fail(ErrorCode::bad_value, element.offset);
  }
}

}  // namespace

Result<ResponseScript> parse_response_script(ByteView bytes) {
  const Template outer = TRY(read_template(bytes, response_tags));
  ResponseScript script;
  script.form = outer.form;
  script.items = outer.items;
  Reader reader(outer.items);
  size_t others = 0;
  while (!reader.at_end()) {
    const tlv::Element element = TRY(at(outer.offset, tlv::read_ber(reader)));
    TRY(at(outer.offset, take_item(element, script, others)));
  }
  return script;
}

std::optional<ResponseItem> ResponseItems::next() {
  while (!reader_.at_end()) {
    const auto element = tlv::read_ber(reader_);
    SIMURGH_CHECK(element.has_value());  // parse_response_script has read it
    if (element->tag == tag_r_apdu || element->tag == tag_immediate_action) {
      return ResponseItem{static_cast<ResponseItem::Kind>(element->tag), element->value};
    }
  }
  return std::nullopt;
}

ResponseScriptWriter::ResponseScriptWriter(MutableByteView out, LengthForm form)
    : output_(out), out_(out), form_(form) {
  SIMURGH_CHECK(out.size() >= octets_min);
  open_template(out_, form, response_tags);
  // Patched at the end; an indefinite response, which may leave before it is complete, has none.
  if (form == LengthForm::definite) put(tag_executed, {&executed_, 1});
}

size_t ResponseScriptWriter::room() const {
  const size_t taken = out_.size() + closing_octets;
  return output_.size() > taken ? output_.size() - taken : 0;
}

void ResponseScriptWriter::put(uint8_t tag, ByteView value, ByteView more) {
  tlv::BerWriter objects(out_);
  const auto open = objects.open(tag);
  out_.bytes(value).bytes(more);
  objects.close(open);
}

ResponseScriptWriter::Added ResponseScriptWriter::r_apdu(ByteView data, apdu::StatusWord status) {
  if (cut_ || executed_ == apdus_per_script_max) return Added::no_room;
  constexpr size_t header_octets_max = 4;
  const size_t least = header_octets_max + status_octets;
  if (room() < least) {
    cut_ = true;
    return Added::no_room;
  }
  const size_t data_octets = std::min(data.size(), room() - least);
  cut_ = data_octets < data.size();
  const uint16_t word = cut_ ? apdu::status::more_data_available.value : status.value;
  const uint8_t octets[] = {static_cast<uint8_t>(word >> 8), static_cast<uint8_t>(word)};
  put(tag_r_apdu, data.first(data_octets), octets);
  ++executed_;
  return cut_ ? Added::truncated : Added::whole;
}

void ResponseScriptWriter::bad_format(BadFormat fault) {
  const auto octet = static_cast<uint8_t>(fault);
  put(tag_bad_format, {&octet, 1});
}

void ResponseScriptWriter::chaining_fault(ChainingFault fault) {
  const auto octet = static_cast<uint8_t>(fault);
  put(tag_chaining, {&octet, 1});
}

ByteView ResponseScriptWriter::finish() {
  constexpr size_t length_offset = 1;
  constexpr size_t executed_offset = length_offset + 3;
  if (form_ == LengthForm::definite) out_.patch_u8(executed_offset, executed_);
  close_template(out_, form_, length_offset);
  const auto whole = out_.finish();
  SIMURGH_CHECK(whole.has_value());  // room() has kept space for the end
  return *whole;
}

}  // namespace simurgh::remote_management
