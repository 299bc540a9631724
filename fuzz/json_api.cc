// link: simurgh_api simurgh_memory_store simurgh_hlr simurgh_io_json simurgh_io_crypto_openssl
// A whole request at the REST interface: "METHOD TARGET\n" and the body. Whatever it is, the answer
// is a value of its form, no store fails, the audit chain holds, and JSON that reads, writes and
// reads again as the same.
#include <optional>

#include "api/api.h"
#include "crypto/memory_key_store.h"
#include "memory_store/memory_storage.h"

namespace {

using namespace simurgh;

constexpr Instant always{1'700'000'000'000};

class CountingRandom final : public Random {
 public:
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) octet = static_cast<uint8_t>(++count_ * 73);
  }

 private:
  uint64_t count_ = 0;
};

// Does what it is asked in the fleet's books, so that requests get behind the first check.
class Books final : public api::Centre {
 public:
  explicit Books(fleet::Fleet& fleet) : fleet_(fleet) {}
  Result<security_centre::SignedUp> sign_up(const security_centre::SignUp& order,
                                            std::string_view actor, Instant now) override {
    fleet::Sale sale;
    sale.iccid = order.iccid;
    sale.ver = order.ver;
    sale.life = order.life;
    sale.contract = order.contract;
    sale.msisdn = order.msisdn;
    sale.order = "order-" + std::to_string(++orders_);
    return security_centre::SignedUp{sale.order, TRY(fleet_.sell(sale, {actor, now})).imsi};
  }
  Result<void> rekey(const Iccid& iccid, std::string_view actor, Instant now) override {
    TRY(fleet_.change(iccid, fleet::ChipEvent::rekey_ordered, {actor, now}));
    return {};
  }
  Result<personalisation::Message> authorise_reset(const Iccid& iccid, ByteView challenge,
                                                   std::string_view actor, Instant now) override {
    TRY(fleet_.change(iccid, fleet::ChipEvent::reset_authorised, {actor, now}));
    return personalisation::Message(challenge);
  }
  Result<void> confirm_reset(const Iccid& iccid, ByteView, std::string_view actor,
                             Instant now) override {
    TRY(fleet_.change(iccid, fleet::ChipEvent::reset_confirmed, {actor, now}));
    return {};
  }
  Result<void> renew_code(std::string_view order, const personalisation::ActivationCode&,
                          std::string_view actor, Instant now) override {
    TRY(fleet_.renew_code(order, fleet::CodeKind::short_code, {}, {actor, now}));
    return {};
  }
  Result<std::optional<security_centre::ChipKeys>> keys_of(const Iccid&) override {
    return std::optional<security_centre::ChipKeys>{};
  }
  Result<void> each_open(FunctionRef<void(const security_centre::ChipKeys&)>) override {
    return {};
  }

 private:
  fleet::Fleet& fleet_;
  uint64_t orders_ = 0;
};

class Nothing final : public api::Surroundings {
 public:
  json::Value status() override { return json::Value::object(); }
  bool ready(std::string&) override { return true; }
  std::string metrics() override { return "\n"; }
};

class StorageStep final : public api::Step {
 public:
  explicit StorageStep(storage::Storage& storage) : storage_(storage) {}
  Result<void> begin() override { return storage_.begin_step(); }
  Result<void> keep() override { return storage_.keep_step(); }
  Result<void> undo() override { return storage_.undo_step(); }

 private:
  storage::Storage& storage_;
};

struct World {
  World()
      : audit(storage.audit()),
        fleet(storage.fleet(), audit),
        elements({}, {storage.elements(), audit, keys}),
        hlr({.import = {}, .cache_entries_max = 10}, {storage.hlr(), fleet, audit, keys, random}),
        centre(fleet),
        step(storage),
        made(make()),
        tokens({made.token}) {
    begin();
    send("POST /v1/batches\n{\"name\":\"one\"}");
    send("POST /v1/profiles\n{\"name\":\"standard\",\"algorithm\":\"milenage\"}");
    send(
        "POST /v1/manufacturers\n{\"name\":\"northern\",\"transport_public_key\":"
        "\"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a\"}");
    send(
        "POST /v1/ranges\n{\"iccid_first\":\"8949170000000000004\",\"imsi_first\":"
        "\"262170000000000\",\"count\":10}");
    send(
        "POST /v1/allocations\n{\"manufacturer\":\"northern\",\"ver\":\"0100000000000001\","
        "\"count\":5,\"profile\":\"standard\"}");
    send(
        "POST /v1/signups\n{\"iccid\":\"8949170000000000004\",\"ver\":\"0100000000000001\","
        "\"contract\":\"C\",\"msisdn\":\"49\",\"activation\":{\"kind\":\"none\"}}");
  }

  // What is kept in memory only, from what is stored.
  void begin() {
    population.emplace(always);
    campaigns.emplace(storage.campaigns(), audit, *population, days(7));
    SIMURGH_CHECK(campaigns->load(always).has_value());
    interface.emplace(
        api::Settings{},
        api::Api::Parts{centre, fleet, &hlr, audit, storage.audit(), keys, storage.answers(),
                        storage.factory(), tokens, surroundings, step, random, elements,
                        storage.campaigns(), *campaigns, *population});
  }

  static api::NewToken make() {
    Key256 secret;
    secret.fill(32);
    return *api::make_token("fuzz", {api::Role::admin}, secret, {});
  }

  api::Answer send(std::string_view text) {
    const size_t line_end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, line_end);
    const size_t space = std::min(line.find(' '), line.size());
    api::Request request;
    request.method = line.substr(0, space);
    request.target = line.substr(std::min(space + 1, line.size()));
    request.body = text.substr(std::min(line_end + 1, text.size()));
    request.authorization = "Bearer " + std::string(text_of(made.text.view()));
    request.content_type = "application/json";
    auto answer = interface->handle(request, always);
    SIMURGH_CHECK(answer.has_value());
    return *answer;
  }

  memory_store::MemoryStorage storage{ByteArray<16>{}};
  crypto::MemoryKeyStore keys{1};
  audit::Log audit;
  fleet::Fleet fleet;
  fleet::Elements elements;
  CountingRandom random;
  hlr::Hlr hlr;
  Books centre;
  Nothing surroundings;
  StorageStep step;
  api::NewToken made;
  api::Tokens tokens;
  std::optional<campaign::Population> population;
  std::optional<campaign::Campaigns> campaigns;
  std::optional<api::Api> interface;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // One world for all inputs: what one changed is put back by dropping what was not committed.
  static World& world = *[] {
    auto* made = new World;
    SIMURGH_CHECK(made->storage.commit(0).has_value());
    return made;
  }();
  world.tokens = api::Tokens({world.made.token});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const api::Answer answer = world.send(text);
  SIMURGH_CHECK(answer.status >= 200 && answer.status < 500);
  if (answer.content_type != "text/plain; version=0.0.4; charset=utf-8") {
    SIMURGH_CHECK(json::parse(answer.body).has_value());
  }
  SIMURGH_CHECK(!world.audit.verify()->fault.has_value());
  const std::string_view body = text.substr(std::min(text.find('\n'), text.size() - 1) + 1);
  const auto value = json::parse(size == 0 ? "" : body);
  if (value.has_value()) {
    const auto again = json::parse(json::write(*value));
    SIMURGH_CHECK(again.has_value() && *again == *value);
  }
  world.storage.crash();
  world.begin();
  return 0;
}
