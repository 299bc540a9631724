// The kinds of chips that the lab makes: each is a batch with a card profile of its own, so that
// every suite and both algorithms live their whole life. And what is decided for a chip by its
// number: how it is sold, what its customer does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace simurgh::lab {

struct ChipKind {
  const char* profile;
  const char* suite;        // that its keys are agreed with
  const char* other_suite;  // a weaker one that it has as well; null: none
  const char* algorithm;
  uint8_t ki_octets;
  bool server_made_key;  // D9: the chip cannot agree a key
};

constexpr std::array<ChipKind, 5> chip_kinds = {{
    {"x25519-milenage", "x25519", "p256", "milenage", 16, false},
    {"p256-tuak", "p256", nullptr, "tuak", 16, false},
    {"ffdhe2048-milenage", "ffdhe2048", nullptr, "milenage", 16, false},
    {"x25519-tuak32", "x25519", nullptr, "tuak", 32, false},
    {"symmetric-milenage", "symmetric", nullptr, "milenage", 16, true},
}};

// Ten at a time shift by one, so that what is done to every tenth chip is done to every kind.
constexpr size_t kind_of(size_t index) {
  return (index + index / 10) % chip_kinds.size();
}

enum class Code : uint8_t { none, short_code, secret };
constexpr Code code_of(size_t index) {
  // A chip that cannot agree a key gets no short code (docs/protocols/personalisation.md).
  if (chip_kinds[kind_of(index)].server_made_key) return Code::secret;
  constexpr Code codes[] = {Code::none, Code::short_code, Code::secret};
  return codes[index % 3];
}

// D9 by order, for chips that could agree a key.
constexpr bool order_wants_server_made_key(size_t index) {
  return index % 7 == 3;
}

// What the customer does when the chip asks for a new PIN (D8).
enum class PinChoice : uint8_t { chooses, declines, slips };  // slips: repeats it wrongly at first
constexpr PinChoice pin_choice_of(size_t index) {
  constexpr PinChoice choices[] = {PinChoice::chooses, PinChoice::declines, PinChoice::slips};
  return choices[index / 2 % 3];
}

// Customers that type a wrong activation code first.
constexpr bool types_wrong_code(size_t index) {
  return index % 8 == 4 && code_of(index) != Code::none;
}

}  // namespace simurgh::lab
