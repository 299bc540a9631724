// Every PDU once written by libsmpp34 and read by us, and once the other way.
#include <doctest/doctest.h>

extern "C" {
#include <arpa/inet.h>
#include <libsmpp34/smpp34.h>
#include <libsmpp34/smpp34_structs.h>
// smpp34_params.h needs the two above it.
#include <libsmpp34/smpp34_params.h>
}
// Its constants have the names of the specification in capitals; nothing of ours is called so.
#include <cstring>
#include <string>

#include "formats/smpp/pdu.h"
#include "hex.h"

namespace simurgh::smpp {
namespace {

using test::Bytes;
using test::to_hex;

// libsmpp34's structs are filled with C strings and numbers.
template <size_t N>
void set(uint8_t (&field)[N], std::string_view text) {
  REQUIRE(text.size() < N);
  std::memcpy(field, text.data(), text.size());
  field[text.size()] = 0;
}
template <size_t N>
std::string_view get(const uint8_t (&field)[N]) {
  return reinterpret_cast<const char*>(field);
}

template <typename Theirs>
Theirs their(CommandId id, uint32_t status = 0) {
  Theirs pdu;
  std::memset(static_cast<void*>(&pdu), 0, sizeof pdu);
  pdu.command_id = static_cast<uint32_t>(id);
  pdu.command_status = status;
  pdu.sequence_number = 77;
  return pdu;
}

template <typename Theirs>
Bytes pack(Theirs& pdu) {
  Bytes bytes(4096);
  int size = 0;
  const int result =
      smpp34_pack2(bytes.data(), static_cast<int>(bytes.size()), &size, static_cast<void*>(&pdu));
  REQUIRE_MESSAGE(result == 0, smpp34_strerror);
  bytes.resize(static_cast<size_t>(size));
  return bytes;
}

template <typename Theirs>
Theirs unpack(CommandId id, Bytes bytes) {
  Theirs pdu = their<Theirs>(id);
  const int result =
      smpp34_unpack2(static_cast<void*>(&pdu), bytes.data(), static_cast<int>(bytes.size()));
  REQUIRE_MESSAGE(result == 0, smpp34_strerror);
  CHECK(pdu.command_id == static_cast<uint32_t>(id));
  CHECK(pdu.sequence_number == 77);
  return pdu;
}

Bytes written(CommandId id, const Body& body, Status status = Status::ok) {
  uint8_t out[4096];
  const auto bytes = write_pdu({id, status, 77}, body, out);
  REQUIRE(bytes.has_value());
  Bytes copy;
  for (const uint8_t octet : *bytes) copy.push_back(octet);
  return copy;
}

// What we read of their bytes, and our own writing of it, which must be the same bytes.
Body read_and_rewrite(const Bytes& bytes) {
  const auto pdu = parse_pdu(bytes);
  REQUIRE(pdu.has_value());
  CHECK(pdu->header.sequence == 77);
  uint8_t out[4096];
  const auto again = write_pdu(pdu->header, pdu->body, out);
  REQUIRE(again.has_value());
  CHECK(to_hex(*again) == to_hex(bytes));
  return pdu->body;
}

// Theirs are linked lists with lengths of their own.
struct TheirTlv {
  TheirTlv(uint16_t tag, std::string_view value) {
    std::memset(&tlv, 0, sizeof tlv);
    tlv.tag = tag;
    tlv.length = static_cast<uint16_t>(value.size());
    std::memcpy(tlv.value.octet, value.data(), value.size());
  }
  tlv_t tlv;
};

TEST_CASE("bind, outbind, unbind, enquire_link, generic_nack and their responses") {
  auto bind = their<bind_transceiver_t>(CommandId::bind_transceiver);
  set(bind.system_id, "esme");
  set(bind.password, "secret");
  set(bind.system_type, "OTA");
  bind.interface_version = 0x34;
  bind.addr_ton = 1;
  bind.addr_npi = 1;
  set(bind.address_range, "12345");
  const Bytes bind_bytes = pack(bind);
  const Bind ours = std::get<Bind>(read_and_rewrite(bind_bytes));
  CHECK(ours.system_id == "esme");
  CHECK(ours.password == "secret");
  CHECK(ours.system_type == "OTA");
  CHECK(ours.address_range == "12345");
  const auto back = unpack<bind_transceiver_t>(
      CommandId::bind_transceiver,
      written(
          CommandId::bind_transceiver,
          Bind{.system_id = "e", .password = "12345678", .system_type = "", .address_range = "1"}));
  CHECK(get(back.system_id) == "e");
  CHECK(get(back.password) == "12345678");
  CHECK(back.interface_version == 0x34);

  uint8_t buffer[16];
  TlvWriter tlvs(buffer);
  auto resp = unpack<bind_transceiver_resp_t>(
      CommandId::bind_transceiver_resp,
      written(CommandId::bind_transceiver_resp,
              BindResp{.system_id = "smsc",
                       .tlvs = tlvs.add_u8(Tag::sc_interface_version, 0x34).tlvs()}));
  CHECK(get(resp.system_id) == "smsc");
  REQUIRE(resp.tlv != nullptr);
  CHECK(resp.tlv->tag == TLVID_sc_interface_version);
  CHECK(resp.tlv->value.val08 == 0x34);
  destroy_tlv(resp.tlv);

  auto out = their<outbind_t>(CommandId::outbind);
  set(out.system_id, "smsc");
  set(out.password, "pw");
  const Bytes out_bytes = pack(out);
  CHECK(std::get<Outbind>(read_and_rewrite(out_bytes)).password == "pw");
  auto unbind = their<unbind_t>(CommandId::unbind);
  read_and_rewrite(pack(unbind));
  auto enquire = their<enquire_link_t>(CommandId::enquire_link);
  read_and_rewrite(pack(enquire));
  auto nack = their<generic_nack_t>(CommandId::generic_nack, 3);
  const Bytes nack_bytes = pack(nack);
  read_and_rewrite(nack_bytes);
  CHECK(parse_pdu(nack_bytes)->header.status == Status::invalid_command_id);
  unpack<unbind_resp_t>(CommandId::unbind_resp, written(CommandId::unbind_resp, NoBody{}));
}

TEST_CASE("submit_sm and deliver_sm with every field set, and with TLVs") {
  auto submit = their<submit_sm_t>(CommandId::submit_sm);
  set(submit.service_type, "CMT");
  submit.source_addr_ton = 5;
  set(submit.source_addr, "Simurgh");
  submit.dest_addr_ton = 1;
  submit.dest_addr_npi = 1;
  set(submit.destination_addr, "491700000001");
  submit.esm_class = 0x40;
  submit.protocol_id = 0x7f;
  submit.priority_flag = 2;
  set(submit.schedule_delivery_time, "260102030405000+");
  set(submit.validity_period, "000001000000000R");
  submit.registered_delivery = 1;
  submit.replace_if_present_flag = 1;
  submit.data_coding = 0xf6;
  submit.sm_default_msg_id = 9;
  const std::string text("\x02\x70\x00 packet", 10);
  submit.sm_length = static_cast<uint8_t>(text.size());
  std::memcpy(submit.short_message, text.data(), text.size());
  TheirTlv reference(TLVID_user_message_reference, "\x12\x34");
  reference.tlv.value.val16 = 0x1234;  // two octets are a number to it
  build_tlv(&submit.tlv, &reference.tlv);
  const Bytes bytes = pack(submit);
  const ShortMessage ours = std::get<ShortMessage>(read_and_rewrite(bytes));
  CHECK(ours.service_type == "CMT");
  CHECK(ours.source.ton == ton::alphanumeric);
  CHECK(ours.source.digits == "Simurgh");
  CHECK(ours.destination.digits == "491700000001");
  CHECK(ours.esm_class == 0x40);
  CHECK(ours.protocol_id == 0x7f);
  CHECK(ours.priority == 2);
  CHECK(ours.schedule_delivery_time == "260102030405000+");
  CHECK(ours.validity_period == "000001000000000R");
  CHECK(ours.registered_delivery == 1);
  CHECK(ours.replace_if_present == 1);
  CHECK(ours.data_coding == 0xf6);
  CHECK(ours.default_message_id == 9);
  CHECK(text_of(ours.short_message) == text);
  CHECK(ours.tlvs.u16(Tag::user_message_reference) == 0x1234);
  destroy_tlv(submit.tlv);

  // All sizes of a message, from us to them.
  for (size_t size = 0; size <= short_message_octets_max; ++size) {
    const std::string content(size, 'm');
    ShortMessage m = ours;
    m.short_message = bytes_of(content);
    m.tlvs = {};
    m.schedule_delivery_time = m.validity_period = {};  // unused in a deliver_sm (4.6.1)
    auto deliver = unpack<deliver_sm_t>(CommandId::deliver_sm, written(CommandId::deliver_sm, m));
    REQUIRE(deliver.sm_length == size);
    REQUIRE(std::memcmp(deliver.short_message, content.data(), size) == 0);
    REQUIRE(get(deliver.destination_addr) == "491700000001");
    REQUIRE(deliver.sm_default_msg_id == 9);
    if (deliver.tlv != nullptr) destroy_tlv(deliver.tlv);
  }
  uint8_t buffer[1000];
  TlvWriter tlvs(buffer);
  const std::string payload(500, 'p');
  ShortMessage m = ours;
  m.schedule_delivery_time = m.validity_period = {};
  m.short_message = {};
  m.tlvs = tlvs.add(Tag::message_payload, bytes_of(payload))
               .add_u16(Tag::sar_msg_ref_num, 0xabcd)
               .add_u8(Tag::sar_total_segments, 2)
               .add_text(Tag::receipted_message_id, "4f")
               .tlvs();
  auto deliver = unpack<deliver_sm_t>(CommandId::deliver_sm, written(CommandId::deliver_sm, m));
  int seen = 0;
  for (const tlv_t* tlv = deliver.tlv; tlv != nullptr; tlv = tlv->next, ++seen) {
    if (tlv->tag == TLVID_message_payload) {
      CHECK(tlv->length == 500);
      CHECK(std::memcmp(tlv->value.octet, payload.data(), 500) == 0);
    } else if (tlv->tag == TLVID_sar_msg_ref_num) {
      CHECK(tlv->value.val16 == 0xabcd);
    }
  }
  CHECK(seen == 4);
  destroy_tlv(deliver.tlv);
}

TEST_CASE("answers, data_sm, query_sm, cancel_sm, replace_sm, alert_notification") {
  auto accepted = their<submit_sm_resp_t>(CommandId::submit_sm_resp);
  set(accepted.message_id, "1a2b");
  const Bytes accepted_bytes = pack(accepted);
  CHECK(std::get<MessageIdBody>(read_and_rewrite(accepted_bytes)).message_id == "1a2b");
  CHECK(get(unpack<submit_sm_resp_t>(
                CommandId::submit_sm_resp,
                written(CommandId::submit_sm_resp, MessageIdBody{.message_id = "zz", .tlvs = {}}))
                .message_id) == "zz");
  unpack<deliver_sm_resp_t>(CommandId::deliver_sm_resp,
                            written(CommandId::deliver_sm_resp, MessageIdBody{}));

  auto data = their<data_sm_t>(CommandId::data_sm);
  set(data.source_addr, "1");
  set(data.destination_addr, std::string(64, '2'));
  data.data_coding = 4;
  const Bytes data_bytes = pack(data);
  CHECK(std::get<DataSm>(read_and_rewrite(data_bytes)).destination.digits.size() == 64);

  auto query = their<query_sm_t>(CommandId::query_sm);
  set(query.message_id, "id");
  set(query.source_addr, "12345");
  const Bytes query_bytes = pack(query);
  CHECK(std::get<QuerySm>(read_and_rewrite(query_bytes)).source.digits == "12345");
  auto result = their<query_sm_resp_t>(CommandId::query_sm_resp);
  set(result.message_id, "id");
  set(result.final_date, "260102030405000+");
  result.message_state = 2;
  result.error_code = 7;
  const Bytes result_bytes = pack(result);
  const QuerySmResp ours = std::get<QuerySmResp>(read_and_rewrite(result_bytes));
  CHECK(ours.state == MessageState::delivered);
  CHECK(ours.error_code == 7);
  CHECK(ours.final_date == "260102030405000+");

  auto cancel = their<cancel_sm_t>(CommandId::cancel_sm);
  set(cancel.message_id, "id");
  set(cancel.destination_addr, "4917");
  const Bytes cancel_bytes = pack(cancel);
  CHECK(std::get<CancelSm>(read_and_rewrite(cancel_bytes)).destination.digits == "4917");

  auto replace = their<replace_sm_t>(CommandId::replace_sm);
  set(replace.message_id, "id");
  replace.sm_length = 3;
  std::memcpy(replace.short_message, "new", 3);
  const Bytes replace_bytes = pack(replace);
  CHECK(text_of(std::get<ReplaceSm>(read_and_rewrite(replace_bytes)).short_message) == "new");

  auto alert = their<alert_notification_t>(CommandId::alert_notification);
  set(alert.source_addr, "491700000001");
  set(alert.esme_addr, "12345");
  const Bytes alert_bytes = pack(alert);
  CHECK(std::get<AlertNotification>(read_and_rewrite(alert_bytes)).source.digits == "491700000001");
}

}  // namespace
}  // namespace simurgh::smpp
