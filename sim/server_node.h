// The operator's server as one process of a simulated world: the real actors over stores that
// crash, and links that carry nothing before the commit. It dies between any two steps of a
// batch's end and is made anew by start(), which recovers from the journal as simurghd does.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>

#include "conversations/smpp_session/esme.h"
#include "crypto/memory_key_store.h"
#include "hlr/gsup_server.h"
#include "memory_store/memory_journal.h"
#include "memory_store/memory_storage.h"
#include "security_centre/security_centre.h"
#include "seeded_random.h"

namespace simurgh::sim {

// Where the server may die. Inside of an event all places are one: stores change with the commit
// and links carry nothing before it, so that only the journal's unsynced records may or may not be
// there (MemoryJournal::crash).
enum class DeathStep : uint8_t {
  in_event,
  before_commit,   // the journal is synced
  before_mark,     // the database is committed
  before_release,  // the journal knows it
  in_release,      // some of the messages have left
  in_recovery,     // the stores are put right, nothing of it is committed
  after_recovery,  // … or all of it, and the server never spoke
};
constexpr size_t death_steps = 7;
const char* name_of(DeathStep step);

struct ServerFaults {
  uint32_t die_ppm = 0;              // of batches, at a step of its own each time
  uint32_t die_in_recovery_ppm = 0;  // of starts
};

// A GSUP message on its way to a visited network.
struct ToNetwork {
  size_t network = 0;
  std::vector<uint8_t> message;
};

class ServerNode final : private hlr::GsupLink,
                         private hlr::Events,
                         private security_centre::Bearer,
                         private smpp_session::EsmeHandler {
 public:
  struct Mistakes {                   // as negative controls (shared/models/keyswitch.pml)
    bool journal_unread = false;      // RESTORE
    bool auc_switches_early = false;  // NAIVE_AUC: when it has computed the key
  };
  ServerNode(uint64_t seed, const Msisdn& number, size_t networks, const Mistakes& mistakes,
             const security_centre::Settings& settings);
  ~ServerNode();

  ServerFaults faults;

  // False when recovery refuses to start.
  bool start(Instant now);
  void die();
  bool alive() const { return process_ != nullptr; }
  uint64_t deaths() const { return deaths_; }
  uint64_t deaths_at(DeathStep step) const { return deaths_at_[static_cast<size_t>(step)]; }

  // One event; false when the server died in it (or was not there), and then nobody knows how
  // much of it is durable. `event` returns an error to have its changes undone.
  using Event = std::function<Result<void>(security_centre::SecurityCentre&)>;
  bool run(const Event& event, Instant now, Error* refused = nullptr);

  void on_gsup(size_t network, ByteView message, Instant now);
  void on_time(Instant now);
  Instant next_deadline() const;

  // SMPP, bytes both ways.
  bool wants_smpp_connection(Instant now) const;
  void on_smpp_connected(Instant now);
  void on_smpp_disconnected(Instant now);
  void on_smpp_bytes(ByteView bytes, Instant now);
  std::vector<uint8_t> take_smpp_output() { return std::exchange(smpp_released_, {}); }
  std::deque<ToNetwork> take_gsup_output() { return std::exchange(gsup_released_, {}); }

  // For the checkers and the operator's mistakes.
  memory_store::MemoryStorage& storage() { return storage_; }
  crypto::KeyStore& keys() { return keys_; }
  fleet::Fleet& fleet();
  hlr::Hlr& hlr();
  security_centre::SecurityCentre& centre();
  // Re-keyings that the interval ordered since the last call or the last start.
  uint64_t take_interval_orders();
  const std::vector<std::vector<uint8_t>>& messages_of_event() const { return sent_; }

 private:
  struct Process;
  bool end_of_batch(Instant now);
  void release(size_t share, Instant now);
  bool die_at(DeathStep step);
  Result<void> plant_early_switch(Instant now);

  void send(std::string_view peer, ByteView message) override;
  void on_located(const Imsi& imsi, hlr::Domain, std::string_view, Instant now) override;
  void on_sync_failure(const Imsi&, std::string_view, Instant) override {}
  void on_auth_failure(const Imsi&, std::string_view, Instant) override {}
  void send_short_message(const Msisdn& to, ByteView user_data) override;
  void on_bound(std::string_view) override {}
  void on_unbound(smpp::Status) override {}
  void on_submit_done(smpp_session::Token, const smpp_session::SubmitDone&) override {}
  void on_deliver(uint32_t sequence, const smpp::ShortMessage& message) override;

  SeededRandom random_;
  Msisdn number_;
  size_t networks_;
  Mistakes mistakes_;
  security_centre::Settings settings_;
  crypto::MemoryKeyStore keys_;
  memory_store::MemoryStorage storage_;
  memory_store::MemoryJournal journal_;
  std::unique_ptr<Process> process_;
  uint64_t deaths_ = 0;
  std::array<uint64_t, death_steps> deaths_at_{};
  Instant now_;
  std::deque<ToNetwork> gsup_held_, gsup_released_;
  std::vector<uint8_t> smpp_released_;
  std::vector<std::vector<uint8_t>> sent_;
};

// The seed's key store material, with the RSA key of the simulator.
ByteArray<16> database_identity(uint64_t seed);

}  // namespace simurgh::sim
