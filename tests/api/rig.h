// The REST interface over stores in memory, a centre that only keeps the fleet's books, and one
// token of each role.
#pragma once

#include <map>

#include "api/api.h"
#include "crypto/memory_key_store.h"
#include "memory_store/memory_storage.h"

namespace simurgh::api::test {

constexpr Instant start{1'700'000'000'000};

// Not random at all: different at each call, the same in each run.
class CountingRandom final : public Random {
 public:
  void fill(MutableByteView out) override;

 private:
  uint64_t calls_ = 0;
};

// Sells, re-keys and resets in the fleet's books, without any conversation. Keeps what it was told,
// so that tests see what arrived.
class FakeCentre final : public Centre {
 public:
  explicit FakeCentre(fleet::Fleet& fleet) : fleet_(fleet) {}

  Result<security_centre::SignedUp> sign_up(const security_centre::SignUp& order,
                                            std::string_view actor, Instant now) override;
  Result<void> rekey(const Iccid& iccid, std::string_view actor, Instant now) override;
  Result<personalisation::Message> authorise_reset(const Iccid& iccid, ByteView challenge,
                                                   std::string_view actor, Instant now) override;
  Result<void> confirm_reset(const Iccid& iccid, ByteView receipt, std::string_view actor,
                             Instant now) override;
  Result<void> renew_code(std::string_view order, const personalisation::ActivationCode& code,
                          std::string_view actor, Instant now) override;
  Result<std::optional<security_centre::ChipKeys>> keys_of(const Iccid& iccid) override;
  Result<void> each_open(FunctionRef<void(const security_centre::ChipKeys&)> visit) override;

  std::vector<security_centre::SignUp> signed_up;
  std::vector<personalisation::ActivationCode> renewed;
  std::vector<security_centre::ChipKeys> open;
  // What sign_up answers after it has changed the fleet.
  std::optional<ErrorCode> fails_late;

 private:
  fleet::Fleet& fleet_;
  uint64_t orders_ = 0;
};

class FakeSurroundings final : public Surroundings {
 public:
  json::Value status() override { return json::Value::object({{"version", "test"}}); }
  bool ready(std::string& why_not) override;
  std::string metrics() override { return "simurgh_up 1\n"; }
  bool is_ready = true;
};

class StorageStep final : public Step {
 public:
  explicit StorageStep(storage::Storage& storage) : storage_(storage) {}
  Result<void> begin() override { return storage_.begin_step(); }
  Result<void> keep() override { return storage_.keep_step(); }
  Result<void> undo() override { return storage_.undo_step(); }

 private:
  storage::Storage& storage_;
};

class Rig {
 public:
  explicit Rig(bool comp128 = false);

  Answer call(std::string method, std::string target, std::string body = {},
              std::string token = "admin", std::string idempotency_key = {});
  Answer get(std::string target, std::string token = "admin") {
    return call("GET", std::move(target), {}, std::move(token));
  }
  Answer post(std::string target, const json::Value& body, std::string token = "admin",
              std::string key = {}) {
    return call("POST", std::move(target), json::write(body), std::move(token), std::move(key));
  }
  // The text of Authorization for a token; tokens are named as their roles, and "factory-b".
  std::string authorization(const std::string& token) const;

  // Everything that has been said so far: answers with their headers.
  const std::string& said() const { return said_; }

  // A manufacturer "northern" (whose factory token is "factory"), a profile and numbers.
  void make_pool(uint64_t count = 1000);
  // A batch of it; the note as its factory gets it.
  json::Value make_batch(uint64_t count = 100, const std::string& ver = "0100000000000001");
  Iccid iccid_at(uint64_t position) const;
  // Sold with that position's MSISDN; the order.
  std::string sell(uint64_t position);

  memory_store::MemoryStorage storage;
  crypto::MemoryKeyStore keys{1};
  audit::Log audit;
  fleet::Fleet fleet;
  fleet::Elements elements;
  campaign::Population population{start};
  campaign::Campaigns campaigns;
  CountingRandom random;
  hlr::Hlr hlr;
  FakeCentre centre;
  FakeSurroundings surroundings;
  StorageStep step;
  Tokens tokens;
  Api api;
  Instant now = start;
  Key256 transport_private;

 private:
  std::map<std::string, std::string> token_texts_;
  std::string said_;
};

json::Value body_of(const Answer& answer);
// "type" without its prefix: "bad-field".
std::string problem_of(const Answer& answer);
std::string field_of(const Answer& answer);

}  // namespace simurgh::api::test
