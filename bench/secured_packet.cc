// Secured packets per second, against what OpenSSL alone takes for the same cipher and MAC.
//
// Each packet has keys of its own, as on a server with many chips. The peer is OpenSSL's EVP as one
// uses it well: algorithms fetched once, one context, the key new for each packet, parameters
// passed once; it ciphers and authenticates as many octets as we do, and has no format. Both run in
// this process in turn, and CPU time counts. The ratio is ours to OpenSSL's, of the median of the
// rounds (each round's own ratio); goal: at least 0.6.
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "formats/secured_packet/command_packet.h"

namespace simurgh {
void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}
}  // namespace simurgh

using namespace simurgh;
using namespace simurgh::secured_packet;

namespace {

constexpr size_t rounds = 21;
constexpr size_t packets_per_round = 20'000;
constexpr size_t key_sets = 4096;
constexpr size_t data_octets = 98;  // which makes 112 ciphered octets with the 8 of the MAC
constexpr size_t packet_octets = command_packet_octets(data_octets);
constexpr size_t ciphered_octets = 112;
constexpr size_t authenticated_octets = packet_octets - 8;
static_assert(packet_octets == 10 + ciphered_octets);

using Packet = ByteArray<packet_octets>;
struct KeySet {
  ByteArray<16> ciphering;
  ByteArray<16> integrity;
};

std::vector<KeySet> make_key_sets() {
  std::vector<KeySet> sets(key_sets);
  uint32_t state = 1;
  for (KeySet& set : sets) {
    for (auto* key : {&set.ciphering, &set.integrity}) {
      for (uint8_t& octet : *key) {
        state = state * 1664525 + 1013904223;
        octet = static_cast<uint8_t>(state >> 24);
      }
    }
  }
  return sets;
}

double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

template <typename Function>
double cost(Function function) {
  const double begin = cpu_seconds();
  for (size_t i = 0; i < packets_per_round; ++i) function(i);
  return (cpu_seconds() - begin) / static_cast<double>(packets_per_round);
}

class OpenSsl {
 public:
  OpenSsl() {
    EVP_MAC* const cmac = EVP_MAC_fetch(nullptr, "CMAC", nullptr);
    EVP_CIPHER* const cbc = EVP_CIPHER_fetch(nullptr, "AES-128-CBC", nullptr);
    mac_ = EVP_MAC_CTX_new(cmac);
    cipher_[0] = EVP_CIPHER_CTX_new();
    cipher_[1] = EVP_CIPHER_CTX_new();
    char name[] = "AES-128-CBC";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0),
        OSSL_PARAM_construct_end()};
    SIMURGH_CHECK(EVP_MAC_CTX_set_params(mac_, parameters) == 1);
    for (const int encrypt : {0, 1}) {
      EVP_CIPHER_CTX* const context = cipher_[static_cast<size_t>(encrypt)];
      SIMURGH_CHECK(EVP_CipherInit_ex2(context, cbc, nullptr, nullptr, encrypt, nullptr) == 1);
      SIMURGH_CHECK(EVP_CIPHER_CTX_set_padding(context, 0) == 1);
    }
    EVP_MAC_free(cmac);
    EVP_CIPHER_free(cbc);
  }
  ~OpenSsl() {
    EVP_MAC_CTX_free(mac_);
    for (EVP_CIPHER_CTX* const context : cipher_) EVP_CIPHER_CTX_free(context);
  }
  OpenSsl(const OpenSsl&) = delete;
  OpenSsl& operator=(const OpenSsl&) = delete;

  uint8_t mac(const KeySet& keys, const Packet& packet) {
    ByteArray<16> tag;
    size_t size = 0;
    SIMURGH_CHECK(EVP_MAC_init(mac_, keys.integrity.data(), 16, nullptr) == 1 &&
                  EVP_MAC_update(mac_, packet.data(), authenticated_octets) == 1 &&
                  EVP_MAC_final(mac_, tag.data(), &size, tag.size()) == 1);
    return tag[0];
  }

  void cipher(int encrypt, const KeySet& keys, Packet& packet) {
    static constexpr ByteArray<16> iv{};
    EVP_CIPHER_CTX* const context = cipher_[static_cast<size_t>(encrypt)];
    uint8_t* const octets = packet.data() + packet_octets - ciphered_octets;
    int size = 0;
    SIMURGH_CHECK(EVP_CipherInit_ex2(context, nullptr, keys.ciphering.data(), iv.data(), encrypt,
                                     nullptr) == 1 &&
                  EVP_CipherUpdate(context, octets, &size, octets, ciphered_octets) == 1 &&
                  size == ciphered_octets);
  }

 private:
  EVP_MAC_CTX* mac_;
  EVP_CIPHER_CTX* cipher_[2];
};

struct Costs {
  std::vector<double> ours;
  std::vector<double> openssl;

  static double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + long(values.size() / 2), values.end());
    return values[values.size() / 2];
  }
  double ratio() const {
    std::vector<double> ratios;
    for (size_t i = 0; i < ours.size(); ++i) ratios.push_back(openssl[i] / ours[i]);
    return median(ratios);
  }
};

class Bench {
 public:
  void run() {
    for (size_t round = 0; round < rounds; ++round) {
      write_.openssl.push_back(cost([&](size_t i) {
        const KeySet& keys = keys_[i % key_sets];
        packet_[30] = openssl_.mac(keys, packet_);
        openssl_.cipher(1, keys, packet_);
      }));
      write_.ours.push_back(cost([&](size_t i) { write(i); }));
      // What is to be read was written before, outside the measured time.
      prepare();
      read_.openssl.push_back(cost([&](size_t i) {
        const KeySet& keys = keys_[i % key_sets];
        packet_ = written_[i];
        openssl_.cipher(0, keys, packet_);
        packet_[30] = openssl_.mac(keys, packet_);
      }));
      read_.ours.push_back(cost([&](size_t i) { read(i); }));
    }
  }

  void print() const {
    std::printf(
        "{\"ratio\":%.3f,\"write_ratio\":%.3f,\"read_ratio\":%.3f,\"write_ns\":%.0f,"
        "\"openssl_write_ns\":%.0f,\"read_ns\":%.0f,\"openssl_read_ns\":%.0f,"
        "\"packets_per_cpu_second\":%.0f,\"ciphered_octets\":%zu,\"rounds\":%zu}\n",
        std::min(write_.ratio(), read_.ratio()), write_.ratio(), read_.ratio(),
        1e9 * Costs::median(write_.ours), 1e9 * Costs::median(write_.openssl),
        1e9 * Costs::median(read_.ours), 1e9 * Costs::median(read_.openssl),
        1 / Costs::median(write_.ours), ciphered_octets, rounds);
  }

 private:
  static Keys views(const KeySet& set) { return {set.ciphering, set.integrity}; }

  CommandFields fields() {
    CommandFields fields;
    fields.kic = KeyReference::aes(1);
    fields.kid = KeyReference::aes(1);
    fields.tar = {0xb0, 0x00, 0x10};
    fields.counter = ++counter_;
    return fields;
  }

  void write(size_t i) {
    SIMURGH_CHECK(write_command(fields(), views(keys_[i % key_sets]), data_, packet_).has_value());
  }

  void prepare() {
    for (size_t i = 0; i < packets_per_round; ++i) {
      write(i);
      written_[i] = packet_;
    }
  }

  void read(size_t i) {
    packet_ = written_[i];
    const auto header = parse_command_header(packet_);
    SIMURGH_CHECK(header.has_value());
    const auto command = verify_and_decrypt(*header, views(keys_[i % key_sets]), {});
    SIMURGH_CHECK(command.has_value() && command->secured_data.size() == data_octets);
  }

  std::vector<KeySet> keys_ = make_key_sets();
  ByteArray<data_octets> data_{};
  Packet packet_{};
  std::vector<Packet> written_ = std::vector<Packet>(packets_per_round);
  uint64_t counter_ = 0;
  OpenSsl openssl_;
  Costs write_;
  Costs read_;
};

}  // namespace

int main() {
  Bench bench;
  bench.run();
  bench.print();
}
