// Card content management commands (GlobalPlatform Card Specification 2.3 chapter 11) that remote
// scripts are made of: command APDUs <-> plain structs.
//
// What is written are case 4 commands with Le 00, as GlobalPlatform has them; append_compact drops
// that. Nothing here signs or enciphers: in a remote script the bearer does that. Views point into
// the command that was parsed, or to what the caller gave. Errors of parse_…: bad_value (not this
// command, or a value that the clause does not have), truncated, trailing_bytes, bad_length,
// unsupported. Errors of write_…: no_space, and what the fields' types forbid.
#pragma once

#include <optional>

#include "formats/apdu/apdu.h"
#include "formats/remote_management/identifiers.h"

namespace simurgh::remote_management {

// Room for the data field of any command here.
constexpr size_t command_data_octets_max = apdu::short_data_octets_max;

// --- INSTALL (11.5) --------------------------------------------------------------------------

// [for load]: announces the load file that LOAD brings.
struct InstallForLoad {
  Aid load_file;
  Aid security_domain;  // empty: the one that is selected
  ByteView hash = {};   // of the load file data block
  ByteView parameters = {};
  ByteView token = {};
};
Result<InstallForLoad> parse_install_for_load(const apdu::Command& command);
// Writes the data field into `room`, of which the command is a view.
Result<apdu::Command> write_install_for_load(const InstallForLoad& install, MutableByteView room);

// [for install] and [for make selectable], together or [for install] alone.
struct InstallForInstall {
  Aid load_file;
  Aid module;
  Aid instance;
  ByteView privileges = {};  // 1 or 3 octets (6.6.1)
  ByteView parameters = {};  // C9, EF …; InstallParameters
  ByteView token = {};
  bool make_selectable = true;
};
Result<InstallForInstall> parse_install_for_install(const apdu::Command& command);
Result<apdu::Command> write_install_for_install(const InstallForInstall& install,
                                                MutableByteView room);

// The install parameters field (11.5.2.3.7, TS 102 226 8.2.1.3.2). Objects of EF that are not
// named here are skipped.
struct InstallParameters {
  ByteView application = {};   // C9: handed to the applet
  ByteView sim_toolkit = {};   // CA inside EF, TS 51.011's time
  ByteView uicc_toolkit = {};  // EA inside EF, or beside it
};
Result<InstallParameters> parse_install_parameters(ByteView bytes);
Result<ByteView> write_install_parameters(const InstallParameters& parameters, MutableByteView out);

// Object 80 of EA: what the toolkit framework of the card keeps of an applet (TS 102 226
// 8.2.1.3.2.2.1). Written down from knowledge of applets in the field, not from the clause.
struct UiccToolkitParameters {
  static constexpr size_t tars_max = 8;
  uint8_t priority = 0xff;
  uint8_t timers_max = 0;
  uint8_t menu_text_octets_max = 0;
  ByteView menu_entries = {};  // pairs of position and identifier
  uint8_t channels_max = 0;
  ByteView minimum_security = {};  // empty: the card's own
  ByteView tars = {};              // three octets each; empty: of the instance's AID
  uint8_t services_max = 0;
};
Result<UiccToolkitParameters> parse_uicc_toolkit_parameters(ByteView ea_value);
// The value of EA: object 80.
Result<ByteView> write_uicc_toolkit_parameters(const UiccToolkitParameters& parameters,
                                               MutableByteView out);

// --- LOAD (11.6) -----------------------------------------------------------------------------

struct LoadBlock {
  bool last = false;
  uint8_t number = 0;  // from 0
  ByteView data = {};  // a part of C4 L <load file data block>
};
Result<LoadBlock> parse_load_block(const apdu::Command& command);
apdu::Command write_load_block(const LoadBlock& block);

// Cuts a load file into LOAD commands.
class LoadFileCutter {
 public:
  static constexpr size_t blocks_max = 256;
  // `block_octets` is at most 255; `load_file` outlives the cutter.
  LoadFileCutter(ByteView load_file, size_t block_octets);
  // How many commands next() gives; more than blocks_max do not fit P2, next() fails.
  size_t block_count() const;
  bool at_end() const { return number_ == block_count(); }
  // The next command, its data in `room` (block_octets); too_large, no_space.
  Result<apdu::Command> next(MutableByteView room);

 private:
  ByteView load_file_;
  size_t block_octets_;
  uint8_t header_[5] = {};  // C4 and its length
  size_t header_octets_ = 0;
  size_t number_ = 0;
};

// --- DELETE (11.2) ---------------------------------------------------------------------------

struct Delete {
  Aid aid;                   // an application or load file; empty when keys are deleted
  bool and_related = false;  // a load file with its instances
  std::optional<uint8_t> key_id = {};
  std::optional<uint8_t> key_version = {};
};
Result<Delete> parse_delete(const apdu::Command& command);
Result<apdu::Command> write_delete(const Delete& erase, MutableByteView room);

// --- GET STATUS (11.4) -----------------------------------------------------------------------

enum class Subset : uint8_t {
  issuer_security_domain = 0x80,
  applications = 0x40,  // and supplementary security domains
  load_files = 0x20,
  load_files_and_modules = 0x10,
};

constexpr apdu::StatusWord more_entries{0x6310};  // ask again with `next`

struct GetStatus {
  Subset subset = Subset::applications;
  bool next = false;         // goes on after 6310
  ByteView aid_prefix = {};  // search criterion 4F; empty: all
  ByteView tag_list = {};    // 5C, the objects that an entry shall have; empty: the card's choice
};
// The answer in data objects (P2 b2) is the only one; unsupported for the old form.
Result<GetStatus> parse_get_status(const apdu::Command& command);
Result<apdu::Command> write_get_status(const GetStatus& status, MutableByteView room);

// One E3 of the answer.
struct StatusEntry {
  Aid aid;                   // 4F
  uint8_t life_cycle = 0;    // 9F70
  ByteView privileges = {};  // C5
  Aid load_file;             // C4, of an application
  ByteView version = {};     // CE, of a load file
  Aid security_domain;       // CC
  ByteView modules = {};     // the objects 84 …, as read_module takes them
};

// Goes through the entries of an answer. Objects that are not known are skipped.
class StatusEntries {
 public:
  explicit StatusEntries(ByteView answer) : reader_(answer) {}
  bool at_end() const { return reader_.at_end(); }
  Result<StatusEntry> next();

 private:
  Reader reader_;
};

// The next module of an entry's `modules`, taken from its front; not_found at the end.
Result<Aid> take_module(ByteView& modules);

// An entry with these modules; no_space: it belongs on the next page. `entry.modules` is not used.
Result<ByteView> write_status_entry(const StatusEntry& entry, std::span<const Aid> modules,
                                    MutableByteView out);

// --- SET STATUS (11.10) ----------------------------------------------------------------------

enum class StatusTarget : uint8_t {
  issuer_security_domain = 0x80,
  application = 0x40,
  security_domain_and_applications = 0x60,
};
// Life cycle of applications (11.1.1); the issuer security domain's is the card's.
namespace application_state {
constexpr uint8_t installed = 0x03;
constexpr uint8_t selectable = 0x07;
constexpr uint8_t locked = 0x83;  // b8: locked, the rest is where it comes back to
}  // namespace application_state

struct SetStatus {
  StatusTarget target = StatusTarget::application;
  uint8_t state = application_state::selectable;
  Aid aid;  // empty for the issuer security domain
};
Result<SetStatus> parse_set_status(const apdu::Command& command);
Result<apdu::Command> write_set_status(const SetStatus& status, MutableByteView room);

// --- PUT KEY (11.8) --------------------------------------------------------------------------

enum class KeyType : uint8_t { tdes = 0x80, psk_tls = 0x85, aes = 0x88 };

// One key of the command. `value` is enciphered under the key encryption key of the set that is
// replaced; for AES and PSK it begins with the length of the clear key.
struct KeyBlock {
  KeyType type = KeyType::aes;
  ByteView value = {};
  ByteView check_value = {};  // three octets, or none
};

struct PutKey {
  static constexpr size_t keys_max = 3;
  uint8_t replaced_version = 0;  // P1: 0 adds a new set
  uint8_t first_key_id = 1;      // P2 without its top bit
  bool several_keys = false;     // P2's top bit
  uint8_t new_version = 0;
  ByteView keys = {};  // KeyBlocks, as take_key_block takes them
};
Result<PutKey> parse_put_key(const apdu::Command& command);
Result<apdu::Command> write_put_key(const PutKey& put, std::span<const KeyBlock> keys,
                                    MutableByteView room);
// The next key from the front of `keys`; not_found at the end. Only the basic format (one octet of
// type); unsupported for the extended one (FF).
Result<KeyBlock> take_key_block(ByteView& keys);

// --- STORE DATA (11.11), GET DATA (11.3) -----------------------------------------------------

enum class DataStructure : uint8_t { none = 0, dgi = 1, ber_tlv = 2 };

struct StoreData {
  bool last = true;
  DataStructure structure = DataStructure::ber_tlv;
  uint8_t number = 0;
  ByteView data = {};
};
Result<StoreData> parse_store_data(const apdu::Command& command);
Result<apdu::Command> write_store_data(const StoreData& store);

// GET DATA for one object: P1 P2 are its tag.
Result<uint16_t> parse_get_data(const apdu::Command& command);
apdu::Command write_get_data(uint16_t tag);
namespace data_tag {
constexpr uint16_t administration_parameters = 0x0085;
constexpr uint16_t key_information = 0x00e0;
constexpr uint16_t free_memory = 0xff21;  // extended card resources (TS 102 226 8.2.1.7)
}  // namespace data_tag

}  // namespace simurgh::remote_management
