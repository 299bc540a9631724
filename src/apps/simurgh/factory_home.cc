#include "apps/simurgh/factory_home.h"

#include <algorithm>
#include <filesystem>

#include "apps/simurgh/local_file.h"
#include "base/hex.h"
#include "io/process/process.h"

namespace simurgh::cli {
namespace {

constexpr std::string_view home_format = "simurgh-factory-1";
constexpr std::string_view record_prefix = "allocation-";
constexpr std::string_view record_suffix = ".json";

std::string hex_of(ByteView bytes) {
  std::string out(bytes.size() * 2, '0');
  write_hex(bytes, out);
  return out;
}

std::string keys_path(const std::string& home) {
  return home + "/factory.json";
}

std::string record_path(const std::string& home, uint64_t allocation) {
  return home + "/" + std::string(record_prefix) + std::to_string(allocation) +
         std::string(record_suffix);
}

ByteArray<32> array_of(const Key256& key) {
  ByteArray<32> out{};
  std::ranges::copy(key.view(), out.begin());
  return out;
}

Outcome<void> check_is_key(std::string_view hex) {
  ByteArray<32> octets;
  if (hex.size() != 64 || !parse_hex(hex, octets).has_value()) {
    return usage("--server-key is not a key", "it is 64 hexadecimal digits");
  }
  return {};
}

}  // namespace

Outcome<FactoryHome> FactoryHome::create(const std::string& path, const std::string& server_key,
                                         Random& random) {
  FactoryHome home;
  home.path_ = path;
  if (!server_key.empty()) {
    TRY(check_is_key(server_key));
    home.server_key_.resize(home.server_key_.capacity());
    SIMURGH_CHECK(parse_hex(server_key, home.server_key_.span()).has_value());
  }
  std::string problem;
  if (file_exists(keys_path(path))) {
    return local("there is a factory in " + path + " already",
                 "go on with it, or name another folder for a new one");
  }
  // Keys among other things get copied, packed and deleted with them.
  if (const auto made = process::make_empty_folder(path, problem); !made.has_value()) {
    return local(problem, made.error().code == ErrorCode::already_exists
                              ? "name a folder that does not exist yet, or an empty one"
                              : "");
  }
  random.fill(home.transport_private_.fill(32));
  ByteArray<32> seed = array_of(home.transport_private_);
  const auto made = crypto::x25519_public(seed, home.transport_public_);
  wipe(seed);
  if (!made.has_value()) return local("no key could be made");
  TRY(home.save_keys(true));
  return home;
}

Outcome<void> FactoryHome::save_keys(bool fresh) const {
  json::Value keys =
      json::Value::object({{"format", home_format},
                           {"transport_public_key", hex_of(transport_public_)},
                           {"transport_private_key", hex_of(transport_private_.view())},
                           {"server_key", hex_of(server_key_)}});
  std::string text = json::write(keys) + "\n";
  keys.wipe();
  const auto written = write_file(keys_path(path_), text, Access::owner_only,
                                  fresh ? Overwrite::no : Overwrite::yes);
  wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  return written;
}

Outcome<FactoryHome> FactoryHome::open(const std::string& path) {
  FactoryHome home;
  home.path_ = path;
  const std::string file = keys_path(path);
  if (!file_exists(file)) {
    return local("there is no factory in " + path, "make one: simurgh factory init --home " + path);
  }
  json::Value keys = TRY(read_json_file(file));
  json::Problem problem;
  json::Fields fields(keys, problem);
  static constexpr std::string_view formats[] = {home_format};
  fields.choice("format", formats);
  fields.hex("transport_public_key", 32, home.transport_public_);
  fields.hex("transport_private_key", 32, home.transport_private_.fill(32));
  const std::string_view server_key = fields.text("server_key", 0, 64);
  if (!server_key.empty()) {
    home.server_key_.resize(home.server_key_.capacity());
    fields.hex("server_key", 32, home.server_key_.span());
  }
  const bool right = fields.finish();
  keys.wipe();
  if (!right) return local(file + ": " + problem.sentence(), "put the file back from its backup");
  return home;
}

std::string FactoryHome::transport_public_hex() const {
  return hex_of(transport_public_);
}

Outcome<void> FactoryHome::trust(const factory::AllocationNote& note, std::string& trusted_now) {
  const bool first = server_key_.empty();
  const ByteView key = first ? note.server_keys.ed25519.view() : server_key_.view();
  if (!factory::verify(note, key).has_value()) {
    return local("the allocation is not signed by the operator's key",
                 "do not make it; ask the operator, and compare the key with " + keys_path(path_));
  }
  if (first) {
    server_key_ = note.server_keys.ed25519;
    TRY(save_keys(false));
    trusted_now = hex_of(server_key_);
  }
  return {};
}

Outcome<std::optional<AllocationRecord>> FactoryHome::record(uint64_t allocation) const {
  const std::string path = record_path(path_, allocation);
  if (!file_exists(path)) return std::optional<AllocationRecord>{};
  const json::Value value = TRY(read_json_file(path));
  json::Problem problem;
  json::Fields fields(value, problem);
  AllocationRecord record;
  record.pack = fields.text("pack", 1, 4096);
  record.pack_made = fields.boolean("pack_made");
  fields.object("allocation");
  if (!fields.finish()) {
    return local(path + ": " + problem.sentence(), "put the file back from its backup");
  }
  record.note = *value.find("allocation");
  return std::optional(std::move(record));
}

Outcome<void> FactoryHome::save(uint64_t allocation, const AllocationRecord& record) const {
  const json::Value value = json::Value::object(
      {{"pack", record.pack}, {"pack_made", record.pack_made}, {"allocation", record.note}});
  return write_file(record_path(path_, allocation), json::write(value) + "\n", Access::owner_only,
                    Overwrite::yes);
}

Outcome<std::vector<uint64_t>> FactoryHome::allocations() const {
  std::vector<uint64_t> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path_, error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(record_prefix) || !name.ends_with(record_suffix)) continue;
    const std::string digits = name.substr(
        record_prefix.size(), name.size() - record_prefix.size() - record_suffix.size());
    if (digits.empty() || digits.size() > 18 ||
        digits.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    out.push_back(std::stoull(digits));
  }
  if (error) return local("cannot read " + path_ + ": " + error.message());
  std::ranges::sort(out);
  return out;
}

}  // namespace simurgh::cli
