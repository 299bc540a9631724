// The bytes of the key journal: header, frames of records, and the mark beside it.
//
//   header:  magic (16)  database (16)  MAC key, sealed (60)
//   frame:   payload octets:32  records:16  payload  MAC (32)
//   record:  octets:16  kind:8  sequence:64  generation:64  ICCID and IMSI (each length:8, digits)
//            life:32  epoch:32  range:64  allocated:64  sealed (length:8, octets)
//            command (length:16, octets; in a reset only)
//   mark:    database (16)  generation:64  journal sequence:64  MAC (16)
//
// A frame's MAC is HMAC-SHA256 over the MAC before it (of the first: over the header) and the
// frame, so that nothing in the middle can be altered, moved or left out.
#pragma once

#include <vector>

#include "crypto/primitives.h"
#include "hlr/key_journal.h"

namespace simurgh::journal {

constexpr size_t mac_key_octets = 32;
constexpr size_t header_octets = 16 + 16 + mac_key_octets + crypto::KeyStore::seal_overhead_octets;
constexpr size_t frame_header_octets = 6;
constexpr size_t frame_mac_octets = 32;
constexpr size_t record_octets_max = 2 + 1 + 8 + 8 + 1 + 20 + 1 + 15 + 4 + 4 + 8 + 8 + 1 +
                                     hlr::journal_secret_octets_max + 2 +
                                     hlr::journal_command_octets_max;
constexpr size_t mark_octets = 16 + 8 + 8 + 16;

struct Header {
  ByteArray<16> database{};
  ByteArray<mac_key_octets + crypto::KeyStore::seal_overhead_octets> sealed_mac_key{};
};
Result<ByteView> write_header(const Header& header, MutableByteView out);
Result<Header> parse_header(ByteView bytes);
// What the sealed MAC key is bound to.
ByteString<48> mac_key_identity(const ByteArray<16>& database);

using Mac = crypto::Digest;
Mac first_mac(ByteView mac_key, ByteView header);

Result<ByteView> write_record(const hlr::JournalRecord& record, MutableByteView out);
Result<hlr::JournalRecord> parse_record(ByteView bytes);

// A whole frame of `records` (each as write_record made it), and its MAC.
struct Frame {
  std::vector<uint8_t> bytes;
  Mac mac{};
};
Frame make_frame(ByteView mac_key, const Mac& previous, ByteView payload, uint16_t records);

// The frame at the start of `bytes`. truncated when there is less than it says, bad_mac.
struct ParsedFrame {
  ByteView payload;
  uint16_t records = 0;
  size_t octets = 0;
  Mac mac{};
};
Result<ParsedFrame> parse_frame(ByteView mac_key, const Mac& previous, ByteView bytes);
// Size of the frame that the first octets announce, MAC and all.
Result<size_t> frame_octets(ByteView bytes);

ByteArray<mark_octets> write_mark(ByteView mac_key, const hlr::CommitMark& mark);
Result<hlr::CommitMark> parse_mark(ByteView mac_key, ByteView bytes);

}  // namespace simurgh::journal
