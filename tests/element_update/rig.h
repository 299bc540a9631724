// A server's side with campaigns, elements and stores that crash, and one card that talks to it
// through a link that breaks where it is told to.
#pragma once

#include <algorithm>
#include <memory>

#include "card.h"
#include "crypto/memory_key_store.h"
#include "element_update/element_update.h"
#include "memory_store/campaign_memory.h"
#include "memory_store/memory_storage.h"

namespace simurgh::test {

using namespace element_update;
using campaign::CampaignId;
using campaign::ElementId;
using campaign::PayloadKind;
using campaign::Progress;
using campaign::Reason;

class RigRandom final : public Random {
 public:
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      octet = static_cast<uint8_t>(state_ >> 56);
    }
  }

 private:
  uint64_t state_ = 1;
};

// The centre's keys of one chip, whose identity is "own".
struct OneChip final : OwnKeys {
  Result<Psk> psk_of(std::string_view identity) override {
    if (identity != "own") return ErrorCode::not_found;
    Psk found;
    found.iccid = *Iccid::parse("89882110000004300106");
    found.epoch = epoch;
    found.psk.fill(32);
    return found;
  }
  Result<void> on_epoch_proved(const Iccid&, uint32_t proved) override {
    epoch_proved = proved;
    return {};
  }
  Result<void> rekey(const Iccid&, Instant) override {
    if (!may_rekey) return ErrorCode::bad_state;
    ++rekeys;
    return {};
  }
  // The packet is its own data: what is sealed, and how, is the centre's.
  Result<Packet> make_packet(const Iccid&, const rm::Tar& tar, ByteView data) override {
    if (epoch == 0) return ErrorCode::bad_state;
    Packet packet{*Msisdn::parse("491720000001"), ++counter, {tar.begin(), tar.end()}};
    packet.bytes.insert(packet.bytes.end(), data.begin(), data.end());
    return packet;
  }
  uint32_t epoch = 1, epoch_proved = 0;
  uint64_t counter = 0;
  int rekeys = 0;
  bool may_rekey = true;
};

struct Faults {
  static constexpr size_t never = SIZE_MAX;
  size_t cut = never;           // octets of both directions after which the link breaks, once
  bool card_crashes = false;    // with it
  bool server_crashes = false;  // with it: what is not committed is lost
  size_t crash_before_commit = never, crash_after_commit = never;  // the n-th
};

struct UpdateRig {
  explicit UpdateRig(std::string settings = "{}") {
    start();
    const audit::By by{"tester", now};
    REQUIRE(elements->save_batch("made alike", settings, by).has_value());
    REQUIRE(elements->take_up(*Iccid::parse("89882110000004300106"), "made alike", by).has_value());
    commit();
    start_agent();
  }

  void start() {
    session.reset();
    work.reset();
    update.reset();
    audit = std::make_unique<audit::Log>(storage.audit());
    population = std::make_unique<campaign::Population>(now);
    campaigns = std::make_unique<campaign::Campaigns>(rows.store(), *audit, *population, days(7));
    elements = std::make_unique<fleet::Elements>(
        fleet::ElementSettings{}, fleet::Elements::Parts{storage.elements(), *audit, keys});
    REQUIRE(campaigns->load(now).has_value());
    update = std::make_unique<ElementUpdate>(ElementUpdate::Parts{
        storage.element_update(), *campaigns, *population, *elements, keys, chip});
    if (conversation != nullptr) update->set_key_conversation(*conversation);
  }
  void start_agent() {
    const auto peer = update->find_psk(identity);
    REQUIRE(peer.has_value());
    const auto opened = update->open(*peer, now);
    REQUIRE(opened.has_value());
    profile = (*opened)->profile();
    card.keeps_response = profile.keeps_response;
    agent = std::make_unique<remote_admin::AdminAgent>(profile, remote_admin::AgentLimits{}, card,
                                                       card);
  }

  CampaignId begin(const campaign::Payload& payload, bool replan = false) {
    campaign::NewCampaign order{.name = "patch", .terms = {}};
    order.terms.payload = payload;
    order.terms.policy.needs_approval = false;
    order.terms.policy.replan_polls = replan;
    const auto id = campaigns->create(order, {"alice", now});
    REQUIRE(id.has_value());
    REQUIRE(campaigns->submit(*id, {"alice", now}).has_value());
    REQUIRE(campaigns->advance(now).has_value());
    commit();
    return *id;
  }
  campaign::Outcome outcome(CampaignId id) { return *campaigns->outcome(id, {0}); }

  void flush() {
    REQUIRE(!update->failure());
    REQUIRE(campaigns->flush().has_value());
    REQUIRE(storage.commit(0).has_value());
    rows.commit();
  }
  // False when the server died instead, or after it.
  bool commit() {
    ++commits;
    if (commits == plan.crash_before_commit) return crash(), false;
    flush();
    if (commits == plan.crash_after_commit) return crash(), false;
    return true;
  }
  void crash() {
    storage.crash();
    rows.crash();
    start();
    if (agent) agent->on_disconnected(now);
  }

  // A session (the card polls), with its retries, until the agent is idle.
  bool poll(const Faults& faults = {}) {
    plan = faults;
    octets = commits = 0;
    now = now + hours(1);
    REQUIRE(agent->begin({.host = "admin.example", .tries = 9}, now).has_value());
    for (int i = 0; i < 20'000; ++i) {
      if (agent->state() == remote_admin::AdminAgent::State::idle) {
        drop();
        return true;
      }
      step();
    }
    return false;
  }
  void step() {
    if (session == nullptr) return connect();
    work->at(now);
    if (move_up() || move_down()) return;
    if (agent->wants_close() || session->wants_close()) return disconnect();
    now = earlier(agent->poll_timeout(), session->poll_timeout());
    work->at(now);
    agent->on_timeout(now);
    session->on_timeout(now);
    commit();
  }
  void connect() {
    now = std::max(now, agent->connect_at());
    work = *update->open(*update->find_psk(identity), now);
    session = std::make_unique<remote_admin::AdminServer>(options, profile, *work, random, now);
    agent->on_connected(now);
  }
  bool move_up() {
    const ByteView pending = agent->poll_transmit();
    if (pending.empty()) return false;
    const Bytes bytes = bytes_copy(pending.first(allowed(pending.size())));
    agent->transmitted(bytes.size());
    session->on_bytes(bytes, now);
    if (commit()) count(bytes.size());
    return true;
  }
  bool move_down() {
    const ByteView pending = session->poll_transmit();
    if (pending.empty()) return false;
    const Bytes bytes = bytes_copy(pending.first(allowed(pending.size())));
    session->transmitted(bytes.size(), now);
    agent->on_bytes(bytes, now);
    count(bytes.size());
    return true;
  }
  size_t allowed(size_t size) const {
    return octets < plan.cut ? std::min(size, plan.cut - octets) : size;
  }
  void count(size_t size) {
    const bool before = octets < plan.cut;
    octets += size;
    if (!before || octets < plan.cut) return;
    if (plan.server_crashes) {
      crash();
    } else {
      disconnect();
    }
    if (!plan.card_crashes) return;
    agent = std::make_unique<remote_admin::AdminAgent>(profile, remote_admin::AgentLimits{}, card,
                                                       card);
    REQUIRE(agent->begin({.host = "admin.example", .tries = 9}, now).has_value());
  }
  void disconnect() {
    drop();
    agent->on_disconnected(now);
  }
  void drop() {
    if (session != nullptr) session->on_disconnected();
    session.reset();
    work.reset();
    flush();
  }

  std::string identity = "own";
  Instant now{int64_t{1'800'000'000} * 1000};
  memory_store::MemoryStorage storage{ByteArray<16>{1}};
  memory_store::CampaignMemory rows;
  crypto::MemoryKeyStore keys{7};
  OneChip chip;
  KeyConversation* conversation = nullptr;  // start() gives it to the next ElementUpdate
  RigRandom random;
  ScriptCard card;
  remote_admin::CardProfile profile;
  remote_admin::ServerOptions options;
  std::unique_ptr<audit::Log> audit;
  std::unique_ptr<campaign::Population> population;
  std::unique_ptr<campaign::Campaigns> campaigns;
  std::unique_ptr<fleet::Elements> elements;
  std::unique_ptr<ElementUpdate> update;
  std::unique_ptr<ElementUpdate::Session> work;
  std::unique_ptr<remote_admin::AdminServer> session;
  std::unique_ptr<remote_admin::AdminAgent> agent;
  Faults plan;
  size_t octets = 0, commits = 0;
};

}  // namespace simurgh::test
