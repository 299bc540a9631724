// What happens to campaigns every second: the clock goes on, the flow controller says how much may
// be sent, and the triggers that are due go to who sends them.
//
// Not here: messages, sockets, which element is next (campaigns.h), how many (flow_controller.h).
// One thread. A trigger is handed over before the commit that has its row, so the sender keeps it
// back until then (io/loop's end of batch; the SMPP session's queue does).
#pragma once

#include "campaign/campaigns.h"

namespace simurgh::campaign {

// Wakes elements; declared here, implemented by who knows their numbers and keys.
class TriggerSender {
 public:
  // Messages that leave without waiting behind others, now; 0 while there is no link.
  virtual uint32_t room() = 0;
  // Takes the message, or says false: nothing is sent, and the element is next in line again. What
  // fails later is told to Campaigns::not_sent by the sender. Only `storage` is an error.
  virtual Result<bool> send(const Trigger& trigger, Instant now) = 0;
  // How often the SMSC has asked for less (ESME_RTHROTTLED), since the beginning.
  virtual uint64_t throttled() const = 0;

 protected:
  ~TriggerSender() = default;
};

class Dispatcher {
 public:
  // Both outlive it.
  Dispatcher(Campaigns& campaigns, const Settings& settings)
      : campaigns_(campaigns), controller_(settings) {}

  // Without one no message can leave, so none is asked for: what polls is served all the same.
  void set_sender(TriggerSender* sender) { sender_ = sender; }

  // The front end, as it is.
  struct FrontEnd {
    uint32_t capacity = 0;  // sessions that it may hold
    uint32_t sessions = 0;  // that it holds
  };
  // Every second or so. Errors are the store's.
  Result<void> tick(const FrontEnd& front_end, Instant now);

  struct Figures {
    uint64_t triggers = 0;  // handed to the sender
    uint64_t refused = 0;   // by it
  };
  const Figures& figures() const { return figures_; }
  const Budget& budget() const { return budget_; }  // of the last tick
  const FlowController& controller() const { return controller_; }

 private:
  Campaigns& campaigns_;
  FlowController controller_;
  TriggerSender* sender_ = nullptr;
  uint64_t throttled_ = 0;
  Budget budget_;
  std::vector<Trigger> triggers_;
  Figures figures_;
};

}  // namespace simurgh::campaign
