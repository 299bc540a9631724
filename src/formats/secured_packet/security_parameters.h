// The words that say how a secured packet is protected (ETSI TS 102 225 5.1.1…5.1.3), and the
// floor below which nothing is executed.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh::secured_packet {

using Tar = ByteArray<3>;  // toolkit application reference, TS 102 225 5.1

// SPI octet 1, b5b4.
enum class CounterRule : uint8_t {
  none = 0,
  available = 1,   // sent, not checked
  higher = 2,      // process only if higher than the stored one
  one_higher = 3,  // process only if exactly one higher
};

// b2b1 of SPI octet 1, b4b3 of octet 2.
enum class Integrity : uint8_t {
  none = 0,
  redundancy_check = 1,        // RC: a CRC, proves nothing
  cryptographic_checksum = 2,  // CC: a MAC
  digital_signature = 3,       // DS
};

// SPI octet 2, b2b1.
enum class ResponseRequest : uint8_t { never = 0, always = 1, on_error = 2, reserved = 3 };

// SPI octet 2, b6.
enum class ResponseBearer : uint8_t { deliver_report = 0, submit = 1 };

// How the response to a command is to be protected (SPI octet 2).
struct ResponseProtection {
  ResponseRequest request = ResponseRequest::never;
  Integrity integrity = Integrity::none;
  bool ciphered = false;
  ResponseBearer bearer = ResponseBearer::deliver_report;
  friend bool operator==(const ResponseProtection&, const ResponseProtection&) = default;
};

// Security parameter indicator. RFU bits are not kept: they are ignored when read, 0 when written.
struct Spi {
  CounterRule counter = CounterRule::none;
  bool ciphered = false;
  Integrity integrity = Integrity::none;
  ResponseProtection response;

  static Spi of_octets(uint8_t first, uint8_t second);
  uint8_t first_octet() const;
  uint8_t second_octet() const;
  friend bool operator==(const Spi&, const Spi&) = default;
};

// Counter higher, ciphered, CC; the response always, with CC and ciphered (16 19 or 16 39).
constexpr Spi full_security(ResponseBearer bearer) {
  return {CounterRule::higher,
          true,
          Integrity::cryptographic_checksum,
          {ResponseRequest::always, Integrity::cryptographic_checksum, true, bearer}};
}

// What the low nibble of KIc or KID names.
enum class Algorithm : uint8_t {
  implicit,    // known to both: not a synonym for none
  single_des,  // CBC or CBC-MAC
  single_des_ecb,
  triple_des_two_keys,
  triple_des_three_keys,
  aes,  // CBC in KIc, CMAC in KID
  proprietary,
  crc16,  // KID with RC
  crc32,
  reserved,
};

// KIc or KID: key set number and algorithm in one octet.
struct KeyReference {
  uint8_t octet = 0;

  constexpr uint8_t key_set() const { return octet >> 4; }  // key version number, 1…F; 0 implicit
  Algorithm ciphering() const;                              // read as KIc
  Algorithm integrity(Integrity kind) const;                // read as KID
  static constexpr KeyReference aes(uint8_t key_set) {
    return {static_cast<uint8_t>(key_set << 4 | 0x02)};
  }
  friend constexpr bool operator==(const KeyReference&, const KeyReference&) = default;
};

// Keys of one key set, as views; sizes as the algorithm has them. Never logged, never kept here.
struct Keys {
  ByteView ciphering;  // KIc
  ByteView integrity;  // KID
};

constexpr uint64_t counter_max = 0xff'ffff'ffff;  // CNTR has five octets

// The floor of one TAR (threats 1 and 2). Every value that can be made demands a MAC by AES-CMAC,
// AES ciphering and a counter that must be higher: there is no constructor for less.
class MinimumSecurity {
 public:
  // MAC of 8 octets.
  constexpr MinimumSecurity() = default;
  // For chips whose profile has CMAC of 4 octets.
  static constexpr MinimumSecurity with_short_mac() { return MinimumSecurity(4); }

  constexpr size_t mac_octets_min() const { return mac_octets_min_; }
  // Whether a packet with this protection may be executed once it verifies.
  bool is_met_by(const Spi& spi, KeyReference kic, KeyReference kid, size_t mac_octets) const;

 private:
  constexpr explicit MinimumSecurity(size_t mac_octets_min) : mac_octets_min_(mac_octets_min) {}
  size_t mac_octets_min_ = 8;
};

}  // namespace simurgh::secured_packet
