#include "api/routes.h"

namespace simurgh::api {
namespace {

// Who may look: everybody who works with the server, but for factories and dealers, who see their
// own things only.
constexpr Roles readers = {Role::viewer, Role::operator_, Role::approver, Role::admin};
constexpr Roles operators = {Role::operator_, Role::admin};
constexpr Roles admins = {Role::admin};
constexpr Roles anyone_with_token = {Role::viewer, Role::operator_, Role::approver, Role::factory,
                                     Role::dealer, Role::device,    Role::admin};
constexpr Roles dealers = {Role::dealer, Role::operator_, Role::admin};
constexpr Roles dealers_and_readers = {Role::dealer, Role::viewer, Role::operator_, Role::approver,
                                       Role::admin};
constexpr Roles factories_and_readers = {Role::factory, Role::viewer, Role::operator_,
                                         Role::approver, Role::admin};
constexpr Roles factories = {Role::factory, Role::operator_, Role::admin};
constexpr Roles approvers = {Role::approver, Role::admin};
constexpr Roles deciders = {Role::operator_, Role::approver, Role::admin};

constexpr Route table[] = {
    {"GET", "/healthz", {}, get_health, "200 while the process runs"},
    {"GET", "/readyz", {}, get_readiness, "200 when requests can be served, else 503 with why not"},
    {"GET", "/metrics", readers, get_metrics, "Figures in Prometheus text format"},
    {"GET", "/v1", anyone_with_token, list_routes, "This table"},
    {"GET", "/v1/status", readers, get_status, "Links, peers, sizes and version"},

    {"GET", "/v1/manufacturers", readers, list_manufacturers, "Chip manufacturers"},
    {"POST", "/v1/manufacturers", admins, add_manufacturer,
     "Add a manufacturer {name, transport_public_key, replace_key?}"},
    {"GET", "/v1/ranges", readers, list_ranges, "ICCID and IMSI ranges of the operator"},
    {"POST", "/v1/ranges", operators, add_range,
     "Add a range {iccid_first, imsi_first, count, note?}"},
    {"GET", "/v1/profiles", readers, list_profiles, "Card profiles"},
    {"POST", "/v1/profiles", operators, save_profile,
     "Add or change a card profile {name, algorithm, ki_octets?, tuak_iterations?, suites?, "
     "server_made_key?, files?}"},
    {"GET", "/v1/revoked-versions", readers, list_revoked, "Chip versions that are not sold"},
    {"POST", "/v1/revoked-versions", admins, revoke_version,
     "Sell and allocate no chip of a version any more {ver, reason}"},
    {"GET", "/v1/allocations", factories_and_readers, list_allocations,
     "Batches given to manufacturers; a factory sees its own"},
    {"POST", "/v1/allocations", operators, add_allocation,
     "Give a manufacturer numbers {manufacturer, ver, count, profile, range?}"},
    {"GET", "/v1/allocations/{id}", factories_and_readers, get_allocation,
     "A batch; for its factory and operators with K1 sealed to the manufacturer"},
    {"POST", "/v1/allocations/{id}/delivery", factories, add_delivery,
     "The factory's order file: what was made"},

    {"GET", "/v1/contracts", dealers_and_readers, list_contracts, "Contracts"},
    {"POST", "/v1/contracts", dealers, save_contract,
     "Add or change a contract {id, customer, tariff, ended?}"},
    {"POST", "/v1/signups", dealers, sign_up,
     "Sell a chip {iccid, ver, life?, contract, msisdn, activation {kind, code?}, "
     "server_made_key?}"},
    {"GET", "/v1/orders/{id}", dealers_and_readers, get_order, "An order, without its code"},
    {"POST", "/v1/orders/{id}/renew-code", dealers, renew_code,
     "A new activation code for an open order {kind, code?}"},
    {"POST", "/v1/orders/{id}/unfreeze", deciders, unfreeze,
     "Open a frozen order again with a new code {kind, code?}"},
    {"GET", "/v1/chips", readers, list_chips,
     "Sold chips, by state, manufacturer, allocation, contract or ICCID prefix"},
    {"GET", "/v1/chips/{iccid}", dealers_and_readers, get_chip,
     "A chip with orders and history, never a key"},
    {"POST", "/v1/chips/{iccid}/rekey", operators, rekey_chip,
     "Have a new key agreed as soon as the chip can be reached"},
    {"POST", "/v1/chips/{iccid}/reset", dealers, reset_chip,
     "The signed command that takes a chip to its next life {challenge}"},
    {"POST", "/v1/chips/{iccid}/reset/confirm", dealers, confirm_reset,
     "The chip's receipt of its reset {receipt}"},

    {"GET", "/v1/batches", readers, list_batches, "Batches of elements, with their settings"},
    {"POST", "/v1/batches", operators, save_batch,
     "Add a batch of elements or change its settings {name, settings?}"},
    {"POST", "/v1/elements/import", operators, import_elements,
     "Bring in chips made elsewhere: a piece of a fleet file {batch, header, rows, first_line?, "
     "skip_known?}"},
    {"GET", "/v1/elements", readers, list_elements, "Elements, by batch or ICCID prefix"},
    {"GET", "/v1/elements/{iccid}", readers, get_element, "An element, never a key"},

    {"GET", "/v1/campaigns", readers, list_campaigns, "Campaigns, newest first"},
    {"POST", "/v1/campaigns", operators, create_campaign,
     "A draft of a campaign {name, payload, filter?, listed?, order?, waves?, stop_rules?, "
     "windows?, "
     "triggers?, priority?, needs_approval?, begins_at?, lasts_s?, …}"},
    {"GET", "/v1/campaigns/{id}", readers, get_campaign,
     "A campaign: terms without the payload's bytes, state, counters, waves, stop rules"},
    {"POST", "/v1/campaigns/{id}/members", operators, add_members,
     "A piece of the list of a draft, one ICCID a line {iccids, first_line?}"},
    {"POST", "/v1/campaigns/{id}/submit", operators, submit_campaign,
     "Hand in a draft: for approval, or for its time to come"},
    {"POST", "/v1/campaigns/{id}/approve", approvers, approve_campaign,
     "Approve what another person created"},
    {"POST", "/v1/campaigns/{id}/reject", deciders, reject_campaign, "Back to a draft"},
    {"POST", "/v1/campaigns/{id}/pause", operators, pause_campaign, "Offer nothing for a while"},
    {"POST", "/v1/campaigns/{id}/resume", operators, resume_campaign,
     "Go on after a pause or a stop rule"},
    {"POST", "/v1/campaigns/{id}/cancel", deciders, cancel_campaign, "End it for good"},
    {"POST", "/v1/campaigns/{id}/retry", operators, retry_campaign, "Try again what failed"},
    {"GET", "/v1/campaigns/{id}/outcomes", readers, list_outcomes,
     "What came of it at each chip, by state"},
    {"GET", "/v1/campaigns/{id}/fronts", readers, get_fronts,
     "Chips reached by polls and by triggers, by last contact"},

    {"GET", "/v1/alarms", readers, list_alarms, "Alarms, newest first"},
    {"POST", "/v1/alarms/{id}/acknowledge", deciders, acknowledge_alarm, "Take note of an alarm"},
    {"GET", "/v1/jobs", readers, list_jobs, "Open work on chips' keys"},
    {"GET", "/v1/audit", {Role::approver, Role::admin}, list_audit, "The audit log, oldest first"},
    {"POST", "/v1/subscribers", admins, import_subscriber,
     "Import a subscriber with its keys {imsi, iccid?, msisdn, algorithm, ki, opc?, sequence?}"},
    {"DELETE", "/v1/subscribers/{imsi}", admins, remove_subscriber,
     "Remove an imported subscriber"},
};

}  // namespace

std::span<const Route> routes() {
  return table;
}

std::optional<std::vector<std::string>> match(std::string_view pattern,
                                              const std::vector<std::string>& segments) {
  std::vector<std::string> out;
  size_t index = 0;
  size_t begin = 1;
  while (begin <= pattern.size()) {
    const size_t end = std::min(pattern.find('/', begin), pattern.size());
    const std::string_view part = pattern.substr(begin, end - begin);
    if (index == segments.size()) return std::nullopt;
    if (part.starts_with('{')) {
      out.push_back(segments[index]);
    } else if (part != segments[index]) {
      return std::nullopt;
    }
    ++index;
    begin = end + 1;
  }
  if (index != segments.size()) return std::nullopt;
  return out;
}

std::vector<RouteDescription> route_descriptions() {
  std::vector<RouteDescription> out;
  for (const Route& route : table) {
    out.push_back({route.method, route.pattern, route.roles, route.summary});
  }
  return out;
}

Reply list_routes(Call&) {
  json::Value items = json::Value::array();
  for (const Route& route : table) {
    json::Value roles = json::Value::array();
    for (size_t i = 0; i < role_count; ++i) {
      const auto role = static_cast<Role>(i);
      if (route.roles.contains(role)) roles.push_back(name_of(role));
    }
    items.push_back(json::Value::object({{"method", route.method},
                                         {"path", route.pattern},
                                         {"roles", std::move(roles)},
                                         {"summary", route.summary}}));
  }
  return reply(json::Value::object({{"routes", std::move(items)}}));
}

}  // namespace simurgh::api
