// The terminal's half of proactive_command.h.

#include "formats/tlv/ber_tlv.h"
#include "formats/toolkit/object_list.h"
#include "formats/toolkit/proactive_command.h"

namespace simurgh::toolkit {

namespace {

constexpr tlv::Tag proactive_command_tag = 0xd0;

// What a command's parser works on.
struct Input {
  ObjectList& objects;
  uint8_t qualifier;
  DeviceIdentities devices;
};

bool has_bit(const Input& input, uint8_t bit) {
  return (input.qualifier & bit) != 0;
}

Result<uint8_t> channel_of(const Input& input) {
  const uint8_t channel = channel_of_device(input.devices.destination);
  if (channel == 0) return ErrorCode::bad_value;
  return channel;
}

Result<CommandBody> parse_refresh(const Input& input) {
  if (input.qualifier > static_cast<uint8_t>(RefreshMode::session_reset)) {
    return ErrorCode::unsupported;
  }
  Refresh command;
  command.mode = static_cast<RefreshMode>(input.qualifier);
  command.file_list = input.objects.take_or_empty(tag::file_list);
  command.aid = input.objects.take_or_empty(tag::aid);
  return CommandBody(command);
}

Result<CommandBody> parse_poll_interval(const Input& input) {
  return CommandBody(PollInterval{TRY(parse_interval(TRY(input.objects.require(tag::duration))))});
}

Result<CommandBody> parse_event_list(const Input& input) {
  const ByteView list = TRY(input.objects.require(tag::event_list));
  if (list.size() > events_max) return ErrorCode::too_large;
  SetUpEventList command;
  for (const uint8_t event : list) command.events[command.count++] = static_cast<Event>(event);
  return CommandBody(command);
}

Result<CommandBody> parse_set_up_call(const Input& input) {
  SetUpCall command;
  command.qualifier = input.qualifier;
  command.alpha = input.objects.take_or_empty(tag::alpha_identifier);
  command.address = TRY(input.objects.require(tag::address));
  return CommandBody(command);
}

Result<CommandBody> parse_send_short_message(const Input& input) {
  SendShortMessage command;
  command.pack_by_terminal = has_bit(input, 0x01);
  command.alpha = input.objects.take_or_empty(tag::alpha_identifier);
  command.address = input.objects.take_or_empty(tag::address);
  command.tpdu = TRY(input.objects.require(tag::sms_tpdu));
  return CommandBody(command);
}

Result<CommandBody> parse_display_text(const Input& input) {
  DisplayText command;
  command.high_priority = has_bit(input, 0x01);
  command.wait_for_user = has_bit(input, 0x80);
  command.text = TRY(parse_text(TRY(input.objects.require(tag::text_string))));
  command.immediate_response = input.objects.take(tag::immediate_response).has_value();
  if (const auto duration = input.objects.take(tag::duration)) {
    command.duration = TRY(parse_interval(*duration));
  }
  return CommandBody(command);
}

Result<CommandBody> parse_get_inkey(const Input& input) {
  GetInkey command;
  command.qualifier = input.qualifier;
  command.text = TRY(parse_text(TRY(input.objects.require(tag::text_string))));
  return CommandBody(command);
}

Result<CommandBody> parse_get_input(const Input& input) {
  GetInput command;
  command.qualifier = input.qualifier;
  command.text = TRY(parse_text(TRY(input.objects.require(tag::text_string))));
  const ByteView length = TRY(input.objects.require(tag::response_length));
  if (length.size() != 2) return ErrorCode::bad_length;
  command.length_min = length[0];
  command.length_max = length[1];
  if (command.length_min > command.length_max) return ErrorCode::bad_value;
  if (const auto text = input.objects.take(tag::default_text)) {
    command.default_text = TRY(parse_text(*text));
  }
  return CommandBody(command);
}

Result<CommandBody> parse_local_information(const Input& input) {
  constexpr uint8_t reserved = 0x07;
  if (input.qualifier > static_cast<uint8_t>(LocalInformation::imeisv) ||
      input.qualifier == reserved) {
    return ErrorCode::unsupported;
  }
  return CommandBody(ProvideLocalInformation{static_cast<LocalInformation>(input.qualifier)});
}

Result<CommandBody> parse_timer_management(const Input& input) {
  const auto action = static_cast<uint8_t>(input.qualifier & 0x03);
  if (action > static_cast<uint8_t>(TimerManagement::Action::get_value)) {
    return ErrorCode::unsupported;
  }
  TimerManagement command;
  command.action = static_cast<TimerManagement::Action>(action);
  command.timer = TRY(parse_timer(TRY(input.objects.require(tag::timer_identifier))));
  if (command.action == TimerManagement::Action::start) {
    command.value = TRY(parse_timer_value(TRY(input.objects.require(tag::timer_value))));
  }
  return CommandBody(command);
}

Result<CommandBody> parse_set_up_menu(const Input& input) {
  SetUpMenu command;
  command.qualifier = input.qualifier;
  command.title = TRY(input.objects.require(tag::alpha_identifier));
  while (const auto item = input.objects.take(tag::item)) {
    // A single empty item takes the menu away (6.6.7).
    if (item->empty() && command.count == 0) continue;
    if (item->empty()) return ErrorCode::bad_length;
    if (command.count == menu_items_max) return ErrorCode::too_large;
    command.items[command.count++] = {item->front(), item->subspan(1)};
  }
  return CommandBody(command);
}

Result<CommandBody> parse_open_channel(const Input& input) {
  OpenChannel command;
  command.immediate = has_bit(input, 0x01);
  command.automatic_reconnection = has_bit(input, 0x02);
  command.background = has_bit(input, 0x04);
  ObjectList& objects = input.objects;
  command.alpha = objects.take_or_empty(tag::alpha_identifier);
  if (const auto bearer = objects.take(tag::bearer_description)) {
    command.bearer = TRY(parse_bearer(*bearer));
  }
  command.buffer_octets = TRY(parse_u16(TRY(objects.require(tag::buffer_size))));
  command.network_access_name = objects.take_or_empty(tag::network_access_name);
  // An address before the transport level is the terminal's own, one after it the peer's (6.6.27).
  if (objects.is_before(tag::other_address, tag::transport_level)) {
    command.local_address = TRY(parse_other_address(TRY(objects.require(tag::other_address))));
  }
  if (const auto login = objects.take(tag::text_string))
    command.user_login = TRY(parse_text(*login));
  if (const auto password = objects.take(tag::text_string)) {
    command.user_password = TRY(parse_text(*password));
  }
  if (const auto transport = objects.take(tag::transport_level)) {
    command.transport = TRY(parse_transport(*transport));
  }
  if (const auto address = objects.take(tag::other_address)) {
    command.destination = TRY(parse_other_address(*address));
  }
  return CommandBody(command);
}

Result<CommandBody> parse_close_channel(const Input& input) {
  CloseChannel command;
  command.channel = TRY(channel_of(input));
  command.qualifier = input.qualifier;
  command.alpha = input.objects.take_or_empty(tag::alpha_identifier);
  return CommandBody(command);
}

Result<CommandBody> parse_receive_data(const Input& input) {
  ReceiveData command;
  command.channel = TRY(channel_of(input));
  command.octets_max = TRY(parse_octet(TRY(input.objects.require(tag::channel_data_length))));
  return CommandBody(command);
}

Result<CommandBody> parse_send_data(const Input& input) {
  SendData command;
  command.channel = TRY(channel_of(input));
  command.immediately = has_bit(input, 0x01);
  command.data = TRY(input.objects.require(tag::channel_data));
  return CommandBody(command);
}

Result<CommandBody> parse_body(CommandType type, const Input& input) {
  switch (type) {
    case CommandType::refresh: return parse_refresh(input);
    case CommandType::more_time: return CommandBody(MoreTime{});
    case CommandType::poll_interval: return parse_poll_interval(input);
    case CommandType::polling_off: return CommandBody(PollingOff{});
    case CommandType::set_up_event_list: return parse_event_list(input);
    case CommandType::set_up_call: return parse_set_up_call(input);
    case CommandType::send_short_message: return parse_send_short_message(input);
    case CommandType::display_text: return parse_display_text(input);
    case CommandType::get_inkey: return parse_get_inkey(input);
    case CommandType::get_input: return parse_get_input(input);
    case CommandType::set_up_menu: return parse_set_up_menu(input);
    case CommandType::provide_local_information: return parse_local_information(input);
    case CommandType::timer_management: return parse_timer_management(input);
    case CommandType::open_channel: return parse_open_channel(input);
    case CommandType::close_channel: return parse_close_channel(input);
    case CommandType::receive_data: return parse_receive_data(input);
    case CommandType::send_data: return parse_send_data(input);
    case CommandType::get_channel_status: return CommandBody(GetChannelStatus{});
  }
  return ErrorCode::unsupported;
}

// How a text looks; without it the command is performed all the same (6.5.4).
void skip_decorations(ObjectList& objects) {
  for (const tlv::ComprehensionTag tag :
       {tag::icon_identifier, tag::item_icon_identifiers, tag::text_attribute,
        tag::item_text_attributes, tag::frame_identifier, tag::next_action_indicator}) {
    objects.take(tag);
  }
}

}  // namespace

Result<ProactiveCommand> parse_proactive_command(ByteView bytes) {
  const CommandDetails details = TRY(parse_command_details(bytes));
  const ByteView value = TRY(tlv::unwrap_ber(bytes, proactive_command_tag));
  ObjectList objects = TRY(ObjectList::parse(value));
  TRY(objects.require(tag::command_details));
  const DeviceIdentities devices = TRY(parse_devices(TRY(objects.require(tag::device_identities))));
  ProactiveCommand command;
  command.number = details.number;
  command.body = TRY(
      parse_body(static_cast<CommandType>(details.type), {objects, details.qualifier, devices}));
  skip_decorations(objects);
  TRY(objects.expect_understood());
  return command;
}

}  // namespace simurgh::toolkit
