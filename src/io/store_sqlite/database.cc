#include "io/store_sqlite/database.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace simurgh::store_sqlite {

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
  for (auto& [sql, prepared] : prepared_) sqlite3_finalize(prepared.statement);
  sqlite3_close(handle_);
}

Error Database::failed(int code, const char* what) {
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

Result<void> Database::commit() {
  TRY(alive());
  if (!open_) return {};
  const auto committed = Query(*this, "COMMIT").run();
  open_ = false;
  if (!committed) {
    dead_ = true;  // whatever the reason: what was acknowledged rests on this
    return fail(ErrorCode::storage);
  }
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

Result<Database::Prepared*> Database::prepare(const char* sql) {
  TRY(alive());
  const auto known = prepared_.find(sql);
  if (known != prepared_.end()) return &known->second;
  Prepared prepared;
  const int code =
      sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared.statement, nullptr);
  if (code != SQLITE_OK) return failed(code, sql);
  const int count = sqlite3_bind_parameter_count(prepared.statement);
  for (int i = 1; i <= count; ++i) {
    const std::string name = "$" + std::to_string(i);
    const int place = sqlite3_bind_parameter_index(prepared.statement, name.c_str());
    SIMURGH_CHECK(place != 0);  // parameters are $1 to $count
    prepared.places.push_back(place);
  }
  return &prepared_.emplace(sql, std::move(prepared)).first->second;
}

// --- Query -------------------------------------------------------------------------------------

Query::Query(Database& database, const char* sql) : database_(database), sql_(sql) {
  const auto prepared = database.prepare(sql);
  if (!prepared) {
    error_ = prepared.error();
    return;
  }
  SIMURGH_CHECK(!(*prepared)->busy);  // no statement is used inside itself
  prepared_ = *prepared;
  prepared_->busy = true;
}

Query::~Query() {
  if (prepared_ == nullptr) return;
  sqlite3_reset(prepared_->statement);
  sqlite3_clear_bindings(prepared_->statement);
  prepared_->busy = false;
}

Query& Query::integer(int64_t value) {
  if (prepared_ == nullptr) return *this;
  SIMURGH_CHECK(bound_ < prepared_->places.size());
  sqlite3_bind_int64(prepared_->statement, prepared_->places[bound_++], value);
  return *this;
}

Query& Query::text(std::string_view value) {
  if (prepared_ == nullptr) return *this;
  SIMURGH_CHECK(bound_ < prepared_->places.size());
  const char* start = value.data() == nullptr ? "" : value.data();
  sqlite3_bind_text(prepared_->statement, prepared_->places[bound_++], start,
                    static_cast<int>(value.size()), SQLITE_TRANSIENT);
  return *this;
}

Query& Query::blob(ByteView value) {
  if (prepared_ == nullptr) return *this;
  SIMURGH_CHECK(bound_ < prepared_->places.size());
  // A null pointer would bind NULL, not an empty blob.
  const void* start = value.empty() ? static_cast<const void*>("") : value.data();
  sqlite3_bind_blob(prepared_->statement, prepared_->places[bound_++], start,
                    static_cast<int>(value.size()), SQLITE_TRANSIENT);
  return *this;
}

Query& Query::null() {
  if (prepared_ == nullptr) return *this;
  SIMURGH_CHECK(bound_ < prepared_->places.size());
  sqlite3_bind_null(prepared_->statement, prepared_->places[bound_++]);
  return *this;
}

Result<bool> Query::step() {
  if (error_) return *error_;
  SIMURGH_CHECK(bound_ == prepared_->places.size());
  column_ = 0;
  const int code = sqlite3_step(prepared_->statement);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  error_ = database_.failed(code, sql_);
  return *error_;
}

Result<void> Query::run() {
  while (TRY(step())) {
  }
  return {};
}

int Query::changed() const {
  return sqlite3_changes(database_.handle());
}

int64_t Query::next_integer() {
  return sqlite3_column_int64(prepared_->statement, column_++);
}

ByteView Query::next_bytes() {
  const int column = column_++;
  const void* bytes = sqlite3_column_blob(prepared_->statement, column);
  const int size = sqlite3_column_bytes(prepared_->statement, column);
  if (bytes == nullptr) return {};
  return {static_cast<const uint8_t*>(bytes), static_cast<size_t>(size)};
}

Result<void> Query::check() {
  if (!damaged_) return {};
  return database_.failed(SQLITE_CORRUPT, sql_);
}

}  // namespace simurgh::store_sqlite
