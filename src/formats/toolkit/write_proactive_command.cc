// The chip's half of proactive_command.h.

#include "formats/tlv/ber_tlv.h"
#include "formats/toolkit/object_list.h"
#include "formats/toolkit/proactive_command.h"

namespace simurgh::toolkit {

namespace {

using tlv::Comprehension;
using tlv::ComprehensionWriter;

constexpr tlv::Tag proactive_command_tag = 0xd0;

Device destination_of(const CommandBody& body) {
  if (std::holds_alternative<DisplayText>(body)) return Device::display;
  if (std::holds_alternative<SendShortMessage>(body) || std::holds_alternative<SetUpCall>(body)) {
    return Device::network;
  }
  if (const auto* close = std::get_if<CloseChannel>(&body)) {
    return device_of_channel(close->channel);
  }
  if (const auto* receive = std::get_if<ReceiveData>(&body)) {
    return device_of_channel(receive->channel);
  }
  if (const auto* send = std::get_if<SendData>(&body)) return device_of_channel(send->channel);
  return Device::terminal;
}

bool is_timer(uint8_t timer) {
  return timer >= 1 && timer <= timers_max;
}

// The objects after command details and device identities, one overload a command. False for
// fields out of range.
class BodyWriter {
 public:
  explicit BodyWriter(ComprehensionWriter& out) : out_(out) {}

  bool operator()(const Refresh& command) {
    write_unless_empty(tag::file_list, command.file_list, out_);
    write_unless_empty(tag::aid, command.aid, out_);
    return true;
  }
  bool operator()(const MoreTime&) { return true; }
  bool operator()(const PollInterval& command) {
    write_interval(command.interval, out_);
    return command.interval.count != 0;
  }
  bool operator()(const PollingOff&) { return true; }
  bool operator()(const SetUpEventList& command) {
    if (command.count > events_max) return false;
    ByteString<events_max> list;
    for (size_t i = 0; i < command.count; ++i) {
      list.push_back(static_cast<uint8_t>(command.events[i]));
    }
    out_.element(tag::event_list, list);
    return true;
  }
  bool operator()(const SetUpCall& command) {
    write_unless_empty(tag::alpha_identifier, command.alpha, out_);
    out_.element(tag::address, command.address);
    return !command.address.empty();
  }
  bool operator()(const SendShortMessage& command) {
    write_unless_empty(tag::alpha_identifier, command.alpha, out_);
    write_unless_empty(tag::address, command.address, out_);
    out_.element(tag::sms_tpdu, command.tpdu);
    return true;
  }
  bool operator()(const DisplayText& command) {
    write_text(command.text, tag::text_string, Comprehension::required, out_);
    if (command.immediate_response) out_.element(tag::immediate_response, ByteView());
    if (command.duration) write_interval(*command.duration, out_);
    return !command.duration || command.duration->count != 0;
  }
  bool operator()(const GetInkey& command) {
    write_text(command.text, tag::text_string, Comprehension::required, out_);
    return true;
  }
  bool operator()(const GetInput& command) {
    write_text(command.text, tag::text_string, Comprehension::required, out_);
    const uint8_t length[] = {command.length_min, command.length_max};
    out_.element(tag::response_length, length);
    if (command.default_text) {
      write_text(*command.default_text, tag::default_text, Comprehension::not_required, out_);
    }
    return command.length_min <= command.length_max;
  }
  bool operator()(const ProvideLocalInformation&) { return true; }
  bool operator()(const TimerManagement& command) {
    out_.u8(tag::timer_identifier, command.timer);
    const bool start = command.action == TimerManagement::Action::start;
    if (start && command.value) write_timer_value(*command.value, out_);
    return is_timer(command.timer) && start == command.value.has_value();
  }
  bool operator()(const SetUpMenu& command) {
    if (command.count > menu_items_max) return false;
    out_.element(tag::alpha_identifier, command.title);
    for (size_t i = 0; i < command.count; ++i) {
      const MenuItem& item = command.items[i];
      if (item.identifier == 0) return false;
      out_.element(tag::item, item.identifier, item.text);
    }
    if (command.count == 0) out_.element(tag::item, ByteView());
    return true;
  }
  bool operator()(const OpenChannel& command) {
    write_unless_empty(tag::alpha_identifier, command.alpha, out_);
    if (command.bearer) write_bearer(*command.bearer, out_);
    out_.u16(tag::buffer_size, command.buffer_octets);
    write_unless_empty(tag::network_access_name, command.network_access_name, out_);
    if (command.local_address) write_other_address(*command.local_address, out_);
    if (command.user_login) write_credential(*command.user_login);
    if (command.user_password) write_credential(*command.user_password);
    if (command.transport) {
      const TransportLevel& transport = *command.transport;
      const uint8_t octets[] = {static_cast<uint8_t>(transport.protocol),
                                static_cast<uint8_t>(transport.port >> 8),
                                static_cast<uint8_t>(transport.port)};
      out_.element(tag::transport_level, octets);
    }
    if (command.destination) write_other_address(*command.destination, out_);
    // Without what stands between them the two addresses, or login and password, would be mixed up.
    return (command.transport || !command.destination) &&
           (command.user_login || !command.user_password);
  }
  bool operator()(const CloseChannel& command) {
    write_unless_empty(tag::alpha_identifier, command.alpha, out_);
    return is_channel(command.channel);
  }
  bool operator()(const ReceiveData& command) {
    out_.u8(tag::channel_data_length, command.octets_max);
    return is_channel(command.channel);
  }
  bool operator()(const SendData& command) {
    out_.element(tag::channel_data, command.data);
    return is_channel(command.channel);
  }
  bool operator()(const GetChannelStatus&) { return true; }

 private:
  static bool is_channel(uint8_t channel) { return channel >= 1 && channel <= channels_max; }
  void write_credential(const Text& text) {
    write_text(text, tag::text_string, Comprehension::required, out_);
  }

  ComprehensionWriter& out_;
};

}  // namespace

Result<ByteView> write_proactive_command(const ProactiveCommand& command, MutableByteView out) {
  Writer writer(out);
  tlv::BerWriter envelope(writer);
  const auto open = envelope.open(proactive_command_tag);
  ComprehensionWriter objects(writer);
  const CommandDetails details = details_of(command);
  const uint8_t octets[] = {details.number, details.type, details.qualifier};
  objects.element(tag::command_details, octets);
  write_devices({Device::uicc, destination_of(command.body)}, objects);
  BodyWriter body(objects);
  if (!std::visit(body, command.body)) return ErrorCode::bad_value;
  envelope.close(open);
  const ByteView bytes = TRY(writer.finish());
  if (bytes.size() > proactive_command_octets_max) return ErrorCode::too_large;
  return bytes;
}

}  // namespace simurgh::toolkit
