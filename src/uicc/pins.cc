#include "uicc/pins.h"

#include <algorithm>

#include "base/reader.h"
#include "crypto/primitives.h"
#include "uicc/nv_keys.h"

namespace simurgh::uicc {
namespace {

constexpr ByteArray<pin_octets> pin_0000 = {'0', '0', '0', '0', 0xff, 0xff, 0xff, 0xff};
constexpr size_t state_octets = 6;  // tries, PUK tries, enabled; of two PINs
constexpr size_t pin_digits_min = 4;

size_t index_of(PinName name) {
  return static_cast<size_t>(name);
}

}  // namespace

bool is_pin(ByteView value) {
  if (value.size() != pin_octets) return false;
  size_t digits = 0;
  while (digits < value.size() && value[digits] >= '0' && value[digits] <= '9') ++digits;
  return digits >= pin_digits_min &&
         std::all_of(value.begin() + static_cast<ptrdiff_t>(digits), value.end(),
                     [](uint8_t octet) { return octet == 0xff; });
}

void Pins::put(NvTransaction& transaction, const States& states) {
  ByteArray<state_octets> octets;
  Writer writer(octets);
  for (const PinState& pin : states.pins) {
    writer.u8(pin.tries).u8(pin.puk_tries).u8(pin.enabled ? 1 : 0);
  }
  transaction.put(nv_key::pin_states, octets);
}

Result<Pins::States> Pins::load_states() const {
  ByteArray<state_octets> octets;
  Reader reader(TRY(store_.read(nv_key::pin_states, octets)));
  States states;
  for (PinState& pin : states.pins) {
    pin.tries = std::min(TRY(reader.u8()), pin_tries_max);
    pin.puk_tries = std::min(TRY(reader.u8()), puk_tries_max);
    pin.enabled = TRY(reader.u8()) != 0;
  }
  return states;
}

Result<Pins::Values> Pins::load_values() const {
  Values values;
  const auto stored = TRY(store_.read(nv_key::pin_values, values.fill(2 * pin_octets)));
  if (stored.size() != 2 * pin_octets) return ErrorCode::storage;
  return values;
}

void Pins::put_initial(NvTransaction& transaction) {
  put(transaction, States{});
  Secret<2 * pin_octets> values;
  const MutableByteView octets = values.fill(2 * pin_octets);
  std::copy(pin_0000.begin(), pin_0000.end(), octets.begin());
  std::copy(pin_0000.begin(), pin_0000.end(), octets.begin() + pin_octets);
  transaction.put(nv_key::pin_values, values.view());
}

Result<void> Pins::put_puk_tries(NvTransaction& transaction) const {
  States states = TRY(load_states());
  for (PinState& pin : states.pins) pin.puk_tries = puk_tries_max;
  put(transaction, states);
  return {};
}

Result<PinOutcome> Pins::put_pin1(NvTransaction& transaction, PinValue value) const {
  if (!is_pin(value)) return PinOutcome::malformed;
  Values values = TRY(load_values());
  std::copy(value.begin(), value.end(), values.fill(2 * pin_octets).begin());
  transaction.put(nv_key::pin_values, values.view());
  return PinOutcome::right;
}

Result<PinState> Pins::state(PinName name) const {
  return TRY(load_states()).pins[index_of(name)];
}

// Takes a try, compares, and leaves it to the caller to store the full counter together with what
// the right value allows.
Result<PinOutcome> Pins::check(States& states, PinName name, PinValue value) {
  PinState& pin = states.pins[index_of(name)];
  if (pin.tries == 0) return PinOutcome::blocked;
  --pin.tries;
  NvTransaction taken;
  put(taken, states);
  TRY(store_.commit(taken));
  const Values values = TRY(load_values());
  const ByteView right = values.view().subspan(index_of(name) * pin_octets, pin_octets);
  if (!crypto::secure_equal(right, value)) return PinOutcome::wrong;
  pin.tries = pin_tries_max;
  return PinOutcome::right;
}

Result<PinOutcome> Pins::verify(PinName name, PinValue value) {
  States states = TRY(load_states());
  if (!states.pins[index_of(name)].enabled) return PinOutcome::disabled;
  const PinOutcome outcome = TRY(check(states, name, value));
  if (outcome != PinOutcome::right) return outcome;
  NvTransaction given_back;
  put(given_back, states);
  TRY(store_.commit(given_back));
  return outcome;
}

Result<PinOutcome> Pins::change(PinName name, PinValue old_value, PinValue new_value) {
  States states = TRY(load_states());
  if (!states.pins[index_of(name)].enabled) return PinOutcome::disabled;
  if (!is_pin(new_value)) return PinOutcome::malformed;
  const PinOutcome outcome = TRY(check(states, name, old_value));
  if (outcome != PinOutcome::right) return outcome;
  Values values = TRY(load_values());
  std::copy(
      new_value.begin(), new_value.end(),
      values.fill(2 * pin_octets).begin() + static_cast<ptrdiff_t>(index_of(name) * pin_octets));
  NvTransaction changed;
  put(changed, states);
  changed.put(nv_key::pin_values, values.view());
  TRY(store_.commit(changed));
  return outcome;
}

Result<PinOutcome> Pins::set_enabled(PinName name, PinValue value, bool enabled) {
  States states = TRY(load_states());
  PinState& pin = states.pins[index_of(name)];
  if (pin.enabled == enabled) return enabled ? PinOutcome::enabled : PinOutcome::disabled;
  const PinOutcome outcome = TRY(check(states, name, value));
  if (outcome != PinOutcome::right) return outcome;
  pin.enabled = enabled;
  NvTransaction changed;
  put(changed, states);
  TRY(store_.commit(changed));
  return outcome;
}

Result<PinOutcome> Pins::unblock(PinName name, PinValue puk, PinValue right_puk,
                                 PinValue new_value) {
  States states = TRY(load_states());
  PinState& pin = states.pins[index_of(name)];
  if (pin.puk_tries == 0) return PinOutcome::blocked;
  if (!is_pin(new_value)) return PinOutcome::malformed;
  --pin.puk_tries;
  NvTransaction taken;
  put(taken, states);
  TRY(store_.commit(taken));
  if (!crypto::secure_equal(puk, right_puk)) return PinOutcome::wrong;
  pin = PinState{};
  Values values = TRY(load_values());
  std::copy(
      new_value.begin(), new_value.end(),
      values.fill(2 * pin_octets).begin() + static_cast<ptrdiff_t>(index_of(name) * pin_octets));
  NvTransaction changed;
  put(changed, states);
  changed.put(nv_key::pin_values, values.view());
  TRY(store_.commit(changed));
  return PinOutcome::right;
}

}  // namespace simurgh::uicc
