// SELECT, STATUS, and the rules of using a file (TS 102 221 8, 11.1.1, 11.1.2; TS 51.011 9.2).
#include <algorithm>

#include "formats/apdu/fcp.h"
#include "uicc/chip.h"

namespace simurgh::uicc {

namespace status = apdu::status;
using apdu::FileType;

namespace {

constexpr uint8_t select_by_fid = 0x00;
constexpr uint8_t select_by_aid = 0x04;
constexpr uint8_t select_from_mf = 0x08;
constexpr uint8_t select_from_current = 0x09;
constexpr uint8_t p2_no_answer = 0x0c;
constexpr uint8_t p2_answer_bits = 0x0c;
constexpr uint8_t p2_terminate = 0x40;
constexpr uint8_t p2_occurrence_bits = 0x03;  // 00 first or only, 01 last, 02 next, 03 previous
constexpr size_t partial_aid_octets_min = 5;  // the RID

constexpr uint8_t uicc_characteristics = 0x71;
constexpr uint8_t gsm_type_mf = 0x01;
constexpr uint8_t gsm_type_df = 0x02;
constexpr uint8_t gsm_type_ef = 0x04;

// Conditions of TS 51.011 9.3: ALW, CHV1, CHV2, ADM, NEV.
uint8_t gsm_condition(Condition condition) {
  switch (condition) {
    case Condition::always: return 0x0;
    case Condition::pin1: return 0x1;
    case Condition::pin2: return 0x2;
    case Condition::adm: return 0x4;
    case Condition::never: return 0xf;
  }
  return 0xf;
}

uint8_t nibbles(uint8_t high, uint8_t low) {
  return static_cast<uint8_t>(high << 4 | low);
}

}  // namespace

void Chip::select_file(Channel& channel, FileIndex file) {
  const File& entry = files_.file(file);
  channel.record = 0;
  if (entry.directory()) {
    channel.directory = file;
    channel.file = no_file;
  } else {
    channel.directory = entry.parent;
    channel.file = file;
  }
}

Handled Chip::select(Channel& channel, const apdu::Command& command) {
  FileIndex found = no_file;
  if (gsm(command)) {
    if (command.data.size() != 2 || command.p1 != 0 || command.p2 != 0) {
      return status::wrong_length;
    }
    const auto fid = static_cast<uint16_t>(command.data[0] << 8 | command.data[1]);
    found = files_.find_by_fid(channel.directory, fid, no_file);
    if (found == no_file || files_.application_of(found) != no_file) return status::file_not_found;
    select_file(channel, found);
    TRY(describe_gsm(found));
    return status::ok;
  }
  if ((command.p2 & 0x90) != 0) return status::incorrect_p1_p2;
  switch (command.p1) {
    case select_by_fid: {
      if (command.data.empty()) {
        found = mf_index;
        break;
      }
      if (command.data.size() != 2) return status::wrong_length;
      const auto fid = static_cast<uint16_t>(command.data[0] << 8 | command.data[1]);
      found = files_.find_by_fid(channel.directory, fid, channel.adf);
      break;
    }
    case select_by_aid: return select_application(channel, command);
    case select_from_mf: found = files_.find_by_path(mf_index, command.data, channel.adf); break;
    case select_from_current:
      found = files_.find_by_path(channel.directory, command.data, channel.adf);
      break;
    default: return status::incorrect_p1_p2;
  }
  if (found == no_file) return status::file_not_found;
  select_file(channel, found);
  if ((command.p2 & p2_answer_bits) != p2_no_answer) TRY(describe(found));
  return status::ok;
}

// By DF name, whole or its beginning (8.5): there is one application of each.
Handled Chip::select_application(Channel& channel, const apdu::Command& command) {
  const ByteView name = command.data;
  if (name.size() > apdu::aid_octets_max) return status::wrong_length;
  if (name.size() < partial_aid_octets_min) return status::file_not_found;
  const uint8_t occurrence = command.p2 & p2_occurrence_bits;
  const bool further = occurrence > 1 && channel.adf != no_file;  // next or previous one
  const auto begins = [&name](ByteView aid) {
    return name.size() <= aid.size() && equal(aid.first(name.size()), name);
  };
  if (begins(personalisation_aid)) return status::ok;  // it has no files
  if (!begins(usim_aid) || further) return status::file_not_found;
  if ((command.p2 & p2_terminate) != 0) {
    channel.adf = no_file;
    channel.directory = mf_index;
    channel.file = no_file;
    return status::ok;
  }
  channel.adf = usim_index;
  select_file(channel, usim_index);
  if ((command.p2 & p2_answer_bits) != p2_no_answer) TRY(describe(usim_index));
  return status::ok;
}

Handled Chip::status(Channel& channel, const apdu::Command& command) {
  TRY(on_status_poll());
  if (gsm(command)) {
    TRY(describe_gsm(channel.directory));
    // TS 51.011 9.2.2: the terminal says how much of it it wants.
    if (command.le < answer_.size()) answer_.resize(command.le);
    return status::ok;
  }
  if (command.p1 > 2) return status::incorrect_p1_p2;
  switch (command.p2) {
    case 0x00: TRY(describe(channel.directory)); return status::ok;
    case 0x01:  // the DF name of the current application
      if (channel.adf != no_file) {
        answer_.push_back(0x84);
        answer_.push_back(static_cast<uint8_t>(usim_aid.size()));
        answer_.insert(answer_.end(), usim_aid.begin(), usim_aid.end());
      }
      return status::ok;
    case 0x0c: return status::ok;
    default: return status::incorrect_p1_p2;
  }
}

Result<void> Chip::describe(FileIndex index) {
  const File& file = files_.file(index);
  apdu::Fcp fcp;
  fcp.file_id = file.fid;
  fcp.access_rule = {
      {index == mf_index || file.parent == mf_index ? uint16_t{0x2f06} : uint16_t{0x6f06},
       file.rule}};
  fcp.life_cycle = static_cast<uint8_t>(apdu::LifeCycle::activated);
  if (file.directory()) {
    fcp.type = FileType::directory;
    fcp.data_coding = 0x21;
    if (index == usim_index) fcp.df_name = usim_aid;
    fcp.proprietary.emplace();
    fcp.proprietary->uicc_characteristics = uicc_characteristics;
    apdu::PinStatusTemplate pins;
    pins.pins[0] = {0x01, TRY(pins_.state(PinName::pin1)).enabled, {}};
    pins.pins[1] = {0x81, TRY(pins_.state(PinName::pin2)).enabled, {}};
    pins.count = 2;
    fcp.pin_status = pins;
  } else {
    const Content& content = *file.content;
    fcp.type = content.structure;
    fcp.record_octets = content.transparent() ? uint16_t{0} : content.octets;
    fcp.record_count = content.records;
    fcp.file_octets = static_cast<uint32_t>(content.total_octets());
    fcp.short_file_id = file.sfi;
    if (!files_.active(content)) {
      fcp.life_cycle = static_cast<uint8_t>(apdu::LifeCycle::deactivated);
    }
  }
  ByteArray<apdu::fcp_octets_max> room;
  const ByteView written = TRY(write_fcp(fcp, room));
  answer_.assign(written.begin(), written.end());
  return {};
}

Result<void> Chip::describe_gsm(FileIndex index) {
  const File& file = files_.file(index);
  ByteArray<22> octets;
  Writer writer(octets);
  if (file.directory()) {
    size_t directories = 0;
    size_t elementary = 0;
    for (size_t i = 1; i < files_.file_count(); ++i) {
      const auto child = static_cast<FileIndex>(i);
      if (!files_.exists(child) || files_.file(child).parent != index) continue;
      if (files_.application_of(child) != no_file) continue;  // not there for a SIM of TS 51.011
      ++(files_.file(child).directory() ? directories : elementary);
    }
    const PinState pin1 = TRY(pins_.state(PinName::pin1));
    const PinState pin2 = TRY(pins_.state(PinName::pin2));
    const uint8_t characteristics = pin1.enabled ? 0x01 : 0x81;  // b8: CHV1 disabled
    writer.fill(0, 4).u16(file.fid).u8(index == mf_index ? gsm_type_mf : gsm_type_df).fill(0, 5);
    writer.u8(9).u8(characteristics);
    writer.u8(static_cast<uint8_t>(directories)).u8(static_cast<uint8_t>(elementary));
    writer.u8(4).u8(0);  // CHVs and unblock codes
    writer.u8(0x80 | pin1.tries).u8(0x80 | pin1.puk_tries);
    writer.u8(0x80 | pin2.tries).u8(0x80 | pin2.puk_tries);
  } else {
    const Content& content = *file.content;
    const AccessRules& rules = access_rules(file.rule);
    const bool cyclic = content.structure == FileType::cyclic;
    writer.fill(0, 2).u16(static_cast<uint16_t>(content.total_octets())).u16(file.fid);
    writer.u8(gsm_type_ef).u8(cyclic ? 0x40 : 0x00);  // b7: INCREASE is allowed
    writer.u8(nibbles(gsm_condition(rules.read), gsm_condition(rules.update)));
    writer.u8(nibbles(gsm_condition(rules.increase), 0xf));
    writer.u8(nibbles(gsm_condition(rules.activate), gsm_condition(rules.activate)));
    writer.u8(files_.active(content) ? 0x01 : 0x00).u8(2);
    writer.u8(content.transparent() ? 0x00 : cyclic ? 0x03 : 0x01);
    writer.u8(content.transparent() ? uint8_t{0} : static_cast<uint8_t>(content.octets));
  }
  const ByteView written = TRY(writer.finish());
  answer_.assign(written.begin(), written.end());
  return {};
}

// --- using a file ----------------------------------------------------------------------------

Result<bool> Chip::satisfied(const Channel& channel, Condition condition) const {
  if (condition == Condition::always) return true;
  if (condition == Condition::never) return false;
  if (channel.remote) return true;
  switch (condition) {
    case Condition::pin1: return pin_verified_[0] || !TRY(pins_.state(PinName::pin1)).enabled;
    case Condition::pin2: return pin_verified_[1];
    default: return false;
  }
}

Handled Chip::may_use(const Channel& channel, Use use, FileType structure, bool any_structure) {
  if (channel.file == no_file) return status::no_ef_selected;
  const File& file = files_.file(channel.file);
  if (!any_structure && file.content->structure != structure) {
    return status::command_incompatible_with_file;
  }
  const AccessRules& rules = access_rules(file.rule);
  const Condition condition = use == Use::read       ? rules.read
                              : use == Use::update   ? rules.update
                              : use == Use::increase ? rules.increase
                                                     : rules.activate;
  if (!TRY(satisfied(channel, condition))) return status::security_status_not_satisfied;
  if (use != Use::activate && !files_.active(*file.content)) {
    return status::referenced_data_invalidated;
  }
  return status::ok;
}

apdu::StatusWord Chip::select_by_sfi(Channel& channel, uint8_t sfi) {
  if (sfi == 0) return status::ok;
  const FileIndex found = files_.find_by_sfi(channel.directory, sfi);
  if (found == no_file) return status::file_not_found;
  select_file(channel, found);
  return status::ok;
}

Handled Chip::set_active(Channel& channel, const apdu::Command& command, bool active) {
  if (!command.data.empty()) {
    if (command.data.size() != 2) return status::wrong_length;
    const auto fid = static_cast<uint16_t>(command.data[0] << 8 | command.data[1]);
    const FileIndex found = files_.find_by_fid(channel.directory, fid, channel.adf);
    if (found == no_file) return status::file_not_found;
    select_file(channel, found);
  }
  const apdu::StatusWord allowed =
      TRY(may_use(channel, Use::activate, FileType::transparent, true));
  if (allowed != status::ok) return allowed;
  NvTransaction transaction;
  files_.set_active(transaction, *files_.file(channel.file).content, active);
  TRY(store_.commit(transaction));
  return status::ok;
}

Handled Chip::activate_file(Channel& channel, const apdu::Command& command) {
  return set_active(channel, command, true);
}

Handled Chip::deactivate_file(Channel& channel, const apdu::Command& command) {
  return set_active(channel, command, false);
}

}  // namespace simurgh::uicc
