// PDUs of SMPP 3.4: examples of others, all layouts, and every length field with every awkward
// value (threats 30: OpenSIPS #3846 and #3847, ksmppd #133).
#include "formats/smpp/pdu.h"

#include <doctest/doctest.h>

#include "hex.h"
#include "smpp/layout.h"

namespace simurgh::smpp {
namespace {

using test::Bytes;
using test::from_hex;
using test::to_hex;

ErrorCode code_of(const Result<Pdu>& pdu) {
  REQUIRE(!pdu.has_value());
  return pdu.error().code;
}

void check_rewritten(const Bytes& bytes) {
  const auto pdu = parse_pdu(bytes);
  REQUIRE(pdu.has_value());
  std::vector<uint8_t> out(pdu_octets_max);
  const auto written = write_pdu(pdu->header, pdu->body, out);
  REQUIRE(written.has_value());
  CHECK(to_hex(*written) == to_hex(bytes));
}

TEST_CASE("the example of the specification (SMPP 3.4 3.2): bind_transmitter") {
  const Bytes bytes = from_hex(
      "0000002f 00000002 00000000 00000001 534d5050335445535400 736563726574303800"
      "5355424d49543100 00 01 01 00");
  const auto pdu = parse_pdu(bytes);
  REQUIRE(pdu.has_value());
  CHECK(pdu->header.id == CommandId::bind_transmitter);
  CHECK(pdu->header.sequence == 1);
  const Bind& bind = std::get<Bind>(pdu->body);
  CHECK(bind.system_id == "SMPP3TEST");
  CHECK(bind.password == "secret08");
  CHECK(bind.system_type == "SUBMIT1");
  CHECK(bind.interface_version == 0);
  CHECK(bind.address_ton == ton::international);
  CHECK(bind.address_npi == npi::isdn);
  CHECK(bind.address_range.empty());
  check_rewritten(bytes);
}

TEST_CASE("a submit_sm as shown at smppserver.org and in Wikipedia's article on SMPP") {
  const Bytes bytes = from_hex(
      "0000003c 00000004 00000000 00000005 00 02 08 35353500 01 01 35353535353535353500"
      "00 00 00 00 00 00 00 00 00 0f 48656c6c6f2077696b697065646961");
  const auto pdu = parse_pdu(bytes);
  REQUIRE(pdu.has_value());
  const ShortMessage& m = std::get<ShortMessage>(pdu->body);
  CHECK(m.source.ton == ton::national);
  CHECK(m.source.npi == npi::national);
  CHECK(m.source.digits == "555");
  CHECK(m.destination.digits == "555555555");
  CHECK(text_of(m.content()) == "Hello wikipedia");
  check_rewritten(bytes);
}

TEST_CASE("every command is read and written again byte for byte, and has a name") {
  for (const Layout& layout : layouts()) {
    CAPTURE(name_of(layout.id));
    CHECK(name_of(layout.id) != "unknown");
    check_rewritten(build(layout));
    // With an error the responses have no body (4.1.2, 4.4.2).
    Bytes bare = with_length(header_bytes(layout.id, 8));
    if (layout.optional_with_error || layout.fields.empty()) {
      check_rewritten(bare);
    } else {
      CHECK(code_of(parse_pdu(bare)) == ErrorCode::truncated);
    }
    set_u32(bare, 8, 0);
    CHECK(parse_pdu(bare).has_value() == layout.fields.empty());
  }
}

TEST_CASE("every truncation of every command is an error, whether its length says so or not") {
  for (const Layout& layout : layouts()) {
    CAPTURE(name_of(layout.id));
    const Bytes whole = build(layout);
    for (size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(size);
      Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
      CHECK(!parse_pdu(cut).has_value());  // command_length says more than there is
      if (size < header_octets) continue;
      const auto parsed = parse_pdu(with_length(cut));  // command_length agrees
      // Cut before or between TLVs it is whole.
      const bool ends_in_tlvs =
          !layout.fields.empty() && layout.fields.back().kind == Field::Kind::tlvs;
      const bool whole_tlvs =
          ends_in_tlvs && (size == whole.size() - 4 || size == whole.size() - 10);
      CHECK(parsed.has_value() == whole_tlvs);
      if (!parsed.has_value()) CHECK(parsed.error().offset <= size);
    }
    Bytes longer = whole;
    longer.push_back(0);
    CHECK(!parse_pdu(longer).has_value());
    CHECK(!parse_pdu(with_length(longer)).has_value());
  }
}

TEST_CASE("no change of one octet does harm, and what still parses is written to the same bytes") {
  std::vector<uint8_t> out(pdu_octets_max);
  for (const Layout& layout : layouts()) {
    const Bytes whole = build(layout);
    for (size_t at = 0; at < whole.size(); ++at) {
      for (unsigned value = 0; value < 256; ++value) {
        Bytes changed = whole;
        changed[at] = static_cast<uint8_t>(value);
        const auto pdu = parse_pdu(changed);
        if (!pdu.has_value()) continue;
        const auto written = write_pdu(pdu->header, pdu->body, out);
        REQUIRE(written.has_value());
        REQUIRE(equal(*written, changed));
      }
    }
  }
}

// --- length fields -------------------------------------------------------------------------------

TEST_CASE("T-30: command_length 0, 1, max-1, max, max+1, 2^32-1 and all around the truth") {
  for (const Layout& layout : layouts()) {
    CAPTURE(name_of(layout.id));
    const Bytes whole = build(layout);
    const auto size = static_cast<uint32_t>(whole.size());
    for (const uint32_t length :
         {0u, 1u, 15u, 16u, size - 1, size + 1, 254u, 255u, 256u, 0x7fffffffu, 0x80000000u,
          static_cast<uint32_t>(pdu_octets_max) - 1, static_cast<uint32_t>(pdu_octets_max),
          static_cast<uint32_t>(pdu_octets_max) + 1, 0xffffffffu}) {
      if (length == size) continue;
      CAPTURE(length);
      Bytes lying = whole;
      set_u32(lying, 0, length);
      CHECK(!parse_pdu(lying).has_value());
      const auto parsed = parse_length(lying);
      if (length < header_octets) {
        CHECK(parsed.error().code == ErrorCode::bad_length);
      } else if (length > pdu_octets_max) {
        CHECK(parsed.error().code == ErrorCode::too_large);
      } else {
        CHECK(*parsed == length);
      }
    }
  }
  CHECK(parse_length(from_hex("000000")).error().code == ErrorCode::truncated);
  CHECK(parse_length(from_hex("00000041"), 64).error().code == ErrorCode::too_large);
  CHECK(parse_length(from_hex("00000040"), 64) == 64u);
}

TEST_CASE("T-30: every text field with 0, 1, max-1, max, max+1 and very many octets") {
  for (const Layout& layout : layouts()) {
    CAPTURE(name_of(layout.id));
    for (size_t i = 0; i < layout.fields.size(); ++i) {
      const Field& field = layout.fields[i];
      if (field.kind != Field::Kind::text) continue;
      CAPTURE(i);
      const size_t chars_max = field.octets_max - 1;
      for (const size_t chars : {size_t{0}, size_t{1}, chars_max - 1, chars_max, chars_max + 1,
                                 size_t{255}, size_t{256}, size_t{60'000}}) {
        CAPTURE(chars);
        Bytes value(chars, 'z');
        value.push_back(0);
        const Bytes bytes = build(layout, i, value);
        if (chars <= chars_max) {
          check_rewritten(bytes);
        } else {
          CHECK(code_of(parse_pdu(bytes)) == ErrorCode::bad_length);
        }
      }
      // No NUL at all: the field would run into the next ones and out of the PDU.
      Bytes endless = header_bytes(layout.id);
      for (size_t j = 0; j < i; ++j) put_field(endless, layout.fields[j], nullptr);
      endless.insert(endless.end(), chars_max, 'z');
      CHECK(code_of(parse_pdu(with_length(endless))) == ErrorCode::truncated);
      endless.push_back('z');
      CHECK(code_of(parse_pdu(with_length(endless))) == ErrorCode::bad_length);
    }
  }
}

TEST_CASE("T-30: time fields have 16 characters or none") {
  for (const Layout& layout : layouts()) {
    for (size_t i = 0; i < layout.fields.size(); ++i) {
      if (layout.fields[i].kind != Field::Kind::time) continue;
      for (size_t chars = 0; chars <= 20; ++chars) {
        CAPTURE(chars);
        Bytes value(chars, '0');
        value.push_back(0);
        const auto pdu = parse_pdu(build(layout, i, value));
        CHECK(pdu.has_value() == (chars == 0 || chars == 16));
      }
    }
  }
}

TEST_CASE("T-30: sm_length against what is there: all 256 values, all sizes around the limit") {
  for (const Layout& layout : layouts()) {
    for (size_t i = 0; i < layout.fields.size(); ++i) {
      if (layout.fields[i].kind != Field::Kind::message) continue;
      const bool last = i + 1 == layout.fields.size();
      for (const size_t there : {size_t{0}, size_t{1}, size_t{253}, size_t{254}, size_t{255}}) {
        for (unsigned said = 0; said < 256; ++said) {
          Layout without_tlvs = layout;
          without_tlvs.fields.resize(i + 1);
          Bytes value{static_cast<uint8_t>(said)};
          value.insert(value.end(), there, 'm');
          const auto pdu = parse_pdu(build(without_tlvs, i, value));
          // What is left over is read as TLVs, of 4 octets at least, tag 6d6d and length 6d6d.
          const bool good = said == there && said <= short_message_octets_max;
          CAPTURE(there);
          CAPTURE(said);
          REQUIRE(pdu.has_value() == good);
          if (!good && last && said < there && said <= short_message_octets_max) {
            REQUIRE(pdu.error().code == ErrorCode::trailing_bytes);
          }
        }
      }
    }
  }
}

TEST_CASE("T-30: TLV lengths 0, 1, max-1, max, max+1, 65535 against what is there") {
  for (const Layout& layout : layouts()) {
    if (layout.fields.empty() || layout.fields.back().kind != Field::Kind::tlvs) continue;
    CAPTURE(name_of(layout.id));
    const size_t index = layout.fields.size() - 1;
    for (const size_t there : {size_t{0}, size_t{1}, size_t{3}, size_t{4}, size_t{255},
                               size_t{65'534}, size_t{65'535}}) {
      for (const size_t said :
           {size_t{0}, size_t{1}, there - 1, there, there + 1, size_t{0xfffe}, size_t{0xffff}}) {
        if (said > 0xffff) continue;
        CAPTURE(there);
        CAPTURE(said);
        Bytes value{0x04, 0x24, static_cast<uint8_t>(said >> 8), static_cast<uint8_t>(said)};
        value.insert(value.end(), there, 0xff);
        const auto pdu = parse_pdu(build(layout, index, value));
        // ff…ff that is left over is no TLV either: its length reaches beyond the end.
        CHECK(pdu.has_value() == (said == there));
      }
    }
  }
}

TEST_CASE("commands that are not known are named as such, before their body is looked at") {
  for (const uint32_t id : {0x00u, 0x0au, 0x21u, 0x80000021u, 0x104u, 0x111u, 0x80000102u, 0x10200u,
                            0x7fffffffu, 0xffffffffu}) {
    Bytes bytes = header_bytes(static_cast<CommandId>(id));
    bytes.insert(bytes.end(), 20, 0xff);
    const auto pdu = parse_pdu(with_length(bytes));
    CHECK(code_of(pdu) == ErrorCode::unsupported);
    CHECK(status_for(pdu.error()) == Status::invalid_command_id);
    CHECK(name_of(static_cast<CommandId>(id)) == "unknown");
  }
}

// --- TLVs ----------------------------------------------------------------------------------------

TEST_CASE("TLVs are found by tag and read in the size that they have") {
  uint8_t buffer[200];
  TlvWriter writer(buffer);
  writer.add_u16(Tag::sar_msg_ref_num, 0x1234).add_u8(Tag::sar_total_segments, 3);
  writer.add_u32(Tag::network_error_code, 0x01020304).add_text(Tag::receipted_message_id, "4f");
  writer.add(Tag::message_payload, bytes_of("payload")).add_u8(Tag::sar_total_segments, 9);
  const Tlvs tlvs = writer.tlvs();
  CHECK(tlvs.u16(Tag::sar_msg_ref_num) == 0x1234);
  CHECK(tlvs.u8(Tag::sar_total_segments) == 3);  // the first
  CHECK(tlvs.u32(Tag::network_error_code) == 0x01020304u);
  CHECK(tlvs.text(Tag::receipted_message_id) == std::string_view("4f"));
  CHECK(!tlvs.u8(Tag::sar_msg_ref_num).has_value());
  CHECK(!tlvs.u16(Tag::sar_total_segments).has_value());
  CHECK(!tlvs.u32(Tag::sar_total_segments).has_value());
  CHECK(!tlvs.find(Tag::source_port).has_value());
  size_t seen = 0;
  tlvs.for_each([&](const Tlv&) { ++seen; });
  CHECK(seen == 6);
  // Without a NUL, as some SMSCs write it.
  CHECK(Tlvs(from_hex("001e00023466")).text(Tag::receipted_message_id).has_value());

  ShortMessage m;
  m.tlvs = tlvs;
  CHECK(text_of(m.content()) == "payload");
  const Bytes in_sm = from_hex("6162");
  m.short_message = in_sm;
  CHECK(text_of(m.content()) == "ab");
}

TEST_CASE("a stretch that is no TLV stream is walked to its first fault and no further") {
  for (const std::string_view hex : {"00", "0005", "000500", "00050001", "000500020000ff"}) {
    const Bytes bytes = from_hex(hex);
    const Tlvs tlvs(bytes);
    CHECK(!Tlvs::parse(bytes).has_value());
    CHECK(!tlvs.find(Tag::source_port).has_value());
    tlvs.for_each([](const Tlv&) {});
  }
}

TEST_CASE("a TLV writer that is full says so") {
  uint8_t buffer[7];
  TlvWriter writer(buffer);
  CHECK(!writer.add_u16(Tag::source_port, 1).failed());
  CHECK(writer.add_u8(Tag::payload_type, 1).failed());
}

// --- writing -------------------------------------------------------------------------------------

TEST_CASE("fields over their limit are refused when written, at their place") {
  std::vector<uint8_t> out(1000);
  const Header header{CommandId::submit_sm, Status::ok, 1};
  const auto refused = [&](const ShortMessage& m) {
    const auto written = write_pdu(header, m, out);
    REQUIRE(!written.has_value());
    CHECK(written.error().code == ErrorCode::bad_length);
    return written.error().offset;
  };
  const std::string long_text(100, '1');
  const Bytes long_message(255, 'x');
  ShortMessage m;
  m.service_type = "123456";
  CHECK(refused(m) == 16);
  m = {};
  m.source.digits = std::string_view(long_text).substr(0, 21);
  CHECK(refused(m) == 19);
  m = {};
  m.short_message = long_message;
  CHECK(refused(m) == 32);
  m = {};
  m.validity_period = "12345";
  refused(m);
  m = {};
  m.service_type = std::string_view("a\0b", 3);  // would end early
  refused(m);
}

TEST_CASE("a PDU that does not fit is refused at every size") {
  for (const Layout& layout : layouts()) {
    const Bytes whole = build(layout);
    const auto pdu = parse_pdu(whole);
    std::vector<uint8_t> out(whole.size());
    for (size_t size = 0; size < out.size(); ++size) {
      const auto written = write_pdu(pdu->header, pdu->body, MutableByteView(out).first(size));
      REQUIRE(!written.has_value());
      REQUIRE(written.error().code == ErrorCode::no_space);
    }
  }
}

TEST_CASE("every status has its name") {
  CHECK(name_of(Status::throttled) == "ESME_RTHROTTLED");
  CHECK(name_of(static_cast<Status>(0x401)) == "vendor");
  CHECK(name_of(static_cast<Status>(0x10)) == "reserved");
  CHECK(is_throttling(Status::queue_full));
  CHECK(!is_throttling(Status::system_error));
  CHECK(is_temporary(Status::system_error));
  CHECK(!is_temporary(Status::invalid_destination));
}

}  // namespace
}  // namespace simurgh::smpp
