// The key file: who may use it, what damage is found, and where the keys are in memory.
#include "io/keystore/file_key_store.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <fstream>

#include "crypto/memory_key_store.h"
#include "hex.h"
#include "io/keystore/key_file_format.h"
#include "keystore/sanitized.h"

using namespace simurgh;
using namespace simurgh::keystore;
using namespace simurgh::test;
using crypto::KeyMaterial;
using crypto::SignatureScheme;

namespace {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/simurgh-keystore-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~Folder() {
    ::chmod(path_.c_str(), 0700);
    for (const char* name : {"keys", "link", "other"}) {
      ::unlink(of(name).c_str());
      ::rmdir(of(name).c_str());
    }
    ::rmdir(path_.c_str());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }
  std::string of(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// One key file for the tests that only read it: making RSA keys takes a while.
const Bytes& good_file() {
  static const Bytes content = [] {
    const Folder folder;
    std::string problem;
    REQUIRE_MESSAGE(FileKeyStore::create(folder.of("keys"), problem).has_value(), problem);
    std::ifstream in(folder.of("keys"), std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(in), {});
  }();
  return content;
}

void put(const std::string& path, const Bytes& content, mode_t mode = 0600) {
  ::unlink(path.c_str());
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(content.data()), long(content.size()));
  out.close();
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

std::unique_ptr<FileKeyStore> opened(const std::string& path, bool production = true) {
  std::string problem;
  auto store = FileKeyStore::open(path, production, problem);
  REQUIRE_MESSAGE(store.has_value(), problem);
  return std::move(*store);
}

// Refused with this code, in words that name the path and do not name a key.
void check_refused(const std::string& path, ErrorCode code, bool production = true) {
  std::string problem;
  const auto store = FileKeyStore::open(path, production, problem);
  REQUIRE_FALSE(store.has_value());
  CHECK(store.error().code == code);
  CAPTURE(problem);
  CHECK(problem.find(path.substr(0, path.rfind('/'))) != std::string::npos);
  CHECK(problem.size() > path.size() + 40);  // says what to do
}

}  // namespace

TEST_CASE("D2: a new key file opens again with the same keys, and two files share none") {
  const Folder folder;
  put(folder.of("keys"), good_file());
  auto store = opened(folder.of("keys"));
  auto again = opened(folder.of("keys"));
  std::string problem;
  REQUIRE(FileKeyStore::create(folder.of("other"), problem).has_value());
  auto other = opened(folder.of("other"));

  const Bytes ver = {'V', '1'};
  const auto k1 = [&](FileKeyStore& by) { return to_hex(by.k1_of_version(ver)->view()); };
  CHECK(k1(*store) == k1(*again));
  CHECK(k1(*store) != k1(*other));
  Bytes sealed(3 + crypto::KeyStore::seal_overhead_octets);
  REQUIRE(store->seal(ver, Bytes{1, 2, 3}, sealed).has_value());
  Bytes plain(3);
  CHECK(again->open(ver, sealed, plain).has_value());
  CHECK(plain == Bytes{1, 2, 3});
  CHECK(other->open(ver, sealed, plain).error().code == ErrorCode::bad_mac);

  const Bytes message = {5, 6};
  const auto check_scheme = [&](SignatureScheme scheme, auto verify) {
    const auto key = again->public_key(scheme);
    REQUIRE(key.has_value());
    CHECK(verify(*key, message, *store->sign(scheme, message)).has_value());
    CHECK(*key != *other->public_key(scheme));
  };
  check_scheme(SignatureScheme::ed25519, crypto::ed25519_verify);
  check_scheme(SignatureScheme::ecdsa_p256, crypto::ecdsa_p256_verify);
  check_scheme(SignatureScheme::rsa2048_pss, crypto::rsa2048_verify);
}

TEST_CASE("a key file is made for its owner alone, and never over another") {
  const Folder folder;
  std::string problem;
  const mode_t umask_before = ::umask(0);
  const auto created = FileKeyStore::create(folder.of("keys"), problem);
  ::umask(umask_before);
  REQUIRE_MESSAGE(created.has_value(), problem);
  struct stat status;
  REQUIRE(::stat(folder.of("keys").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(status.st_uid == ::geteuid());

  const auto second = FileKeyStore::create(folder.of("keys"), problem);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::already_exists);
  struct stat after;
  REQUIRE(::stat(folder.of("keys").c_str(), &after) == 0);
  CHECK(after.st_ino == status.st_ino);
  CHECK(after.st_size == status.st_size);
  CHECK(opened(folder.of("keys")) != nullptr);
}

TEST_CASE("a file or folder that others can get at is refused") {
  const Folder folder;
  const std::string path = folder.of("keys");
  for (const mode_t mode :
       std::initializer_list<mode_t>{0640, 0604, 0620, 0602, 0610, 0601, 0644}) {
    put(path, good_file(), mode);
    check_refused(path, ErrorCode::not_allowed);
    check_refused(path, ErrorCode::not_allowed, false);  // the lab has rules, too
  }
  for (const mode_t mode : std::initializer_list<mode_t>{0600, 0400}) {
    put(path, good_file(), mode);
    CHECK(opened(path) != nullptr);
  }
  put(path, good_file());
  for (const mode_t mode : std::initializer_list<mode_t>{0770, 0702, 0777}) {
    REQUIRE(::chmod(folder.path().c_str(), mode) == 0);
    check_refused(path, ErrorCode::not_allowed);
    std::string problem;
    CHECK(FileKeyStore::create(folder.of("other"), problem).error().code == ErrorCode::not_allowed);
  }
  REQUIRE(::chmod(folder.path().c_str(), 0700) == 0);
  CHECK(opened(path) != nullptr);
  if (::geteuid() == 0) {  // only root can give a file away
    REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
    check_refused(path, ErrorCode::not_allowed);
  }
}

TEST_CASE("what is no regular file, or is not there, is refused in words") {
  const Folder folder;
  check_refused(folder.of("keys"), ErrorCode::not_found);
  put(folder.of("keys"), good_file());
  REQUIRE(::symlink(folder.of("keys").c_str(), folder.of("link").c_str()) == 0);
  check_refused(folder.of("link"), ErrorCode::not_allowed);
  REQUIRE(::mkdir(folder.of("other").c_str(), 0700) == 0);
  check_refused(folder.of("other"), ErrorCode::not_allowed);
  REQUIRE(::rmdir(folder.of("other").c_str()) == 0);
  REQUIRE(::mkfifo(folder.of("other").c_str(), 0600) == 0);
  check_refused(folder.of("other"), ErrorCode::not_allowed);
  std::string problem;
  CHECK(FileKeyStore::create(folder.of("none/keys"), problem).error().code == ErrorCode::io);
}

TEST_CASE("every changed octet, every truncation and every addition is found") {
  const Bytes& good = good_file();
  KeyMaterial material;
  REQUIRE(parse_key_file(good, material).has_value());
  for (size_t at = 0; at < good.size(); ++at) {
    for (const uint8_t change : std::initializer_list<uint8_t>{0x01, 0x80}) {
      Bytes bad = good;
      bad[at] ^= change;
      const auto parsed = parse_key_file(bad, material);
      REQUIRE_FALSE(parsed.has_value());
      const bool is_version = at == 8 || at == 9;
      CHECK(parsed.error().code == (is_version ? ErrorCode::unsupported : ErrorCode::bad_mac));
    }
    CHECK(parse_key_file(ByteView(good).first(at), material).error().code == ErrorCode::bad_mac);
  }
  Bytes longer = good;
  longer.push_back(0);
  CHECK(parse_key_file(longer, material).error().code == ErrorCode::bad_mac);

  const Folder folder;
  put(folder.of("keys"), {});
  check_refused(folder.of("keys"), ErrorCode::bad_mac);
  put(folder.of("keys"), longer);
  check_refused(folder.of("keys"), ErrorCode::bad_mac);
  put(folder.of("keys"), Bytes(100'000, 'x'));
  check_refused(folder.of("keys"), ErrorCode::bad_mac);
  Bytes newer = good;
  newer[9] = 2;
  put(folder.of("keys"), newer);
  check_refused(folder.of("keys"), ErrorCode::unsupported);
}

TEST_CASE("the file's format: written and read back, no key left out") {
  KeyMaterial material;
  REQUIRE(parse_key_file(good_file(), material).has_value());
  Bytes room(key_file_octets_max);
  const auto written = write_key_file(material, room);
  REQUIRE(written.has_value());
  CHECK(equal(*written, good_file()));
  KeyMaterial bad = material;
  bad.p256.assign(Bytes(32, 0xff));  // above the order
  CHECK(parse_key_file(*write_key_file(bad, room), material).error().code == ErrorCode::bad_value);
  CHECK(write_key_file(bad, MutableByteView(room).first(1000)).error().code == ErrorCode::no_space);
}

TEST_CASE("T-NO-DEFAULT-KEYS: production refuses a file with a key that everybody knows") {
  const Folder folder;
  const std::string path = folder.of("keys");
  Bytes known(32);
  for (size_t i = 0; i < known.size(); ++i) known[i] = static_cast<uint8_t>(i + 1);
  for (Key256 KeyMaterial::* key :
       {&KeyMaterial::master, &KeyMaterial::column, &KeyMaterial::ed25519, &KeyMaterial::p256}) {
    KeyMaterial material;
    REQUIRE(parse_key_file(good_file(), material).has_value());
    (material.*key).assign(known);
    Bytes room(key_file_octets_max);
    const ByteView written = *write_key_file(material, room);
    put(path, Bytes(written.begin(), written.end()));
    check_refused(path, ErrorCode::bad_value);
    CHECK(opened(path, false) != nullptr);
  }
}

TEST_CASE("a disk that is full leaves no key file") {
  const Folder folder;
  // In a child: the limit on file sizes cannot be raised again.
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit small{100, 100};
    ::setrlimit(RLIMIT_FSIZE, &small);
    ::signal(SIGXFSZ, SIG_IGN);
    std::string problem;
    const auto created = FileKeyStore::create(folder.of("keys"), problem);
    ::_exit(!created.has_value() && created.error().code == ErrorCode::io ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(::access(folder.of("keys").c_str(), F_OK) != 0);
}

TEST_CASE("memory that cannot be locked is said, not passed over" * doctest::skip(is_sanitized)) {
  const Folder folder;
  put(folder.of("keys"), good_file());
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_MEMLOCK, &none);
    // Root may lock without limit; the folder must stay readable for the user taken instead.
    if (::geteuid() == 0) {
      if (::chown(folder.path().c_str(), 65534, 65534) != 0) ::_exit(2);
      if (::chown(folder.of("keys").c_str(), 65534, 65534) != 0) ::_exit(2);
      if (::setuid(65534) != 0) ::_exit(2);
    }
    std::string problem;
    const auto store = FileKeyStore::open(folder.of("keys"), true, problem);
    ::_exit(!store.has_value() && store.error().code == ErrorCode::storage &&
                    problem.find("ulimit -l") != std::string::npos
                ? 0
                : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 0);
}
