#include "formats/smpp/receipt.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <string>

#include "formats/smpp/time.h"

namespace simurgh::smpp {
namespace {

TEST_CASE("the receipt of appendix B, and how it is written in the field") {
  const auto parse = [](std::string_view text) {
    const auto receipt = parse_receipt_text(text);
    REQUIRE(receipt.has_value());
    return *receipt;
  };
  // SMPP 3.4 appendix B's form.
  const Receipt first = parse(
      "id:0123456789 sub:001 dlvrd:001 submit date:0809011130 done date:0809011131 stat:DELIVRD "
      "err:000 Text:Hello stat:EXPIRED");
  CHECK(first.message_id == "0123456789");
  CHECK(first.submitted == 1);
  CHECK(first.delivered == 1);
  CHECK(first.submit_date == "0809011130");
  CHECK(first.done_date == "0809011131");
  CHECK(first.state == MessageState::delivered);
  CHECK(first.error == "000");
  CHECK(first.text == "Hello stat:EXPIRED");  // the message may say what it likes
  // Lower case, blanks, no text, whole words, letters in err, seconds in dates.
  const Receipt second = parse(
      "ID: 5f-a sub:  dlvrd:000 Submit Date:080901113015 done date: STAT:UNDELIVERABLE err:0x45");
  CHECK(second.message_id == "5f-a");
  CHECK(second.submitted == 0);
  CHECK(second.submit_date == "080901113015");
  CHECK(second.done_date.empty());
  CHECK(second.state == MessageState::undeliverable);
  CHECK(second.error == "0x45");
  CHECK(parse("stat:REJECTD id:7").state == MessageState::rejected);
  CHECK(parse("id:7").state == MessageState::unknown);
  CHECK(parse("id:7 stat:NONSENSE").state == MessageState::unknown);
  CHECK(parse("valid:x id:7").message_id == "7");  // "id:" inside of a word is no key
  CHECK(parse("id:7 sub:99999").submitted == 0);
  CHECK(!parse_receipt_text("").has_value());
  CHECK(!parse_receipt_text("Hello").has_value());
  CHECK(!parse_receipt_text("id: stat:DELIVRD").has_value());
  CHECK(!parse_receipt_text("id:" + std::string(65, '1')).has_value());
}

TEST_CASE("every state's word is read as that state") {
  for (uint8_t value = 1; value <= 8; ++value) {
    const auto state = static_cast<MessageState>(value);
    const std::string text = "id:1 stat:" + std::string(receipt_word(state));
    CHECK(parse_receipt_text(text)->state == state);
  }
  CHECK(is_final(MessageState::delivered));
  CHECK(!is_final(MessageState::en_route));
}

TEST_CASE("what is written is what is read") {
  const Receipt receipt{.message_id = "a1",
                        .submitted = 1,
                        .delivered = 0,
                        .submit_date = "2601020304",
                        .done_date = "2601020305",
                        .state = MessageState::expired,
                        .error = "045",
                        .text = "Hi"};
  char out[receipt_text_octets_max];
  const auto text = write_receipt_text(receipt, out);
  REQUIRE(text.has_value());
  CHECK(*text ==
        "id:a1 sub:001 dlvrd:000 submit date:2601020304 done date:2601020305 stat:EXPIRED "
        "err:045 text:Hi");
  const auto again = parse_receipt_text(*text);
  CHECK(again->message_id == "a1");
  CHECK(again->state == MessageState::expired);
  CHECK(write_receipt_text(receipt, std::span<char>(out).first(20)).error().code ==
        ErrorCode::no_space);
}

TEST_CASE("receipts in deliver_sm: only when the esm_class says so, and TLVs win") {
  ShortMessage deliver;
  const std::string_view text = "id:aa stat:UNDELIV err:001";
  deliver.short_message = bytes_of(text);
  CHECK(parse_receipt(deliver).error().code == ErrorCode::not_found);
  deliver.esm_class = esm_class::delivery_receipt;
  CHECK(parse_receipt(deliver)->message_id == "aa");
  uint8_t buffer[50];
  TlvWriter tlvs(buffer);
  deliver.tlvs =
      tlvs.add_text(Tag::receipted_message_id, "bb").add_u8(Tag::message_state, 2).tlvs();
  CHECK(parse_receipt(deliver)->message_id == "bb");
  CHECK(parse_receipt(deliver)->state == MessageState::delivered);
  deliver.short_message = {};  // only TLVs
  CHECK(parse_receipt(deliver)->message_id == "bb");
  TlvWriter wrong(buffer);
  deliver.short_message = bytes_of(text);
  deliver.tlvs = wrong.add_text(Tag::receipted_message_id, "").add_u8(Tag::message_state, 9).tlvs();
  CHECK(parse_receipt(deliver)->message_id == "aa");
  CHECK(parse_receipt(deliver)->state == MessageState::undeliverable);
  deliver.short_message = {};
  CHECK(!parse_receipt(deliver).has_value());
}

TEST_CASE("time fields: absolute with zone, relative (7.1.1)") {
  const Instant now{1'767'323'045'000};  // 2026-01-02 03:04:05 UTC
  CHECK(parse_time("260102030405000+", Instant{}) == now);
  CHECK(parse_time("260102040405004+", Instant{}) == now);
  CHECK(parse_time("260102020405004-", Instant{}) == now);
  CHECK(parse_time("260102030405900+", Instant{})->ms == now.ms + 900);
  CHECK(parse_time("000002030405000R", now) == now + days(2) + hours(3) + minutes(4) + seconds(5));
  CHECK(parse_time("000007000000000R", now) == now + days(7));
  CHECK(parse_time("000100000000000R", now) == now + days(30));
  CHECK(parse_time("240229000000000+", now).has_value());
  CHECK(!parse_time("230229000000000+", now).has_value());
  struct Bad {
    std::string_view text;
    uint32_t offset;
  };
  for (const auto& [text, offset] : {Bad{"261302030405000+", 2},
                                     {"260132030405000+", 4},
                                     {"260102240405000+", 6},
                                     {"260102036005000+", 8},
                                     {"260102030460000+", 10},
                                     {"260102030405x00+", 12},
                                     {"260102030405049+", 13},
                                     {"260102030405000Z", 15},
                                     {"2601020 0405000+", 7}}) {
    CHECK(parse_time(text, now).error() == fail(ErrorCode::bad_value, offset));
  }
  CHECK(parse_time("26010203040500+", now).error().code == ErrorCode::bad_length);
  CHECK(parse_time("", now).error().code == ErrorCode::bad_length);

  CHECK(view_of(*write_absolute_time(now)) == "260102030405000+");
  CHECK(view_of(*write_absolute_time(Instant{951'782'400'000})) == "000229000000000+");
  CHECK(!write_absolute_time(Instant{946'684'799'999}).has_value());  // 1999
  CHECK(!write_absolute_time(Instant::never()).has_value());
  CHECK(view_of(write_relative_time(hours(25))) == "000001010000000R");
  CHECK(view_of(write_relative_time(milliseconds(1))) == "000000000001000R");
  CHECK(view_of(write_relative_time(Duration{-1})) == "000000000000000R");
  for (const Duration d : {seconds(1), minutes(61), days(99), days(100), days(365), days(2999)}) {
    CHECK(parse_time(view_of(write_relative_time(d)), now) == now + d);
  }
  CHECK(parse_time(view_of(write_relative_time(days(100'000))), now).has_value());
}

TEST_CASE("dates by the day, against a count of their own") {
  // Every day of 2000 to 2099, counted up from the first.
  constexpr int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  Instant day{946'684'800'000};
  for (int year = 0; year < 100; ++year) {
    for (int month = 1; month <= 12; ++month) {
      const int length = lengths[month - 1] + (month == 2 && year % 4 == 0 ? 1 : 0);
      for (int date = 1; date <= length; ++date, day = day + days(1)) {
        char text[40];
        std::snprintf(text, sizeof text, "%02d%02d%02d120000000+", year, month, date);
        REQUIRE(parse_time(text, Instant{}) == day + hours(12));
        REQUIRE(view_of(*write_absolute_time(day + hours(12))) == text);
      }
    }
  }
}

}  // namespace
}  // namespace simurgh::smpp
