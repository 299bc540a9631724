// Secured packets that reach the chip by SMS-PP download (TS 31.115): reassembly, keys, MAC,
// counter. What comes out has verified and its counter is stored: act on it.
//
// Everything else is silence: no answer, no status word and no stored octet depends on why a packet
// was refused, or on the keys (threats 1). No application is reached below MinimumSecurity
// (threats 2). One status is told to a packet that verified and is not executed: "counter high",
// for a counter that leaps too far (threats 6).
#pragma once

#include <memory>
#include <optional>

#include "conversations/personalisation/chip_record.h"
#include "formats/secured_packet/command_packet.h"
#include "formats/secured_packet/response_packet.h"
#include "formats/sms/reassembly.h"
#include "uicc/nv.h"

namespace simurgh::uicc {

constexpr size_t ota_parts_max = 8;
constexpr size_t ota_packet_octets_max = ota_parts_max * 134;
constexpr size_t ota_messages_max = 3;  // being reassembled at a time

// A packet that verified under one of the chip's epochs.
struct VerifiedPacket {
  secured_packet::Tar tar{};
  uint32_t epoch = 0;
  uint64_t counter = 0;
  secured_packet::ResponseStatus status = secured_packet::ResponseStatus::ok;  // else do not act
  std::vector<uint8_t> secured_data;
  secured_packet::ExpectedProtection response;  // what its SPI asks for
  sms::Address originator;
};

class OtaReceiver {
 public:
  explicit OtaReceiver(NvStore& store) : store_(store) {}

  // An SMS-DELIVER TPDU of an SMS-PP download. nullopt: silence. Errors are the store's.
  Result<std::optional<VerifiedPacket>> on_short_message(ByteView tpdu,
                                                         personalisation::ChipStore& chip);
  // A whole command packet, from CPL on.
  Result<std::optional<VerifiedPacket>> on_packet(ByteView packet,
                                                  personalisation::ChipStore& chip);

  // The response packet that `packet` asks for, from RPL on; empty when it asks for none, or for
  // one below our protection. Keys are those of its epoch.
  std::vector<uint8_t> respond(const VerifiedPacket& packet, secured_packet::ResponseStatus status,
                               ByteView data, const personalisation::ChipRecord& record) const;

 private:
  using Reassembler = sms::Reassembler<ota_messages_max, ota_parts_max, ota_packet_octets_max>;
  Result<secured_packet::ResponseStatus> accept_counter(const VerifiedPacket& packet,
                                                        secured_packet::CounterRule rule,
                                                        const personalisation::ChipRecord& record);

  NvStore& store_;
  std::unique_ptr<Reassembler> reassembler_;  // only while parts are outstanding
};

}  // namespace simurgh::uicc
