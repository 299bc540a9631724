#include "test_card.h"
#include "uicc/inspect.h"
#include "vector_file.h"

using namespace simurgh;
using test::Bytes;
using test::TestCard;
using test::to_hex;

namespace {

std::string length_of(const std::string& hex) {
  const ByteArray<1> octet = {static_cast<uint8_t>(hex.size() / 2)};
  return to_hex(octet);
}

// The record with its alpha identifier as long as our files have it: 14 octets follow it.
std::string with_alpha(std::string record, size_t octets) {
  const size_t fixed = 2 * 14;
  record.insert(record.size() - fixed, 2 * octets - record.size(), 'f');
  return record;
}

}  // namespace

TEST_CASE("D3: numbers and access rules are encoded as published files have them") {
  test::VectorFile file("usim_files.json");
  for (const auto& vector : file.root()["made"].elements()) {
    auto data = test::test_pre_personalisation();
    const std::string name = vector["file"].text();
    const std::string digits = vector["digits"].text();
    const std::string expected = vector["hex"].text();
    CAPTURE(name);
    if (name == "EF_ICCID") data.chip.iccid = *Iccid::parse(digits);
    if (name == "EF_IMSI") data.chip.imsi = *Imsi::parse(digits);
    TestCard card;
    card.pre_personalise(data);
    if (name == "EF_ICCID") {
      CHECK(card.send("00a4080c022fe2") == "9000");
      CHECK(card.send("00b000000a") == expected + "9000");
    } else if (name == "EF_IMSI") {
      card.select_usim();
      card.verify_pin();
      CHECK(card.send("00b0870009") == expected + "9000");
    } else {
      REQUIRE(name == "EF_ARR");
      CHECK(card.send("00a4080c022f06") == "9000");
      // Read always, update never, (de)activate by ADM1; then theirs speaks of RESIZE.
      CHECK(card.send("00b201043c").substr(0, 42) == expected.substr(0, 42));
    }
  }
  for (const auto& vector : file.root()["written"].elements()) {
    TestCard card;
    card.pre_personalise();
    card.select_usim();
    card.verify_pin();
    const std::string path = vector["path"].text();
    std::string content = vector["hex"].text();
    const std::string name = vector["file"].text();
    CAPTURE(name);
    REQUIRE(card.send("00a4080c" + length_of(path) + path) == "9000");
    if (vector["record"].boolean()) {
      content = with_alpha(content, 34);
      CHECK(card.send("00dc020422" + content) == "9000");
      CHECK(card.send("00b2020422") == content + "9000");
      CHECK(card.send("00b2010422") == std::string(68, 'f') + "9000");
    } else {
      CHECK(card.send("00d60000" + length_of(content) + content) == "9000");
      CHECK(card.send("00b00000" + length_of(content)) == content + "9000");
    }
  }
  file.finish();
}

TEST_CASE("a chip can be looked into without power, whatever a cut has left, and stays as it is") {
  TestCard card;
  CHECK(uicc::inspect_chip(card.memory, test::test_seal_key).error().code == ErrorCode::not_found);
  card.pre_personalise();
  REQUIRE(card.send("0020000108 39393939ffffffff") == "63c2");
  card.nv.cut_at(3, uicc::Cut::random_bits);
  REQUIRE(card.send("0020000108 39393939ffffffff") == "-");
  const Bytes image = card.image();
  const auto seen = uicc::inspect_chip(card.memory, test::test_seal_key);
  REQUIRE(seen.has_value());
  CHECK(seen->record.chip.iccid.text() == "89882110000004300106");
  CHECK(seen->record.state == personalisation::ChipState::pre_personalised);
  CHECK(seen->pin1.tries == 2);
  CHECK(seen->pin2.tries == 3);
  CHECK(card.image() == image);
}
