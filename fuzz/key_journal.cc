// link: simurgh_io_journal simurgh_io_crypto_openssl
// The key journal's frames and marks as found in a file: what was not written by us is an error;
// and behind the MAC, whatever a frame holds.
#include "io/journal/frame.h"

#include "base/reader.h"
#include "rewrite.h"

using namespace simurgh;

namespace {

const ByteArray<journal::mac_key_octets> mac_key = {1, 2, 3};

void check_records(ByteView payload) {
  Reader reader(payload);
  while (!reader.at_end()) {
    const auto bytes = reader.prefixed16();
    if (!bytes) return;
    fuzz::check_rewrite(*bytes, journal::parse_record, journal::write_record);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  journal::Mac previous{};
  // Without the key nobody makes a frame or a mark.
  SIMURGH_CHECK(!journal::parse_frame(mac_key, previous, input).has_value());
  SIMURGH_CHECK(!journal::parse_mark(mac_key, input).has_value());
  static_cast<void>(journal::frame_octets(input).has_value());
  fuzz::check_rewrite(input, journal::parse_header, journal::write_header);

  // With it: the input as the payload of two frames in a row.
  const auto first = journal::make_frame(mac_key, previous, input, 1);
  const auto parsed = journal::parse_frame(mac_key, previous, first.bytes);
  SIMURGH_CHECK(parsed.has_value() && equal(parsed->payload, input));
  SIMURGH_CHECK(parsed->octets == first.bytes.size() && parsed->mac == first.mac);
  const auto second = journal::make_frame(mac_key, first.mac, input, 1);
  SIMURGH_CHECK(journal::parse_frame(mac_key, first.mac, second.bytes).has_value());
  SIMURGH_CHECK(!journal::parse_frame(mac_key, previous, second.bytes).has_value());
  check_records(input);
  return 0;
}
