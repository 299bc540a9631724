// Keys of the fuzz targets of secured packets, and the way behind their MAC.
#pragma once

#include "crypto/primitives.h"
#include "formats/secured_packet/command_packet.h"
#include "formats/secured_packet/response_packet.h"

namespace simurgh::fuzz {

constexpr ByteArray<16> kic = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr ByteArray<16> kid = {16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
constexpr secured_packet::Keys keys{kic, kid};

// Takes `ciphered` for the plain text of a sender who has the keys: puts the right MAC over
// `before`, `head` and what follows the check, and enciphers. So fuzzing gets behind the MAC.
inline void repair(ByteView before, MutableByteView packet, size_t ciphered_offset,
                   size_t check_offset, size_t check_octets) {
  const MutableByteView ciphered = packet.subspan(ciphered_offset);
  if (ciphered.size() % 16 != 0 || check_octets > 16) return;
  const auto mac = crypto::aes_cmac(
      kid, {before, packet.first(check_offset), packet.subspan(check_offset + check_octets)});
  std::memcpy(packet.data() + check_offset, mac->data(), check_octets);
  SIMURGH_CHECK(crypto::aes_cbc_encrypt(kic, crypto::Block{}, ciphered, ciphered).has_value());
}

}  // namespace simurgh::fuzz
