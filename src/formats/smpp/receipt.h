// Delivery receipts (SMPP 3.4 appendix B and 5.3.2): the text that SMSCs put into deliver_sm,
//
//   id:IIIIIIIIII sub:SSS dlvrd:DDD submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DDDDDDD
//   err:E Text: …
//
// and the TLVs receipted_message_id and message_state, which win where both are there. A receipt
// is what an SMSC says; only a MACed answer of the chip proves anything (threats 31).
#pragma once

#include "formats/smpp/pdu.h"

namespace simurgh::smpp {

constexpr size_t receipt_text_octets_max = short_message_octets_max;

struct Receipt {
  std::string_view message_id = {};
  uint16_t submitted = 0;             // messages that were sent …
  uint16_t delivered = 0;             // … and those of them that arrived
  std::string_view submit_date = {};  // as written, YYMMDDhhmm or with seconds; may be empty
  std::string_view done_date = {};
  MessageState state = MessageState::unknown;
  std::string_view error = {};  // as written: numbers, but some networks have letters
  std::string_view text = {};   // the first characters of the message
};

// Fields may come in any order and letter case, and be left out; without an id it is bad_value.
// Views into `text`.
Result<Receipt> parse_receipt_text(std::string_view text);

// Of a deliver_sm whose esm_class says that it is a receipt; not_found when it does not say so.
Result<Receipt> parse_receipt(const ShortMessage& deliver);

Result<std::string_view> write_receipt_text(const Receipt& receipt, std::span<char> out);

}  // namespace simurgh::smpp
