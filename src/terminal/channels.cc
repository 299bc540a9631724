#include "terminal/channels.h"

#include <algorithm>
#include <string>

namespace simurgh::terminal {

using toolkit::BearerError;
using toolkit::ChannelState;
using toolkit::ChannelStatus;
using toolkit::GeneralResult;
using toolkit::TerminalResponse;

namespace {

// A network access name (8.70, TS 23.003 9.1): labels, each with its length in front.
std::optional<std::string> access_point_of(ByteView name) {
  std::string text;
  while (!name.empty()) {
    const size_t size = name[0];
    if (size == 0 || size > name.size() - 1) return std::nullopt;
    if (!text.empty()) text += '.';
    text += text_of(name.subspan(1, size));
    name = name.subspan(1 + size);
  }
  return text;
}

uint8_t shown_length(size_t octets) {
  return static_cast<uint8_t>(std::min<size_t>(octets, 0xff));  // FF: more than 255 (8.54)
}

}  // namespace

Channels::Channel* Channels::find(uint8_t number) {
  if (number < 1 || number > channels_.size()) return nullptr;
  Channel& channel = channels_[number - 1u];
  return channel.link == Link::none ? nullptr : &channel;
}

void Channels::fail(TerminalResponse& response, BearerError error) {
  response.result = GeneralResult::bearer_independent_protocol_error;
  cause_[0] = static_cast<uint8_t>(error);
  response.additional_information = cause_;
}

Channels::Channel* Channels::require(uint8_t number, TerminalResponse& response) {
  Channel* channel = find(number);
  if (channel == nullptr || channel->link == Link::opening) {
    fail(response, BearerError::channel_not_valid);
    return nullptr;
  }
  return channel;
}

ChannelStatus Channels::status_of(uint8_t number, const Channel& channel) {
  ChannelStatus status;
  status.channel = number;
  const bool up =
      channel.link == Link::open || (channel.link == Link::dropped && !channel.received.empty());
  status.state = up ? ChannelState::established : ChannelState::closed;
  status.further = channel.link == Link::dropped && !up ? ChannelStatus::link_dropped : uint8_t{0};
  return status;
}

bool Channels::open(const toolkit::OpenChannel& command, TerminalResponse& response) {
  if (!available()) {
    response.result = GeneralResult::beyond_terminal_capabilities;
    return true;
  }
  const bool tcp = command.transport.has_value() &&
                   command.transport->protocol == toolkit::TransportProtocol::tcp_client_remote;
  if (!command.transport.has_value() || !command.destination.has_value() ||
      command.destination->type == 0) {
    response.result = GeneralResult::required_values_missing;
    return true;
  }
  const auto access_point = access_point_of(command.network_access_name);
  if (!access_point.has_value()) {
    response.result = GeneralResult::data_not_understood;
    return true;
  }
  if (!tcp) {
    fail(response, BearerError::transport_not_available);
    return true;
  }
  const auto free = std::find_if(channels_.begin(), channels_.end(),
                                 [](const Channel& channel) { return channel.link == Link::none; });
  if (free == channels_.end()) {
    fail(response, BearerError::no_channel_available);
    return true;
  }
  if (command.buffer_octets == 0) {
    fail(response, BearerError::buffer_size_not_available);
    return true;
  }
  *free = Channel{};
  free->buffer_octets = std::min(command.buffer_octets, buffer_octets_max);
  free->link = Link::opening;
  modified_ = free->buffer_octets != command.buffer_octets;
  const auto number = static_cast<uint8_t>(free - channels_.begin() + 1);
  switch (network_->open(number,
                         {*access_point, command.destination->address, command.transport->port})) {
    case DataOpening::pending: return false;
    case DataOpening::open: finish_opening(true, response); return true;
    case DataOpening::not_reachable: finish_opening(false, response); return true;
    case DataOpening::network_refused: break;
  }
  free->link = Link::none;
  response.result = GeneralResult::network_unable;
  return true;
}

std::optional<uint8_t> Channels::opening() const {
  for (size_t i = 0; i < channels_.size(); ++i) {
    if (channels_[i].link == Link::opening) return static_cast<uint8_t>(i + 1);
  }
  return std::nullopt;
}

void Channels::finish_opening(bool reached, TerminalResponse& response) {
  const auto number = opening();
  if (!number.has_value()) return fail(response, BearerError::channel_not_valid);
  Channel& channel = channels_[*number - 1u];
  if (!reached) {
    network_->close(*number);
    channel = Channel{};
    return fail(response, BearerError::remote_not_reachable);
  }
  channel.link = Link::open;
  response.result =
      modified_ ? GeneralResult::performed_with_modification : GeneralResult::performed;
  response.channels[0] = status_of(*number, channel);
  response.channel_count = 1;
  response.buffer_octets = channel.buffer_octets;
  response.bearer = toolkit::BearerDescription{};
}

void Channels::close(const toolkit::CloseChannel& command, TerminalResponse& response) {
  Channel* channel = require(command.channel, response);
  if (channel == nullptr) return;
  network_->close(command.channel);
  *channel = Channel{};
  response.result = GeneralResult::performed;
}

void Channels::send(const toolkit::SendData& command, TerminalResponse& response) {
  Channel* channel = require(command.channel, response);
  if (channel == nullptr) return;
  if (channel->link == Link::dropped) return fail(response, BearerError::channel_closed);
  if (channel->stored.size() + command.data.size() > channel->buffer_octets) {
    return fail(response, BearerError::buffer_size_not_available);
  }
  const size_t stored_before = channel->stored.size();
  channel->stored.insert(channel->stored.end(), command.data.begin(), command.data.end());
  response.result = GeneralResult::performed;
  if (command.immediately) {
    const auto sent = network_->send(command.channel, channel->stored);
    if (!sent.has_value() && sent.error().code == ErrorCode::busy) {
      channel->stored.resize(stored_before);  // the card repeats the command
      response.result = GeneralResult::network_unable;
    } else if (!sent.has_value()) {
      channel->link = Link::dropped;
      channel->stored.clear();
      return fail(response, BearerError::channel_closed);
    } else {
      channel->stored.clear();
    }
  }
  response.channel_data_length = shown_length(channel->buffer_octets - channel->stored.size());
}

void Channels::pull(uint8_t number) {
  Channel* channel = find(number);
  if (channel == nullptr || channel->link != Link::open) return;
  const size_t before = channel->received.size();
  if (before >= channel->buffer_octets) return;
  channel->received.resize(channel->buffer_octets);
  const auto arrived =
      network_->receive(number, MutableByteView(channel->received).subspan(before));
  channel->received.resize(before + (arrived.has_value() ? *arrived : 0));
  if (!arrived.has_value()) {
    channel->link = Link::dropped;
    channel->status_due = true;
  }
}

void Channels::receive(const toolkit::ReceiveData& command, TerminalResponse& response) {
  Channel* channel = require(command.channel, response);
  if (channel == nullptr) return;
  pull(command.channel);
  if (channel->received.empty() && channel->link == Link::dropped) {
    return fail(response, BearerError::channel_closed);
  }
  const size_t wanted = std::min(command.octets_max, uint8_t{receive_octets_max});
  const size_t size = std::min(wanted, channel->received.size());
  const auto end = channel->received.begin() + static_cast<ptrdiff_t>(size);
  data_.assign(channel->received.begin(), end);
  channel->received.erase(channel->received.begin(), end);
  pull(command.channel);
  channel->data_due = false;  // the length below tells what is left
  response.result =
      size < wanted ? GeneralResult::performed_missing_information : GeneralResult::performed;
  response.channel_data = ByteView(data_);
  response.channel_data_length = shown_length(channel->received.size());
}

void Channels::status(TerminalResponse& response) {
  response.result = GeneralResult::performed;
  for (size_t i = 0; i < channels_.size(); ++i) {
    if (channels_[i].link == Link::none) continue;
    response.channels[response.channel_count++] =
        status_of(static_cast<uint8_t>(i + 1), channels_[i]);
  }
  if (response.channel_count == 0) response.channels[response.channel_count++] = ChannelStatus{};
}

void Channels::on_ready(uint8_t number) {
  Channel* channel = find(number);
  if (channel == nullptr || channel->link != Link::open) return;
  const bool was_empty = channel->received.empty();
  pull(number);
  if (channel->link == Link::open && !channel->received.empty()) pull(number);  // an end behind it
  if (was_empty && !channel->received.empty()) channel->data_due = true;
}

std::optional<toolkit::Envelope> Channels::take_event(bool wants_data, bool wants_status) {
  for (size_t i = 0; i < channels_.size(); ++i) {
    Channel& channel = channels_[i];
    const ChannelStatus status = status_of(static_cast<uint8_t>(i + 1), channel);
    if (channel.data_due && wants_data && !channel.received.empty()) {
      channel.data_due = false;
      return toolkit::DataAvailableEvent{status, shown_length(channel.received.size())};
    }
    if (channel.status_due && wants_status && channel.received.empty()) {
      channel.status_due = false;
      return toolkit::ChannelStatusEvent{status};
    }
  }
  return std::nullopt;
}

void Channels::close_all() {
  for (size_t i = 0; i < channels_.size(); ++i) {
    if (channels_[i].link != Link::none) network_->close(static_cast<uint8_t>(i + 1));
    channels_[i] = Channel{};
  }
}

}  // namespace simurgh::terminal
