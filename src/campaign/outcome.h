// What has come of one campaign at one element: the stored row, and the same in 16 bits for memory.
//
// An element's answer has three values on the way: a receipt (MACed, or a TLS session that proves
// it), a status without receipt, and silence. Only a receipt settles anything (I5): a status
// without one and silence leave the element `offered`, with the reason why, and the very same
// execution is offered again. `run` names that execution: payload bytes, counters and script ids
// are derived from (campaign, run), so that a chip that has already executed says so and does not
// execute twice.
#pragma once

#include <memory>
#include <vector>

#include "base/function_ref.h"
#include "campaign/element.h"

namespace simurgh::campaign {

// The numbers are stored.
enum class Progress : uint8_t {
  open = 0,      // nothing happened yet, or it was triggered and came in vain
  waiting = 1,   // triggered, has not come
  offered = 2,   // the payload may have been executed; nothing proves it yet
  done = 3,      // proved
  failed = 4,    // proved not to work; or not proved to when the campaign ended
  given_up = 5,  // triggered as often as the policy allows: left to its recurring poll
};
const char* name_of(Progress progress);

// Why. The numbers are stored; 15 at most.
enum class Reason : uint8_t {
  none = 0,
  command_failed = 1,    // receipt: a command of the script was refused
  memory_full = 2,       // receipt: no room for file or applet
  security_refused = 3,  // receipt: the chip refused the keys, counter or level
  unsupported = 4,       // receipt: the card cannot do this
  status_only = 5,       // a status came, but nothing proves it
  silence = 6,           // the payload was sent and nothing came back
  no_contact = 7,        // was not seen until the campaign ended
  other = 8,
};
constexpr size_t reasons = 9;
const char* name_of(Reason reason);

constexpr unsigned triggers_max = 15;  // of one element in one run
constexpr unsigned offers_max = 3;     // counted; then it is not triggered any more, only served
constexpr unsigned runs_max = 7;       // of one campaign: the first one and its retries

struct Outcome {
  Progress progress = Progress::open;
  uint8_t triggers = 0;  // sent in this run
  uint8_t offers = 0;    // of the payload without proof
  Reason reason = Reason::none;
  uint8_t run = 0;  // that the element is in, or was last in
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// `outcome` as a campaign in `run` starts with it: what failed or was given up in an earlier run is
// open again; what is done stays done; what was offered keeps its execution, with new triggers.
Outcome carried_over(const Outcome& outcome, uint8_t run);

// The stored row: one for each element that something happened to, none for the others.
struct OutcomeRow {
  CampaignId campaign;
  ElementId element;
  Outcome outcome;
  uint32_t at_s = 0;
  friend bool operator==(const OutcomeRow&, const OutcomeRow&) = default;
};

// Outcomes of one campaign, 2 bytes an element, in pages that exist once something in them is not
// open: making one for a hundred million elements costs nothing.
class OutcomeTable {
 public:
  Outcome get(ElementId element) const;
  void set(ElementId element, const Outcome& outcome);
  // Every element whose outcome is not open, in order of id; what `change` gives replaces it.
  void change_all(FunctionRef<Outcome(ElementId, const Outcome&)> change);
  size_t memory_octets() const;

 private:
  static constexpr uint32_t page_elements = 1u << 12;
  using Page = std::unique_ptr<uint16_t[]>;
  std::vector<Page> pages_;
};

// A set of elements: an uploaded list of any size. One bit an element, in pages.
class ElementSet {
 public:
  bool has(ElementId element) const;
  // False when it was already there.
  bool add(ElementId element);
  uint64_t size() const { return size_; }
  size_t memory_octets() const;

 private:
  static constexpr uint32_t page_elements = 1u << 15;
  using Page = std::unique_ptr<uint64_t[]>;
  std::vector<Page> pages_;
  uint64_t size_ = 0;
};

}  // namespace simurgh::campaign
