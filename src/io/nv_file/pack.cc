#include "io/nv_file/pack.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/reader.h"
#include "base/secret.h"

namespace simurgh::nv_file {
namespace {

// docs/protocols/nv-pack.md.
constexpr char magic[] = "SIMURGHPACK";
constexpr size_t magic_octets = 12;  // with its zero
constexpr uint32_t version = 1;
constexpr size_t page_octets = 4096;  // the header's, and what slots begin on
constexpr size_t header_octets = magic_octets + 4 + 4 + 4 + 16 + 4;
constexpr size_t label_octets = 32;
constexpr size_t label_digits_octets = 20;
constexpr size_t slot_octets_max = 65536;

// FNV-1a: finds damage, proves nothing; the chip's own records are sealed.
uint32_t checksum(ByteView bytes) {
  uint32_t hash = 0x811c9dc5;
  for (const uint8_t octet : bytes) hash = (hash ^ octet) * 0x01000193;
  return hash;
}

uint64_t index_offset(size_t index) {
  return page_octets + uint64_t{index} * label_octets;
}

std::string words(const std::string& path, const char* what) {
  return path + ": " + what + ": " + std::strerror(errno);
}

bool is_shape(const Pack::Shape& shape) {
  return shape.slots >= 1 && shape.slots <= Pack::slots_max && shape.slot_octets >= page_octets &&
         shape.slot_octets <= slot_octets_max && shape.slot_octets % page_octets == 0;
}

ByteArray<header_octets> write_header(const Pack::Shape& shape, const ByteArray<16>& key) {
  ByteArray<header_octets> octets;
  Writer writer(octets);
  writer.bytes({reinterpret_cast<const uint8_t*>(magic), magic_octets}).u32(version);
  writer.u32(static_cast<uint32_t>(shape.slots)).u32(static_cast<uint32_t>(shape.slot_octets));
  writer.bytes(key);
  writer.u32(checksum(writer.written()));
  return octets;
}

struct Header {
  Pack::Shape shape;
  ByteArray<16> key;
};

Result<Header> parse_header(ByteView octets) {
  Reader reader(octets);
  const ByteView found_magic = TRY(reader.bytes(magic_octets));
  if (std::memcmp(found_magic.data(), magic, magic_octets) != 0) return ErrorCode::bad_value;
  if (TRY(reader.u32()) != version) return ErrorCode::unsupported;
  Header header;
  header.shape.slots = TRY(reader.u32());
  header.shape.slot_octets = TRY(reader.u32());
  header.key = TRY(reader.array<16>());
  const uint32_t sum = checksum(octets.first(reader.offset()));
  if (TRY(reader.u32()) != sum || !is_shape(header.shape)) return ErrorCode::bad_value;
  return header;
}

}  // namespace

class Pack::Slot final : public uicc::Nv {
 public:
  Slot(Pack& pack, size_t index) : pack_(pack), offset_(pack.slot_offset(index)) {}
  size_t size() const override { return pack_.shape_.slot_octets; }
  size_t granule() const override { return granule_octets; }
  Result<void> read(size_t offset, MutableByteView out) const override {
    SIMURGH_CHECK(offset <= size() && out.size() <= size() - offset);
    return pack_.read(offset_ + offset, out);
  }
  Result<void> write(size_t offset, ByteView bytes) override {
    SIMURGH_CHECK(offset <= size() && bytes.size() <= size() - offset);
    return pack_.write(offset_ + offset, bytes);
  }

 private:
  Pack& pack_;
  uint64_t offset_;
};

Pack::Pack(int fd, const Shape& shape, const ByteArray<16>& key, Durability durability)
    : fd_(fd), shape_(shape), key_(key), durability_(durability), labels_(shape.slots) {}

Pack::~Pack() {
  ::close(fd_);  // and the lock with it
  wipe(key_);
}

Result<std::unique_ptr<Pack>> Pack::create(const std::string& path, const Shape& shape,
                                           Random& random, Durability durability,
                                           std::string& problem) {
  if (!is_shape(shape)) {
    problem = "a pack has 1 to 10000000 slots of 4096 to 65536 octets, in steps of 4096";
    return ErrorCode::bad_value;
  }
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    const bool there = errno == EEXIST;
    problem = there ? path + " is there already; choose another name, or move it away"
                    : words(path, "cannot be made");
    return there ? ErrorCode::already_exists : ErrorCode::io;
  }
  std::unique_ptr<Pack> pack(new Pack(fd, shape, random.array<16>(), durability));
  const uint64_t size = pack->slot_offset(shape.slots);
  const auto header = write_header(shape, pack->key_);
  const bool made = ::flock(fd, LOCK_EX | LOCK_NB) == 0 &&
                    ::ftruncate(fd, static_cast<off_t>(size)) == 0 &&
                    pack->write(0, header).has_value() && pack->sync().has_value();
  if (!made) {
    problem = words(path, "cannot be written; is the disk full?");
    ::unlink(path.c_str());
    return ErrorCode::io;
  }
  return pack;
}

Result<std::unique_ptr<Pack>> Pack::open(const std::string& path, Durability durability,
                                         std::string& problem) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    problem = words(path, "cannot be opened");
    return errno == ENOENT ? ErrorCode::not_found : ErrorCode::io;
  }
  std::unique_ptr<Pack> pack(new Pack(fd, {}, {}, durability));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    problem = path + " is in use by another program; end that one first";
    return ErrorCode::busy;
  }
  ByteArray<header_octets> octets;
  const auto read = pack->read(0, octets);
  const auto header = read.has_value() ? parse_header(octets) : Result<Header>(read.error());
  struct stat status = {};
  if (!header.has_value() || ::fstat(fd, &status) != 0) {
    const bool newer = !header.has_value() && header.error().code == ErrorCode::unsupported;
    problem = path + (newer ? " is a pack of a newer version of this program"
                            : " is not a pack of chips, or its beginning is damaged");
    return newer ? ErrorCode::unsupported : ErrorCode::bad_value;
  }
  pack->shape_ = header->shape;
  pack->key_ = header->key;
  pack->labels_.resize(header->shape.slots);
  if (static_cast<uint64_t>(status.st_size) < pack->slot_offset(header->shape.slots)) {
    problem = path + " is shorter than its slots: it was cut off";
    return ErrorCode::bad_value;
  }
  if (const auto loaded = pack->load_index(); !loaded.has_value()) {
    problem = words(path, "its index cannot be read");
    return loaded.error();
  }
  return pack;
}

uint64_t Pack::slot_offset(size_t index) const {
  const uint64_t index_end = index_offset(shape_.slots);
  const uint64_t first = (index_end + page_octets - 1) / page_octets * page_octets;
  return first + uint64_t{index} * shape_.slot_octets;
}

std::unique_ptr<uicc::Nv> Pack::slot(size_t index) {
  SIMURGH_CHECK(index < shape_.slots);
  return std::make_unique<Slot>(*this, index);
}

ByteArray<16> Pack::seal_key(size_t index) const {
  ByteArray<16> key = key_;
  for (size_t i = 0; i < 4; ++i) key[12 + i] ^= static_cast<uint8_t>(index >> (8 * (3 - i)));
  return key;
}

Result<void> Pack::read(uint64_t offset, MutableByteView out) const {
  if (failed_) return ErrorCode::storage;
  while (!out.empty()) {
    const ssize_t got = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return ErrorCode::storage;
    offset += static_cast<uint64_t>(got);
    out = out.subspan(static_cast<size_t>(got));
  }
  return {};
}

Result<void> Pack::write(uint64_t offset, ByteView bytes) {
  if (failed_) return ErrorCode::storage;
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      failed_ = true;
      return ErrorCode::storage;
    }
    offset += static_cast<uint64_t>(put);
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
  return durability_ == Durability::every_write ? sync() : Result<void>();
}

Result<void> Pack::sync() {
  if (failed_) return ErrorCode::storage;
  if (::fdatasync(fd_) != 0) {
    // The kernel may have dropped the pages: trying again would report success for nothing.
    failed_ = true;
    return ErrorCode::storage;
  }
  return {};
}

// --- the index -----------------------------------------------------------------------------------

Result<void> Pack::load_index() {
  constexpr size_t labels_per_read = 2048;
  std::vector<uint8_t> octets(labels_per_read * label_octets);
  for (size_t first = 0; first < shape_.slots; first += labels_per_read) {
    const size_t count = std::min(labels_per_read, shape_.slots - first);
    const MutableByteView part = MutableByteView(octets).first(count * label_octets);
    TRY(read(index_offset(first), part));
    for (size_t i = 0; i < count; ++i) {
      const ByteView entry = part.subspan(i * label_octets, label_octets);
      Reader reader(entry);
      const uint8_t digits = TRY(reader.u8());
      const ByteView text = TRY(reader.bytes(label_digits_octets));
      if (digits == 0 || digits > label_digits_octets) continue;
      // A torn label is none: the factory sets it again.
      if (TRY(reader.u32()) != checksum(entry.first(1 + label_digits_octets))) continue;
      const auto iccid = Iccid::parse(text_of(text.first(digits)));
      if (!iccid.has_value()) continue;
      labels_[first + i] = *iccid;
      by_iccid_[std::string(iccid->text())] = first + i;
    }
  }
  return {};
}

Result<void> Pack::set_label(size_t index, const Iccid& iccid) {
  SIMURGH_CHECK(index < shape_.slots);
  ByteArray<label_octets> entry{};
  Writer writer(entry);
  if (!iccid.empty()) {
    writer.u8(static_cast<uint8_t>(iccid.text().size())).bytes(iccid.bytes());
    writer.fill(0, label_digits_octets - iccid.text().size());
    writer.u32(checksum(writer.written()));
  }
  TRY(write(index_offset(index), entry));
  const std::lock_guard lock(index_mutex_);
  if (!labels_[index].empty()) by_iccid_.erase(std::string(labels_[index].text()));
  labels_[index] = iccid;
  if (!iccid.empty()) by_iccid_[std::string(iccid.text())] = index;
  return {};
}

Iccid Pack::label(size_t index) const {
  SIMURGH_CHECK(index < shape_.slots);
  const std::lock_guard lock(index_mutex_);
  return labels_[index];
}

std::optional<size_t> Pack::find(const Iccid& iccid) const {
  const std::lock_guard lock(index_mutex_);
  const auto found = by_iccid_.find(std::string(iccid.text()));
  if (found == by_iccid_.end()) return std::nullopt;
  return found->second;
}

size_t Pack::labelled() const {
  const std::lock_guard lock(index_mutex_);
  return by_iccid_.size();
}

}  // namespace simurgh::nv_file
