// What the security centre needs from the network's HLR: the built-in one (hlr.h), or another's
// (remote_directory.h: osmo-hlr over its control interface).
//
// All operations change the open transaction only. A remote directory keeps there what must be
// done and does it afterwards, again and again until it is confirmed: until then it is `behind`.
#pragma once

#include "audit/log.h"
#include "hlr/subscriber.h"

namespace simurgh::hlr {

struct NewSubscriber {
  Imsi imsi;
  Iccid iccid;
  Msisdn msisdn;
  SubscriberKeys keys;
  bool hotline = false;
};

class SubscriberDirectory {
 public:
  virtual ~SubscriberDirectory() = default;

  // `already_exists` when IMSI or MSISDN is taken; `not_allowed` for an algorithm that policy or
  // the directory's HLR does not take.
  virtual Result<void> create(const NewSubscriber& subscriber, const audit::By& by) = 0;
  // Keys of the same life with a higher epoch, or of a later life; else `replayed`. The same keys
  // again are no change. Vectors already in visited networks stay: see cancel_location.
  virtual Result<void> replace_keys(const Imsi& imsi, const SubscriberKeys& keys,
                                    const audit::By& by) = 0;
  // Where the subscriber is located, the visited network is told.
  virtual Result<void> set_hotline(const Imsi& imsi, bool hotline, const audit::By& by) = 0;
  virtual Result<void> set_msisdn(const Imsi& imsi, const Msisdn& msisdn, const audit::By& by) = 0;
  // Not served until keys are replaced: SAI and UL are refused.
  virtual Result<void> fence(const Imsi& imsi, const audit::By& by) = 0;
  // `not_found` for who is not there.
  virtual Result<bool> fenced(const Imsi& imsi) = 0;
  // Also cancels its location. Removing who is not there is no error.
  virtual Result<void> remove(const Imsi& imsi, const audit::By& by) = 0;
  // The visited networks forget the subscriber with its vectors and ask for new ones.
  virtual Result<void> cancel_location(const Imsi& imsi, const audit::By& by) = 0;

  // True while the HLR itself has not confirmed the last change of this subscriber.
  virtual Result<bool> behind(const Imsi& imsi) = 0;
  // False where the hotline flag has no effect in the network (osmo-hlr).
  virtual bool can_hotline() const = 0;
};

}  // namespace simurgh::hlr
