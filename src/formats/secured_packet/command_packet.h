// Command packets of TS 102 225 5.1 as they travel in short messages (TS 31.115 4): from CPL on,
// after the user-data header with IE 70.
//
// Reading has two steps, because the receiver finds the keys by TAR, KIc and KID before it can
// verify anything. Both work in the caller's buffer: `verify_and_decrypt` deciphers in place and
// copies nothing. Writing never makes a packet below MinimumSecurity; 3DES packets and packets
// without protection can only be looked at, with legacy.h.
#pragma once

#include "base/reader.h"
#include "formats/secured_packet/security_parameters.h"

namespace simurgh::secured_packet {

constexpr size_t command_packet_octets_max = 2 + 0xffff;  // CPL has two octets
constexpr size_t secured_data_octets_max = 0xffff - 64;   // with header, MAC and padding

struct CommandHeader {
  Spi spi;
  KeyReference kic;
  KeyReference kid;
  Tar tar{};
  size_t check_octets = 0;     // of RC, CC or DS: 0…
  size_t ciphered_offset = 0;  // of CNTR in `packet`
  MutableByteView packet;      // all of it, lengths included; ciphered from CNTR on if so marked
};

// Step 1: the clear header. `packet` begins at CPL and ends where CPL says. truncated,
// trailing_bytes, bad_length (CHL that contradicts CPL).
Result<CommandHeader> parse_command_header(MutableByteView packet);

struct Command {
  uint64_t counter = 0;
  ByteView secured_data;  // inside the packet's buffer, without padding
};

// Step 2: floor, then decipher, then MAC, then padding; in this order. not_allowed below `floor`
// (which also excludes every algorithm but AES), bad_length (no whole number of blocks; padding
// longer than the data), crypto (key sizes), bad_mac. On bad_mac the buffer
// holds deciphered rubbish and must be dropped.
Result<Command> verify_and_decrypt(const CommandHeader& header, const Keys& keys,
                                   const MinimumSecurity& floor);

struct CommandFields {
  Spi spi = full_security(ResponseBearer::submit);
  KeyReference kic;
  KeyReference kid;
  Tar tar{};
  uint64_t counter = 0;  // at most counter_max
  uint8_t mac_octets = 8;
};

// Size of the packet (CPL first) for so much secured data.
constexpr size_t command_packet_octets(size_t secured_data_octets, size_t mac_octets = 8) {
  const size_t ciphered = 5 + 1 + mac_octets + secured_data_octets;
  return 10 + (ciphered + 15) / 16 * 16;
}

// MAC, then encipher (AES, IV 0). `secured_data` may already stand in `out`, anywhere.
// not_allowed for what MinimumSecurity (with MACs of `mac_octets`, 4 or 8) would not execute and
// for a requested response without CC; too_large, no_space, crypto.
Result<ByteView> write_command(const CommandFields& fields, const Keys& keys, ByteView secured_data,
                               MutableByteView out);

}  // namespace simurgh::secured_packet
