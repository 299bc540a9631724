// A world of one centre and one chip for the tests of both halves: stores that can lose power, a
// centre's database with transactions, and the caller's rules of centre_half.h done right.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "conversations/personalisation/centre_half.h"
#include "conversations/personalisation/chip_half.h"
#include "hex.h"
#include "naive_variants.h"

namespace simurgh::personalisation::rig {

using Bytes = std::vector<uint8_t>;

// splitmix64: the same seed, the same world.
class TestRandom : public Random {
 public:
  explicit TestRandom(uint64_t seed) : state_(seed) {}
  void fill(MutableByteView out) override;
  uint64_t next();
  uint64_t below(uint64_t bound) { return next() % bound; }
  bool chance(unsigned percent) { return below(100) < percent; }
  bool recording = false;
  std::vector<Bytes> record;  // what fill() gave, while recording

 private:
  uint64_t state_;
};

// K1 from a master key, and the centre's signature keys. `other` makes another centre's keys.
class TestKeys : public crypto::KeyStore {
 public:
  explicit TestKeys(uint8_t other = 0) : other_(other) {}
  Result<ByteView> seal(ByteView, ByteView, MutableByteView) override {
    return ErrorCode::unsupported;
  }
  Result<ByteView> open(ByteView, ByteView, MutableByteView) override {
    return ErrorCode::unsupported;
  }
  Result<Key256> k1_of_version(ByteView ver) override;
  Result<ByteString<256>> sign(crypto::SignatureScheme scheme, ByteView message) override;
  Result<ByteString<256>> public_key(crypto::SignatureScheme scheme) override;
  int signatures = 0;

 private:
  uint8_t other_;
};

// Keeps the record as bytes, so that the record's format is in every test. A planned cut takes the
// power before or after a save takes effect; then nothing works until power_on().
class TestChipStore : public ChipStore {
 public:
  Result<void> load(ChipRecord& record) override;
  Result<void> save(const ChipRecord& record) override;
  void power_on() { powered_ = true; }
  bool powered() const { return powered_; }
  // The `save_number`-th save from now (0 is the next one) loses the power.
  void plan_cut(int save_number, bool after) {
    cut_in_ = save_number;
    cut_after_ = after;
  }
  void put(const ChipRecord& record);
  ChipRecord record() const;
  const Bytes& bytes() const { return bytes_; }
  int saves = 0;

 private:
  Bytes bytes_;
  bool powered_ = true;
  int cut_in_ = -1;
  bool cut_after_ = false;
};

struct Setting {
  uint64_t seed = 1;
  SuiteSet chip_suites{Suite::x25519};
  SuiteSet centre_suites{Suite::x25519, Suite::p256, Suite::ffdhe2048};
  CodeKind code = CodeKind::none;
  bool server_made = false;
  bool choose_pin = false;
  ChipMistake chip_mistake = ChipMistake::none;
  ActivationCode code_given{};  // in the place of a random one of the kind `code`
};

ChipIdentity test_identity();
OrderId test_order();

// A chip as it leaves the factory, in state factory: K1 in it.
ChipRecord factory_record(TestKeys& keys, SuiteSet suites);

class Chip {
 public:
  Chip(ChipStore& store, uint64_t seed) : store_(store), random_(seed) { power_cycle(); }
  void power_cycle() { half_ = std::make_unique<ChipHalf>(store_, random_); }
  ChipHalf& half() { return *half_; }
  TestRandom& random() { return random_; }
  // As a terminal and its customer do: types `code` when asked; asked again after a refusal, gives
  // `second_code` (if there is one). Events are kept.
  std::vector<Bytes> deliver(ByteView message);
  ActivationCode code;
  ActivationCode second_code;
  std::vector<ChipEvent> events;
  std::vector<Error> errors;

 private:
  std::vector<Bytes> take(const Result<ChipStep>& step);
  ChipStore& store_;
  TestRandom random_;
  std::unique_ptr<ChipHalf> half_;
};

// What the centre's database holds about the chip.
struct Database {
  uint32_t life = 0;
  Epoch active;
  Epoch previous;  // while the commit is unconfirmed
  uint32_t epoch_max = 0;
  LastAttempt last_attempt;
  SuiteSet chip_suites;
  bool wanted = false;  // a negotiation is to be had
  bool commit_unconfirmed = false;
  int tries = 0;
  bool frozen = false;
};

enum class Crash : uint8_t { none, before_commit, after_commit, after_send };

// The caller of CentreHalf, in one event one transaction. A crash loses the session.
class Centre : private CodeTries {
 public:
  Centre(TestKeys& keys, const Setting& setting, const ActivationCode& code);
  // Wants a (new) key for the chip; tick() begins.
  void want(bool first);
  // A message from the chip.
  std::vector<Bytes> deliver(ByteView message);
  // Time goes by: begins, repeats, or gives the negotiation up and begins anew.
  std::vector<Bytes> tick();
  // The next event crashes like this.
  void plan_crash(Crash crash) { crash_ = crash; }
  void lose_session() { session_ = CentreSession(); }

  Database db;
  Evidence evidence = Evidence::none;
  int tries_max = 1000;
  int repeats_max = 4;
  std::vector<ResyncDecision> decisions;
  // NAIVE_AUC: switches when it has computed the key.
  bool naive_switch_at_m2 = false;
  CentreSession& session() { return session_; }
  CentreHalf& half() { return half_; }
  TestRandom& random() { return random_; }
  CentreOrder order(uint32_t epoch) const;
  bool idle() const { return !db.wanted && !db.commit_unconfirmed; }

 private:
  Result<void> count_try(const OrderId& order, const Iccid& iccid) override;
  std::vector<Bytes> on_message(ByteView message);
  std::vector<Bytes> begin();
  std::vector<Bytes> on_step(const CentreStep& step);
  void switch_to(const Epoch& next);
  template <typename Event>
  std::vector<Bytes> transaction(Event event);

  TestKeys& keys_;
  Setting setting_;
  ActivationCode code_;
  TestRandom random_;
  CentreHalf half_;
  CentreSession session_;
  int repeats_ = 0;
  Crash crash_ = Crash::none;
};

// Chip and centre, sold and not personalised.
struct World {
  explicit World(const Setting& setting = {});
  TestKeys keys;
  ActivationCode code;
  TestChipStore store;
  NaiveChipStore chip_view;  // the store as the chip sees it: honest unless a mistake is planted
  Chip chip;
  Centre centre;

  // Over a perfect link, until nobody has anything to say (at most `rounds` rounds).
  void run(int rounds = 20);
  // I1: what the AuC would use, the chip accepts; the chip holds at most two.
  bool safe() const;
  // At rest: one epoch, equal on both sides, and everything that derives from it.
  bool agreed() const;
};

bool same(const Epoch& a, const Epoch& b);

// An error, and this one. (`.error()` of a result that has a value would be anything.)
template <typename T>
bool failed_with(const Result<T>& result, ErrorCode code) {
  return !result.has_value() && result.error().code == code;
}

}  // namespace simurgh::personalisation::rig
