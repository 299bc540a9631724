// Joins campaigns with the cards that they are for: whose session this is, what its campaigns want
// of it, as scripts that suit the card, and what its answers prove.
//
//   TLS identity ─find_psk→ element ─open→ Session (a remote_admin::Work) ─AdminServer→ card
//   campaign::Campaigns (who gets what)        fleet::Elements (who it is)      Store (how far)
//
// Exactly once (I5): how far a campaign has come at an element is durable before the script that
// goes on from there leaves, and a script's id says campaign, run, phase and step, so that it is
// the same after a crash. A card that may or may not have executed a script is asked by the
// payload's read-back, or given it again where that does no harm; where neither can be, the
// campaign hears "nothing proved". Done is reported only for answers in the card's own TLS session.
//
// A session of a chip of ours carries the conversation about its keys, too, before anything else
// (KeyConversation); in epoch 0 it carries nothing but that.
//
// Not here: TLS and HTTP (io/admin_http), short messages (messages.h), the centre's keys (OwnKeys
// is declared here; the shell implements it over the security centre). One thread. The caller
// handles a batch of events, calls Campaigns::flush(), commits, and only then lets answers out.
// After failure() is set the process must end: nothing may be committed.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "campaign/campaigns.h"
#include "element_update/card.h"
#include "element_update/key_conversation.h"
#include "element_update/prepared.h"
#include "element_update/store.h"
#include "fleet/elements.h"

namespace simurgh::element_update {

// Keys of our own chips.
class OwnKeys {
 public:
  struct Psk {
    Iccid iccid;
    uint32_t epoch = 0;
    Key256 psk;
  };
  // not_found for an identity that no chip has.
  virtual Result<Psk> psk_of(std::string_view identity) = 0;
  // A finished handshake under this epoch's key.
  virtual Result<void> on_epoch_proved(const Iccid& iccid, uint32_t epoch) = 0;
  // Orders a new epoch. bad_state when the chip is not in service or one is being agreed.
  virtual Result<void> rekey(const Iccid& iccid, Instant now) = 0;
  struct Packet {
    Msisdn to;
    uint64_t counter = 0;
    std::vector<uint8_t> bytes;
  };
  // A command packet to an application of the chip, without a proof of receipt; its counter was
  // never used before and is in the open transaction (I2). not_found, bad_state.
  virtual Result<Packet> make_packet(const Iccid& iccid, const remote_management::Tar& tar,
                                     ByteView data) = 0;

 protected:
  ~OwnKeys() = default;
};

// Whose identity it is.
struct Peer {
  uint32_t element = 0;
  Iccid iccid;
  uint16_t batch = 0;
  fleet::ElementKeySource source = fleet::ElementKeySource::centre;
  uint32_t epoch = 0;  // of our own chips; in epoch 0 it gets nothing from campaigns
  Secret<fleet::psk_octets_max> psk;
};

class ElementUpdate {
 public:
  class Session;

  struct Parts {
    Store& store;
    campaign::Campaigns& campaigns;
    campaign::Population& population;
    fleet::Elements& elements;
    crypto::KeyStore& keys;
    OwnKeys& own_keys;
  };
  explicit ElementUpdate(const Parts& parts) : parts_(parts), payloads_(parts.campaigns) {}
  ~ElementUpdate();
  // Outlives this. Without one, sessions carry no messages about keys.
  void set_key_conversation(KeyConversation& conversation) { key_conversation_ = &conversation; }

  // For TLS. not_found: unknown, or a chip of ours that has no element. Our own chips come first,
  // so that no imported row can stand for one of them.
  Result<Peer> find_psk(std::string_view identity);

  // The work of one connection of an element that TLS has authenticated. A newer session of the
  // same element takes over; the older one then has nothing to say. Sessions end before this.
  // bad_value when the settings of its batch cannot be read.
  Result<std::unique_ptr<Session>> open(const Peer& peer, Instant now);

  // A new epoch was proved, by whichever bearer: the chip has reported, and rotations are settled.
  Result<void> on_rekeyed(const Iccid& iccid, uint32_t epoch, Instant now);

  // The first failure of the store that a session could not hand on.
  const std::optional<Error>& failure() const { return failure_; }

  struct Figures {
    uint64_t sessions = 0, scripts = 0, executed = 0, refused = 0, unproved = 0, read_backs = 0,
             poll_dates = 0, key_scripts = 0;
  };
  const Figures& figures() const { return figures_; }

 private:
  friend class Session;
  const Prepared* prepared(campaign::CampaignId id, const Peer& peer, const Card& card) {
    return payloads_.find(id, peer.batch, card, Bearer::https);
  }
  Result<void> make_known(uint32_t id, uint16_t batch);
  Result<void> report_rekeyed(uint32_t element, uint32_t epoch, Instant now);

  Parts parts_;
  KeyConversation* key_conversation_ = nullptr;
  uint32_t last_key_script_ = 0;
  PreparedPayloads payloads_;
  std::map<uint32_t, Session*> sessions_;  // the newest of each element
  std::optional<Error> failure_;
  Figures figures_;
};

// One connection's work. Everything is called by AdminServer; `at` before each event.
class ElementUpdate::Session final : public remote_admin::Work {
 public:
  Session(ElementUpdate& owner, const Peer& peer, const Card& card, Instant now);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const remote_admin::CardProfile& profile() const { return card_.http; }
  void at(Instant now) { now_ = now; }

  remote_admin::SessionRecord recall() override;
  void keep(const remote_admin::SessionRecord& record) override;
  void on_contact(std::string_view agent_id) override;
  std::optional<remote_admin::Script> again(remote_admin::ScriptId id,
                                            remote_admin::Doubt doubt) override;
  remote_admin::Next next(Instant now) override;
  void on_response(remote_admin::ScriptId id,
                   const remote_admin::ScriptResponse& response) override;
  void on_end(remote_admin::SessionEnd end) override;

 private:
  friend class ElementUpdate;
  template <typename T>
  bool is_good(const Result<T>& result);
  campaign::ElementId element() const { return {peer_.element}; }
  Result<void> contact();
  Result<std::optional<remote_admin::Script>> give_again(remote_admin::ScriptId id,
                                                         remote_admin::Doubt doubt);
  Result<remote_admin::Next> find_next();
  Result<std::optional<campaign::Work>> take_work();
  Result<bool> is_offered(campaign::CampaignId campaign);
  Result<std::optional<remote_admin::Script>> go_on(const campaign::Work& work);
  Result<void> order_rekey(Cursor& cursor);
  Result<void> take_response(remote_admin::ScriptId id,
                             const remote_admin::ScriptResponse& response);
  Result<void> begin_anew(Cursor& cursor, const Prepared& prepared);
  Result<void> settle(const Cursor& cursor, campaign::Answer answer, campaign::Reason reason);
  Result<void> say_unproved(campaign::CampaignId campaign);
  Result<remote_admin::Next> last_words();
  Result<void> take_poll_answer(Instant date, const remote_admin::ScriptResponse& response);
  // key_session.cc
  static bool is_key_script(remote_admin::ScriptId id);
  Result<void> begin_keys();
  void end_keys();
  Result<std::optional<remote_admin::Script>> next_key_script();
  Result<void> take_key_response(const remote_admin::ScriptResponse& response);
  remote_admin::Script script_of(const Cursor& cursor, const ScriptText& text) const;
  remote_admin::Script poll_script(Instant date) const;

  ElementUpdate& owner_;
  Peer peer_;
  Card card_;
  Instant now_;
  bool present_ = false;                 // campaigns know that it is here
  bool superseded_ = false;              // a newer session has taken over
  bool dated_ = false;                   // the next poll's date was given in this session
  std::vector<campaign::Work> offered_;  // in this visit, not yet over; payload pointers unused
  std::vector<campaign::CampaignId> date_campaigns_;  // next_poll: done when the date is confirmed
  bool wants_date_ = false;
  bool talks_ = false;                            // about its keys, if there is something to say
  std::deque<remote_admin::Script> key_scripts_;  // the rest of a message
};

}  // namespace simurgh::element_update
