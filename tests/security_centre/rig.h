// A security centre over stores in memory, and one chip that talks to it in secured packets: what
// the centre's tests need of a world, in the hands of the test. Nothing is lost unless it says so.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <memory>

#include "conversations/personalisation/chip_half.h"
#include "crypto/memory_key_store.h"
#include "formats/sms/reassembly.h"
#include "hlr/hlr.h"
#include "memory_store/memory_journal.h"
#include "memory_store/memory_storage.h"
#include "security_centre/security_centre.h"

namespace simurgh::security_centre::rig {

class TestRandom final : public Random {
 public:
  explicit TestRandom(uint64_t seed) : state_(seed) {}
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) {
      state_ = state_ * 6364136223846793005 + 1442695040888963407;
      octet = static_cast<uint8_t>(state_ >> 56);
    }
  }

 private:
  uint64_t state_;
};

class RamChip final : public personalisation::ChipStore {
 public:
  Result<void> load(personalisation::ChipRecord& out) override {
    return out = record, Result<void>();
  }
  Result<void> save(const personalisation::ChipRecord& in) override {
    return record = in, Result<void>();
  }
  personalisation::ChipRecord record;
};

class Rig : private Bearer {
 public:
  explicit Rig(const Settings& settings = {});

  // --- the server
  // The end of a batch: journal, database, mark.
  void commit();
  // As simurghd starts over what the stores hold; the plan that it made.
  hlr::RecoveryPlan start();
  // The same after somebody changed the configuration.
  hlr::RecoveryPlan start_with(const Settings& settings);
  using Snapshot = std::shared_ptr<const memory_store::MemoryStorage::Snapshot>;
  Snapshot snapshot() { return storage.snapshot(); }
  // An operator puts the copy back and starts the server.
  hlr::RecoveryPlan restore(const Snapshot& copy);

  void sell(uint32_t life, const char* msisdn);
  // The chip registers; both talk until there is nothing more to say, or until the chip has stored
  // an epoch and its PREPARED, or the centre's COMMIT, is lost.
  enum class Until : uint8_t { quiet, prepared_lost, commit_lost };
  void log_on();
  void talk(Until until = Until::quiet);

  // --- the dealer
  personalisation::Message challenge() { return *half().reset_challenge(); }
  Result<personalisation::Message> authorise(ByteView challenge);
  Result<personalisation::Message> give(ByteView reset);  // the receipt
  Result<void> confirm(ByteView receipt);
  void reset_chip();  // all three, which must work

  // --- what is where
  fleet::Chip fleet_chip() { return *fleet().chip(iccid()); }
  std::optional<ChipKeys> row() { return *storage.security_centre().load(iccid()); }
  std::optional<hlr::Subscriber> subscriber() { return *storage.hlr().load(imsi()); }
  Iccid iccid_of(size_t position) { return run_.iccid_at(position); }  // of ten; the chip's is 0
  bool served();  // the AuC gives vectors, under a key that the chip accepts
  bool audited(std::string_view actor, std::string_view action);

  const Iccid& iccid() const { return chip.record.chip.iccid; }
  const Imsi& imsi() const { return chip.record.chip.imsi; }
  SecurityCentre& centre() { return process_->centre; }
  audit::Log& audit() { return process_->audit; }
  fleet::Fleet& fleet() { return process_->fleet; }
  fleet::Elements& elements() { return process_->elements; }
  hlr::Hlr& hlr() { return process_->hlr; }
  personalisation::ChipHalf& half() { return *half_; }

  Instant now{1'700'000'000'000};
  TestRandom random{11};
  crypto::MemoryKeyStore keys{7};
  memory_store::MemoryStorage storage;
  memory_store::MemoryJournal journal;
  RamChip chip;
  std::deque<std::vector<uint8_t>> to_chip;  // user data of short messages

 private:
  void make_chip();
  void send_short_message(const Msisdn&, ByteView user_data) override {
    to_chip.emplace_back(user_data.begin(), user_data.end());
  }
  std::optional<personalisation::Message> open_at_chip(ByteView user_data);
  void send_up(ByteView message);

  Settings settings_;
  fleet::Run run_;
  struct Process {
    explicit Process(Rig& rig);
    audit::Log audit;
    fleet::Fleet fleet;
    hlr::Hlr hlr;
    fleet::Elements elements;
    SecurityCentre centre;
  };
  std::unique_ptr<Process> process_;
  std::unique_ptr<personalisation::ChipHalf> half_;
  sms::Reassembler<16, 5, 670> parts_{hours(1)};
  uint64_t chip_counter_ = 0;
  Msisdn msisdn_;
};

}  // namespace simurgh::security_centre::rig
