#include "campaign/fronts.h"

#include <algorithm>

#include "base/reader.h"

namespace simurgh::campaign {

namespace {

constexpr uint8_t version = 1;
constexpr uint32_t hour_s = 3600;
constexpr size_t bucket_octets = 16;

}  // namespace

Fronts Fronts::of(const std::vector<uint32_t>& contacts_in_hour, uint32_t now_s) {
  Fronts fronts;
  uint64_t reported = 0;
  for (const uint32_t contacts : contacts_in_hour) reported += contacts;
  constexpr size_t parts = buckets_max - 2;
  uint64_t before = 0;
  size_t part = 1;
  for (uint32_t hour = 0; hour < contacts_in_hour.size() && reported > 0; ++hour) {
    const uint64_t contacts = contacts_in_hour[hour];
    // The bounds that fall into this hour; within it contacts count as evenly spread, up to now.
    const uint32_t from_s = hour * hour_s;
    const uint32_t width_s = std::min(hour_s, now_s > from_s ? now_s - from_s : hour_s);
    while (part < parts && before + contacts >= (reported * part + parts - 1) / parts) {
      const uint64_t within = (reported * part + parts - 1) / parts - before;
      const auto until_s = static_cast<uint32_t>(
          from_s + (contacts == 0 ? 0 : uint64_t{width_s} * within / contacts));
      ++part;
      // Fewer buckets where the same second would bound two.
      const uint32_t last_s = fronts.buckets.empty() ? 0 : fronts.buckets.back().until_s;
      if (until_s > last_s && until_s <= now_s) fronts.buckets.push_back({.until_s = until_s});
    }
    before += contacts;
  }
  if (fronts.buckets.empty() || fronts.buckets.back().until_s <= now_s) {
    fronts.buckets.push_back({.until_s = now_s + 1});
  }
  fronts.buckets.push_back({.until_s = UINT32_MAX});
  return fronts;
}

Fronts::Bucket& Fronts::at(uint32_t contact_s) {
  SIMURGH_CHECK(!buckets.empty());
  const auto place =
      std::upper_bound(buckets.begin(), buckets.end() - 1, contact_s,
                       [](uint32_t at_s, const Bucket& bucket) { return at_s < bucket.until_s; });
  return *place;
}

void Fronts::move_member(uint32_t before_s, uint32_t contact_s) {
  Bucket& from = at(before_s);
  if (from.members > 0) --from.members;
  ++at(contact_s).members;
}

std::vector<uint8_t> write_fronts(const Fronts& fronts) {
  std::vector<uint8_t> bytes(8 + fronts.buckets.size() * bucket_octets);
  Writer out(bytes);
  out.u8(version).u8(fronts.complete ? 1 : 0).u32(fronts.counted);
  out.u16(static_cast<uint16_t>(fronts.buckets.size()));
  for (const Fronts::Bucket& bucket : fronts.buckets) {
    out.u32(bucket.until_s).u32(bucket.members).u32(bucket.polled).u32(bucket.triggered);
  }
  SIMURGH_CHECK(!out.failed());
  return bytes;
}

Result<Fronts> parse_fronts(ByteView bytes) {
  Reader in(bytes);
  if (TRY(in.u8()) != version) return fail(ErrorCode::unsupported, 0);
  Fronts fronts;
  fronts.complete = TRY(in.u8()) == 1;
  fronts.counted = TRY(in.u32());
  fronts.buckets.resize(TRY(in.u16()));
  if (fronts.buckets.size() > Fronts::buckets_max) return in.error(ErrorCode::too_large);
  uint32_t last_s = 0;
  for (Fronts::Bucket& bucket : fronts.buckets) {
    bucket.until_s = TRY(in.u32());
    bucket.members = TRY(in.u32());
    bucket.polled = TRY(in.u32());
    bucket.triggered = TRY(in.u32());
    if (bucket.until_s <= last_s) return in.error(ErrorCode::bad_value);
    last_s = bucket.until_s;
  }
  TRY(in.expect_end());
  return fronts;
}

}  // namespace simurgh::campaign
