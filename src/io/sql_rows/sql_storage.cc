#include "io/sql_rows/sql_storage.h"

#include <algorithm>

#include "base/check.h"
#include "io/sql_rows/stores.h"

namespace simurgh::sql_rows {

struct SqlStorage::State {
  explicit State(std::unique_ptr<Connection> opened)
      : connection(std::move(opened)),
        session{*connection},
        audit(session),
        fleet(session),
        elements(session),
        campaigns(session),
        updates(session),
        hlr(session),
        remote(session),
        centre(session),
        api(session) {}

  std::unique_ptr<Connection> connection;
  Session session;
  AuditRows audit;
  FleetRows fleet;
  ElementRows elements;
  CampaignRows campaigns;
  UpdateRows updates;
  HlrRows hlr;
  RemoteRows remote;
  CentreRows centre;
  ApiRows api;

  hlr::CommitMark mark;
  uint64_t next_generation = 0;  // that the next commit gets, when not simply one more
  bool in_step = false;
  bool changed_before_step = false;
};

SqlStorage::SqlStorage(std::unique_ptr<Connection> connection)
    : state_(std::make_unique<State>(std::move(connection))) {}
SqlStorage::~SqlStorage() = default;

Result<void> SqlStorage::read_mark() {
  Query query(*state_->connection,
              "SELECT database, generation, journal_sequence FROM database_mark");
  const auto row = TRY(read_one<hlr::CommitMark>(query, [](Query& from, hlr::CommitMark& out) {
    from.get_all(out.database, out.generation, out.journal_sequence);
  }));
  if (!row) return state_->connection->damaged("database_mark has no row");
  state_->mark = *row;
  return {};
}

audit::Store& SqlStorage::audit() {
  return state_->audit;
}
fleet::Store& SqlStorage::fleet() {
  return state_->fleet;
}
hlr::Store& SqlStorage::hlr() {
  return state_->hlr;
}
fleet::ElementStore& SqlStorage::elements() {
  return state_->elements;
}
campaign::Store& SqlStorage::campaigns() {
  return state_->campaigns;
}
element_update::Store& SqlStorage::element_update() {
  return state_->updates;
}
hlr::RemoteStore& SqlStorage::remote_directory() {
  return state_->remote;
}
security_centre::Store& SqlStorage::security_centre() {
  return state_->centre;
}
api::AnswerStore& SqlStorage::answers() {
  return state_->api;
}
api::FactoryStore& SqlStorage::factory() {
  return state_->api;
}

bool SqlStorage::has_changes() const {
  return state_->session.changed;
}

Result<hlr::CommitMark> SqlStorage::commit(uint64_t journal_sequence) {
  Connection& connection = *state_->connection;
  SIMURGH_CHECK(!state_->in_step);
  TRY(connection.alive());
  if (!state_->session.changed) {
    TRY(connection.end_unchanged());  // a transaction that an undone step left open
    return state_->mark;
  }
  hlr::CommitMark next = state_->mark;
  next.generation = std::max(next.generation + 1, state_->next_generation);
  next.journal_sequence = journal_sequence;
  TRY(connection.commit(next));
  state_->mark = next;
  state_->session.changed = false;
  state_->next_generation = 0;
  return next;
}

hlr::CommitMark SqlStorage::mark() const {
  return state_->mark;
}

Result<void> SqlStorage::set_generation(uint64_t generation) {
  if (generation <= state_->mark.generation) return {};
  TRY(state_->session.begin_change());
  state_->next_generation = generation;
  return {};
}

Result<void> SqlStorage::begin_step() {
  SIMURGH_CHECK(!state_->in_step);
  TRY(state_->connection->begin());
  TRY(Query(*state_->connection, "SAVEPOINT step").send());
  state_->in_step = true;
  state_->changed_before_step = state_->session.changed;
  return {};
}

Result<void> SqlStorage::keep_step() {
  SIMURGH_CHECK(state_->in_step);
  TRY(Query(*state_->connection, "RELEASE SAVEPOINT step").send());
  state_->in_step = false;
  return {};
}

Result<void> SqlStorage::undo_step() {
  SIMURGH_CHECK(state_->in_step);
  TRY(Query(*state_->connection, "ROLLBACK TO SAVEPOINT step").send());
  TRY(Query(*state_->connection, "RELEASE SAVEPOINT step").send());
  state_->in_step = false;
  state_->session.changed = state_->changed_before_step;
  ++state_->session.undo_count;
  return {};
}

Result<void> SqlStorage::check_integrity() {
  return state_->connection->check_integrity();
}

const std::string& SqlStorage::problem() const {
  return state_->connection->problem();
}

}  // namespace simurgh::sql_rows
