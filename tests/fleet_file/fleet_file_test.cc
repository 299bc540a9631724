// The file of a fleet (G8): what is read, what is refused, and that refusals hold no key.
#include <doctest/doctest.h>

#include "base/hex.h"
#include "formats/fleet_file/fleet_file.h"

using namespace simurgh;
using namespace simurgh::fleet_file;

namespace {

const std::string kic = "000102030405060708090a0b0c0d0e0f";
const std::string kid = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
const std::string psk = "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3";
const std::string full = "8949170000000000004,49170100," + kic + "," + kid + ",15,chip-4," + psk +
                         ",1099511627775,2026-01-02T03:04:05Z,1790000000";

std::string hex(ByteView bytes) {
  std::string text(2 * bytes.size(), '0');
  write_hex(bytes, text);
  return text;
}

}  // namespace

TEST_CASE("a row of a fleet file with every column, and back (G8)") {
  const auto header = parse_header(write_header());
  REQUIRE(header.has_value());
  CHECK(header->count == columns);
  const auto row = parse_row(*header, full);
  REQUIRE(row.has_value());
  CHECK(row->iccid.text() == "8949170000000000004");
  CHECK(row->msisdn.text() == "49170100");
  CHECK(hex(row->kic.view()) == kic);
  CHECK(hex(row->kid.view()) == kid);
  CHECK(row->key_version == 15);
  CHECK(row->psk_identity == "chip-4");
  CHECK(hex(row->psk.view()) == psk);
  CHECK(row->counter == 1099511627775);
  CHECK(row->last_contact_s == 1767323045);  // date -u -d 2026-01-02T03:04:05Z +%s
  CHECK(row->next_poll_s == 1790000000);
  CHECK(write_row(*row) == "8949170000000000004,49170100," + kic + "," + kid + ",15,chip-4," + psk +
                               ",1099511627775,1767323045,1790000000");
  // Every truncation is an error or a shorter last cell, never a crash.
  for (size_t size = 0; size < full.size(); ++size) {
    const auto cut = parse_row(*header, full.substr(0, size));
    if (cut) CHECK(size > full.rfind(','));
  }
}

TEST_CASE("columns of a fleet file in any order, and none but the ICCID needed (G8)") {
  const auto header = parse_header("counter,iccid");
  REQUIRE(header.has_value());
  const auto row = parse_row(*header, "7,894917000000000000");
  REQUIRE(row.has_value());
  CHECK(row->counter == 7);
  CHECK(row->iccid.text() == "894917000000000000");
  CHECK(parse_row(*header, ",894917000000000000")->counter == 0);
  CHECK(parse_header("iccid,ki").error() == Error{ErrorCode::bad_value, 1});
  CHECK(parse_header("iccid,psk,iccid").error() == Error{ErrorCode::already_exists, 2});
  CHECK(parse_header("msisdn").error().code == ErrorCode::not_found);
  CHECK(parse_header("").error().code == ErrorCode::bad_value);
  CHECK(parse_header("iccid,").error() == Error{ErrorCode::bad_value, 1});
  CHECK(words_for_header({ErrorCode::bad_value, 1}).starts_with("cell 2 of the header"));
}

TEST_CASE("what is wrong in a row of a fleet file is named by its column, without its value (G8)") {
  const auto header = *parse_header(write_header());
  const char* good[] = {
      "8949170000000000004", "49170100", kic.c_str(),  kid.c_str(), "15", "chip-4",
      psk.c_str(),           "17",       "1767323045", ""};
  const auto with = [&](size_t place, const std::string& cell) {
    std::string line;
    for (size_t i = 0; i < columns; ++i)
      line += (i == 0 ? "" : ",") + (i == place ? cell : good[i]);
    return parse_row(header, line);
  };
  REQUIRE(with(0, good[0]).has_value());
  const std::pair<size_t, std::string> bad[] = {{0, ""},
                                                {0, "89491700000000000"},
                                                {0, " 8949170000000000004"},
                                                {1, "+49170"},
                                                {1, "1234567890123456"},
                                                {2, kic.substr(1)},
                                                {2, kic + "00"},
                                                {3, kid.substr(0, 31) + "g"},
                                                {4, "0"},
                                                {4, "16"},
                                                {4, "1 "},
                                                {5, "a b"},
                                                {5, "\"a\""},
                                                {5, std::string(129, 'a')},
                                                {6, psk.substr(0, 30)},
                                                {6, std::string(130, 'a')},
                                                {7, "1099511627776"},
                                                {7, "-1"},
                                                {8, "2026-13-01T00:00:00Z"},
                                                {8, "2026-01-02"},
                                                {8, "4294967296"},
                                                {9, "2023-02-29T00:00:00Z"},
                                                {9, "0"}};
  for (const auto& [place, cell] : bad) {
    CAPTURE(cell);
    const auto row = with(place, cell);
    REQUIRE(!row.has_value());
    CHECK(row.error() == Error{ErrorCode::bad_value, static_cast<uint32_t>(place)});
    const std::string words = words_for_row(header, row.error());
    CHECK(words.find(name_of(static_cast<Column>(place))) != std::string::npos);
    if (cell.size() > 30) CHECK(words.find(cell.substr(0, 8)) == std::string::npos);
  }
  CHECK(parse_row(header, full + ",").error() == Error{ErrorCode::bad_length, columns});
  CHECK(parse_row(header, "8949170000000000004").error() == Error{ErrorCode::bad_length, columns});
  CHECK(parse_row(header, std::string(line_octets_max + 1, '1')).error().code ==
        ErrorCode::too_large);
}

TEST_CASE("times of a fleet file (G8)") {
  // By GNU date.
  CHECK(*parse_time("2000-02-29T23:59:59Z") == 951868799);
  CHECK(*parse_time("2026-11-28T17:12:00+01:00") == 1795882320);
  CHECK(*parse_time("2026-11-28T16:12:00.999z") == 1795882320);
  CHECK(*parse_time("1970-01-01T00:00:01Z") == 1);
  CHECK(*parse_time("2100-03-01T00:00:00-00:30") == 4107544200);
  CHECK(*parse_time("4294967295") == UINT32_MAX);
  for (const char* bad : {"", "-1", "1969-12-31T23:59:59Z", "2106-02-07T06:28:16Z",
                          "2026-01-02T03:04:05", "2026-01-02T24:00:00Z", "2026-1-2T03:04:05Z",
                          "2026-01-02T03:04:05+1:00", "2026-01-02 03:04:05Z"}) {
    CAPTURE(bad);
    CHECK(!parse_time(bad).has_value());
  }
}
