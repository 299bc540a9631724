// The back ends that must behave alike. Each can be stopped in order, or killed.
#pragma once

#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <string>

#include "io/store_sqlite/sqlite_storage.h"
#include "memory_store/memory_storage.h"
#include "stores/seeded_random.h"

namespace simurgh::test {

// A directory of its own that goes with the object; in memory where there is such a file system,
// because what these tests need of a sync is its answer, not its wait.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    const bool in_memory = access("/dev/shm", W_OK) == 0;
    std::string path = in_memory ? "/dev/shm" : std::filesystem::temp_directory_path().string();
    path += "/simurgh-stores-XXXXXX";
    REQUIRE(mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::string& path() const { return path_; }
  std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

class MemoryBackEnd {
 public:
  storage::Storage& storage() { return storage_; }
  void kill() { storage_.crash(); }

 private:
  memory_store::MemoryStorage storage_{ByteArray<16>{1}};
};

class SqliteBackEnd {
 public:
  SqliteBackEnd() { open(); }
  storage::Storage& storage() { return *storage_; }
  // Closing with an open transaction is what SQLite finds after a crash: what was not committed is
  // gone. (Real kills of a process are in crash_test.cc.)
  void kill() {
    storage_.reset();
    open();
  }

 private:
  void open() {
    std::string problem;
    auto opened =
        store_sqlite::SqliteStorage::open(directory_.file("simurgh.db"), random_, problem);
    INFO(problem);
    REQUIRE(opened.has_value());
    storage_ = std::move(*opened);
  }
  ScratchDirectory directory_;
  SeededRandom random_{1};
  std::unique_ptr<store_sqlite::SqliteStorage> storage_;
};

}  // namespace simurgh::test

#define SIMURGH_BACK_ENDS simurgh::test::MemoryBackEnd, simurgh::test::SqliteBackEnd
