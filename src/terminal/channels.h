// The terminal's channels of the bearer independent protocol (TS 102 223 6.4.27 … 6.4.31, 7.5.10,
// 7.5.11): buffers towards the card, and which events are due.
//
// It answers commands and decides about events; who talks to the card is State. One thread.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "formats/toolkit/envelope.h"
#include "formats/toolkit/proactive_command.h"
#include "formats/toolkit/terminal_response.h"
#include "terminal/data_network.h"

namespace simurgh::terminal {

class Channels {
 public:
  static constexpr uint8_t channels_max = 2;
  static constexpr uint16_t buffer_octets_max = 1400;
  // What fits a TERMINAL RESPONSE beside its other objects.
  static constexpr uint8_t receive_octets_max = 237;

  explicit Channels(DataNetwork* network) : network_(network) {}
  bool available() const { return network_ != nullptr; }

  // Each fills the result; the views in it point into this object until the next call.
  // False: the connection is being made and there is no result yet (finish_opening()).
  bool open(const toolkit::OpenChannel& command, toolkit::TerminalResponse& response);
  void finish_opening(bool reached, toolkit::TerminalResponse& response);
  void close(const toolkit::CloseChannel& command, toolkit::TerminalResponse& response);
  void send(const toolkit::SendData& command, toolkit::TerminalResponse& response);
  void receive(const toolkit::ReceiveData& command, toolkit::TerminalResponse& response);
  void status(toolkit::TerminalResponse& response);

  std::optional<uint8_t> opening() const;  // the channel whose connection is being made

  // Something has arrived, or the connection ended.
  void on_ready(uint8_t channel);
  // The event that the card should hear next (taken), among those that it asked for.
  std::optional<toolkit::Envelope> take_event(bool wants_data, bool wants_status);

  // Card reset or power off: every connection ends.
  void close_all();

 private:
  enum class Link : uint8_t { none, opening, open, dropped };
  struct Channel {
    Link link = Link::none;
    uint16_t buffer_octets = 0;
    std::vector<uint8_t> received;  // not fetched yet
    std::vector<uint8_t> stored;    // SEND DATA 00: waiting for 01
    bool data_due = false;          // DATA AVAILABLE: the buffer was empty and is not any more
    bool status_due = false;        // CHANNEL STATUS: once everything was fetched
  };
  Channel* find(uint8_t number);
  // The open channel, or its 3A result.
  Channel* require(uint8_t number, toolkit::TerminalResponse& response);
  void answer_opened(uint8_t number, toolkit::TerminalResponse& response);
  void pull(uint8_t number);
  void fail(toolkit::TerminalResponse& response, toolkit::BearerError error);
  static toolkit::ChannelStatus status_of(uint8_t number, const Channel& channel);

  DataNetwork* network_;
  std::array<Channel, channels_max> channels_;
  bool modified_ = false;  // the channel being opened has a smaller buffer than asked for
  std::vector<uint8_t> data_;
  ByteArray<1> cause_{};
};

}  // namespace simurgh::terminal
