// The files' contents over the NV store, and the ways in which a terminal finds a file.
//
// Who may read or write is not decided here (card.h's dispatcher asks access.h before).
#pragma once

#include "uicc/files.h"
#include "uicc/nv.h"

namespace simurgh::uicc {

constexpr size_t content_octets_max = 255;  // of a transparent file or of a record

class FileSystem {
 public:
  explicit FileSystem(NvStore& store) : store_(store) {}

  // The whole transparent file, or one record (1 … records); of a cyclic file record 1 is the
  // newest. Into `out` of at least content.octets.
  Result<ByteView> read(const Content& content, uint8_t record, MutableByteView out) const;

  // Adds the change to a transaction. `bytes` is the whole file or record. Of a cyclic file only
  // the next (oldest) record can be written, and becomes record 1: `record` is ignored.
  Result<void> write(NvTransaction& transaction, const Content& content, uint8_t record,
                     ByteView bytes) const;

  // Adds the return to the table's contents of everything with this lifetime or a shorter one:
  // `key` for the key's, `customer` for both.
  void forget(NvTransaction& transaction, Lifetime lifetime) const;

  // Deactivated files can be selected, and nothing else (TS 102 221 11.1.14).
  bool active(const Content& content) const;
  void set_active(NvTransaction& transaction, const Content& content, bool active) const;

 private:
  NvStore& store_;
};

// --- finding (TS 102 221 8.4) -------------------------------------------------------------------

FileIndex find_child(FileIndex directory, uint16_t fid);
FileIndex find_by_sfi(FileIndex directory, uint8_t sfi);
// SELECT by file identifier from `directory` (8.4.1): itself, its children, its parent, its
// parent's directories, the MF; 7FFF is `current_adf` when that is a file.
FileIndex find_by_fid(FileIndex directory, uint16_t fid, FileIndex current_adf);
// SELECT by path: file identifiers two octets each, from `directory`.
FileIndex find_by_path(FileIndex directory, ByteView path, FileIndex current_adf);
// The application directory that a file stands in, or no_file.
FileIndex application_of(FileIndex file);

}  // namespace simurgh::uicc
