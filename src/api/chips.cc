// Chips under contract: lists, one with its history, re-keying (D11) and reset (D10). No key, and
// nothing that one could be derived from, is ever in an answer.
#include <map>

#include "api/call.h"

namespace simurgh::api {
namespace {

constexpr size_t history_rows_max = 50;
constexpr fleet::ChipState states_all[] = {
    fleet::ChipState::sold,   fleet::ChipState::personalised, fleet::ChipState::rekeying,
    fleet::ChipState::frozen, fleet::ChipState::resetting,    fleet::ChipState::returned};

json::Value describe(const fleet::Chip& chip, bool is_legacy_1997) {
  json::Value out = json::Value::object({{"iccid", chip.iccid.text()},
                                         {"imsi", chip.imsi.text()},
                                         {"msisdn", chip.msisdn.text()},
                                         {"ver", hex_of(chip.ver)},
                                         {"life", chip.life},
                                         {"state", name_of(chip.state)},
                                         {"contract", chip.contract},
                                         {"order", chip.order},
                                         {"allocation", chip.allocation},
                                         {"created", time_of(chip.created)},
                                         {"changed", time_of(chip.changed)},
                                         {"last_contact", time_of(chip.last_contact)}});
  mark_legacy_1997(out, is_legacy_1997);
  return out;
}

// With what its batch says of it.
Result<json::Value> describe(Call& call, const fleet::Chip& chip) {
  return describe(chip, TRY(call.parts.fleet.is_legacy_1997(chip.iccid)));
}

Reply reply_with(Call& call, const fleet::Chip& chip, uint16_t status = 200) {
  const auto out = describe(call, chip);
  return out.has_value() ? reply(*out, status) : reply(out.error(), "the chip");
}

// `name=value` lines, with \\ and \n in values (audit::Detail::text).
json::Value read_detail(std::string_view text) {
  json::Value out = json::Value::object();
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const size_t equals = std::min(line.find('='), line.size());
    std::string value;
    for (size_t i = equals + 1; i < line.size(); ++i) {
      if (line[i] == '\\' && i + 1 < line.size()) {
        ++i;
        value.push_back(line[i] == 'n' ? '\n' : line[i]);
      } else {
        value.push_back(line[i]);
      }
    }
    out.set(line.substr(0, equals), value);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// Adds what the stores beside the fleet know: key epoch, hotline, orders, history.
Result<void> add_details(Call& call, const fleet::Chip& chip, json::Value& out) {
  const Api::Parts& parts = call.parts;
  const auto keys = TRY(parts.centre.keys_of(chip.iccid));
  if (keys.has_value()) {
    out.set("key_epoch", keys->active_epoch);
    out.set("negotiations_begun", keys->work_attempts);
  }
  if (parts.hlr != nullptr) {
    const auto subscriber = parts.hlr->subscriber(chip.imsi);
    if (subscriber.has_value()) {
      out.set("hotline", subscriber->hotline);
      out.set("fenced", subscriber->fenced);
    } else if (subscriber.error().code != ErrorCode::not_found) {
      return subscriber.error();
    }
  }
  json::Value orders = json::Value::array();
  for (const fleet::Order& order : TRY(parts.fleet.store().orders_of(chip.iccid))) {
    orders.push_back(json::Value::object({{"order", order.id},
                                          {"life", order.life},
                                          {"state", name_of(order.state)},
                                          {"wrong_tries", order.wrong_tries},
                                          {"created", time_of(order.created)}}));
  }
  out.set("orders", std::move(orders));
  constexpr Roles historians = {Role::viewer, Role::operator_, Role::approver, Role::admin};
  if (!call.token->roles.intersects(historians)) return {};
  json::Value history = json::Value::array();
  for (const audit::Row& row :
       TRY(parts.audit_rows.page_of_subject(chip.iccid.text(), INT64_MAX, history_rows_max))) {
    history.push_back(json::Value::object({{"at", time_of(row.at)},
                                           {"actor", row.actor},
                                           {"action", row.action},
                                           {"detail", read_detail(row.detail)}}));
  }
  out.set("history", std::move(history));
  return {};
}

// A chip that was never sold is a number of a batch and has no row (D4).
Reply describe_unsold(Call& call, const Iccid& iccid) {
  const auto number = call.parts.fleet.find(iccid);
  if (!number.has_value()) {
    if (number.error().code == ErrorCode::storage) return reply(number.error(), "the number pool");
    return no_such("chip", iccid.text());
  }
  const auto is_legacy = call.parts.fleet.is_legacy_1997(number->allocation);
  if (!is_legacy.has_value()) return reply(is_legacy.error(), "the card profile");
  json::Value out = json::Value::object({{"iccid", number->iccid.text()},
                                         {"imsi", number->imsi.text()},
                                         {"ver", hex_of(number->allocation.ver)},
                                         {"state", "unsold"},
                                         {"allocation", number->allocation.id},
                                         {"manufacturer", number->allocation.manufacturer}});
  mark_legacy_1997(out, *is_legacy);
  return reply(out);
}

std::optional<fleet::ChipState> state_named(std::string_view name) {
  for (const fleet::ChipState state : states_all) {
    if (name == name_of(state)) return state;
  }
  return std::nullopt;
}

Reply refuse_operation(const Error& error, const Iccid& iccid, std::string_view operation) {
  const std::string chip = "chip " + std::string(iccid.text());
  switch (error.code) {
    case ErrorCode::not_found:
      return reply(Refusal{
          .kind = ProblemKind::not_found,
          .detail = chip + " is not under contract",
          .hint = "check the ICCID; an unsold chip has nothing to " + std::string(operation)});
    case ErrorCode::bad_state:
      return reply(Refusal{.kind = ProblemKind::conflict,
                           .detail = chip + " is in a state that does not allow this",
                           .hint = "look at GET /v1/chips/" + std::string(iccid.text())});
    case ErrorCode::busy:
      return reply(
          refuse_for({.kind = ProblemKind::busy, .detail = "too many negotiations are under way"},
                     seconds(30)));
    default: return reply(error, operation);
  }
}

}  // namespace

Reply list_chips(Call& call) {
  json::Problem problem;
  Query query(call.target, problem);
  const size_t limit = page_limit(query, call.settings);
  fleet::ChipFilter filter;
  const std::string_view state = query.text("state", 16);
  filter.state = state_named(state);
  filter.iccid_prefix = query.text("iccid_prefix", Iccid::size_max);
  filter.manufacturer = query.text("manufacturer", manufacturer_name_octets_max);
  filter.contract = query.text("contract", fleet::name_octets_max);
  const uint64_t allocation = query.number("allocation", 0, 1, INT64_MAX);
  if (allocation != 0) filter.allocation = allocation;
  const std::string_view after = query.text("after", Iccid::size_max);
  const bool finished = query.finish();
  const auto position = after.empty() ? Result<Iccid>(Iccid{}) : Iccid::parse(after);
  if (finished && !state.empty() && !filter.state.has_value()) {
    problem = {"state", "expected one of sold personalised rekeying frozen resetting returned"};
  } else if (finished && !position.has_value()) {
    problem = {"after", "expected the ICCID that \"next\" of the page before gave"};
  } else if (filter.iccid_prefix.find_first_not_of("0123456789") != std::string::npos) {
    problem = {"iccid_prefix", "expected digits"};
  }
  if (problem.any()) return reply(problem);
  const auto rows = call.parts.fleet.chips(filter, *position, limit);
  if (!rows.has_value()) return reply(rows.error(), "the chips");
  json::Value items = json::Value::array();
  std::map<uint64_t, bool> legacy_batches;  // a page has few batches and many chips
  for (const fleet::Chip& row : *rows) {
    auto batch = legacy_batches.find(row.allocation);
    if (batch == legacy_batches.end()) {
      const auto is_legacy = call.parts.fleet.is_legacy_1997(row.iccid);
      if (!is_legacy.has_value()) return reply(is_legacy.error(), "the card profile");
      batch = legacy_batches.emplace(row.allocation, *is_legacy).first;
    }
    items.push_back(describe(row, batch->second));
  }
  std::optional<std::string> next;
  if (rows->size() == limit) next = std::string(rows->back().iccid.text());
  return reply(page_of(std::move(items), next));
}

Reply get_chip(Call& call) {
  const auto iccid = path_digits<Iccid>(call, 0);
  if (!iccid.has_value()) return no_such("chip", call.path[0]);
  const auto chip = call.parts.fleet.store().chip(*iccid);
  if (!chip.has_value()) return reply(chip.error(), "the chip");
  if (!chip->has_value()) return describe_unsold(call, *iccid);
  auto out = describe(call, **chip);
  if (!out.has_value()) return reply(out.error(), "the chip");
  if (const auto added = add_details(call, **chip, *out); !added.has_value()) {
    return reply(added.error(), "the chip");
  }
  return reply(*out);
}

Reply rekey_chip(Call& call) {
  const auto iccid = path_digits<Iccid>(call, 0);
  if (!iccid.has_value()) return no_such("chip", call.path[0]);
  json::Problem problem;
  json::Fields fields(call.body, problem);
  if (!fields.finish()) return reply(problem);
  if (auto refused = refuse_legacy_1997(call, call.parts.fleet.is_legacy_1997(*iccid),
                                        "chip.rekey_refused", iccid->text())) {
    return *refused;
  }
  const auto ordered = call.parts.centre.rekey(*iccid, call.actor, call.now);
  if (!ordered.has_value()) return refuse_operation(ordered.error(), *iccid, "rekey");
  const auto chip = call.parts.fleet.chip(*iccid);
  if (!chip.has_value()) return reply(chip.error(), "the chip");
  return reply_with(call, *chip, 202);
}

Reply reset_chip(Call& call) {
  const auto iccid = path_digits<Iccid>(call, 0);
  if (!iccid.has_value()) return no_such("chip", call.path[0]);
  json::Problem problem;
  json::Fields fields(call.body, problem);
  ByteArray<personalisation::message_octets_max> buffer;
  const ByteView challenge = fields.hex("challenge", 1, buffer);
  if (!fields.finish()) return reply(problem);
  const auto command = call.parts.centre.authorise_reset(*iccid, challenge, call.actor, call.now);
  if (!command.has_value()) {
    const ErrorCode code = command.error().code;
    if (code == ErrorCode::truncated || code == ErrorCode::bad_value ||
        code == ErrorCode::bad_length || code == ErrorCode::trailing_bytes) {
      fields.refuse("challenge", "expected a RESET_CHALLENGE of this chip, as it gave it");
      return reply(problem);
    }
    return refuse_operation(command.error(), *iccid, "reset");
  }
  return reply(
      json::Value::object({{"iccid", iccid->text()}, {"command", hex_of(ByteView(*command))}}));
}

Reply confirm_reset(Call& call) {
  const auto iccid = path_digits<Iccid>(call, 0);
  if (!iccid.has_value()) return no_such("chip", call.path[0]);
  json::Problem problem;
  json::Fields fields(call.body, problem);
  ByteArray<personalisation::message_octets_max> buffer;
  const ByteView receipt = fields.hex("receipt", 1, buffer);
  if (!fields.finish()) return reply(problem);
  const auto confirmed = call.parts.centre.confirm_reset(*iccid, receipt, call.actor, call.now);
  if (!confirmed.has_value()) {
    const ErrorCode code = confirmed.error().code;
    if (code == ErrorCode::bad_mac || code == ErrorCode::bad_value ||
        code == ErrorCode::truncated || code == ErrorCode::bad_length ||
        code == ErrorCode::trailing_bytes) {
      fields.refuse("receipt", "expected this chip's RESET_DONE of its next life");
      return reply(problem);
    }
    return refuse_operation(confirmed.error(), *iccid, "reset");
  }
  const auto chip = call.parts.fleet.chip(*iccid);
  if (!chip.has_value()) return reply(chip.error(), "the chip");
  return reply_with(call, *chip);
}

}  // namespace simurgh::api
