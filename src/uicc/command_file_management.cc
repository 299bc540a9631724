// CREATE FILE, DELETE FILE, RESIZE FILE (TS 102 222 6.3, 6.4, 6.10): the issuer's alone, so in
// practice of remote scripts. Files of the table in files.cc stay as they are: only what a script
// has created can be deleted or resized.
#include "formats/apdu/fcp.h"
#include "formats/tlv/ber_tlv.h"
#include "uicc/chip.h"

namespace simurgh::uicc {

namespace status = apdu::status;
using apdu::FileType;

namespace {

constexpr tlv::Tag tag_template = 0x62;
constexpr tlv::Tag tag_proprietary = 0xa5;
constexpr tlv::Tag tag_filling_pattern = 0xc1;  // its last octet fills the rest
constexpr tlv::Tag tag_repeat_pattern = 0xc2;
constexpr tlv::Tag tag_short_file_id = 0x88;
constexpr tlv::Tag tag_file_id = 0x83;
constexpr tlv::Tag tag_file_octets = 0x80;

// Names that mean something else wherever they stand (TS 102 221 8.3, TS 102 222 6.3).
bool is_reserved(uint16_t fid) {
  return fid == 0x3f00 || fid == current_adf_fid || fid == 0x3fff || fid == 0xffff || fid == 0x7ff0;
}

// How new octets look; bad_value for a pattern that we cannot keep.
Result<void> read_patterns(ByteView body, NewFile& file) {
  const auto proprietary = tlv::find_ber(body, tag_proprietary);
  if (!proprietary.has_value()) return {};
  if (const auto filling = tlv::find_ber(proprietary->value, tag_filling_pattern)) {
    const ByteView pattern = filling->value;
    if (pattern.empty()) return fail(ErrorCode::bad_value);
    file.fill = pattern.back();
    if (!file.pattern.try_append(pattern)) return fail(ErrorCode::bad_value);
    return {};
  }
  if (const auto repeated = tlv::find_ber(proprietary->value, tag_repeat_pattern)) {
    if (repeated->value.size() != 1) return fail(ErrorCode::bad_value);
    file.fill = repeated->value[0];
  }
  return {};
}

Result<void> read_size(const apdu::Fcp& fcp, NewFile& file) {
  if (!fcp.file_octets.has_value()) return fail(ErrorCode::bad_value);
  const uint32_t total = *fcp.file_octets;
  if (fcp.type == FileType::transparent) {
    if (total == 0 || total > content_octets_max) return fail(ErrorCode::no_space);
    file.octets = static_cast<uint16_t>(total);
    return {};
  }
  if (fcp.record_octets == 0 || fcp.record_octets > record_octets_max ||
      total % fcp.record_octets != 0) {
    return fail(ErrorCode::bad_value);
  }
  const uint32_t records = total / fcp.record_octets;
  if (records == 0 || records > records_max) return fail(ErrorCode::no_space);
  if (fcp.type == FileType::cyclic && total > content_octets_max) return fail(ErrorCode::no_space);
  if (fcp.record_count != 0 && fcp.record_count != records) return fail(ErrorCode::bad_value);
  file.octets = fcp.record_octets;
  file.records = static_cast<uint8_t>(records);
  return {};
}

// bad_value: not a file that can be; no_space: a size beyond our limits.
Result<NewFile> parse_new_file(ByteView data) {
  const auto fcp = apdu::parse_fcp(data);
  const auto body = tlv::unwrap_ber(data, tag_template);
  if (!fcp.has_value() || !body.has_value()) return fail(ErrorCode::bad_value);
  NewFile file;
  if (!fcp->file_id.has_value() || is_reserved(*fcp->file_id)) return fail(ErrorCode::bad_value);
  file.fid = *fcp->file_id;
  if (!fcp->access_rule.has_value()) return fail(ErrorCode::bad_value);
  file.rule = fcp->access_rule->record;
  if (file.rule < 1 || file.rule > access_rules_count) return fail(ErrorCode::bad_value);
  file.directory = fcp->type == FileType::directory;
  if (access_rules(file.rule).directory != file.directory) return fail(ErrorCode::bad_value);
  if (!fcp->df_name.empty()) return fail(ErrorCode::bad_value);  // an ADF comes with its applet
  if (fcp->life_cycle.value_or(0x05) != static_cast<uint8_t>(apdu::LifeCycle::activated)) {
    return fail(ErrorCode::bad_value);
  }
  if (file.directory) return file;
  if (fcp->type == FileType::ber_tlv) return fail(ErrorCode::bad_value);
  file.structure = fcp->type;
  TRY(read_size(*fcp, file));
  // Without the object the low bits of the name are the SFI; an empty object: none (6.3.2.2.10).
  const bool given = tlv::find_ber(*body, tag_short_file_id).has_value();
  file.sfi = given ? fcp->short_file_id.value_or(0) : static_cast<uint8_t>(file.fid & 0x1f);
  if (file.sfi > 30) file.sfi = 0;
  TRY(read_patterns(*body, file));
  return file;
}

}  // namespace

Handled Chip::may_manage(const Channel& channel, FileIndex directory) const {
  const AccessRules& rules = access_rules(files_.file(directory).rule);
  return TRY(satisfied(channel, rules.activate)) ? status::ok
                                                 : status::security_status_not_satisfied;
}

Handled Chip::create_file(Channel& channel, const apdu::Command& command) {
  if (command.p1 != 0 || command.p2 != 0) return status::incorrect_p1_p2;
  const auto allowed = TRY(may_manage(channel, channel.directory));
  if (allowed != status::ok) return allowed;
  auto file = parse_new_file(command.data);
  if (!file.has_value()) {
    return file.error().code == ErrorCode::no_space ? status::not_enough_memory
                                                    : status::incorrect_data;
  }
  file->parent = channel.directory;
  if (file->fid == files_.file(channel.directory).fid) return status::file_exists;
  // An SFI that the directory has already stays with who has it.
  if (file->sfi != 0 && files_.find_by_sfi(file->parent, file->sfi) != no_file) file->sfi = 0;
  NvTransaction transaction;
  const auto index = files_.create(transaction, *file);
  if (!index.has_value()) {
    return index.error().code == ErrorCode::already_exists ? status::file_exists
                                                           : status::not_enough_memory;
  }
  TRY(store_.commit(transaction));
  TRY(files_.reload());
  select_file(channel, *index);
  return status::ok;
}

Handled Chip::delete_file(Channel& channel, const apdu::Command& command) {
  if (command.p1 != 0 || command.p2 != 0) return status::incorrect_p1_p2;
  if (command.data.size() != 2) return status::wrong_length;
  const auto fid = static_cast<uint16_t>(command.data[0] << 8 | command.data[1]);
  const FileIndex found = files_.find_child(channel.directory, fid);
  if (found == no_file) return status::file_not_found;
  const auto allowed = TRY(may_manage(channel, channel.directory));
  if (allowed != status::ok) return allowed;
  if (!FileSystem::is_created(found)) return status::conditions_not_satisfied;
  NvTransaction transaction;
  files_.remove(transaction, found);
  TRY(store_.commit(transaction));
  TRY(files_.reload());
  leave_deleted(channel, channel.directory);
  return status::ok;
}

void Chip::leave_deleted(Channel& current, FileIndex directory) {
  const auto leave = [&](Channel& channel) {
    if (channel.file != no_file && !files_.exists(channel.file)) channel.file = no_file;
    if (files_.exists(channel.directory)) return;
    channel.directory = directory;
    channel.file = no_file;
  };
  leave(current);
  for (Channel& channel : channels_) leave(channel);
}

Handled Chip::resize_file(Channel& channel, const apdu::Command& command) {
  if (command.p1 > 1 || command.p2 != 0) return status::incorrect_p1_p2;
  const auto body = tlv::unwrap_ber(command.data, tag_template);
  if (!body.has_value()) return status::incorrect_data;
  const auto name = tlv::find_ber(*body, tag_file_id);
  const auto size = tlv::find_ber(*body, tag_file_octets);
  if (!name.has_value() || name->value.size() != 2) return status::incorrect_data;
  if (!size.has_value() || size->value.empty() || size->value.size() > 3) {
    return status::incorrect_data;
  }
  const auto fid = static_cast<uint16_t>(name->value[0] << 8 | name->value[1]);
  size_t octets = 0;
  for (const uint8_t octet : size->value) octets = octets << 8 | octet;
  const FileIndex found = files_.find_child(channel.directory, fid);
  if (found == no_file) return status::file_not_found;
  const auto allowed = TRY(may_manage(channel, channel.directory));
  if (allowed != status::ok) return allowed;
  if (!FileSystem::is_created(found)) return status::conditions_not_satisfied;
  const File& file = files_.file(found);
  if (file.directory() || file.content->structure == FileType::cyclic) {
    return status::command_incompatible_with_file;
  }
  NvTransaction transaction;
  const auto resized = files_.resize(transaction, found, octets);
  if (!resized.has_value()) {
    switch (resized.error().code) {
      case ErrorCode::no_space:
      case ErrorCode::too_large: return status::not_enough_memory;
      case ErrorCode::bad_length: return status::incorrect_data;
      default: return resized.error();
    }
  }
  TRY(store_.commit(transaction));
  TRY(files_.reload());
  select_file(channel, found);
  return status::ok;
}

}  // namespace simurgh::uicc
