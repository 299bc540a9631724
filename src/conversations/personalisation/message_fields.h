// The fields of a personalisation message: tag, shortest BER length, value, in rising tag order.
// Private to messages.cc; here so that the list of tags can be read on one page.
#pragma once

#include "base/reader.h"
#include "conversations/personalisation/messages.h"

namespace simurgh::personalisation {

// The numbers are on the wire, and fields come in this order.
enum class Tag : uint8_t {
  iccid = 0x01,
  imsi = 0x02,
  ver = 0x03,
  life = 0x04,
  epoch = 0x05,
  base_epoch = 0x06,
  active_epoch = 0x07,
  attempt = 0x08,
  suites = 0x09,
  suite = 0x0a,
  flags = 0x0b,
  order = 0x0c,
  nonce = 0x0d,
  share = 0x0e,
  pake = 0x0f,
  sealed = 0x10,
  reason = 0x11,
  answers = 0x12,
  pending_epoch = 0x13,
  epoch_max = 0x14,
  signature = 0x15,
  mac = 0x16,
  second_mac = 0x17,
};

// Reads the fields of one message in their order. An error names the octet.
class FieldReader {
 public:
  explicit FieldReader(ByteView message) : reader_(message) {}

  Result<void> header(MessageType type) {
    if (TRY(reader_.u8()) != protocol_octet) return fail(ErrorCode::unsupported, 0);
    if (TRY(reader_.u8()) != static_cast<uint8_t>(type)) return fail(ErrorCode::bad_value, 1);
    return {};
  }

  bool next_is(Tag tag) const {
    const auto octet = reader_.peek();
    return octet.has_value() && *octet == static_cast<uint8_t>(tag);
  }

  Result<ByteView> bytes(Tag tag, size_t octets_min, size_t octets_max) {
    if (TRY(reader_.peek()) != static_cast<uint8_t>(tag))
      return reader_.error(ErrorCode::bad_value);
    TRY(reader_.skip(1));
    const size_t length_at = reader_.offset();
    const size_t length = TRY(minimal_length());
    if (length < octets_min || length > octets_max) return fail(ErrorCode::bad_length, length_at);
    return reader_.bytes(length);
  }

  template <size_t N>
  Result<ByteArray<N>> array(Tag tag) {
    const ByteView value = TRY(bytes(tag, N, N));
    ByteArray<N> out;
    std::memcpy(out.data(), value.data(), N);
    return out;
  }
  Result<uint8_t> u8(Tag tag) { return TRY(bytes(tag, 1, 1))[0]; }
  Result<uint32_t> u32(Tag tag) {
    Reader value(TRY(bytes(tag, 4, 4)));
    return value.u32();
  }

  template <typename Digits, size_t octets_max>
  Result<Digits> digits(Tag tag) {
    const size_t at = reader_.offset();
    const ByteView bcd = TRY(bytes(tag, 1, octets_max));
    std::array<char, octets_max * 2> text;
    const auto parsed = parse_bcd(bcd, text);
    if (!parsed.has_value()) return fail(ErrorCode::bad_value, at);
    const auto number = Digits::parse(*parsed);
    if (!number.has_value()) return fail(ErrorCode::bad_value, at);
    // One byte form only: no more filler than an odd number needs.
    if (bcd.size() != (parsed->size() + 1) / 2) return fail(ErrorCode::bad_value, at);
    return *number;
  }
  Result<Iccid> iccid() { return digits<Iccid, 10>(Tag::iccid); }
  Result<Imsi> imsi() { return digits<Imsi, 8>(Tag::imsi); }

  Result<SuiteSet> suites() {
    const size_t at = reader_.offset();
    const auto set = SuiteSet::from_bits(TRY(u8(Tag::suites)));
    if (!set.has_value()) return fail(ErrorCode::bad_value, at);
    return *set;
  }
  Result<Suite> suite() {
    const size_t at = reader_.offset();
    const uint8_t number = TRY(u8(Tag::suite));
    if (number < static_cast<uint8_t>(Suite::x25519) ||
        number > static_cast<uint8_t>(Suite::symmetric)) {
      return fail(ErrorCode::bad_value, at);
    }
    return static_cast<Suite>(number);
  }

  template <typename Bytes>
  Result<Bytes> byte_string(Tag tag, size_t octets_min) {
    return Bytes(TRY(bytes(tag, octets_min, Bytes::capacity())));
  }
  // Absent is empty; present and empty does not exist.
  template <typename Bytes>
  Result<Bytes> optional_byte_string(Tag tag) {
    if (!next_is(tag)) return Bytes();
    return byte_string<Bytes>(tag, 1);
  }
  template <size_t N>
  Result<std::optional<ByteArray<N>>> optional_array(Tag tag) {
    if (!next_is(tag)) return std::optional<ByteArray<N>>();
    return std::optional<ByteArray<N>>(TRY(array<N>(tag)));
  }

  Result<void> end() const { return reader_.expect_end(); }
  size_t offset() const { return reader_.offset(); }

 private:
  // BER, shortest form only.
  Result<size_t> minimal_length() {
    const size_t at = reader_.offset();
    const uint8_t first = TRY(reader_.u8());
    if (first < 0x80) return size_t{first};
    if (first == 0x81) {
      const uint8_t length = TRY(reader_.u8());
      if (length < 0x80) return fail(ErrorCode::bad_length, at);
      return size_t{length};
    }
    if (first != 0x82) return fail(ErrorCode::bad_length, at);
    const uint16_t length = TRY(reader_.u16());
    if (length < 0x100) return fail(ErrorCode::bad_length, at);
    return size_t{length};
  }

  Reader reader_;
};

class FieldWriter {
 public:
  explicit FieldWriter(MessageType type) : writer_(buffer_) {
    writer_.u8(protocol_octet).u8(static_cast<uint8_t>(type));
  }

  FieldWriter& bytes(Tag tag, ByteView value) {
    writer_.u8(static_cast<uint8_t>(tag));
    if (value.size() >= 0x100) {
      writer_.u8(0x82).u16(static_cast<uint16_t>(value.size()));
    } else if (value.size() >= 0x80) {
      writer_.u8(0x81).u8(static_cast<uint8_t>(value.size()));
    } else {
      writer_.u8(static_cast<uint8_t>(value.size()));
    }
    writer_.bytes(value);
    return *this;
  }
  FieldWriter& optional_bytes(Tag tag, ByteView value) {
    return value.empty() ? *this : bytes(tag, value);
  }
  FieldWriter& u8(Tag tag, uint8_t value) { return bytes(tag, {&value, 1}); }
  FieldWriter& u32(Tag tag, uint32_t value) {
    ByteArray<4> octets;
    Writer(octets).u32(value);
    return bytes(tag, octets);
  }
  FieldWriter& digits(Tag tag, std::string_view text) {
    ByteArray<10> bcd;
    const auto written = write_bcd(text, bcd);
    SIMURGH_CHECK(written.has_value());
    return bytes(tag, *written);
  }
  FieldWriter& suite(Suite suite) { return u8(Tag::suite, static_cast<uint8_t>(suite)); }

  Message finish() const {
    const auto written = writer_.finish();
    SIMURGH_CHECK(written.has_value());
    return Message(*written);
  }

 private:
  ByteArray<message_octets_max> buffer_{};
  Writer writer_;
};

}  // namespace simurgh::personalisation
