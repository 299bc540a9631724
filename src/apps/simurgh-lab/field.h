// The field of a campaign: many chips of another maker in their phones, registered with another
// operator, on one loop. Each phone has packet data over sockets of its own and reads its clock;
// some are off for a while or for good, some are where coverage is weak, some have other keys than
// the platform was told. A payload may be made to kill chips: such a chip executes it and is never
// heard of again.
//
// It knows what really happened to every chip, which the platform can only be told. One thread.
#pragma once

#include <array>
#include <unordered_map>

#include "apps/simurgh-lab/foreign_chip.h"
#include "apps/simurgh-lab/lab.h"
#include "apps/simurgh-lab/lab_random.h"
#include "io/chip_tls/tls_channels.h"
#include "io/packet_data/sockets.h"
#include "network/other_home.h"

namespace simurgh::lab {

// Shares in permille of all chips; what is drawn for a chip is drawn from the seed.
struct FieldOptions {
  size_t chips = 0;
  uint16_t port = 0;  // of the front end
  size_t capacity = 0;
  uint32_t poll_period_s = 0;
  uint32_t sms_only = 0;       // no agent: short messages only
  uint32_t unnumbered = 0;     // the platform has no MSISDN: it comes when it polls
  uint32_t off = 0;            // for good
  uint32_t wrong_keys = 0;     // the platform has others than the chip
  uint32_t away = 0;           // off at first, on within a period
  uint32_t weak = 0;           // half of its connections break
  uint32_t payload_kills = 0;  // of chips with an agent
  Duration latency_min, latency_max;
  Duration on_within;  // phones are switched on over this time
};

struct FieldFigures {
  size_t reachable = 0, unreachable = 0;
  uint64_t sessions = 0;    // that the front end served
  size_t sessions_now = 0;  // under a chip's key, served or not
  // Told to come back later: of them those that were there because of a trigger.
  uint64_t sent_away = 0, triggered_sent_away = 0;
  uint64_t by_trigger = 0, by_poll = 0, tried_again = 0;  // connections, why they were made
  uint64_t chips_killed = 0;
  uint64_t mute = 0;  // phones whose chip did not start: a mistake
};

// The front end's load, as the chips had it: from a proved key to the end, of what was served.
struct Load {
  size_t peak_sessions = 0;
  uint64_t over_capacity = 0;  // sessions that began when there were as many as the capacity
};

class Field final : private network::Air, private chip_tls::Observer {
 public:
  enum class Fate : uint8_t { well, off, wrong_keys };
  struct Phone {
    ForeignChip chip;
    Fate fate = Fate::well;
    bool weak = false;
    bool dies_of_payload = false;
    bool dead = false;
    Instant on_at;
    Instant triggered_at;     // a message for its card came and no session since; 0: none
    Instant session_at;       // its last connection's beginning
    bool by_trigger = false;  // … which a trigger was the reason for
    std::unique_ptr<network::Handset> handset;
    std::string outcome;  // as the server says in the end; empty: nothing

    // Whether a campaign must reach it.
    bool reachable() const { return fate == Fate::well && !dies_of_payload; }
  };

  Field(loop::Loop& loop, const FieldOptions& options, LabRandom& random);
  ~Field() override;

  // Makes a part of the chips: to be called until made() is what was ordered. False with words.
  bool make_some(size_t count, std::string& problem);
  size_t made() const { return phones_.size(); }
  // The rows of all chips as a fleet file, their last contact spread over the period before `now`.
  std::string fleet_file(Instant now, bool short_messages_only) const;

  network::Air& air() { return *this; }
  // From here on phones are switched on, on the lab's network and time.
  void start(Lab& lab);
  // To be called often: switches phones on and off.
  void turn();
  // Everything off, to be looked at.
  void stop();

  std::vector<Phone>& phones() { return phones_; }
  Phone* find(const Iccid& iccid);
  const FieldFigures& figures() const { return figures_; }
  // Of the sessions that are over.
  Load load() const;
  const packet_data::Figures& data_figures() const { return sockets_.figures(); }

 private:
  bool make_channels(std::string& problem);
  void draw_fate(Phone& phone);
  void spoil_keys(ForeignChip& chip);
  void switch_on(Phone& phone);
  Duration poll_offset(const ForeignChip& chip, Instant now) const;
  size_t cut_after(network::Handset& handset);

  // network::Air
  bool pass_down(const Msisdn& to, std::vector<uint8_t>& tpdu) override;
  // chip_tls::Observer
  void on_established(uint64_t channel, std::string_view identity) override;
  void on_ended(uint64_t channel) override;
  void on_plain(uint64_t channel, ByteView plain) override;
  bool may_write(uint64_t channel) override;

  // A channel under the chip's key, from its establishment on.
  struct Session {
    size_t phone = 0;
    Instant begun;
    bool heard = false;   // the front end has answered something
    bool served = false;  // … other than "come back later"
    std::string tail;     // of what a fragile chip has got
  };
  void count_answer(Session& session, ByteView plain);
  void look_for_payload(Session& session, ByteView plain);

  static constexpr size_t channel_kinds = 3;

  loop::Loop& loop_;
  FieldOptions options_;
  LabRandom& random_;
  FieldFigures figures_;
  std::array<std::unique_ptr<tls::ChipClient>, channel_kinds> clients_;
  std::array<std::unique_ptr<chip_tls::TlsChannels>, channel_kinds> channels_;
  network::PacketGateway gateway_;
  packet_data::Sockets sockets_;
  network::OtherHome home_;
  Lab* lab_ = nullptr;
  std::unique_ptr<network::VisitedNetwork> network_;
  std::vector<Phone> phones_;
  std::unordered_map<std::string, size_t> by_msisdn_, by_iccid_, by_identity_;
  std::unordered_map<network::Handset*, size_t> by_handset_;
  std::vector<size_t> to_switch_on_;  // by time, the next one last
  std::unordered_map<uint64_t, Session> sessions_;
  struct Span {
    Instant from, to;
  };
  std::vector<Span> served_;  // sessions that are over
  std::vector<size_t> dying_;
  bool stopped_ = false;
};

}  // namespace simurgh::lab
