// A campaign's payload suited to one kind of card, kept for the next card of that kind; and the way
// of a cursor through it: onwards, or back when nobody knows whether a step was executed.
//
// No bearer here: what a doubt is, and which step may be given again as it is, is theirs to know.
#pragma once

#include <map>
#include <memory>

#include "campaign/campaigns.h"
#include "element_update/card.h"
#include "element_update/scripts.h"
#include "element_update/store.h"

namespace simurgh::element_update {

struct Prepared {
  Plan plan;
  std::vector<ScriptText> work, guard, before_again;
  std::optional<Error> problem;  // such a card cannot take it
  remote_admin::CardProfile profile;
  uint32_t cut = 0;      // Cursor::cut
  bool chained = false;  // some scripts need the ones before them
  const std::vector<ScriptText>& scripts(Phase phase) const;
};

class PreparedPayloads {
 public:
  static constexpr size_t kept_max = 64;

  explicit PreparedPayloads(const campaign::Campaigns& campaigns) : campaigns_(campaigns) {}
  // As scripts over HTTP, or as secured packets. nullptr for a campaign that is not there; until
  // the next call.
  const Prepared* find(campaign::CampaignId id, uint16_t batch, const Card& card, Bearer bearer);

 private:
  const campaign::Campaigns& campaigns_;
  std::map<std::tuple<uint32_t, uint16_t, Bearer>, std::unique_ptr<Prepared>> kept_;
};

// Nobody knows whether the present step was executed: it is found out by the read-back, or the work
// is begun anew where that does no harm, or it is left. What had been cut otherwise is in doubt as
// a whole. True when it was a read-back that was chosen.
bool doubt(Cursor& cursor, const Prepared& prepared);
// Whether asking the card leads further than giving it the very same once more.
bool can_find_out(const Cursor& cursor, const Prepared& prepared);
// The read-back says that the work is not done, or not to the end.
void on_not_done(Cursor& cursor, const Prepared& prepared);
// The present step was executed as it should be. True when the work is done.
bool step_on(Cursor& cursor, const Prepared& prepared);

}  // namespace simurgh::element_update
