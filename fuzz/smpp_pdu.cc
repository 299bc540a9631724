// link: simurgh_formats_smpp
#include "formats/smpp/pdu.h"

#include <vector>

#include "formats/smpp/receipt.h"
#include "formats/smpp/time.h"
#include "rewrite.h"

using namespace simurgh;

// The first octet chooses: 0 the bytes as they are, 1 with a command_length that is right (so that
// fuzzing gets behind it), 2 the text of a receipt, 3 a time.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const uint8_t mode = data[0] & 3;
  std::vector<uint8_t> bytes(data + 1, data + size);
  if (mode == 2) {
    const auto receipt = smpp::parse_receipt_text(text_of(bytes));
    if (receipt) SIMURGH_CHECK(receipt->message_id.size() <= smpp::message_id_chars_max);
    return 0;
  }
  if (mode == 3) {
    const auto time = smpp::parse_time(text_of(bytes), Instant{1'767'323'045'000});
    if (time && time->ms >= 0) static_cast<void>(smpp::write_absolute_time(*time).has_value());
    return 0;
  }
  if (mode == 1 && bytes.size() >= 4) {
    for (size_t i = 0; i < 4; ++i) {
      bytes[i] = static_cast<uint8_t>(bytes.size() >> (24 - 8 * i));
    }
  }
  static_cast<void>(smpp::parse_length(bytes).has_value());
  const auto pdu = smpp::parse_pdu(bytes);
  if (!pdu) {
    static_cast<void>(smpp::status_for(pdu.error()));
    return 0;
  }
  // What parses is written to the very same bytes; but an answer with an error status that has an
  // empty id may as well have no body.
  std::vector<uint8_t> out(bytes.size());
  const auto written = smpp::write_pdu(pdu->header, pdu->body, out);
  SIMURGH_CHECK(written.has_value());
  const bool bare_error = smpp::is_response(pdu->header.id) &&
                          pdu->header.status != smpp::Status::ok &&
                          written->size() == smpp::header_octets;
  SIMURGH_CHECK(bare_error || equal(*written, bytes));
  if (const auto* message = std::get_if<smpp::ShortMessage>(&pdu->body)) {
    SIMURGH_CHECK(message->short_message.size() <= smpp::short_message_octets_max);
    SIMURGH_CHECK(message->destination.digits.size() <= smpp::address_chars_max);
    static_cast<void>(smpp::parse_receipt(*message).has_value());
    message->tlvs.for_each([](const smpp::Tlv&) {});
  }
  return 0;
}
