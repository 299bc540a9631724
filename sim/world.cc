// Long: a world is one class; its parts that have a name of their own stand in their own files.
#include "world.h"

#include <algorithm>
#include <cstdio>

#include "air.h"
#include "checkers.h"
#include "fake_centre.h"
#include "links.h"
#include "middle.h"
#include "security_centre/inspect.h"

namespace simurgh::sim {

namespace {

constexpr size_t networks_count = 2;
constexpr Duration turn_wait = seconds(7);
constexpr Duration settle_max = days(3);  // after the faults, until everything must have come true
constexpr Duration hotline_check_wait = seconds(31);
constexpr uint32_t rekeys_per_hour = 60;
// After the faults a due key is renewed within this: its turn, and a chip that was off.
constexpr Duration renewal_wait_max = hours(2);

// What a seed decides about a world.
struct Plan {
  size_t chips = 3;
  Duration faults_until;
  network::FaultPlan smsc;
  AirFaults air;
  ServerFaults server;
  Duration link_delay_max = milliseconds(50);
  bool restores = false;
  bool power_cuts = false;
  bool fake_centre = false;
  bool injects = false;
  bool link_cuts = false;
  bool middle = false;
  bool thieves = false;
  uint32_t smsc_restart_ppm = 0;  // of steps
  uint32_t vlr_restart_ppm = 0;
  Duration rekey_interval;  // 0: keys are renewed by order only
  bool ffdhe2048 = false;   // the operator has chips with RSA coprocessors
};

// What came later, drawn apart from the rest, so that a kept seed is still the world that it was.
void plan_more(Plan& plan, const WorldOptions& options) {
  SeededRandom random(options.seed ^ 0x6d6f7265);
  const bool interval = random.below(4) == 0;
  const Duration length = minutes(random.between(20, 90));
  const bool ffdhe2048 = random.below(10) == 0;
  if (options.hasty) return;
  if (interval || options.always_interval) plan.rekey_interval = length;
  plan.ffdhe2048 = ffdhe2048 || options.always_ffdhe2048;
}

Plan plan_of(SeededRandom& random, const WorldOptions& options) {
  Plan plan;
  plan.chips = 2 + random.below(3);
  plan.faults_until = minutes(random.between(30, 240));
  constexpr std::string_view smsc_plans[] = {"none", "lossy", "lossy", "chaos"};
  plan.smsc = *network::FaultPlan::named(smsc_plans[random.below(4)]);
  const auto off_or = [&](uint32_t most_ppm) {
    return random.below(2) == 0 ? 0 : static_cast<uint32_t>(random.below(most_ppm));
  };
  plan.air = {off_or(150'000), off_or(100'000), off_or(100'000), off_or(60'000), off_or(100'000)};
  plan.server = {off_or(24'000), off_or(400'000)};
  plan.link_delay_max = milliseconds(random.between(1, 2000));
  plan.restores = options.always_restore || random.below(4) == 0;
  plan.power_cuts = random.below(2) == 0;
  plan.fake_centre = random.below(3) == 0;
  plan.injects = random.below(2) == 0;
  plan.link_cuts = random.below(2) == 0;
  plan.middle = random.below(3) == 0;
  plan.thieves = random.below(2) == 0;
  plan.smsc_restart_ppm = off_or(2'000);
  plan.vlr_restart_ppm = off_or(2'000);
  if (options.hasty) {
    plan = Plan();
    plan.faults_until = hours(2);
    plan.smsc = *network::FaultPlan::named("none");
    plan.air.drop_ppm = 250'000;
    plan.link_delay_max = milliseconds(20);
  }
  plan_more(plan, options);
  return plan;
}

ChipPlan chip_plan_of(SeededRandom& random, const Plan& plan, const WorldOptions& options) {
  using personalisation::Suite;
  ChipPlan chip;
  chip.rekeys = 1 + static_cast<uint32_t>(random.below(3));
  chip.power_cuts = plan.power_cuts;
  chip.double_orders = random.below(2) == 0;
  chip.code = static_cast<personalisation::CodeKind>(random.below(3));
  constexpr Suite suites[] = {Suite::x25519, Suite::x25519, Suite::p256};
  chip.suites = {suites[random.below(3)]};
  if (random.below(3) == 0) chip.suites = {Suite::x25519, Suite::p256};
  if (plan.ffdhe2048) {
    const uint8_t others =
        options.always_ffdhe2048 || random.below(2) == 0 ? 0 : chip.suites.bits();
    chip.suites = *personalisation::SuiteSet::from_bits(
        others | personalisation::SuiteSet{Suite::ffdhe2048}.bits());
  }
  chip.server_made = random.below(6) == 0;
  chip.rat = random.below(3) == 0 ? network::Rat::gsm : network::Rat::umts;
  chip.impatient = random.below(3) == 0;
  chip.thief = plan.thieves;
  chip.mistake = options.chip_mistake;
  if (options.hasty) {
    chip.impatient = true;
    chip.rat = network::Rat::gsm;
    chip.code = personalisation::CodeKind::none;
    chip.rekeys = 1'000;
  }
  return chip;
}

personalisation::SuiteSet suites_of(const Plan& plan) {
  using personalisation::Suite;
  if (plan.ffdhe2048) return {Suite::x25519, Suite::p256, Suite::ffdhe2048};
  return {Suite::x25519, Suite::p256};
}

security_centre::Settings settings_of(SeededRandom& random, const Plan& plan) {
  security_centre::Settings settings;
  settings.answer_wait_first = seconds(random.between(5, 30));
  settings.answer_wait_max = minutes(5);
  settings.work_retry_wait = minutes(10);
  settings.code_tries_max = 50;  // lost sessions count too; wrong codes are another scenario
  settings.ask_new_pin = false;
  settings.rekey_interval = plan.rekey_interval;
  settings.rekeys_per_hour_max = rekeys_per_hour;
  return settings;
}

class World {
 public:
  explicit World(const WorldOptions& options)
      : options_(options),
        random_(options.seed),
        plan_(plan_of(random_, options)),
        centre_number_(*Msisdn::parse("4915550000")),
        server_(options.seed, centre_number_, networks_count, options.server_mistakes,
                settings_of(random_, plan_)),
        operators_suites_(suites_of(plan_)),
        air_(options.seed ^ 0x616972, now_),
        radio_(air_),
        smsc_random_(options.seed ^ 0x736d7363),
        checkers_(server_) {
    start_smsc({});
    for (size_t i = 0; i < networks_count; ++i) {
      homes_.push_back(std::make_unique<Home>(*this, i));
      networks_.push_back(std::make_unique<network::VisitedNetwork>(
          network::VisitedNetworkSettings{}, *homes_.back(), radio_));
      radio_.add(*networks_.back());
    }
  }

  WorldOutcome run() {
    if (!open()) return end();
    faults_end_ = now_ + plan_.faults_until;
    const Instant last = faults_end_ + settle_max;
    set_faults(true);
    while (outcome_.violation.empty() && now_ < last) {
      if (now_ >= faults_end_ && faults_on_) set_faults(false);
      step();
      if (!faults_on_ && all_done() && all_at_rest()) break;
    }
    finish();
    return end();
  }

 private:
  // GSUP from a visited network towards home.
  struct Home final : network::HlrLink {
    Home(World& in_world, size_t network_index) : world(in_world), index(network_index) {}
    void send(const gsup::Message& message) override {
      ByteArray<gsup::message_octets_max> room;
      const auto bytes = gsup::write_message(message, room);
      if (!bytes) return world.violate("a visited network wrote no message");
      up.put({bytes->begin(), bytes->end()}, world.now_ + world.delay());
    }
    World& world;
    size_t index;
    Pipe<std::vector<uint8_t>> up, down;
  };

  static network::SmscCentreOptions smsc_options() {
    network::SmscCentreOptions options;
    network::SmscAccount account;
    account.system_id = "simurgh";
    account.password.assign(bytes_of("secret"));
    account.numbers = {"4915550000"};
    options.accounts.push_back(std::move(account));
    options.validity_default = hours(6);
    options.retry_waits = {seconds(10), seconds(30), minutes(1), minutes(5)};
    return options;
  }

  // An SMSC that begins with nothing: what it had stored is lost.
  void start_smsc(const network::FaultPlan& faults) {
    session_.reset();
    smsc_ = std::make_unique<network::SmscCentre>(smsc_options(), faults, radio_, smsc_random_);
    radio_.set_centre(*smsc_);
  }

  Duration delay() { return milliseconds(random_.between(1, plan_.link_delay_max.ms)); }

  void violate(const std::string& words) {
    if (outcome_.violation.empty()) outcome_.violation = words;
  }
  void require(const std::string& words) {
    if (!words.empty()) violate(words);
  }

  // The operator's first day: numbers, a batch, chips from the factory.
  bool open() {
    now_ = Instant{1'700'000'000'000};
    if (!server_.start(now_)) return violate("the server did not start"), false;
    fleet::Allocation allocation;
    const bool prepared = server_.run(
        [&](security_centre::SecurityCentre&) -> Result<void> {
          fleet::Fleet& fleet = server_.fleet();
          const audit::By by{"operator", now_};
          fleet::CardProfile profile;
          profile.name = "sim";
          profile.suites = operators_suites_.bits();
          TRY(fleet.save_profile(profile, by));
          TRY(fleet.save_contract({"sim", "customer", "tariff", false, now_}, by));
          const std::string body = "894901000000000000";
          fleet::NewRange range;
          range.first_iccid = TRY(Iccid::parse(body + luhn_check_digit(body)));
          range.first_imsi = TRY(Imsi::parse("901700000000001"));
          range.count = 1000;
          TRY(fleet.add_range(range, by));
          allocation = TRY(fleet.allocate({"maker", {1, 2, 3, 4, 5, 6, 7, 8}, "sim", 100, 0}, by));
          return {};
        },
        now_);
    if (!prepared || allocation.id == 0) return violate("the fleet could not be made"), false;
    const auto k1 = server_.keys().k1_of_version(allocation.ver);
    if (!k1) return violate("no K1"), false;
    for (size_t i = 0; i < plan_.chips; ++i) {
      const ChipPlan plan = chip_plan_of(random_, plan_, options_);
      chips_.push_back(std::make_unique<ChipNode>(options_.seed, i, plan, server_,
                                                  *networks_[i % networks_count], now_));
      fleet::PoolNumber number;
      number.allocation = allocation;
      number.position = i;
      number.iccid = allocation.run.iccid_at(i);
      number.imsi = allocation.run.imsi_at(i);
      if (const auto made = chips_.back()->make(number, *k1, centre_number_); !made) {
        return violate(std::string("the factory failed: ") + name_of(made.error().code)), false;
      }
      next_turn_.push_back(now_ + milliseconds(random_.between(0, 60'000)));
    }
    fake_centre_ = std::make_unique<FakeCentre>(options_.seed, *k1, centre_number_, air_);
    middle_ = std::make_unique<Middle>(
        options_.seed, *k1, centre_number_, now_, air_,
        [this](const Msisdn& number) -> const personalisation::ChipRecord* {
          for (const auto& chip : chips_) {
            if (chip->msisdn() == number && chip->record()) return &*chip->record();
          }
          return nullptr;
        });
    checkers_.add_secret(k1->view());
    snapshot_at_ = now_ + minutes(random_.between(5, 60));
    return true;
  }

  void set_faults(bool on) {
    faults_on_ = on;
    server_.faults = on ? plan_.server : ServerFaults{};
    air_.faults = on ? plan_.air : AirFaults{};
    smsc_->set_faults(on ? plan_.smsc : network::FaultPlan{});
    air_.middle = on && plan_.middle ? middle_.get() : nullptr;
    if (middle_) middle_->tamper_ppm = on ? 200'000 : 0;
    if (!on) {
      air_.injections.clear();
      air_.upward.clear();
      plan_.link_delay_max = milliseconds(50);
    }
  }

  // --- one step: the next instant at which anything happens -------------------------------------
  Instant next_instant() const {
    Instant next = earlier(server_.next_deadline(), radio_.next_deadline());
    if (!server_.alive()) next = earlier(next, restart_at_);
    if (smpp_connected_ && session_) next = earlier(next, session_->poll_timeout());
    next = earlier(next, earlier(smpp_up_.next(), smpp_down_.next()));
    for (const auto& home : homes_)
      next = earlier(next, earlier(home->up.next(), home->down.next()));
    for (size_t i = 0; i < chips_.size(); ++i) {
      next = earlier(next, earlier(next_turn_[i], chips_[i]->handset().next_deadline()));
    }
    for (const Injection& injection : air_.injections) next = earlier(next, injection.at);
    if (!air_.upward.empty()) next = now_;
    if (faults_on_) next = earlier(next, faults_end_);
    return next;
  }

  void step() {
    const Instant next = next_instant();
    if (next == Instant::never()) return violate("L1: the world stands still");
    now_ = std::max(now_, next);
    count("events");
    move_server();
    restart_others();
    move_smpp();
    move_gsup();
    inject();
    for (size_t i = 0; i < chips_.size(); ++i) {
      if (chips_[i]->handset().next_deadline() <= now_) chips_[i]->handset().on_time();
    }
    radio_.run(now_);
    for (size_t i = 0; i < chips_.size(); ++i) {
      if (next_turn_[i] <= now_) take_turn(i);
    }
    collect_output();
    for (const auto& chip : chips_) {
      require(checkers_.check(*chip));
      require(checkers_.check_done(*chip));
      require(chip->violation());
      if (plan_.middle && chip->record()) {
        require(middle_->check_suite(*chip->record(), operators_suites_));
      }
    }
    hash(static_cast<uint64_t>(now_.ms));
  }

  // SMSC and visited networks end and begin again, with nothing of what they knew.
  void restart_others() {
    if (!faults_on_) return;
    if (random_.chance(plan_.smsc_restart_ppm)) {
      count("smsc_restarts");
      if (smpp_connected_) drop_smpp();
      start_smsc(plan_.smsc);
    }
    if (random_.chance(plan_.vlr_restart_ppm)) {
      count("vlr_restarts");
      networks_[random_.below(networks_.size())]->restart();
    }
  }

  // The server is dead. What it had sent may still arrive, or be lost with the connection.
  void end_connections() {
    if (smpp_connected_) {
      while (session_ && !smpp_up_.empty() && random_.below(2) == 0) {
        session_->on_bytes(smpp_up_.take(), now_);
      }
      drop_smpp();
    }
    for (size_t i = 0; i < homes_.size(); ++i) {
      while (!homes_[i]->down.empty() && random_.below(2) == 0) {
        const auto bytes = homes_[i]->down.take();
        const auto message = gsup::parse_message(bytes);
        if (message) networks_[i]->on_message(*message, now_);
      }
    }
  }

  void move_server() {
    if (!server_.alive()) {
      end_connections();
      for (size_t i = 0; i < homes_.size(); ++i) {
        homes_[i]->up.cut();
        homes_[i]->down.cut();
        if (!home_lost_) networks_[i]->on_home_lost(now_);
      }
      home_lost_ = true;
      if (restart_at_ == Instant::never()) {
        restart_at_ = now_ + milliseconds(random_.between(200, 30'000));
        count("server_deaths");
      }
      if (restart_at_ > now_) return;
      restart_at_ = Instant::never();
      maybe_restore();
      const bool started = server_.start(now_);
      if (!started && !faults_on_) {
        return violate("the server does not start again");
      }
      home_lost_ = false;
      if (started) require(checkers_.check_ledger());
    }
    if (server_.alive() && server_.next_deadline() <= now_) {
      server_.on_time(now_);
      after_server_event();
    }
    if (faults_on_ && plan_.restores && !snapshot_ && server_.alive() && now_ >= snapshot_at_ &&
        !server_.storage().has_changes()) {
      snapshot_ = server_.storage().snapshot();
      restore_at_ = now_ + minutes(random_.between(5, 90));
    }
    if (snapshot_ && !restored_ && now_ >= restore_at_ && server_.alive()) {
      server_.die();  // somebody stops it, and puts the old copy back
    }
  }

  void maybe_restore() {
    if (!snapshot_ || restored_ || now_ < restore_at_) return;
    server_.storage().restore(*snapshot_);
    restored_ = true;
    count("restores");
  }

  void after_server_event() {
    const auto& sent = server_.messages_of_event();
    for (const auto& chip : chips_) require(checkers_.check_counters(*chip, !sent.empty()));
    for (const auto& message : sent) checkers_.saw(message);
    if (!server_.alive()) return;
    for (const auto& chip : chips_) check_offer(*chip);
    count("rekeyed_by_interval", server_.take_interval_orders());
  }

  // What the centre agrees is agreed with the strongest suite of both, and with none but those.
  void check_offer(const ChipNode& chip) {
    const auto epoch = security_centre::Inspection::offered_epoch(server_.centre(), chip.iccid());
    const auto suite = security_centre::Inspection::offered_suite(server_.centre(), chip.iccid());
    if (!epoch || !suite ||
        std::exchange(epochs_counted_[chip.iccid()], epoch->number) == epoch->number)
      return;
    const auto strongest = strongest_common(chip.plan().suites, operators_suites_);
    if (!strongest || *strongest != *suite) {
      violate(std::string("I8: a key was agreed with suite ") + name_of(*suite));
    }
    count(std::string("agreed_") + name_of(*suite));
  }

  void drop_smpp() {
    smpp_connected_ = false;
    smpp_up_.cut();
    smpp_down_.cut();
    if (session_) session_->on_disconnected(now_);
    session_.reset();
    server_.on_smpp_disconnected(now_);
  }

  void move_smpp() {
    if (!smpp_connected_ && server_.wants_smpp_connection(now_)) {
      session_ =
          std::make_unique<smpp_session::SmscSession>(smpp_session::SmscOptions{}, *smsc_, now_);
      smpp_connected_ = true;
      server_.on_smpp_connected(now_);
    }
    if (!smpp_connected_) return;
    if (faults_on_ && plan_.link_cuts && random_.chance(2'000)) {
      count("link_cuts");
      return drop_smpp();
    }
    while (smpp_up_.due(now_) && session_) session_->on_bytes(smpp_up_.take(), now_);
    if (session_ && session_->poll_timeout() <= now_) session_->on_timeout(now_);
    while (smpp_down_.due(now_) && server_.alive()) {
      server_.on_smpp_bytes(smpp_down_.take(), now_);
      after_server_event();
    }
    if (session_ && session_->wants_close()) drop_smpp();
  }

  void move_gsup() {
    for (size_t i = 0; i < homes_.size(); ++i) {
      while (server_.alive() && homes_[i]->up.due(now_)) {
        server_.on_gsup(i, homes_[i]->up.take(), now_);
        after_server_event();
      }
      while (homes_[i]->down.due(now_)) {
        const auto bytes = homes_[i]->down.take();
        const auto message = gsup::parse_message(bytes);
        if (!message) return violate("the HLR wrote a message that does not parse");
        networks_[i]->on_message(*message, now_);
      }
    }
  }

  void collect_output() {
    for (ToNetwork& out : server_.take_gsup_output()) {
      checkers_.saw(out.message);
      homes_[out.network]->down.put(std::move(out.message), now_ + delay());
    }
    if (auto bytes = server_.take_smpp_output(); !bytes.empty() && smpp_connected_) {
      checkers_.saw(bytes);
      smpp_up_.put(std::move(bytes), now_ + delay());
    }
    if (session_) {
      while (!session_->poll_transmit().empty()) {
        const ByteView bytes = session_->poll_transmit();
        smpp_down_.put({bytes.begin(), bytes.end()}, now_ + delay());
        session_->transmitted(bytes.size(), now_);
      }
    }
  }

  // --- the adversary ----------------------------------------------------------------------------
  void inject() {
    if (faults_on_ && plan_.injects && random_.chance(20'000)) forge();
    if (faults_on_ && plan_.fake_centre && random_.chance(5'000)) attack_with_k1();
    while (!air_.upward.empty()) {
      const auto [from, tpdu] = std::move(air_.upward.front());
      air_.upward.pop_front();
      air_.own = true;
      radio_.submit(from, tpdu);
      air_.own = false;
    }
    for (size_t i = 0; i < air_.injections.size();) {
      if (air_.injections[i].at > now_) {
        ++i;
        continue;
      }
      const Injection injection = std::move(air_.injections[i]);
      air_.injections.erase(air_.injections.begin() + static_cast<ptrdiff_t>(i));
      deliver_injection(injection);
    }
  }

  // A packet that names a key set of the chip and holds rubbish.
  void forge() {
    ChipNode& chip = *chips_[random_.below(chips_.size())];
    std::vector<uint8_t> user_data = {0x02, 0x70, 0x00};
    const size_t blocks = 1 + random_.below(7);
    const size_t packet = 10 + blocks * 16;
    user_data.insert(user_data.end(), {0, static_cast<uint8_t>(packet - 2), 0x15, 0x16,
                                       static_cast<uint8_t>(random_.below(64)),
                                       static_cast<uint8_t>(random_.below(16) << 4 | 2)});
    user_data.push_back(user_data.back());
    user_data.insert(user_data.end(), {0x50, 0x45, 0x52});
    while (user_data.size() < 3 + packet) user_data.push_back(uint8_t(random_.next()));
    air_.injections.push_back(
        {now_, chip.msisdn(), deliver_tpdu_of(centre_number_, user_data), true});
  }

  // I8: without keys no durable change, and no answer.
  void deliver_injection(const Injection& injection) {
    count(injection.keyless   ? "injected_without_keys"
          : injection.altered ? "injected_altered"
                              : "injected_replays");
    for (const auto& chip : chips_) {
      if (chip->msisdn() != injection.to || !chip->handset().on()) continue;
      const uint64_t granules = chip->nv().granules_written();
      const uint64_t messages = air_.messages;
      const auto before = epochs_of(*chip);
      static_cast<void>(chip->network().deliver(injection.to, injection.tpdu).has_value());
      const auto after = epochs_of(*chip);
      if (injection.altered && before && after && *before != *after) {
        violate("I8: a message that somebody with K1 altered made the chip take a key");
      }
      if (!injection.keyless) return;
      if (chip->nv().granules_written() != granules) {
        violate("I8: a message without keys changed the chip");
      }
      if (air_.messages != messages) violate("I8: a message without keys was answered");
      return;
    }
  }

  // Life, active epoch, pending epoch; nothing while the chip's power is gone inside a write.
  static std::optional<std::array<uint32_t, 3>> epochs_of(ChipNode& chip) {
    const auto& record = chip.record();
    if (!chip.nv().powered() || !record) return {};
    return std::array<uint32_t, 3>{record->life, record->active.number,
                                   record->pending ? record->pending->number : 0};
  }

  // Somebody has K1 of the version, and the air, but no key of the centre's (D12).
  void attack_with_k1() {
    ChipNode& chip = *chips_[random_.below(chips_.size())];
    const auto& before = chip.record();
    if (!before || before->state != personalisation::ChipState::pre_personalised ||
        !chip.handset().registered()) {
      return;
    }
    uint64_t counter = 1;
    if (server_.alive()) {
      const auto row = server_.storage().security_centre().load(chip.iccid());
      if (row && *row) counter = (*row)->counter_to_chip + 1;
    }
    count("fake_centre_attacks");
    const auto before_epochs = std::pair(before->active.number, before->pending.has_value());
    fake_centre_->attack(*before, chip.msisdn(), chip.network(), counter);
    const auto& after = chip.record();
    if (after && std::pair(after->active.number, after->pending.has_value()) != before_epochs) {
      violate("I8: a centre without the operator's signature made the chip take a key");
    }
  }

  void take_turn(size_t index) {
    ChipNode& chip = *chips_[index];
    const uint64_t deaths = server_.deaths();
    chip.turn(faults_on_);
    if (server_.deaths() == deaths && server_.alive()) after_server_event();
    next_turn_[index] = now_ + turn_wait + milliseconds(random_.between(0, 3000));
    if (faults_on_ && random_.below(4) == 0) {
      require(checkers_.check_hotline(chip, centre_number_));
    }
  }

  // --- the end ----------------------------------------------------------------------------------
  // With an interval only after every key was renewed once without faults.
  bool all_done() const {
    if (plan_.rekey_interval > Duration() &&
        now_ < faults_end_ + plan_.rekey_interval + renewal_wait_max) {
      return false;
    }
    return std::all_of(chips_.begin(), chips_.end(), [](const auto& c) { return c->done(); });
  }
  bool all_at_rest() {
    if (!server_.alive()) return false;
    for (const auto& chip : chips_) {
      const auto row = server_.storage().security_centre().load(chip->iccid());
      if (!row || !*row || (*row)->commit_unconfirmed ||
          (*row)->work != security_centre::Work::none)
        return false;
    }
    return true;
  }

  // For --verbose: what everybody holds.
  void describe() {
    for (const auto& chip : chips_) {
      const auto& record = chip->record();
      std::fprintf(stderr, "chip %.*s: handset %s, registered %d, %s\n",
                   int(chip->iccid().text().size()), chip->iccid().text().data(),
                   chip->handset().on() ? "on" : "off", chip->handset().registered(),
                   chip->waits_for().c_str());
      if (record) {
        std::fprintf(stderr, "  chip: life %u state %u active %u pending %d max %u attempt %u\n",
                     record->life, static_cast<unsigned>(record->state), record->active.number,
                     record->pending ? static_cast<int>(record->pending->number) : -1,
                     record->epoch_max, record->attempt);
      }
      for (const std::string& text : chip->handset().displayed()) {
        std::fprintf(stderr, "  displayed: %s\n", text.c_str());
      }
      if (!server_.alive()) continue;
      const auto row = server_.storage().security_centre().load(chip->iccid());
      if (row && *row) {
        std::fprintf(stderr,
                     "  centre: life %u active %u previous %u max %u work %u attempts %u commit %d "
                     "counters %llu %llu %llu interval from %lld before\n",
                     (*row)->life, (*row)->active_epoch, (*row)->previous_epoch, (*row)->epoch_max,
                     static_cast<unsigned>((*row)->work), (*row)->work_attempts,
                     (*row)->commit_unconfirmed,
                     static_cast<unsigned long long>((*row)->counter_to_chip),
                     static_cast<unsigned long long>((*row)->counter_from_chip_active),
                     static_cast<unsigned long long>((*row)->counter_from_chip_previous),
                     static_cast<long long>((now_ - (*row)->interval_from).ms));
      }
      const auto subscriber = server_.storage().hlr().load(chip->imsi());
      if (subscriber && *subscriber) {
        std::fprintf(stderr, "  hlr: life %u epoch %u hotline %d fenced %d vlr %s\n",
                     (*subscriber)->life, (*subscriber)->epoch, (*subscriber)->hotline,
                     (*subscriber)->fenced, (*subscriber)->vlr.c_str());
      }
    }
    if (!server_.alive()) return;
    const auto& f = server_.centre().figures();
    std::fprintf(stderr,
                 "centre: begun %llu refused packets %llu refused messages %llu given up %llu "
                 "in %llu out %llu\n",
                 static_cast<unsigned long long>(f.negotiations_begun),
                 static_cast<unsigned long long>(f.refused_packets),
                 static_cast<unsigned long long>(f.refused_messages),
                 static_cast<unsigned long long>(f.given_up),
                 static_cast<unsigned long long>(f.messages_in),
                 static_cast<unsigned long long>(f.messages_out));
  }

  void finish() {
    if (options_.verbose) describe();
    if (!outcome_.violation.empty()) return;
    for (const auto& chip : chips_) {
      if (!chip->done()) {
        violate("L1: a chip is stuck, waiting for " + chip->waits_for());
        return;
      }
      require(checkers_.check_rest(*chip));
      require(checkers_.check_age(*chip, plan_.rekey_interval, renewal_wait_max, now_));
    }
    if (!all_at_rest()) violate("L1: open work never ends");
    require(checkers_.check_audit());
    require(checkers_.check_ledger());
    for (const auto& chip : chips_) checkers_.add_secret(chip->code().secret.view());
    require(checkers_.check_secrets());
  }

  void count(const std::string& what, uint64_t times = 1) {
    outcome_.figures.counts[what] += times;
  }

  WorldOutcome end() {
    count("messages", air_.messages);
    count("checks", checkers_.checks);
    count("dropped", air_.figures.dropped);
    count("changed", air_.figures.altered);
    count("replayed", air_.figures.replayed);
    count("spliced", air_.figures.spliced);
    count("reflected", air_.figures.reflected);
    for (size_t i = 0; i < tamperings && middle_; ++i) {
      count(name_of(static_cast<Tampering>(i)), middle_->count(static_cast<Tampering>(i)));
    }
    for (size_t i = 0; i < death_steps; ++i) {
      const auto step = static_cast<DeathStep>(i);
      count(std::string("died_") + name_of(step), server_.deaths_at(step));
    }
    for (const auto& chip : chips_) {
      count("power_cuts", chip->figures().power_cuts);
      count("cuts_in_recovery", chip->figures().cuts_in_recovery);
      count("wrong_pins", chip->figures().wrong_pins);
      count("unblocked", chip->figures().unblocked);
      hash(chip->nv().granules_written());
    }
    count_centre();
    hash(air_.messages);
    outcome_.figures.simulated_ms = now_.ms - 1'700'000'000'000;
    outcome_.figures.hash = hash_;
    return outcome_;
  }

  // Since the server's last start.
  void count_centre() {
    if (!server_.alive()) return;
    const auto& centre = server_.centre().figures();
    count("personalised", centre.personalised);
    count("rekeyed", centre.rekeyed);
    count("resets", centre.resets_confirmed);
    count("resyncs", centre.resyncs);
    count("fenced", centre.fenced);
    count("two_chips", centre.two_chips);
  }

  void hash(uint64_t value) {
    for (int i = 0; i < 8; ++i) {
      hash_ = (hash_ ^ (value >> (8 * i) & 0xff)) * 0x100000001b3;  // FNV-1a
    }
  }

  WorldOptions options_;
  SeededRandom random_;
  Plan plan_;
  Msisdn centre_number_;
  Instant now_;
  ServerNode server_;
  personalisation::SuiteSet operators_suites_;
  std::map<Iccid, uint32_t> epochs_counted_;
  HostileAir air_;
  network::RadioNetwork radio_;
  SeededRandom smsc_random_;
  std::unique_ptr<network::SmscCentre> smsc_;
  std::unique_ptr<smpp_session::SmscSession> session_;
  bool smpp_connected_ = false;
  Pipe<std::vector<uint8_t>> smpp_up_, smpp_down_;
  std::vector<std::unique_ptr<Home>> homes_;
  std::vector<std::unique_ptr<network::VisitedNetwork>> networks_;
  std::vector<std::unique_ptr<ChipNode>> chips_;
  std::vector<Instant> next_turn_;
  std::unique_ptr<FakeCentre> fake_centre_;
  std::unique_ptr<Middle> middle_;
  Checkers checkers_;
  bool faults_on_ = false;
  bool home_lost_ = false;
  Instant faults_end_;
  Instant restart_at_ = Instant::never();
  Instant snapshot_at_, restore_at_;
  std::shared_ptr<const memory_store::MemoryStorage::Snapshot> snapshot_;
  bool restored_ = false;
  WorldOutcome outcome_;
  uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace

WorldOutcome run_life_world(const WorldOptions& options) {
  return World(options).run();
}

}  // namespace simurgh::sim
