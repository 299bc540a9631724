// Real processes that are killed, and file systems that fail: nothing acknowledged is lost, and no
// failure is silent.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "audit/log.h"
#include "crypto/memory_key_store.h"
#include "io/journal/journal_file.h"
#include "stores/back_ends.h"
#include "stores/rows.h"

using namespace simurgh;
using namespace simurgh::test;

// --- fsync and fdatasync of this program, SQLite's calls included --------------------------------

namespace {

int syncs_until_failure = -1;  // counts down; -1: never
int syncs_seen = 0;
bool fail_directories = false;

bool is_directory(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

// True when this sync shall fail. A directory's is counted apart: SQLite does not look at its
// answer, which is why the store syncs the directory itself.
bool shall_fail(int fd) {
  if (is_directory(fd)) return fail_directories;
  ++syncs_seen;
  if (syncs_until_failure < 0) return false;
  return syncs_until_failure-- == 0;
}

}  // namespace

extern "C" int fsync(int fd) {
  if (shall_fail(fd)) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(syscall(SYS_fsync, fd));
}
extern "C" int fdatasync(int fd) {
  if (shall_fail(fd)) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(syscall(SYS_fdatasync, fd));
}

namespace {

// A server's stores in a directory, and its way of ending a batch.
class Server {
 public:
  // As the shell opens them; the first error.
  Result<void> open(const std::string& directory) {
    std::string problem;
    storage = TRY(store_sqlite::SqliteStorage::open(directory + "/simurgh.db", random, problem,
                                                    {.wal_pages_max = 20}));
    auto opened =
        TRY(journal::JournalFile::open(directory, storage->mark().database, keys, random, problem));
    journal = std::move(opened.journal);
    const auto made = hlr::plan_recovery(*journal, storage->mark(),
                                         [&](const Iccid& iccid) { return stored(iccid); });
    plan = TRY(made);
    if (plan.condition == hlr::StartCondition::foreign ||
        plan.condition == hlr::StartCondition::journal_behind) {
      return fail(ErrorCode::bad_state);
    }
    TRY(recover());
    return journal->committed(storage->mark());
  }

  Result<std::optional<hlr::StoredChip>> stored(const Iccid& iccid) {
    const auto row = TRY(storage->security_centre().load(iccid));
    if (!row) return std::optional<hlr::StoredChip>();
    return std::optional(hlr::StoredChip{row->life, row->active_epoch, false});
  }

  Result<void> recover() {
    if (plan.condition == hlr::StartCondition::clean) return {};
    for (const hlr::RecoveryStep& step : plan.steps) {
      if (step.action != hlr::RecoveryAction::roll_forward) continue;
      auto row = *TRY(storage->security_centre().load(step.chip.iccid));
      row.active_epoch = step.chip.epoch;
      TRY(storage->security_centre().save(row));
      TRY(audit.append({"recovery", {}}, {"chip.epoch", step.chip.iccid.text(), {}}));
    }
    TRY(storage->set_generation(plan.generation));
    TRY(storage->commit(journal->sequence()));
    return {};
  }

  // One event: the chip's next epoch in the journal, its row, and the audit row of it.
  Result<void> event(uint64_t chip) {
    auto row = TRY(storage->security_centre().load(iccid_of(chip)));
    if (!row) row = some_chip_keys(chip);
    ++row->active_epoch;
    hlr::JournalRecord record;
    record.iccid = row->iccid;
    record.imsi = row->imsi;
    record.life = row->life;
    record.epoch = row->active_epoch;
    record.sealed = filled<hlr::journal_secret_octets_max>(60, 1);
    TRY(journal->append(record));
    TRY(storage->security_centre().save(*row));
    return audit.append({"test", {}}, {"chip.epoch", row->iccid.text(), {}});
  }

  Result<void> end_of_batch() {
    TRY(journal->sync());
    const auto mark = TRY(storage->commit(journal->sequence()));
    return journal->committed(mark);
  }

  SeededRandom random{9};
  crypto::MemoryKeyStore keys{1};
  std::unique_ptr<store_sqlite::SqliteStorage> storage;
  std::unique_ptr<journal::JournalFile> journal;
  struct Late : audit::Store {  // the store that `storage` has by then
    explicit Late(Server& server) : whose(server) {}
    audit::Store& of() const { return whose.storage->audit(); }
    Result<std::optional<audit::Row>> last() override { return of().last(); }
    Result<void> append(const audit::Row& row) override { return of().append(row); }
    Result<std::vector<audit::Row>> page(uint64_t first, size_t limit) override {
      return of().page(first, limit);
    }
    Result<std::vector<audit::Row>> page_of_subject(std::string_view subject, uint64_t before,
                                                    size_t limit) override {
      return of().page_of_subject(subject, before, limit);
    }
    uint64_t undo_count() const override { return of().undo_count(); }
    Server& whose;
  } late{*this};
  audit::Log audit{late};
  hlr::RecoveryPlan plan;
};

constexpr uint64_t chips = 7;

// Epochs begin at 3 (some_chip_keys), so this is how many events a chip had.
uint64_t events_of(Server& server, uint64_t chip) {
  const auto row = server.storage->security_centre().load(iccid_of(chip));
  REQUIRE(row.has_value());
  return *row ? (*row)->active_epoch - 3 : 0;
}

// I6: as many audit rows of each chip as it had events, and the chain holds.
uint64_t check_books(Server& server) {
  uint64_t all = 0;
  for (uint64_t chip = 0; chip < chips; ++chip) {
    const auto rows =
        server.storage->audit().page_of_subject(iccid_of(chip).text(), UINT64_MAX, 100'000);
    REQUIRE(rows.has_value());
    CHECK(rows->size() == events_of(server, chip));
    all += rows->size();
  }
  const auto verified = server.audit.verify();
  REQUIRE(verified.has_value());
  CHECK(!verified->fault);
  CHECK(verified->rows == all);
  CHECK(server.storage->check_integrity().has_value());
  return all;
}

// Works until it is killed, and says after each batch how many events are acknowledged.
[[noreturn]] void work(const std::string& directory, int out) {
  Server server;
  if (!server.open(directory)) _exit(2);
  uint64_t acknowledged = 0;
  for (uint64_t i = 0;; ++i) {
    const uint64_t batch = 1 + i % 3;
    for (uint64_t j = 0; j < batch; ++j) {
      if (!server.event((i + j) % chips)) _exit(3);
    }
    if (!server.end_of_batch()) _exit(4);
    acknowledged += batch;
    if (write(out, &acknowledged, sizeof acknowledged) != sizeof acknowledged) _exit(5);
  }
}

// Runs a worker for about that long, kills it, and returns what it acknowledged.
uint64_t run_and_kill(const std::string& directory, unsigned lifetime_us) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(ends[0]);
    work(directory, ends[1]);
  }
  close(ends[1]);
  usleep(lifetime_us);
  kill(child, SIGKILL);
  uint64_t acknowledged = 0, read_now = 0;
  while (read(ends[0], &read_now, sizeof read_now) == sizeof read_now) acknowledged = read_now;
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  return acknowledged;
}

}  // namespace

TEST_CASE("I6: kill -9 at random moments: nothing acknowledged is lost, nothing is half done") {
  ScratchDirectory directory;
  SeededRandom random(static_cast<uint64_t>(getpid()));
  uint64_t before = 0;
  uint64_t acknowledged = 0;
  for (int round = 0; round < 25; ++round) {
    CAPTURE(round);
    acknowledged +=
        run_and_kill(directory.path(), static_cast<unsigned>(1000 + random.below(40'000)));
    Server server;
    REQUIRE(server.open(directory.path()).has_value());
    CHECK(server.plan.condition != hlr::StartCondition::restored);
    const uint64_t after = check_books(server);
    CHECK(after >= acknowledged);
    CHECK(after >= before);
    before = acknowledged = after;  // what was not acknowledged may be there or not
  }
  CHECK(before > 0);
}

TEST_CASE("T-EIO: each fsync failing once is an error at that batch, and the end of the process") {
  constexpr int batches = 60;
  int syncs_of_run = 0;
  const auto run = [&](const std::string& directory, int fail_at, uint64_t& acknowledged) {
    syncs_seen = 0;
    syncs_until_failure = fail_at;
    Server server;
    auto result = server.open(directory);
    for (uint64_t i = 0; result && i < batches; ++i) {
      result = server.event(i % chips);
      if (result) result = server.end_of_batch();
      if (result) ++acknowledged;
    }
    // What comes after: everything is refused, not only once.
    if (!result && server.journal) {
      if (result.error().code == ErrorCode::storage) {
        const bool more = server.event(1).has_value() && server.end_of_batch().has_value();
        CHECK(!more);
      }
    }
    // Before the destructors: what they sync was acknowledged long ago.
    syncs_until_failure = -1;
    syncs_of_run = syncs_seen;
    return result;
  };
  uint64_t acknowledged = 0;
  int syncs = 0;
  {
    ScratchDirectory directory;
    REQUIRE(run(directory.path(), -1, acknowledged).has_value());
    CHECK(acknowledged == batches);
    syncs = syncs_of_run;
  }
  REQUIRE(syncs > 2 * batches);  // journal and database, and the checkpoints
  for (int n = 0; n < syncs; ++n) {
    CAPTURE(n);
    ScratchDirectory directory;
    acknowledged = 0;
    const auto result = run(directory.path(), n, acknowledged);
    CHECK(!result.has_value());
    Server server;
    REQUIRE(server.open(directory.path()).has_value());
    const uint64_t kept = check_books(server);
    CHECK(kept >= acknowledged);
    CHECK(kept <= acknowledged + 1);
  }
}

TEST_CASE("T-EIO: a directory that cannot be synced does not open") {
  ScratchDirectory directory;
  fail_directories = true;
  Server server;
  const auto opened = server.open(directory.path());
  fail_directories = false;
  REQUIRE(!opened.has_value());
  CHECK(opened.error().code == ErrorCode::storage);
  Server again;
  CHECK(again.open(directory.path()).has_value());
}

TEST_CASE("an old copy of the database beside its journal is seen, and rolled forward") {
  ScratchDirectory directory;
  const std::string copy = directory.file("copy.db");
  {
    Server server;
    REQUIRE(server.open(directory.path()).has_value());
    for (uint64_t i = 0; i < chips; ++i) {
      REQUIRE(server.event(i).has_value());
      REQUIRE(server.end_of_batch().has_value());
    }
  }
  std::filesystem::copy_file(directory.file("simurgh.db"), copy);
  {
    Server server;
    REQUIRE(server.open(directory.path()).has_value());
    for (uint64_t i = 0; i < 5; ++i) {
      REQUIRE(server.event(2).has_value());
      REQUIRE(server.end_of_batch().has_value());
    }
    CHECK(events_of(server, 2) == 6);
  }
  std::filesystem::copy_file(copy, directory.file("simurgh.db"),
                             std::filesystem::copy_options::overwrite_existing);
  {
    Server server;
    REQUIRE(server.open(directory.path()).has_value());
    CHECK(server.plan.condition == hlr::StartCondition::restored);
    CHECK(events_of(server, 2) == 6);  // what the chip has
    CHECK(events_of(server, 3) == 1);
  }
  Server server;
  REQUIRE(server.open(directory.path()).has_value());
  CHECK(server.plan.condition == hlr::StartCondition::clean);
}

TEST_CASE("a journal that was cut or replaced does not pass for the database's own") {
  ScratchDirectory directory;
  {
    Server server;
    REQUIRE(server.open(directory.path()).has_value());
    REQUIRE(server.event(1).has_value());
    REQUIRE(server.end_of_batch().has_value());
  }
  std::filesystem::remove(directory.file("keys.journal"));
  Server server;
  const auto opened = server.open(directory.path());
  REQUIRE(!opened.has_value());
  CHECK(server.plan.condition == hlr::StartCondition::journal_behind);

  ScratchDirectory other;
  {
    Server stranger;
    static_cast<void>(stranger.random.array<7>());  // another identity
    REQUIRE(stranger.open(other.path()).has_value());
    REQUIRE(stranger.event(1).has_value());
    REQUIRE(stranger.end_of_batch().has_value());
  }
  for (const char* name : {"keys.journal", "keys.mark"}) {
    std::filesystem::copy_file(other.file(name), directory.file(name),
                               std::filesystem::copy_options::overwrite_existing);
  }
  server.storage.reset();
  server.journal.reset();
  Server again;
  const auto foreign = again.open(directory.path());
  REQUIRE(!foreign.has_value());
  CHECK(again.plan.condition == hlr::StartCondition::foreign);
}
