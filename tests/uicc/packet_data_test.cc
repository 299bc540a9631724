// A handset in a visited network: where a chip's data session may go before its release, and after.
#include <doctest/doctest.h>

#include "agent_rig.h"
#include "network/handset.h"
#include "network/packet_gateway.h"

using namespace simurgh;
using test::AgentWorld;
using test::Bytes;

namespace {

// Everything around one handset: an HLR that answers at once, and the gateway's two networks.
class Field final : public network::HlrLink, public network::Switch, public network::PacketNetwork {
 public:
  explicit Field(bool hotlined)
      : hotlined_(hotlined),
        centre_(test::chip_of_centre(keys(), {personalisation::Suite::x25519}), keys(), 3),
        channels_(random_),
        card_(4, &channels_),
        visited_({}, *this, *this) {
    card_.pre_personalise(centre_.chip());
    gateway_.add({"activation", false, {0xc0, 0x00, 0x02, 0x07}, 8443});
    gateway_.add({"internet", true, {}, 0});
    network::Handset::Settings settings;
    settings.imei = *Imei::parse("490154203237518");
    handset.emplace(settings, card_.hardware(), visited_, now, this);
    card_.card->power_off();
    REQUIRE(handset->switch_on().has_value());
    handset->on_time();
    answer();
    REQUIRE(handset->registered());
  }
  static crypto::MemoryKeyStore& keys() {
    static crypto::MemoryKeyStore store(7);
    return store;
  }
  // A trigger that names an address and an access point.
  void trigger(ByteView address, ByteView access_point) {
    remote_management::SessionTrigger trigger;
    trigger.session = *remote_management::parse_session_parameters(parameters_);
    trigger.session.connection->address =
        toolkit::OtherAddress{toolkit::OtherAddress::ipv4, address};
    trigger.session.connection->access_point = access_point;
    Bytes room(400);
    const auto written = write_session_trigger(trigger, room);
    REQUIRE(written.has_value());
    test::RawPacket raw;
    raw.spi2 = 0x00;
    raw.tar = uicc::tar_admin_agent;
    raw.counter = ++counter_;
    raw.data.assign(written->begin(), written->end());
    const auto ota = derive_ota_keys(centre_.active.secret, personalisation::Direction::to_chip);
    for (const Bytes& tpdu : centre_.deliver_tpdus(raw.bytes(ota), counter_)) {
      REQUIRE(handset->deliver(tpdu).has_value());
    }
  }

  std::vector<std::string> connected;
  Instant now{1'800'000'000'000};
  std::optional<network::Handset> handset;
  uint64_t refused() const { return gateway_.refused(); }
  uint64_t hotline_refused() const { return visited_.figures().hotline_refused; }

  void send(const gsup::Message& message) override { asked_.push_back(message); }
  bool submit(const Msisdn&, ByteView) override { return true; }
  void on_reachable(const Msisdn&) override {}
  terminal::DataOpening open(network::Handset&, uint8_t,
                             const terminal::DataDestination& to) override {
    if (!gateway_.admits(to)) return terminal::DataOpening::not_reachable;
    connected.push_back(std::string(to.access_point) + " " + test::to_hex(to.address));
    return terminal::DataOpening::not_reachable;  // far enough
  }
  Result<void> send(network::Handset&, uint8_t, ByteView) override { return {}; }
  Result<size_t> receive(network::Handset&, uint8_t, MutableByteView) override { return size_t{0}; }
  void close(network::Handset&, uint8_t) override {}

 private:
  static ByteArray<16> block_of(const Key128& key) {
    ByteArray<16> octets{};
    std::copy(key.view().begin(), key.view().end(), octets.begin());
    return octets;
  }
  void answer() {
    using Type = gsup::MessageType;
    for (size_t i = 0; i < asked_.size(); ++i) {
      const gsup::Message question = asked_[i];
      gsup::Message reply;
      reply.imsi = question.imsi;
      if (question.type == Type::send_auth_info_request) {
        const crypto::Block rand = {1, 2, 3};
        const auto vector = centre_.vector(rand, ++sequence_, centre_.active);
        gsup::AuthTuple tuple;
        tuple.rand = rand;
        tuple.autn = vector.autn;
        tuple.ck = block_of(vector.expected.ck);
        tuple.ik = block_of(vector.expected.ik);
        tuple.res.assign(vector.expected.res);
        reply.type = Type::send_auth_info_result;
        reply.auth_tuples.push_back(tuple);
        visited_.on_message(reply, now);
      } else if (question.type == Type::update_location_request) {
        ByteArray<gsup::number_octets_max> msisdn, hotline;
        ByteArray<64> point;
        gsup::Message data;
        data.imsi = question.imsi;
        data.type = Type::insert_data_request;
        data.msisdn = *gsup::write_number(*Msisdn::parse("491711112222"), msisdn);
        if (hotlined_) data.hotline = *gsup::write_number(*Msisdn::parse("4917100"), hotline);
        gsup::PdpInfo context;
        context.access_point_name =
            *gsup::write_access_point_name(hotlined_ ? "activation" : "internet", point);
        data.pdp_infos.push_back(context);
        visited_.on_message(data, now);
        reply.type = Type::update_location_result;
        visited_.on_message(reply, now);
      }
    }
    asked_.clear();
  }
  bool hotlined_;
  test::TestCentre centre_;
  test::SeededRandom random_{5};
  network::PlainChannels channels_;
  test::TestCard card_;
  network::VisitedNetwork visited_;
  network::PacketGateway gateway_;
  std::vector<gsup::Message> asked_;
  Bytes parameters_ = AgentWorld::parameters(0, 1);
  uint64_t sequence_ = 0;
  uint8_t counter_ = 0;
};

constexpr uint8_t front_end[] = {0xc0, 0x00, 0x02, 0x07};
constexpr uint8_t elsewhere[] = {0xc6, 0x33, 0x64, 0x01};
constexpr uint8_t internet[] = {8, 'i', 'n', 't', 'e', 'r', 'n', 'e', 't'};

}  // namespace

TEST_CASE("D6, I7: before its release a chip's data session reaches the centre's front end only") {
  Field field(true);
  field.trigger(front_end, {});
  REQUIRE(field.connected.size() == 1);
  CHECK(field.connected[0] == "activation c0000207");
  field.trigger(elsewhere, {});
  CHECK(field.connected.size() == 1);
  CHECK(field.refused() == 1);
  const uint64_t before = field.hotline_refused();
  field.trigger(front_end, internet);  // another access point than the hotline's
  CHECK(field.connected.size() == 1);
  CHECK(field.hotline_refused() == before + 1);
}

TEST_CASE("D7: after it, it reaches what the subscription has") {
  Field field(false);
  field.trigger(elsewhere, internet);
  REQUIRE(field.connected.size() == 1);
  CHECK(field.connected[0] == "internet c6336401");
  field.trigger(front_end, {});
  CHECK(field.connected.size() == 2);
  CHECK(field.hotline_refused() == 0);
}
