// Response packets (proof of receipt) of TS 102 225 5.2 in short messages (TS 31.115): from RPL
// on, after the user-data header with IE 71.
//
// A response does not say how it is protected; the command's SPI, KIc and KID do. Deciphered in
// place, as in command_packet.h.
#pragma once

#include "base/reader.h"
#include "formats/secured_packet/response_status.h"
#include "formats/secured_packet/security_parameters.h"

namespace simurgh::secured_packet {

struct ResponseHeader {
  Tar tar{};
  size_t check_octets = 0;
  MutableByteView packet;
};

// Step 1. truncated, trailing_bytes, bad_length.
Result<ResponseHeader> parse_response_header(MutableByteView packet);

struct Response {
  uint64_t counter = 0;  // of the command that is answered
  ResponseStatus status = ResponseStatus::ok;
  ByteView data;
  bool authenticated = false;  // a MAC was verified; else only `may_be_unprotected` statuses come
};

// What the command asked for: its SPI octet 2 and its key references.
struct ExpectedProtection {
  ResponseProtection response;
  KeyReference kic;
  KeyReference kid;
  size_t mac_octets = 8;
};

// Step 2. The answer is `authenticated` when CC was asked for and verifies. A response without
// any check (RHL 0A) is believed only with a status that may_be_unprotected, else bad_mac.
// not_allowed when the command had asked for no CC, or for other algorithms than AES.
Result<Response> verify_and_decrypt(const ResponseHeader& header,
                                    const ExpectedProtection& expected, const Keys& keys);

struct ResponseFields {
  Tar tar{};
  uint64_t counter = 0;
  ResponseStatus status = ResponseStatus::ok;
};

constexpr size_t response_packet_octets(size_t data_octets, size_t mac_octets = 8) {
  const size_t ciphered = 5 + 1 + 1 + mac_octets + data_octets;
  return 6 + (ciphered + 15) / 16 * 16;
}

// The protected response to a command that verified. not_allowed unless `expected` asks for CC
// with AES; too_large, no_space, crypto.
Result<ByteView> write_response(const ResponseFields& fields, const ExpectedProtection& expected,
                                const Keys& keys, ByteView data, MutableByteView out);

// The keyless response to a packet that did not verify: no data, no MAC, counter 0 (the one in the
// packet came out of a key), and so the same octets for every key. not_allowed unless the status
// may_be_unprotected.
Result<ByteView> write_unprotected_response(const Tar& tar, ResponseStatus status,
                                            MutableByteView out);

}  // namespace simurgh::secured_packet
