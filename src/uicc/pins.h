// PIN1, PIN2 and their unblocking codes (TS 102 221 9.5): values, tries, enabled or not.
//
// A try is taken from the counter durably before the value is compared, and given back by a right
// value only, so that neither a power cut nor a repetition makes tries (I9). The PUK is that of
// the chip's active epoch (design 4.1); it unblocks both PINs.
#pragma once

#include "base/secret.h"
#include "uicc/nv.h"

namespace simurgh::uicc {

constexpr uint8_t pin_tries_max = 3;
constexpr uint8_t puk_tries_max = 10;
constexpr size_t pin_octets = 8;  // ASCII digits, padded with FF

enum class PinName : uint8_t { pin1 = 0, pin2 = 1 };
using PinValue = ByteView;  // pin_octets

struct PinState {
  uint8_t tries = pin_tries_max;
  uint8_t puk_tries = puk_tries_max;
  bool enabled = true;
};

enum class PinOutcome : uint8_t {
  right,
  wrong,
  blocked,   // no tries left
  disabled,  // the PIN is not in use
  enabled,   // ENABLE of an enabled PIN
  malformed  // a new value that is not 4 to 8 digits, padded
};

class Pins {
 public:
  explicit Pins(NvStore& store) : store_(store) {}

  // Adds PIN 0000 and full counters, for a chip at the beginning of a life (D3, D10).
  static void put_initial(NvTransaction& transaction);
  // Adds a full counter for the PUK, when there is a new PUK.
  Result<void> put_puk_tries(NvTransaction& transaction) const;
  // Adds a new PIN1 that its user has chosen in the toolkit (D8); malformed values are refused.
  Result<PinOutcome> put_pin1(NvTransaction& transaction, PinValue value) const;

  Result<PinState> state(PinName name) const;

  // Each is one or more transactions of its own. Errors are the store's.
  Result<PinOutcome> verify(PinName name, PinValue value);
  Result<PinOutcome> change(PinName name, PinValue old_value, PinValue new_value);
  Result<PinOutcome> set_enabled(PinName name, PinValue value, bool enabled);
  Result<PinOutcome> unblock(PinName name, PinValue puk, PinValue right_puk, PinValue new_value);

 private:
  struct States {
    PinState pins[2];
  };
  using Values = Secret<2 * pin_octets>;
  Result<States> load_states() const;
  static void put(NvTransaction& transaction, const States& states);
  Result<Values> load_values() const;
  Result<PinOutcome> check(States& states, PinName name, PinValue value);

  NvStore& store_;
};

// Four to eight digits, padded with FF.
bool is_pin(ByteView value);

}  // namespace simurgh::uicc
