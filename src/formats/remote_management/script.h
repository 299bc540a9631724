// Command and response scripts in the expanded format (ETSI TS 102 226 5.2): what is sent to a card
// in secured packets and over HTTP, and what comes back.
//
//   command   AA L items            AE 80 items 00 00
//             items: 83 script chaining, 81 immediate action, 82 error action, 22 C-APDU …
//   response  AB L items            AF 80 items 00 00
//             items: 80 number of executed commands (definite form), 23 R-APDU …, 81 response of
//             the immediate action, 90 bad format, 83 answer to script chaining
//
// Sources disagree on the tags of the indefinite form: AE and AF are written, AC and AD are read
// too. Length fields take one to four octets. A script is checked as a whole before its first item
// comes out, so that nothing of a malformed one is ever executed; TS 102 226 lets a card execute
// what stands before the fault. No heap: items are views of the script.
#pragma once

#include <optional>

#include "formats/apdu/apdu.h"

namespace simurgh::remote_management {

// The number of executed commands stands in one octet.
constexpr size_t apdus_per_script_max = 255;
// Items that are no APDU, above which a script is hostile.
constexpr size_t other_items_max = 8;

enum class LengthForm : uint8_t { definite, indefinite };

// Script chaining of a command script (5.4.1): a script that goes on in the next packet or POST, on
// the same selected file and the same channels.
enum class Chaining : uint8_t {
  first = 0x01,       // the context goes when the card is reset
  first_kept = 0x11,  // it outlives a reset
  subsequent = 0x02,
  last = 0x03,
};

// Answer to it (5.4.2).
enum class ChainingFault : uint8_t {
  no_previous_script = 0x01,
  not_supported = 0x02,
  unable = 0x03,
};

// Why nothing of a command script was executed (5.2.2, tag 90).
enum class BadFormat : uint8_t {
  unknown_tag = 0x01,
  wrong_length = 0x02,
  length_not_found = 0x03,
};

struct CommandItem {
  enum class Kind : uint8_t { apdu = 0x22, immediate_action = 0x81, error_action = 0x82 };
  Kind kind = Kind::apdu;
  ByteView value;     // C-APDU of at least four octets; an action as the clause codes it
  size_t offset = 0;  // of the value in the script
};

// A command script that is well formed.
struct CommandScript {
  LengthForm form = LengthForm::definite;
  std::optional<Chaining> chaining;
  uint8_t apdu_count = 0;
  ByteView items;           // what is inside the template
  size_t items_offset = 0;  // in the script
};

// truncated (a length or the end of the script is not found), bad_value (a tag or a value that the
// clause does not have), bad_length, trailing_bytes, too_large (apdus_per_script_max,
// other_items_max). The whole input is one script.
Result<CommandScript> parse_command_script(ByteView bytes);

// How a card answers that error.
BadFormat bad_format_of(const Error& error);

// Goes through the items of a script, the chaining aside.
class CommandItems {
 public:
  explicit CommandItems(const CommandScript& script)
      : reader_(script.items), offset_(script.items_offset) {}
  // The next item; nullopt after the last.
  std::optional<CommandItem> next();

 private:
  Reader reader_;
  size_t offset_;
};

// Writes a command script into a caller's buffer. What does not fit, or is over a limit, is said
// by finish().
class CommandScriptWriter {
 public:
  explicit CommandScriptWriter(MutableByteView out, LengthForm form = LengthForm::indefinite);

  // Before everything else.
  CommandScriptWriter& chaining(Chaining chaining);
  CommandScriptWriter& immediate_action(ByteView action);
  CommandScriptWriter& error_action(ByteView action);
  CommandScriptWriter& apdu(ByteView c_apdu);
  CommandScriptWriter& apdu(const apdu::Command& command);
  // The script; no_space. The writer is done with.
  Result<ByteView> finish();

 private:
  CommandScriptWriter& item(uint8_t tag, ByteView value);
  Writer out_;
  LengthForm form_;
  size_t length_offset_ = 0;
  size_t apdus_ = 0;
};

struct ResponseItem {
  enum class Kind : uint8_t { r_apdu = 0x23, immediate_action = 0x81 };
  Kind kind = Kind::r_apdu;
  ByteView value;  // R-APDU: data and at least SW1 SW2
};

struct ResponseScript {
  LengthForm form = LengthForm::definite;
  std::optional<uint16_t> executed_count;  // as the card says; cards give it in both forms or not
  uint8_t r_apdu_count = 0;                // as they stand here
  std::optional<BadFormat> bad_format;
  std::optional<ChainingFault> chaining_fault;
  std::optional<apdu::StatusWord> last_status;  // of the last R-APDU
  ByteView items;
};

// Errors as for commands.
Result<ResponseScript> parse_response_script(ByteView bytes);

// Goes through the R-APDUs and the response of the immediate action.
class ResponseItems {
 public:
  explicit ResponseItems(const ResponseScript& script) : reader_(script.items) {}
  std::optional<ResponseItem> next();

 private:
  Reader reader_;
};

// Writes a response script into a buffer whose size is the most that the answer may take. It always
// ends well formed: what has no room is left out.
class ResponseScriptWriter {
 public:
  // Room below which a response cannot even say that it is too long.
  static constexpr size_t octets_min = 32;

  // `out` has at least octets_min octets.
  explicit ResponseScriptWriter(MutableByteView out, LengthForm form = LengthForm::definite);

  enum class Added : uint8_t {
    whole,
    truncated,  // the data was cut and the status is 62F1: execute nothing further
    no_room,    // nothing was added, and nothing more can be
  };
  // The response of one executed command.
  Added r_apdu(ByteView data, apdu::StatusWord status);
  void bad_format(BadFormat fault);
  void chaining_fault(ChainingFault fault);
  ByteView finish();

 private:
  // Tag, length, status and the end of the script.
  void put(uint8_t tag, ByteView value, ByteView more = {});
  size_t room() const;
  MutableByteView output_;
  Writer out_;
  LengthForm form_;
  uint8_t executed_ = 0;
  bool cut_ = false;
};

// --- compact format (5.1): secured packets only ---------------------------------------------

// Commands one after the other: CLA INS P1 P2 P3 [data]. P3 is Lc or Le as the instruction has it,
// so this reads only the instructions of TS 102 226 5.1 (RFM and RAM); unsupported for others.
class CompactCommands {
 public:
  explicit CompactCommands(ByteView bytes) : reader_(bytes) {}
  bool at_end() const { return reader_.at_end(); }
  size_t offset() const { return reader_.offset(); }
  // truncated, unsupported; too_large above apdus_per_script_max.
  Result<apdu::Command> next();

 private:
  Reader reader_;
  size_t commands_ = 0;
};

// Appends one command. A case 4 command loses its Le: fetch its answer with GET RESPONSE.
// bad_value when the format cannot carry it (the answer could not be read back alike), no_space.
Result<void> append_compact(const apdu::Command& command, Writer& out);

// Number of executed commands, status and data of the last one.
struct CompactResponse {
  uint8_t executed = 0;
  apdu::StatusWord status;
  ByteView data;
};
Result<CompactResponse> parse_compact_response(ByteView bytes);
Result<ByteView> write_compact_response(const CompactResponse& response, MutableByteView out);

}  // namespace simurgh::remote_management
