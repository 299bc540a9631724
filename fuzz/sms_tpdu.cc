// link: simurgh_formats_sms
#include "formats/sms/gsm7.h"
#include "formats/sms/tpdu.h"
#include "rewrite.h"

using namespace simurgh;
using namespace simurgh::sms;

namespace {

Result<Address> parse_value(ByteView input) {
  return parse_address_value(input);
}

void look_at_text(const UserData& user_data, uint8_t data_coding, bool has_header) {
  size_t header_octets = 0;
  if (has_header) {
    const auto header = parse_user_data_header(user_data.octets);
    if (!header) return;
    header_octets = header->octets;
    ByteArray<160> room;
    if (const auto written = write_user_data_header(*header, room)) {
      const auto again = parse_user_data_header(*written);
      SIMURGH_CHECK(again.has_value());
      SIMURGH_CHECK(again->concatenation == header->concatenation);
      SIMURGH_CHECK(again->ports == header->ports);
    }
  }
  if (alphabet_of(data_coding) != Alphabet::septets) return;
  const size_t before = septets_of_header(header_octets);
  if (before > user_data.length) return;
  ByteArray<user_data_septets_max> septets;
  const auto unpacked =
      unpack_septets(user_data.octets.subspan(header_octets), user_data.length - before,
                     header_octets == 0 ? 0 : fill_bits_after(header_octets), septets);
  if (!unpacked) return;
  char text[user_data_septets_max * 3];
  const auto utf8 = text_of_septets(*unpacked, text);
  SIMURGH_CHECK(utf8.has_value());
  // Whatever septets say, their text is of the alphabet.
  ByteArray<user_data_septets_max * 2> back;
  SIMURGH_CHECK(septets_of_text(*utf8, back).has_value());
}

void look_at_address(const Address& address) {
  char digits[address_digits_max];
  if (const auto text = address.digits(digits)) {
    const auto again = Address::of_digits(*text, address.type, address.plan);
    SIMURGH_CHECK(again.has_value());
    SIMURGH_CHECK(*again == address);
  }
  ByteArray<16> septets;
  static_cast<void>(address.septets(septets).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  fuzz::check_rewrite(input, parse_deliver, write_deliver);
  fuzz::check_rewrite(input, parse_submit, write_submit);
  fuzz::check_rewrite(input, parse_status_report, write_status_report);
  fuzz::check_rewrite(input, parse_command, write_command);
  for (const ReportKind kind : {ReportKind::acknowledge, ReportKind::error}) {
    fuzz::check_rewrite(
        input, [kind](ByteView in) { return parse_deliver_report(in, kind); },
        write_deliver_report);
    fuzz::check_rewrite(
        input, [kind](ByteView in) { return parse_submit_report(in, kind); }, write_submit_report);
  }
  fuzz::check_rewrite(input, parse_value, write_address_value);
  if (const auto deliver = parse_deliver(input)) {
    look_at_address(deliver->originator);
    static_cast<void>(deliver->service_centre_time.instant().has_value());
    look_at_text(deliver->user_data, deliver->data_coding, deliver->has_user_data_header);
  }
  if (const auto submit = parse_submit(input)) {
    look_at_address(submit->destination);
    static_cast<void>(submit->validity.relative_period().has_value());
    look_at_text(submit->user_data, submit->data_coding, submit->has_user_data_header);
  }
  return 0;
}
