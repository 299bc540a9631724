// What a campaign's payload says, as bytes and as a plain struct, and what is to be sent to a card
// for it: groups of C-APDUs with what each answer must be, and the read-back that tells whether the
// card has done it already.
//
// The encoding is canonical: what parses is what is written for it. It begins with its version.
//
//   01 kind (campaign::PayloadKind)
//   script, os_patch   target, flags (bit 1: repeating does no harm), commands, read-back
//   file               target, files: path (1 octet count, 2 octets each), offset (2), octets (2 L)
//   applet             target, what (1 install, 2 delete), load file AID, module AID, instance AID,
//                      privileges (1 L), install parameters (1 L), load file (4 L)
//   key_rotation, next_poll   nothing
//   target             1 RAM or 2 RFM, AID (1 L; empty: the default)
//   commands           count (2), C-APDU (2 L) each
//   read-back          as commands, each followed by the data expected (2 L)
//
// No sessions, no cards' differences: scripts.h suits a plan to a card.
#pragma once

#include <optional>
#include <vector>

#include "campaign/campaign.h"
#include "formats/remote_admin_http/message.h"
#include "formats/remote_management/identifiers.h"

namespace simurgh::element_update {

using Bytes = std::vector<uint8_t>;
using remote_admin_http::ScriptKind;
using remote_management::Aid;

constexpr size_t commands_max = 4096;  // in one payload
constexpr size_t path_files_max = 8;   // from the MF or ADF to the file
constexpr size_t write_octets_max = 16 * 1024;

struct Target {
  ScriptKind kind = ScriptKind::file;
  Aid application;  // empty: the one that the card takes by itself
  friend bool operator==(const Target&, const Target&) = default;
};

// A command that only looks, and the data that it gives once the work is done.
struct ReadBack {
  Bytes command;
  Bytes expected;
  friend bool operator==(const ReadBack&, const ReadBack&) = default;
};

struct CommandsPayload {  // script, os_patch
  Target target;
  bool repeatable = false;  // executing it twice is the same as once
  std::vector<Bytes> commands;
  std::vector<ReadBack> read_back;  // in one session with each other; empty: there is none
  friend bool operator==(const CommandsPayload&, const CommandsPayload&) = default;
};

struct FileWrite {
  std::vector<uint16_t> path;  // file identifiers, selected one after the other
  uint16_t offset = 0;         // below 0x8000 (TS 102 221 11.1.4)
  Bytes octets;
  friend bool operator==(const FileWrite&, const FileWrite&) = default;
};

struct FilePayload {
  Target target;
  std::vector<FileWrite> writes;
  friend bool operator==(const FilePayload&, const FilePayload&) = default;
};

struct AppletPayload {
  enum class What : uint8_t { install = 1, erase = 2 };
  Target target{.kind = ScriptKind::card_content, .application = {}};
  What what = What::install;
  Aid load_file;
  Aid module;    // of an install
  Aid instance;  // of an install
  Bytes privileges;
  Bytes parameters;  // install parameters field
  Bytes code;        // load file data block
  friend bool operator==(const AppletPayload&, const AppletPayload&) = default;
};

// The bytes for campaign::Payload. bad_value or too_large for what the encoding does not carry.
Result<campaign::Payload> write_payload(campaign::PayloadKind kind, const CommandsPayload& payload);
Result<campaign::Payload> write_payload(const FilePayload& payload);
Result<campaign::Payload> write_payload(const AppletPayload& payload);
campaign::Payload key_rotation_payload();
campaign::Payload next_poll_payload();

// --- what is sent for it -----------------------------------------------------------------------

struct Step {
  enum class Expect : uint8_t {
    success,    // a normal ending, or a warning
    same_data,  // a normal ending with exactly `data`
    some_data,  // a normal ending with any
    not_there,  // 6A88: referenced data not found
    anything,
  };
  Bytes command;
  Expect expect = Expect::success;
  Bytes data = {};
};

// Commands that need each other's context (a selected file): one script, or chained ones.
using Group = std::vector<Step>;

struct Plan {
  campaign::PayloadKind kind = campaign::PayloadKind::script;
  Target target;
  std::vector<Group> work;  // empty for key_rotation and next_poll
  // The read-back: if all is as expected, the work was done. Empty: nobody can tell.
  std::vector<Group> guard;
  // Before the work is given again to a card that may have done a part of it.
  std::vector<Group> before_again;
  bool repeatable = false;
};

// truncated, bad_value, bad_length, too_large, trailing_bytes, unsupported (another version).
Result<Plan> plan_of(const campaign::Payload& payload);

}  // namespace simurgh::element_update
