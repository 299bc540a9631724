#include <algorithm>

#include "campaign/rig.h"

using namespace simurgh;
using namespace simurgh::test;

TEST_CASE("G3: a campaign needs a second person, and says who") {
  CampaignRig rig(10);
  const auto id = rig.campaigns->create(rig.order_of(), rig.by("alice"));
  REQUIRE(id.has_value());
  CHECK(rig.campaigns->approve(*id, rig.by("bob")).error().code == ErrorCode::bad_state);
  REQUIRE(rig.campaigns->submit(*id, rig.by("alice")).has_value());
  CHECK(rig.campaigns->approve(*id, rig.by("alice")).error().code == ErrorCode::not_allowed);
  REQUIRE(rig.campaigns->approve(*id, rig.by("bob")).has_value());
  rig.advance(seconds(1));
  CHECK(rig.state(*id) == State::running);
  CHECK(rig.campaigns->campaign(*id)->approved_by == "bob");
  const auto rows = rig.storage.audit().page(1, 100);
  REQUIRE(rows.has_value());
  std::vector<std::string> actions;
  for (const audit::Row& row : *rows) actions.push_back(row.action);
  CHECK(actions == std::vector<std::string>{"campaign.create", "campaign.submit",
                                            "campaign.approve", "campaign.begin"});
}

TEST_CASE("G3: a scheduled campaign waits for its time") {
  CampaignRig rig(10);
  campaign::Policy policy = rig.unapproved();
  policy.begins_at = rig.now + hours(2);
  const auto id = rig.campaigns->create(rig.order_of(policy), rig.by());
  REQUIRE(rig.campaigns->submit(*id, rig.by()).has_value());
  rig.advance(hours(1));
  CHECK(rig.state(*id) == State::scheduled);
  CHECK(rig.session(3).empty());
  rig.advance(hours(1));
  CHECK(rig.state(*id) == State::running);
}

TEST_CASE(
    "G4: triggers go from the most recent contact to the oldest, never to one that never "
    "reported nor to one already served") {
  CampaignRig rig(300, 50);
  const CampaignId id = rig.begin(rig.order_of(rig.unapproved()));
  CHECK(rig.session(1) == std::vector{id});    // recurring polls serve the campaign, too
  CHECK(rig.session(299) == std::vector{id});  // … and one that reports for the first time
  std::vector<uint32_t> picked;
  for (int i = 0; i < 100; ++i) {
    for (const campaign::Trigger& trigger : rig.pick(7)) picked.push_back(trigger.element.value);
  }
  std::vector<uint32_t> expected;
  for (uint32_t i = 0; i < 250; ++i) {
    if (i != 1) expected.push_back(i);
  }
  CHECK(picked == expected);
}

TEST_CASE("G4: a filter and a list decide who belongs when an element shows up") {
  CampaignRig rig(20);
  campaign::NewCampaign order = rig.order_of(rig.unapproved());
  order.terms.filter.batches = {2};
  order.terms.listed = true;
  const auto id = rig.campaigns->create(order, rig.by());
  REQUIRE(id.has_value());
  const ElementId list[] = {{3}, {4}, {5}, {5}};
  REQUIRE(rig.campaigns->add_members(*id, list).has_value());
  const ElementId unknown[] = {{99}};
  CHECK(rig.campaigns->add_members(*id, unknown).error().code == ErrorCode::not_found);
  REQUIRE(rig.campaigns->submit(*id, rig.by()).has_value());
  rig.advance(seconds(1));
  CHECK(rig.session(4).empty());  // batch 1
  CHECK(rig.session(7).empty());  // not on the list
  CHECK(rig.session(3) == std::vector{*id});
  const auto triggers = rig.pick(100);
  REQUIRE(triggers.size() == 1);
  CHECK(triggers[0].element == ElementId{5});
  CHECK(rig.session(5) == std::vector{*id});
  rig.advance(minutes(5));
  rig.advance(minutes(5));
  CHECK(rig.state(*id) == State::done);
  CHECK(rig.campaigns->campaign(*id)->total == 2);
}

TEST_CASE("G4: an element is triggered again with growing waits, then left to its poll") {
  CampaignRig rig(1);
  campaign::Policy policy = rig.unapproved();
  policy.triggers_max = 3;
  policy.first_wait = minutes(3);
  policy.wait_factor = 4;
  const CampaignId id = rig.begin(rig.order_of(policy));
  std::vector<int64_t> sent_at;
  const Instant begin = rig.now;
  for (int i = 0; i < 24 * 60; ++i) {
    for (const campaign::Trigger& trigger : rig.pick(10)) {
      CHECK(trigger.number == sent_at.size() + 1);
      sent_at.push_back((rig.now - begin).ms / 60'000);
    }
    rig.advance(minutes(1));
  }
  REQUIRE(sent_at.size() == 3);
  CHECK(sent_at[0] == 0);
  CHECK((sent_at[1] >= 3 && sent_at[1] <= 4));
  CHECK((sent_at[2] >= 15 && sent_at[2] <= 17));
  CHECK(rig.progress(id, 0) == Progress::given_up);
  CHECK(rig.state(id) == State::running);
  CHECK(rig.session(0) == std::vector{id});
  CHECK(rig.progress(id, 0) == Progress::done);
  CHECK(rig.counters(id).triggers == 3);
}

TEST_CASE("G6: what the SMSC does not take is next in line again and costs no try") {
  CampaignRig rig(10);
  const CampaignId id = rig.begin(rig.order_of(rig.unapproved()));
  const auto first = rig.pick(3);
  REQUIRE(first.size() == 3);
  for (const campaign::Trigger& trigger : first) rig.campaigns->not_sent(trigger, rig.now);
  CHECK(rig.counters(id).triggers == 0);
  std::vector<uint32_t> picked;
  for (const campaign::Trigger& trigger : rig.pick(10)) {
    CHECK(trigger.number == 1);
    picked.push_back(trigger.element.value);
  }
  std::sort(picked.begin(), picked.end());
  CHECK(picked == std::vector<uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE(
    "I5: only a proved answer is done; a bare status and silence are offered again as the "
    "same execution") {
  CampaignRig rig(3);
  const CampaignId id = rig.begin(rig.order_of(rig.unapproved()));
  CHECK(rig.session(0, {.proved = false}) == std::vector{id});
  CHECK(rig.progress(id, 0) == Progress::offered);
  CHECK(rig.campaigns->outcome(id, {0})->reason == Reason::status_only);
  const auto first = rig.silent_session(1);
  REQUIRE(first.has_value());
  rig.advance(minutes(11));
  CHECK(rig.campaigns->outcome(id, {1})->reason == Reason::silence);
  CHECK(rig.counters(id).silent == 2);
  const auto again = rig.silent_session(1);
  REQUIRE(again.has_value());
  CHECK(again->run == first->run);
  CHECK(rig.session(0) == std::vector{id});
  CHECK(rig.progress(id, 0) == Progress::done);
  CHECK(rig.session(0).empty());
  CHECK(rig.campaigns->report({2}, id, {.proved = true}, rig.now).error().code ==
        ErrorCode::not_found);
  // After three offers it is not triggered any more; its polls still serve it, and a receipt that
  // comes late counts.
  rig.silent_session(1);
  rig.advance(minutes(11));
  rig.advance(minutes(11));
  for (const campaign::Trigger& trigger : rig.pick(10)) CHECK(trigger.element != ElementId{1});
  CHECK(rig.silent_session(1)->run == first->run);
  REQUIRE(rig.campaigns->report({1}, id, {.proved = true}, rig.now).has_value());
  CHECK(rig.progress(id, 1) == Progress::done);
  CHECK(rig.counters(id).failed == 0);
}

TEST_CASE("L2: at its end a campaign has done + failed = total") {
  CampaignRig rig(40, 10);
  campaign::Policy policy = rig.unapproved();
  policy.lasts_max = days(2);
  const CampaignId id = rig.begin(rig.order_of(policy));
  for (uint32_t i = 0; i < 10; ++i) rig.session(i);
  rig.session(10,
              {.answer = campaign::Answer::refused, .proved = true, .reason = Reason::memory_full});
  rig.silent_session(11);
  rig.pick(5);
  for (int i = 0; i < 48 * 4; ++i) rig.advance(minutes(15));
  CHECK(rig.state(id) == State::done);
  const campaign::Campaign& campaign = *rig.campaigns->campaign(id);
  CHECK(campaign.total == 30);
  CHECK(campaign.counters.done == 10);
  CHECK(campaign.counters.failed == 20);
  CHECK(campaign.counters.failed_for[static_cast<size_t>(Reason::memory_full)] == 1);
  CHECK(campaign.counters.failed_for[static_cast<size_t>(Reason::silence)] == 1);
  CHECK(campaign.counters.failed_for[static_cast<size_t>(Reason::no_contact)] == 18);
  CHECK(rig.campaigns->outcome(id, {20})->reason == Reason::no_contact);
  CHECK(rig.session(20).empty());
}

TEST_CASE("G3: what failed is retried in a new run, what may have been executed as the same one") {
  CampaignRig rig(4);
  campaign::Policy policy = rig.unapproved();
  policy.lasts_max = days(1);
  const CampaignId id = rig.begin(rig.order_of(policy));
  rig.session(0);
  rig.session(
      1, {.answer = campaign::Answer::refused, .proved = true, .reason = Reason::command_failed});
  rig.silent_session(2);
  rig.advance(days(1));
  REQUIRE(rig.state(id) == State::done);
  rig.commit();
  REQUIRE(rig.campaigns->retry(id, rig.by()).has_value());
  CHECK(rig.state(id) == State::running);
  const auto check = [&] {
    CHECK(rig.progress(id, 0) == Progress::done);
    CHECK(rig.progress(id, 1) == Progress::open);
    CHECK(rig.progress(id, 2) == Progress::offered);
    CHECK(rig.counters(id).done == 1);
    CHECK(rig.counters(id).failed == 0);
  };
  check();
  rig.commit();
  rig.crash();
  check();
  CHECK(rig.session(0).empty());
  CHECK(rig.silent_session(1)->run == 1);
  CHECK(rig.silent_session(2)->run == 0);
  CHECK(rig.silent_session(3)->run == 1);
}

TEST_CASE("G3: pause holds everything, resume goes on, cancel is final") {
  CampaignRig rig(6);
  const CampaignId id = rig.begin(rig.order_of(rig.unapproved()));
  REQUIRE(rig.pick(1).size() == 1);
  REQUIRE(rig.campaigns->pause(id, rig.by()).has_value());
  CHECK(rig.pick(10).empty());
  CHECK(rig.session(0).empty());
  CHECK(rig.session(5).empty());
  REQUIRE(rig.campaigns->resume(id, rig.by()).has_value());
  rig.advance(minutes(4));
  CHECK(rig.pick(10).size() == 6);  // those that came in vain, too
  CHECK(rig.session(1) == std::vector{id});
  // Offered, and cancelled before the receipt: what the chip has done is recorded.
  REQUIRE(rig.silent_session(2).has_value());
  REQUIRE(rig.campaigns->cancel(id, rig.by()).has_value());
  REQUIRE(rig.campaigns->report({2}, id, {.proved = true}, rig.now).has_value());
  CHECK(rig.progress(id, 2) == Progress::done);
  CHECK(rig.session(3).empty());
  CHECK(rig.pick(10).empty());
  CHECK(rig.campaigns->resume(id, rig.by()).error().code == ErrorCode::bad_state);
  CHECK(rig.campaigns->retry(id, rig.by()).error().code == ErrorCode::bad_state);
  rig.commit();
  rig.crash();
  CHECK(rig.state(id) == State::cancelled);
  CHECK(rig.session(4).empty());
}

TEST_CASE("G4: overlapping campaigns are served in one session, by priority, with one trigger") {
  CampaignRig rig(10);
  campaign::Policy policy = rig.unapproved();
  const CampaignId later = rig.begin(rig.order_of(policy));
  policy.priority = 50;
  const CampaignId urgent = rig.begin(rig.order_of(policy));
  const auto triggers = rig.pick(100);
  CHECK(triggers.size() == 10);
  for (const campaign::Trigger& trigger : triggers) CHECK(trigger.campaign == urgent);
  CHECK(rig.session(4) == std::vector{urgent, later});
  CHECK(rig.counters(later).triggers == 0);
}

TEST_CASE("I5: a crash at any moment loses what was not committed and nothing else") {
  CampaignRig rig(5);
  const CampaignId id = rig.begin(rig.order_of(rig.unapproved()));
  rig.commit();
  REQUIRE(rig.pick(2).size() == 2);
  rig.commit();
  REQUIRE(rig.silent_session(0).has_value());
  rig.commit();
  rig.session(1);
  rig.crash();  // the receipt of 1 was not committed
  CHECK(rig.state(id) == State::running);
  CHECK(rig.progress(id, 0) == Progress::offered);
  CHECK(rig.progress(id, 1) == Progress::waiting);
  CHECK(rig.counters(id).triggers == 2);
  CHECK(rig.silent_session(0)->run == 0);
  for (uint32_t i = 0; i < 5; ++i) CHECK(rig.session(i) == std::vector{id});
  rig.commit();
  rig.crash();
  CHECK(rig.counters(id).done == 5);
  for (uint32_t i = 0; i < 5; ++i) CHECK(rig.session(i).empty());
}
