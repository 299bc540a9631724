// An HLR on the in-memory store, and a USIM as TS 33.102 annex C has it to answer its vectors.
#pragma once

#include <doctest/doctest.h>

#include <map>

#include "crypto/aka.h"
#include "crypto/memory_key_store.h"
#include "hlr/hlr.h"
#include "memory_store/memory_storage.h"
#include "stores/rows.h"
#include "stores/seeded_random.h"

namespace simurgh::test {

// C.2: an array of SEQ by IND, and the limit Δ on jumps.
class Usim {
 public:
  explicit Usim(const hlr::SubscriberKeys& keys) {
    aka_.algorithm = keys.algorithm == hlr::Algorithm::tuak ? crypto::AkaAlgorithm::tuak
                                                            : crypto::AkaAlgorithm::milenage;
    aka_.tuak_iterations = keys.tuak_iterations;
    aka_.k = keys.ki;
    aka_.opc = keys.opc;
  }
  enum class Answer { good, wrong_mac, synchronisation };
  Answer answer(const gsup::AuthTuple& tuple) {
    REQUIRE(tuple.autn.has_value());
    const auto opened = crypto::open_challenge(aka_, tuple.rand, *tuple.autn);
    if (!opened) return Answer::wrong_mac;
    const uint64_t seq = opened->sequence_number >> 5;
    uint64_t& mine = seq_[opened->sequence_number & 31];
    if (seq <= mine || (seq > highest_ && seq - highest_ > (1ull << 28))) {
      auts_ = *crypto::make_auts(aka_, tuple.rand, highest_ << 5);
      rand_ = tuple.rand;
      return Answer::synchronisation;
    }
    mine = seq;
    highest_ = std::max(highest_, seq);
    sqn = opened->sequence_number;
    CHECK(equal(tuple.res, opened->answer.res));
    CHECK(equal(*tuple.ck, opened->answer.ck.view()));
    CHECK(equal(*tuple.ik, opened->answer.ik.view()));
    const auto gsm = crypto::gsm_answer_of(opened->answer);
    CHECK(tuple.sres == gsm.sres);
    CHECK(equal(tuple.kc, gsm.kc.view()));
    return Answer::good;
  }
  hlr::Resync resync() const { return {rand_, auts_}; }
  void set_highest(uint64_t seq) {
    highest_ = seq;
    for (uint64_t& mine : seq_) mine = seq;
  }
  uint64_t sqn = 0;  // of the last good challenge

 private:
  crypto::AkaKeys aka_;
  std::array<uint64_t, 32> seq_{};
  uint64_t highest_ = 0;
  crypto::Auts auts_{};
  crypto::Block rand_{};
};

struct HlrRig {
  explicit HlrRig(hlr::HlrSettings with = {}) : settings(with) { restart(); }

  // A new process over the same store.
  void restart() {
    storage.crash();
    hlr.reset();
    hlr = std::make_unique<hlr::Hlr>(settings,
                                     hlr::Hlr::Parts{storage.hlr(), fleet, audit, keys, random});
  }
  void commit() { REQUIRE(storage.commit(0).has_value()); }
  audit::By by() { return {"tester", Instant{++clock}}; }
  Instant now() { return Instant{++clock}; }

  hlr::SubscriberKeys make_keys(hlr::Algorithm algorithm = hlr::Algorithm::milenage,
                                uint32_t epoch = 0, uint32_t life = 0) {
    hlr::SubscriberKeys out;
    out.algorithm = algorithm;
    out.epoch = epoch;
    out.life = life;
    const bool comp128 = algorithm != hlr::Algorithm::milenage && algorithm != hlr::Algorithm::tuak;
    random.fill(out.ki.fill(16));
    if (!comp128) random.fill(out.opc.fill(algorithm == hlr::Algorithm::tuak ? 32 : 16));
    return out;
  }
  void create(uint64_t number, const hlr::SubscriberKeys& with, bool hotline = false) {
    const auto created =
        hlr->create({imsi_of(number), iccid_of(number), msisdn_of(number), with, hotline}, by());
    REQUIRE(created.has_value());
  }
  Result<hlr::Vectors> ask(uint64_t number, size_t count = 1, std::string_view peer = "vlr-1",
                           const hlr::Resync* resync = nullptr,
                           hlr::Domain domain = hlr::Domain::circuit) {
    hlr::Hlr::VectorAnswer answer;
    TRY(hlr->make_vectors({imsi_of(number), peer, domain, count, resync}, now(), answer));
    return answer.vectors;
  }
  std::vector<std::string> actions() {
    std::vector<std::string> out;
    const auto rows = storage.audit().page(1, 100'000);
    REQUIRE(rows.has_value());
    for (const audit::Row& row : *rows) out.push_back(row.action);
    return out;
  }

  hlr::HlrSettings settings;
  memory_store::MemoryStorage storage{ByteArray<16>{1}};
  audit::Log audit{storage.audit()};
  fleet::Fleet fleet{storage.fleet(), audit};
  crypto::MemoryKeyStore keys{1};
  SeededRandom random{42};
  int64_t clock = 1'700'000'000'000;
  std::unique_ptr<hlr::Hlr> hlr;
};

}  // namespace simurgh::test
