#include "formats/toolkit/object_list.h"

namespace simurgh::toolkit {

using tlv::Comprehension;
using tlv::ComprehensionTag;
using tlv::ComprehensionWriter;

namespace {

uint8_t swapped_bcd(uint8_t value) {
  return static_cast<uint8_t>(value % 10 << 4 | value / 10);
}

Result<uint8_t> parse_swapped_bcd(uint8_t octet, uint8_t value_max, size_t offset) {
  const uint8_t tens = octet & 0x0f;
  const auto ones = static_cast<uint8_t>(octet >> 4);
  const auto value = static_cast<uint8_t>(tens * 10 + ones);
  if (tens > 9 || ones > 9 || value > value_max) return fail(ErrorCode::bad_value, offset);
  return value;
}

}  // namespace

Result<ObjectList> ObjectList::parse(ByteView input) {
  ObjectList list;
  tlv::ComprehensionReader reader(input);
  while (!reader.at_end()) {
    if (list.count_ == objects_max) return fail(ErrorCode::too_large, reader.offset());
    list.entries_[list.count_++].element = TRY(reader.next());
  }
  return list;
}

const ObjectList::Entry* ObjectList::find(ComprehensionTag tag) const {
  for (size_t i = 0; i < count_; ++i) {
    if (!entries_[i].taken && entries_[i].element.tag == tag) return &entries_[i];
  }
  return nullptr;
}

std::optional<ByteView> ObjectList::take(ComprehensionTag tag) {
  const Entry* entry = find(tag);
  if (entry == nullptr) return std::nullopt;
  entries_[static_cast<size_t>(entry - entries_.data())].taken = true;
  return entry->element.value;
}

Result<ByteView> ObjectList::require(ComprehensionTag tag) {
  const std::optional<ByteView> value = take(tag);
  if (!value) return ErrorCode::not_found;
  return *value;
}

bool ObjectList::is_before(ComprehensionTag first, ComprehensionTag second) const {
  const Entry* a = find(first);
  const Entry* b = find(second);
  return a != nullptr && (b == nullptr || a < b);
}

Result<void> ObjectList::expect_understood() const {
  for (size_t i = 0; i < count_; ++i) {
    const Entry& entry = entries_[i];
    if (!entry.taken && entry.element.comprehension_required) {
      return fail(ErrorCode::unsupported, entry.element.offset);
    }
  }
  return {};
}

Result<uint8_t> parse_octet(ByteView value) {
  if (value.size() != 1) return ErrorCode::bad_length;
  return value[0];
}

Result<uint16_t> parse_u16(ByteView value) {
  if (value.size() != 2) return ErrorCode::bad_length;
  return static_cast<uint16_t>(value[0] << 8 | value[1]);
}

Result<DeviceIdentities> parse_devices(ByteView value) {
  if (value.size() != 2) return ErrorCode::bad_length;
  return DeviceIdentities{static_cast<Device>(value[0]), static_cast<Device>(value[1])};
}

void write_devices(DeviceIdentities devices, ComprehensionWriter& out) {
  const uint8_t octets[] = {static_cast<uint8_t>(devices.source),
                            static_cast<uint8_t>(devices.destination)};
  out.element(tag::device_identities, octets);
}

Result<Interval> parse_interval(ByteView value) {
  if (value.size() != 2) return ErrorCode::bad_length;
  if (value[0] > static_cast<uint8_t>(TimeUnit::tenths) || value[1] == 0) {
    return ErrorCode::bad_value;
  }
  return Interval{static_cast<TimeUnit>(value[0]), value[1]};
}

void write_interval(Interval interval, ComprehensionWriter& out) {
  const uint8_t octets[] = {static_cast<uint8_t>(interval.unit), interval.count};
  out.element(tag::duration, octets);
}

Result<Text> parse_text(ByteView value) {
  if (value.empty()) return Text{};
  return Text{value[0], value.subspan(1)};
}

void write_text(const Text& text, ComprehensionTag tag, Comprehension comprehension,
                ComprehensionWriter& out) {
  if (text.text.empty()) {
    out.element(tag, ByteView(), comprehension);
  } else {
    out.element(tag, text.data_coding, text.text, comprehension);
  }
}

Result<TimerValue> parse_timer_value(ByteView value) {
  if (value.size() != 3) return ErrorCode::bad_length;
  TimerValue timer;
  timer.hours = TRY(parse_swapped_bcd(value[0], 23, 0));
  timer.minutes = TRY(parse_swapped_bcd(value[1], 59, 1));
  timer.seconds = TRY(parse_swapped_bcd(value[2], 59, 2));
  return timer;
}

void write_timer_value(TimerValue value, ComprehensionWriter& out) {
  const uint8_t octets[] = {swapped_bcd(value.hours), swapped_bcd(value.minutes),
                            swapped_bcd(value.seconds)};
  out.element(tag::timer_value, octets);
}

Result<BearerDescription> parse_bearer(ByteView value) {
  if (value.empty()) return ErrorCode::bad_length;
  return BearerDescription{value[0], value.subspan(1)};
}

void write_bearer(const BearerDescription& bearer, ComprehensionWriter& out) {
  out.element(tag::bearer_description, bearer.type, bearer.parameters);
}

Result<TransportLevel> parse_transport(ByteView value) {
  if (value.size() != 3) return ErrorCode::bad_length;
  return TransportLevel{static_cast<TransportProtocol>(value[0]),
                        static_cast<uint16_t>(value[1] << 8 | value[2])};
}

Result<OtherAddress> parse_other_address(ByteView value) {
  if (value.empty()) return OtherAddress{};
  const OtherAddress address{value[0], value.subspan(1)};
  const size_t octets = address.type == OtherAddress::ipv4   ? 4
                        : address.type == OtherAddress::ipv6 ? 16
                                                             : 0;
  if (octets == 0) return ErrorCode::bad_value;
  if (address.address.size() != octets) return ErrorCode::bad_length;
  return address;
}

void write_other_address(const OtherAddress& address, ComprehensionWriter& out) {
  if (address.type == 0) {
    out.element(tag::other_address, ByteView());
  } else {
    out.element(tag::other_address, address.type, address.address);
  }
}

// 8.56: b8b7 the state, b3…b1 the channel.
Result<ChannelStatus> parse_channel_status(ByteView value) {
  if (value.size() != 2) return ErrorCode::bad_length;
  const auto state = static_cast<uint8_t>(value[0] >> 6);
  if (state > static_cast<uint8_t>(ChannelState::established)) return ErrorCode::bad_value;
  return ChannelStatus{static_cast<uint8_t>(value[0] & 0x07), static_cast<ChannelState>(state),
                       value[1]};
}

void write_channel_status(const ChannelStatus& status, ComprehensionWriter& out) {
  const uint8_t octets[] = {
      static_cast<uint8_t>(static_cast<uint8_t>(status.state) << 6 | (status.channel & 0x07)),
      status.further};
  out.element(tag::channel_status, octets);
}

void write_unless_empty(ComprehensionTag tag, ByteView value, ComprehensionWriter& out,
                        Comprehension comprehension) {
  if (!value.empty()) out.element(tag, value, comprehension);
}

Result<uint8_t> parse_timer(ByteView value) {
  const uint8_t timer = TRY(parse_octet(value));
  if (timer < 1 || timer > timers_max) return ErrorCode::bad_value;
  return timer;
}

}  // namespace simurgh::toolkit
