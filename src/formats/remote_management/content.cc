// DELETE, GET STATUS, SET STATUS, PUT KEY.
#include "formats/remote_management/gp_fields.h"

namespace simurgh::remote_management {

namespace {

constexpr tlv::Tag tag_aid = 0x4f;
constexpr tlv::Tag tag_list = 0x5c;
constexpr tlv::Tag tag_key_id = 0xd0;
constexpr tlv::Tag tag_key_version = 0xd2;
constexpr tlv::Tag tag_entry = 0xe3;
constexpr tlv::Tag tag_life_cycle = 0x9f70;
constexpr tlv::Tag tag_privileges = 0xc5;
constexpr tlv::Tag tag_load_file = 0xc4;
constexpr tlv::Tag tag_version = 0xce;
constexpr tlv::Tag tag_module = 0x84;
constexpr tlv::Tag tag_security_domain = 0xcc;

constexpr uint8_t delete_related = 0x80;  // P2 of DELETE
constexpr uint8_t status_next = 0x01;     // P2 of GET STATUS
constexpr uint8_t status_in_tlv = 0x02;
constexpr uint8_t several_keys = 0x80;  // P2 of PUT KEY
constexpr uint8_t extended_key_type = 0xff;

Result<Aid> aid_of(const tlv::Element& element) {
  const auto aid = Aid::of(element.value);
  if (!aid.has_value()) return fail(aid.error().code, element.offset);
  return *aid;
}

Result<uint8_t> octet_of(const tlv::Element& element) {
  if (element.value.size() != 1) return fail(ErrorCode::bad_length, element.offset);
  return element.value[0];
}

}  // namespace

Result<Delete> parse_delete(const apdu::Command& command) {
  TRY(expect_command(command, apdu::ins::delete_file));
  if (command.p1 != 0) return fail(ErrorCode::unsupported, 2);  // more commands follow
  if ((command.p2 & ~delete_related) != 0) return fail(ErrorCode::bad_value, 3);
  Delete out;
  out.and_related = (command.p2 & delete_related) != 0;
  tlv::BerReader reader(command.data);
  while (!reader.at_end()) {
    const tlv::Element element = TRY(reader.next());
    switch (element.tag) {
      case tag_aid:
        if (!out.aid.empty()) return fail(ErrorCode::bad_value, element.offset);
        out.aid = TRY(aid_of(element));
        break;
      case tag_key_id: out.key_id = TRY(octet_of(element)); break;
      case tag_key_version: out.key_version = TRY(octet_of(element)); break;
      default: return fail(ErrorCode::unsupported, element.offset);
    }
  }
  if (out.aid.empty() == !(out.key_id.has_value() || out.key_version.has_value())) {
    return ErrorCode::bad_value;  // either content or keys
  }
  return out;
}

Result<apdu::Command> write_delete(const Delete& erase, MutableByteView room) {
  if (erase.aid.empty() == !(erase.key_id.has_value() || erase.key_version.has_value())) {
    return ErrorCode::bad_value;
  }
  Writer out(room);
  tlv::BerWriter objects(out);
  if (!erase.aid.empty()) objects.element(tag_aid, erase.aid);
  if (erase.key_id.has_value()) objects.u8(tag_key_id, *erase.key_id);
  if (erase.key_version.has_value()) objects.u8(tag_key_version, *erase.key_version);
  return command_of(apdu::ins::delete_file, 0, erase.and_related ? delete_related : uint8_t{0},
                    out);
}

Result<GetStatus> parse_get_status(const apdu::Command& command) {
  TRY(expect_command(command, apdu::ins::status));
  GetStatus out;
  out.subset = static_cast<Subset>(command.p1);
  switch (out.subset) {
    case Subset::issuer_security_domain:
    case Subset::applications:
    case Subset::load_files:
    case Subset::load_files_and_modules: break;
    default: return fail(ErrorCode::bad_value, 2);
  }
  if ((command.p2 & ~(status_next | status_in_tlv)) != 0) return fail(ErrorCode::bad_value, 3);
  if ((command.p2 & status_in_tlv) == 0) return fail(ErrorCode::unsupported, 3);
  out.next = (command.p2 & status_next) != 0;
  tlv::BerReader reader(command.data);
  const tlv::Element criterion = TRY(reader.expect(tag_aid));
  if (criterion.value.size() > aid_octets_max) return fail(ErrorCode::bad_length, criterion.offset);
  out.aid_prefix = criterion.value;
  while (!reader.at_end()) {
    const tlv::Element element = TRY(reader.next());
    if (element.tag == tag_list) out.tag_list = element.value;
  }
  return out;
}

Result<apdu::Command> write_get_status(const GetStatus& status, MutableByteView room) {
  if (status.aid_prefix.size() > aid_octets_max) return ErrorCode::bad_length;
  Writer out(room);
  tlv::BerWriter objects(out);
  objects.element(tag_aid, status.aid_prefix);
  if (!status.tag_list.empty()) objects.element(tag_list, status.tag_list);
  return command_of(apdu::ins::status, static_cast<uint8_t>(status.subset),
                    static_cast<uint8_t>(status_in_tlv | (status.next ? status_next : 0)), out);
}

Result<StatusEntry> StatusEntries::next() {
  const size_t start = reader_.offset();
  const tlv::Element whole = TRY(tlv::read_ber(reader_));
  if (whole.tag != tag_entry) return fail(ErrorCode::bad_value, start);
  StatusEntry entry;
  tlv::BerReader reader(whole.value);
  const uint8_t* modules_begin = nullptr;
  while (!reader.at_end()) {
    const size_t begin = reader.offset();
    const tlv::Element element = TRY(reader.next());
    switch (element.tag) {
      case tag_aid: entry.aid = TRY(aid_of(element)); break;
      case tag_life_cycle: entry.life_cycle = TRY(octet_of(element)); break;
      case tag_privileges: entry.privileges = element.value; break;
      case tag_load_file: entry.load_file = TRY(aid_of(element)); break;
      case tag_version: entry.version = element.value; break;
      case tag_security_domain: entry.security_domain = TRY(aid_of(element)); break;
      case tag_module:
        // They stand together; everything from the first to the last is kept as one view.
        TRY(aid_of(element));
        if (modules_begin == nullptr) modules_begin = whole.value.data() + begin;
        entry.modules = {modules_begin, element.value.data() + element.value.size()};
        break;
      default: break;
    }
  }
  if (entry.aid.empty()) return fail(ErrorCode::not_found, whole.offset);
  return entry;
}

Result<Aid> take_module(ByteView& modules) {
  Reader reader(modules);
  while (!reader.at_end()) {
    const tlv::Element element = TRY(tlv::read_ber(reader));
    modules = reader.rest();
    reader = Reader(modules);
    if (element.tag == tag_module) return aid_of(element);
  }
  return ErrorCode::not_found;
}

Result<ByteView> write_status_entry(const StatusEntry& entry, std::span<const Aid> modules,
                                    MutableByteView out) {
  if (entry.aid.empty()) return ErrorCode::bad_length;
  Writer writer(out);
  tlv::BerWriter objects(writer);
  const auto open = objects.open(tag_entry);
  objects.element(tag_aid, entry.aid).u8(tag_life_cycle, entry.life_cycle);
  if (!entry.privileges.empty()) objects.element(tag_privileges, entry.privileges);
  if (!entry.load_file.empty()) objects.element(tag_load_file, entry.load_file);
  if (!entry.version.empty()) objects.element(tag_version, entry.version);
  for (const Aid& module : modules) objects.element(tag_module, module);
  if (!entry.security_domain.empty()) objects.element(tag_security_domain, entry.security_domain);
  objects.close(open);
  return writer.finish();
}

Result<SetStatus> parse_set_status(const apdu::Command& command) {
  TRY(expect_command(command, apdu::ins::set_status));
  SetStatus out;
  out.target = static_cast<StatusTarget>(command.p1);
  switch (out.target) {
    case StatusTarget::issuer_security_domain:
    case StatusTarget::application:
    case StatusTarget::security_domain_and_applications: break;
    default: return fail(ErrorCode::bad_value, 2);
  }
  out.state = command.p2;
  if (!command.data.empty()) out.aid = TRY(Aid::of(command.data));
  if (out.aid.empty() && out.target != StatusTarget::issuer_security_domain) {
    return fail(ErrorCode::bad_length, 4);
  }
  return out;
}

Result<apdu::Command> write_set_status(const SetStatus& status, MutableByteView room) {
  if (status.aid.empty() && status.target != StatusTarget::issuer_security_domain) {
    return ErrorCode::bad_length;
  }
  Writer out(room);
  out.bytes(status.aid);
  apdu::Command command = TRY(
      command_of(apdu::ins::set_status, static_cast<uint8_t>(status.target), status.state, out));
  command.le = 0;  // no answer (11.10.2)
  return command;
}

Result<PutKey> parse_put_key(const apdu::Command& command) {
  TRY(expect_command(command, apdu::ins::put_key));
  if ((command.p1 & 0x80) != 0) return fail(ErrorCode::unsupported, 2);  // more commands follow
  PutKey out;
  out.replaced_version = command.p1;
  out.several_keys = (command.p2 & several_keys) != 0;
  out.first_key_id = command.p2 & static_cast<uint8_t>(~several_keys);
  Reader reader(command.data);
  out.new_version = TRY(reader.u8());
  if (out.new_version == 0 || out.new_version > 0x7f) return fail(ErrorCode::bad_value, 0);
  out.keys = reader.rest();
  ByteView keys = out.keys;
  size_t count = 0;
  while (!keys.empty()) {
    TRY(take_key_block(keys));
    if (++count > PutKey::keys_max) return fail(ErrorCode::too_large, 1);
  }
  if (count == 0 || (count > 1 && !out.several_keys)) return fail(ErrorCode::bad_length, 1);
  return out;
}

Result<apdu::Command> write_put_key(const PutKey& put, std::span<const KeyBlock> keys,
                                    MutableByteView room) {
  if (keys.empty() || keys.size() > PutKey::keys_max || (keys.size() > 1 && !put.several_keys) ||
      put.new_version == 0 || put.new_version > 0x7f || put.replaced_version > 0x7f ||
      put.first_key_id > 0x7f) {
    return ErrorCode::bad_value;
  }
  Writer out(room);
  out.u8(put.new_version);
  for (const KeyBlock& key : keys) {
    out.u8(static_cast<uint8_t>(key.type));
    write_field(key.value, out);
    out.prefixed8(key.check_value);
  }
  const auto p2 = static_cast<uint8_t>(put.first_key_id | (put.several_keys ? several_keys : 0));
  return command_of(apdu::ins::put_key, put.replaced_version, p2, out);
}

Result<KeyBlock> take_key_block(ByteView& keys) {
  if (keys.empty()) return ErrorCode::not_found;
  Reader reader(keys);
  const uint8_t type = TRY(reader.u8());
  if (type == extended_key_type) return ErrorCode::unsupported;
  KeyBlock block;
  block.type = static_cast<KeyType>(type);
  block.value = TRY(read_field(reader));
  if (block.value.empty()) return fail(ErrorCode::bad_length, 1);
  block.check_value = TRY(reader.prefixed8());
  keys = reader.rest();
  return block;
}

}  // namespace simurgh::remote_management
