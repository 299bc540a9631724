#include "io/store_sqlite/database.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "io/sql_rows/query.h"

namespace simurgh::store_sqlite {

using sql_rows::Query;

class PreparedStatement final : public sql_rows::Statement {
 public:
  static Result<std::unique_ptr<PreparedStatement>> make(Database& database, const char* sql);
  ~PreparedStatement() override { sqlite3_finalize(statement_); }

  void bind_integer(int64_t value) override { sqlite3_bind_int64(statement_, next_place(), value); }
  void bind_text(std::string_view value) override {
    const char* start = value.data() == nullptr ? "" : value.data();
    sqlite3_bind_text(statement_, next_place(), start, static_cast<int>(value.size()),
                      SQLITE_TRANSIENT);
  }
  void bind_blob(ByteView value) override {
    // A null pointer would bind NULL, not an empty blob.
    const void* start = value.empty() ? static_cast<const void*>("") : value.data();
    sqlite3_bind_blob(statement_, next_place(), start, static_cast<int>(value.size()),
                      SQLITE_TRANSIENT);
  }
  void bind_null() override { sqlite3_bind_null(statement_, next_place()); }

  Result<bool> step() override;
  Result<void> run() override {
    while (TRY(step())) {
    }
    return {};
  }
  Result<void> send() override { return run(); }
  Result<void> queue() override {
    const uint64_t number = database_.in_group_++;
    if (const auto done = run(); !done) return fail(done.error().code, number);
    return {};
  }
  int64_t changed() const override { return sqlite3_changes64(database_.handle_); }
  int64_t integer(int column) override { return sqlite3_column_int64(statement_, column); }
  ByteView bytes(int column) override;
  void reset() override;

  void take() {
    SIMURGH_CHECK(!busy_);  // no statement is used inside itself
    busy_ = true;
  }

 private:
  PreparedStatement(Database& database, const char* sql) : database_(database), sql_(sql) {}
  int next_place() {
    SIMURGH_CHECK(bound_ < places_.size());
    return places_[bound_++];
  }

  Database& database_;
  const char* sql_;
  sqlite3_stmt* statement_ = nullptr;
  std::vector<int> places_;  // of $1, $2 … in SQLite's numbering
  size_t bound_ = 0;
  bool busy_ = false;
};

namespace {

constexpr Setting all_settings[] = {
    {"page_size", "4096", "4096"},
    {"locking_mode", "EXCLUSIVE", "exclusive"},
    {"journal_mode", "WAL", "wal"},
    {"synchronous", "FULL", "2"},
    {"wal_autocheckpoint", "0", "0"},  // its errors would be lost: see checkpoint()
    {"foreign_keys", "ON", "1"},
    {"trusted_schema", "OFF", "0"},
    {"cell_size_check", "ON", "1"},
    {"mmap_size", "0", "0"},  // a read error would be a signal, not an error
    {"temp_store", "MEMORY", "2"},
    {"cache_size", "-262144", "-262144"},  // in kB
    {"secure_delete", "ON", "1"},          // what is erased, keys above all, is overwritten
};

int remember_wal_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

// The write-ahead log exists once WAL mode is on. SQLite syncs the directory at its first sync of
// that file, and does not look whether that worked.
bool sync_directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool good = ::fsync(fd) == 0;
  ::close(fd);
  return good;
}

// SQLite would make the file with the umask's mode.
bool make_private_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return false;
  ::close(fd);
  return true;
}

}  // namespace

std::span<const Setting> settings() {
  return all_settings;
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path,
                                                 std::span<const Setting> settings,
                                                 std::string& problem) {
  std::unique_ptr<Database> database(new Database);
  if (!make_private_file(path)) {
    problem = "cannot open " + path + ": " + std::strerror(errno);
    return fail(ErrorCode::storage);
  }
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int opened = sqlite3_open_v2(path.c_str(), &database->handle_, flags, nullptr);
  if (opened != SQLITE_OK) {
    problem = "cannot open " + path + ": " + sqlite3_errstr(opened);
    return fail(ErrorCode::storage);
  }
  sqlite3_db_config(database->handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  const auto applied = database->apply(settings);
  if (!applied) {
    problem = path + ": " + database->problem_;
    return applied.error();
  }
  if (!sync_directory_of(path)) {
    problem = path + ": cannot sync its directory: " + std::strerror(errno);
    return fail(ErrorCode::storage);
  }
  sqlite3_wal_hook(database->handle_, remember_wal_pages, &database->wal_pages_);
  return database;
}

Result<void> Database::apply(std::span<const Setting> settings) {
  for (const Setting& setting : settings) {
    const std::string name = setting.name;
    TRY(execute(("PRAGMA " + name + " = " + setting.value).c_str()));
    const std::string answer = TRY(ask(("PRAGMA " + name).c_str()));
    if (answer != setting.expected) {
      problem_ = "PRAGMA " + name + " is '" + answer + "', not '" + setting.expected +
                 "': refusing to work with less durability than promised";
      dead_ = true;
      return fail(ErrorCode::storage);
    }
  }
  return {};
}

Database::~Database() {
  prepared_.clear();  // before the connection
  sqlite3_close(handle_);
}

Error Database::failed(int code, std::string_view what) {
  if ((code & 0xff) == SQLITE_CONSTRAINT) return fail(ErrorCode::already_exists);
  dead_ = true;
  problem_ = std::string(what) + ": " + sqlite3_errmsg(handle_) + " (" + sqlite3_errstr(code) +
             ", " + std::to_string(code) + ")";
  return fail((code & 0xff) == SQLITE_BUSY ? ErrorCode::busy : ErrorCode::storage);
}

Result<void> Database::execute(const char* sql) {
  TRY(alive());
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failed(code, sql);
  return {};
}

Result<std::string> Database::ask(const char* sql) {
  TRY(alive());
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr);
  if (code != SQLITE_OK) return failed(code, sql);
  std::string answer;
  code = sqlite3_step(statement);
  if (code == SQLITE_ROW) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    if (text != nullptr) answer = text;
    code = SQLITE_DONE;
  }
  sqlite3_finalize(statement);
  if (code != SQLITE_DONE) return failed(code, sql);
  return answer;
}

Result<void> Database::begin() {
  TRY(alive());
  if (open_) return {};
  TRY(Query(*this, "BEGIN").run());
  open_ = true;
  return {};
}

Result<void> Database::commit(const hlr::CommitMark& next) {
  TRY(begin());
  Query mark(*this, "UPDATE database_mark SET generation = $1, journal_sequence = $2");
  mark << next.generation << next.journal_sequence;
  TRY(mark.run());
  const auto committed = Query(*this, "COMMIT").run();
  open_ = false;
  if (!committed) {
    dead_ = true;  // whatever the reason: what was acknowledged rests on this
    return fail(ErrorCode::storage);
  }
  if (wal_pages_ >= wal_pages_max_) TRY(checkpoint());
  return {};
}

Result<void> Database::end_unchanged() {
  TRY(alive());
  if (!open_) return {};
  TRY(Query(*this, "ROLLBACK").run());
  open_ = false;
  return {};
}

Result<void> Database::checkpoint() {
  TRY(alive());
  const int code =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK) return failed(code, "checkpoint");
  wal_pages_ = 0;
  return {};
}

Result<void> Database::check_integrity() {
  const std::string answer = TRY(ask("PRAGMA integrity_check(1)"));
  if (answer == "ok") return {};
  return damaged(answer);
}

Error Database::damaged(std::string_view what) {
  return failed(SQLITE_CORRUPT, what);
}

Result<sql_rows::Statement*> Database::prepare(const char* sql) {
  TRY(alive());
  auto known = prepared_.find(sql);
  if (known == prepared_.end()) {
    known = prepared_.emplace(sql, TRY(PreparedStatement::make(*this, sql))).first;
  }
  known->second->take();
  return known->second.get();
}

// --- statements --------------------------------------------------------------------------------

Result<std::unique_ptr<PreparedStatement>> PreparedStatement::make(Database& database,
                                                                   const char* sql) {
  std::unique_ptr<PreparedStatement> made(new PreparedStatement(database, sql));
  const int code = sqlite3_prepare_v3(database.handle_, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                      &made->statement_, nullptr);
  if (code != SQLITE_OK) return database.failed(code, sql);
  const int count = sqlite3_bind_parameter_count(made->statement_);
  for (int i = 1; i <= count; ++i) {
    const std::string name = "$" + std::to_string(i);
    const int place = sqlite3_bind_parameter_index(made->statement_, name.c_str());
    SIMURGH_CHECK(place != 0);  // parameters are $1 to $count
    made->places_.push_back(place);
  }
  return made;
}

Result<bool> PreparedStatement::step() {
  SIMURGH_CHECK(bound_ == places_.size());
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_.failed(code, sql_);
}

ByteView PreparedStatement::bytes(int column) {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (bytes == nullptr) return {};
  return {static_cast<const uint8_t*>(bytes), static_cast<size_t>(size)};
}

void PreparedStatement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  bound_ = 0;
  busy_ = false;
}

}  // namespace simurgh::store_sqlite
