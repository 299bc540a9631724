// Optional parameters (TLV) of SMPP 3.4 (5.3): tag and length in two octets each.
//
// Tlvs is a view of a stretch of bytes that parse_pdu has checked, or that TlvWriter made.
#pragma once

#include <optional>

#include "base/reader.h"

namespace simurgh::smpp {

// 5.3.2. Values of 0x1400 to 0x3fff are a vendor's; a Tag may hold one without a name here.
enum class Tag : uint16_t {
  destination_addr_subunit = 0x0005,
  source_addr_subunit = 0x000d,
  payload_type = 0x0019,
  additional_status_text = 0x001d,
  receipted_message_id = 0x001e,
  ms_msg_wait_facilities = 0x0030,
  privacy_indicator = 0x0201,
  user_message_reference = 0x0204,
  user_response_code = 0x0205,
  source_port = 0x020a,
  destination_port = 0x020b,
  sar_msg_ref_num = 0x020c,
  language_indicator = 0x020d,
  sar_total_segments = 0x020e,
  sar_segment_seqnum = 0x020f,
  sc_interface_version = 0x0210,
  network_error_code = 0x0423,
  message_payload = 0x0424,
  delivery_failure_reason = 0x0425,
  more_messages_to_send = 0x0426,
  message_state = 0x0427,
  alert_on_message_delivery = 0x130c,
};

struct Tlv {
  Tag tag{};
  ByteView value;
};

// Any number of TLVs, one after the other. Going through them never reads past the end: bytes
// that do not hold a whole TLV end the walk (parse_pdu refuses them beforehand).
class Tlvs {
 public:
  Tlvs() = default;
  explicit Tlvs(ByteView raw) : raw_(raw) {}

  // truncated with its offset, unless `raw` holds whole TLVs.
  static Result<Tlvs> parse(ByteView raw);

  ByteView raw() const { return raw_; }
  bool empty() const { return raw_.empty(); }

  // The first with this tag.
  std::optional<ByteView> find(Tag tag) const;
  // The same as a number of that many octets; nothing when absent or of another length.
  std::optional<uint8_t> u8(Tag tag) const;
  std::optional<uint16_t> u16(Tag tag) const;
  std::optional<uint32_t> u32(Tag tag) const;
  // A C-octet string: the text up to its NUL, which may be missing (seen in the field).
  std::optional<std::string_view> text(Tag tag) const;

  template <typename Visitor>
  void for_each(Visitor visit) const {
    Reader reader(raw_);
    while (reader.remaining() >= 4) {
      const auto tag = static_cast<Tag>(*reader.u16());
      const auto value = reader.prefixed16();
      if (!value.has_value()) return;
      visit(Tlv{tag, *value});
    }
  }

 private:
  ByteView raw_;
};

// Puts TLVs together in a buffer of the caller.
class TlvWriter {
 public:
  explicit TlvWriter(MutableByteView out) : writer_(out) {}
  TlvWriter& add(Tag tag, ByteView value);
  TlvWriter& add_u8(Tag tag, uint8_t value);
  TlvWriter& add_u16(Tag tag, uint16_t value);
  TlvWriter& add_u32(Tag tag, uint32_t value);
  TlvWriter& add_text(Tag tag, std::string_view text);  // with its NUL
  bool failed() const { return writer_.failed(); }
  // Checks that all fitted; the buffer must outlive what is returned.
  Tlvs tlvs() const {
    SIMURGH_CHECK(!writer_.failed());
    return Tlvs(writer_.written());
  }

 private:
  Writer writer_;
};

}  // namespace simurgh::smpp
