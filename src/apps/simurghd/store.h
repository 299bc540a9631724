// Which of the two stores a configuration names, and opening it.
#pragma once

#include <memory>
#include <string>

#include "apps/simurghd/config.h"
#include "base/random.h"
#include "io/sql_rows/sql_storage.h"

namespace simurgh::simurghd {

// True when `store` names one. A password in its address is allowed only where nobody else reads
// it: `secret_place`. `problem` in words, never with the address itself.
bool check_store(const std::string& store, bool secret_place, std::string& problem);

// The store for people: a path or an address, without a password.
std::string store_words(const Config& config);

// Opens, makes or upgrades it. Null on failure; `problem` says what, and what to do.
std::unique_ptr<sql_rows::SqlStorage> open_store(const Config& config, Random& random,
                                                 std::string& problem);

}  // namespace simurgh::simurghd
