// The card manager's commands that are about the chip and not about applications: GET DATA and
// STORE DATA (GlobalPlatform 2.3 11.3, 11.11), for remote application management.
#include "conversations/personalisation/short_message_bearer.h"
#include "formats/remote_management/administration_session.h"
#include "formats/remote_management/global_platform.h"
#include "formats/tlv/ber_tlv.h"
#include "uicc/chip.h"

namespace simurgh::uicc {

namespace status = apdu::status;
namespace rm = remote_management;

namespace {

constexpr uint8_t psk_key_version = 0x40;
constexpr tlv::Tag tag_key_information = 0xc0;
constexpr tlv::Tag tag_administration = 0x85;

}  // namespace

Handled Chip::manage_card(const apdu::Command& command) {
  const uint8_t cla = apdu::class_without_channel(command.cla);
  if (cla != apdu::cla_etsi) return status::cla_not_supported;
  if (command.ins == apdu::ins::get_data) return get_data(command);
  if (command.ins == apdu::ins::store_data) return store_data(command);
  return applications_.execute(command, answer_);
}

Handled Chip::get_data(const apdu::Command& command) {
  const auto tag = rm::parse_get_data(command);
  if (!tag.has_value()) return status::incorrect_p1_p2;
  ByteArray<256> room;
  Writer writer(room);
  tlv::BerWriter objects(writer);
  switch (*tag) {
    case rm::data_tag::administration_parameters: {
      uint8_t file[administration_octets];
      const ByteView bytes = TRY(files_.read(content_of(Known::administration), 0, file));
      const size_t size = std::min<size_t>(bytes[0], bytes.size() - 1);
      if (size == 0) return status::referenced_data_not_found;
      objects.element(tag_administration, bytes.subspan(1, size));
      break;
    }
    case rm::data_tag::key_information: {
      personalisation::ChipRecord record;
      TRY(record_store_.load(record));
      const uint8_t set = personalisation::key_set_of(record.active.number);
      const auto open = objects.open(*tag);
      const auto key = [&](uint8_t id, uint8_t version, rm::KeyType type, uint8_t octets) {
        const uint8_t value[] = {id, version, static_cast<uint8_t>(type), octets};
        objects.element(tag_key_information, value);
      };
      key(1, set, rm::KeyType::aes, 16);
      key(2, set, rm::KeyType::aes, 16);
      key(1, psk_key_version, rm::KeyType::psk_tls, 32);
      objects.close(open);
      break;
    }
    case rm::data_tag::free_memory: {
      const auto count = static_cast<uint8_t>(TRY(applications_.applications()).size());
      const uint32_t free_octets = TRY(applications_.free_octets());
      ByteArray<4> octets;
      Writer(octets).u32(free_octets);
      const auto open = objects.open(*tag);
      objects.u8(0x81, count).element(0x82, octets).u16(0x83, load_file_octets_max / 16);
      objects.close(open);
      break;
    }
    case data_tag_os_version: {
      ByteArray<4> octets;
      Writer(octets).u32(TRY(applications_.os_version()));
      objects.element(*tag, octets);
      break;
    }
    default: return status::referenced_data_not_found;
  }
  const ByteView written = TRY(writer.finish());
  answer_.assign(written.begin(), written.end());
  return status::ok;
}

// The parameters of administration sessions, object 85: what GET DATA 0085 gives back and what
// recurring polls go by.
Handled Chip::store_data(const apdu::Command& command) {
  const auto store = rm::parse_store_data(command);
  if (!store.has_value() || !store->last || store->number != 0) {
    return status::function_not_supported;
  }
  const auto value = tlv::unwrap_ber(store->data, tag_administration);
  if (!value.has_value() || !rm::parse_session_parameters(*value).has_value()) {
    return status::incorrect_data;
  }
  ByteArray<administration_octets> file{};
  if (value->size() > file.size() - 1) return status::not_enough_memory;
  file[0] = static_cast<uint8_t>(value->size());
  std::copy(value->begin(), value->end(), file.begin() + 1);
  NvTransaction transaction;
  TRY(files_.write(transaction, content_of(Known::administration), 0, file));
  TRY(store_.commit(transaction));
  return status::ok;
}

}  // namespace simurgh::uicc
