// Inside of the GSUP server: its peers, and what is under way with them.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>

#include "hlr/gsup_server.h"
#include "hlr/rate_brake.h"

namespace simurgh::hlr {

class GsupServer::State {
 public:
  State(const GsupSettings& settings, const Parts& parts, Instant now);

  Result<void> resume(Instant now);
  Result<void> on_peer_up(std::string_view name, Instant now);
  void on_peer_down(std::string_view name);
  Result<void> on_message(std::string_view name, const gsup::Message& message, Instant now);
  Result<void> on_time(Instant now);
  Instant next_deadline() const;
  void on_work(const NetworkWork& work, Instant now);

  Figures figures;

 private:
  struct Peer {
    PeerPolicy policy;
    RateBrake brake;
    bool connected = false;
    Instant next_brake_alarm;  // one an hour, so that alarms are not a flood of their own
    Instant next_refusal_alarm;
  };

  // What a peer is asked about one subscriber. Results carry nothing but the IMSI, so one thing is
  // asked at a time, and the rest waits its turn.
  struct Task {
    enum class Kind : uint8_t { insert_for_location, insert_data, cancel_update, cancel_withdrawn };
    Kind kind;
    Domain domain;
    friend bool operator==(const Task&, const Task&) = default;
  };
  struct Dialogue {
    std::deque<Task> tasks;  // the first one was sent
    uint32_t sends = 0;
    Instant deadline;
  };
  using DialogueKey = std::pair<std::string, Imsi>;  // peer
  using Dialogues = std::map<DialogueKey, Dialogue>;

  // gsup_server.cc: requests of peers
  Result<void> on_request(Peer& peer, const gsup::Message& message, Instant now);
  Result<void> on_auth_info(Peer& peer, const gsup::Message& request, Instant now);
  Result<void> on_update_location(Peer& peer, const gsup::Message& request, Instant now);
  Result<void> on_purge(Peer& peer, const gsup::Message& request, Instant now);
  Result<void> on_auth_failure(Peer& peer, const gsup::Message& message, Instant now);
  std::optional<uint8_t> refusal(Peer& peer, bool allowed, const Imsi& imsi);
  void answer(Peer& peer, const gsup::Message& request, gsup::Message& response);
  void answer_error(Peer& peer, const gsup::Message& request, uint8_t cause);
  void send(Peer& peer, const gsup::Message& message);
  Result<void> raise_alarm(Peer& peer, fleet::AlarmKind kind, Instant& next, std::string_view words,
                           Instant now);

  // gsup_dialogues.cc: requests to peers
  Result<void> add_task(Peer& peer, const Imsi& imsi, const Task& task, Instant now);
  Result<void> send_task(Dialogues::iterator dialogue, Instant now);
  // The first task is over; the next one is sent, or the dialogue ends.
  Result<void> next_task(Dialogues::iterator dialogue, Instant now);
  Result<void> on_result(Peer& peer, const gsup::Message& message, Instant now);
  Result<void> finish_task(Peer& peer, const Imsi& imsi, const Task& task,
                           std::optional<uint8_t> error, Instant now);
  Result<void> finish_location(Peer& peer, const Imsi& imsi, Domain domain, Instant now);
  Result<bool> send_insert_data(Peer& peer, const Imsi& imsi, Domain domain);
  void send_location_error(Peer& peer, const Imsi& imsi, uint8_t cause);
  void set_deadline(Dialogues::iterator dialogue, Instant at);
  void erase(Dialogues::iterator dialogue);
  Result<void> start_work(const NetworkWork& work, Instant now);
  Result<void> start_new_work(Instant now);
  Result<void> finish_work(const NetworkWork& work);
  Peer* find_peer(std::string_view name);

  GsupSettings settings_;
  Parts parts_;
  std::map<std::string, Peer, std::less<>> peers_;
  Dialogues dialogues_;
  std::set<std::pair<Instant, DialogueKey>> deadlines_;
  std::map<std::string, std::set<NetworkWork>, std::less<>> works_;  // all open, by peer
  std::multimap<Instant, NetworkWork> retries_;
  std::vector<NetworkWork> new_work_;
  uint64_t undo_count_ = 0;  // of the store, for which works_ holds
  Instant next_stranger_audit_;
};

}  // namespace simurgh::hlr
