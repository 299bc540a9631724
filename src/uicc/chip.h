// The software of a powered chip: its RAM, the dispatcher, and the handlers of its commands. Only
// Card makes one; the handlers stand in command_*.cc by subject.
#pragma once

#include <vector>

#include "formats/apdu/apdu.h"
#include "formats/remote_management/script.h"
#include "formats/toolkit/envelope.h"
#include "uicc/applet.h"
#include "uicc/applications.h"
#include "uicc/card.h"
#include "uicc/chip_apdus.h"
#include "uicc/http_agent.h"
#include "uicc/ota.h"
#include "uicc/remote.h"

namespace simurgh::uicc {

// A logical channel (TS 102 221 8.3), or the one on which a secured packet's commands run.
struct Channel {
  bool open = false;
  bool remote = false;             // commands of a verified packet: ADM, and no PINs asked
  FileIndex directory = mf_index;  // current DF
  FileIndex file = no_file;        // current EF
  FileIndex adf = no_file;         // active application
  uint8_t record = 0;              // record pointer; 0: undefined
};

constexpr uint8_t channels_max = 4;
constexpr size_t answer_octets_max = 768;  // the longest: M1, fetched in pieces

using Answer = std::vector<uint8_t>;
using Handled = Result<apdu::StatusWord>;

// The status word that TS 51.011 9.4 has in place of one of TS 102 221.
apdu::StatusWord gsm_status(apdu::StatusWord word);

class Chip final : private AgentHost {
 public:
  explicit Chip(const Hardware& hardware);
  ~Chip();
  Chip(const Chip&) = delete;
  Chip& operator=(const Chip&) = delete;

  Result<void> start();
  ByteView atr() const;
  Result<ByteView> transmit(ByteView command);

 private:
  friend struct CommandTable;

  // --- dispatch (dispatch.cc) ---
  Handled dispatch(const apdu::Command& command);
  Handled execute(Channel& channel, const apdu::Command& command);
  ByteView finish(const apdu::Command& command, apdu::StatusWord status);
  bool blank() const;
  bool gsm(const apdu::Command& command) const;
  Result<void> load_kind();

  // --- files (command_files.cc, command_records.cc) ---
  Handled select(Channel& channel, const apdu::Command& command);
  Handled select_application(Channel& channel, const apdu::Command& command);
  Handled status(Channel& channel, const apdu::Command& command);
  Handled read_binary(Channel& channel, const apdu::Command& command);
  Handled update_binary(Channel& channel, const apdu::Command& command);
  Handled read_record(Channel& channel, const apdu::Command& command);
  Handled update_record(Channel& channel, const apdu::Command& command);
  Handled search_record(Channel& channel, const apdu::Command& command);
  Handled increase(Channel& channel, const apdu::Command& command);
  Handled activate_file(Channel& channel, const apdu::Command& command);
  Handled deactivate_file(Channel& channel, const apdu::Command& command);
  Handled set_active(Channel& channel, const apdu::Command& command, bool active);
  void select_file(Channel& channel, FileIndex file);
  Result<void> describe(FileIndex file);      // FCP into the answer
  Result<void> describe_gsm(FileIndex file);  // TS 51.011 9.2.1
  enum class Use : uint8_t { read, update, increase, activate };
  // ok, or why the current EF may not be used so.
  Handled may_use(const Channel& channel, Use use, apdu::FileType structure, bool any_structure);
  Result<bool> satisfied(const Channel& channel, Condition condition) const;
  // The EF that P1 or P2 names by short identifier, selected; or the current one.
  apdu::StatusWord select_by_sfi(Channel& channel, uint8_t sfi);
  Result<uint8_t> record_number(const Channel& channel, const apdu::Command& command,
                                const Content& content) const;

  // --- creating and deleting files (command_file_management.cc) ---
  Handled create_file(Channel& channel, const apdu::Command& command);
  Handled delete_file(Channel& channel, const apdu::Command& command);
  Handled resize_file(Channel& channel, const apdu::Command& command);
  Handled may_manage(const Channel& channel, FileIndex directory) const;
  // Channels that stand in a file or directory that is no more go to `directory`.
  void leave_deleted(Channel& current, FileIndex directory);

  // --- PINs (command_pins.cc) ---
  Handled verify_pin(Channel& channel, const apdu::Command& command);
  Handled change_pin(Channel& channel, const apdu::Command& command);
  Handled disable_pin(Channel& channel, const apdu::Command& command);
  Handled enable_pin(Channel& channel, const apdu::Command& command);
  Handled unblock_pin(Channel& channel, const apdu::Command& command);
  Handled pin_status_word(PinName name, PinOutcome outcome);
  Handled unblocking_tries(PinName name) const;

  // --- authentication (command_authenticate.cc) ---
  Handled authenticate(Channel& channel, const apdu::Command& command);
  Handled run_gsm_algorithm(Channel& channel, const apdu::Command& command);
  Handled authenticate_3g(ByteView rand, ByteView autn);
  Handled authenticate_2g(ByteView rand, bool gsm_class);
  Handled get_challenge(Channel& channel, const apdu::Command& command);
  Handled get_identity(Channel& channel, const apdu::Command& command);
  Result<AuthenticationProfile> authentication_profile() const;

  // --- toolkit and channels (command_toolkit.cc) ---
  Handled terminal_profile(Channel& channel, const apdu::Command& command);
  Handled terminal_capability(Channel& channel, const apdu::Command& command);
  Handled envelope(Channel& channel, const apdu::Command& command);
  Handled fetch(Channel& channel, const apdu::Command& command);
  Handled terminal_response(Channel& channel, const apdu::Command& command);
  Result<void> set_up_events();
  Result<void> begin_logon_session();
  Result<void> on_alarm(std::optional<Alarm> alarm);
  Result<void> on_status_poll();
  Handled manage_channel(Channel& channel, const apdu::Command& command);
  Handled get_response(Channel& channel, const apdu::Command& command);

  // --- secured packets and remote scripts (remote.cc) ---
  Handled on_sms_pp(const toolkit::SmsPpDownload& download);
  Result<secured_packet::ResponseStatus> act_on(const VerifiedPacket& packet, size_t room,
                                                std::vector<uint8_t>& data);
  Target target_of_packet(const secured_packet::Tar& tar) const;
  Channel remote_channel(Target target) const;
  Handled run_one(Channel& channel, Target target, const apdu::Command& command);
  // The response to a script; `room` bounds its data (compact), or all of it (expanded).
  Result<std::vector<uint8_t>> run_compact(ByteView script, Target target, size_t room);
  Result<std::vector<uint8_t>> run_expanded(ByteView script, Target target, size_t room);
  Result<void> run_items(const remote_management::CommandScript& script, Channel& channel,
                         Target target, remote_management::ResponseScriptWriter& response);
  void take_action(ByteView action);
  // AgentHost
  Result<remote_admin::ScriptOutcome> execute_script(const remote_admin::ReceivedScript& script,
                                                     RecordOf record_of) override;
  Result<void> on_session(bool under_way) override;
  Result<void> on_epoch_proved(uint32_t epoch) override;

  // --- the card manager's data (command_card.cc) ---
  Handled manage_card(const apdu::Command& command);
  Handled get_data(const apdu::Command& command);
  Handled store_data(const apdu::Command& command);

  // --- factory and dealer (command_chip.cc) ---
  Handled pre_personalise(Channel& channel, const apdu::Command& command);
  Handled get_chip_data(Channel& channel, const apdu::Command& command);
  Handled reset_challenge(Channel& channel, const apdu::Command& command);
  Handled exchange(Channel& channel, const apdu::Command& command);
  Handled exchange_remotely(const apdu::Command& command);
  Handled exchange_by(PersonalisationApplet::Bearer bearer, const apdu::Command& command);
  Handled request(Channel& channel, const apdu::Command& command);
  // Adds a block; true when the last one is in, and the whole is in `blocks_`.
  Result<bool> add_block(const apdu::Command& command, apdu::StatusWord* refused);
  void forget_session();

  Hardware hardware_;
  NvStore store_;
  FileSystem files_;
  Pins pins_;
  NvChipStore record_store_;
  ProactiveQueue queue_;
  Alarms alarms_;
  Outbox outbox_;
  PersonalisationApplet applet_;
  OtaReceiver ota_;
  CardContent applications_;
  HttpAgent agent_;
  // Script chaining (TS 102 226 5.4): where the last script of a chain has left off.
  struct Chained {
    Channel channel;
    Target target;
  };
  std::unique_ptr<Chained> chained_;
  // Of a chip that another has made (imported.h).
  bool gsm_only_ = false;
  FixedVector<TarRow, ImportedChip::tars_max> other_tars_;

  Channel channels_[channels_max];
  bool pin_verified_[2] = {};
  Answer answer_;             // of the command at hand
  Answer waiting_;            // for GET RESPONSE
  std::vector<uint8_t> out_;  // what transmit() gave last
  std::vector<uint8_t> blocks_;
  uint8_t blocks_ins_ = 0;
  uint8_t blocks_next_ = 0;
};

}  // namespace simurgh::uicc
