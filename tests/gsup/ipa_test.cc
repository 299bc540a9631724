#include "formats/gsup/ipa.h"

#include <doctest/doctest.h>

#include "hex.h"

namespace simurgh::gsup {
namespace {

using test::Bytes;
using test::from_hex;
using test::to_hex;

TEST_CASE("an IPA frame is there when all of it is") {
  const Bytes frame = from_hex("0003fe040108aabb");
  for (size_t size = 0; size < 6; ++size) {
    CHECK(parse_ipa_frame(ByteView(frame).first(size)).error().code == ErrorCode::truncated);
  }
  const auto parsed = parse_ipa_frame(frame);
  REQUIRE(parsed.has_value());
  CHECK(parsed->protocol == 0xfe);
  CHECK(to_hex(parsed->payload) == "040108");
  CHECK(parsed->octets == 6);
  CHECK(parse_ipa_frame(from_hex("0000fe"))->payload.empty());
}

TEST_CASE("a frame above the limit is refused before it is there") {
  CHECK(parse_ipa_frame(from_hex("0101ee"), 256).error().code == ErrorCode::too_large);
  CHECK(parse_ipa_frame(from_hex("0100ee"), 256).error().code == ErrorCode::truncated);
  CHECK(parse_ipa_frame(from_hex("ffffee")).error().code == ErrorCode::truncated);
}

TEST_CASE("identity requests and answers") {
  const Bytes get = from_hex("0401080107010201030104010501010100");  // as osmo-hlr sends it
  const auto ccm = parse_ccm(get);
  REQUIRE(ccm.has_value());
  CHECK(ccm->type == CcmType::id_get);
  CHECK(ccm->wanted.size() == 8);
  CHECK(ccm->wanted[0] == IdentityTag::unit_id);
  CHECK(ccm->wanted[7] == IdentityTag::serial_number);
  for (size_t size = 2; size < get.size(); size += 2) {
    CHECK(parse_ccm(ByteView(get).first(size)).error().code == ErrorCode::truncated);
  }
  CHECK(parse_ccm(from_hex("040208")).error() == fail(ErrorCode::bad_length, 1));
  std::string many = "04";
  for (int i = 0; i < 17; ++i) many += "0101";
  CHECK(parse_ccm(from_hex(many)).error().code == ErrorCode::too_large);

  const Bytes answer = from_hex(
      "05000500616263000002"
      "0141");
  const auto identity = parse_ccm(answer);
  REQUIRE(identity.has_value());
  CHECK(find(identity->identity, IdentityTag::serial_number) == "abc");
  CHECK(find(identity->identity, IdentityTag::unit_name) == "A");  // its NUL left out
  CHECK(!find(identity->identity, IdentityTag::location).has_value());
  CHECK(parse_ccm(from_hex("050000")).error() == fail(ErrorCode::bad_length, 1));
  CHECK(parse_ccm(from_hex("0500050061")).error().code == ErrorCode::truncated);
  CHECK(parse_ccm(from_hex("03")).error().code == ErrorCode::unsupported);
  CHECK(parse_ccm({}).error().code == ErrorCode::truncated);
}

TEST_CASE("writing checks sizes") {
  uint8_t out[300];
  Ccm ccm{.type = CcmType::id_resp, .wanted = {}, .identity = {}};
  const std::string name(256, 'x');
  ccm.identity.push_back({IdentityTag::serial_number, name});
  CHECK(write_ccm(ccm, out).error().code == ErrorCode::bad_length);
  CHECK(to_hex(*write_osmo_frame(OsmoExtension::ctrl, bytes_of("GET 1 x"), out)) ==
        "0008ee00"
        "47455420312078");
  const Bytes huge(0x10000);
  CHECK(write_ipa_frame(IpaProtocol::ccm, huge, out).error().code == ErrorCode::no_space);
  CHECK(write_osmo_frame(OsmoExtension::gsup, ByteView(huge).first(0xffff), out).error().code ==
        ErrorCode::no_space);
}

}  // namespace
}  // namespace simurgh::gsup
