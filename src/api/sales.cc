// Sign-up, orders and activation codes, contracts (rows D5, D12).
//
// A code comes in with the request, is handed to the security centre, which seals it, and goes out
// in no answer.
#include "api/call.h"

namespace simurgh::api {
namespace {

using personalisation::ActivationCode;
using personalisation::CodeKind;

constexpr std::string_view kind_names[] = {"none", "short", "secret128"};
constexpr CodeKind kinds[] = {CodeKind::none, CodeKind::short_code, CodeKind::secret};
constexpr size_t code_characters_max = 64;

const char* name_of_kind(fleet::CodeKind kind) {
  switch (kind) {
    case fleet::CodeKind::none: return "none";
    case fleet::CodeKind::secret128: return "secret128";
    case fleet::CodeKind::short_code: return "short";
  }
  return "none";
}

// {kind, code?}: the code that the dealer's tool has made.
ActivationCode read_activation(json::Fields fields) {
  const CodeKind kind = kinds[fields.choice("kind", kind_names)];
  if (kind == CodeKind::none) {
    fields.finish();
    return {};
  }
  const std::string_view text = fields.text("code", 1, code_characters_max);
  Result<ActivationCode> code = personalisation::parse_code(text);
  if (!text.empty() && (!code.has_value() || code->kind != kind)) {
    fields.refuse("code", kind == CodeKind::short_code
                              ? "expected a short code with its check digit: 6-10 digits"
                              : "expected the text of an activation QR code: SIMURGH1:…");
  }
  fields.finish();
  return code.has_value() ? *code : ActivationCode{};
}

json::Value describe(const fleet::Order& order, bool is_legacy_1997) {
  json::Value out = json::Value::object({{"order", order.id},
                                         {"iccid", order.iccid.text()},
                                         {"life", order.life},
                                         {"contract", order.contract},
                                         {"msisdn", order.msisdn.text()},
                                         {"state", name_of(order.state)},
                                         {"activation", name_of_kind(order.code_kind)},
                                         {"wrong_tries", order.wrong_tries},
                                         {"server_made_key", order.server_made_key},
                                         {"created", time_of(order.created)},
                                         {"changed", time_of(order.changed)}});
  mark_legacy_1997(out, is_legacy_1997);
  return out;
}

Reply reply_with(Call& call, const fleet::Order& order) {
  const auto is_legacy = call.parts.fleet.is_legacy_1997(order.iccid);
  if (!is_legacy.has_value()) return reply(is_legacy.error(), "the card profile");
  return reply(describe(order, *is_legacy));
}

json::Value describe(const fleet::Contract& contract) {
  return json::Value::object({{"id", contract.id},
                              {"customer", contract.customer},
                              {"tariff", contract.tariff},
                              {"ended", contract.ended},
                              {"created", time_of(contract.created)}});
}

// The element of a chip that was sold for the first time, from now on in every population.
Result<void> show_to_campaigns(Call& call, const Iccid& iccid) {
  const auto element = TRY(call.parts.elements.store().element_of(iccid));
  if (!element || TRY(call.parts.campaign_rows.element({element->id}))) return {};
  const campaign::ElementRow row{.element = {element->id}, .batch = element->batch};
  TRY(call.parts.campaign_rows.apply({&row, 1}));
  return call.parts.population.put(row);
}

Reply refuse_sign_up(const Error& error, const Iccid& iccid) {
  const std::string chip = "chip " + std::string(iccid.text());
  switch (error.code) {
    case ErrorCode::not_found:
      return reply(Refusal{.kind = ProblemKind::not_found,
                           .detail = "no batch has " + chip + " with this ver",
                           .hint = "compare ICCID and VER with what the chip says: "
                                   "simurgh dealer signup --pack or --reader reads them"});
    case ErrorCode::already_exists:
      return reply(Refusal{.kind = ProblemKind::conflict,
                           .detail = chip + " is under contract, or the MSISDN is another's",
                           .hint = "look at GET /v1/chips/" + std::string(iccid.text())});
    case ErrorCode::not_allowed:
      return reply(Refusal{.kind = ProblemKind::policy,
                           .detail = "this version of chips is revoked, or the contract ended",
                           .hint = "give the customer another chip"});
    case ErrorCode::bad_state:
      return reply(Refusal{.kind = ProblemKind::conflict,
                           .detail = "the reset of " + chip + " is not confirmed",
                           .hint = "reset it again: simurgh dealer reset"});
    case ErrorCode::bad_value:
      return reply(Refusal{.kind = ProblemKind::bad_field,
                           .detail = "\"life\": the chip is in another life",
                           .hint = "read the chip again; a new one is in life 0",
                           .field = "life"});
    case ErrorCode::unsupported:
      return reply(Refusal{.kind = ProblemKind::conflict,
                           .detail = "the chips of this batch cannot do what the order asks",
                           .hint = "leave out server_made_key, and the activation code with a "
                                   "legacy-1997 chip; or ask for another chip"});
    default: return reply(error, "the sign-up");
  }
}

// The order of the path; on failure the refusal is in `refusal`.
std::optional<fleet::Order> find_order(Call& call, Reply& refusal) {
  const auto order = call.parts.fleet.store().order(call.path[0]);
  if (!order.has_value()) {
    refusal = reply(order.error(), "the order");
    return std::nullopt;
  }
  if (!order->has_value()) refusal = no_such("order", call.path[0]);
  return *order;
}

Reply put_new_code(Call& call, const fleet::Order& order) {
  json::Problem problem;
  const ActivationCode code = read_activation(json::Fields(call.body, problem));
  if (problem.any()) return reply(problem);
  if (code.kind == CodeKind::none) {
    problem = {"kind", "expected \"short\" or \"secret128\": an order keeps having a code"};
    return reply(problem);
  }
  const auto is_legacy = call.parts.fleet.is_legacy_1997(order.iccid);
  if (!is_legacy.has_value()) return reply(is_legacy.error(), "the card profile");
  if (*is_legacy) {
    return reply(Refusal{.kind = ProblemKind::conflict,
                         .detail = "the chip of order " + order.id +
                                   " is legacy-1997 (INSECURE): it knows no activation code",
                         .hint = "reset the chip and sell it again: simurgh dealer reset"});
  }
  const auto renewed = call.parts.centre.renew_code(order.id, code, call.actor, call.now);
  if (!renewed.has_value()) {
    if (renewed.error().code == ErrorCode::bad_state) {
      return reply(Refusal{.kind = ProblemKind::conflict,
                           .detail = "order " + order.id + " is neither open nor frozen",
                           .hint = "look at GET /v1/orders/" + order.id});
    }
    return reply(renewed.error(), "renewing the code");
  }
  const auto after = call.parts.fleet.order(order.id);
  if (!after.has_value()) return reply(after.error(), "the order");
  return reply_with(call, *after);
}

}  // namespace

Reply sign_up(Call& call) {
  json::Problem problem;
  json::Fields fields(call.body, problem);
  security_centre::SignUp order;
  order.iccid = fields.digits<Iccid>("iccid");
  fields.hex("ver", order.ver.size(), order.ver);
  if (fields.has("life")) {
    order.life = static_cast<uint32_t>(fields.integer("life", 0, UINT32_MAX));
  }
  order.contract = fields.text("contract", 1, fleet::name_octets_max);
  order.msisdn = fields.digits<Msisdn>("msisdn");
  order.code = read_activation(fields.object("activation"));
  if (fields.has("server_made_key")) order.server_made_key = fields.boolean("server_made_key");
  if (!fields.finish()) return reply(problem);
  const auto is_legacy = call.parts.fleet.is_legacy_1997(order.iccid);
  if (auto refused = refuse_legacy_1997(call, is_legacy, "chip.sell_refused", order.iccid.text())) {
    return *refused;
  }
  const auto signed_up = call.parts.centre.sign_up(order, call.actor, call.now);
  if (!signed_up.has_value()) return refuse_sign_up(signed_up.error(), order.iccid);
  const auto shown = show_to_campaigns(call, order.iccid);
  if (!shown.has_value()) return reply(shown.error(), "the element");
  json::Value out = json::Value::object({{"order", signed_up->order},
                                         {"iccid", order.iccid.text()},
                                         {"imsi", signed_up->imsi.text()},
                                         {"state", name_of(fleet::ChipState::sold)}});
  mark_legacy_1997(out, *is_legacy);
  return reply(out, 201);
}

Reply get_order(Call& call) {
  Reply refusal;
  const auto order = find_order(call, refusal);
  return order.has_value() ? reply_with(call, *order) : refusal;
}

Reply renew_code(Call& call) {
  Reply refusal;
  const auto order = find_order(call, refusal);
  if (!order.has_value()) return refusal;
  if (order->state == fleet::OrderState::frozen) {
    return reply(Refusal{.kind = ProblemKind::conflict,
                         .detail = "order " + order->id + " is frozen",
                         .hint = "an operator or approver must look at its alarm, and opens it by "
                                 "POST /v1/orders/" +
                                 order->id + "/unfreeze"});
  }
  return put_new_code(call, *order);
}

Reply unfreeze(Call& call) {
  Reply refusal;
  const auto order = find_order(call, refusal);
  if (!order.has_value()) return refusal;
  if (order->state != fleet::OrderState::frozen) {
    return reply(Refusal{.kind = ProblemKind::conflict,
                         .detail = "order " + order->id + " is not frozen",
                         .hint = "look at GET /v1/orders/" + order->id});
  }
  return put_new_code(call, *order);
}

Reply list_contracts(Call& call) {
  json::Problem problem;
  Query query(call.target, problem);
  const size_t limit = page_limit(query, call.settings);
  const std::string_view after = query.text("after", fleet::name_octets_max);
  if (!query.finish()) return reply(problem);
  const auto rows = call.parts.fleet.store().contracts(after, limit);
  if (!rows.has_value()) return reply(rows.error(), "the contracts");
  json::Value items = json::Value::array();
  for (const fleet::Contract& row : *rows) items.push_back(describe(row));
  std::optional<std::string> next;
  if (rows->size() == limit) next = rows->back().id;
  return reply(page_of(std::move(items), next));
}

Reply save_contract(Call& call) {
  json::Problem problem;
  json::Fields fields(call.body, problem);
  fleet::Contract contract;
  contract.id = fields.text("id", 1, fleet::name_octets_max);
  contract.customer = fields.text("customer", 0, fleet::name_octets_max);
  contract.tariff = fields.text("tariff", 0, fleet::name_octets_max);
  if (fields.has("ended")) contract.ended = fields.boolean("ended");
  if (!fields.finish()) return reply(problem);
  const auto before = call.parts.fleet.store().contract(contract.id);
  if (!before.has_value()) return reply(before.error(), "the contract");
  contract.created = before->has_value() ? (*before)->created : call.now;
  const auto saved = call.parts.fleet.save_contract(contract, call.by());
  if (!saved.has_value()) return reply(saved.error(), "keeping the contract");
  return reply(describe(contract), before->has_value() ? 200 : 201);
}

}  // namespace simurgh::api
