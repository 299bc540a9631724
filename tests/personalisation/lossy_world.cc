#include "lossy_world.h"

namespace simurgh::personalisation::rig {

namespace {

constexpr Crash all_crashes[] = {Crash::before_commit, Crash::after_commit, Crash::after_send};
constexpr CodeKind all_codes[] = {CodeKind::none, CodeKind::secret, CodeKind::short_code};

class LossyWorld {
 public:
  LossyWorld(uint64_t seed, const LossyOptions& options)
      : options_(options),
        random_(seed),
        world_({.seed = seed,
                .code = all_codes[random_.below(3)],
                .chip_mistake = options.chip_mistake}) {
    world_.centre.naive_switch_at_m2 = options.centre_switches_at_m2;
  }

  LossyOutcome run() {
    for (int step = 0; step < steps && outcome_.violation.empty(); ++step) {
      faults();
      act();
      if (!world_.store.powered()) {
        world_.store.power_on();
        world_.chip.power_cycle();
      }
      look();
    }
    if (!outcome_.violation.empty()) return outcome_;
    world_.store.plan_cut(-1, false);
    world_.run(40);  // faults have stopped
    if (!world_.agreed()) outcome_.violation = "L1: not agreed after the faults stopped";
    return outcome_;
  }

 private:
  static constexpr int steps = 400;

  void send(bool to_chip, const std::vector<Bytes>& messages) {
    for (const Bytes& message : messages) {
      if (random_.chance(20)) continue;
      air_.emplace_back(to_chip, message);
      if (random_.chance(20)) air_.emplace_back(to_chip, message);
    }
  }

  void faults() {
    if (options_.crashes) {
      if (random_.chance(3)) world_.centre.plan_crash(all_crashes[random_.below(3)]);
      if (random_.chance(3)) {
        world_.store.plan_cut(static_cast<int>(random_.below(3)), random_.chance(50));
      }
      if (random_.chance(2)) world_.chip.power_cycle();
    }
    if (options_.restores && random_.chance(1)) {
      world_.centre.db = backup_;
      world_.centre.lose_session();
      active_before_ = backup_.active.number;
    }
    if (options_.restores && random_.chance(2)) backup_ = world_.centre.db;
    if (!world_.centre.db.wanted && random_.chance(10)) world_.centre.want(false);
  }

  void act() {
    if (air_.empty() || random_.chance(25)) {
      send(true, world_.centre.tick());
    } else if (random_.chance(5)) {  // the AuC's key is used: a valid AUTN under it
      (void)world_.chip.half().confirm_pending(world_.centre.db.active.number);
    } else {
      const size_t at = random_.below(air_.size());  // any order, any delay
      const auto [to_chip, message] = air_[at];
      if (!random_.chance(10)) air_.erase(air_.begin() + static_cast<long>(at));
      send(!to_chip, to_chip ? world_.chip.deliver(message) : world_.centre.deliver(message));
    }
  }

  void look() {
    const uint32_t active = world_.centre.db.active.number;
    if (!world_.safe()) outcome_.violation = "I1: the chip does not accept the AuC's key";
    if (active < active_before_) outcome_.violation = "I2: an epoch fell";
    if (world_.centre.evidence != Evidence::none) {
      outcome_.violation = "an honest chip raised an alarm";
    }
    if (active > active_before_) ++outcome_.switches;
    active_before_ = active;
  }

  LossyOptions options_;
  TestRandom random_;
  World world_;
  Database backup_ = world_.centre.db;
  std::vector<std::pair<bool, Bytes>> air_;  // in flight: to the chip?, message
  uint32_t active_before_ = 0;
  LossyOutcome outcome_;
};

}  // namespace

LossyOutcome lossy_world(uint64_t seed, const LossyOptions& options) {
  return LossyWorld(seed, options).run();
}

}  // namespace simurgh::personalisation::rig
