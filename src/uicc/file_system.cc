#include "uicc/file_system.h"

#include <algorithm>

#include "base/reader.h"

namespace simurgh::uicc {
namespace {

constexpr NvKey content_keys = 0x4000;      // | id << 7 | record
constexpr NvKey deactivated_keys = 0x1000;  // | id
constexpr NvKey created_keys = 0x2000;      // | slot
// A chip's contents are named by 7 bits; those of created files come after the table's.
constexpr uint8_t created_content_first = 64;
static_assert(created_content_first + created_files_max <= content_id_max + 1);
constexpr size_t created_record_octets = 9 + fill_pattern_octets_max;
constexpr uint8_t structure_directory = 0x38;

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
  std::copy_n(content.initial.begin(), std::min(content.initial.size(), out.size()), out.begin());
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

// --- created files ---------------------------------------------------------------------------

void FileSystem::put(NvTransaction& transaction, size_t slot, const NewFile& file) {
  ByteArray<created_record_octets> room;
  Writer writer(room);
  writer.u16(file.fid).u8(file.parent).u8(file.sfi).u8(file.rule);
  writer.u8(file.directory ? structure_directory : static_cast<uint8_t>(file.structure));
  writer.u16(file.octets).u8(file.records).u8(file.fill).bytes(file.pattern);
  SIMURGH_CHECK(!writer.failed());
  transaction.put(static_cast<NvKey>(created_keys | slot), writer.written());
}

Result<NewFile> FileSystem::load(size_t slot) const {
  ByteArray<created_record_octets> room;
  Reader reader(TRY(store_.read(static_cast<NvKey>(created_keys | slot), room)));
  NewFile file;
  file.fid = TRY(reader.u16());
  file.parent = TRY(reader.u8());
  file.sfi = TRY(reader.u8());
  file.rule = TRY(reader.u8());
  const uint8_t structure = TRY(reader.u8());
  file.directory = structure == structure_directory;
  file.structure = static_cast<apdu::FileType>(structure);
  file.octets = TRY(reader.u16());
  file.records = TRY(reader.u8());
  file.fill = TRY(reader.u8());
  if (!file.pattern.try_append(reader.rest())) return fail(ErrorCode::storage);
  if (file.rule < 1 || file.rule > access_rules_count || file.octets > content_octets_max) {
    return fail(ErrorCode::storage);
  }
  return file;
}

std::unique_ptr<FileSystem::Created> FileSystem::make(size_t slot, const NewFile& is) {
  auto created = std::make_unique<Created>();
  created->is = is;
  const NewFile& file = created->is;  // the content's pattern points into it
  created->content = {"created",      static_cast<uint8_t>(created_content_first + slot),
                      file.structure, file.octets,
                      file.records,   text_of(file.pattern),
                      file.fill,      Lifetime::chip};
  created->file = {file.fid, file.parent, file.sfi, file.rule,
                   file.directory ? nullptr : &created->content};
  return created;
}

Result<void> FileSystem::reload() {
  created_.clear();
  for (size_t slot = 0; slot < created_files_max; ++slot) {
    const auto file = load(slot);
    if (!file.has_value()) {
      if (file.error().code == ErrorCode::not_found) continue;
      return file.error();
    }
    created_.resize(slot + 1);
    created_[slot] = make(slot, *file);
  }
  // Parents are directories of the table or created ones.
  for (const auto& created : created_) {
    if (created == nullptr) continue;
    const FileIndex parent = created->is.parent;
    if (!exists(parent) || !this->file(parent).directory()) return fail(ErrorCode::storage);
  }
  return {};
}

size_t FileSystem::file_count() const {
  return created_.empty() ? files().size() : created_first + created_.size();
}

bool FileSystem::exists(FileIndex index) const {
  if (index < created_first) return index < files().size();
  const size_t slot = index - size_t{created_first};
  return slot < created_.size() && created_[slot] != nullptr;
}

const File& FileSystem::file(FileIndex index) const {
  SIMURGH_CHECK(exists(index));
  return index < created_first ? files()[index] : created_[index - size_t{created_first}]->file;
}

// What the created files take when every octet of them was written.
size_t FileSystem::created_octets() const {
  size_t octets = 0;
  for (const auto& created : created_) {
    if (created != nullptr && !created->is.directory) octets += created->is.total_octets();
  }
  return octets;
}

Result<FileIndex> FileSystem::create(NvTransaction& transaction, const NewFile& file) const {
  if (find_child(file.parent, file.fid) != no_file) return fail(ErrorCode::already_exists);
  size_t slot = 0;
  while (slot < created_.size() && created_[slot] != nullptr) ++slot;
  // A quarter of the memory's one bank: the rest is for the table's files, keys and the log.
  const size_t octets_max = store_.bank_octets() / 4;
  const size_t octets = file.directory ? 0 : file.total_octets();
  if (slot == created_files_max || created_octets() + octets > octets_max) {
    return fail(ErrorCode::no_space);
  }
  put(transaction, slot, file);
  return static_cast<FileIndex>(created_first + slot);
}

void FileSystem::erase_content(NvTransaction& transaction, const Content& content,
                               uint8_t first_record) const {
  for (unsigned record = first_record; record <= content.records; ++record) {
    const NvKey key = content_key(content, static_cast<uint8_t>(record));
    if (store_.contains(key)) transaction.erase(key);
  }
}

Result<void> FileSystem::resize(NvTransaction& transaction, FileIndex index,
                                size_t total_octets) const {
  const Created& created = *created_[index - size_t{created_first}];
  NewFile changed = created.is;
  const size_t others = created_octets() - changed.total_octets();
  if (others + total_octets > store_.bank_octets() / 4) return fail(ErrorCode::no_space);
  if (created.content.transparent()) {
    if (total_octets == 0 || total_octets > content_octets_max) return fail(ErrorCode::too_large);
    uint8_t octets[content_octets_max];
    TRY(read(created.content, 0, octets));
    const size_t kept = std::min<size_t>(changed.octets, total_octets);
    changed.octets = static_cast<uint16_t>(total_octets);
    // As new beyond what there was.
    uint8_t fresh[content_octets_max];
    Content wanted = created.content;
    wanted.octets = changed.octets;
    write_initial(wanted, 0, MutableByteView(fresh).first(total_octets));
    std::copy_n(octets, kept, fresh);
    transaction.put(content_key(created.content, 0), ByteView(fresh).first(total_octets));
  } else {
    if (total_octets % changed.octets != 0) return fail(ErrorCode::bad_length);
    const size_t records = total_octets / changed.octets;
    if (records == 0 || records > records_max) return fail(ErrorCode::too_large);
    if (records < changed.records) {
      erase_content(transaction, created.content, static_cast<uint8_t>(records + 1));
    }
    changed.records = static_cast<uint8_t>(records);
  }
  put(transaction, index - size_t{created_first}, changed);
  return {};
}

bool FileSystem::is_inside(FileIndex index, FileIndex directory) const {
  while (index != mf_index) {
    if (index == directory) return true;
    index = file(index).parent;
  }
  return directory == mf_index;
}

void FileSystem::remove(NvTransaction& transaction, FileIndex index) const {
  for (size_t slot = 0; slot < created_.size(); ++slot) {
    if (created_[slot] == nullptr) continue;
    if (!is_inside(static_cast<FileIndex>(created_first + slot), index)) continue;
    const Content& content = created_[slot]->content;
    if (!created_[slot]->is.directory) erase_content(transaction, content, 0);
    if (store_.contains(deactivated_key(content))) transaction.erase(deactivated_key(content));
    transaction.erase(static_cast<NvKey>(created_keys | slot));
  }
}

// --- finding -----------------------------------------------------------------------------------

FileIndex FileSystem::find_child(FileIndex directory, uint16_t fid) const {
  for (size_t i = 1; i < file_count(); ++i) {
    const auto index = static_cast<FileIndex>(i);
    if (exists(index) && file(index).parent == directory && file(index).fid == fid) return index;
  }
  return no_file;
}

FileIndex FileSystem::find_by_sfi(FileIndex directory, uint8_t sfi) const {
  for (size_t i = 1; i < file_count(); ++i) {
    const auto index = static_cast<FileIndex>(i);
    if (exists(index) && file(index).parent == directory && file(index).sfi == sfi) return index;
  }
  return no_file;
}

FileIndex FileSystem::find_by_fid(FileIndex directory, uint16_t fid, FileIndex current_adf) const {
  if (fid == file(mf_index).fid) return mf_index;
  if (fid == current_adf_fid) return current_adf;
  if (file(directory).fid == fid) return directory;
  const FileIndex child = find_child(directory, fid);
  // An ADF is selected by its name, or as 7FFF; its file identifier is not for terminals.
  if (child != no_file && child != usim_index) return child;
  const FileIndex parent = file(directory).parent;
  if (file(parent).fid == fid) return parent;
  const FileIndex sibling = find_child(parent, fid);
  if (sibling == no_file || !file(sibling).directory() || sibling == usim_index) return no_file;
  return sibling;
}

FileIndex FileSystem::find_by_path(FileIndex directory, ByteView path,
                                   FileIndex current_adf) const {
  if (path.empty() || path.size() % 2 != 0) return no_file;
  for (size_t i = 0; i < path.size(); i += 2) {
    const auto fid = static_cast<uint16_t>(path[i] << 8 | path[i + 1]);
    const bool adf = i == 0 && fid == current_adf_fid;
    directory = adf ? current_adf : find_child(directory, fid);
    if (directory == no_file) return no_file;
    if (!file(directory).directory() && i + 2 < path.size()) return no_file;
  }
  return directory;
}

FileIndex FileSystem::application_of(FileIndex index) const {
  while (index != mf_index && index != usim_index) index = file(index).parent;
  return index == usim_index ? usim_index : no_file;
}

}  // namespace simurgh::uicc
