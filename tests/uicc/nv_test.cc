#include "uicc/nv.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

#include "hex.h"
#include "test_random.h"
#include "uicc/fault_nv.h"

using namespace simurgh;
using namespace simurgh::uicc;
using test::Bytes;

namespace {

constexpr ByteArray<16> seal_key = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
using Records = std::map<NvKey, Bytes>;

Records records_of(const NvStore& store, const Records& asked) {
  Records out;
  for (const auto& [key, unused] : asked) {
    Bytes buffer(NvStore::record_octets_max);
    const auto value = store.read(key, buffer);
    if (value.has_value()) out[key] = Bytes(value->begin(), value->end());
  }
  return out;
}

// One transaction: nullopt-like empty with erased=true removes.
struct Change {
  NvKey key;
  Bytes value;
  bool erased = false;
};
using Changes = std::vector<Change>;

void apply(Records& records, const Changes& changes) {
  for (const Change& change : changes) {
    if (change.erased) {
      records.erase(change.key);
    } else {
      records[change.key] = change.value;
    }
  }
}

Result<void> commit(NvStore& store, const Changes& changes) {
  NvTransaction transaction;
  for (const Change& change : changes) {
    if (change.erased) {
      transaction.erase(change.key);
    } else {
      transaction.put(change.key, change.value);
    }
  }
  return store.commit(transaction);
}

Bytes image_of(const Nv& nv) {
  Bytes image(nv.size());
  REQUIRE(nv.read(0, image).has_value());
  return image;
}

bool holds(ByteView image, ByteView window) {
  return std::search(image.begin(), image.end(), window.begin(), window.end()) != image.end();
}

Bytes filled(size_t size, uint8_t seed) {
  Bytes out(size);
  test::SeededRandom random(seed);
  random.fill(out);
  return out;
}

// PIN counters, an SQN, a secret that is replaced twice, files: what a chip's life does to it.
std::vector<Changes> life() {
  constexpr NvKey secret = nv_key_secret_bit | 1;
  std::vector<Changes> out;
  out.push_back({{secret, filled(48, 201)}, {2, {3}}, {3, Bytes(6)}});
  for (uint8_t i = 0; i < 6; ++i) {
    out.push_back({{2, {static_cast<uint8_t>(3 - i % 3)}}});
    out.push_back({{3, filled(6, i)}});
  }
  out.push_back({{secret, filled(48, 202)}, {2, {3}}});
  out.push_back({{0x4001, filled(300, 3)}});
  out.push_back({{0x4001, filled(400, 4)}, {0x4002, filled(100, 5)}});
  out.push_back({{0x4002, {}, true}});
  for (uint8_t i = 0; i < 4; ++i) out.push_back({{0x4001, filled(380, i)}});  // fills the log
  out.push_back({{secret, {}, true}});
  return out;
}

Records every_key() {
  Records keys;
  for (const Changes& changes : life()) {
    for (const Change& change : changes) keys[change.key] = {};
  }
  return keys;
}

}  // namespace

TEST_CASE("an NV store keeps records over mounts, and only what was committed") {
  MemoryNv nv;
  NvStore store(nv, seal_key);
  CHECK(store.mount().error().code == ErrorCode::not_found);
  REQUIRE(store.format().has_value());
  Records expected;
  for (const Changes& changes : life()) {
    REQUIRE(commit(store, changes).has_value());
    apply(expected, changes);
    CHECK(records_of(store, every_key()) == expected);
    NvStore again(nv, seal_key);
    REQUIRE(again.mount().has_value());
    CHECK(records_of(again, every_key()) == expected);
  }
}

TEST_CASE("an NV store survives thousands of transactions with its live records bounded") {
  MemoryNv nv(4096, 4);
  NvStore store(nv, seal_key);
  REQUIRE(store.format().has_value());
  test::SeededRandom random(7);
  Records expected;
  for (int i = 0; i < 5000; ++i) {
    const auto key = static_cast<NvKey>(random.below(12));
    const Changes changes = {
        {key, filled(random.below(60), static_cast<uint8_t>(i)), random.below(8) == 0}};
    REQUIRE(commit(store, changes).has_value());
    apply(expected, changes);
    if (i % 100 == 0) REQUIRE(store.mount().has_value());
    REQUIRE(records_of(store, expected) == expected);
  }
}

TEST_CASE("a full NV store refuses with no_space and changes nothing") {
  MemoryNv nv(4096, 4);
  NvStore store(nv, seal_key);
  REQUIRE(store.format().has_value());
  Records expected;
  NvKey key = 0;
  for (;; ++key) {
    const Changes changes = {{key, filled(100, static_cast<uint8_t>(key))}};
    const auto done = commit(store, changes);
    if (!done.has_value()) {
      CHECK(done.error().code == ErrorCode::no_space);
      break;
    }
    apply(expected, changes);
  }
  CHECK(expected.size() == 16);
  CHECK(records_of(store, expected) == expected);
  CHECK(commit(store, {{0, {9}}}).has_value());
}

TEST_CASE("a small change writes little, and wear is spread over the bank") {
  MemoryNv memory;
  test::SeededRandom random(1);
  FaultNv nv(memory, random);
  NvStore store(nv, seal_key);
  REQUIRE(store.format().has_value());
  REQUIRE(commit(store, {{0x4001, filled(1000, 1)}}).has_value());
  const uint64_t before = nv.granules_written();
  REQUIRE(commit(store, {{2, {3}}}).has_value());
  CHECK((nv.granules_written() - before) * nv.granule() <= 24);

  // 2000 counter changes of 20 octets over two banks of 8 KiB, each zeroed once in between:
  // no granule was written more than 8 times.
  class CountingNv : public MemoryNv {
   public:
    Result<void> write(size_t offset, ByteView bytes) override {
      for (size_t i = 0; i < bytes.size(); ++i) most = std::max(most, ++counts[offset + i]);
      return MemoryNv::write(offset, bytes);
    }
    std::map<size_t, int> counts;
    int most = 0;
  };
  CountingNv counting;
  NvStore rotated(counting, seal_key);
  REQUIRE(rotated.format().has_value());
  for (int i = 0; i < 2000; ++i) REQUIRE(commit(rotated, {{2, {3}}}).has_value());
  CHECK(counting.most <= 8);
}

TEST_CASE("D10, T-WIPE: a replaced secret is nowhere in the image") {
  MemoryNv nv;
  NvStore store(nv, seal_key);
  REQUIRE(store.format().has_value());
  constexpr NvKey secret = nv_key_secret_bit | 1;
  const Bytes old_secret = filled(32, 1);
  const Bytes new_secret = filled(32, 2);
  REQUIRE(commit(store, {{secret, old_secret}}).has_value());
  CHECK(holds(image_of(nv), old_secret));
  REQUIRE(commit(store, {{secret, new_secret}}).has_value());
  for (size_t i = 0; i + 8 <= old_secret.size(); ++i) {
    CHECK(!holds(image_of(nv), ByteView(old_secret).subspan(i, 8)));
  }
  CHECK(holds(image_of(nv), new_secret));
}

namespace {

struct CutRun {
  const Records& before;
  const Records& after;
  const std::vector<Bytes>& gone_secrets;  // those that `after` no longer has
};

// Mounts a cut image and checks that it is the old or the new state; the Nv is recovered then.
bool recovered_whole(Nv& nv, const CutRun& run) {
  NvStore store(nv, seal_key);
  if (!store.mount().has_value()) return false;
  const Records found = records_of(store, every_key());
  if (found != run.before && found != run.after) return false;
  if (found == run.after) {
    const Bytes image = image_of(nv);
    for (const Bytes& secret : run.gone_secrets) {
      if (holds(image, ByteView(secret).first(8))) return false;
    }
  }
  // And it works on: the next transaction holds.
  if (!commit(store, {{2, {1}}}).has_value()) return false;
  return records_of(store, {{2, {}}}).at(2) == Bytes{1};
}

// Cuts a second time at every granule of the recovery, then recovers undisturbed.
uint64_t cut_again(const MemoryNv& cut_image, const CutRun& run, uint64_t& lost) {
  uint64_t cuts = 0;
  for (const Cut how : every_cut) {
    for (uint64_t n = 0;; ++n) {
      MemoryNv memory = cut_image;
      test::SeededRandom random(n);
      FaultNv nv(memory, random);
      nv.cut_at(n, how);
      NvStore store(nv, seal_key);
      const auto mounted = store.mount();
      if (mounted.has_value() && nv.powered()) break;  // recovery needs no more granules
      ++cuts;
      if (!recovered_whole(memory, run)) ++lost;
    }
  }
  return cuts;
}

void cut_everywhere(size_t granule, size_t size, bool twice) {
  MemoryNv start(size, granule);
  REQUIRE(NvStore(start, seal_key).format().has_value());
  Records before;
  std::vector<Bytes> gone_secrets;
  uint64_t cuts = 0;
  uint64_t second_cuts = 0;
  uint64_t lost = 0;
  for (const Changes& changes : life()) {
    Records after = before;
    apply(after, changes);
    for (const Change& change : changes) {
      const auto old_secret = before.find(change.key);
      if ((change.key & nv_key_secret_bit) != 0 && old_secret != before.end()) {
        gone_secrets.push_back(old_secret->second);
      }
    }
    const CutRun run{before, after, gone_secrets};
    for (const Cut how : every_cut) {
      for (uint64_t n = 0;; ++n) {
        MemoryNv memory = start;
        test::SeededRandom random(n);
        FaultNv nv(memory, random);
        NvStore store(nv, seal_key);
        REQUIRE(store.mount().has_value());
        nv.cut_at(n, how);
        const auto done = commit(store, changes);
        if (done.has_value()) break;
        ++cuts;
        if (twice) second_cuts += cut_again(memory, run, lost);
        if (!recovered_whole(memory, run)) ++lost;
      }
    }
    NvStore store(start, seal_key);
    REQUIRE(store.mount().has_value());
    REQUIRE(commit(store, changes).has_value());
    before = after;
  }
  MESSAGE("granule ", granule, ": ", cuts, " cuts, ", second_cuts, " second cuts, lost ", lost);
  CHECK(lost == 0);
  CHECK(cuts > 500);
}

}  // namespace

TEST_CASE(
    "I9, T-TORN: a cut at every granule of every transaction leaves the old or the new state") {
  cut_everywhere(1, 8192, false);
  cut_everywhere(4, 8192, false);
  cut_everywhere(64, 16384, false);
}

TEST_CASE("I9, T-TORN: and so does a second cut at every granule of the recovery") {
  cut_everywhere(16, 4096, true);
}

TEST_CASE("a damaged frame in the middle of the log is noticed, not taken for an older state") {
  MemoryNv nv;
  NvStore store(nv, seal_key);
  REQUIRE(store.format().has_value());
  REQUIRE(commit(store, {{2, {3}}}).has_value());
  REQUIRE(commit(store, {{2, {2}}}).has_value());
  REQUIRE(commit(store, {{2, {1}}}).has_value());
  // Header of 20 octets, frames of 20 octets after it.
  MemoryNv middle = nv;
  ByteArray<1> octet;
  REQUIRE(middle.read(20 + 20 + 10, octet).has_value());
  octet[0] ^= 1;
  REQUIRE(middle.write(20 + 20 + 10, octet).has_value());
  CHECK(NvStore(middle, seal_key).mount().error().code == ErrorCode::storage);
}

TEST_CASE("an image that was changed in any octet is refused or still whole, never a crash") {
  MemoryNv nv(4096, 4);
  NvStore store(nv, seal_key);
  REQUIRE(store.format().has_value());
  REQUIRE(commit(store, {{nv_key_secret_bit | 1, filled(48, 1)}, {2, {3}}}).has_value());
  REQUIRE(commit(store, {{nv_key_secret_bit | 1, filled(48, 2)}, {2, {2}}}).has_value());
  REQUIRE(commit(store, {{2, {1}}}).has_value());
  const Records whole = records_of(store, every_key());
  Records previous = whole;
  previous[2] = {2};
  for (size_t i = 0; i < nv.size(); ++i) {
    MemoryNv changed = nv;
    ByteArray<1> octet;
    REQUIRE(changed.read(i, octet).has_value());
    octet[0] ^= 0x41;
    REQUIRE(changed.write(i, octet).has_value());
    NvStore damaged(changed, seal_key);
    if (!damaged.mount().has_value()) continue;
    const Records found = records_of(damaged, every_key());
    // Damage to the last frame cannot be told from a cut inside it.
    CHECK((found == whole || found == previous));
  }
}
