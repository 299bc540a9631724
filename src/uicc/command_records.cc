// READ and UPDATE BINARY and RECORD, SEARCH RECORD, INCREASE (TS 102 221 11.1.3 … 11.1.8).
#include <algorithm>

#include "uicc/chip.h"

namespace simurgh::uicc {

namespace status = apdu::status;
using apdu::FileType;

namespace {

constexpr uint8_t mode_next = 0x02;
constexpr uint8_t mode_previous = 0x03;
constexpr uint8_t mode_absolute = 0x04;  // or current, with P1 00
constexpr uint8_t mode_bits = 0x07;
constexpr uint8_t search_forward = 0x04;
constexpr uint8_t search_backward = 0x05;
constexpr uint8_t search_enhanced = 0x06;

uint8_t sfi_of_p2(uint8_t p2) {
  return static_cast<uint8_t>(p2 >> 3);
}

}  // namespace

// P1 and P2 are an offset of 15 bits, or (P1 b8) a short identifier and an offset of 8 bits.
static Result<size_t> binary_offset(const apdu::Command& command, uint8_t* sfi) {
  if ((command.p1 & 0x80) == 0) return static_cast<size_t>(command.p1 << 8 | command.p2);
  *sfi = command.p1 & 0x1f;
  if ((command.p1 & 0x60) != 0 || *sfi == 0) return fail(ErrorCode::bad_value);
  return static_cast<size_t>(command.p2);
}

Handled Chip::read_binary(Channel& channel, const apdu::Command& command) {
  uint8_t sfi = 0;
  const auto offset = binary_offset(command, &sfi);
  if (!offset.has_value()) return status::incorrect_p1_p2;
  if (const auto word = select_by_sfi(channel, sfi); word != status::ok) return word;
  const auto allowed = TRY(may_use(channel, Use::read, FileType::transparent, false));
  if (allowed != status::ok) return allowed;
  const Content& content = *files_.file(channel.file).content;
  if (*offset > content.octets) return status::wrong_p1_p2;
  const size_t rest = content.octets - *offset;
  const size_t wanted = command.le == 0 || command.le == apdu::short_answer_octets_max
                            ? std::min<size_t>(rest, apdu::short_answer_octets_max)
                            : static_cast<size_t>(command.le);
  if (wanted > rest) return status::wrong_le(static_cast<uint8_t>(rest));
  uint8_t octets[content_octets_max];
  const ByteView bytes = TRY(files_.read(content, 0, octets)).subspan(*offset, wanted);
  answer_.assign(bytes.begin(), bytes.end());
  return status::ok;
}

Handled Chip::update_binary(Channel& channel, const apdu::Command& command) {
  uint8_t sfi = 0;
  const auto offset = binary_offset(command, &sfi);
  if (!offset.has_value()) return status::incorrect_p1_p2;
  if (command.data.empty()) return status::wrong_length;
  if (const auto word = select_by_sfi(channel, sfi); word != status::ok) return word;
  const auto allowed = TRY(may_use(channel, Use::update, FileType::transparent, false));
  if (allowed != status::ok) return allowed;
  const Content& content = *files_.file(channel.file).content;
  if (*offset > content.octets) return status::wrong_p1_p2;
  if (command.data.size() > content.octets - *offset) return status::wrong_length;
  uint8_t octets[content_octets_max];
  TRY(files_.read(content, 0, octets));
  std::copy(command.data.begin(), command.data.end(), octets + *offset);
  NvTransaction transaction;
  TRY(files_.write(transaction, content, 0, ByteView(octets).first(content.octets)));
  TRY(store_.commit(transaction));
  return status::ok;
}

// The record that P1 and the mode in P2 name. bad_value for the mode, not_found beyond the file's
// records.
Result<uint8_t> Chip::record_number(const Channel& channel, const apdu::Command& command,
                                    const Content& content) const {
  const bool cyclic = content.structure == FileType::cyclic;
  const uint8_t last = content.records;
  const uint8_t pointer = channel.record;
  switch (command.p2 & mode_bits) {
    case mode_next:
      if (pointer == 0) return uint8_t{1};
      if (pointer < last) return static_cast<uint8_t>(pointer + 1);
      return cyclic ? Result<uint8_t>(uint8_t{1}) : fail(ErrorCode::not_found);
    case mode_previous:
      if (pointer == 0) return last;
      if (pointer > 1) return static_cast<uint8_t>(pointer - 1);
      return cyclic ? Result<uint8_t>(last) : fail(ErrorCode::not_found);
    case mode_absolute: {
      const uint8_t record = command.p1 == 0 ? pointer : command.p1;
      if (record == 0 || record > last) return fail(ErrorCode::not_found);
      return record;
    }
    default: return fail(ErrorCode::bad_value);
  }
}

Handled Chip::read_record(Channel& channel, const apdu::Command& command) {
  if (const auto word = select_by_sfi(channel, sfi_of_p2(command.p2)); word != status::ok) {
    return word;
  }
  const auto allowed = TRY(may_use(channel, Use::read, FileType::linear_fixed, true));
  if (allowed != status::ok) return allowed;
  const Content& content = *files_.file(channel.file).content;
  if (content.transparent()) return status::command_incompatible_with_file;
  const auto record = record_number(channel, command, content);
  if (!record.has_value()) {
    return record.error().code == ErrorCode::bad_value ? status::incorrect_p1_p2
                                                       : status::record_not_found;
  }
  uint8_t octets[content_octets_max];
  const ByteView bytes = TRY(files_.read(content, *record, octets));
  if ((command.p2 & mode_bits) != mode_absolute) channel.record = *record;
  answer_.assign(bytes.begin(), bytes.end());
  return status::ok;
}

Handled Chip::update_record(Channel& channel, const apdu::Command& command) {
  if (const auto word = select_by_sfi(channel, sfi_of_p2(command.p2)); word != status::ok) {
    return word;
  }
  const auto allowed = TRY(may_use(channel, Use::update, FileType::linear_fixed, true));
  if (allowed != status::ok) return allowed;
  const Content& content = *files_.file(channel.file).content;
  if (content.transparent()) return status::command_incompatible_with_file;
  const bool cyclic = content.structure == FileType::cyclic;
  const uint8_t mode = command.p2 & mode_bits;
  if (cyclic && mode != mode_previous) return status::incorrect_p1_p2;
  const auto record =
      cyclic ? Result<uint8_t>(uint8_t{1}) : record_number(channel, command, content);
  if (!record.has_value()) {
    return record.error().code == ErrorCode::bad_value ? status::incorrect_p1_p2
                                                       : status::record_not_found;
  }
  if (command.data.size() != content.octets) return status::wrong_length;
  NvTransaction transaction;
  TRY(files_.write(transaction, content, *record, command.data));
  TRY(store_.commit(transaction));
  if (mode != mode_absolute) channel.record = *record;
  return status::ok;
}

// Simple search from P1 on, and the enhanced form that begins at an offset of the record
// (11.1.7): the answer is the numbers of the records that hold the pattern.
Handled Chip::search_record(Channel& channel, const apdu::Command& command) {
  if (const auto word = select_by_sfi(channel, sfi_of_p2(command.p2)); word != status::ok) {
    return word;
  }
  const auto allowed = TRY(may_use(channel, Use::read, FileType::linear_fixed, true));
  if (allowed != status::ok) return allowed;
  const Content& content = *files_.file(channel.file).content;
  if (content.transparent()) return status::command_incompatible_with_file;
  uint8_t direction = command.p2 & mode_bits;
  ByteView pattern = command.data;
  size_t offset = 0;
  if (direction == search_enhanced) {
    // Indication: b4 begins after an octet of a value (not offered), b3-b1 the direction; offset.
    if (pattern.size() < 3 || (pattern[0] & 0x08) != 0) return status::incorrect_data;
    direction = pattern[0] & mode_bits;
    offset = pattern[1];
    pattern = pattern.subspan(2);
  }
  if (direction != search_forward && direction != search_backward) return status::incorrect_p1_p2;
  if (pattern.empty() || pattern.size() > content.octets) return status::wrong_length;
  const uint8_t first = command.p1 != 0               ? command.p1
                        : channel.record != 0         ? channel.record
                        : direction == search_forward ? uint8_t{1}
                                                      : content.records;
  if (first > content.records) return status::record_not_found;
  for (uint8_t record = first; record >= 1 && record <= content.records;
       record = static_cast<uint8_t>(direction == search_forward ? record + 1 : record - 1)) {
    uint8_t octets[content_octets_max];
    const ByteView bytes = TRY(files_.read(content, record, octets));
    const auto from = bytes.begin() + static_cast<ptrdiff_t>(std::min(offset, bytes.size()));
    if (std::search(from, bytes.end(), pattern.begin(), pattern.end()) != bytes.end()) {
      answer_.push_back(record);
    }
  }
  if (answer_.empty()) return status::end_of_file_reached;
  channel.record = answer_.front();
  return status::ok;
}

// Adds to the newest record of a cyclic file, as a new record (11.1.8).
Handled Chip::increase(Channel& channel, const apdu::Command& command) {
  if (!gsm(command) && command.p1 != 0) {
    if ((command.p1 & 0xe0) != 0x80) return status::incorrect_p1_p2;
    const auto word = select_by_sfi(channel, command.p1 & 0x1f);
    if (word != status::ok) return word;
  }
  const auto allowed = TRY(may_use(channel, Use::increase, FileType::cyclic, false));
  if (allowed != status::ok) return allowed;
  const Content& content = *files_.file(channel.file).content;
  if (command.data.size() != content.octets) return status::wrong_length;
  uint8_t octets[content_octets_max];
  TRY(files_.read(content, 1, octets));
  unsigned carry = 0;
  for (size_t i = content.octets; i-- > 0;) {
    const unsigned sum = octets[i] + command.data[i] + carry;
    octets[i] = static_cast<uint8_t>(sum);
    carry = sum >> 8;
  }
  if (carry != 0) return status::increase_max_value;
  NvTransaction transaction;
  const ByteView value = ByteView(octets).first(content.octets);
  TRY(files_.write(transaction, content, 1, value));
  TRY(store_.commit(transaction));
  channel.record = 1;
  answer_.assign(value.begin(), value.end());
  answer_.insert(answer_.end(), command.data.begin(), command.data.end());
  return status::ok;
}

}  // namespace simurgh::uicc
