// A directory whose HLR is another program: osmo-hlr, spoken to by its control interface (CTRL
// over IPA, port 4259). Pure: lines in and out; io/osmo_hlr has the connection.
//
// Not a queue of commands but of wishes: a row says how a subscriber shall be, with a version that
// rises at every change; the row is confirmed when osmo-hlr has acknowledged every command that
// makes it so. Each command is harmless when repeated, so after a crash or a lost connection the
// row is simply done again. Rows of removed subscribers go when the removal is confirmed.
//
// What osmo-hlr 1.5 cannot do, and what that means: docs/operator/osmo-hlr.md. No hotlining: a
// chip that was sold but not personalised gets circuit-switched service and short messages from
// whatever network it is in, packet service stays off until its first personalisation; invariant
// I7 is then the network's to hold. MILENAGE only. Visited networks are never told anything.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "fleet/fleet.h"
#include "hlr/subscriber_directory.h"

namespace simurgh::hlr {

struct RemoteSubscriber {
  Subscriber wanted;    // without its location
  bool present = true;  // false: shall be removed
  uint64_t version = 0;
  uint64_t confirmed = 0;  // the version that osmo-hlr is known to have
  friend bool operator==(const RemoteSubscriber&, const RemoteSubscriber&) = default;
};

class RemoteStore {
 public:
  virtual ~RemoteStore() = default;
  virtual Result<std::optional<RemoteSubscriber>> load(const Imsi& imsi) = 0;
  virtual Result<void> save(const RemoteSubscriber& row) = 0;
  virtual Result<void> erase(const Imsi& imsi) = 0;
  // At most `limit` rows with confirmed < version, in order of IMSI, after `after`.
  virtual Result<std::vector<RemoteSubscriber>> unconfirmed(const Imsi& after, size_t limit) = 0;
};

struct RemoteSettings {
  Duration answer_wait = seconds(5);
  Duration retry_wait_first = seconds(1);  // after a refusal or a lost connection; doubles …
  Duration retry_wait_max = minutes(2);
  size_t window = 16;         // subscribers in work at a time
  uint32_t alarm_after = 10;  // refusals of one subscriber's commands in a row
};

constexpr size_t control_line_octets_max = 256;

// Told that poll_transmit may have something; must not call back at once.
class ControlOutlet {
 public:
  virtual void on_output() = 0;

 protected:
  ~ControlOutlet() = default;
};

// Told when osmo-hlr has a subscriber as it shall be.
class RemoteEvents {
 public:
  virtual ~RemoteEvents() = default;
  virtual void on_confirmed(const Imsi& imsi, Instant now) = 0;
};

class RemoteDirectory final : public SubscriberDirectory {
 public:
  struct Parts {
    RemoteStore& store;
    fleet::Fleet& fleet;  // for alarms
    audit::Log& audit;
    crypto::KeyStore& keys;
    RemoteEvents& events;
  };
  RemoteDirectory(const RemoteSettings& settings, const Parts& parts);
  ~RemoteDirectory() override;
  RemoteDirectory(const RemoteDirectory&) = delete;
  RemoteDirectory& operator=(const RemoteDirectory&) = delete;

  // --- SubscriberDirectory
  Result<void> create(const NewSubscriber& subscriber, const audit::By& by) override;
  Result<void> replace_keys(const Imsi& imsi, const SubscriberKeys& keys,
                            const audit::By& by) override;
  Result<void> set_hotline(const Imsi& imsi, bool hotline, const audit::By& by) override;
  Result<void> set_msisdn(const Imsi& imsi, const Msisdn& msisdn, const audit::By& by) override;
  Result<void> fence(const Imsi& imsi, const audit::By& by) override;
  Result<bool> fenced(const Imsi& imsi) override;
  Result<void> remove(const Imsi& imsi, const audit::By& by) override;
  // Does nothing: osmo-hlr sends no cancellation.
  Result<void> cancel_location(const Imsi& imsi, const audit::By& by) override;
  Result<bool> behind(const Imsi& imsi) override;
  bool can_hotline() const override { return false; }

  // --- the connection (text lines of the control interface, without IPA)
  void set_outlet(ControlOutlet* outlet) { outlet_ = outlet; }  // may be null
  void on_connected(Instant now);
  void on_disconnected(Instant now);
  // An answer. Only `storage` is an error; what is not understood is passed over.
  Result<void> on_line(std::string_view line, Instant now);
  // The next line to send, if any; to be called after a commit, because it reads what shall be.
  // Lines hold keys: they go to the connection and nowhere else.
  using Line = Secret<control_line_octets_max>;
  Result<std::optional<Line>> poll_transmit(Instant now);
  Result<void> on_time(Instant now);
  Instant next_deadline() const;
  bool connected() const { return connected_; }

  struct Figures {
    uint64_t confirmed = 0, refused = 0, commands = 0, timeouts = 0;
  };
  const Figures& figures() const { return figures_; }

 private:
  enum class Step : uint8_t;
  struct Job;

  Result<RemoteSubscriber> load_present(const Imsi& imsi);
  Result<void> change(RemoteSubscriber& row, const audit::By& by, const audit::Entry& entry);
  Result<void> find_work(Instant now);
  Result<Line> write_command(const Imsi& imsi, const Job& job);
  Result<void> on_answer(const Imsi& imsi, std::string_view kind, std::string_view value,
                         Instant now);
  Result<void> finish(const Imsi& imsi, Instant now);
  Result<void> give_up(const Imsi& imsi, Instant now);
  void wake();

  RemoteSettings settings_;
  Parts parts_;
  ControlOutlet* outlet_ = nullptr;
  bool connected_ = false;
  bool look_for_work_ = true;
  Imsi looked_until_;
  uint32_t last_id_ = 0;
  std::map<Imsi, Job> jobs_;        // in work
  std::map<uint32_t, Imsi> asked_;  // by command id
  struct Refusal {
    Instant retry_at;
    uint32_t count = 0;
  };
  std::map<Imsi, Refusal> refusals_;  // not in work until then
  Figures figures_;
};

}  // namespace simurgh::hlr
