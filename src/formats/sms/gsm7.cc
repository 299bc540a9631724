#include "formats/sms/gsm7.h"

#include "base/reader.h"

namespace simurgh::sms {

namespace {

// TS 23.038 6.2.1, as Unicode code points; 1B is the escape to the extension table.
constexpr uint16_t default_alphabet[128] = {
    0x0040, 0x00a3, 0x0024, 0x00a5, 0x00e8, 0x00e9, 0x00f9, 0x00ec, 0x00f2, 0x00c7, 0x000a, 0x00d8,
    0x00f8, 0x000d, 0x00c5, 0x00e5, 0x0394, 0x005f, 0x03a6, 0x0393, 0x039b, 0x03a9, 0x03a0, 0x03a8,
    0x03a3, 0x0398, 0x039e, 0xffff, 0x00c6, 0x00e6, 0x00df, 0x00c9, 0x0020, 0x0021, 0x0022, 0x0023,
    0x00a4, 0x0025, 0x0026, 0x0027, 0x0028, 0x0029, 0x002a, 0x002b, 0x002c, 0x002d, 0x002e, 0x002f,
    0x0030, 0x0031, 0x0032, 0x0033, 0x0034, 0x0035, 0x0036, 0x0037, 0x0038, 0x0039, 0x003a, 0x003b,
    0x003c, 0x003d, 0x003e, 0x003f, 0x00a1, 0x0041, 0x0042, 0x0043, 0x0044, 0x0045, 0x0046, 0x0047,
    0x0048, 0x0049, 0x004a, 0x004b, 0x004c, 0x004d, 0x004e, 0x004f, 0x0050, 0x0051, 0x0052, 0x0053,
    0x0054, 0x0055, 0x0056, 0x0057, 0x0058, 0x0059, 0x005a, 0x00c4, 0x00d6, 0x00d1, 0x00dc, 0x00a7,
    0x00bf, 0x0061, 0x0062, 0x0063, 0x0064, 0x0065, 0x0066, 0x0067, 0x0068, 0x0069, 0x006a, 0x006b,
    0x006c, 0x006d, 0x006e, 0x006f, 0x0070, 0x0071, 0x0072, 0x0073, 0x0074, 0x0075, 0x0076, 0x0077,
    0x0078, 0x0079, 0x007a, 0x00e4, 0x00f6, 0x00f1, 0x00fc, 0x00e0};

// TS 23.038 6.2.1.1: the septet after the escape.
struct Extension {
  uint8_t septet;
  uint16_t code_point;
};
constexpr Extension extension_table[] = {
    {0x0a, 0x000c}, {0x14, 0x005e}, {0x28, 0x007b}, {0x29, 0x007d}, {0x2f, 0x005c},
    {0x3c, 0x005b}, {0x3d, 0x007e}, {0x3e, 0x005d}, {0x40, 0x007c}, {0x65, 0x20ac}};

// The next code point below U+10000; bad_value for what is not minimal UTF-8 or beyond it.
Result<uint16_t> read_utf8(Reader& reader) {
  const size_t start = reader.offset();
  const uint8_t first = TRY(reader.u8());
  if (first < 0x80) return first;
  const int further = (first & 0xe0) == 0xc0 ? 1 : (first & 0xf0) == 0xe0 ? 2 : 0;
  if (further == 0) return fail(ErrorCode::bad_value, start);
  uint32_t code_point = first & (further == 1 ? 0x1f : 0x0f);
  for (int i = 0; i < further; ++i) {
    const uint8_t octet = TRY(reader.u8());
    if ((octet & 0xc0) != 0x80) return fail(ErrorCode::bad_value, start);
    code_point = code_point << 6 | (octet & 0x3f);
  }
  if (code_point < (further == 1 ? 0x80u : 0x800u)) return fail(ErrorCode::bad_value, start);
  return static_cast<uint16_t>(code_point);
}

void write_utf8(uint16_t code_point, Writer& out) {
  if (code_point < 0x80) {
    out.u8(static_cast<uint8_t>(code_point));
  } else if (code_point < 0x800) {
    out.u8(static_cast<uint8_t>(0xc0 | code_point >> 6));
    out.u8(static_cast<uint8_t>(0x80 | (code_point & 0x3f)));
  } else {
    out.u8(static_cast<uint8_t>(0xe0 | code_point >> 12));
    out.u8(static_cast<uint8_t>(0x80 | (code_point >> 6 & 0x3f)));
    out.u8(static_cast<uint8_t>(0x80 | (code_point & 0x3f)));
  }
}

bool write_septets(uint16_t code_point, Writer& out) {
  for (uint8_t septet = 0; septet < 128; ++septet) {
    if (septet != septet_escape && default_alphabet[septet] == code_point) {
      out.u8(septet);
      return true;
    }
  }
  for (const Extension& extension : extension_table) {
    if (extension.code_point == code_point) {
      out.u8(septet_escape).u8(extension.septet);
      return true;
    }
  }
  return false;
}

// 6.2.1.1: an unknown extension is shown as the default alphabet's character, a second escape
// as a space.
uint16_t extended_code_point(uint8_t septet) {
  for (const Extension& extension : extension_table) {
    if (extension.septet == septet) return extension.code_point;
  }
  return septet == septet_escape ? uint16_t{0x20} : default_alphabet[septet];
}

}  // namespace

Result<ByteView> pack_septets(ByteView septets, size_t fill_bits, MutableByteView out) {
  SIMURGH_CHECK(fill_bits <= 6);
  Writer writer(out);
  uint32_t pending = 0;  // bits not written yet, the next one lowest
  size_t pending_bits = fill_bits;
  for (size_t i = 0; i < septets.size(); ++i) {
    if (septets[i] > 0x7f) return fail(ErrorCode::bad_value, i);
    pending |= static_cast<uint32_t>(septets[i]) << pending_bits;
    pending_bits += 7;
    while (pending_bits >= 8) {
      writer.u8(static_cast<uint8_t>(pending));
      pending >>= 8;
      pending_bits -= 8;
    }
  }
  if (pending_bits > 0) writer.u8(static_cast<uint8_t>(pending));
  return writer.finish();
}

Result<ByteView> unpack_septets(ByteView packed, size_t count, size_t fill_bits,
                                MutableByteView out) {
  SIMURGH_CHECK(fill_bits <= 6);
  if (packed.size() < packed_octets(count, fill_bits)) {
    return fail(ErrorCode::truncated, packed.size());
  }
  if (count > out.size()) return ErrorCode::no_space;
  for (size_t i = 0; i < count; ++i) {
    const size_t bit = fill_bits + 7 * i;
    const size_t octet = bit / 8;
    uint32_t window = packed[octet];
    if (octet + 1 < packed.size()) window |= static_cast<uint32_t>(packed[octet + 1]) << 8;
    out[i] = static_cast<uint8_t>(window >> (bit % 8) & 0x7f);
  }
  return ByteView(out).first(count);
}

Result<ByteView> septets_of_text(std::string_view utf8, MutableByteView out) {
  Reader reader(bytes_of(utf8));
  Writer writer(out);
  while (!reader.at_end()) {
    const size_t start = reader.offset();
    if (!write_septets(TRY(read_utf8(reader)), writer)) return fail(ErrorCode::bad_value, start);
  }
  return writer.finish();
}

Result<std::string_view> text_of_septets(ByteView septets, std::span<char> out) {
  Writer writer({reinterpret_cast<uint8_t*>(out.data()), out.size()});
  for (size_t i = 0; i < septets.size(); ++i) {
    if (septets[i] > 0x7f) return fail(ErrorCode::bad_value, i);
    if (septets[i] != septet_escape) {
      write_utf8(default_alphabet[septets[i]], writer);
    } else if (i + 1 < septets.size()) {
      if (septets[++i] > 0x7f) return fail(ErrorCode::bad_value, i);
      write_utf8(extended_code_point(septets[i]), writer);
    }
  }
  return text_of(TRY(writer.finish()));
}

}  // namespace simurgh::sms
