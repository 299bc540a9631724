// A visited network as the home operator meets it: MSC/VLR and SGSN in one node, speaking GSUP to
// the HLR. It authenticates mobiles with vectors from home (2G or 3G), keeps their subscriber data
// until it is cancelled, and enforces hotlining: a subscriber whose data name a hotline reaches
// that number and nothing else, whatever it dials or sends (D6, I7).
//
// For the lab and the simulator; no radio, no sockets, no clock. It owns nothing that it is given
// by reference. One thread. It calls Mobile, HlrLink and Switch synchronously; from inside those
// calls only originate_*() and open_data_session() may be called back (a chip answers a message
// while it is being delivered).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "formats/gsup/message.h"
#include "terminal/terminal.h"

namespace simurgh::network {

enum class Rat : uint8_t { gsm, umts };  // with a 2G challenge, or a 3G one

enum class AttachResult : uint8_t {
  registered,
  unknown_at_home,   // the HLR has no such subscriber
  home_unreachable,  // no answer in time
  authentication_failed,
  card_failed,  // mute, or no answer
  cancelled,    // detached meanwhile
};
const char* name_of(AttachResult result);

// A mobile on this network's radio.
class Mobile {
 public:
  virtual ~Mobile() = default;
  virtual Result<terminal::Authentication> challenge(const ByteArray<16>& rand,
                                                     const ByteArray<16>& autn) = 0;
  virtual Result<terminal::GsmAuthentication> challenge_2g(const ByteArray<16>& rand) = 0;
  // The end of an attach() that was begun. Not called from inside attach().
  virtual void on_attached(AttachResult result) = 0;
  // Home cancelled the location: register again to be served.
  virtual void on_cancelled() = 0;
  virtual Result<terminal::DeliverOutcome> deliver(ByteView deliver_tpdu) = 0;
};

// Towards the HLR.
class HlrLink {
 public:
  virtual ~HlrLink() = default;
  virtual void send(const gsup::Message& message) = 0;
};

// Towards the SMSC.
class Switch {
 public:
  virtual ~Switch() = default;
  // An SMS-SUBMIT of a registered subscriber. False: refused, the mobile gets an RP-ERROR.
  virtual bool submit(const Msisdn& from, ByteView submit_tpdu) = 0;
  // The subscriber has registered: what waits for it can be delivered.
  virtual void on_reachable(const Msisdn& msisdn) = 0;
};

struct VisitedNetworkSettings {
  Duration answer_wait = seconds(5);  // for an answer from home
  uint8_t vectors_per_request = 3;
  terminal::Location location{"90170", 1, 1};
};

class VisitedNetwork {
 public:
  VisitedNetwork(const VisitedNetworkSettings& settings, HlrLink& home, Switch& messages)
      : settings_(settings), home_(home), switch_(messages) {}

  // Registers the mobile; the result comes by on_attached() unless the mobile detaches before.
  // `mobile` must live until it is detached.
  void attach(Mobile& mobile, const Imsi& imsi, Rat rat, Instant now);
  // Power off or out of coverage; the subscriber's data and vectors stay, as in a real VLR.
  void detach(const Imsi& imsi);

  void on_message(const gsup::Message& message, Instant now);
  // The link to the HLR was lost or came back: procedures under way end as home_unreachable.
  void on_home_lost(Instant now);
  // The node begins again with nothing (TS 23.007 4.2.1): subscribers that were registered, or
  // about to be, find out when they next want something.
  void restart();
  void on_time(Instant now);
  Instant next_deadline() const;

  bool registered(const Imsi& imsi) const;
  // The number that the subscriber's traffic must go to, empty when free.
  Msisdn hotline(const Imsi& imsi) const;
  Msisdn msisdn(const Imsi& imsi) const;

  // A call: the number that it was put through to; `not_allowed` when not registered.
  Result<std::string> originate_call(const Imsi& imsi, std::string_view digits);
  // An SMS-SUBMIT TPDU. A hotlined subscriber's goes through only to the hotline's number.
  terminal::SendOutcome originate_message(const Imsi& imsi, ByteView submit_tpdu);
  // A data session: the access point that it was connected to, of those that the subscription has
  // (its first one when `access_point` is empty). A hotlined one has the security centre's alone.
  Result<std::string> open_data_session(const Imsi& imsi, std::string_view access_point);
  // An SMS-DELIVER for a subscriber here; `not_found` when he is not registered here.
  Result<terminal::DeliverOutcome> deliver(const Msisdn& to, ByteView deliver_tpdu);

  struct Figures {
    uint64_t attaches = 0, registered = 0, authentications_failed = 0, unknown_at_home = 0,
             home_unreachable = 0, resynchronisations = 0, cancelled = 0,
             hotline_refused = 0,  // messages and sessions that a hotline kept from going out
        hotline_redirected = 0;    // calls that went to the hotline instead
  };
  const Figures& figures() const { return figures_; }

 private:
  enum class Step : uint8_t { idle, vectors, resynchronised, location };
  struct Subscriber {
    Mobile* mobile = nullptr;
    Rat rat = Rat::umts;
    Step step = Step::idle;
    Instant deadline = Instant::never();
    bool registered = false;
    bool data_known = false;
    Msisdn msisdn;
    Msisdn hotline;
    std::vector<std::string> access_points;
    std::vector<gsup::AuthTuple> vectors;  // unused ones
    bool vectors_fresh = false;            // fetched for this attach, not left from an earlier one
  };

  void request_vectors(const Imsi& imsi, Subscriber& subscriber, Instant now);
  void request_resynchronisation(const Imsi& imsi, Subscriber& subscriber,
                                 const ByteArray<14>& auts, Instant now);
  void authenticate(const Imsi& imsi, Subscriber& subscriber, Instant now);
  bool check_2g(Subscriber& subscriber, const gsup::AuthTuple& vector);
  void request_location(const Imsi& imsi, Subscriber& subscriber, Instant now);
  void on_insert_data(const Imsi& imsi, const gsup::Message& message);
  void on_cancel(const Imsi& imsi);
  void finish(Subscriber& subscriber, AttachResult result);
  void set_deadline(const Imsi& imsi, Subscriber& subscriber, Instant at);
  Subscriber* active(const Imsi& imsi);

  VisitedNetworkSettings settings_;
  HlrLink& home_;
  Switch& switch_;
  std::map<Imsi, Subscriber> subscribers_;
  std::map<Msisdn, Imsi> by_msisdn_;
  std::multimap<Instant, Imsi> deadlines_;
  Figures figures_;
};

}  // namespace simurgh::network
