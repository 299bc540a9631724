// Subscribers from another operator's AuC. COMP128 is refused unless the server's policy takes it
// (threats row 4), and a refusal is audited.
#include "api/call.h"

namespace simurgh::api {
namespace {

using fleet::AuthAlgorithm;

constexpr std::array algorithms_all = {AuthAlgorithm::milenage, AuthAlgorithm::tuak,
                                       AuthAlgorithm::comp128v1, AuthAlgorithm::comp128v2,
                                       AuthAlgorithm::comp128v3};

// Keys straight from the request into secrets.
hlr::SubscriberKeys read_keys(json::Fields& fields) {
  hlr::SubscriberKeys keys;
  std::array<std::string_view, algorithms_all.size()> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = name_of(algorithms_all[i]);
  keys.algorithm = algorithms_all[fields.choice("algorithm", names)];
  const bool tuak = keys.algorithm == AuthAlgorithm::tuak;
  const bool milenage = keys.algorithm == AuthAlgorithm::milenage;
  if (tuak && fields.has("tuak_iterations")) {
    keys.tuak_iterations = static_cast<uint8_t>(fields.integer("tuak_iterations", 1, 255));
  }
  const auto read = [&fields](std::string_view name, size_t min, size_t max, Secret<32>& secret) {
    const MutableByteView room = secret.fill(32);
    const ByteView octets = fields.hex(name, min, room.first(max));
    if (octets.empty() || (octets.size() != 16 && octets.size() != 32)) {
      fields.refuse(name, "expected 32 or 64 hexadecimal digits");
      secret.clear();
      return;
    }
    secret.fill(octets.size());
  };
  read("ki", 16, tuak ? 32 : 16, keys.ki);
  if (milenage) read("opc", 16, 16, keys.opc);
  if (tuak) read("opc", 32, 32, keys.opc);
  return keys;
}

Refusal refusal_of(hlr::ImportOutcome outcome, AuthAlgorithm algorithm) {
  Refusal refusal{.kind = ProblemKind::policy};
  switch (outcome) {
    case hlr::ImportOutcome::known_test_key:
      refusal.detail = "Ki or OPc is a published test key: everybody can be this subscriber";
      refusal.hint = "give the subscriber a new chip; a bench without `production` takes such keys";
      break;
    case hlr::ImportOutcome::shared_key:
      refusal.detail = "another subscriber has the same Ki: one of the two is a copy";
      refusal.hint = "find out which, and give the subscriber a new chip";
      break;
    case hlr::ImportOutcome::imported:
    case hlr::ImportOutcome::refused_by_policy:
      refusal.detail =
          std::string(name_of(algorithm)) + " is refused: its keys can be found out from outside";
      refusal.hint =
          "give the subscriber a new chip, or let the administrator set hlr.allow_comp128_import";
      break;
  }
  return refusal;
}

}  // namespace

Reply import_subscriber(Call& call) {
  if (call.parts.hlr == nullptr) {
    return reply(Refusal{.kind = ProblemKind::policy,
                         .detail = "this network's subscribers are in another HLR",
                         .hint = "import the subscriber there"});
  }
  json::Problem problem;
  json::Fields fields(call.body, problem);
  hlr::ImportedSubscriber subscriber;
  subscriber.imsi = fields.digits<Imsi>("imsi");
  if (fields.has("iccid")) subscriber.iccid = fields.digits<Iccid>("iccid");
  subscriber.msisdn = fields.digits<Msisdn>("msisdn");
  subscriber.keys = read_keys(fields);
  if (fields.has("sequence")) {
    subscriber.sequence = static_cast<uint64_t>(
        fields.integer("sequence", 0, static_cast<int64_t>(hlr::sequence_max)));
  }
  if (!fields.finish()) return reply(problem);
  const auto outcome = call.parts.hlr->import(subscriber, call.by());
  const std::string name(subscriber.imsi.text());
  if (!outcome.has_value()) {
    if (outcome.error().code == ErrorCode::already_exists) {
      return reply(Refusal{.kind = ProblemKind::conflict,
                           .detail = "IMSI " + name + " or its MSISDN is there already",
                           .hint = "remove the old subscriber first, or use another MSISDN"});
    }
    return reply(outcome.error(), "importing the subscriber");
  }
  if (*outcome != hlr::ImportOutcome::imported) {
    Reply refused = reply(refusal_of(*outcome, subscriber.keys.algorithm));
    refused.keep_changes = true;  // the audit row of the refusal
    return refused;
  }
  return reply(json::Value::object({{"imsi", name},
                                    {"msisdn", subscriber.msisdn.text()},
                                    {"algorithm", name_of(subscriber.keys.algorithm)}}),
               201);
}

Reply remove_subscriber(Call& call) {
  const auto imsi = path_digits<Imsi>(call, 0);
  if (!imsi.has_value() || call.parts.hlr == nullptr) return no_such("subscriber", call.path[0]);
  const auto row = call.parts.hlr->subscriber(*imsi);
  if (!row.has_value()) {
    if (row.error().code == ErrorCode::not_found) return no_such("subscriber", call.path[0]);
    return reply(row.error(), "the subscriber");
  }
  if (!row->imported) {
    return reply(Refusal{.kind = ProblemKind::conflict,
                         .detail = "this subscriber's chip is of this platform",
                         .hint = "reset the chip instead: simurgh dealer reset"});
  }
  const auto removed = call.parts.hlr->remove(*imsi, call.by());
  if (!removed.has_value()) return reply(removed.error(), "removing the subscriber");
  return reply(json::Value::object({{"imsi", imsi->text()}, {"removed", true}}));
}

}  // namespace simurgh::api
