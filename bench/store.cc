// Durable updates of the hot row (a chip's last contact) through both stores, against the raw
// engine: the same statement and the same commit through the engine's own C interface, with the
// same settings, in the same run, in turns. What the ratio shows is the cost of our layer.
//
// Both are really synced: the databases are in the temporary folder, not in memory.
#include <libpq-fe.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "fleet/number_pool.h"
#include "io/process/process.h"
#include "io/store_postgres/postgres_storage.h"
#include "io/store_sqlite/database.h"
#include "io/store_sqlite/sqlite_storage.h"
#include "postgres_cluster.h"

using namespace simurgh;

namespace {

constexpr uint64_t chips = 20'000;
constexpr int rounds = 9;
constexpr const char* update_text =
    "INSERT INTO chip_contact (iccid, last_contact) "
    "SELECT $1, $2 WHERE EXISTS (SELECT 1 FROM chip WHERE iccid = $1) "
    "ON CONFLICT (iccid) DO UPDATE SET last_contact = excluded.last_contact "
    "WHERE chip_contact.last_contact < excluded.last_contact";
constexpr const char* mark_text = "UPDATE database_mark SET generation = $1, journal_sequence = $2";

void require(bool good, const std::string& what) {
  if (!good) throw std::runtime_error(what);
}

Iccid iccid_of(uint64_t number) {
  return fleet::iccid_of({18, 894900000000000000 + number});
}

// One batch: `count` contacts at the instant `at`, durable when it returns.
using Batch = std::function<void(size_t count, int64_t at)>;

uint64_t chip_of(size_t i, int64_t at) {
  return (i * 7919 + static_cast<uint64_t>(at) * 104'729) % chips;  // all over the table
}

// --- ours --------------------------------------------------------------------------------------

void fill(storage::Storage& storage) {
  for (uint64_t i = 0; i < chips; ++i) {
    fleet::Chip chip;
    chip.iccid = iccid_of(i);
    chip.imsi = fleet::imsi_of({15, 262010000000000 + i});
    chip.state = fleet::ChipState::sold;
    require(storage.fleet().save_chip(chip).has_value(), "a chip was refused");
    const fleet::Contact first{chip.iccid, Instant{1}};
    require(storage.fleet().add_contacts({&first, 1}).has_value(), "a contact was refused");
  }
  require(storage.commit(0).has_value(), "no commit");
}

Batch ours(storage::Storage& storage) {
  return [&storage](size_t count, int64_t at) {
    std::vector<fleet::Contact> contacts;
    for (size_t i = 0; i < count; ++i) contacts.push_back({iccid_of(chip_of(i, at)), Instant{at}});
    require(storage.fleet().add_contacts(contacts).has_value(), "contacts were refused");
    require(storage.commit(1).has_value(), "no commit");
  };
}

// --- SQLite ------------------------------------------------------------------------------------

class RawSqlite {
 public:
  explicit RawSqlite(const std::string& path) {
    require(sqlite3_open(path.c_str(), &handle_) == SQLITE_OK, "cannot open " + path);
    for (const auto& setting : store_sqlite::settings()) {
      execute(std::string("PRAGMA ") + setting.name + " = " + setting.value);
    }
    update_ = prepare(update_text);
    mark_ = prepare(mark_text);
    begin_ = prepare("BEGIN");
    commit_ = prepare("COMMIT");
  }
  ~RawSqlite() {
    for (sqlite3_stmt* each : {update_, mark_, begin_, commit_}) sqlite3_finalize(each);
    sqlite3_close(handle_);
  }
  RawSqlite(const RawSqlite&) = delete;
  RawSqlite& operator=(const RawSqlite&) = delete;

  void batch(size_t count, int64_t at) {
    run(begin_);
    for (size_t i = 0; i < count; ++i) {
      const Iccid iccid = iccid_of(chip_of(i, at));
      sqlite3_bind_text(update_, 1, iccid.text().data(), static_cast<int>(iccid.text().size()),
                        SQLITE_STATIC);
      sqlite3_bind_int64(update_, 2, at);
      run(update_);
    }
    sqlite3_bind_int64(mark_, 1, at);
    sqlite3_bind_int64(mark_, 2, 1);
    run(mark_);
    run(commit_);
    if (++batches_ % 100 == 0) {
      sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    }
  }

 private:
  void execute(const std::string& sql) {
    require(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK, sql);
  }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    require(sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr) == SQLITE_OK, sql);
    return statement;
  }
  void run(sqlite3_stmt* statement) {
    require(sqlite3_step(statement) == SQLITE_DONE, sqlite3_errmsg(handle_));
    sqlite3_reset(statement);
  }
  sqlite3* handle_ = nullptr;
  sqlite3_stmt *update_, *mark_, *begin_, *commit_;
  uint64_t batches_ = 0;
};

// --- PostgreSQL --------------------------------------------------------------------------------

class RawPostgres {
 public:
  explicit RawPostgres(const std::string& address) : connection_(PQconnectdb(address.c_str())) {
    require(PQstatus(connection_) == CONNECTION_OK, PQerrorMessage(connection_));
    PQclear(PQexec(connection_, "SET search_path = simurgh; SET jit = off"));
    const Oid types[] = {25, 20, 20};
    prepare("update", update_text, 2, types);
    prepare("mark", mark_text, 2, types + 1);
    prepare("begin", "BEGIN", 0, nullptr);
    prepare("commit", "COMMIT", 0, nullptr);
    require(PQenterPipelineMode(connection_) == 1, "no pipeline mode");
  }
  ~RawPostgres() { PQfinish(connection_); }
  RawPostgres(const RawPostgres&) = delete;
  RawPostgres& operator=(const RawPostgres&) = delete;

  void batch(size_t count, int64_t at) {
    size_t sent = 0;
    const auto send = [&](const char* name, std::initializer_list<std::string_view> values) {
      const char* texts[2] = {};
      int lengths[2] = {}, formats[2] = {1, 1};
      int n = 0;
      for (const std::string_view value : values) {
        texts[n] = value.data();
        lengths[n++] = static_cast<int>(value.size());
      }
      require(PQsendQueryPrepared(connection_, name, n, texts, lengths, formats, 1) == 1,
              PQerrorMessage(connection_));
      ++sent;
    };
    const std::string instant = binary(at);
    const std::string one = binary(1);
    send("begin", {});
    for (size_t i = 0; i < count; ++i) {
      const Iccid iccid = iccid_of(chip_of(i, at));
      send("update", {iccid.text(), instant});
    }
    send("mark", {instant, one});
    send("commit", {});
    require(PQpipelineSync(connection_) == 1, "no sync");
    for (size_t i = 0; i < sent; ++i) {
      PGresult* result = PQgetResult(connection_);
      require(PQresultStatus(result) == PGRES_COMMAND_OK, PQresultErrorMessage(result));
      PQclear(result);
      PQclear(PQgetResult(connection_));
    }
    PQclear(PQgetResult(connection_));
  }

 private:
  static std::string binary(int64_t value) {
    std::string out;
    for (int shift = 56; shift >= 0; shift -= 8) {
      out += static_cast<char>(static_cast<uint64_t>(value) >> shift);
    }
    return out;
  }
  void prepare(const char* name, const char* sql, int count, const Oid* types) {
    PGresult* result = PQprepare(connection_, name, sql, count, types);
    require(PQresultStatus(result) == PGRES_COMMAND_OK, PQresultErrorMessage(result));
    PQclear(result);
  }
  PGconn* connection_;
};

// --- measuring ---------------------------------------------------------------------------------

double seconds_of(const std::function<void()>& work) {
  const auto before = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
}

struct Figures {
  double ours = 0, raw = 0;  // updates per second, the best round
  double ratio = 0;          // the median of the rounds' ratios
};

int64_t now = 1000;  // rises, so that every update is one

// The two in turns, the stores opened and closed each time: each holds its database alone.
Figures measure(size_t batch_size,
                const std::function<void(const std::function<void(Batch)>&)>& our,
                const std::function<void(const std::function<void(Batch)>&)>& raw) {
  const size_t batches = batch_size == 1 ? 100 : batch_size == 100 ? 60 : 15;
  Figures figures;
  const auto rate = [&](const Batch& batch) {
    for (int i = 0; i < 10; ++i) batch(batch_size, ++now);  // warm
    const double spent = seconds_of([&] {
      for (size_t i = 0; i < batches; ++i) batch(batch_size, ++now);
    });
    return static_cast<double>(batches * batch_size) / spent;
  };
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    double our_rate = 0, raw_rate = 0;
    our([&](const Batch& batch) { our_rate = rate(batch); });
    raw([&](const Batch& batch) { raw_rate = rate(batch); });
    figures.ours = std::max(figures.ours, our_rate);
    figures.raw = std::max(figures.raw, raw_rate);
    ratios.push_back(our_rate / raw_rate);
  }
  std::ranges::nth_element(ratios, ratios.begin() + rounds / 2);
  figures.ratio = ratios[rounds / 2];
  return figures;
}

// Durable rows of campaigns a second, `batch_size` a commit: half outcomes, half hot rows of the
// elements, first all of them new and then all of them replaced. The best round.
double campaign_rows_per_second(storage::Storage& storage, size_t batch_size) {
  constexpr size_t commits = 20;
  double best = 0;
  for (uint32_t round = 0; round < 3; ++round) {
    const double spent = seconds_of([&] {
      for (size_t commit = 0; commit < commits; ++commit) {
        std::vector<campaign::OutcomeRow> outcomes(batch_size / 2);
        std::vector<campaign::ElementRow> elements(batch_size / 2);
        for (size_t i = 0; i < outcomes.size(); ++i) {
          const auto id = static_cast<uint32_t>(commit * outcomes.size() + i);
          outcomes[i] = {{1}, {id}, {campaign::Progress::done, 1, 1, {}, 0}, 1'790'000'000 + round};
          elements[i] = {{id}, 1'790'000'000 + round, 1'800'000'000, 7, 1, {}};
        }
        require(storage.campaigns().apply(outcomes).has_value(), "outcomes were refused");
        require(storage.campaigns().apply(elements).has_value(), "elements were refused");
        require(storage.commit(1).has_value(), "no commit");
      }
    });
    best = std::max(best, static_cast<double>(commits * batch_size) / spent);
  }
  return best;
}

constexpr size_t batch_sizes[] = {1, 100, 1000};

void bench() {
  process::OsRandom random;
  std::string problem;
  const std::string temporary = std::filesystem::temp_directory_path();
  std::string folder = temporary + "/simurgh-bench-store-XXXXXX";
  require(mkdtemp(folder.data()) != nullptr, "no folder for the database");
  const std::string path = folder + "/simurgh.db";
  test::PostgresCluster cluster(temporary);
  const auto address = cluster.address(cluster.make_database());

  const auto with_sqlite = [&](const std::function<void(storage::Storage&)>& use) {
    auto opened = store_sqlite::SqliteStorage::open(path, random, problem);
    require(opened.has_value(), problem);
    use(**opened);
  };
  const auto with_postgres = [&](const std::function<void(storage::Storage&)>& use) {
    auto opened = store_postgres::PostgresStorage::open(address, random, problem);
    require(opened.has_value(), problem);
    use(**opened);
  };
  with_sqlite(fill);
  with_postgres(fill);
  std::string json;
  for (const size_t size : batch_sizes) {
    const Figures sqlite = measure(
        size, [&](const auto& use) { with_sqlite([&](auto& storage) { use(ours(storage)); }); },
        [&](const auto& use) {
          RawSqlite raw(path);
          use([&](size_t count, int64_t at) { raw.batch(count, at); });
        });
    const Figures postgres = measure(
        size, [&](const auto& use) { with_postgres([&](auto& storage) { use(ours(storage)); }); },
        [&](const auto& use) {
          RawPostgres raw(address.uri);
          use([&](size_t count, int64_t at) { raw.batch(count, at); });
        });
    for (const auto& [name, figures] : {std::pair{"sqlite", sqlite}, {"postgresql", postgres}}) {
      std::printf("%-10s %4zu a commit: %7.0f updates/s, raw %7.0f, ratio %.2f\n", name, size,
                  figures.ours, figures.raw, figures.ratio);
      char line[200];
      std::snprintf(line, sizeof line, "\"%s_%zu_per_s\": %.0f, \"%s_%zu_ratio\": %.2f, ", name,
                    size, figures.ours, name, size, figures.ratio);
      json += line;
    }
  }
  for (const size_t size : {size_t{1000}, size_t{10'000}}) {
    double sqlite = 0, postgres = 0;
    with_sqlite([&](auto& storage) { sqlite = campaign_rows_per_second(storage, size); });
    with_postgres([&](auto& storage) { postgres = campaign_rows_per_second(storage, size); });
    std::printf("campaign rows, %zu a commit: SQLite %.0f/s, PostgreSQL %.0f/s\n", size, sqlite,
                postgres);
    char line[200];
    std::snprintf(line, sizeof line,
                  "\"sqlite_campaign_%zu_per_s\": %.0f, \"postgresql_campaign_%zu_per_s\": %.0f, ",
                  size, sqlite, size, postgres);
    json += line;
  }
  std::filesystem::remove_all(folder);
  std::printf("{%s\"ratio_wanted\": 0.8, \"chips\": %llu}\n", json.c_str(),
              static_cast<unsigned long long>(chips));
}

}  // namespace

int main() {
  try {
    bench();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench store: %s\n", error.what());
    return 1;
  }
  return 0;
}
