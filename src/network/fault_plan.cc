#include "network/fault_plan.h"

#include "base/reader.h"

namespace simurgh::network {
namespace {

constexpr uint32_t percent = 10'000;  // in millionths

constexpr FaultPlan none{};

constexpr FaultPlan lossy{
    .loss_ppm = 2 * percent,
    .doubling_ppm = percent / 2,
    .reordering_ppm = 2 * percent,
    .throttle_ppm = percent,
    .absent_ppm = 5 * percent,
    .report_loss_ppm = percent,
    .receipt_loss_ppm = 2 * percent,
    .mobile_loss_ppm = 2 * percent,
    .mobile_doubling_ppm = percent / 2,
    .delay_min = milliseconds(200),
    .delay_max = seconds(8),
};

constexpr FaultPlan chaos{
    .loss_ppm = 15 * percent,
    .doubling_ppm = 15 * percent,
    .reordering_ppm = 30 * percent,
    .throttle_ppm = 10 * percent,
    .queue_full_ppm = 5 * percent,
    .absent_ppm = 25 * percent,
    .report_loss_ppm = 10 * percent,
    .receipt_loss_ppm = 20 * percent,
    .receipt_lie_ppm = 2 * percent,
    .misrouting_ppm = percent,
    .mobile_loss_ppm = 15 * percent,
    .mobile_doubling_ppm = 15 * percent,
    .delay_min = milliseconds(0),
    .delay_max = minutes(2),
};

constexpr FaultPlan liar{
    .doubling_ppm = 5 * percent,
    .reordering_ppm = 20 * percent,
    .receipt_loss_ppm = 20 * percent,
    .receipt_lie_ppm = 20 * percent,
    .misrouting_ppm = 10 * percent,
    .delay_min = milliseconds(100),
    .delay_max = seconds(5),
};

}  // namespace

const FaultPlan* FaultPlan::named(std::string_view name) {
  if (name == "none") return &none;
  if (name == "lossy") return &lossy;
  if (name == "chaos") return &chaos;
  if (name == "liar") return &liar;
  return nullptr;
}

uint32_t uniform_below(Random& random, uint32_t bound) {
  const ByteArray<8> octets = random.array<8>();
  // 64 bits, so that what the remainder favours is less than a billionth.
  return static_cast<uint32_t>(*Reader(octets).u64() % bound);
}

bool chance(Random& random, uint32_t ppm) {
  return ppm > 0 && uniform_below(random, 1'000'000) < ppm;
}

Duration uniform(Random& random, Duration least, Duration most) {
  if (most <= least) return least;
  const auto width = static_cast<uint32_t>(std::min<int64_t>((most - least).ms, INT32_MAX));
  return least + milliseconds(uniform_below(random, width + 1));
}

}  // namespace simurgh::network
