// A PostgreSQL cluster of the tests' own, in a folder of its own: made with initdb, reached by a
// socket in that folder only, durable as in production, stopped and removed at the end. Run by
// root, the server runs as `nobody` (PostgreSQL refuses root).
//
// The databases belong to the role `simurgh`, who may do nothing else; `postgres` may do all. What
// does not work is a std::runtime_error that says so: a test that needs it fails.
#pragma once

#include <memory>
#include <string>

#include "child.h"
#include "io/store_postgres/database.h"

namespace simurgh::test {

class PostgresCluster {
 public:
  // In a new folder in `parent`.
  explicit PostgresCluster(const std::string& parent);
  // One for all tests of a program, in memory where there is such a file system: made at the first
  // call, stopped when the program ends.
  static PostgresCluster& shared();
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  // A new, empty database; the same as `original` when one is named, which nobody uses meanwhile.
  std::string make_database(const std::string& original = "");
  void drop_database(const std::string& name);
  store_postgres::Address address(const std::string& database,
                                  const std::string& role = "simurgh") const;
  // A connection without any settings.
  std::unique_ptr<store_postgres::Database> connect(const std::string& database,
                                                    const std::string& role = "simurgh") const;
  std::unique_ptr<store_postgres::Database> administrator() const {
    return connect("postgres", "postgres");
  }

  // As `pg_ctl stop -m immediate`: no checkpoint, every client cut off.
  void stop_at_once();
  void start();
  const std::string& folder() const { return folder_; }

 private:
  void execute(const std::string& sql) const;
  std::string program(const char* name) const { return programs_ + "/" + name; }

  std::string programs_;
  std::string folder_;
  std::unique_ptr<Child> server_;
  int databases_ = 0;
};

}  // namespace simurgh::test
