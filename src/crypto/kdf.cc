#include "crypto/kdf.h"

#include "base/reader.h"

namespace simurgh::crypto {

namespace {

constexpr std::string_view label_start = "simurgh/";
constexpr size_t digit_chunk_octets = 32;
constexpr uint8_t digit_octet_limit = 250;  // the largest multiple of 10 in an octet

bool is_label_word(std::string_view word) {
  return !word.empty() && word.find('/') == std::string_view::npos;
}

void write_label(const KeyLabel& label, Writer& out) {
  SIMURGH_CHECK(is_label_word(label.protocol) && is_label_word(label.role) &&
                is_label_word(label.use) && label.version >= 1 && label.version <= 9);
  const size_t at = out.size();
  const auto version = static_cast<uint8_t>('0' + label.version);
  out.u16(0).bytes(bytes_of(label_start)).bytes(bytes_of(label.protocol)).u8('/').u8(version);
  out.u8('/').bytes(bytes_of(label.role)).u8('/').bytes(bytes_of(label.use));
  out.patch_u16(at, static_cast<uint16_t>(out.size() - at - 2));
}

}  // namespace

void derive_key(ByteView secret, const KeyLabel& label, KeyContext context, MutableByteView out) {
  ByteArray<key_info_octets_max> info;
  Writer writer(info);
  write_label(label, writer);
  writer.u16(static_cast<uint16_t>(out.size()));
  for (const KeyField& field : context) {
    writer.u8(static_cast<uint8_t>(field.type)).prefixed16(field.value);
  }
  SIMURGH_CHECK(!writer.failed());
  SIMURGH_CHECK(hkdf_sha256({}, secret, writer.written(), out).has_value());
}

void derive_digits(ByteView secret, const KeyLabel& label, MutableByteView digits) {
  size_t filled = 0;
  for (uint32_t chunk = 0; filled < digits.size(); ++chunk) {
    ByteArray<4> counter;
    Writer(counter).u32(chunk);
    Secret<digit_chunk_octets> stream;
    derive_key(secret, label, {{FieldType::counter, counter}}, stream.fill(digit_chunk_octets));
    for (const uint8_t octet : stream.view()) {
      if (octet < digit_octet_limit && filled < digits.size()) {
        digits[filled++] = static_cast<uint8_t>('0' + octet % 10);
      }
    }
  }
}

}  // namespace simurgh::crypto
