// The HLR's end of GSUP: what VLRs, MSCs and SGSNs of visited networks may ask, and what they are
// told. Messages in and out as bytes; connections, IPA and names are io/gsup's, which has
// authenticated the name of a peer (TLS) or listens on loopback only.
//
// A peer is named in the configuration or refused. It may do the operations and see the IMSIs that
// its policy has; an unknown IMSI and one that is not its business look the same (cause 2). Every
// message is answered at once or within answer_wait_max. One thread; no clock of its own.
#pragma once

#include <memory>

#include "hlr/events.h"
#include "hlr/hlr.h"

namespace simurgh::hlr {

// Where messages to peers go: the shell's outbox, released after the commit.
class GsupLink {
 public:
  virtual ~GsupLink() = default;
  virtual void send(std::string_view peer, ByteView gsup_message) = 0;
};

struct PeerPolicy {
  std::string name;
  bool send_auth_info = false;
  bool update_location = false;
  bool purge = false;
  std::vector<std::string> imsi_prefixes;  // empty: none
  uint32_t distinct_imsis_max = 20'000;    // SAIs for different subscribers per window …
  Duration distinct_window = minutes(10);  // … beyond that refused and alarmed (T-MASS-READ)
  uint32_t requests_per_second_max = 20'000;
};

struct GsupSettings {
  std::vector<PeerPolicy> peers;
  Msisdn hotline_number;  // the security centre (D6)
  std::string hotline_apn = "activation";
  std::string default_apn = "*";
  Msisdn hlr_number;                      // ours, in INSERT DATA; empty: not sent
  Duration answer_wait = seconds(5);      // for INSERT DATA and LOCATION CANCEL results
  uint32_t sends_max = 3;                 // of one message while the peer stays connected …
  Duration work_retry_wait = minutes(5);  // … then again after this, or when it reconnects
  size_t procedures_max = 100'000;        // update locations under way
};

class GsupServer final : public WorkListener {
 public:
  struct Parts {
    Hlr& hlr;
    fleet::Fleet& fleet;  // for alarms
    audit::Log& audit;
    GsupLink& link;
    Events& events;
    Random& random;
  };
  GsupServer(const GsupSettings& settings, const Parts& parts, Instant now);
  ~GsupServer() override;

  // After start-up: takes up what visited networks still have to be told.
  Result<void> resume(Instant now);

  // A peer is connected (anew). `not_allowed`, and audited, when no peer is called that.
  Result<void> on_peer_up(std::string_view peer, Instant now);
  void on_peer_down(std::string_view peer);
  // One GSUP message. `storage` must end the process; not_allowed for a name that is no peer's.
  Result<void> on_message(std::string_view peer, const gsup::Message& message, Instant now);

  // Repetitions, and what the directory's changes of this event mean for visited networks: call it
  // at next_deadline(), which is in the past while there is such work.
  Result<void> on_time(Instant now);
  Instant next_deadline() const;

  void on_work(const NetworkWork& work, Instant now) override;

  struct Figures {
    uint64_t auth_infos = 0, auth_info_errors = 0, locations = 0, location_errors = 0, purges = 0,
             cancels = 0, inserts = 0, refused = 0, braked = 0;
  };
  const Figures& figures() const;

 private:
  class State;
  std::unique_ptr<State> state_;
  Hlr& hlr_;
};

}  // namespace simurgh::hlr
