// GSUP messages against libosmocore's own vectors (tests/vectors/gsup.json) and against what
// osmo-hlr 1.5 really said (tests/vectors/gsup_osmo_hlr_transcript.txt).
#include "formats/gsup/message.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "formats/gsup/ipa.h"
#include "formats/json/value.h"
#include "hex.h"
#include "source_folder.h"

namespace simurgh::gsup {
namespace {

using test::Bytes;
using test::from_hex;
using test::to_hex;

std::string read_text_file(const std::string& name) {
  std::ifstream file(test::source_folder() + "/tests/vectors/" + name);
  REQUIRE_MESSAGE(file.good(), "cannot read tests/vectors/" << name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Vector {
  std::string name;
  Bytes bytes;
};

std::vector<Vector> load_vectors() {
  const auto file = json::parse(read_text_file("gsup.json"));
  REQUIRE(file.has_value());
  std::vector<Vector> vectors;
  for (const json::Value& entry : *file->find("vectors")->as_array()) {
    // A field that no test looks at would be a vector that is not checked.
    for (const json::Member& member : *entry.as_object()) {
      REQUIRE((member.name == "name" || member.name == "hex"));
    }
    vectors.push_back({std::string(entry.text_of("name")), from_hex(entry.text_of("hex"))});
  }
  return vectors;
}

const Vector& find_vector(const std::vector<Vector>& vectors, std::string_view name) {
  for (const Vector& vector : vectors) {
    if (vector.name == name) return vector;
  }
  FAIL("no vector " << name);
  return vectors[0];
}

TEST_CASE("the numbers of messages and information elements are libosmocore's") {
  const struct {
    std::string_view name;
    Iei iei;
  } ies[] = {
      {"IMSI_IE", Iei::imsi},
      {"CAUSE_IE", Iei::cause},
      {"AUTH_TUPLE_IE", Iei::auth_tuple},
      {"PDP_INFO_COMPL_IE", Iei::pdp_info_complete},
      {"PDP_INFO_IE", Iei::pdp_info},
      {"CANCEL_TYPE_IE", Iei::cancel_type},
      {"FREEZE_PTMSI_IE", Iei::freeze_ptmsi},
      {"MSISDN_IE", Iei::msisdn},
      {"HLR_NUMBER_IE", Iei::hlr_number},
      {"MESSAGE_CLASS_IE", Iei::message_class},
      {"PDP_CONTEXT_ID_IE", Iei::pdp_context_id},
      {"PDP_ADDRESS_IE", Iei::pdp_address},
      {"ACCESS_POINT_NAME_IE", Iei::access_point_name},
      {"PDP_QOS_IE", Iei::pdp_qos},
      {"CHARG_CHAR_IE", Iei::charging_characteristics},
      {"PCO_IE", Iei::pco},
      {"RAND_IE", Iei::rand},
      {"SRES_IE", Iei::sres},
      {"KC_IE", Iei::kc},
      {"IK_IE", Iei::ik},
      {"CK_IE", Iei::ck},
      {"AUTN_IE", Iei::autn},
      {"AUTS_IE", Iei::auts},
      {"RES_IE", Iei::res},
      {"CN_DOMAIN_IE", Iei::cn_domain},
      {"SUPPORTED_RAT_TYPES_IE", Iei::supported_rat_types},
      {"CURRENT_RAT_TYPE_IE", Iei::current_rat_type},
      {"SESSION_ID_IE", Iei::session_id},
      {"SESSION_STATE_IE", Iei::session_state},
      {"SS_INFO_IE", Iei::ss_info},
      {"SM_RP_MR_IE", Iei::sm_rp_mr},
      {"SM_RP_DA_IE", Iei::sm_rp_da},
      {"SM_RP_OA_IE", Iei::sm_rp_oa},
      {"SM_RP_UI_IE", Iei::sm_rp_ui},
      {"SM_RP_CAUSE_IE", Iei::sm_rp_cause},
      {"SM_RP_MMS_IE", Iei::sm_rp_mms},
      {"SM_ALERT_RSN_IE", Iei::sm_alert_reason},
      {"IMEI_IE", Iei::imei},
      {"IMEI_RESULT_IE", Iei::imei_result},
      {"NUM_VECTORS_REQ_IE", Iei::num_vectors_requested},
      {"SOURCE_NAME_IE", Iei::source_name},
      {"DESTINATION_NAME_IE", Iei::destination_name},
      {"AN_APDU_IE", Iei::an_apdu},
      {"CAUSE_RR_IE", Iei::cause_rr},
      {"CAUSE_BSSAP_IE", Iei::cause_bssap},
      {"CAUSE_SM_IE", Iei::cause_sm},
  };
  const struct {
    std::string_view name;
    MessageType type;
  } types[] = {
      {"UPDATE_LOCATION_REQUEST", MessageType::update_location_request},
      {"UPDATE_LOCATION_ERROR", MessageType::update_location_error},
      {"UPDATE_LOCATION_RESULT", MessageType::update_location_result},
      {"SEND_AUTH_INFO_REQUEST", MessageType::send_auth_info_request},
      {"SEND_AUTH_INFO_ERROR", MessageType::send_auth_info_error},
      {"SEND_AUTH_INFO_RESULT", MessageType::send_auth_info_result},
      {"AUTH_FAIL_REPORT", MessageType::auth_fail_report},
      {"PURGE_MS_REQUEST", MessageType::purge_ms_request},
      {"PURGE_MS_ERROR", MessageType::purge_ms_error},
      {"PURGE_MS_RESULT", MessageType::purge_ms_result},
      {"INSERT_DATA_REQUEST", MessageType::insert_data_request},
      {"INSERT_DATA_ERROR", MessageType::insert_data_error},
      {"INSERT_DATA_RESULT", MessageType::insert_data_result},
      {"DELETE_DATA_REQUEST", MessageType::delete_data_request},
      {"DELETE_DATA_ERROR", MessageType::delete_data_error},
      {"DELETE_DATA_RESULT", MessageType::delete_data_result},
      {"LOCATION_CANCEL_REQUEST", MessageType::location_cancel_request},
      {"LOCATION_CANCEL_ERROR", MessageType::location_cancel_error},
      {"LOCATION_CANCEL_RESULT", MessageType::location_cancel_result},
      {"PROC_SS_REQUEST", MessageType::proc_ss_request},
      {"PROC_SS_ERROR", MessageType::proc_ss_error},
      {"PROC_SS_RESULT", MessageType::proc_ss_result},
      {"MO_FORWARD_SM_REQUEST", MessageType::mo_forward_sm_request},
      {"MO_FORWARD_SM_ERROR", MessageType::mo_forward_sm_error},
      {"MO_FORWARD_SM_RESULT", MessageType::mo_forward_sm_result},
      {"MT_FORWARD_SM_REQUEST", MessageType::mt_forward_sm_request},
      {"MT_FORWARD_SM_ERROR", MessageType::mt_forward_sm_error},
      {"MT_FORWARD_SM_RESULT", MessageType::mt_forward_sm_result},
      {"READY_FOR_SM_REQUEST", MessageType::ready_for_sm_request},
      {"READY_FOR_SM_ERROR", MessageType::ready_for_sm_error},
      {"READY_FOR_SM_RESULT", MessageType::ready_for_sm_result},
      {"CHECK_IMEI_REQUEST", MessageType::check_imei_request},
      {"CHECK_IMEI_ERROR", MessageType::check_imei_error},
      {"CHECK_IMEI_RESULT", MessageType::check_imei_result},
      {"E_PREPARE_HANDOVER_REQUEST", MessageType::e_prepare_handover_request},
      {"E_PREPARE_HANDOVER_ERROR", MessageType::e_prepare_handover_error},
      {"E_PREPARE_HANDOVER_RESULT", MessageType::e_prepare_handover_result},
      {"E_PREPARE_SUBSEQUENT_HANDOVER_REQUEST", MessageType::e_prepare_subsequent_handover_request},
      {"E_PREPARE_SUBSEQUENT_HANDOVER_ERROR", MessageType::e_prepare_subsequent_handover_error},
      {"E_PREPARE_SUBSEQUENT_HANDOVER_RESULT", MessageType::e_prepare_subsequent_handover_result},
      {"E_SEND_END_SIGNAL_REQUEST", MessageType::e_send_end_signal_request},
      {"E_SEND_END_SIGNAL_ERROR", MessageType::e_send_end_signal_error},
      {"E_SEND_END_SIGNAL_RESULT", MessageType::e_send_end_signal_result},
      {"E_PROCESS_ACCESS_SIGNALLING_REQUEST", MessageType::e_process_access_signalling_request},
      {"E_FORWARD_ACCESS_SIGNALLING_REQUEST", MessageType::e_forward_access_signalling_request},
      {"E_CLOSE", MessageType::e_close},
      {"E_ABORT", MessageType::e_abort},
      {"ROUTING_ERROR", MessageType::routing_error},
      {"EPDG_TUNNEL_REQUEST", MessageType::epdg_tunnel_request},
      {"EPDG_TUNNEL_ERROR", MessageType::epdg_tunnel_error},
      {"EPDG_TUNNEL_RESULT", MessageType::epdg_tunnel_result},
  };
  const auto file = json::parse(read_text_file("gsup.json"));
  REQUIRE(file.has_value());
  CHECK(file->find("iei")->as_object()->size() == std::size(ies));
  for (const auto& [name, iei] : ies) {
    CHECK_MESSAGE(file->find("iei")->integer_of(name) == static_cast<int>(iei), name);
  }
  CHECK(file->find("message_types")->as_object()->size() == std::size(types));
  for (const auto& [name, type] : types) {
    CHECK_MESSAGE(file->find("message_types")->integer_of(name) == static_cast<int>(type), name);
    CHECK(name_of(type) != "unknown");
  }
  CHECK(name_of(static_cast<MessageType>(0x7c)) == "unknown");
}

TEST_CASE("every vector of libosmocore parses and is written again byte for byte") {
  const auto vectors = load_vectors();
  CHECK(vectors.size() == 40);
  for (const Vector& vector : vectors) {
    CAPTURE(vector.name);
    const auto message = parse_message(vector.bytes);
    REQUIRE(message.has_value());
    CHECK(message->imsi.text() == "123456789012345");
    CHECK(message->unknown.empty());
    uint8_t out[message_octets_max];
    const auto written = write_message(*message, out);
    REQUIRE(written.has_value());
    CHECK(to_hex(*written) == to_hex(vector.bytes));
  }
}

TEST_CASE("the fields of the vectors are where they belong") {
  const auto vectors = load_vectors();
  const auto get = [&](std::string_view name) {
    const auto message = parse_message(find_vector(vectors, name).bytes);
    REQUIRE(message.has_value());
    return *message;
  };
  const Message located = get("Update Location Result");
  CHECK(located.type == MessageType::update_location_result);
  CHECK(parse_number(located.msisdn)->text() == "491664234234");
  CHECK(to_hex(located.hlr_number) == "91835238488393");
  CHECK(located.pdp_info_complete);
  REQUIRE(located.pdp_infos.size() == 2);
  CHECK(located.pdp_infos[0].context_id == 1);
  CHECK(to_hex(located.pdp_infos[0].address) == "f121");
  CHECK(to_hex(located.pdp_infos[0].charging_characteristics) == "ff23");
  CHECK(to_hex(located.charging_characteristics) == "aeff");
  char apn[64];
  CHECK(parse_access_point_name(located.pdp_infos[0].access_point_name, apn) == "test.apn");

  const Message umts = get("Send Authentication Info Result with IK, CK, AUTN and RES (UMTS)");
  REQUIRE(umts.auth_tuples.size() == 2);
  CHECK(to_hex(umts.auth_tuples[0].rand) == "0102030405060708090a0b0c0d0e0f10");
  CHECK(to_hex(umts.auth_tuples[1].kc) == "c1c2c3c4c5c6c7c8");
  CHECK(to_hex(*umts.auth_tuples[1].autn) ==
        "f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
        "f0");
  CHECK(to_hex(umts.auth_tuples[1].res) == "9192939495969798");

  const Message resync = get("Send Authentication Info Request with AUTS and RAND (UMTS)");
  CHECK(to_hex(*resync.auts) == "0102030405060708090a0b0c0d0e");
  CHECK(to_hex(*resync.rand) == "0102030405060708090a0b0c0d0e0f10");
  CHECK(get("Send Authentication Info Request (10 Vectors)").num_vectors_requested == 10);
  CHECK(get("Send Authentication Info Request").message_class ==
        MessageClass::subscriber_management);
  CHECK(get("Update Location Error").cause == 7);
  CHECK(get("Location Cancellation Request").cancel_type == CancelType::update_procedure);
  CHECK(get("Purge MS Result").freeze_ptmsi);
  CHECK(get("SS/USSD processUnstructuredSS-Request / Invoke").session_id == 0xdeadbeef);
  CHECK(get("SS/USSD processUnstructuredSS-Request / ReturnResult").session_state ==
        SessionState::end);
  const Message mt = get("MT-ForwardSM (MSC -> SMSC) Request");
  CHECK(mt.sm_rp_mr == 0xfa);
  CHECK(mt.sm_rp_mms == 1);
  CHECK(to_hex(mt.sm_rp_ui) == "deadbeef");
  CHECK((*mt.sm_rp_da)[0] == static_cast<uint8_t>(SmAddressType::imsi));
  CHECK(to_hex(*get("MO-ForwardSM (MSC -> SMSC) Request").sm_rp_oa) == "ff");
  CHECK(get("MO-/MT-ForwardSM Error").sm_rp_cause == 0xaf);
  CHECK(get("ReadyForSM (MSC -> SMSC) Indication").sm_alert_reason == 2);
  CHECK(to_hex(get("Check IMEI Request").imei) == "424242424242424242");
  CHECK(get("Check IMEI Result").imei_result == 0);
  const Message handover = get("E Prepare Handover Request");
  CHECK(text_of(handover.source_name) == std::string_view("MSC-A"));
  CHECK(text_of(handover.destination_name) == std::string_view("MSC-B"));
  CHECK(to_hex(handover.an_apdu) == "0142424242");
  CHECK(handover.message_class == MessageClass::inter_msc);
  CHECK(get("E Prepare Handover Error").cause_bssap == 0x51);
}

// Frames that went over the wire between a VLR and osmo-hlr: "[VLR-A] > 00 01 …". Those to the HLR
// are a script's, with an order of IEs of its own.
struct Frame {
  Bytes bytes;
  bool from_hlr;
};
std::vector<Frame> load_transcript() {
  std::vector<Frame> frames;
  std::stringstream lines(read_text_file("gsup_osmo_hlr_transcript.txt"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("[VLR-")) continue;
    const size_t mark = line.find_first_of("<>");
    if (mark == line.npos) continue;
    frames.push_back({from_hex(line.substr(mark + 1)), line[mark] == '<'});
  }
  return frames;
}

TEST_CASE("every frame of a conversation with osmo-hlr parses and is written again") {
  size_t messages = 0, identities = 0;
  for (const auto& [frame, from_hlr] : load_transcript()) {
    CAPTURE(to_hex(frame));
    const auto ipa = parse_ipa_frame(frame);
    REQUIRE(ipa.has_value());
    CHECK(ipa->octets == frame.size());
    uint8_t payload[message_octets_max];
    uint8_t out[message_octets_max];
    if (ipa->protocol == static_cast<uint8_t>(IpaProtocol::ccm)) {
      const auto ccm = parse_ccm(ipa->payload);
      REQUIRE(ccm.has_value());
      if (ccm->type == CcmType::id_resp) {
        ++identities;
        const auto name = find(ccm->identity, IdentityTag::serial_number);
        CHECK((name == "VLR-A" || name == "VLR-B"));
      }
      const auto written = write_ipa_frame(IpaProtocol::ccm, *write_ccm(*ccm, payload), out);
      CHECK(to_hex(*written) == to_hex(frame));
      continue;
    }
    REQUIRE(ipa->payload[0] == static_cast<uint8_t>(OsmoExtension::gsup));
    const auto message = parse_message(ipa->payload.subspan(1));
    REQUIRE(message.has_value());
    ++messages;
    const auto written =
        write_osmo_frame(OsmoExtension::gsup, *write_message(*message, payload), out);
    CHECK(written->size() == frame.size());
    if (from_hlr) CHECK(to_hex(*written) == to_hex(frame));
    if (message->type == MessageType::insert_data_request) {
      CHECK(parse_number(message->msisdn)->text() == "491700000001");
    }
  }
  CHECK(messages == 23);
  CHECK(identities == 2);
}

TEST_CASE("every truncation of every vector is an error, except between two IEs") {
  for (const Vector& vector : load_vectors()) {
    CAPTURE(vector.name);
    // Where an IE ends, by a walk of its own.
    std::vector<bool> boundary(vector.bytes.size() + 1);
    for (size_t at = 1; at < vector.bytes.size(); at += 2u + vector.bytes[at + 1]) {
      boundary[at] = true;
    }
    for (size_t size = 0; size < vector.bytes.size(); ++size) {
      const auto cut = parse_message(ByteView(vector.bytes).first(size));
      const bool holds_imsi = size > 10;
      CHECK(cut.has_value() == (boundary[size] && holds_imsi));
      if (!cut.has_value()) CHECK(cut.error().offset <= size);
    }
  }
}

TEST_CASE("no change of one octet does harm, and what still parses can be written") {
  for (const Vector& vector : load_vectors()) {
    for (size_t at = 0; at < vector.bytes.size(); ++at) {
      for (unsigned value = 0; value < 256; ++value) {
        Bytes changed = vector.bytes;
        changed[at] = static_cast<uint8_t>(value);
        const auto message = parse_message(changed);
        if (!message.has_value()) continue;
        uint8_t out[message_octets_max];
        const auto written = write_message(*message, out);
        REQUIRE(written.has_value());
        const auto again = parse_message(*written);
        REQUIRE(again.has_value());
        REQUIRE(again->imsi == message->imsi);
        REQUIRE(again->auth_tuples.size() == message->auth_tuples.size());
      }
    }
  }
}

TEST_CASE("IEs of a wrong size, too many vectors and a missing IMSI are refused where they stand") {
  const auto refused = [](std::string_view hex, ErrorCode code, uint32_t offset) {
    CAPTURE(hex);
    const auto message = parse_message(from_hex(hex));
    REQUIRE(!message.has_value());
    CHECK(name_of(message.error().code) == name_of(code));
    CHECK(message.error().offset == offset);
  };
  const std::string imsi = "010821436587092143f5";
  refused("", ErrorCode::truncated, 0);
  refused("08", ErrorCode::bad_value, 1);  // no IMSI
  refused("08280101", ErrorCode::bad_value, 1);
  refused("080101f1", ErrorCode::bad_length, 3);  // one digit is no IMSI
  refused(
      "0801082143658709214a"
      "f5",
      ErrorCode::bad_value, 9);                                  // a digit that is none
  refused("08" + imsi + "28020101", ErrorCode::bad_length, 13);  // CN domain of two octets
  refused("08" + imsi + "2800", ErrorCode::bad_length, 13);
  refused("08" + imsi + "260d" + std::string(26, '0'), ErrorCode::bad_length, 13);
  refused("08" + imsi + "3003000000", ErrorCode::bad_length, 13);
  refused("0a" + imsi +
              "0304"
              "2011"
              "0000",
          ErrorCode::truncated, 15);  // inside of a vector
  refused("0a" + imsi +
              "0306"
              "210300"
              "0000"
              "00",
          ErrorCode::bad_length, 15);
  refused("0a" + imsi +
              "0313"
              "2711" +
              std::string(34, '0'),
          ErrorCode::bad_length, 15);
  std::string six = "0a" + imsi;
  for (int i = 0; i < 6; ++i) six += "0300";
  refused(six, ErrorCode::too_large, 11 + 5 * 2 + 2);
  std::string eleven = "10" + imsi;
  for (int i = 0; i < 11; ++i) eleven += "0500";
  refused(eleven, ErrorCode::too_large, 11 + 10 * 2 + 2);
}

TEST_CASE("unknown IEs are kept, those beyond the limit counted") {
  std::string hex = "10010821436587092143f5";
  for (int i = 0; i < 10; ++i) hex += "e00" + std::to_string(i % 2) + (i % 2 ? "aa" : "");
  const Bytes bytes = from_hex(hex);
  const auto message = parse_message(bytes);
  REQUIRE(message.has_value());
  CHECK(message->unknown.size() == unknown_ies_max);
  CHECK(message->unknown_skipped == 2);
  CHECK(message->unknown[1].tag == 0xe0);
  CHECK(to_hex(message->unknown[1].value) == "aa");
}

TEST_CASE("D6: the hotline goes in an IE of its own, in the form of an MSISDN") {
  uint8_t number[number_octets_max];
  Message message;
  message.type = MessageType::insert_data_request;
  message.imsi = *Imsi::parse("901700000000001");
  message.hotline = *write_number(*Msisdn::parse("49170000001"), number);
  uint8_t out[message_octets_max];
  const auto written = write_message(message, out);
  REQUIRE(written.has_value());
  CHECK(to_hex(*written) ==
        "1001080971000000"
        "0000f1"
        "f00706947100000"
        "0f1");
  const auto again = parse_message(*written);
  REQUIRE(again.has_value());
  CHECK(parse_number(again->hotline)->text() == "49170000001");
}

TEST_CASE("numbers: both forms are read, contradictions are not") {
  CHECK(parse_number(from_hex("06947100000010"))->text() == "491700000001");
  CHECK(parse_number(from_hex("91947100000010"))->text() == "491700000001");
  CHECK(parse_number(from_hex("05947100000010")).error().code == ErrorCode::bad_length);
  CHECK(parse_number({}).error().code == ErrorCode::truncated);
  CHECK(parse_number(from_hex("00")).error().code == ErrorCode::bad_length);
  CHECK(parse_number(from_hex("01fa")).error().code == ErrorCode::bad_value);
  CHECK(!parse_number(from_hex("092143658709214365"
                               "87"))
             .has_value());  // 18 digits
  uint8_t small[3];
  CHECK(write_number(*Msisdn::parse("12345"), small).error().code == ErrorCode::no_space);
  CHECK(to_hex(*write_number(*Msisdn::parse("1234"), small)) == "022143");
}

TEST_CASE("access point names") {
  uint8_t value[100];
  CHECK(to_hex(*write_access_point_name("*", value)) == "012a");
  CHECK(to_hex(*write_access_point_name("a.bc", value)) == "0161026263");
  CHECK(write_access_point_name("", value).error().code == ErrorCode::bad_value);
  CHECK(write_access_point_name("a..b", value).error() == fail(ErrorCode::bad_value, 2));
  CHECK(write_access_point_name("a.", value).error() == fail(ErrorCode::bad_value, 2));
  CHECK(!write_access_point_name(std::string(64, 'a'), value).has_value());
  char text[8];
  CHECK(parse_access_point_name(from_hex("0161026263"), text) == "a.bc");
  CHECK(parse_access_point_name(from_hex("0161036263"), text).error() ==
        fail(ErrorCode::truncated, 3));
  CHECK(!parse_access_point_name(from_hex("00"), text).has_value());
  CHECK(!parse_access_point_name({}, text).has_value());
  CHECK(parse_access_point_name(from_hex("09" + std::string(18, '6')), text).error().code ==
        ErrorCode::no_space);
}

TEST_CASE("writing fails cleanly when there is no room, at every size") {
  const auto vectors = load_vectors();
  for (const Vector& vector : vectors) {
    const auto message = parse_message(vector.bytes);
    std::vector<uint8_t> out(vector.bytes.size());
    for (size_t size = 0; size < out.size(); ++size) {
      const auto written = write_message(*message, MutableByteView(out).first(size));
      REQUIRE(!written.has_value());
      REQUIRE(written.error().code == ErrorCode::no_space);
    }
    CHECK(write_message(*message, out).has_value());
  }
}

TEST_CASE("a value longer than an IE can hold is refused, not cut") {
  const Bytes long_value(256, 0x41);
  Message message;
  message.type = MessageType::proc_ss_request;
  message.imsi = *Imsi::parse("901700000000001");
  message.ss_info = long_value;
  uint8_t out[message_octets_max];
  CHECK(write_message(message, out).error().code == ErrorCode::bad_length);
  message.ss_info = ByteView(long_value).first(255);
  CHECK(write_message(message, out).has_value());
  // Nested: the whole PDP info must fit one IE.
  message.pdp_infos.push_back({.context_id = 1, .access_point_name = message.ss_info});
  CHECK(write_message(message, out).error().code == ErrorCode::bad_length);
}

}  // namespace
}  // namespace simurgh::gsup
