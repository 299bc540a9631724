// A short-message service centre for the lab and the simulator: store and forward per destination
// with validity, retries, delivery receipts and faults on order; messages from terminals go to the
// ESME bound for their destination, or to the other terminal.
//
// SMPP comes in by SmscSession's handler interface, terminals by the interface Terminals. No
// sockets, no clock, and no randomness but what is handed in: the same calls at the same instants
// with the same random source do the same again.
//
// What a card answers in the SMS-DELIVER-REPORT (a PoR) goes to the ESME as a deliver_sm of its
// own: source is the terminal, UDHI set, the report's user data, esm_class type "delivery
// acknowledgement". One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/secret.h"
#include "base/time.h"
#include "conversations/smpp_session/smsc.h"
#include "network/fault_plan.h"

namespace simurgh::network {

// Who may bind, and whose messages come to it.
struct SmscAccount {
  std::string system_id = {};
  Secret<smpp::password_chars_max> password = {};
  std::vector<std::string> numbers;  // destinations (digits) of its messages from terminals
};

struct SmscCentreOptions {
  std::string service_centre = "4917600000000";  // its own number, in the TPDUs
  std::vector<SmscAccount> accounts = {};
  Duration validity_default = days(2);
  Duration validity_max = days(7);
  // Waits between attempts; the last one repeats.
  std::vector<Duration> retry_waits = {minutes(1), minutes(5), minutes(10), minutes(30), hours(1)};
  Duration report_wait = minutes(1);  // a terminal that says nothing for so long counts as absent
  size_t messages_max = 1'000'000;
  size_t messages_per_destination_max = 1'000;
  size_t to_esme_max = 100'000;  // receipts and messages from terminals waiting for an ESME
};

// Of one attempt to deliver.
using DeliveryId = uint64_t;

struct DeliveryReport {
  enum class Outcome : uint8_t {
    delivered,           // RP-ACK
    failed,              // RP-ERROR: `failure_cause` says whether trying again makes sense
    absent,              // not registered, or no answer: tried again
    unknown_subscriber,  // for good
  };
  Outcome outcome = Outcome::absent;
  uint8_t failure_cause = 0;  // TP-FCS
  ByteView user_data = {};    // TP-UD of the report, with its header; may be empty
};

// The radio side: who has a destination's terminal.
class Terminals {
 public:
  // An SMS-DELIVER TPDU for the terminal that has `destination` (digits of an MSISDN, or of an
  // IMSI). The outcome comes by SmscCentre::on_delivery_report, also from inside this call.
  virtual void deliver(DeliveryId id, std::string_view destination, ByteView deliver_tpdu,
                       Instant now) = 0;

 protected:
  ~Terminals() = default;
};

struct SmscCentreCounts {
  uint64_t submitted = 0;  // accepted from ESMEs
  uint64_t refused = 0;    // throttling and full queues included
  uint64_t attempts = 0;
  uint64_t delivered = 0;  // as reported by terminals
  uint64_t expired = 0;
  uint64_t undeliverable = 0;
  uint64_t cancelled = 0;
  uint64_t lost = 0;     // by the fault plan
  uint64_t doubled = 0;  // by the fault plan
  uint64_t receipts = 0;
  uint64_t from_terminals = 0;
  uint64_t to_esme = 0;  // deliver_sm answered ESME_ROK
  uint64_t to_esme_dropped = 0;
};

class SmscCentre final : public smpp_session::SmscHandler {
 public:
  enum class MobileOriginated : uint8_t { accepted, malformed, no_route, congested };

  SmscCentre(const SmscCentreOptions& options, const FaultPlan& faults, Terminals& terminals,
             Random& random);
  ~SmscCentre();

  // Time. Everything that is delayed or repeated happens in on_timeout; call it at poll_timeout()
  // or at any time. The clock of the SMPP handler calls is that of the last call that had one.
  void on_timeout(Instant now);
  Instant poll_timeout() const;

  void on_delivery_report(DeliveryId id, const DeliveryReport& report, Instant now);
  // The terminal is back: what waits for it is tried at once (alert SC).
  void on_terminal_available(std::string_view destination, Instant now);
  // An SMS-SUBMIT TPDU from a terminal with that number.
  MobileOriginated on_mobile_submit(std::string_view source, ByteView submit_tpdu, Instant now);

  size_t messages() const;  // stored and not final
  size_t waiting_for_esme() const;
  const SmscCentreCounts& counts() const;
  void set_faults(const FaultPlan& faults);

  // smpp_session::SmscHandler
  smpp::Status on_bind(smpp_session::SmscSession& session, smpp_session::BindKind kind,
                       const smpp::Bind& bind) override;
  void on_unbound(smpp_session::SmscSession& session) override;
  void on_submit(smpp_session::SmscSession& session, uint32_t sequence,
                 const smpp::ShortMessage& message) override;
  void on_deliver_done(smpp_session::SmscSession& session, smpp_session::Token token,
                       const smpp_session::DeliverDone& done) override;
  smpp::Status on_query(smpp_session::SmscSession& session, const smpp::QuerySm& query,
                        smpp::QuerySmResp& answer) override;
  smpp::Status on_cancel(smpp_session::SmscSession& session, const smpp::CancelSm& cancel) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace simurgh::network
