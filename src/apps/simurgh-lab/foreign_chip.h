// Chips that another maker has made, for the lab: a virtual chip, its subscription with another
// operator, and its row of a fleet file (docs/operator/fleet-file.md). They were set up by their
// maker by secured packets, as chips are: where their agent goes, and when it polls (EF.ADMIN,
// EF.POLL).
//
// Most have an HTTP agent and a pre-shared key. Cards for short messages only have no agent: what
// reaches them is secured packets.
#pragma once

#include <memory>

#include "base/random.h"
#include "crypto/aka.h"
#include "formats/fleet_file/fleet_file.h"
#include "uicc/card.h"
#include "uicc/poll_schedule.h"

namespace simurgh::lab {

constexpr const char* chip_access_point = "ota";

struct ForeignChip {
  Iccid iccid;
  Imsi imsi;
  Msisdn msisdn;
  bool short_messages_only = false;
  std::unique_ptr<uicc::MemoryNv> nv;
  ByteArray<16> seal_key{};
  crypto::AkaKeys aka;       // what its home operator has
  fleet_file::Row row;       // what the platform gets; dates are the caller's
  std::string psk_identity;  // that the agent presents
};

struct ForeignOrder {
  size_t index = 0;  // decides the numbers
  bool short_messages_only = false;
  uint16_t port = 0;  // of the front end, on this machine
  uint32_t poll_period_s = 0;
  uint16_t tries = 3;  // of the agent, in one session, besides the first
  uint8_t pause_s = 5;
};

// Errors are those of the chip's own software: a mistake here.
Result<ForeignChip> make_foreign_chip(const ForeignOrder& order, Random& random,
                                      uicc::SecureChannels* channels);

// How often the lab's payload was executed in a chip: EF.ACM, which the payload's INCREASE alone
// changes. Read by a reader; the phone is off meanwhile.
Result<uint32_t> executions_of(const ForeignChip& chip, Random& random);

// The payload: its C-APDUs, and what reading the counter gives after one execution.
constexpr std::string_view payload_commands[] = {"00a40004026f39", "803200000300000100"};
constexpr std::string_view read_back_commands[] = {"00a40004026f39", "00b2010403"};
constexpr std::string_view read_back_expected = "000001";
// Public constant: the AID of our profile's USIM (uicc/files.cc).
constexpr std::string_view usim_aid_text = "a0000000871002ffffffff8907090000";

}  // namespace simurgh::lab
