#include "io/zip/zip.h"

#include <zlib.h>

#include <optional>

#include "base/check.h"

namespace simurgh::zip {

namespace {

constexpr uint32_t end_mark = 0x06054b50, entry_mark = 0x02014b50, local_mark = 0x04034b50;
constexpr size_t end_octets = 22, entry_octets = 46, local_octets = 30;
constexpr size_t comment_octets_max = 0xffff;
constexpr uint16_t stored = 0, deflated = 8;

// Little-endian numbers at places that the caller has checked.
uint16_t u16(ByteView bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] | bytes[at + 1] << 8);
}
uint32_t u32(ByteView bytes, size_t at) {
  return u16(bytes, at) | static_cast<uint32_t>(u16(bytes, at + 2)) << 16;
}

bool has(ByteView bytes, size_t at, size_t octets) {
  return at <= bytes.size() && octets <= bytes.size() - at;
}

struct Entry {
  uint16_t flags = 0, method = 0;
  uint32_t crc = 0, packed = 0, plain = 0, local = 0;
};

bool is_named(std::string_view path, const std::string& name) {
  return path == name || path.ends_with("/" + name);
}

// The place of the end record, which a comment may follow.
std::optional<size_t> find_end(ByteView archive) {
  if (archive.size() < end_octets) return std::nullopt;
  const size_t last = archive.size() - end_octets;
  const size_t first = last > comment_octets_max ? last - comment_octets_max : 0;
  for (size_t at = last + 1; at-- > first;) {
    if (u32(archive, at) == end_mark) return at;
  }
  return std::nullopt;
}

Result<Entry> find_entry(ByteView archive, const std::string& name) {
  const auto end = find_end(archive);
  if (!end) return ErrorCode::truncated;
  const size_t count = u16(archive, *end + 10);
  size_t at = u32(archive, *end + 16);
  if (count > entries_max) return ErrorCode::too_large;
  std::optional<Entry> found;
  for (size_t i = 0; i < count; ++i) {
    if (!has(archive, at, entry_octets)) return ErrorCode::truncated;
    if (u32(archive, at) != entry_mark) return ErrorCode::bad_value;
    const size_t path_octets = u16(archive, at + 28);
    const size_t more = size_t{u16(archive, at + 30)} + u16(archive, at + 32);
    if (!has(archive, at + entry_octets, path_octets + more)) return ErrorCode::truncated;
    if (is_named(text_of(archive.subspan(at + entry_octets, path_octets)), name)) {
      if (found) return ErrorCode::already_exists;
      found = Entry{.flags = u16(archive, at + 8),
                    .method = u16(archive, at + 10),
                    .crc = u32(archive, at + 16),
                    .packed = u32(archive, at + 20),
                    .plain = u32(archive, at + 24),
                    .local = u32(archive, at + 42)};
    }
    at += entry_octets + path_octets + more;
  }
  if (!found) return ErrorCode::not_found;
  return *found;
}

Result<std::vector<uint8_t>> inflate_all(ByteView packed, size_t plain_octets) {
  std::vector<uint8_t> plain(plain_octets);
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return ErrorCode::no_space;
  uint8_t nothing = 0;
  stream.next_in = const_cast<Bytef*>(packed.data());  // NOLINT: zlib's own type; it only reads
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = plain.empty() ? &nothing : plain.data();
  stream.avail_out = static_cast<uInt>(plain.size());
  const int end = inflate(&stream, Z_FINISH);
  const bool whole = end == Z_STREAM_END && stream.total_out == plain.size();
  inflateEnd(&stream);
  if (!whole) return ErrorCode::bad_value;
  return plain;
}

Result<std::vector<uint8_t>> unpack(ByteView archive, const Entry& entry) {
  constexpr uint16_t encrypted = 1;
  if ((entry.flags & encrypted) != 0 || (entry.method != stored && entry.method != deflated)) {
    return ErrorCode::unsupported;
  }
  if (entry.plain > file_octets_max) return ErrorCode::too_large;
  if (!has(archive, entry.local, local_octets)) return ErrorCode::truncated;
  if (u32(archive, entry.local) != local_mark) return ErrorCode::bad_value;
  const size_t begin = size_t{entry.local} + local_octets + u16(archive, entry.local + size_t{26}) +
                       u16(archive, entry.local + size_t{28});
  if (!has(archive, begin, entry.packed)) return ErrorCode::truncated;
  const ByteView packed = archive.subspan(begin, entry.packed);
  std::vector<uint8_t> plain(packed.begin(), packed.end());
  if (entry.method == deflated) plain = TRY(inflate_all(packed, entry.plain));
  if (plain.size() != entry.plain ||
      crc32(0, plain.data(), static_cast<uInt>(plain.size())) != entry.crc) {
    return ErrorCode::bad_value;
  }
  return plain;
}

}  // namespace

Result<std::vector<uint8_t>> extract(ByteView archive, const std::string& name,
                                     std::string& problem) {
  auto entry = find_entry(archive, name);
  Result<std::vector<uint8_t>> plain =
      entry ? unpack(archive, *entry) : Result<std::vector<uint8_t>>(entry.error());
  if (plain) return plain;
  switch (plain.error().code) {
    case ErrorCode::truncated: problem = "the archive is cut off, or it is no ZIP archive"; break;
    case ErrorCode::already_exists: problem = "it has two files " + name; break;
    case ErrorCode::unsupported: problem = name + " is encrypted or packed in a rare way"; break;
    case ErrorCode::too_large: problem = name + " is larger than 4 MiB"; break;
    default: problem = "the archive is damaged at " + name; break;
  }
  return plain;
}

}  // namespace simurgh::zip
