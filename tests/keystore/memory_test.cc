// T-WIPE: where in this process's memory the keys of a key file are, looked at from outside the
// code that handles them.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include "hex.h"
#include "io/keystore/file_key_store.h"
#include "keystore/sanitized.h"

using namespace simurgh;
using namespace simurgh::keystore;
using namespace simurgh::test;

namespace {

constexpr uint8_t mask = 0x5a;  // the test itself keeps no key in the clear
constexpr size_t window_octets = 24;

struct Mapping {
  uintptr_t begin = 0;
  uintptr_t end = 0;
  bool is_writable = false;
  bool is_protected = false;  // locked, in no core dump, not copied by fork
};

std::vector<Mapping> mappings() {
  std::vector<Mapping> all;
  std::ifstream in("/proc/self/smaps");
  for (std::string line; std::getline(in, line);) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    char modes[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, modes) == 3) {
      all.push_back({begin, end, modes[0] == 'r' && modes[1] == 'w', false});
    } else if (line.starts_with("VmFlags:") && !all.empty()) {
      const auto has = [&](const char* flag) { return line.find(flag) != std::string::npos; };
      all.back().is_protected = has(" lo") && has(" dd") && has(" dc");
    }
  }
  return all;
}

struct Places {
  int protected_pages = 0;
  int elsewhere = 0;
};

// Where the masked octets are, read through /proc/self/mem piece by piece. Each piece is masked as
// soon as it is read; finds in the buffer that it is read into do not count.
Places find(const Bytes& masked) {
  Places places;
  const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  REQUIRE(memory >= 0);
  static Bytes piece(1 << 16);
  const auto piece_at = reinterpret_cast<uintptr_t>(piece.data());
  for (const Mapping& mapping : mappings()) {
    if (!mapping.is_writable) continue;
    for (uintptr_t at = mapping.begin; at < mapping.end; at += piece.size() - window_octets) {
      const size_t size = std::min(piece.size(), size_t(mapping.end - at));
      const ssize_t got = ::pread(memory, piece.data(), size, static_cast<off_t>(at));
      if (got <= 0) break;
      for (size_t i = 0; i < size_t(got); ++i) piece[i] ^= mask;
      for (size_t i = 0; i + masked.size() <= size_t(got); ++i) {
        if (!std::equal(masked.begin(), masked.end(), piece.begin() + long(i))) continue;
        if (at + i - piece_at < piece.size()) continue;
        ++(mapping.is_protected ? places.protected_pages : places.elsewhere);
      }
    }
  }
  ::close(memory);
  return places;
}

// As find(), and as OpenSSL's big numbers have it: with the octets in reverse.
Places find_both_ways(const Bytes& masked) {
  const Places forward = find(masked);
  const Places backward = find(Bytes(masked.rbegin(), masked.rend()));
  return {forward.protected_pages + backward.protected_pages,
          forward.elsewhere + backward.elsewhere};
}

// Octets of the file from `offset`, masked as they are read.
Bytes masked_octets(const std::string& path, off_t offset) {
  Bytes out;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(file >= 0);
  for (size_t i = 0; i < window_octets; ++i) {
    uint8_t octet = 0;
    REQUIRE(::pread(file, &octet, 1, offset + off_t(i)) == 1);
    out.push_back(octet ^ mask);
  }
  ::close(file);
  return out;
}

}  // namespace

TEST_CASE("T-WIPE: in use, keys are in protected pages only; afterwards nowhere" *
          doctest::skip(is_sanitized)) {
  char folder[] = "/tmp/simurgh-keystore-XXXXXX";
  REQUIRE(mkdtemp(folder) != nullptr);
  const std::string path = std::string(folder) + "/keys";
  std::string problem;
  REQUIRE(FileKeyStore::create(path, problem).has_value());
  // Offsets of the values in the file (key_file_format.h); 400 is inside the RSA private exponent.
  const std::vector<std::pair<std::string, Bytes>> keys = {
      {"master", masked_octets(path, 13)},     {"column", masked_octets(path, 48)},
      {"Ed25519", masked_octets(path, 83)},    {"P-256", masked_octets(path, 118)},
      {"RSA", masked_octets(path, 153 + 400)},
  };
  for (const auto& [name, key] : keys) {
    CAPTURE(name);
    const Places places = find_both_ways(key);
    CHECK(places.protected_pages == 0);
    CHECK(places.elsewhere == 0);
  }
  {
    auto store = FileKeyStore::open(path, true, problem);
    REQUIRE(store.has_value());
    const Bytes data = {1, 2, 3};
    Bytes sealed(data.size() + crypto::KeyStore::seal_overhead_octets);
    REQUIRE((*store)->seal(data, data, sealed).has_value());
    REQUIRE((*store)->k1_of_version(data).has_value());
    for (const auto scheme : {crypto::SignatureScheme::ed25519, crypto::SignatureScheme::ecdsa_p256,
                              crypto::SignatureScheme::rsa2048_pss}) {
      REQUIRE((*store)->sign(scheme, data).has_value());
      REQUIRE((*store)->public_key(scheme).has_value());
    }
    for (const auto& [name, key] : keys) {
      CAPTURE(name);
      const Places places = find_both_ways(key);
      CHECK(places.protected_pages == 1);
      CHECK(places.elsewhere == 0);
    }
  }
  for (const auto& [name, key] : keys) {
    CAPTURE(name);
    const Places places = find_both_ways(key);
    CHECK(places.protected_pages == 0);
    CHECK(places.elsewhere == 0);
  }
  ::unlink(path.c_str());
  ::rmdir(folder);
}
