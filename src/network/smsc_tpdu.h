// Between short messages in SMPP and TPDUs on the air (3GPP TS 23.040, TS 23.038), for the SMSC:
// addresses, codings, user data.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "formats/smpp/pdu.h"
#include "formats/sms/tpdu.h"

namespace simurgh::network {

struct SmppAddress {
  uint8_t ton = 0;
  uint8_t npi = 0;
  std::string digits = {};

  smpp::Address view() const { return {ton, npi, digits}; }
  static SmppAddress of(const smpp::Address& address) {
    return {address.ton, address.npi, std::string(address.digits)};
  }
};

// What a short message is on the air, whichever way it goes.
struct AirMessage {
  bool has_user_data_header = false;
  uint8_t protocol_identifier = 0;
  uint8_t data_coding = 0;              // of TS 23.038
  uint8_t length = 0;                   // TP-UDL: septets or octets
  std::vector<uint8_t> user_data = {};  // packed where it is septets
};

// From submit_sm. Septets of data_coding 0 are packed; sar_… parameters become a concatenation
// header. too_large when it does not fit one message, bad_value for text outside of the alphabet.
Result<AirMessage> air_message_of(const smpp::ShortMessage& message);
// The content of a deliver_sm for user data from the air (septets unpacked), at most 160 octets.
Result<std::vector<uint8_t>> smpp_content_of(const AirMessage& message);

// bad_value for an address that cannot be one on the air.
Result<sms::Address> air_address_of(const smpp::Address& address);
Result<SmppAddress> smpp_address_of(const sms::Address& address);

Result<std::vector<uint8_t>> write_deliver_tpdu(const AirMessage& message,
                                                const sms::Address& originator, bool more,
                                                Instant now);

}  // namespace simurgh::network
