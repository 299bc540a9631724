#include "network/smsc_tpdu.h"

#include "formats/sms/gsm7.h"

namespace simurgh::network {
namespace {

// data_coding of SMPP (5.2.19).
constexpr uint8_t coding_default = 0x00, coding_ascii = 0x01, coding_octets = 0x02,
                  coding_latin_1 = 0x03, coding_octets_too = 0x04, coding_ucs2 = 0x08,
                  coding_gsm_class = 0xc0;
constexpr uint8_t dcs_ucs2 = 0x08;

uint8_t dcs_of(uint8_t data_coding) {
  if (data_coding >= coding_gsm_class) return data_coding;  // TS 23.038 as it is
  switch (data_coding) {
    case coding_default:
    case coding_ascii:
    case coding_latin_1: return sms::dcs_default_alphabet;
    case coding_ucs2: return dcs_ucs2;
    case coding_octets:
    case coding_octets_too:
    default: return sms::dcs_octets;
  }
}

// Segmentation parameters as a header: UDHL, concatenation with 16-bit reference.
Result<std::vector<uint8_t>> header_of(const smpp::Tlvs& tlvs) {
  const auto reference = tlvs.u16(smpp::Tag::sar_msg_ref_num);
  const auto total = tlvs.u8(smpp::Tag::sar_total_segments);
  const auto sequence = tlvs.u8(smpp::Tag::sar_segment_seqnum);
  std::vector<uint8_t> header;
  if (!reference.has_value() || !total.has_value() || !sequence.has_value()) return header;
  sms::UserDataHeader fields;
  fields.concatenation = sms::Concatenation{
      .reference = *reference, .reference_16_bit = true, .total = *total, .sequence = *sequence};
  uint8_t buffer[16];
  const ByteView written = TRY(sms::write_user_data_header(fields, buffer));
  header.assign(written.begin(), written.end());
  return header;
}

// One octet a septet: the SMSC's default alphabet in SMPP.
Result<std::vector<uint8_t>> septets_of(ByteView content, uint8_t data_coding) {
  std::vector<uint8_t> septets(content.begin(), content.end());
  if (data_coding != coding_ascii && data_coding != coding_latin_1) return septets;
  std::string utf8;
  for (const uint8_t octet : content) {
    if (octet < 0x80) {
      utf8 += static_cast<char>(octet);
    } else {
      utf8 += static_cast<char>(0xc0 | octet >> 6);
      utf8 += static_cast<char>(0x80 | (octet & 0x3f));
    }
  }
  septets.resize(content.size() * 2);  // some take an escape
  const ByteView written = TRY(sms::septets_of_text(utf8, septets));
  septets.resize(written.size());
  return septets;
}

Result<void> pack(AirMessage& air, const std::vector<uint8_t>& header, ByteView septets) {
  const size_t fill_bits = header.empty() ? 0 : sms::fill_bits_after(header.size());
  const size_t length =
      (header.empty() ? 0 : sms::septets_of_header(header.size())) + septets.size();
  if (length > sms::user_data_septets_max) return ErrorCode::too_large;
  air.length = static_cast<uint8_t>(length);
  std::vector<uint8_t> packed(sms::packed_octets(septets.size(), fill_bits));
  TRY(sms::pack_septets(septets, fill_bits, packed));
  air.user_data = header;
  air.user_data.insert(air.user_data.end(), packed.begin(), packed.end());
  return {};
}

}  // namespace

Result<AirMessage> air_message_of(const smpp::ShortMessage& message) {
  AirMessage air;
  air.protocol_identifier = message.protocol_id;
  air.data_coding = dcs_of(message.data_coding);
  ByteView content = message.content();
  std::vector<uint8_t> header;
  if ((message.esm_class & smpp::esm_class::udhi) != 0) {
    // The header is at the beginning of the content.
    const auto parsed = sms::parse_user_data_header(content);
    if (!parsed.has_value()) return parsed.error();
    header.assign(content.begin(), content.begin() + static_cast<ptrdiff_t>(parsed->octets));
    content = content.subspan(parsed->octets);
  } else {
    header = TRY(header_of(message.tlvs));
  }
  air.has_user_data_header = !header.empty();
  if (sms::alphabet_of(air.data_coding) == sms::Alphabet::septets) {
    const std::vector<uint8_t> septets = TRY(septets_of(content, message.data_coding));
    TRY(pack(air, header, septets));
    return air;
  }
  if (header.size() + content.size() > sms::user_data_octets_max) return ErrorCode::too_large;
  air.user_data = std::move(header);
  air.user_data.insert(air.user_data.end(), content.begin(), content.end());
  air.length = static_cast<uint8_t>(air.user_data.size());
  return air;
}

Result<std::vector<uint8_t>> smpp_content_of(const AirMessage& message) {
  if (sms::alphabet_of(message.data_coding) != sms::Alphabet::septets) return message.user_data;
  std::vector<uint8_t> content;
  ByteView packed(message.user_data);
  size_t septets = message.length;
  size_t fill_bits = 0;
  if (message.has_user_data_header) {
    const size_t header = TRY(sms::parse_user_data_header(packed)).octets;
    content.assign(packed.begin(), packed.begin() + static_cast<ptrdiff_t>(header));
    packed = packed.subspan(header);
    fill_bits = sms::fill_bits_after(header);
    const size_t header_septets = sms::septets_of_header(header);
    if (septets < header_septets) return ErrorCode::bad_length;
    septets -= header_septets;
  }
  uint8_t unpacked[sms::user_data_septets_max];
  const ByteView text = TRY(sms::unpack_septets(packed, septets, fill_bits, unpacked));
  content.insert(content.end(), text.begin(), text.end());
  return content;
}

Result<sms::Address> air_address_of(const smpp::Address& address) {
  constexpr uint8_t ton_max = 6;  // 5.2.5 has the values of TS 23.040 9.1.2.5
  if (address.ton > ton_max) return ErrorCode::bad_value;
  if (address.ton == smpp::ton::alphanumeric) {
    uint8_t septets[2 * smpp::address_chars_max];
    return sms::Address::of_septets(TRY(sms::septets_of_text(address.digits, septets)));
  }
  return sms::Address::of_digits(address.digits, static_cast<sms::TypeOfNumber>(address.ton),
                                 static_cast<sms::NumberingPlan>(address.npi & 0x0f));
}

Result<SmppAddress> smpp_address_of(const sms::Address& address) {
  char digits[sms::address_digits_max];
  return SmppAddress{static_cast<uint8_t>(address.type), static_cast<uint8_t>(address.plan),
                     std::string(TRY(address.digits(digits)))};
}

Result<std::vector<uint8_t>> write_deliver_tpdu(const AirMessage& message,
                                                const sms::Address& originator, bool more,
                                                Instant now) {
  sms::Deliver deliver;
  deliver.more_messages_to_send = more;
  deliver.has_user_data_header = message.has_user_data_header;
  deliver.originator = originator;
  deliver.protocol_identifier = message.protocol_identifier;
  deliver.data_coding = message.data_coding;
  // A simulated world may begin before 2000, of which there is no time stamp.
  deliver.service_centre_time = sms::Timestamp::of(now).value_or(sms::Timestamp{});
  deliver.user_data = {message.length, message.user_data};
  std::vector<uint8_t> tpdu(sms::tpdu_octets_max);
  tpdu.resize(TRY(sms::write_deliver(deliver, tpdu)).size());
  return tpdu;
}

}  // namespace simurgh::network
