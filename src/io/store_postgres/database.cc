#include "io/store_postgres/database.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <algorithm>

#include "base/check.h"
#include "io/sql_rows/query.h"
#include "io/store_postgres/statement.h"

namespace simurgh::store_postgres {

using sql_rows::Query;

namespace {

constexpr const char* weaker = "PostgreSQL could lose what it has acknowledged";

constexpr Setting all_settings[] = {
    // What is acknowledged is on the disk.
    {"fsync", nullptr, "on", weaker},
    {"full_page_writes", nullptr, "on", weaker},
    {"synchronous_commit", "on", "on", weaker},
    {"data_sync_retry", nullptr, "off", weaker},
    // What is damaged is an error.
    {"zero_damaged_pages", nullptr, "off", "damage would be read as empty pages"},
    {"ignore_checksum_failure", nullptr, "off", "damage would not be seen"},
    {"session_replication_role", nullptr, "origin", "triggers would not run"},
    {"row_security", "off", "off"},  // rows that a policy hides are an error
    // One writer, held to that by the lease; each statement sees all that was committed before it.
    {"default_transaction_isolation", "read committed", "read committed"},
    {"default_transaction_read_only", "off", "off"},
    {"transaction_read_only", nullptr, "off",
     "this is a standby: name the primary in the address, or all servers and "
     "target_session_attrs=read-write"},
    {"search_path", "simurgh, pg_temp", "simurgh, pg_temp"},
    {"server_encoding", nullptr, "UTF8", "make the database with ENCODING 'UTF8'"},
    {"client_encoding", "UTF8", "UTF8"},
    {"jit", "off", "off"},
    // A server that hangs must not keep its locks; one that is idle stays connected.
    {"lock_timeout", "10s", "10s"},
    {"idle_in_transaction_session_timeout", "1min", "1min"},
    {"statement_timeout", "0", "0"},
    {"idle_session_timeout", "0", "0"},
    // PostgreSQL notices that the host of its client is gone, and frees the lock.
    {"tcp_keepalives_idle", "10", nullptr},
    {"tcp_keepalives_interval", "5", nullptr},
    {"tcp_keepalives_count", "3", nullptr},
};

// libpq's words in one line.
std::string one_line(const char* text) {
  std::string line;
  for (const char c : std::string_view(text == nullptr ? "" : text)) {
    const bool space = c == ' ' || c == '\n' || c == '\t';
    if (!space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string who_we_are() {
  char host[40] = {};
  if (gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  return "simurghd " + std::string(host) + " pid " + std::to_string(getpid());
}

}  // namespace

std::span<const Setting> settings() {
  return all_settings;
}

// --- connecting --------------------------------------------------------------------------------

Result<std::unique_ptr<Database>> Database::connect(const Address& address,
                                                    std::span<const Setting> settings,
                                                    std::string& problem) {
  const std::string name = who_we_are();
  // What stands before the address is a default, what stands after it holds.
  const char* const keywords[] = {
      "connect_timeout",  "tcp_user_timeout", "keepalives_idle",  "keepalives_interval",
      "keepalives_count", "dbname",           "application_name", nullptr};
  const char* const values[] = {"10",         "30000", "10", "5", "3", address.uri.c_str(),
                                name.c_str(), nullptr};
  std::unique_ptr<Database> database(new Database(PQconnectdbParams(keywords, values, 1)));
  PGconn* handle = database->handle_;
  if (PQstatus(handle) != CONNECTION_OK) {
    problem = "cannot connect to " + address.words + ": " + one_line(PQerrorMessage(handle));
    if (PQconnectionNeedsPassword(handle) != 0) {
      problem += " (put the password into a file that passfile= in the address names, mode 0600)";
    }
    return fail(ErrorCode::storage);
  }
  if (PQserverVersion(handle) < 150000) {
    problem = address.words + ": this server is older than PostgreSQL 15";
    return fail(ErrorCode::unsupported);
  }
  PQsetNoticeProcessor(handle, [](void*, const char*) {}, nullptr);
  if (PQenterPipelineMode(handle) != 1) {
    problem = address.words + ": " + one_line(PQerrorMessage(handle));
    return fail(ErrorCode::storage);
  }
  if (const auto applied = database->apply(settings); !applied) {
    problem = address.words + ": " + database->problem_;
    return applied.error();
  }
  return database;
}

Result<void> Database::apply(std::span<const Setting> settings) {
  for (const Setting& setting : settings) {
    const std::string name = setting.name;
    const std::string before = TRY(ask("SHOW " + name));
    // Stronger than what we would ask for: waits for a standby too.
    if (name == "synchronous_commit" && before == "remote_apply") continue;
    if (setting.value != nullptr) {
      TRY(ask("SELECT set_config('" + name + "', '" + setting.value + "', false)"));
    }
    if (setting.expected == nullptr) continue;
    const std::string answer = TRY(ask("SHOW " + name));
    if (answer == setting.expected) continue;
    problem_ = name + " is '" + answer + "', not '" + setting.expected + "'";
    if (*setting.advice != '\0') problem_ += std::string(": ") + setting.advice;
    dead_ = true;
    return fail(ErrorCode::storage);
  }
  return {};
}

Database::Database(pg_conn* handle) : handle_(handle) {}

Database::~Database() {
  prepared_.clear();
  PQfinish(handle_);
}

// --- failures ----------------------------------------------------------------------------------

Database::Failure Database::failure_of(const pg_result* result) {
  Failure failure;
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  failure.state = state == nullptr ? "" : state;
  failure.words = one_line(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
  return failure;
}

Error Database::lost(std::string_view when) {
  dead_ = true;
  problem_ = "connection to PostgreSQL lost " + std::string(when) + ": " +
             one_line(PQerrorMessage(handle_));
  return fail(ErrorCode::storage);
}

Error Database::failed(const Failure& failure) {
  dead_ = true;
  problem_ = failure.words + " (SQLSTATE " + failure.state + ")";
  if (failure.statement != nullptr)
    problem_ = std::string(failure.statement->sql()) + ": " + problem_;
  if (failure.state.empty()) problem_ += ": connection lost: " + one_line(PQerrorMessage(handle_));
  return fail(ErrorCode::storage);
}

Error Database::damaged(std::string_view what) {
  dead_ = true;
  problem_ = "damaged: " + std::string(what);
  return fail(ErrorCode::storage);
}

// --- the simple protocol, for what is done once ------------------------------------------------

Result<Database::Answer> Database::simple(const std::string& sql) {
  TRY(settle_all());
  if (PQexitPipelineMode(handle_) != 1) return lost("between statements");
  Answer answer(PQexec(handle_, sql.c_str()), PQclear);
  const ExecStatusType status = PQresultStatus(answer.get());
  const bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  if (!good) {
    failure_ = failure_of(answer.get());
    if (!failure_.constraint()) return failed(failure_);
  }
  if (PQenterPipelineMode(handle_) != 1) return lost("between statements");
  if (!good) return fail(ErrorCode::already_exists);
  return answer;
}

Result<void> Database::execute(const std::string& sql) {
  TRY(simple(sql));
  return {};
}

Result<std::string> Database::ask(const std::string& sql) {
  const Answer answer = TRY(simple(sql));
  if (PQntuples(answer.get()) == 0) return std::string();
  return std::string(PQgetvalue(answer.get(), 0, 0));
}

// --- the pipeline ------------------------------------------------------------------------------

PreparedStatement& Database::find(const char* sql) {
  auto known = prepared_.find(sql);
  if (known == prepared_.end()) {
    const std::string name = "s" + std::to_string(prepared_.size());
    known = prepared_.emplace(sql, std::make_unique<PreparedStatement>(*this, sql, name)).first;
  }
  return *known->second;
}

Result<sql_rows::Statement*> Database::prepare(const char* sql) {
  TRY(alive());
  PreparedStatement& statement = find(sql);
  statement.take();
  return &statement;
}

Result<void> Database::post(PreparedStatement& statement, bool keep) {
  TRY(alive());
  if (!statement.prepared()) {
    if (!statement.send_parse(handle_)) return lost("while a statement was sent");
    statement.set_prepared(true);
    sent_.push_back({&statement, true, false});
  }
  if (!statement.send_execute(handle_)) return lost("while a statement was sent");
  sent_.push_back({&statement, false, keep});
  return {};
}

Result<std::optional<Database::Failure>> Database::settle() {
  TRY(alive());
  std::optional<Failure> first;
  if (sent_.empty()) return first;
  if (PQpipelineSync(handle_) != 1) return lost("while statements were sent");
  for (const Sent& sent : sent_) {
    Answer answer(PQgetResult(handle_), PQclear);
    if (!answer) return lost("while an answer was waited for");
    const ExecStatusType status = PQresultStatus(answer.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      if (sent.keep) sent.statement->set_answer(std::move(answer));
    } else {
      if (sent.parse) sent.statement->set_prepared(false);
      if (status != PGRES_PIPELINE_ABORTED && !first) {
        first = failure_of(answer.get());
        first->statement = sent.statement;
        first->number = sent.number;
      }
      if (PQstatus(handle_) != CONNECTION_OK) return lost("while an answer was waited for");
    }
    while (Answer(PQgetResult(handle_), PQclear)) {
    }
  }
  sent_.clear();
  const Answer sync(PQgetResult(handle_), PQclear);
  if (PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC) return lost("at the end of a pipeline");
  return first;
}

Result<void> Database::settle_all() {
  if (const auto failure = TRY(settle())) return failed(*failure);
  return {};
}

Result<void> Database::settle_group() {
  const auto failure = TRY(settle());
  if (!failure) return {};
  if (!failure->number || !failure->constraint()) return failed(*failure);
  TRY(post(undo));
  TRY(post(unguard));
  TRY(settle_all());
  return fail(ErrorCode::already_exists, *failure->number);
}

// --- transaction -------------------------------------------------------------------------------

Result<void> Database::begin() {
  TRY(alive());
  if (open_) return {};
  TRY(post("BEGIN"));
  open_ = true;
  return {};
}

Result<void> Database::begin_group() {
  SIMURGH_CHECK(open_);
  in_group_ = 0;
  return post(guard);
}

Result<void> Database::end_group() {
  TRY(post(unguard));
  return settle_group();
}

// The lease is checked by the statement that every commit has: where another holder has raised it,
// the column would become NULL, which it must not. A holder that takes over waits for the row, or
// this waits for it and then sees the new number.
Result<void> Database::commit(const hlr::CommitMark& next) {
  TRY(begin());
  constexpr const char* mark_text =
      "UPDATE database_mark SET generation = $1, journal_sequence = $2, "
      "lease = CASE WHEN lease = $3 THEN lease END";
  PreparedStatement& mark = find(mark_text);
  PreparedStatement& commit = find("COMMIT");
  {
    Query query(*this, mark_text);
    query << next.generation << next.journal_sequence << lease_;
    TRY(post(mark, true));
  }
  TRY(post(commit, true));
  const auto settled = settle();
  open_ = false;
  if (!settled) {
    problem_ += " (whether the commit was made is found out at the next start)";
    return settled.error();
  }
  if (const auto& failure = *settled) {
    static_cast<void>(failed(*failure));
    if (failure->statement == &mark && failure->constraint()) {
      problem_ =
          "another simurghd has taken this database over: this one may not write to it any more";
    }
    return fail(ErrorCode::storage);
  }
  // A COMMIT of a failed transaction answers ROLLBACK, and no error.
  if (mark.changed() != 1 || commit.tag() != "COMMIT") return damaged("a commit was not made");
  return {};
}

Result<void> Database::end_unchanged() {
  TRY(alive());
  if (!open_) return {};
  open_ = false;
  TRY(post("ROLLBACK"));
  return settle_all();
}

// --- integrity ---------------------------------------------------------------------------------

// Every value of every row is read, which is when PostgreSQL checks pages (and their checksums,
// where the cluster has them) and compressed values. Where the extension amcheck is installed,
// heap and indices are held against each other too.
Result<void> Database::check_integrity() {
  TRY(check_tables());
  return check_indices();
}

Result<void> Database::check_tables() {
  const std::string tables =
      TRY(ask("SELECT string_agg(quote_ident(tablename), ' ' ORDER BY tablename) FROM pg_tables "
              "WHERE schemaname = 'simurgh'"));
  size_t at = 0;
  while (at < tables.size()) {
    const size_t end = std::min(tables.find(' ', at), tables.size());
    const std::string table = tables.substr(at, end - at);
    TRY(ask("SELECT sum(length(t::text)) FROM " + table + " t"));
    at = end + 1;
  }
  return {};
}

Result<void> Database::check_indices() {
  const std::string schema =
      TRY(ask("SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace n "
              "ON n.oid = extnamespace WHERE extname = 'amcheck' AND (SELECT "
              "bool_and(has_function_privilege(oid, 'EXECUTE')) FROM pg_proc WHERE pronamespace = "
              "n.oid AND proname IN ('bt_index_check', 'verify_heapam'))"));
  if (schema.empty()) return {};
  TRY(execute("SELECT " + schema +
              ".bt_index_check(c.oid::regclass, true) FROM pg_class c JOIN pg_namespace n "
              "ON n.oid = relnamespace JOIN pg_am a ON a.oid = relam "
              "WHERE nspname = 'simurgh' AND relkind = 'i' AND amname = 'btree'"));
  const std::string faults = TRY(
      ask("SELECT min(c.relname || ': ' || msg) FROM pg_class c "
          "JOIN pg_namespace n ON n.oid = relnamespace CROSS JOIN LATERAL " +
          schema + ".verify_heapam(c.oid::regclass) WHERE nspname = 'simurgh' AND relkind = 'r'"));
  if (faults.empty()) return {};
  return damaged(faults);
}

}  // namespace simurgh::store_postgres
