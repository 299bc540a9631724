#include "formats/remote_management/script.h"
#include "formats/remote_management/template.h"
#include "formats/tlv/ber_tlv.h"

namespace simurgh::remote_management {

namespace {

constexpr uint8_t tag_c_apdu = 0x22;
constexpr uint8_t tag_immediate_action = 0x81;
constexpr uint8_t tag_error_action = 0x82;
constexpr uint8_t tag_chaining = 0x83;
constexpr TemplateTags command_tags = {0xaa, 0xae, 0xac};
constexpr size_t c_apdu_octets_min = 4;

Result<Chaining> parse_chaining(const tlv::Element& element) {
  if (element.value.size() != 1) return fail(ErrorCode::bad_length, element.offset);
  const auto chaining = static_cast<Chaining>(element.value[0]);
  switch (chaining) {
    case Chaining::first:
    case Chaining::first_kept:
    case Chaining::subsequent:
    case Chaining::last: return chaining;
  }
  return fail(ErrorCode::bad_value, element.offset);
}

// An item that is no script chaining: counted, and its length looked at.
Result<void> check_item(const tlv::Element& element, CommandScript& script, size_t& others) {
  switch (element.tag) {
    case tag_c_apdu:
      if (element.value.size() < c_apdu_octets_min) {
        return fail(ErrorCode::bad_length, element.offset);
      }
      if (script.apdu_count == apdus_per_script_max) {
        return fail(ErrorCode::too_large, element.offset);
      }
      ++script.apdu_count;
      return {};
    case tag_immediate_action:
      if (element.value.empty()) return fail(ErrorCode::bad_length, element.offset);
      break;
    case tag_error_action: break;  // empty: no action any more
    default: return fail(ErrorCode::bad_value, element.offset);
  }
  if (++others > other_items_max) return fail(ErrorCode::too_large, element.offset);
  return {};
}

}  // namespace

Result<CommandScript> parse_command_script(ByteView bytes) {
  const Template outer = TRY(read_template(bytes, command_tags));
  CommandScript script;
  script.form = outer.form;
  script.items = outer.items;
  script.items_offset = outer.offset;
  Reader reader(outer.items);
  size_t others = 0;
  bool first = true;
  while (!reader.at_end()) {
    const tlv::Element element = TRY(at(outer.offset, tlv::read_ber(reader)));
    if (element.tag == tag_chaining && first) {
      script.chaining = TRY(at(outer.offset, parse_chaining(element)));
      script.items = reader.rest();
      script.items_offset = outer.offset + reader.offset();
    } else {
      TRY(at(outer.offset, check_item(element, script, others)));
    }
    first = false;
  }
  return script;
}

BadFormat bad_format_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::truncated: return BadFormat::length_not_found;
    case ErrorCode::bad_value: return BadFormat::unknown_tag;
    default: return BadFormat::wrong_length;
  }
}

std::optional<CommandItem> CommandItems::next() {
  if (reader_.at_end()) return std::nullopt;
  const auto element = tlv::read_ber(reader_);
  SIMURGH_CHECK(element.has_value());  // parse_command_script has read it
  return CommandItem{static_cast<CommandItem::Kind>(element->tag), element->value,
                     offset_ + element->offset};
}

CommandScriptWriter::CommandScriptWriter(MutableByteView out, LengthForm form)
    : out_(out), form_(form) {
  length_offset_ = open_template(out_, form, command_tags);
}

CommandScriptWriter& CommandScriptWriter::item(uint8_t tag, ByteView value) {
  tlv::BerWriter(out_).element(tag, value);
  return *this;
}

CommandScriptWriter& CommandScriptWriter::chaining(Chaining chaining) {
  SIMURGH_CHECK(out_.failed() || out_.size() == length_offset_ + 1);
  const auto octet = static_cast<uint8_t>(chaining);
  return item(tag_chaining, {&octet, 1});
}

CommandScriptWriter& CommandScriptWriter::immediate_action(ByteView action) {
  if (action.empty()) out_.set_failed();
  return item(tag_immediate_action, action);
}

CommandScriptWriter& CommandScriptWriter::error_action(ByteView action) {
  return item(tag_error_action, action);
}

CommandScriptWriter& CommandScriptWriter::apdu(ByteView c_apdu) {
  if (c_apdu.size() < c_apdu_octets_min || ++apdus_ > apdus_per_script_max) out_.set_failed();
  return item(tag_c_apdu, c_apdu);
}

CommandScriptWriter& CommandScriptWriter::apdu(const apdu::Command& command) {
  // Extended lengths have no place in a remote script, so an APDU is never larger.
  uint8_t room[apdu::short_command_octets_max];
  const auto written = apdu::write_command(command, room);
  if (!written.has_value()) {
    out_.set_failed();
    return *this;
  }
  return apdu(*written);
}

Result<ByteView> CommandScriptWriter::finish() {
  close_template(out_, form_, length_offset_);
  return out_.finish();
}

}  // namespace simurgh::remote_management
