// The data directory: one server's keys, tokens, journal and database.
#pragma once

#include <string>

namespace simurgh::simurghd {

std::string keys_path(const std::string& data_dir);
std::string tokens_path(const std::string& data_dir);

// Makes a data directory: keys and an administrator's token, which is printed once by the caller.
// Refuses to touch one that has keys already; `problem` says so.
struct NewData {
  std::string admin_token;
};
bool make_data_dir(const std::string& path, NewData& out, std::string& problem);

}  // namespace simurgh::simurghd
