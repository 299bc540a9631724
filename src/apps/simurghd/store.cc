#include "apps/simurghd/store.h"

#include <algorithm>

#include "io/store_postgres/postgres_storage.h"
#include "io/store_sqlite/sqlite_storage.h"

namespace simurgh::simurghd {

namespace {

constexpr const char* embedded = "sqlite";

std::string sqlite_path(const Config& config) {
  return config.data_dir + "/simurgh.db";
}

}  // namespace

bool check_store(const std::string& store, bool secret_place, std::string& problem) {
  if (store == embedded) return true;
  const bool plain = std::ranges::all_of(
      store, [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; });
  if (!plain || !store_postgres::is_address(store)) {
    problem = "expected \"sqlite\" or an address postgresql://USER@HOST:PORT/DATABASE";
    return false;
  }
  const auto address = store_postgres::parse_address(store, problem);
  if (!address) return false;
  if (address->has_password && !secret_place) {
    problem =
        "the address has a password in it, which others can read here: put the password into a "
        "file of mode 0600 and add ?passfile=/PATH to the address, or write the address with its "
        "password into a configuration file of mode 0600";
    return false;
  }
  return true;
}

std::string store_words(const Config& config) {
  std::string ignored;
  if (config.store == embedded) return sqlite_path(config);
  const auto address = store_postgres::parse_address(config.store, ignored);
  return address ? address->words : std::string();
}

std::unique_ptr<sql_rows::SqlStorage> open_store(const Config& config, Random& random,
                                                 std::string& problem) {
  if (config.store == embedded) {
    auto opened = store_sqlite::SqliteStorage::open(sqlite_path(config), random, problem);
    return opened ? std::move(*opened) : nullptr;
  }
  const auto address = store_postgres::parse_address(config.store, problem);
  if (!address) return nullptr;
  auto opened = store_postgres::PostgresStorage::open(*address, random, problem,
                                                      {.require_private = config.production});
  return opened ? std::move(*opened) : nullptr;
}

}  // namespace simurgh::simurghd
