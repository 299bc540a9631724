#include "formats/toolkit/proactive_command.h"

#include "formats/tlv/ber_tlv.h"

namespace simurgh::toolkit {

namespace {

constexpr tlv::Tag proactive_command_tag = 0xd0;

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

uint8_t bit(bool set, uint8_t value) {
  return set ? value : uint8_t{0};
}

Result<CommandDetails> parse_details(ByteView value) {
  if (value.size() != 3) return ErrorCode::bad_length;
  return CommandDetails{value[0], value[1], value[2]};
}

}  // namespace

CommandType type_of(const CommandBody& body) {
  // In the order of CommandBody.
  constexpr CommandType types[] = {CommandType::refresh,
                                   CommandType::more_time,
                                   CommandType::poll_interval,
                                   CommandType::polling_off,
                                   CommandType::set_up_event_list,
                                   CommandType::set_up_call,
                                   CommandType::send_short_message,
                                   CommandType::display_text,
                                   CommandType::get_inkey,
                                   CommandType::get_input,
                                   CommandType::provide_local_information,
                                   CommandType::timer_management,
                                   CommandType::set_up_menu,
                                   CommandType::open_channel,
                                   CommandType::close_channel,
                                   CommandType::receive_data,
                                   CommandType::send_data,
                                   CommandType::get_channel_status};
  static_assert(std::size(types) == std::variant_size_v<CommandBody>);
  return types[body.index()];
}

// 8.6
uint8_t qualifier_of(const CommandBody& body) {
  return std::visit(
      Overloaded{
          [](const Refresh& command) { return static_cast<uint8_t>(command.mode); },
          [](const SetUpCall& command) { return command.qualifier; },
          [](const SendShortMessage& command) { return bit(command.pack_by_terminal, 0x01); },
          [](const DisplayText& command) {
            return static_cast<uint8_t>(bit(command.high_priority, 0x01) |
                                        bit(command.wait_for_user, 0x80));
          },
          [](const GetInkey& command) { return command.qualifier; },
          [](const GetInput& command) { return command.qualifier; },
          [](const ProvideLocalInformation& command) { return static_cast<uint8_t>(command.what); },
          [](const TimerManagement& command) { return static_cast<uint8_t>(command.action); },
          [](const SetUpMenu& command) { return command.qualifier; },
          [](const OpenChannel& command) {
            return static_cast<uint8_t>(bit(command.immediate, 0x01) |
                                        bit(command.automatic_reconnection, 0x02) |
                                        bit(command.background, 0x04));
          },
          [](const CloseChannel& command) { return command.qualifier; },
          [](const SendData& command) { return bit(command.immediately, 0x01); },
          [](const auto&) { return uint8_t{0}; }},
      body);
}

CommandDetails details_of(const ProactiveCommand& command) {
  return {command.number, static_cast<uint8_t>(type_of(command.body)), qualifier_of(command.body)};
}

Result<CommandDetails> parse_command_details(ByteView bytes) {
  const ByteView value = TRY(tlv::unwrap_ber(bytes, proactive_command_tag));
  const auto details = TRY(tlv::find_comprehension(value, tag::command_details));
  return parse_details(details.value);
}

}  // namespace simurgh::toolkit
