// link: simurgh_element_update simurgh_memory_store simurgh_io_json simurgh_io_crypto_openssl
// What comes from the numbers of cards that are served by short messages: without their key nothing
// is ever proved, whatever comes. Input: messages, each behind its length; two octets 00 tt let tt
// seconds pass.
#include "base/check.h"
#include "crypto/memory_key_store.h"
#include "element_update/messages.h"
#include "memory_store/campaign_memory.h"
#include "memory_store/memory_storage.h"

using namespace simurgh;
using namespace simurgh::element_update;

namespace {

struct NoKeys final : OwnKeys {
  Result<Psk> psk_of(std::string_view) override { return ErrorCode::not_found; }
  Result<void> on_epoch_proved(const Iccid&, uint32_t) override { return {}; }
  Result<void> rekey(const Iccid&, Instant) override { return ErrorCode::bad_state; }
  Result<Packet> make_packet(const Iccid&, const remote_management::Tar&, ByteView) override {
    return ErrorCode::not_found;
  }
};

struct Sink final : MessageOutlet {
  Result<void> submit(const MessagePart& part) override {
    SIMURGH_CHECK(part.user_data.size() <= sms::user_data_octets_max);
    return {};
  }
  uint32_t room() const override { return 100; }
  uint64_t throttled() const override { return 0; }
};

struct World {
  World() {
    const audit::By by{"fuzz", now};
    SIMURGH_CHECK(elements.save_batch("b", R"({"bearer": "sms"})", by).has_value());
    fleet::NewElement card;
    card.iccid = *Iccid::parse("89491700000000001000");
    card.msisdn = *Msisdn::parse("491760001000");
    card.keys.key_version = 2;
    card.keys.kic.fill(16)[3] = 0x5a;
    card.keys.kid.fill(16)[7] = 0xa5;
    SIMURGH_CHECK(elements.import("b", {&card, 1}, by).has_value());
    const campaign::ElementRow row{.element = {0}, .last_contact_s = 1'700'000'000, .batch = 1};
    SIMURGH_CHECK(rows.store().apply({&row, 1}).has_value());
    SIMURGH_CHECK(campaigns.load(now).has_value());
    SIMURGH_CHECK(messages.on_time(now).has_value());
    dispatcher.set_sender(&messages);
    FilePayload payload;
    payload.writes.push_back({{0x6f46}, 0, {1, 2, 3}});
    campaign::NewCampaign order{.name = "c", .terms = {}};
    order.terms.payload = *write_payload(payload);
    order.terms.policy.needs_approval = false;
    id = *campaigns.create(order, by);
    SIMURGH_CHECK(campaigns.submit(id, by).has_value());
    tick();
    tick();
    SIMURGH_CHECK(messages.visits() == 1);
  }
  void tick() {
    now = now + seconds(1);
    SIMURGH_CHECK(dispatcher.tick({}, now).has_value());
    SIMURGH_CHECK(messages.on_time(now).has_value());
  }

  Instant now{int64_t{1'800'000'000} * 1000};
  memory_store::MemoryStorage storage{ByteArray<16>{1}};
  memory_store::CampaignMemory rows;
  crypto::MemoryKeyStore keys{7};
  NoKeys own;
  Sink sink;
  audit::Log audit{storage.audit()};
  campaign::Population population{now};
  campaign::Campaigns campaigns{rows.store(), audit, population, days(7)};
  fleet::Elements elements{{}, fleet::Elements::Parts{storage.elements(), audit, keys}};
  Messages messages{{}, {storage.element_update(), campaigns, elements, keys, own, sink}};
  campaign::Dispatcher dispatcher{campaigns, campaign::Settings{}};
  campaign::CampaignId id;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  World world;
  Reader in({data, size});
  while (!in.at_end()) {
    const auto message = in.prefixed8();
    if (!message.has_value()) break;
    if (message->empty()) {
      const auto time = in.u8();
      if (!time.has_value()) break;
      world.now = world.now + seconds(*time);
      world.tick();
      continue;
    }
    const auto taken =
        world.messages.on_short_message(*Msisdn::parse("491760001000"), *message, true, world.now);
    SIMURGH_CHECK(taken.has_value());
  }
  const auto outcome = *world.campaigns.outcome(world.id, {0});
  SIMURGH_CHECK(outcome.progress != campaign::Progress::done &&
                outcome.progress != campaign::Progress::failed);
  SIMURGH_CHECK(world.messages.figures().receipts == 0);
  return 0;
}
