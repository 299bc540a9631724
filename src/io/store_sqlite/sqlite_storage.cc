#include "io/store_sqlite/sqlite_storage.h"

#include <algorithm>

#include "io/store_sqlite/schema.h"
#include "io/store_sqlite/stores.h"

namespace simurgh::store_sqlite {

struct SqliteStorage::State {
  explicit State(std::unique_ptr<Database> opened)
      : database(std::move(opened)),
        session{*database},
        audit(session),
        fleet(session),
        hlr(session),
        remote(session),
        centre(session),
        api(session) {}

  Result<void> read_mark();

  std::unique_ptr<Database> database;
  Session session;
  AuditRows audit;
  FleetRows fleet;
  HlrRows hlr;
  RemoteRows remote;
  CentreRows centre;
  ApiRows api;

  SqliteOptions options;
  hlr::CommitMark mark;
  uint64_t next_generation = 0;  // that the next commit gets, when not simply one more
  bool in_step = false;
  bool changed_before_step = false;
};

Result<void> SqliteStorage::State::read_mark() {
  Query query(*database, "SELECT database, generation, journal_sequence FROM database_mark");
  auto row = TRY(read_one<hlr::CommitMark>(query, [](Query& from, hlr::CommitMark& out) {
    from.get_all(out.database, out.generation, out.journal_sequence);
  }));
  if (!row) return database->failed(SQLITE_CORRUPT, "database_mark has no row");
  mark = *row;
  return {};
}

Result<std::unique_ptr<SqliteStorage>> SqliteStorage::open(const std::string& path, Random& random,
                                                           std::string& problem,
                                                           const SqliteOptions& options) {
  auto state = std::make_unique<State>(TRY(Database::open(path, settings(), problem)));
  state->options = options;
  auto brought_up = bring_up(*state->database, schema_steps(), random.array<16>(), problem);
  if (brought_up) brought_up = state->read_mark();
  if (!brought_up) {
    if (problem.empty()) problem = path + ": " + state->database->problem();
    return brought_up.error();
  }
  return std::unique_ptr<SqliteStorage>(new SqliteStorage(std::move(state)));
}

SqliteStorage::SqliteStorage(std::unique_ptr<State> state) : state_(std::move(state)) {}
SqliteStorage::~SqliteStorage() = default;

audit::Store& SqliteStorage::audit() {
  return state_->audit;
}
fleet::Store& SqliteStorage::fleet() {
  return state_->fleet;
}
hlr::Store& SqliteStorage::hlr() {
  return state_->hlr;
}
hlr::RemoteStore& SqliteStorage::remote_directory() {
  return state_->remote;
}
security_centre::Store& SqliteStorage::security_centre() {
  return state_->centre;
}
api::AnswerStore& SqliteStorage::answers() {
  return state_->api;
}
api::FactoryStore& SqliteStorage::factory() {
  return state_->api;
}

bool SqliteStorage::has_changes() const {
  return state_->session.changed;
}

Result<hlr::CommitMark> SqliteStorage::commit(uint64_t journal_sequence) {
  Database& database = *state_->database;
  SIMURGH_CHECK(!state_->in_step);
  TRY(database.alive());
  if (!state_->session.changed) {
    TRY(database.commit());  // an empty transaction that a step left open
    return state_->mark;
  }
  hlr::CommitMark next = state_->mark;
  next.generation = std::max(next.generation + 1, state_->next_generation);
  next.journal_sequence = journal_sequence;
  {
    Query query(database, "UPDATE database_mark SET generation = $1, journal_sequence = $2");
    query << next.generation << next.journal_sequence;
    TRY(query.run());
  }
  TRY(database.commit());
  state_->mark = next;
  state_->session.changed = false;
  state_->next_generation = 0;
  if (database.wal_pages() >= state_->options.wal_pages_max) TRY(database.checkpoint());
  return next;
}

hlr::CommitMark SqliteStorage::mark() const {
  return state_->mark;
}

Result<void> SqliteStorage::set_generation(uint64_t generation) {
  if (generation <= state_->mark.generation) return {};
  TRY(state_->session.begin_change());
  state_->next_generation = generation;
  return {};
}

Result<void> SqliteStorage::begin_step() {
  SIMURGH_CHECK(!state_->in_step);
  TRY(state_->database->begin());
  TRY(Query(*state_->database, "SAVEPOINT step").run());
  state_->in_step = true;
  state_->changed_before_step = state_->session.changed;
  return {};
}

Result<void> SqliteStorage::keep_step() {
  SIMURGH_CHECK(state_->in_step);
  TRY(Query(*state_->database, "RELEASE SAVEPOINT step").run());
  state_->in_step = false;
  return {};
}

Result<void> SqliteStorage::undo_step() {
  SIMURGH_CHECK(state_->in_step);
  TRY(Query(*state_->database, "ROLLBACK TO SAVEPOINT step").run());
  TRY(Query(*state_->database, "RELEASE SAVEPOINT step").run());
  state_->in_step = false;
  state_->session.changed = state_->changed_before_step;
  ++state_->session.undo_count;
  return {};
}

Result<void> SqliteStorage::check_integrity() {
  const std::string answer = TRY(state_->database->ask("PRAGMA integrity_check(1)"));
  if (answer == "ok") return {};
  return state_->database->failed(SQLITE_CORRUPT, answer.c_str());
}

const std::string& SqliteStorage::problem() const {
  return state_->database->problem();
}

}  // namespace simurgh::store_sqlite
