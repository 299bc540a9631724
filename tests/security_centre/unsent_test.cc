// The centre's repetitions and a bearer that does not get rid of its messages.
#include "hlr/rig.h"
#include "memory_store/memory_journal.h"
#include "security_centre/security_centre.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

struct SlowBearer final : security_centre::Bearer {
  void send_short_message(const Msisdn&, ByteView) override { ++sent; }
  bool has_unsent(const Msisdn&) const override { return stuck; }
  int sent = 0;
  bool stuck = false;
};

// A chip that was sold and has registered: INIT is on its way to it.
struct CentreRig : HlrRig {
  CentreRig() {
    fleet::CardProfile profile;
    profile.name = "usim";
    profile.suites = personalisation::SuiteSet{personalisation::Suite::x25519}.bits();
    REQUIRE(fleet.save_profile(profile, by()).has_value());
    REQUIRE(fleet.save_contract({.id = "C-1", .customer = "somebody"}, by()).has_value());
    const std::string body = "894901000000000000";
    fleet::NewRange range;
    range.first_iccid = *Iccid::parse(body + luhn_check_digit(body));
    range.first_imsi = *Imsi::parse("901700000000001");
    range.count = 10;
    REQUIRE(fleet.add_range(range, by()).has_value());
    const fleet::Ver ver{1};
    const auto batch = fleet.allocate({"northern", ver, "usim", 10}, by());
    REQUIRE(batch.has_value());
    security_centre::Settings with;
    with.answer_wait_first = seconds(10);
    with.sends_max = 3;
    centre = std::make_unique<security_centre::SecurityCentre>(
        with, security_centre::SecurityCentre::Parts{storage.security_centre(), fleet, elements,
                                                     *hlr, journal, keys, random, bearer});
    security_centre::SignUp order;
    order.iccid = range.first_iccid;
    order.ver = ver;
    order.contract = "C-1";
    order.msisdn = *Msisdn::parse("491700000001");
    REQUIRE(centre->sign_up(order, "tester", now()).has_value());
    REQUIRE(centre->on_located(range.first_imsi, now()).has_value());
    commit();
  }
  // Lets the centre's next deadline come.
  void pass() {
    clock = centre->next_deadline().ms;
    REQUIRE(centre->on_time(Instant{clock}).has_value());
  }

  memory_store::MemoryJournal journal{ByteArray<16>{1}};
  SlowBearer bearer;
  fleet::Elements elements{{}, {storage.elements(), audit, keys}};
  std::unique_ptr<security_centre::SecurityCentre> centre;
};

}  // namespace

TEST_CASE("L3: what has not left yet is not sent again, and costs no repetition") {
  CentreRig rig;
  REQUIRE(rig.bearer.sent == 1);
  rig.bearer.stuck = true;
  for (int i = 0; i < 20; ++i) rig.pass();
  CHECK(rig.bearer.sent == 1);
  CHECK(rig.centre->figures().given_up == 0);
  // It left: from here the chip's time to answer runs, and the repetitions are all there.
  rig.bearer.stuck = false;
  rig.pass();
  rig.pass();
  CHECK(rig.bearer.sent == 3);
  CHECK(rig.centre->figures().given_up == 0);
  rig.pass();
  CHECK(rig.bearer.sent == 3);
  CHECK(rig.centre->figures().given_up == 1);
}
