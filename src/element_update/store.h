// What element_update must have durably: of each element the record of its session, and of each
// campaign that is under way at it how far it has come.
//
// All writes go to the open transaction; reads see it. `storage` when the store cannot answer.
#pragma once

#include <optional>
#include <vector>

#include "campaign/element.h"
#include "conversations/remote_admin/session_record.h"

namespace simurgh::element_update {

// What an element is being given. The numbers are stored.
enum class Phase : uint8_t {
  work = 1,          // the scripts of the payload
  guard = 2,         // the read-back: nobody knows whether the work was done
  before_again = 3,  // what a part of the work left behind is removed
  rekey = 4,         // ordered; proved by the first session under a later epoch
  unknown = 5,       // may have been executed, cannot be asked, must not be repeated
};

struct Cursor {
  uint32_t element = 0;
  campaign::CampaignId campaign;
  uint8_t run = 0;  // of the campaign: a row of another run is of no use
  Phase phase = Phase::work;
  uint32_t step = 0;   // the script that is next, or out
  uint8_t rounds = 0;  // how often it began anew: part of the scripts' ids
  // Which scripts `step` counts: a hash of them. Settings of a batch that changed cut them
  // differently.
  uint32_t cut = 0;
  uint32_t base_epoch = 0;  // rekey: of the chip's key when it was ordered
  // By short messages: the counter of the packet that carries this step and is out; 0: none is. The
  // same step with the same counter is the same packet, so a card executes it once at most.
  uint64_t counter = 0;
  uint32_t doubted = 0;  // guard: the step of the work that may have been executed
  friend bool operator==(const Cursor&, const Cursor&) = default;
};

class Store {
 public:
  virtual ~Store() = default;
  // A fresh record when there is none.
  virtual Result<remote_admin::SessionRecord> session(uint32_t element) = 0;
  virtual Result<void> save_session(uint32_t element,
                                    const remote_admin::SessionRecord& record) = 0;

  virtual Result<std::optional<Cursor>> cursor(uint32_t element, campaign::CampaignId campaign) = 0;
  virtual Result<std::vector<Cursor>> cursors_of(uint32_t element) = 0;  // in order of campaign
  virtual Result<void> save(const Cursor& cursor) = 0;
  virtual Result<void> erase_cursor(uint32_t element, campaign::CampaignId campaign) = 0;
};

}  // namespace simurgh::element_update
