#include "formats/toolkit/envelope.h"

#include "formats/tlv/ber_tlv.h"
#include "formats/toolkit/object_list.h"

namespace simurgh::toolkit {

namespace {

using tlv::ComprehensionWriter;

// TS 102 223 9.1, TS 31.111 9.1.
constexpr tlv::Tag sms_pp_download = 0xd1;
constexpr tlv::Tag menu_selection = 0xd3;
constexpr tlv::Tag call_control = 0xd4;
constexpr tlv::Tag short_message_control = 0xd5;
constexpr tlv::Tag event_download = 0xd6;
constexpr tlv::Tag timer_expiration = 0xd7;

Result<Envelope> parse_sms_pp_download(ObjectList& objects) {
  SmsPpDownload envelope;
  envelope.address = objects.take_or_empty(tag::address);
  envelope.tpdu = TRY(objects.require(tag::sms_tpdu));
  return Envelope(envelope);
}

Result<Envelope> parse_menu_selection(ObjectList& objects) {
  MenuSelection envelope;
  envelope.item_identifier = TRY(parse_octet(TRY(objects.require(tag::item_identifier))));
  envelope.help_requested = objects.take(tag::help_request).has_value();
  return Envelope(envelope);
}

Result<Envelope> parse_call_control(ObjectList& objects) {
  CallControl envelope;
  envelope.address = objects.take_or_empty(tag::address);
  envelope.ss_string = objects.take_or_empty(tag::ss_string);
  envelope.ussd_string = objects.take_or_empty(tag::ussd_string);
  const int present =
      !envelope.address.empty() + !envelope.ss_string.empty() + !envelope.ussd_string.empty();
  if (present == 0) return ErrorCode::not_found;
  if (present > 1) return ErrorCode::bad_value;
  envelope.capability_configuration = objects.take_or_empty(tag::capability_configuration);
  envelope.subaddress = objects.take_or_empty(tag::subaddress);
  envelope.location_information = objects.take_or_empty(tag::location_information);
  return Envelope(envelope);
}

Result<Envelope> parse_short_message_control(ObjectList& objects) {
  ShortMessageControl envelope;
  envelope.service_centre = TRY(objects.require(tag::address));
  envelope.destination = TRY(objects.require(tag::address));
  envelope.location_information = objects.take_or_empty(tag::location_information);
  return Envelope(envelope);
}

Result<Envelope> parse_timer_expiration(ObjectList& objects) {
  TimerExpiration envelope;
  envelope.timer = TRY(parse_timer(TRY(objects.require(tag::timer_identifier))));
  envelope.value = TRY(parse_timer_value(TRY(objects.require(tag::timer_value))));
  return Envelope(envelope);
}

Result<Envelope> parse_location_status(ObjectList& objects) {
  const uint8_t status = TRY(parse_octet(TRY(objects.require(tag::location_status))));
  if (status > static_cast<uint8_t>(LocationStatus::no_service)) return ErrorCode::bad_value;
  LocationStatusEvent event;
  event.status = static_cast<LocationStatus>(status);
  event.location_information = objects.take_or_empty(tag::location_information);
  return Envelope(event);
}

Result<Envelope> parse_data_available(ObjectList& objects) {
  DataAvailableEvent event;
  event.channel = TRY(parse_channel_status(TRY(objects.require(tag::channel_status))));
  event.octets = TRY(parse_octet(TRY(objects.require(tag::channel_data_length))));
  return Envelope(event);
}

Result<Envelope> parse_event(ObjectList& objects) {
  const uint8_t event = TRY(parse_octet(TRY(objects.require(tag::event_list))));
  switch (static_cast<Event>(event)) {
    case Event::location_status: return parse_location_status(objects);
    case Event::data_available: return parse_data_available(objects);
    case Event::channel_status:
      return Envelope(
          ChannelStatusEvent{TRY(parse_channel_status(TRY(objects.require(tag::channel_status))))});
    default: return Envelope(OtherEvent{event});
  }
}

// Objects of each envelope, device identities first; bad_value is false.
class EnvelopeWriter {
 public:
  explicit EnvelopeWriter(ComprehensionWriter& out) : out_(out) {}

  bool operator()(const SmsPpDownload& envelope) {
    write_devices({Device::network, Device::uicc}, out_);
    write_unless_empty(tag::address, envelope.address, out_);
    out_.element(tag::sms_tpdu, envelope.tpdu);
    return true;
  }
  bool operator()(const MenuSelection& envelope) {
    write_devices({Device::keypad, Device::uicc}, out_);
    out_.u8(tag::item_identifier, envelope.item_identifier);
    if (envelope.help_requested) out_.element(tag::help_request, ByteView());
    return true;
  }
  bool operator()(const CallControl& envelope) {
    write_devices({Device::terminal, Device::uicc}, out_);
    write_unless_empty(tag::address, envelope.address, out_);
    write_unless_empty(tag::ss_string, envelope.ss_string, out_);
    write_unless_empty(tag::ussd_string, envelope.ussd_string, out_);
    write_unless_empty(tag::capability_configuration, envelope.capability_configuration, out_);
    write_unless_empty(tag::subaddress, envelope.subaddress, out_);
    write_unless_empty(tag::location_information, envelope.location_information, out_);
    return !envelope.address.empty() + !envelope.ss_string.empty() +
               !envelope.ussd_string.empty() ==
           1;
  }
  bool operator()(const ShortMessageControl& envelope) {
    write_devices({Device::terminal, Device::uicc}, out_);
    out_.element(tag::address, envelope.service_centre);
    out_.element(tag::address, envelope.destination);
    write_unless_empty(tag::location_information, envelope.location_information, out_);
    return true;
  }
  bool operator()(const TimerExpiration& envelope) {
    write_devices({Device::terminal, Device::uicc}, out_);
    out_.u8(tag::timer_identifier, envelope.timer);
    write_timer_value(envelope.value, out_);
    return envelope.timer >= 1 && envelope.timer <= timers_max;
  }
  bool operator()(const LocationStatusEvent& event) {
    write_event_head(Event::location_status);
    out_.u8(tag::location_status, static_cast<uint8_t>(event.status));
    // Not required, unlike the status (7.5.4.2).
    write_unless_empty(tag::location_information, event.location_information, out_,
                       tlv::Comprehension::not_required);
    return true;
  }
  bool operator()(const DataAvailableEvent& event) {
    write_event_head(Event::data_available);
    write_channel_status(event.channel, out_);
    out_.u8(tag::channel_data_length, event.octets);
    return true;
  }
  bool operator()(const ChannelStatusEvent& event) {
    write_event_head(Event::channel_status);
    write_channel_status(event.channel, out_);
    return true;
  }
  bool operator()(const OtherEvent& event) {
    write_event_head(static_cast<Event>(event.event));
    return true;
  }

 private:
  void write_event_head(Event event) {
    out_.u8(tag::event_list, static_cast<uint8_t>(event));
    write_devices({Device::terminal, Device::uicc}, out_);
  }
  ComprehensionWriter& out_;
};

tlv::Tag tag_of(const Envelope& envelope) {
  if (std::holds_alternative<SmsPpDownload>(envelope)) return sms_pp_download;
  if (std::holds_alternative<MenuSelection>(envelope)) return menu_selection;
  if (std::holds_alternative<CallControl>(envelope)) return call_control;
  if (std::holds_alternative<ShortMessageControl>(envelope)) return short_message_control;
  if (std::holds_alternative<TimerExpiration>(envelope)) return timer_expiration;
  return event_download;
}

}  // namespace

Result<Envelope> parse_envelope(ByteView bytes) {
  tlv::BerReader reader(bytes);
  const tlv::Element outer = TRY(reader.next());
  if (!reader.at_end()) return fail(ErrorCode::trailing_bytes, reader.offset());
  ObjectList objects = TRY(ObjectList::parse(outer.value));
  switch (outer.tag) {
    case sms_pp_download: return parse_sms_pp_download(objects);
    case menu_selection: return parse_menu_selection(objects);
    case call_control: return parse_call_control(objects);
    case short_message_control: return parse_short_message_control(objects);
    case event_download: return parse_event(objects);
    case timer_expiration: return parse_timer_expiration(objects);
    default: return fail(ErrorCode::unsupported, 0);
  }
}

Result<ByteView> write_envelope(const Envelope& envelope, MutableByteView out) {
  Writer writer(out);
  tlv::BerWriter outer(writer);
  const auto open = outer.open(tag_of(envelope));
  ComprehensionWriter objects(writer);
  EnvelopeWriter body(objects);
  if (!std::visit(body, envelope)) return ErrorCode::bad_value;
  outer.close(open);
  const ByteView bytes = TRY(writer.finish());
  if (bytes.size() > envelope_octets_max) return ErrorCode::too_large;
  return bytes;
}

Result<ControlAnswer> parse_control_answer(ByteView bytes) {
  ControlAnswer answer;
  if (bytes.empty()) return answer;
  Reader reader(bytes);
  const uint8_t verdict = TRY(reader.u8());
  if (verdict > static_cast<uint8_t>(ControlAnswer::Verdict::modified)) {
    return fail(ErrorCode::bad_value, 0);
  }
  answer.verdict = static_cast<ControlAnswer::Verdict>(verdict);
  const ByteView value = TRY(reader.prefixed8());
  TRY(reader.expect_end());
  ObjectList objects = TRY(ObjectList::parse(value));
  answer.address = objects.take_or_empty(tag::address);
  answer.second_address = objects.take_or_empty(tag::address);
  answer.alpha = objects.take_or_empty(tag::alpha_identifier);
  return answer;
}

Result<ByteView> write_control_answer(const ControlAnswer& answer, MutableByteView out) {
  if (answer.address.empty() && !answer.second_address.empty()) return ErrorCode::bad_value;
  Writer writer(out);
  writer.u8(static_cast<uint8_t>(answer.verdict)).u8(0);
  ComprehensionWriter objects(writer);
  write_unless_empty(tag::address, answer.address, objects);
  write_unless_empty(tag::address, answer.second_address, objects);
  write_unless_empty(tag::alpha_identifier, answer.alpha, objects);
  const size_t length = TRY(writer.finish()).size() - 2;
  if (length > 0x7f) return ErrorCode::too_large;
  writer.patch_u8(1, static_cast<uint8_t>(length));
  return writer.finish();
}

}  // namespace simurgh::toolkit
