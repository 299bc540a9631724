#include "campaign/outcome.h"

#include "base/check.h"

namespace simurgh::campaign {

namespace {

// Three bits of progress, four of triggers, two of offers, four of reason, three of run.
static_assert(triggers_max < 1 << 4 && offers_max < 1 << 2 && reasons <= 1 << 4);
static_assert(runs_max < 1 << 3 && static_cast<unsigned>(Progress::given_up) < 1 << 3);

uint16_t packed(const Outcome& outcome) {
  const unsigned word = static_cast<unsigned>(outcome.progress) | outcome.triggers * (1u << 3) |
                        outcome.offers * (1u << 7) | static_cast<unsigned>(outcome.reason) << 9 |
                        outcome.run * (1u << 13);
  return static_cast<uint16_t>(word);
}

Outcome unpacked(uint16_t word) {
  return {.progress = static_cast<Progress>(word & 7),
          .triggers = static_cast<uint8_t>(word >> 3 & 15),
          .offers = static_cast<uint8_t>(word >> 7 & 3),
          .reason = static_cast<Reason>(word >> 9 & 15),
          .run = static_cast<uint8_t>(word >> 13)};
}

}  // namespace

const char* name_of(Progress progress) {
  switch (progress) {
    case Progress::open: return "open";
    case Progress::waiting: return "waiting";
    case Progress::offered: return "offered";
    case Progress::done: return "done";
    case Progress::failed: return "failed";
    case Progress::given_up: return "given_up";
  }
  return "?";
}

const char* name_of(Reason reason) {
  switch (reason) {
    case Reason::none: return "none";
    case Reason::command_failed: return "command_failed";
    case Reason::memory_full: return "memory_full";
    case Reason::security_refused: return "security_refused";
    case Reason::unsupported: return "unsupported";
    case Reason::status_only: return "status_only";
    case Reason::silence: return "silence";
    case Reason::no_contact: return "no_contact";
    case Reason::other: return "other";
  }
  return "?";
}

Outcome carried_over(const Outcome& outcome, uint8_t run) {
  if (outcome.run >= run) return outcome;
  switch (outcome.progress) {
    case Progress::done: return outcome;
    case Progress::offered: return {.progress = Progress::offered, .run = outcome.run};
    case Progress::failed:
      // Without proof it may have been executed: only the same execution may be offered again.
      if (outcome.reason == Reason::silence || outcome.reason == Reason::status_only) {
        return {.progress = Progress::offered, .run = outcome.run};
      }
      return {};
    default: return {};
  }
}

Outcome OutcomeTable::get(ElementId element) const {
  const size_t page = element.value / page_elements;
  if (page >= pages_.size() || !pages_[page]) return {};
  return unpacked(pages_[page][element.value % page_elements]);
}

void OutcomeTable::set(ElementId element, const Outcome& outcome) {
  SIMURGH_CHECK(outcome.triggers <= triggers_max && outcome.offers <= offers_max &&
                outcome.run <= runs_max);
  const size_t page = element.value / page_elements;
  if (page >= pages_.size()) pages_.resize(page + 1);
  if (!pages_[page]) pages_[page] = std::make_unique<uint16_t[]>(page_elements);
  pages_[page][element.value % page_elements] = packed(outcome);
}

void OutcomeTable::change_all(FunctionRef<Outcome(ElementId, const Outcome&)> change) {
  for (size_t page = 0; page < pages_.size(); ++page) {
    if (!pages_[page]) continue;
    for (uint32_t i = 0; i < page_elements; ++i) {
      uint16_t& word = pages_[page][i];
      if (word == 0) continue;
      const ElementId element{static_cast<uint32_t>(page * page_elements + i)};
      word = packed(change(element, unpacked(word)));
    }
  }
}

size_t OutcomeTable::memory_octets() const {
  size_t octets = pages_.capacity() * sizeof(Page);
  for (const Page& page : pages_) octets += page ? page_elements * sizeof(uint16_t) : 0;
  return octets;
}

bool ElementSet::has(ElementId element) const {
  const size_t page = element.value / page_elements;
  if (page >= pages_.size() || !pages_[page]) return false;
  const uint32_t bit = element.value % page_elements;
  return (pages_[page][bit / 64] >> (bit % 64) & 1) != 0;
}

bool ElementSet::add(ElementId element) {
  const size_t page = element.value / page_elements;
  if (page >= pages_.size()) pages_.resize(page + 1);
  if (!pages_[page]) pages_[page] = std::make_unique<uint64_t[]>(page_elements / 64);
  const uint32_t bit = element.value % page_elements;
  uint64_t& word = pages_[page][bit / 64];
  if ((word >> (bit % 64) & 1) != 0) return false;
  word |= uint64_t{1} << (bit % 64);
  ++size_;
  return true;
}

size_t ElementSet::memory_octets() const {
  size_t octets = pages_.capacity() * sizeof(Page);
  for (const Page& page : pages_) octets += page ? page_elements / 8 : 0;
  return octets;
}

}  // namespace simurgh::campaign
