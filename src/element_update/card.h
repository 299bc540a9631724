// What the cards of a batch differ in, for campaigns: read from the batch's JSON settings
// (docs/operator/batches.md).
#pragma once

#include <string>

#include "conversations/remote_admin/card_profile.h"
#include "fleet/elements.h"
#include "formats/remote_management/identifiers.h"

namespace simurgh::element_update {

// How a card is told the date of its next poll (G1).
enum class PollDate : uint8_t {
  none,    // it is not told
  script,  // written to EF.POLL by a script whose response confirms it
  answer,  // Retry-After of the last answer: not confirmed
};

// How scripts reach a card.
enum class Bearer : uint8_t {
  https,  // in a session that its agent opens, at a poll or after a trigger
  sms,    // as secured packets, each with a proof of receipt
};

// Where a session goes; all of it for the trigger.
struct SessionSettings {
  std::string host;  // of the Host field; empty: the card has everything by itself
  std::string uri;
  std::string agent_id;
  std::string access_point;         // APN, labels between dots
  ByteArray<4> address{};           // IPv4; zeros: the card has it
  uint16_t port = 0;                // 0: with the address
  uint16_t tries = 0, pause_s = 0;  // after a session that broke; 0: as the card does
  remote_management::Tar trigger_tar = remote_management::tar::admin_agent;
  friend bool operator==(const SessionSettings&, const SessionSettings&) = default;
};

// Four numbers between dots; false for anything else.
bool read_ipv4(std::string_view text, ByteArray<4>& out);

// The data of a trigger's packet. bad_value for what it cannot say.
Result<std::vector<uint8_t>> write_trigger(const SessionSettings& settings);

// What scripts as secured packets are like.
struct PacketSettings {
  uint8_t parts_max = 3;            // of a packet, in short messages
  size_t response_octets_max = 96;  // data of a proof of receipt; a delivery report takes 113
  uint8_t apdus_max = 255;          // in a packet
  bool response_by_submit = true;   // else in the delivery report
  remote_management::Tar tar_card_content = remote_management::tar::issuer_security_domain;
  remote_management::Tar tar_files = remote_management::tar::rfm_shared;
  remote_management::Tar tar_adf = remote_management::tar::rfm_first_adf;  // of USIM or ISIM
  friend bool operator==(const PacketSettings&, const PacketSettings&) = default;

  // Octets of script that the packet's parts have room for.
  size_t script_octets_max() const;
  remote_admin::CardProfile profile() const;  // for make_scripts()
};

struct Card {
  bool own = false;
  Bearer bearer = Bearer::https;
  remote_admin::CardProfile http;
  PacketSettings packets;
  SessionSettings session;
  PollDate poll_date = PollDate::none;
  remote_management::Aid poll_target;  // the application that has DF.SIMURGH
};

// Of a chip of ours, when its batch says nothing else.
Card own_card();
// Of an imported one: nothing is taken for granted.
Card imported_card();
// As the element's batch says. not_found; bad_value when its settings cannot be read.
Result<Card> card_of(fleet::Elements& elements, uint16_t batch, fleet::ElementKeySource source);

// `base` with what `settings` (a JSON object) says differently. bad_value with words for the
// operator in `problem`; checked, so that what is taken is a card that can be served.
Result<Card> read_card(std::string_view settings, const Card& base, std::string& problem);

}  // namespace simurgh::element_update
