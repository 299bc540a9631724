// The chip's one table of commands, and what happens before and after each.
#include <algorithm>

#include "base/secret.h"
#include "uicc/chip.h"
#include "uicc/nv_keys.h"

namespace simurgh::uicc {

namespace status = apdu::status;
namespace ins = apdu::ins;

// Which class octets a command has: 0X of TS 102 221, 8X of ETSI, A0 of TS 51.011.
enum class CommandClass : uint8_t { interindustry, etsi, gsm };

// What a command needs beside a chip with an identity.
enum Need : uint8_t {
  nothing = 0,
  any_chip = 1,  // a blank chip executes it too
  remote = 2,    // a verified secured packet may carry it
};

struct CommandTable {
  struct Entry {
    CommandClass cla;
    uint8_t ins;
    Handled (Chip::*handler)(Channel&, const apdu::Command&);
    uint8_t needs;
  };
  static const Entry entries[];
  static std::span<const Entry> all();
};

const CommandTable::Entry CommandTable::entries[] = {
    {CommandClass::interindustry, ins::select, &Chip::select, remote},
    {CommandClass::etsi, ins::status, &Chip::status, remote},
    {CommandClass::interindustry, ins::read_binary, &Chip::read_binary, remote},
    {CommandClass::interindustry, ins::update_binary, &Chip::update_binary, remote},
    {CommandClass::interindustry, ins::read_record, &Chip::read_record, remote},
    {CommandClass::interindustry, ins::update_record, &Chip::update_record, remote},
    {CommandClass::interindustry, ins::search_record, &Chip::search_record, remote},
    {CommandClass::etsi, ins::increase, &Chip::increase, remote},
    {CommandClass::interindustry, ins::verify_pin, &Chip::verify_pin, nothing},
    {CommandClass::interindustry, ins::change_pin, &Chip::change_pin, nothing},
    {CommandClass::interindustry, ins::disable_pin, &Chip::disable_pin, nothing},
    {CommandClass::interindustry, ins::enable_pin, &Chip::enable_pin, nothing},
    {CommandClass::interindustry, ins::unblock_pin, &Chip::unblock_pin, nothing},
    {CommandClass::interindustry, ins::deactivate_file, &Chip::deactivate_file, remote},
    {CommandClass::interindustry, ins::activate_file, &Chip::activate_file, remote},
    {CommandClass::interindustry, ins::create_file, &Chip::create_file, remote},
    {CommandClass::interindustry, ins::delete_file, &Chip::delete_file, remote},
    {CommandClass::etsi, ins::resize_file, &Chip::resize_file, remote},
    {CommandClass::interindustry, ins::authenticate, &Chip::authenticate, nothing},
    {CommandClass::interindustry, ins::get_challenge, &Chip::get_challenge, nothing},
    {CommandClass::etsi, ins::get_identity, &Chip::get_identity, nothing},
    {CommandClass::interindustry, ins::manage_channel, &Chip::manage_channel, nothing},
    {CommandClass::interindustry, ins::get_response, &Chip::get_response, any_chip},
    {CommandClass::etsi, ins::terminal_profile, &Chip::terminal_profile, nothing},
    {CommandClass::etsi, ins::terminal_capability, &Chip::terminal_capability, nothing},
    {CommandClass::etsi, ins::envelope, &Chip::envelope, nothing},
    {CommandClass::etsi, ins::fetch, &Chip::fetch, nothing},
    {CommandClass::etsi, ins::terminal_response, &Chip::terminal_response, nothing},
    {CommandClass::etsi, chip_ins::pre_personalise, &Chip::pre_personalise, any_chip},
    {CommandClass::etsi, chip_ins::get_chip_data, &Chip::get_chip_data, any_chip},
    {CommandClass::etsi, chip_ins::reset_challenge, &Chip::reset_challenge, nothing},
    {CommandClass::etsi, chip_ins::exchange, &Chip::exchange, nothing},
    {CommandClass::etsi, chip_ins::request, &Chip::request, nothing},

    {CommandClass::gsm, ins::select, &Chip::select, remote},
    {CommandClass::gsm, ins::status, &Chip::status, nothing},
    {CommandClass::gsm, ins::read_binary, &Chip::read_binary, remote},
    {CommandClass::gsm, ins::update_binary, &Chip::update_binary, remote},
    {CommandClass::gsm, ins::read_record, &Chip::read_record, remote},
    {CommandClass::gsm, ins::update_record, &Chip::update_record, remote},
    {CommandClass::gsm, ins::increase, &Chip::increase, remote},
    {CommandClass::gsm, ins::verify_pin, &Chip::verify_pin, nothing},
    {CommandClass::gsm, ins::change_pin, &Chip::change_pin, nothing},
    {CommandClass::gsm, ins::disable_pin, &Chip::disable_pin, nothing},
    {CommandClass::gsm, ins::enable_pin, &Chip::enable_pin, nothing},
    {CommandClass::gsm, ins::unblock_pin, &Chip::unblock_pin, nothing},
    {CommandClass::gsm, ins::deactivate_file, &Chip::deactivate_file, remote},
    {CommandClass::gsm, ins::activate_file, &Chip::activate_file, remote},
    {CommandClass::gsm, ins::authenticate, &Chip::run_gsm_algorithm, nothing},
    {CommandClass::gsm, ins::get_response, &Chip::get_response, any_chip},
    {CommandClass::gsm, ins::terminal_profile, &Chip::terminal_profile, nothing},
    {CommandClass::gsm, ins::envelope, &Chip::envelope, nothing},
    {CommandClass::gsm, ins::fetch, &Chip::fetch, nothing},
    {CommandClass::gsm, ins::terminal_response, &Chip::terminal_response, nothing},
};

std::span<const CommandTable::Entry> CommandTable::all() {
  return entries;
}

// The status words that TS 51.011 9.4 has in place of those of TS 102 221.
apdu::StatusWord gsm_status(apdu::StatusWord word) {
  if ((word.value & 0xfff0) == 0x63c0) return {0x9804};
  switch (word.value) {
    case 0x6a82: return {0x9404};  // file not found
    case 0x6a83: return {0x9402};  // out of range
    case 0x6986: return {0x9400};  // no EF selected
    case 0x6981: return {0x9408};  // inconsistent with the command
    case 0x6982: return {0x9804};  // access condition not fulfilled
    case 0x6983: return {0x9840};  // blocked
    case 0x6984: return {0x9808};  // in contradiction with CHV status
    case 0x6985: return {0x9808};
    default: return word;
  }
}

namespace {

apdu::StatusWord status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::no_space: return status::not_enough_memory;
    case ErrorCode::storage: return status::memory_problem;
    default: return status::technical_problem;
  }
}

}  // namespace

Chip::Chip(const Hardware& hardware)
    : hardware_(hardware),
      store_(hardware.nv, hardware.seal_key),
      files_(store_),
      pins_(store_),
      record_store_(store_, files_, pins_),
      alarms_(queue_),
      outbox_(queue_),
      applet_({store_, record_store_, files_, pins_, queue_, outbox_, alarms_, hardware.random}),
      ota_(store_),
      applications_(store_),
      agent_({store_, record_store_, files_, queue_, alarms_, hardware.secure_channels, *this}) {
  channels_[0].open = true;
}

Chip::~Chip() {
  wipe(hardware_.seal_key);
  wipe(answer_);
  wipe(waiting_);
  wipe(blocks_);
}

Result<void> Chip::start() {
  TRY(store_.mount());
  TRY(files_.reload());
  return load_kind();
}

// What is different in a chip that we have not made.
Result<void> Chip::load_kind() {
  const auto imported = load_imported(store_);
  if (!imported.has_value()) {
    return imported.error().code == ErrorCode::not_found ? Result<void>() : imported.error();
  }
  gsm_only_ = imported->gsm_only();
  other_tars_ = imported->tars;
  agent_.switch_off();
  return {};
}

// T=0 and T=15 (TS 102 221 6.3): classes A, B and C, clock stop, no speed enhancement asked.
// Historical bytes: card service data (SELECT by full and partial DF name, EF.DIR present) and
// capabilities (SELECT by FID, path and SFI; BER-TLV; four logical channels); "SIMURGH".
ByteView Chip::atr() const {
  static const ByteArray<22> octets = [] {
    ByteArray<22> atr = {0x3b, 0x9f, 0x96, 0x80, 0x1f, 0xc7, 0x80, 0x31, 0xa0, 0x73, 0xbe,
                         0x21, 0x13, 0x67, 'S',  'I',  'M',  'U',  'R',  'G',  'H'};
    for (size_t i = 1; i + 1 < atr.size(); ++i) atr.back() ^= atr[i];  // TCK
    return atr;
  }();
  return octets;
}

bool Chip::blank() const {
  return !store_.contains(nv_key::chip_record);
}

bool Chip::gsm(const apdu::Command& command) const {
  return command.cla == apdu::cla_gsm;
}

Result<ByteView> Chip::transmit(ByteView bytes) {
  answer_.clear();
  const auto command = apdu::parse_command(bytes);
  if (!command.has_value() || command->extended) {
    return finish(apdu::Command{}, status::wrong_length);
  }
  if (command->ins != ins::get_response) {
    wipe(waiting_);
    waiting_.clear();
  }
  const Handled handled = dispatch(*command);
  if (!handled.has_value() && handled.error().code == ErrorCode::closed) return handled.error();
  return finish(*command, handled.has_value() ? *handled : status_of(handled.error()));
}

Handled Chip::dispatch(const apdu::Command& command) {
  if (gsm(command)) return execute(channels_[0], command);
  const bool own_command = command.ins >= chip_ins::first && command.ins <= chip_ins::last;
  if (gsm_only_ && !own_command) return status::cla_not_supported;
  const uint8_t cla = apdu::class_without_channel(command.cla);
  if (cla != apdu::cla_interindustry && cla != apdu::cla_etsi) {
    const bool secure_messaging = (command.cla & 0x70) == 0 && (command.cla & 0x0c) != 0;
    return secure_messaging ? status::secure_messaging_not_supported : status::cla_not_supported;
  }
  const uint8_t channel = apdu::logical_channel_of(command.cla);
  if (channel >= channels_max || !channels_[channel].open) {
    return status::logical_channel_not_supported;
  }
  return execute(channels_[channel], command);
}

Handled Chip::execute(Channel& channel, const apdu::Command& command) {
  const uint8_t octet = apdu::class_without_channel(command.cla);
  const CommandClass cla = gsm(command)                       ? CommandClass::gsm
                           : octet == apdu::cla_interindustry ? CommandClass::interindustry
                                                              : CommandClass::etsi;
  bool other_class = false;
  for (const auto& entry : CommandTable::all()) {
    if (entry.ins != command.ins) continue;
    other_class = true;
    if (entry.cla != cla) continue;
    if (channel.remote && (entry.needs & Need::remote) == 0) return status::ins_not_supported;
    if (blank() && (entry.needs & Need::any_chip) == 0) return status::conditions_not_satisfied;
    return (this->*entry.handler)(channel, command);
  }
  return other_class ? status::cla_not_supported : status::ins_not_supported;
}

// Data and status words as T=0 has them (TS 102 221 7.3.1.1): an answer to a command with data is
// fetched by GET RESPONSE unless the command brought Le; a proactive command that waits is
// announced in place of 9000.
ByteView Chip::finish(const apdu::Command& command, apdu::StatusWord word) {
  out_.clear();
  if (word == status::ok && !answer_.empty() && command.ins != ins::get_response) {
    const size_t size = answer_.size();
    const bool to_fetch = !command.data.empty() && command.le == 0;
    if (to_fetch || size > apdu::short_answer_octets_max) {
      waiting_.swap(answer_);
      const auto shown = static_cast<uint8_t>(std::min<size_t>(size, 0x100));  // 00: 256 or more
      word = gsm(command) ? apdu::StatusWord{static_cast<uint16_t>(0x9f00 | shown)}
                          : status::response_available(shown);
    } else if (command.le != apdu::short_answer_octets_max && command.le != size) {
      word = status::wrong_le(static_cast<uint8_t>(size));
    }
  }
  const bool more = command.ins == ins::get_response && word.sw1() == 0x61;
  if (word != status::ok && !more) answer_.clear();
  const bool announce = word == status::ok && queue_.waiting_octets() > 0;
  if (announce) word = status::proactive_command(static_cast<uint8_t>(queue_.waiting_octets()));
  if (gsm(command)) word = gsm_status(word);
  out_.assign(answer_.begin(), answer_.end());
  out_.push_back(word.sw1());
  out_.push_back(word.sw2());
  wipe(answer_);
  answer_.clear();
  return out_;
}

// What verified PINs and open channels had allowed ends with the life.
void Chip::forget_session() {
  for (Channel& channel : channels_) channel = Channel{};
  channels_[0].open = true;
  for (bool& verified : pin_verified_) verified = false;
}

// --- the card around it --------------------------------------------------------------------------

Result<void> make_blank_chip(const Hardware& hardware) {
  return NvStore(hardware.nv, hardware.seal_key).format();
}

Card::Card(const Hardware& hardware) : hardware_(hardware) {}
Card::~Card() = default;
Card::Card(Card&&) noexcept = default;

Result<ByteView> Card::reset() {
  chip_ = std::make_unique<Chip>(hardware_);
  const auto started = chip_->start();
  if (!started.has_value()) {
    power_off();
    return started.error();
  }
  return chip_->atr();
}

void Card::power_off() {
  chip_.reset();
}

Result<ByteView> Card::transmit(ByteView command) {
  if (!powered()) return fail(ErrorCode::closed);
  const auto answer = chip_->transmit(command);
  if (!answer.has_value()) power_off();
  return answer;
}

}  // namespace simurgh::uicc
