#include <algorithm>

#include "formats/remote_management/gp_fields.h"

namespace simurgh::remote_management {

namespace {

constexpr uint8_t last_block = 0x80;  // P1 of LOAD and STORE DATA
constexpr uint8_t tag_load_file_data_block = 0xc4;

// P1 of STORE DATA (11.11.2.1): b7b6 enciphering, b5b4 structure.
constexpr int structure_shift = 3;
constexpr uint8_t structure_mask = 0x03 << structure_shift;

}  // namespace

Result<LoadBlock> parse_load_block(const apdu::Command& command) {
  TRY(expect_command(command, apdu::ins::load));
  if ((command.p1 & ~last_block) != 0) return fail(ErrorCode::bad_value, 2);
  if (command.data.empty()) return fail(ErrorCode::bad_length, 4);
  return LoadBlock{(command.p1 & last_block) != 0, command.p2, command.data};
}

apdu::Command write_load_block(const LoadBlock& block) {
  return {.cla = cla_global_platform,
          .ins = apdu::ins::load,
          .p1 = block.last ? last_block : uint8_t{0},
          .p2 = block.number,
          .data = block.data,
          .le = apdu::short_answer_octets_max};
}

LoadFileCutter::LoadFileCutter(ByteView load_file, size_t block_octets)
    : load_file_(load_file), block_octets_(block_octets) {
  SIMURGH_CHECK(block_octets > 0 && block_octets <= command_data_octets_max);
  SIMURGH_CHECK(load_file.size() <= tlv::ber_length_max);
  header_octets_ = tlv::ber_header_octets(tag_load_file_data_block, load_file.size());
  header_[0] = tag_load_file_data_block;
  const size_t length_octets = header_octets_ - 1;
  if (length_octets > 1) header_[1] = static_cast<uint8_t>(0x80 + length_octets - 1);
  const size_t value_octets = length_octets == 1 ? 1 : length_octets - 1;
  for (size_t i = 0; i < value_octets; ++i) {
    header_[header_octets_ - 1 - i] = static_cast<uint8_t>(load_file.size() >> (8 * i));
  }
}

size_t LoadFileCutter::block_count() const {
  return (header_octets_ + load_file_.size() + block_octets_ - 1) / block_octets_;
}

Result<apdu::Command> LoadFileCutter::next(MutableByteView room) {
  SIMURGH_CHECK(!at_end());
  if (block_count() > blocks_max) return ErrorCode::too_large;
  // Offsets count the header too.
  const size_t begin = number_ * block_octets_;
  const size_t end = std::min(begin + block_octets_, header_octets_ + load_file_.size());
  Writer out(room);
  if (begin < header_octets_) {
    out.bytes(ByteView(header_, std::min(end, header_octets_)).subspan(begin));
  }
  if (end > header_octets_) {
    const size_t from = std::max(begin, header_octets_) - header_octets_;
    out.bytes(load_file_.subspan(from, end - header_octets_ - from));
  }
  const ByteView data = TRY(out.finish());
  const auto number = static_cast<uint8_t>(number_);
  ++number_;
  return write_load_block({at_end(), number, data});
}

Result<StoreData> parse_store_data(const apdu::Command& command) {
  TRY(expect_command(command, apdu::ins::store_data));
  if ((command.p1 & ~(last_block | structure_mask | 0x01)) != 0) {
    return fail(ErrorCode::unsupported, 2);  // enciphered data
  }
  const int structure = (command.p1 & structure_mask) >> structure_shift;
  if (structure > static_cast<int>(DataStructure::ber_tlv)) return fail(ErrorCode::bad_value, 2);
  return StoreData{(command.p1 & last_block) != 0, static_cast<DataStructure>(structure),
                   command.p2, command.data};
}

Result<apdu::Command> write_store_data(const StoreData& store) {
  if (store.data.size() > command_data_octets_max) return ErrorCode::no_space;
  const auto p1 = static_cast<uint8_t>((store.last ? last_block : 0) |
                                       static_cast<int>(store.structure) << structure_shift);
  return apdu::Command{.cla = cla_global_platform,
                       .ins = apdu::ins::store_data,
                       .p1 = p1,
                       .p2 = store.number,
                       .data = store.data};
}

Result<uint16_t> parse_get_data(const apdu::Command& command) {
  TRY(expect_command(command, apdu::ins::get_data));
  return static_cast<uint16_t>(command.p1 << 8 | command.p2);
}

apdu::Command write_get_data(uint16_t tag) {
  return {.cla = cla_global_platform,
          .ins = apdu::ins::get_data,
          .p1 = static_cast<uint8_t>(tag >> 8),
          .p2 = static_cast<uint8_t>(tag),
          .data = {},
          .le = apdu::short_answer_octets_max};
}

}  // namespace simurgh::remote_management
