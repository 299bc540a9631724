// The data objects of one toolkit message, looked up by tag while it is parsed, and the codings of
// single objects that several messages share. Part of this library's inside.
#pragma once

#include <optional>

#include "formats/toolkit/data_objects.h"

namespace simurgh::toolkit {

// More objects than any message needs; SET UP MENU has 32 items and few others.
constexpr size_t objects_max = 48;

// Objects in the order of the message. Each is taken at most once; what nobody took was not
// understood, and decides with its comprehension bit (TS 102 223 6.10).
class ObjectList {
 public:
  // too_large above objects_max, and the faults of read_comprehension.
  static Result<ObjectList> parse(ByteView input);

  // The next object with the tag that was not taken yet.
  std::optional<ByteView> take(tlv::ComprehensionTag tag);
  // As above; not_found when there is none.
  Result<ByteView> require(tlv::ComprehensionTag tag);
  // Empty when there is none.
  ByteView take_or_empty(tlv::ComprehensionTag tag) { return take(tag).value_or(ByteView()); }
  // Whether the next object with tag `first` stands before the next one with tag `second`.
  bool is_before(tlv::ComprehensionTag first, tlv::ComprehensionTag second) const;

  // unsupported when an object whose comprehension is required was not taken.
  Result<void> expect_understood() const;

 private:
  struct Entry {
    tlv::ComprehensionElement element;
    bool taken = false;
  };
  const Entry* find(tlv::ComprehensionTag tag) const;
  std::array<Entry, objects_max> entries_;
  size_t count_ = 0;
};

// bad_length unless the value has one octet, or two.
Result<uint8_t> parse_octet(ByteView value);
Result<uint16_t> parse_u16(ByteView value);

struct DeviceIdentities {
  Device source = Device::uicc;
  Device destination = Device::terminal;
};
Result<DeviceIdentities> parse_devices(ByteView value);
void write_devices(DeviceIdentities devices, tlv::ComprehensionWriter& out);

Result<Interval> parse_interval(ByteView value);
void write_interval(Interval interval, tlv::ComprehensionWriter& out);

Result<Text> parse_text(ByteView value);
void write_text(const Text& text, tlv::ComprehensionTag tag, tlv::Comprehension comprehension,
                tlv::ComprehensionWriter& out);

Result<TimerValue> parse_timer_value(ByteView value);
void write_timer_value(TimerValue value, tlv::ComprehensionWriter& out);

Result<BearerDescription> parse_bearer(ByteView value);
void write_bearer(const BearerDescription& bearer, tlv::ComprehensionWriter& out);

Result<TransportLevel> parse_transport(ByteView value);
Result<OtherAddress> parse_other_address(ByteView value);
void write_other_address(const OtherAddress& address, tlv::ComprehensionWriter& out);

Result<ChannelStatus> parse_channel_status(ByteView value);
void write_channel_status(const ChannelStatus& status, tlv::ComprehensionWriter& out);

// An object that is left away when its value is empty.
void write_unless_empty(tlv::ComprehensionTag tag, ByteView value, tlv::ComprehensionWriter& out,
                        tlv::Comprehension comprehension = tlv::Comprehension::required);

// 1…timers_max, else bad_value.
Result<uint8_t> parse_timer(ByteView value);

}  // namespace simurgh::toolkit
