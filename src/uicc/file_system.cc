#include "uicc/file_system.h"

#include <algorithm>

namespace simurgh::uicc {
namespace {

constexpr NvKey content_keys = 0x4000;      // | id << 7 | record
constexpr NvKey deactivated_keys = 0x1000;  // | id

constexpr NvKey content_key(const Content& content, uint8_t record) {
  return static_cast<NvKey>(content_keys | content.id << 7 | (record & 0x7f));
}
constexpr NvKey deactivated_key(const Content& content) {
  return static_cast<NvKey>(deactivated_keys | content.id);
}

// What the table says of the file or record.
void write_initial(const Content& content, uint8_t record, MutableByteView out) {
  if (content.id == arr_content_id) {
    const auto bytes = arr_record(record);
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return;
  }
  std::fill(out.begin(), out.end(), content.fill);
  std::copy(content.initial.begin(), content.initial.end(), out.begin());
}

}  // namespace

Result<ByteView> FileSystem::read(const Content& content, uint8_t record,
                                  MutableByteView out) const {
  SIMURGH_CHECK(out.size() >= content.octets);
  const MutableByteView bytes = out.first(content.octets);
  if (content.structure == apdu::FileType::cyclic) {
    uint8_t all[content_octets_max];
    SIMURGH_CHECK(record >= 1 && record <= content.records &&
                  content.total_octets() <= sizeof(all));
    const auto stored = store_.read(content_key(content, 0), all);
    if (stored.has_value()) {
      const ByteView found = stored->subspan((record - 1u) * content.octets, content.octets);
      std::copy(found.begin(), found.end(), bytes.begin());
      return ByteView(bytes);
    }
    if (stored.error().code != ErrorCode::not_found) return stored.error();
    write_initial(content, record, bytes);
    return ByteView(bytes);
  }
  const auto stored = store_.read(content_key(content, record), bytes);
  if (stored.has_value()) {
    return stored->size() == content.octets ? stored : Result<ByteView>(ErrorCode::storage);
  }
  if (stored.error().code != ErrorCode::not_found) return stored.error();
  write_initial(content, record, bytes);
  return ByteView(bytes);
}

Result<void> FileSystem::write(NvTransaction& transaction, const Content& content, uint8_t record,
                               ByteView bytes) const {
  SIMURGH_CHECK(bytes.size() == content.octets);
  if (content.structure != apdu::FileType::cyclic) {
    transaction.put(content_key(content, record), bytes);
    return {};
  }
  uint8_t all[content_octets_max];
  std::copy(bytes.begin(), bytes.end(), all);
  for (uint8_t i = 1; i < content.records; ++i) {
    TRY(read(content, i, MutableByteView(all).subspan(size_t{i} * content.octets)));
  }
  transaction.put(content_key(content, 0), ByteView(all).first(content.total_octets()));
  return {};
}

void FileSystem::forget(NvTransaction& transaction, Lifetime lifetime) const {
  for (const Content& content : contents()) {
    if (content.lifetime == Lifetime::chip) continue;
    if (lifetime == Lifetime::key && content.lifetime != Lifetime::key) continue;
    const uint8_t records =
        content.structure == apdu::FileType::linear_fixed ? content.records : uint8_t{0};
    for (uint8_t record = 0; record <= records; ++record) {
      if (store_.contains(content_key(content, record))) {
        transaction.erase(content_key(content, record));
      }
    }
  }
}

bool FileSystem::active(const Content& content) const {
  return !store_.contains(deactivated_key(content));
}

void FileSystem::set_active(NvTransaction& transaction, const Content& content, bool active) const {
  if (active) {
    transaction.erase(deactivated_key(content));
  } else {
    transaction.put(deactivated_key(content), {});
  }
}

FileIndex find_child(FileIndex directory, uint16_t fid) {
  const auto all = files();
  for (size_t i = 1; i < all.size(); ++i) {
    if (all[i].parent == directory && all[i].fid == fid) return static_cast<FileIndex>(i);
  }
  return no_file;
}

FileIndex find_by_sfi(FileIndex directory, uint8_t sfi) {
  const auto all = files();
  for (size_t i = 1; i < all.size(); ++i) {
    if (all[i].parent == directory && all[i].sfi == sfi) return static_cast<FileIndex>(i);
  }
  return no_file;
}

FileIndex find_by_fid(FileIndex directory, uint16_t fid, FileIndex current_adf) {
  if (fid == files()[mf_index].fid) return mf_index;
  if (fid == current_adf_fid) return current_adf;
  if (files()[directory].fid == fid) return directory;
  const FileIndex child = find_child(directory, fid);
  // An ADF is selected by its name, or as 7FFF; its file identifier is not for terminals.
  if (child != no_file && child != usim_index) return child;
  const FileIndex parent = files()[directory].parent;
  if (files()[parent].fid == fid) return parent;
  const FileIndex sibling = find_child(parent, fid);
  if (sibling == no_file || !files()[sibling].directory() || sibling == usim_index) return no_file;
  return sibling;
}

FileIndex find_by_path(FileIndex directory, ByteView path, FileIndex current_adf) {
  if (path.empty() || path.size() % 2 != 0) return no_file;
  for (size_t i = 0; i < path.size(); i += 2) {
    const auto fid = static_cast<uint16_t>(path[i] << 8 | path[i + 1]);
    const bool adf = i == 0 && fid == current_adf_fid;
    directory = adf ? current_adf : find_child(directory, fid);
    if (directory == no_file) return no_file;
    if (!files()[directory].directory() && i + 2 < path.size()) return no_file;
  }
  return directory;
}

FileIndex application_of(FileIndex file) {
  while (file != mf_index && file != usim_index) file = files()[file].parent;
  return file == usim_index ? usim_index : no_file;
}

}  // namespace simurgh::uicc
