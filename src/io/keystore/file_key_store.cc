#include "io/keystore/file_key_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "crypto/known_test_keys.h"
#include "io/keystore/key_file_format.h"
#include "io/keystore/locked_pages.h"
#include "io/keystore/new_keys.h"

namespace simurgh::keystore {

namespace {

using crypto::KeyMaterial;
using FileBuffer = ByteArray<key_file_octets_max + 1>;  // one more shows a file that is too long

constexpr mode_t others_mask = 0077;
constexpr mode_t others_write_mask = 0022;

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Error explain(std::string& problem, ErrorCode code, std::string text) {
  problem = std::move(text);
  return fail(code);
}

Error explain_errno(std::string& problem, const std::string& path, const char* what) {
  const int error = errno;
  return explain(problem, ErrorCode::io, path + ": " + what + ": " + std::strerror(error));
}

Error memory_is_not_lockable(std::string& problem) {
  return explain(problem, ErrorCode::storage,
                 "the memory for the keys cannot be locked against swapping: allow the server at "
                 "least 64 kB of locked memory (ulimit -l 64; LimitMEMLOCK=64K in a systemd unit)");
}

// Whoever can write the folder can put another file in the key file's place.
Result<void> check_folder(const std::string& folder, std::string& problem) {
  struct stat status;
  if (::stat(folder.c_str(), &status) != 0) {
    return explain_errno(problem, folder, "the folder of the key file cannot be looked at");
  }
  const bool is_sticky = (status.st_mode & S_ISVTX) != 0;
  if ((status.st_mode & others_write_mask) != 0 && !is_sticky) {
    return explain(problem, ErrorCode::not_allowed,
                   folder +
                       ": other users can write to the folder of the key file. If nobody "
                       "has, close it: chmod go-w '" +
                       folder + "'");
  }
  return {};
}

Result<void> check_file(const std::string& path, const struct stat& status, std::string& problem) {
  if (!S_ISREG(status.st_mode)) {
    return explain(problem, ErrorCode::not_allowed,
                   path +
                       ": this is no file but something else. Name the file that `simurghd "
                       "init` made");
  }
  if (status.st_uid != ::geteuid()) {
    return explain(problem, ErrorCode::not_allowed,
                   path + ": the key file belongs to user " + std::to_string(status.st_uid) +
                       ", and the server runs as user " + std::to_string(::geteuid()) +
                       ". Run the server as its owner, or give it the file: chown " +
                       std::to_string(::geteuid()) + " '" + path + "'");
  }
  if ((status.st_mode & others_mask) != 0) {
    return explain(problem, ErrorCode::not_allowed,
                   path +
                       ": other users can use the key file. If nobody has, close it: chmod 600 "
                       "'" +
                       path +
                       "'. If somebody may have, the keys are no secret any more: "
                       "make new ones, and re-key the chips");
  }
  return {};
}

// Reads the file into `buffer`; the view is what was read.
Result<ByteView> read_file(const std::string& path, FileBuffer& buffer, std::string& problem) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.is_open()) {
    if (errno == ENOENT) {
      return explain(problem, ErrorCode::not_found,
                     path +
                         ": there is no key file. Make one with `simurghd init`, or put back "
                         "the one from the backup: without it sealed data cannot be opened");
    }
    if (errno == ELOOP) {
      return explain(problem, ErrorCode::not_allowed,
                     path + ": the key file must not be a symbolic link. Name the file itself");
    }
    return explain_errno(problem, path, "the key file cannot be opened");
  }
  struct stat status;
  if (::fstat(file.fd(), &status) != 0) {
    return explain_errno(problem, path, "the key file cannot be looked at");
  }
  TRY(check_file(path, status, problem));
  size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t got = ::read(file.fd(), buffer.data() + filled, buffer.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return explain_errno(problem, path, "the key file cannot be read");
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  return ByteView(buffer).first(filled);
}

Result<void> parse(const std::string& path, ByteView content, KeyMaterial& material,
                   std::string& problem) {
  const auto parsed = parse_key_file(content, material);
  if (parsed.has_value()) return {};
  if (parsed.error().code == ErrorCode::unsupported) {
    return explain(problem, ErrorCode::unsupported,
                   path + ": the key file was made by another version of Simurgh. Run that one");
  }
  return explain(problem, ErrorCode::bad_mac,
                 path + ": this is no key file, or it is damaged. Put it back from the backup");
}

Result<void> refuse_known_keys(const std::string& path, const KeyMaterial& material,
                               std::string& problem) {
  for (const Key256* key :
       {&material.master, &material.column, &material.ed25519, &material.p256}) {
    if (crypto::is_known_test_key(key->view())) {
      return explain(problem, ErrorCode::bad_value,
                     path +
                         ": a key in this file is a published test key, which production "
                         "refuses. Make a new key file with `simurghd init`");
    }
  }
  return {};
}

// Writes all of `content` durably; the directory entry too.
Result<void> write_durably(const std::string& path, const File& file, ByteView content,
                           std::string& problem) {
  while (!content.empty()) {
    const ssize_t written = ::write(file.fd(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return explain_errno(problem, path, "the key file cannot be written");
    content = content.subspan(static_cast<size_t>(written));
  }
  if (::fsync(file.fd()) != 0) {
    return explain_errno(problem, path, "the key file cannot be brought to the disk");
  }
  const std::string folder = folder_of(path);
  const File directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.fd()) != 0) {
    return explain_errno(problem, folder, "the folder cannot be brought to the disk");
  }
  return {};
}

}  // namespace

struct FileKeyStore::Keys {
  Locked<KeyMaterial> material;
  std::optional<crypto::MaterialKeyStore> store;  // once there is material
};

Result<void> FileKeyStore::create(const std::string& path, std::string& problem) {
  TRY(check_folder(folder_of(path), problem));
  Locked<KeyMaterial> material;
  Locked<FileBuffer> buffer;
  if (material.get() == nullptr || buffer.get() == nullptr) return memory_is_not_lockable(problem);
  if (!make_keys(*material).has_value()) {
    return explain(problem, ErrorCode::crypto, "OpenSSL cannot make new keys");
  }
  const auto content = write_key_file(*material, *buffer);
  SIMURGH_CHECK(content.has_value());
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                         S_IRUSR | S_IWUSR));
  if (!file.is_open()) {
    if (errno == EEXIST) {
      return explain(problem, ErrorCode::already_exists,
                     path +
                         ": there is a key file already. It is never replaced, because what its "
                         "keys sealed could not be opened any more; move it away to begin anew");
    }
    return explain_errno(problem, path, "the key file cannot be made");
  }
  const auto written = write_durably(path, file, *content, problem);
  if (!written.has_value()) ::unlink(path.c_str());
  return written;
}

Result<std::unique_ptr<FileKeyStore>> FileKeyStore::open(const std::string& path, bool production,
                                                         std::string& problem) {
  TRY(check_folder(folder_of(path), problem));
  auto keys = std::make_unique<Keys>();
  Locked<FileBuffer> buffer;
  if (keys->material.get() == nullptr || buffer.get() == nullptr) {
    return memory_is_not_lockable(problem);
  }
  const ByteView content = TRY(read_file(path, *buffer, problem));
  TRY(parse(path, content, *keys->material, problem));
  if (production) TRY(refuse_known_keys(path, *keys->material, problem));
  keys->store.emplace(*keys->material);
  return std::unique_ptr<FileKeyStore>(new FileKeyStore(std::move(keys)));
}

FileKeyStore::FileKeyStore(std::unique_ptr<Keys> keys) : keys_(std::move(keys)) {}
FileKeyStore::~FileKeyStore() = default;

Result<ByteView> FileKeyStore::seal(ByteView identity, ByteView plain, MutableByteView sealed) {
  return keys_->store->seal(identity, plain, sealed);
}

Result<ByteView> FileKeyStore::open(ByteView identity, ByteView sealed, MutableByteView plain) {
  return keys_->store->open(identity, sealed, plain);
}

Result<Key256> FileKeyStore::k1_of_version(ByteView ver) {
  return keys_->store->k1_of_version(ver);
}

Result<ByteString<256>> FileKeyStore::sign(crypto::SignatureScheme scheme, ByteView message) {
  return keys_->store->sign(scheme, message);
}

Result<ByteString<256>> FileKeyStore::public_key(crypto::SignatureScheme scheme) {
  return keys_->store->public_key(scheme);
}

}  // namespace simurgh::keystore
