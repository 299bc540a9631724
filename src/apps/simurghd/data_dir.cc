#include "apps/simurghd/data_dir.h"

#include "api/tokens.h"
#include "io/keystore/file_key_store.h"
#include "io/process/process.h"

namespace simurgh::simurghd {

std::string keys_path(const std::string& data_dir) {
  return data_dir + "/keys";
}

std::string tokens_path(const std::string& data_dir) {
  return data_dir + "/tokens";
}

bool make_data_dir(const std::string& path, NewData& out, std::string& problem) {
  if (const auto made = process::make_empty_folder(path, problem); !made) {
    if (made.error().code == ErrorCode::already_exists) problem += ": name a new folder";
    return false;
  }
  process::OsRandom random;
  Key256 secret;
  random.fill(secret.fill(api::token_secret_octets));
  const auto token = api::make_token("admin", {api::Role::admin}, secret, random.array<16>());
  if (!token) {
    problem = "no token could be made";
    return false;
  }
  if (!keystore::FileKeyStore::create(keys_path(path), problem)) return false;
  if (!process::write_new_file(tokens_path(path), api::write_tokens({token->token}), 0600,
                               problem)) {
    return false;
  }
  out.admin_token = text_of(token->text.view());
  return true;
}

}  // namespace simurgh::simurghd
