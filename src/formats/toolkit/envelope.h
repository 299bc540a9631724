// Envelopes (ETSI TS 102 223 7, 3GPP TS 31.111 7): what the terminal tells the chip, and the
// chip's answers to those that want one. Body of the ENVELOPE APDU.
#pragma once

#include <variant>

#include "formats/toolkit/data_objects.h"

namespace simurgh::toolkit {

constexpr size_t envelope_octets_max = 255;

// SMS-PP download, tag D1 (TS 31.111 7.1.1).
struct SmsPpDownload {
  ByteView address;  // of the service centre: TON/NPI and BCD; may be empty
  ByteView tpdu;     // SMS-DELIVER
};
// Menu selection, tag D3 (7.2).
struct MenuSelection {
  uint8_t item_identifier = 0;
  bool help_requested = false;
};
// Call control, tag D4 (7.3.1): exactly one of address, ss_string, ussd_string.
struct CallControl {
  ByteView address;
  ByteView ss_string;
  ByteView ussd_string;
  ByteView capability_configuration;
  ByteView subaddress;
  ByteView location_information;
};
// MO short message control, tag D5 (TS 31.111 7.3.2).
struct ShortMessageControl {
  ByteView service_centre;  // RP-destination address
  ByteView destination;     // TP-destination address
  ByteView location_information;
};
// Timer expiration, tag D7 (7.4).
struct TimerExpiration {
  uint8_t timer = 1;
  TimerValue value;  // time that really passed
};
// Event download, tag D6 (7.5).
struct LocationStatusEvent {
  LocationStatus status = LocationStatus::normal;
  ByteView location_information;  // when normal
};
struct DataAvailableEvent {
  ChannelStatus channel;
  uint8_t octets = 0;  // FF: more than 255
};
struct ChannelStatusEvent {
  ChannelStatus channel;
};
// Any other event: its code alone, the rest is skipped when read.
struct OtherEvent {
  uint8_t event = 0;
};

using Envelope =
    std::variant<SmsPpDownload, MenuSelection, CallControl, ShortMessageControl, TimerExpiration,
                 LocationStatusEvent, DataAvailableEvent, ChannelStatusEvent, OtherEvent>;

// unsupported for other envelope tags; not_found for a mandatory object that is missing.
Result<Envelope> parse_envelope(ByteView bytes);
Result<ByteView> write_envelope(const Envelope& envelope, MutableByteView out);

// The chip's answer to call control and to short message control (7.3.1.6).
struct ControlAnswer {
  enum class Verdict : uint8_t { allowed = 0x00, not_allowed = 0x01, modified = 0x02 };
  Verdict verdict = Verdict::allowed;
  ByteView address;         // modified: called number, or service centre
  ByteView second_address;  // modified: TP-destination of a short message
  ByteView alpha;
};
// No data at all means allowed (7.3.1.6).
Result<ControlAnswer> parse_control_answer(ByteView bytes);
Result<ByteView> write_control_answer(const ControlAnswer& answer, MutableByteView out);

}  // namespace simurgh::toolkit
