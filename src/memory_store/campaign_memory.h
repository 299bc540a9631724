// campaign::Store in memory, with commit and crash as simulated worlds and tests need them. Not
// durable, and not for production. A store of its own beside MemoryStorage: whoever has both
// commits both, and crashes both.
#pragma once

#include <memory>

#include "campaign/store.h"

namespace simurgh::memory_store {

class CampaignMemory {
 public:
  CampaignMemory();
  ~CampaignMemory();

  campaign::Store& store();
  void commit();
  // The process died: uncommitted changes are gone. The object goes on as the reopened database.
  void crash();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace simurgh::memory_store
