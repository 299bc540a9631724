// Chips made per second, against the key derivations alone.
//
// Ours is what `simurgh factory make` does for each chip: a blank chip in memory, PRE-PERSONALISE
// and GET CHIP DATA through its own APDUs, its sealed memory into a pack file on disk, the
// synchronisation of each chunk and the labels. The yardstick is what the chip must compute for
// its keys in any case: chip key from K1, and the secret of epoch 0. Both run on one thread in this
// process in turn, and CPU time counts; the ratio is ours to the yardstick's, of the median round.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "apps/simurgh/production.h"
#include "conversations/personalisation/key_schedule.h"
#include "crypto/memory_key_store.h"
#include "io/process/process.h"

using namespace simurgh;

namespace {

constexpr size_t rounds = 7;
constexpr uint64_t chips_per_round = 4000;
constexpr uint64_t derivations_per_round = 40'000;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double wall_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

template <typename Value>
Value must(Result<Value> result, const char* what) {
  if (!result.has_value()) {
    std::fprintf(stderr, "bench_factory: %s: %s\n", what, name_of(result.error().code));
    std::exit(1);
  }
  if constexpr (!std::is_void_v<Value>) return std::move(*result);
}

factory::AllocationNote make_note(crypto::KeyStore& keys, const Key256& transport_private) {
  factory::AllocationNote note;
  note.id = 1;
  note.manufacturer = "bench";
  note.run = {must(fleet::body_of(*Iccid::parse("8949170000000000004")), "ICCID"),
              fleet::number_of(*Imsi::parse("262170000000000")), chips_per_round};
  note.ver = {1, 2, 3, 4, 5, 6, 7, 8};
  note.profile.name = "standard";
  note.profile.suites = personalisation::SuiteSet{personalisation::Suite::x25519}.bits();
  note.centre_number = *Msisdn::parse("4917000000");
  note.server_keys.ed25519.assign(
      must(keys.public_key(crypto::SignatureScheme::ed25519), "public key"));
  ByteArray<32> seed{};
  std::memcpy(seed.data(), transport_private.view().data(), seed.size());
  ByteArray<32> share{};
  must(crypto::x25519_public(seed, share), "transport key");
  note.k1_sealed =
      must(factory::seal_k1(must(keys.k1_of_version(note.ver), "K1"), share,
                            {.manufacturer = note.manufacturer, .allocation = 1, .ver = note.ver},
                            transport_private),
           "sealing");
  return note;
}

struct Round {
  double chips_per_cpu_second;
  double chips_per_second;
  double derivations_per_cpu_second;
  double ratio() const { return chips_per_cpu_second / derivations_per_cpu_second; }
};

void make_chips(const factory::Batch& batch, const std::string& path, Random& random,
                Round& round) {
  std::string problem;
  auto pack = nv_file::Pack::create(path, {.slots = chips_per_round}, random,
                                    nv_file::Durability::on_sync, problem);
  if (!pack.has_value()) {
    std::fprintf(stderr, "bench_factory: %s\n", problem.c_str());
    std::exit(1);
  }
  cli::ProductionLine line(batch, **pack, random, 1);
  cli::Progress progress("chips", chips_per_round, 0, false);
  const std::atomic<bool> stop = false;
  const double cpu = cpu_seconds();
  const double wall = wall_seconds();
  const auto ran = line.run(progress, stop);
  round.chips_per_cpu_second = static_cast<double>(chips_per_round) / (cpu_seconds() - cpu);
  round.chips_per_second = static_cast<double>(chips_per_round) / (wall_seconds() - wall);
  ::unlink(path.c_str());
  if (!ran.has_value() || line.made() != chips_per_round) {
    std::fprintf(stderr, "bench_factory: the chips were not made\n");
    std::exit(1);
  }
}

void derive_keys(const Key256& k1, const factory::AllocationNote& note, Round& round) {
  personalisation::ChipIdentity chip;
  chip.ver = note.ver;
  uint8_t used = 0;
  const double cpu = cpu_seconds();
  for (uint64_t i = 0; i < derivations_per_round; ++i) {
    chip.iccid = note.run.iccid_at(i % chips_per_round);
    chip.imsi = note.run.imsi_at(i % chips_per_round);
    const auto epoch = personalisation::initial_epoch(personalisation::chip_key(k1, chip), 0);
    used = static_cast<uint8_t>(used ^ epoch.secret.view()[0]);
  }
  round.derivations_per_cpu_second =
      static_cast<double>(derivations_per_round) / (cpu_seconds() - cpu);
  if (used == 1 && std::getenv("SIMURGH_NEVER") != nullptr) std::puts("");  // keeps the loop
}

}  // namespace

int main() {
  process::OsRandom random;
  crypto::MemoryKeyStore keys(1);
  Key256 transport_private;
  random.fill(transport_private.fill(32));
  const factory::AllocationNote note = make_note(keys, transport_private);
  const auto batch = must(factory::Batch::of(note, transport_private), "batch");
  const Key256 k1 = must(keys.k1_of_version(note.ver), "K1");
  const std::string path = "bench_factory." + std::to_string(::getpid()) + ".pack";

  std::vector<Round> results(rounds);
  for (Round& round : results) {
    make_chips(batch, path, random, round);
    derive_keys(k1, note, round);
  }
  std::ranges::sort(results, {}, &Round::ratio);
  const Round& median = results[rounds / 2];
  std::printf(
      "{\"bench\":\"factory\",\"chips_per_cpu_second\":%.0f,\"chips_per_second\":%.0f,"
      "\"derivations_per_cpu_second\":%.0f,\"ratio\":%.4f,\"threads\":1,\"rounds\":%zu}\n",
      median.chips_per_cpu_second, median.chips_per_second, median.derivations_per_cpu_second,
      median.ratio(), rounds);
  return 0;
}
