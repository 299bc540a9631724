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

// A server's stores, its database in some place and its journal in a directory; and its way of
// ending a batch.
template <typename Place>
class Server {
 public:
  // As the shell opens them; the first error.
  Result<void> open(const Place& place, const std::string& directory) {
    std::string problem;
    storage = TRY(place.open(random, problem, wal_pages_max));
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

  static constexpr int wal_pages_max = 20;
  SeededRandom random{9};
  crypto::MemoryKeyStore keys{1};
  std::unique_ptr<sql_rows::SqlStorage> storage;
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
template <typename Place>
uint64_t events_of(Server<Place>& server, uint64_t chip) {
  const auto row = server.storage->security_centre().load(iccid_of(chip));
  REQUIRE(row.has_value());
  return *row ? (*row)->active_epoch - 3 : 0;
}

// I6: as many audit rows of each chip as it had events, and the chain holds.
template <typename Place>
uint64_t check_books(Server<Place>& server) {
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
template <typename Place>
[[noreturn]] void work(const Place& place, const std::string& directory, int out) {
  Server<Place> server;
  if (!server.open(place, directory)) _exit(2);
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

// A worker in a process of its own.
class Worker {
 public:
  template <typename Place>
  Worker(const Place& place, const std::string& directory) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      close(ends[0]);
      work(place, directory, ends[1]);
    }
    close(ends[1]);
    out_ = ends[0];
  }
  ~Worker() { close(out_); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void kill_now() { kill(pid_, SIGKILL); }
  // Waits for its end: the number of the signal, or 1000 + its exit code.
  int end() {
    uint64_t read_now = 0;
    while (read(out_, &read_now, sizeof read_now) == sizeof read_now) acknowledged = read_now;
    int status = 0;
    REQUIRE(waitpid(pid_, &status, 0) == pid_);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 1000 + WEXITSTATUS(status);
  }
  uint64_t acknowledged = 0;

 private:
  pid_t pid_ = -1;
  int out_ = -1;
};

// After a crash: what was acknowledged is there, and more than what was there before.
template <typename Place>
void check_after(const Place& place, const std::string& directory, uint64_t& books,
                 uint64_t acknowledged) {
  Server<Place> server;
  REQUIRE(server.open(place, directory).has_value());
  CHECK(server.plan.condition != hlr::StartCondition::restored);
  const uint64_t after = check_books(server);
  CHECK(after >= books + acknowledged);
  books = after;  // what was not acknowledged may be there or not
}

}  // namespace

TEST_CASE_TEMPLATE("I6: kill -9 at random moments: nothing acknowledged is lost, nothing half done",
                   Place, SIMURGH_PLACES) {
  Place place;
  ScratchDirectory directory;
  SeededRandom random(static_cast<uint64_t>(getpid()));
  uint64_t books = 0;
  for (int round = 0; round < 25; ++round) {
    CAPTURE(round);
    Worker worker(place, directory.path());
    usleep(static_cast<useconds_t>(1000 + random.below(Place::worker_lifetime_us_max)));
    worker.kill_now();
    CHECK(worker.end() == SIGKILL);
    check_after(place, directory.path(), books, worker.acknowledged);
  }
  CHECK(books > 0);
}

TEST_CASE(
    "I6: PostgreSQL stopped at random moments: the server ends, nothing acknowledged is lost") {
  PostgresPlace place;
  ScratchDirectory directory;
  SeededRandom random(static_cast<uint64_t>(getpid()));
  uint64_t books = 0;
  for (int round = 0; round < 8; ++round) {
    CAPTURE(round);
    Worker worker(place, directory.path());
    usleep(static_cast<useconds_t>(30'000 + random.below(PostgresPlace::worker_lifetime_us_max)));
    PostgresPlace::cluster().stop_at_once();
    const int end = worker.end();
    CHECK(end >= 1002);  // opening, an event or a commit failed: by itself, with an error
    CHECK(end <= 1004);
    PostgresPlace::cluster().start();
    check_after(place, directory.path(), books, worker.acknowledged);
  }
  CHECK(books > 0);
}

TEST_CASE("T-EIO: each fsync failing once is an error at that batch, and the end of the process") {
  constexpr int batches = 60;
  int syncs_of_run = 0;
  const auto run = [&](const SqlitePlace& place, const std::string& directory, int fail_at,
                       uint64_t& acknowledged) {
    syncs_seen = 0;
    syncs_until_failure = fail_at;
    Server<SqlitePlace> server;
    auto result = server.open(place, directory);
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
    SqlitePlace place;
    ScratchDirectory directory;
    REQUIRE(run(place, directory.path(), -1, acknowledged).has_value());
    CHECK(acknowledged == batches);
    syncs = syncs_of_run;
  }
  REQUIRE(syncs > 2 * batches);  // journal and database, and the checkpoints
  for (int n = 0; n < syncs; ++n) {
    CAPTURE(n);
    SqlitePlace place;
    ScratchDirectory directory;
    acknowledged = 0;
    const auto result = run(place, directory.path(), n, acknowledged);
    CHECK(!result.has_value());
    Server<SqlitePlace> server;
    REQUIRE(server.open(place, directory.path()).has_value());
    const uint64_t kept = check_books(server);
    CHECK(kept >= acknowledged);
    CHECK(kept <= acknowledged + 1);
  }
}

TEST_CASE("T-EIO: a directory that cannot be synced does not open") {
  SqlitePlace place;
  ScratchDirectory directory;
  fail_directories = true;
  Server<SqlitePlace> server;
  const auto opened = server.open(place, directory.path());
  fail_directories = false;
  REQUIRE(!opened.has_value());
  CHECK(opened.error().code == ErrorCode::storage);
  Server<SqlitePlace> again;
  CHECK(again.open(place, directory.path()).has_value());
}

TEST_CASE_TEMPLATE("an old copy of the database beside its journal is seen, and rolled forward",
                   Place, SIMURGH_PLACES) {
  Place place;
  ScratchDirectory directory;
  {
    Server<Place> server;
    REQUIRE(server.open(place, directory.path()).has_value());
    for (uint64_t i = 0; i < chips; ++i) {
      REQUIRE(server.event(i).has_value());
      REQUIRE(server.end_of_batch().has_value());
    }
  }
  place.make_backup();
  {
    Server<Place> server;
    REQUIRE(server.open(place, directory.path()).has_value());
    for (uint64_t i = 0; i < 5; ++i) {
      REQUIRE(server.event(2).has_value());
      REQUIRE(server.end_of_batch().has_value());
    }
    CHECK(events_of(server, 2) == 6);
  }
  place.put_back();
  {
    Server<Place> server;
    REQUIRE(server.open(place, directory.path()).has_value());
    CHECK(server.plan.condition == hlr::StartCondition::restored);
    CHECK(events_of(server, 2) == 6);  // what the chip has
    CHECK(events_of(server, 3) == 1);
  }
  Server<Place> server;
  REQUIRE(server.open(place, directory.path()).has_value());
  CHECK(server.plan.condition == hlr::StartCondition::clean);
}

TEST_CASE_TEMPLATE("a journal that was cut or replaced does not pass for the database's own", Place,
                   SIMURGH_PLACES) {
  Place place, other_place;
  ScratchDirectory directory, other;
  {
    Server<Place> server;
    REQUIRE(server.open(place, directory.path()).has_value());
    REQUIRE(server.event(1).has_value());
    REQUIRE(server.end_of_batch().has_value());
  }
  std::filesystem::remove(directory.file("keys.journal"));
  {
    Server<Place> server;
    const auto opened = server.open(place, directory.path());
    REQUIRE(!opened.has_value());
    CHECK(server.plan.condition == hlr::StartCondition::journal_behind);
  }
  {
    Server<Place> stranger;
    static_cast<void>(stranger.random.template array<7>());  // another identity
    REQUIRE(stranger.open(other_place, other.path()).has_value());
    REQUIRE(stranger.event(1).has_value());
    REQUIRE(stranger.end_of_batch().has_value());
  }
  for (const char* name : {"keys.journal", "keys.mark"}) {
    std::filesystem::copy_file(other.file(name), directory.file(name),
                               std::filesystem::copy_options::overwrite_existing);
  }
  Server<Place> again;
  const auto foreign = again.open(place, directory.path());
  REQUIRE(!foreign.has_value());
  CHECK(again.plan.condition == hlr::StartCondition::foreign);
}
