// A campaign's terms as JSON, both ways (docs/operator/campaigns.md has the members). Private to
// api/.
//
// What is read notes its first problem, with the member's name and what was expected, and never a
// value. What is written says of a payload what an approver must know, and a digest of its bytes,
// never the bytes.
#pragma once

#include "api/call.h"
#include "campaign/campaign.h"

namespace simurgh::api {

// Batches, and which card profile each has: what filters name.
struct BatchNames {
  std::vector<fleet::Batch> batches;
  std::vector<std::string> profiles;  // of the batch with the same index; "": imported, or not read

  const fleet::Batch* find(std::string_view name) const;
  std::string name_of(uint16_t id) const;
  std::vector<uint16_t> with_profile(std::string_view profile) const;  // none for ""
};
Result<BatchNames> read_batch_names(const Api::Parts& parts, bool with_profiles);

// The members "filter", "listed", "order", "waves" …: all but "name" and "payload".
void read_terms(json::Fields& fields, json::Problem& problem, const BatchNames& names,
                campaign::Terms& terms);
// The member "payload".
void read_payload(json::Fields& outer, json::Problem& problem, campaign::Payload& payload);
json::Value describe_payload(const campaign::Payload& payload);

json::Value describe(const campaign::Terms& terms, const BatchNames& names);

// Words for what campaign::check() refuses, with the member that they are about.
json::Problem problem_of(const Error& error);

// A member that may be missing.
void read_number(json::Fields& fields, std::string_view name, int64_t min, int64_t max, auto& out) {
  if (fields.has(name))
    out = static_cast<std::decay_t<decltype(out)>>(fields.integer(name, min, max));
}

}  // namespace simurgh::api
