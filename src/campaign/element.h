// Elements (chips) as the campaigns see them: a dense number each, and the plain words that the
// other headers share.
//
// An ElementId is a place in the population's columns, given once and never used again; the store
// keeps it with the chip's row, so it means the same after a restart. What is not here: ICCIDs,
// keys, messages. Those are the caller's.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace simurgh::campaign {

constexpr uint32_t elements_max = 1u << 30;

struct ElementId {
  uint32_t value = 0;
  friend constexpr auto operator<=>(const ElementId&, const ElementId&) = default;
};

// Ids of campaigns rise from 1.
struct CampaignId {
  uint32_t value = 0;
  friend constexpr auto operator<=>(const CampaignId&, const CampaignId&) = default;
};

// Points in time as the columns keep them: whole seconds since 1970, 0 for "never" or "none".
constexpr uint32_t whole_seconds(Instant t) {
  if (t.ms <= 0) return 0;
  const int64_t s = t.ms / 1000;
  return s > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(s);
}
constexpr Instant instant_of(uint32_t whole_seconds) {
  return {static_cast<int64_t>(whole_seconds) * 1000};
}

// What the operator knows of an element's life. The numbers are stored.
enum class Life : uint8_t {
  in_service = 0,
  suspended = 1,  // out of service for a while: never triggered, served when it polls
  removed = 2,    // returned or scrapped: belongs to no campaign
};

// One element as it is stored: a narrow hot row. `batch` is the caller's number for an allocation
// or an imported file, `release` for the version of its components; 0 is "not known".
struct ElementRow {
  ElementId element;
  uint32_t last_contact_s = 0;  // 0: has never reported
  uint32_t next_poll_s = 0;     // 0: no date was ever given
  uint16_t batch = 0;
  uint16_t release = 0;
  Life life = Life::in_service;
  friend bool operator==(const ElementRow&, const ElementRow&) = default;
};

}  // namespace simurgh::campaign
