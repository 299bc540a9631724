// The REST interface of the server: what an operator, a dealer or a manufacturer can ask, and who
// may ask it. One const table of routes (routes.cc) names method, path, roles, handler and summary;
// GET /v1 answers that table as JSON.
//
// It is not a web server: requests come framed and leave as values (http_types.h). One thread;
// every change that a request makes is in the open transaction of the stores, together with the
// answer to its Idempotency-Key, and the caller lets the answer out only after the commit. A
// refused request leaves no change.
#pragma once

#include "api/centre.h"
#include "api/http_types.h"
#include "api/store.h"
#include "api/tokens.h"
#include "audit/log.h"
#include "base/random.h"
#include "campaign/campaigns.h"
#include "crypto/key_store.h"
#include "fleet/elements.h"
#include "fleet/fleet.h"
#include "formats/json/value.h"
#include "hlr/hlr.h"

namespace simurgh::api {

// What the program around knows: for GET /v1/status, /readyz and /metrics.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  // Links, peers, sizes, version: an object. No secrets, no numbers of subscribers.
  virtual json::Value status() = 0;
  // False, with words, while something that requests need is not there.
  virtual bool ready(std::string& why_not) = 0;
  // Prometheus text format, version 0.0.4.
  virtual std::string metrics() = 0;
};

// The part of the transaction that one request is (storage::Storage's step).
class Step {
 public:
  virtual ~Step() = default;
  virtual Result<void> begin() = 0;
  virtual Result<void> keep() = 0;
  virtual Result<void> undo() = 0;
};

struct Settings {
  size_t page_rows_default = 100;
  size_t page_rows_max = 1000;
  uint64_t allocation_chips_max = 1'000'000;  // a delivery's checksum is computed in one event
  // What every card of this operator gets.
  Msisdn centre_number;               // of the security centre (D6)
  Msisdn service_centre;              // of the SMSC; may be empty
  std::string service_provider_name;  // at most 16 octets; may be empty
  uint8_t mnc_digits = 2;
  bool allow_legacy_1997 = false;  // insecure: the operator's explicit switch
};

class Api {
 public:
  struct Parts {
    Centre& centre;
    fleet::Fleet& fleet;
    hlr::Hlr* hlr;  // null when the network's HLR is another's: subscribers are not ours then
    audit::Log& audit;
    audit::Store& audit_rows;
    crypto::KeyStore& keys;
    AnswerStore& answers;
    FactoryStore& factories;
    Tokens& tokens;
    Surroundings& surroundings;
    Step& step;
    Random& random;
    fleet::Elements& elements;
    campaign::Store& campaign_rows;
    campaign::Campaigns& campaigns;
    campaign::Population& population;
  };

  Api(const Settings& settings, const Parts& parts) : settings_(settings), parts_(parts) {}

  // Answers one request and wipes its body. `storage` when the stores failed: the process must
  // end. Everything else that cannot be done is an answer.
  Result<Answer> handle(Request& request, Instant now);

 private:
  Settings settings_;
  Parts parts_;
};

// The table, for GET /v1, the documentation and tests.
struct RouteDescription {
  std::string_view method;
  std::string_view pattern;  // "/v1/chips/{iccid}"
  Roles roles;               // empty: no token needed
  std::string_view summary;
};
std::vector<RouteDescription> route_descriptions();

}  // namespace simurgh::api
