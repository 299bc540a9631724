// Short messages that the chip sends by SEND SHORT MESSAGE: whole packets in, cut into parts, each
// part one proactive command, one packet after the other.
//
// What the network could not take is kept and sent again, the same bytes, when retry() is called;
// what it refused is dropped: whoever needs an answer asks again. RAM only.
#pragma once

#include <deque>
#include <vector>

#include "formats/sms/concatenation.h"
#include "uicc/proactive.h"

namespace simurgh::uicc {

class Outbox {
 public:
  static constexpr size_t packets_max = 6;
  static constexpr uint8_t tries_max = 5;

  explicit Outbox(ProactiveQueue& queue) : queue_(queue) {}

  // `reference` tells the parts of this packet from those of others. False when full.
  bool push(ByteView packet, sms::PayloadKind kind, const sms::Address& to, uint8_t reference);

  // The terminal's answer for one part. True when the head must wait and be tried again.
  bool on_part_sent(toolkit::GeneralResult result);
  bool waiting() const { return waiting_; }
  void retry();
  size_t size() const { return packets_.size(); }
  void clear();

 private:
  struct Packet {
    std::vector<uint8_t> bytes;
    sms::PayloadKind kind;
    sms::Address to;
    uint8_t reference;
    uint8_t parts;
    uint8_t parts_sent = 0;
    uint8_t tries = 0;
  };
  void send_head();
  bool push_part(const Packet& packet, size_t index);

  ProactiveQueue& queue_;
  std::deque<Packet> packets_;
  bool sending_ = false;
  bool waiting_ = false;
  uint8_t message_reference_ = 0;
};

}  // namespace simurgh::uicc
