// Chips by what they call themselves in TLS, and what a finished handshake proves.
#include <algorithm>

#include "conversations/personalisation/key_schedule.h"
#include "formats/secured_packet/command_packet.h"
#include "security_centre/rig.h"

using namespace simurgh;
using namespace simurgh::security_centre;
using namespace simurgh::security_centre::rig;

namespace {

std::string identity_of(const Key256& secret) {
  const auto identity = personalisation::derive_psk_identity(secret);
  return std::string(text_of(identity));
}

// A chip in service under epoch 1.
struct InService : Rig {
  InService() {
    sell(0, "49170000001");
    log_on();
    REQUIRE(chip.record.state == personalisation::ChipState::personalised);
  }
  const Key256& secret() const { return chip.record.active.secret; }
};

}  // namespace

TEST_CASE(
    "G2 D7: a chip is found by the identity of its active epoch, with the key it has itself") {
  InService rig;
  const auto found = rig.centre().psk_of(identity_of(rig.secret()));
  REQUIRE(found.has_value());
  CHECK(found->iccid == rig.iccid());
  CHECK(found->epoch == 1);
  const Key256 psk = personalisation::derive_psk(rig.secret());
  CHECK(std::ranges::equal(found->psk.view(), psk.view()));
  CHECK(rig.centre().psk_of("").error().code == ErrorCode::not_found);
  CHECK(rig.centre().psk_of("00000000000000000000000000000000").error().code ==
        ErrorCode::not_found);
}

TEST_CASE("D5: a sold chip is found by Ki_1's identity, which says epoch 0, and has its element") {
  Rig rig;
  CHECK(rig.elements().element_of(rig.iccid()).error().code == ErrorCode::not_found);
  rig.sell(0, "49170000001");
  const auto initial = personalisation::initial_epoch(rig.chip.record.chip_key, 0);
  const auto found = rig.centre().psk_of(identity_of(initial.secret));
  REQUIRE(found.has_value());
  CHECK(found->epoch == 0);
  const auto element = rig.elements().element_of(rig.iccid());
  REQUIRE(element.has_value());
  CHECK(element->source == fleet::ElementKeySource::centre);
  CHECK(rig.elements().batch(element->batch)->name == "allocation 1");
}

TEST_CASE("I1 D11: until a proof both epochs' identities are known; then only the new one's") {
  InService rig;
  const std::string before = identity_of(rig.secret());
  REQUIRE(rig.centre().rekey(rig.iccid(), "operator", rig.now).has_value());
  rig.commit();
  rig.talk(Rig::Until::commit_lost);
  const auto row = rig.row();
  REQUIRE(row->commit_unconfirmed);
  const std::string after = row->active_identity;
  REQUIRE(after != before);
  CHECK(rig.centre().psk_of(before)->epoch == 1);
  CHECK(rig.centre().psk_of(after)->epoch == 2);
  // The old epoch proves nothing about the new one.
  REQUIRE(rig.centre().on_epoch_proved(rig.iccid(), 1).has_value());
  CHECK(rig.row()->commit_unconfirmed);
  REQUIRE(rig.centre().on_epoch_proved(rig.iccid(), 2).has_value());
  CHECK(!rig.row()->commit_unconfirmed);
  CHECK(rig.row()->previous_secret.empty());
  CHECK(rig.centre().psk_of(before).error().code == ErrorCode::not_found);
  CHECK(rig.centre().psk_of(after)->epoch == 2);
}

TEST_CASE("D10 D12: a chip that is being reset is not found") {
  InService rig;
  const std::string identity = identity_of(rig.secret());
  REQUIRE(rig.authorise(rig.challenge()).has_value());
  CHECK(rig.centre().psk_of(identity).error().code == ErrorCode::not_found);
}

TEST_CASE("rows of an older schema get their identities at start-up") {
  InService rig;
  const std::string identity = identity_of(rig.secret());
  ChipKeys row = *rig.row();
  row.active_identity.clear();
  REQUIRE(rig.storage.security_centre().save(row).has_value());
  rig.commit();
  CHECK(rig.centre().psk_of(identity).error().code == ErrorCode::not_found);
  rig.start();
  CHECK(rig.centre().psk_of(identity)->iccid == rig.iccid());
}

TEST_CASE(
    "I2 G6: packets to a chip's applications: active epoch's keys, a counter never used before") {
  Rig rig;
  constexpr ByteArray<3> tar = {0xb2, 0x01, 0x00};
  const auto make = [&] { return rig.centre().make_packet(rig.iccid(), tar, bytes_of("trigger")); };
  CHECK(make().error().code == ErrorCode::not_found);
  rig.sell(0, "49170000001");
  CHECK(make().error().code == ErrorCode::bad_state);  // whoever has K1 has these keys, too
  rig.log_on();
  REQUIRE(rig.chip.record.state == personalisation::ChipState::personalised);
  const auto keys =
      derive_ota_keys(rig.chip.record.active.secret, personalisation::Direction::to_chip);
  uint64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    auto made = make();
    REQUIRE(made.has_value());
    CHECK(made->to == *Msisdn::parse("49170000001"));
    CHECK(made->counter > last);
    last = made->counter;
    const auto header = secured_packet::parse_command_header(made->bytes);
    REQUIRE(header.has_value());
    CHECK(header->tar == tar);
    const auto opened = verify_and_decrypt(*header, {keys.kic.view(), keys.kid.view()}, {});
    REQUIRE(opened.has_value());
    CHECK(opened->counter == made->counter);
    CHECK(equal(opened->secured_data, bytes_of("trigger")));
    if (i == 1) REQUIRE(rig.centre().rekey(rig.iccid(), "tester", rig.now).has_value());
  }
}
