#include "formats/secured_packet/security_parameters.h"

namespace simurgh::secured_packet {

// TS 102 225 5.1.1
Spi Spi::of_octets(uint8_t first, uint8_t second) {
  Spi spi;
  spi.counter = static_cast<CounterRule>(first >> 3 & 0x03);
  spi.ciphered = (first & 0x04) != 0;
  spi.integrity = static_cast<Integrity>(first & 0x03);
  spi.response.bearer = static_cast<ResponseBearer>(second >> 5 & 0x01);
  spi.response.ciphered = (second & 0x10) != 0;
  spi.response.integrity = static_cast<Integrity>(second >> 2 & 0x03);
  spi.response.request = static_cast<ResponseRequest>(second & 0x03);
  return spi;
}

uint8_t Spi::first_octet() const {
  return static_cast<uint8_t>(static_cast<uint8_t>(counter) << 3 | (ciphered ? 0x04 : 0) |
                              static_cast<uint8_t>(integrity));
}

uint8_t Spi::second_octet() const {
  return static_cast<uint8_t>(
      static_cast<uint8_t>(response.bearer) << 5 | (response.ciphered ? 0x10 : 0) |
      static_cast<uint8_t>(response.integrity) << 2 | static_cast<uint8_t>(response.request));
}

// 5.1.2: b2b1 name the algorithm, b4b3 its mode.
Algorithm KeyReference::ciphering() const {
  const uint8_t mode = octet >> 2 & 0x03;
  switch (octet & 0x03) {
    case 0: return Algorithm::implicit;
    case 1: {
      constexpr Algorithm des_modes[] = {Algorithm::single_des, Algorithm::triple_des_two_keys,
                                         Algorithm::triple_des_three_keys,
                                         Algorithm::single_des_ecb};
      return des_modes[mode];
    }
    case 2: return mode == 0 ? Algorithm::aes : Algorithm::reserved;
    default: return Algorithm::proprietary;
  }
}

// 5.1.3: for a checksum as KIc, but without ECB; for a redundancy check its own table.
Algorithm KeyReference::integrity(Integrity kind) const {
  if (kind == Integrity::redundancy_check) {
    const uint8_t mode = octet >> 2 & 0x03;
    switch (octet & 0x03) {
      case 0: return Algorithm::implicit;
      case 1:
        return mode == 0 ? Algorithm::crc16 : mode == 1 ? Algorithm::crc32 : Algorithm::reserved;
      case 2: return Algorithm::reserved;
      default: return Algorithm::proprietary;
    }
  }
  const Algorithm algorithm = ciphering();
  return algorithm == Algorithm::single_des_ecb ? Algorithm::reserved : algorithm;
}

bool MinimumSecurity::is_met_by(const Spi& spi, KeyReference kic, KeyReference kid,
                                size_t mac_octets) const {
  const bool counter_higher =
      spi.counter == CounterRule::higher || spi.counter == CounterRule::one_higher;
  const bool mac_long_enough =
      (mac_octets == 4 || mac_octets == 8) && mac_octets >= mac_octets_min_;
  return counter_higher && spi.ciphered && spi.integrity == Integrity::cryptographic_checksum &&
         kic.ciphering() == Algorithm::aes && kid.integrity(spi.integrity) == Algorithm::aes &&
         mac_long_enough;
}

}  // namespace simurgh::secured_packet
