// link: simurgh_hlr simurgh_memory_store simurgh_io_crypto_openssl
// The HLR's GSUP server under whatever its peers say, in any order, with time, crashes and changes
// between: every request is answered exactly once or in time, and nothing is served across limits.
#include "base/reader.h"
#include "crypto/memory_key_store.h"
#include "hlr/gsup_server.h"
#include "memory_store/memory_storage.h"
#include "stores/rows.h"
#include "stores/seeded_random.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

constexpr uint64_t subscribers = 3;  // the last of them outside peer "b"'s prefix
const char* const peers[] = {"a", "b"};

class World final : hlr::GsupLink, hlr::Events {
 public:
  World() {
    settings_.hotline_number = *Msisdn::parse("49800");
    settings_.peers = {policy("a", "26201"), policy("b", "262010000000000")};
    settings_.procedures_max = 4;
    start();
    for (uint64_t i = 0; i < subscribers; ++i) {
      hlr::NewSubscriber row{imsi_of(i), iccid_of(i), msisdn_of(i), {}, i % 2 == 0};
      random_.fill(row.keys.ki.fill(16));
      random_.fill(row.keys.opc.fill(16));
      SIMURGH_CHECK(hlr_->create(row, by()).has_value());
    }
    SIMURGH_CHECK(storage_.commit(0).has_value());
  }

  void step(uint8_t operation, ByteView bytes) {
    const char* peer = peers[operation % 2];
    switch (operation / 2 % 8) {
      case 0: return pass(seconds(static_cast<int64_t>(bytes.size())));
      case 1: {
        if (operation & 16) SIMURGH_CHECK(storage_.commit(0).has_value());
        return start();  // what was not committed is lost
      }
      case 2: {
        static_cast<void>(
            hlr_->set_hotline(imsi_of(bytes.size() % subscribers), operation & 16, by()));
        return settle();
      }
      case 3: {
        static_cast<void>(hlr_->cancel_location(imsi_of(bytes.size() % subscribers), by()));
        return settle();
      }
      case 4: {
        server_->on_peer_down(peer);
        SIMURGH_CHECK(server_->on_peer_up(peer, now_).has_value());
        return settle();
      }
      default: return say(peer, bytes);
    }
  }

  void finish() {
    SIMURGH_CHECK(storage_.commit(0).has_value());
    const auto verified = audit_.verify();
    SIMURGH_CHECK(verified.has_value() && !verified->fault);
  }

 private:
  static hlr::PeerPolicy policy(const char* name, const char* prefix) {
    return {name, true, true, true, {prefix}, 2, minutes(10), 20};
  }
  void start() {
    storage_.crash();
    server_.reset();
    hlr_ = std::make_unique<hlr::Hlr>(
        hlr::HlrSettings{}, hlr::Hlr::Parts{storage_.hlr(), fleet_, audit_, keys_, random_});
    server_ = std::make_unique<hlr::GsupServer>(
        settings_, hlr::GsupServer::Parts{*hlr_, fleet_, audit_, *this, *this, random_}, now_);
    SIMURGH_CHECK(server_->resume(now_).has_value());
    for (const char* peer : peers) SIMURGH_CHECK(server_->on_peer_up(peer, now_).has_value());
  }
  void say(const char* peer, ByteView bytes) {
    const auto message = gsup::parse_message(bytes);
    if (!message) return;
    sent_ = 0;
    asked_ = peer;
    answer_type_ = {};
    SIMURGH_CHECK(server_->on_message(peer, *message, now_).has_value());
    const bool is_location = message->type == gsup::MessageType::update_location_request;
    if (gsup::is_request(message->type) && !is_location) SIMURGH_CHECK(sent_ == 1);
    if (answer_type_ == gsup::MessageType::send_auth_info_result) {
      const auto& prefixes = settings_.peers[peer == peers[0] ? 0 : 1].imsi_prefixes;
      SIMURGH_CHECK(message->imsi.text().starts_with(prefixes[0]));
    }
    asked_ = "";
    settle();
  }
  void pass(Duration time) {
    now_ = now_ + time;
    settle();
  }
  void settle() {
    for (int i = 0; server_->next_deadline() <= now_; ++i) {
      SIMURGH_CHECK(i < 1000);
      SIMURGH_CHECK(server_->on_time(now_).has_value());
    }
  }
  audit::By by() { return {"fuzz", now_}; }

  void send(std::string_view peer, ByteView message) override {
    if (peer != asked_) return;
    ++sent_;
    answer_type_ = gsup::parse_message(message)->type;
  }
  void on_located(const Imsi&, hlr::Domain, std::string_view, Instant) override {}
  void on_sync_failure(const Imsi&, std::string_view, Instant) override {}
  void on_auth_failure(const Imsi&, std::string_view, Instant) override {}

  Instant now_{1'700'000'000'000};
  SeededRandom random_{1};
  crypto::MemoryKeyStore keys_{1};
  memory_store::MemoryStorage storage_{ByteArray<16>{1}};
  audit::Log audit_{storage_.audit()};
  fleet::Fleet fleet_{storage_.fleet(), audit_};
  hlr::GsupSettings settings_;
  std::unique_ptr<hlr::Hlr> hlr_;
  std::unique_ptr<hlr::GsupServer> server_;
  int sent_ = 0;
  std::string_view asked_;
  gsup::MessageType answer_type_{};
};

}  // namespace

// Input: operation (u8), octets (u8 length), again and again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  World world;
  Reader reader(ByteView(data, std::min(size, size_t{4096})));
  while (!reader.at_end()) {
    const uint8_t operation = *reader.u8();
    const auto bytes = reader.prefixed8();
    if (!bytes) break;
    world.step(operation, *bytes);
  }
  world.finish();
  return 0;
}
