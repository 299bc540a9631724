#include "formats/toolkit/terminal_profile.h"

namespace simurgh::toolkit {

namespace {

// Octet 13, b8…b6 (5.2).
constexpr size_t channel_count_index = 12;
constexpr uint8_t channel_count_shift = 5;

size_t index_of(Facility facility) {
  return static_cast<size_t>(facility) / 8 - 1;
}

uint8_t bit_of(Facility facility) {
  return static_cast<uint8_t>(1 << static_cast<unsigned>(facility) % 8);
}

}  // namespace

bool TerminalProfile::has(Facility facility) const {
  const size_t index = index_of(facility);
  return index < octets_.size() && (octets_[index] & bit_of(facility)) != 0;
}

void TerminalProfile::set(Facility facility) {
  const size_t index = index_of(facility);
  if (octets_.size() <= index) octets_.resize(index + 1);
  octets_[index] = static_cast<uint8_t>(octets_[index] | bit_of(facility));
}

uint8_t TerminalProfile::channel_count() const {
  if (octets_.size() <= channel_count_index) return 0;
  return static_cast<uint8_t>(octets_[channel_count_index] >> channel_count_shift);
}

void TerminalProfile::set_channel_count(uint8_t channels) {
  SIMURGH_CHECK(channels <= 7);
  if (octets_.size() <= channel_count_index) octets_.resize(channel_count_index + 1);
  const uint8_t kept = octets_[channel_count_index] & 0x1f;
  octets_[channel_count_index] = static_cast<uint8_t>(kept | channels << channel_count_shift);
}

}  // namespace simurgh::toolkit
