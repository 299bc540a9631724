// link: simurgh_formats_sms
// A stream of parts of several messages in the order that the input chooses. Each part carries the
// number of its message in every octet, so that a mixed message shows.
#include <array>
#include <optional>

#include "base/check.h"
#include "formats/sms/reassembly.h"

using namespace simurgh;
using namespace simurgh::sms;

namespace {

constexpr size_t messages = 8;

struct Sent {
  size_t octets;
  PayloadKind kind;
  Address originator;
  uint8_t reference;
};

Address originator_of(size_t number) {
  const char digits[] = {'4', '9', '1', static_cast<char>('0' + number), '\0'};
  return *Address::of_digits(digits, TypeOfNumber::international);
}

// Lengths from the input; no two messages share originator and reference.
std::array<Sent, messages> sent_of(ByteView input) {
  std::array<Sent, messages> out;
  for (size_t i = 0; i < messages; ++i) {
    out[i] = {i < input.size() ? input[i] * size_t{3} : 0, static_cast<PayloadKind>(i % 3),
              originator_of(i % 2), static_cast<uint8_t>(i)};
  }
  return out;
}

void give(ReassemblyTable& table, const Sent& sent, size_t number, size_t index, Instant now) {
  uint8_t payload[256 * 3];
  std::memset(payload, static_cast<int>(number), sizeof payload);
  const ByteView whole_payload(payload, sent.octets);
  const size_t count = *part_count(sent.octets, sent.kind);
  ByteArray<user_data_octets_max> room;
  const auto part = write_part(whole_payload, sent.kind, sent.reference, index % count, room);
  SIMURGH_CHECK(part.has_value());
  UserDataHeader header;
  if (part->has_header) header = *parse_user_data_header(part->user_data);
  const auto whole =
      table.on_part(sent.originator, header, part->user_data.subspan(header.octets), now);
  if (!whole || !*whole) return;
  SIMURGH_CHECK(equal((*whole)->payload, whole_payload));
  SIMURGH_CHECK((*whole)->kind == sent.kind);
}

// And parts that nobody sent.
void give_raw(ReassemblyTable& table, ByteView user_data, Instant now) {
  const auto header = parse_user_data_header(user_data);
  if (!header) return;
  const Address stranger = originator_of(9);
  static_cast<void>(
      table.on_part(stranger, *header, user_data.subspan(header->octets), now).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Reassembler<3, 5, 600> table(seconds(30));
  table.clear();
  const ByteView input(data, size);
  const auto sent = sent_of(input);
  Instant now{};
  for (size_t i = messages; i < size; ++i) {
    const uint8_t octet = input[i];
    if (octet < 0xf0) {
      give(table, sent[octet % messages], octet % messages, octet / messages, now);
    } else if (octet < 0xf8) {
      now = now + seconds(octet & 0x0f);
      if (table.poll_timeout() <= now) table.on_timeout(now);
    } else {
      const size_t length = std::min<size_t>(size - i - 1, octet == 0xff ? 140 : 12);
      give_raw(table, input.subspan(i + 1, length), now);
      i += length;
    }
    SIMURGH_CHECK(table.incomplete_messages() <= 3);
  }
  return 0;
}
