// VERIFY, CHANGE, DISABLE, ENABLE and UNBLOCK PIN (TS 102 221 11.1.9 … 11.1.13; the CHV commands
// of TS 51.011 9.2.9 … 9.2.13 are the same with other numbers).
#include <optional>

#include "uicc/chip.h"

namespace simurgh::uicc {

namespace status = apdu::status;

namespace {

constexpr uint8_t key_reference_pin1 = 0x01;
constexpr uint8_t key_reference_pin2 = 0x81;
constexpr uint8_t chv1 = 0x01;
constexpr uint8_t chv2 = 0x02;

std::optional<PinName> pin_of(const apdu::Command& command) {
  const uint8_t second = command.cla == apdu::cla_gsm ? chv2 : key_reference_pin2;
  static_assert(key_reference_pin1 == chv1);
  if (command.p2 == key_reference_pin1) return PinName::pin1;
  if (command.p2 == second) return PinName::pin2;
  // UNBLOCK CHV names CHV1 as 00 (TS 51.011 9.2.13).
  const bool unblock = command.ins == apdu::ins::unblock_pin;
  if (command.cla == apdu::cla_gsm && unblock && command.p2 == 0) return PinName::pin1;
  return std::nullopt;
}

size_t index_of(PinName name) {
  return static_cast<size_t>(name);
}

}  // namespace

Handled Chip::pin_status_word(PinName name, PinOutcome outcome) {
  bool& verified = pin_verified_[index_of(name)];
  switch (outcome) {
    case PinOutcome::right: verified = true; return status::ok;
    case PinOutcome::wrong:
      verified = false;
      return status::tries_left(TRY(pins_.state(name)).tries);
    case PinOutcome::blocked: verified = false; return status::pin_blocked;
    case PinOutcome::disabled: return status::referenced_data_invalidated;
    case PinOutcome::enabled: return status::conditions_not_satisfied;
    case PinOutcome::malformed: return status::incorrect_data;
  }
  return status::technical_problem;
}

Handled Chip::verify_pin(Channel&, const apdu::Command& command) {
  const auto name = pin_of(command);
  if (!name.has_value()) return status::referenced_data_not_found;
  if (command.data.empty()) {  // how many tries are left
    const PinState state = TRY(pins_.state(*name));
    if (!state.enabled) return status::referenced_data_invalidated;
    return state.tries == 0 ? status::pin_blocked : status::tries_left(state.tries);
  }
  if (command.data.size() != pin_octets) return status::wrong_length;
  return pin_status_word(*name, TRY(pins_.verify(*name, command.data)));
}

Handled Chip::change_pin(Channel&, const apdu::Command& command) {
  const auto name = pin_of(command);
  if (!name.has_value()) return status::referenced_data_not_found;
  if (command.data.size() != 2 * pin_octets) return status::wrong_length;
  return pin_status_word(*name, TRY(pins_.change(*name, command.data.first(pin_octets),
                                                 command.data.last(pin_octets))));
}

Handled Chip::disable_pin(Channel&, const apdu::Command& command) {
  const auto name = pin_of(command);
  // PIN2 guards single files and is not to be switched off.
  if (!name.has_value() || *name != PinName::pin1) return status::referenced_data_not_found;
  if (command.data.size() != pin_octets) return status::wrong_length;
  return pin_status_word(*name, TRY(pins_.set_enabled(*name, command.data, false)));
}

Handled Chip::enable_pin(Channel&, const apdu::Command& command) {
  const auto name = pin_of(command);
  if (!name.has_value() || *name != PinName::pin1) return status::referenced_data_not_found;
  if (command.data.size() != pin_octets) return status::wrong_length;
  return pin_status_word(*name, TRY(pins_.set_enabled(*name, command.data, true)));
}

Handled Chip::unblocking_tries(PinName name) const {
  const PinState state = TRY(pins_.state(name));
  return state.puk_tries == 0 ? status::pin_blocked : status::tries_left(state.puk_tries);
}

Handled Chip::unblock_pin(Channel&, const apdu::Command& command) {
  const auto name = pin_of(command);
  if (!name.has_value()) return status::referenced_data_not_found;
  if (command.data.empty()) return unblocking_tries(*name);
  if (command.data.size() != 2 * pin_octets) return status::wrong_length;
  personalisation::ChipRecord record;
  TRY(record_store_.load(record));
  const auto puk = puk_of(record);
  const PinOutcome outcome =
      TRY(pins_.unblock(*name, command.data.first(pin_octets), puk, command.data.last(pin_octets)));
  if (outcome == PinOutcome::wrong) {
    pin_verified_[index_of(*name)] = false;
    return status::tries_left(TRY(pins_.state(*name)).puk_tries);
  }
  return pin_status_word(*name, outcome);
}

}  // namespace simurgh::uicc
