// A server's side with campaigns over short messages, stores that crash, and imported cards (the
// real chip in the real terminal) behind a link that loses, doubles, delays and reorders.
#pragma once

#include <deque>

#include "crypto/memory_key_store.h"
#include "element_update/messages.h"
#include "formats/secured_packet/response_packet.h"
#include "formats/sms/tpdu.h"
#include "memory_store/campaign_memory.h"
#include "memory_store/memory_storage.h"
#include "rig.h"
#include "uicc/phone_rig.h"

namespace simurgh::test {

inline const Msisdn& centre_number() {
  static const Msisdn number = *Msisdn::parse("491710000001");
  return number;
}

// A card of another maker, without agent, under key set 2.
struct ForeignCard {
  ForeignCard(uint32_t id, bool wrong_key, Instant now) : phone(card) {
    SeededRandom random(1000 + id);
    keys.key_version = 2;
    random.fill(keys.kic.fill(16));
    random.fill(keys.kid.fill(16));
    auto data = test_pre_personalisation();
    data.imported.emplace();
    uicc::GivenKeys given;
    given.key_set = 2;
    given.kic.assign(keys.kic.view());
    if (wrong_key) {
      random.fill(given.kid.fill(16));
    } else {
      given.kid.assign(keys.kid.view());
    }
    data.imported->keys.push_back(given);
    data.centre_number = {};
    card.pre_personalise(data);
    REQUIRE(phone.start(now));
    msisdn = *Msisdn::parse("49176000" + std::to_string(1000 + id));
    iccid = *Iccid::parse("8949170000000" + std::to_string(100000 + id));
  }
  // EF.ACM, which only INCREASE changes.
  int meter() {
    card.select_usim();
    card.verify_pin();
    REQUIRE(card.get("00a40004026f39").ends_with("9000"));
    return from_hex(card.send("00b2010403"))[2];
  }
  std::string spn() {
    card.select_usim();
    REQUIRE(card.get("00a40004026f46").ends_with("9000"));
    return card.send("00b0000011");
  }
  fleet::ElementKeys keys;
  TestCard card;
  Phone phone;
  Msisdn msisdn;
  Iccid iccid;
  bool on = true;
};

struct LinkFaults {
  uint32_t lost_percent = 0, doubled_percent = 0;
  Duration delay_max;
};

class MessageRig : public MessageOutlet {
 public:
  struct InAir {
    Instant at;
    size_t card = 0;
    bool to_card = true;
    Bytes user_data;
  };

  explicit MessageRig(const std::string& settings, size_t count = 1, bool wrong_keys = false) {
    for (size_t i = 0; i < count; ++i) {
      cards.push_back(std::make_unique<ForeignCard>(static_cast<uint32_t>(i), wrong_keys, now));
    }
    start();
    const audit::By by{"tester", now};
    REQUIRE(elements->save_batch("foreign", settings, by).has_value());
    std::vector<fleet::NewElement> rows_in;
    std::vector<campaign::ElementRow> states;
    for (size_t i = 0; i < count; ++i) {
      rows_in.push_back({cards[i]->iccid, cards[i]->msisdn, cards[i]->keys, 0});
      states.push_back({.element = {static_cast<uint32_t>(i)},
                        .last_contact_s = campaign::whole_seconds(now) - 3600,
                        .batch = 1});
    }
    REQUIRE(elements->import("foreign", rows_in, by).has_value());
    REQUIRE(rows.store().apply(states).has_value());
    flush();
    crash();
  }

  virtual ~MessageRig() = default;

  // --- the server
  void start() {
    dispatcher.reset();
    messages.reset();
    audit = std::make_unique<audit::Log>(storage.audit());
    population = std::make_unique<campaign::Population>(now);
    campaigns = std::make_unique<campaign::Campaigns>(rows.store(), *audit, *population, days(7));
    elements = std::make_unique<fleet::Elements>(
        fleet::ElementSettings{}, fleet::Elements::Parts{storage.elements(), *audit, keys});
    REQUIRE(campaigns->load(now).has_value());
    messages = std::make_unique<Messages>(
        message_settings,
        Messages::Parts{storage.element_update(), *campaigns, *elements, keys, own, *this});
    dispatcher = std::make_unique<campaign::Dispatcher>(*campaigns, campaign::Settings{});
    dispatcher->set_sender(messages.get());
    REQUIRE(messages->on_time(now).has_value());
  }
  void flush() {
    REQUIRE(campaigns->flush().has_value());
    REQUIRE(storage.commit(0).has_value());
    rows.commit();
    for (auto& message : queued) put_in_air(message);
    queued.clear();
  }
  void crash() {
    storage.crash();
    rows.crash();
    queued.clear();
    start();
  }
  // False when the server died instead, or after it.
  bool commit() {
    ++commits;
    if (commits == crash_before_commit) return crash(), false;
    flush();
    if (commits == crash_after_commit) return crash(), false;
    return true;
  }

  // --- MessageOutlet
  Result<void> submit(const MessagePart& part) override {
    if (queue_left == 0) return ErrorCode::busy;
    if (queue_left != SIZE_MAX) --queue_left;
    ++submitted;
    last_valid_for = part.valid_for;
    tokens.push_back(part.token);
    for (size_t i = 0; i < cards.size(); ++i) {
      if (cards[i]->msisdn == part.to) queued.push_back({{}, i, true, bytes_copy(part.user_data)});
    }
    sent_parts.push_back(bytes_copy(part.user_data));
    return {};
  }
  uint32_t room() const override {
    return static_cast<uint32_t>(std::min<size_t>(queue_left, 100));
  }
  uint64_t throttled() const override { return 0; }

  // --- the air
  void put_in_air(const InAir& message) {
    const auto percent = [&] { return random.next() % 100; };
    const int copies = percent() < faults.doubled_percent ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      if (percent() < faults.lost_percent) continue;
      InAir copy = message;
      const int64_t most = std::max<int64_t>(faults.delay_max.ms, 1);
      copy.at = now + milliseconds(static_cast<int64_t>(random.next() % uint64_t(most)));
      air.push_back(copy);
    }
  }
  void deliver(const InAir& message) {
    ForeignCard& card = *cards[message.card];
    if (!message.to_card) {
      heard.push_back(message.user_data);
      REQUIRE(messages->on_short_message(card.msisdn, message.user_data, true, now).has_value());
      return;
    }
    if (!card.on) return;
    sms::Deliver deliver;
    deliver.has_user_data_header = true;
    deliver.originator = sms::Address::of_msisdn(centre_number());
    deliver.protocol_identifier = sms::pid_sim_data_download;
    deliver.data_coding = sms::dcs_octets_class_2;
    deliver.user_data = *sms::octet_user_data(message.user_data);
    uint8_t tpdu[sms::tpdu_octets_max];
    const auto report =
        card.phone.phone.on_short_message("491710760000", *write_deliver(deliver, tpdu), now);
    REQUIRE(report.has_value());
    if (!report->user_data.empty()) {
      put_in_air({{}, message.card, false, bytes_copy(report->user_data)});
    }
    while (!card.phone.sent.empty()) {
      const Bytes octets = card.phone.sent.front();
      card.phone.sent.pop_front();
      const auto submit = sms::parse_submit(octets);
      REQUIRE(submit.has_value());
      CHECK(*submit->destination.msisdn() == centre_number());
      put_in_air({{}, message.card, false, bytes_copy(submit->user_data.octets)});
    }
  }

  // One second: the tick, then what arrives, each with a commit of its own.
  void step() {
    now = now + seconds(1);
    REQUIRE(dispatcher->tick({}, now).has_value());
    commit();
    REQUIRE(messages->on_time(now).has_value());
    commit();
    for (size_t i = 0; i < air.size();) {
      if (air[i].at > now) {
        ++i;
        continue;
      }
      const InAir message = air[i];
      air.erase(air.begin() + static_cast<ptrdiff_t>(i));
      deliver(message);
      if (!message.to_card) commit();
    }
  }
  void run(Duration time) {
    for (const Instant end = now + time; now < end;) step();
  }
  // Whether the campaign is over within the time.
  bool finish(CampaignId id, Duration time) {
    for (const Instant end = now + time; now < end;) {
      step();
      if (campaigns->campaign(id)->state == campaign::State::done) return true;
    }
    return false;
  }

  CampaignId begin(const campaign::Payload& payload, uint8_t triggers_max = 15) {
    campaign::NewCampaign order{.name = "patch", .terms = {}};
    order.terms.payload = payload;
    auto& policy = order.terms.policy;
    policy.needs_approval = false;
    policy.triggers_max = triggers_max;
    policy.first_wait = minutes(1);
    policy.wait_factor = 1;
    policy.receipt_wait = minutes(1);
    policy.lasts_max = hours(4);
    const auto id = campaigns->create(order, {"alice", now});
    REQUIRE(id.has_value());
    REQUIRE(campaigns->submit(*id, {"alice", now}).has_value());
    REQUIRE(campaigns->advance(now).has_value());
    flush();
    return *id;
  }
  campaign::Outcome outcome(CampaignId id, uint32_t element = 0) {
    return *campaigns->outcome(id, {element});
  }

  Instant now{int64_t{1'800'000'000} * 1000};
  Messages::Settings message_settings;
  memory_store::MemoryStorage storage{ByteArray<16>{1}};
  memory_store::CampaignMemory rows;
  crypto::MemoryKeyStore keys{7};
  OneChip own;
  SeededRandom random{5};
  LinkFaults faults;
  std::vector<std::unique_ptr<ForeignCard>> cards;
  std::unique_ptr<audit::Log> audit;
  std::unique_ptr<campaign::Population> population;
  std::unique_ptr<campaign::Campaigns> campaigns;
  std::unique_ptr<fleet::Elements> elements;
  std::unique_ptr<Messages> messages;
  std::unique_ptr<campaign::Dispatcher> dispatcher;
  std::vector<InAir> queued, air;
  std::vector<Bytes> heard, sent_parts;
  std::vector<PartToken> tokens;
  Duration last_valid_for;
  size_t queue_left = SIZE_MAX, submitted = 0;
  size_t commits = 0, crash_before_commit = SIZE_MAX, crash_after_commit = SIZE_MAX;
};

}  // namespace simurgh::test
