// The chip's files: those of the table (files.h), those that remote scripts have created, their
// contents over the NV store, and the ways in which a terminal finds one.
//
// Who may read or write is not decided here (the command handlers ask the access rules before).
// What changes goes into a transaction; after its commit, reload() makes a change of created files
// visible. One thread.
#pragma once

#include <memory>
#include <vector>

#include "uicc/files.h"
#include "uicc/nv.h"

namespace simurgh::uicc {

constexpr size_t content_octets_max = 1024;  // of a transparent file, or of all of a cyclic one
static_assert(content_octets_max <= NvStore::record_octets_max);
constexpr size_t record_octets_max = 255;
constexpr uint8_t records_max = 127;
constexpr size_t created_files_max = 48;
constexpr size_t fill_pattern_octets_max = 32;

// A file as CREATE FILE describes it (TS 102 222 6.3).
struct NewFile {
  uint16_t fid = 0;
  FileIndex parent = no_file;
  uint8_t sfi = 0;
  RuleNumber rule = 0;
  bool directory = false;
  apdu::FileType structure = apdu::FileType::transparent;  // of an elementary file
  uint16_t octets = 0;                                     // of the file, or of each record
  uint8_t records = 0;
  ByteString<fill_pattern_octets_max> pattern{};  // first octets of the file, or of each record
  uint8_t fill = 0xff;                            // the others
  size_t total_octets() const { return records == 0 ? octets : size_t{octets} * records; }
};

class FileSystem {
 public:
  explicit FileSystem(NvStore& store) : store_(store) {}

  // Reads which files were created; also after each transaction with create(), resize() or
  // remove(). `storage` when a record makes no sense.
  Result<void> reload();

  // Every index below file_count() that exists() is a file.
  size_t file_count() const;
  bool exists(FileIndex file) const;
  const File& file(FileIndex file) const;
  static bool is_created(FileIndex file) { return file >= created_first && file != no_file; }

  // The whole transparent file, or one record (1 … records); of a cyclic file record 1 is the
  // newest. Into `out` of at least content.octets.
  Result<ByteView> read(const Content& content, uint8_t record, MutableByteView out) const;

  // Adds the change to a transaction. `bytes` is the whole file or record. Of a cyclic file only
  // the next (oldest) record can be written, and becomes record 1: `record` is ignored.
  Result<void> write(NvTransaction& transaction, const Content& content, uint8_t record,
                     ByteView bytes) const;

  // Adds the return to the table's contents of everything with this lifetime or a shorter one:
  // `key` for the key's, `customer` for both. Created files are the issuer's and stay.
  void forget(NvTransaction& transaction, Lifetime lifetime) const;

  // Deactivated files can be selected, and nothing else (TS 102 221 11.1.14).
  bool active(const Content& content) const;
  void set_active(NvTransaction& transaction, const Content& content, bool active) const;

  // --- creating and deleting (TS 102 222) -----------------------------------------------------
  // The index that the file will have. already_exists (its FID); no_space (files, or the octets
  // that all created files may take together).
  Result<FileIndex> create(NvTransaction& transaction, const NewFile& file) const;
  // A created elementary file gets another size: octets of a transparent file, records of a linear
  // one. What is cut off is gone, what is new is filled. no_space, too_large.
  Result<void> resize(NvTransaction& transaction, FileIndex file, size_t total_octets) const;
  // A created file with everything in it.
  void remove(NvTransaction& transaction, FileIndex file) const;
  bool is_inside(FileIndex file, FileIndex directory) const;

  // --- finding (TS 102 221 8.4) ---------------------------------------------------------------
  FileIndex find_child(FileIndex directory, uint16_t fid) const;
  FileIndex find_by_sfi(FileIndex directory, uint8_t sfi) const;
  // SELECT by file identifier from `directory` (8.4.1): itself, its children, its parent, its
  // parent's directories, the MF; 7FFF is `current_adf` when that is a file.
  FileIndex find_by_fid(FileIndex directory, uint16_t fid, FileIndex current_adf) const;
  // SELECT by path: file identifiers two octets each, from `directory`.
  FileIndex find_by_path(FileIndex directory, ByteView path, FileIndex current_adf) const;
  // The application directory that a file stands in, or no_file.
  FileIndex application_of(FileIndex file) const;

 private:
  static constexpr FileIndex created_first = 128;
  static_assert(created_first + created_files_max < no_file);
  struct Created {
    NewFile is;
    Content content{};
    File file;
  };
  static std::unique_ptr<Created> make(size_t slot, const NewFile& is);
  static void put(NvTransaction& transaction, size_t slot, const NewFile& file);
  Result<NewFile> load(size_t slot) const;
  size_t created_octets() const;
  void erase_content(NvTransaction& transaction, const Content& content,
                     uint8_t first_record) const;

  NvStore& store_;
  std::vector<std::unique_ptr<Created>> created_;  // by slot; null: free
};

}  // namespace simurgh::uicc
