// The key journal as a file (hlr/key_journal.h): batches of records, each batch one frame with a
// MAC that covers the one before, written by one write and made durable by fdatasync. Beside it a
// small file of two alternating slots keeps the database's last commit.
//
// Format: docs/operator/journal.md. The MAC key is made with the file and sealed in its header by
// the key store. A last frame that is torn is cut at opening; anything else that does not verify
// refuses to open. One process at a time (lock). A failed write or fdatasync ends in `storage`,
// and so does every call after it.
#pragma once

#include <memory>
#include <string>

#include "base/random.h"
#include "hlr/key_journal.h"

namespace simurgh::journal {

constexpr size_t frame_octets_max = 1 << 20;  // a larger batch is cut into several frames

class JournalFile final : public hlr::KeyJournal {
 public:
  struct Opened {
    std::unique_ptr<JournalFile> journal;
    uint64_t torn_octets = 0;  // cut off the end
    bool made = false;         // there was none
  };
  // Opens or makes `directory`/keys.journal for the database. `problem` in words on failure:
  // `storage`; `bad_mac` when it was altered; `busy` when another process has it.
  static Result<Opened> open(const std::string& directory, const ByteArray<16>& database,
                             crypto::KeyStore& keys, Random& random, std::string& problem);
  ~JournalFile() override;

  Result<void> append(const hlr::JournalRecord& record) override;
  Result<void> sync() override;
  uint64_t sequence() const override;
  Result<void> committed(const hlr::CommitMark& mark) override;
  Result<void> replay(FunctionRef<Result<void>(const hlr::JournalRecord&)> visit) override;
  Result<hlr::CommitMark> mark() override;

 private:
  struct State;
  explicit JournalFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace simurgh::journal
