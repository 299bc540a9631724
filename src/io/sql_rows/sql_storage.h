// storage::Storage over any engine's Connection. The engine's own class opens the connection and
// brings the schema up; everything after that is here.
#pragma once

#include <memory>

#include "io/sql_rows/connection.h"
#include "storage/storage.h"

namespace simurgh::sql_rows {

class SqlStorage : public storage::Storage {
 public:
  ~SqlStorage() override;

  audit::Store& audit() override;
  fleet::Store& fleet() override;
  fleet::ElementStore& elements() override;
  campaign::Store& campaigns() override;
  element_update::Store& element_update() override;
  hlr::Store& hlr() override;
  hlr::RemoteStore& remote_directory() override;
  security_centre::Store& security_centre() override;
  api::AnswerStore& answers() override;
  api::FactoryStore& factory() override;

  bool has_changes() const override;
  Result<hlr::CommitMark> commit(uint64_t journal_sequence) override;
  hlr::CommitMark mark() const override;
  Result<void> set_generation(uint64_t generation) override;
  Result<void> begin_step() override;
  Result<void> keep_step() override;
  Result<void> undo_step() override;
  Result<void> check_integrity() override;

  // What failed last, for the log; never a value of a row.
  const std::string& problem() const;

 protected:
  explicit SqlStorage(std::unique_ptr<Connection> connection);
  // Once, after the schema is there.
  Result<void> read_mark();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace simurgh::sql_rows
