// Manufacturers, numbers, batches and what was delivered (rows D1, D2, D4).
#include "api/call.h"
#include "base/reader.h"
#include "factory/allocation.h"
#include "factory/order_file.h"

namespace simurgh::api {
namespace {

// True when the octets are a point that a key can be agreed with (RFC 7748 6.1).
bool is_valid_share(ByteView share, Random& random) {
  ByteArray<32> seed = random.array<32>();
  Key256 ignored;
  const bool valid = crypto::x25519_derive(seed, share, ignored.fill(32)).has_value();
  wipe(seed);
  return valid;
}

json::Value describe(const Manufacturer& row) {
  return json::Value::object({{"name", row.name},
                              {"transport_public_key", hex_of(row.transport_public_key)},
                              {"created", time_of(row.created)}});
}

json::Value describe(const fleet::Range& range) {
  const fleet::Run& run = range.run;
  return json::Value::object({{"id", range.id},
                              {"iccid_first", run.iccid_at(0).text()},
                              {"iccid_last", run.iccid_at(run.count - 1).text()},
                              {"imsi_first", run.imsi_at(0).text()},
                              {"imsi_last", run.imsi_at(run.count - 1).text()},
                              {"count", run.count},
                              {"allocated", range.allocated},
                              {"free", run.count - range.allocated},
                              {"note", range.note},
                              {"created", time_of(range.created)}});
}

json::Value describe(const fleet::Allocation& row, const std::optional<Delivery>& delivery,
                     bool is_legacy_1997) {
  const fleet::Run& run = row.run;
  json::Value out = json::Value::object({{"id", row.id},
                                         {"manufacturer", row.manufacturer},
                                         {"ver", hex_of(row.ver)},
                                         {"profile", row.profile},
                                         {"count", run.count},
                                         {"iccid_first", run.iccid_at(0).text()},
                                         {"iccid_last", run.iccid_at(run.count - 1).text()},
                                         {"imsi_first", run.imsi_at(0).text()},
                                         {"imsi_last", run.imsi_at(run.count - 1).text()},
                                         {"range", row.range},
                                         {"created", time_of(row.created)}});
  out.set("delivered", delivery.has_value() ? json::Value(delivery->made) : json::Value(0));
  out.set("delivered_at", delivery.has_value() ? time_of(delivery->at) : json::Value());
  mark_legacy_1997(out, is_legacy_1997);
  return out;
}

// A factory's token sees its manufacturer's batches only, and those of others not at all. Another
// role beside it lifts that.
bool is_hidden(const Call& call, const fleet::Allocation& row) {
  constexpr Roles unbound = {Role::viewer, Role::operator_, Role::approver, Role::admin};
  return !call.token->roles.intersects(unbound) && call.token->manufacturer != row.manufacturer;
}

// Two manufacturers never share a version: its K1 would be both's (row D2).
Result<bool> is_version_of_another(Call& call, const fleet::Ver& ver,
                                   std::string_view manufacturer) {
  uint64_t after = 0;
  while (true) {
    const auto rows = TRY(call.parts.fleet.store().allocations(after, fleet::page_rows_max));
    for (const fleet::Allocation& row : rows) {
      if (row.ver == ver && row.manufacturer != manufacturer) return true;
      after = row.id;
    }
    if (rows.size() < fleet::page_rows_max) return false;
  }
}

// Those that the key store has: not every store can do RSA.
Result<personalisation::ServerKeys> server_keys(crypto::KeyStore& store) {
  personalisation::ServerKeys keys;
  const auto read = [&store](crypto::SignatureScheme scheme, auto& into) -> Result<void> {
    const auto key = store.public_key(scheme);
    if (key.has_value()) {
      into.assign(*key);
    } else if (key.error().code != ErrorCode::unsupported) {
      return key.error();
    }
    return {};
  };
  TRY(read(crypto::SignatureScheme::ed25519, keys.ed25519));
  TRY(read(crypto::SignatureScheme::ecdsa_p256, keys.p256));
  TRY(read(crypto::SignatureScheme::rsa2048_pss, keys.rsa2048));
  return keys;
}

// The batch with what only its factory can open.
Result<factory::AllocationNote> make_note(Call& call, const fleet::Allocation& row,
                                          const Manufacturer& manufacturer) {
  const Api::Parts& parts = call.parts;
  factory::AllocationNote note;
  note.id = row.id;
  note.manufacturer = row.manufacturer;
  note.run = row.run;
  note.ver = row.ver;
  note.profile = TRY(parts.fleet.profile(row.profile));
  note.centre_number = call.settings.centre_number;
  note.service_centre = call.settings.service_centre;
  note.service_provider_name = call.settings.service_provider_name;
  note.mnc_digits = call.settings.mnc_digits;
  note.server_keys = TRY(server_keys(parts.keys));
  for (const auto suite : {personalisation::Suite::x25519, personalisation::Suite::p256,
                           personalisation::Suite::ffdhe2048}) {
    if (note.suites().contains(suite) && note.server_keys.of(suite).empty()) {
      return ErrorCode::unsupported;
    }
  }
  Key256 seed;
  parts.random.fill(seed.fill(32));
  note.k1_sealed = TRY(factory::seal_k1(
      TRY(parts.keys.k1_of_version(row.ver)), manufacturer.transport_public_key,
      {.manufacturer = row.manufacturer, .allocation = row.id, .ver = row.ver}, seed));
  TRY(factory::sign(note, parts.keys));
  return note;
}

Reply answer_with_note(Call& call, const fleet::Allocation& row, uint16_t status) {
  const auto manufacturer = call.parts.factories.manufacturer(row.manufacturer);
  if (!manufacturer.has_value()) return reply(manufacturer.error(), "the manufacturer");
  if (!manufacturer->has_value()) return no_such("manufacturer", row.manufacturer);
  const auto note = make_note(call, row, **manufacturer);
  if (!note.has_value()) return reply(note.error(), "sealing K1 for the manufacturer");
  return reply(factory::write_allocation(*note), status);
}

}  // namespace

Reply list_manufacturers(Call& call) {
  const auto rows = call.parts.factories.manufacturers();
  if (!rows.has_value()) return reply(rows.error(), "the manufacturers");
  json::Value items = json::Value::array();
  for (const Manufacturer& row : *rows) items.push_back(describe(row));
  return reply(page_of(std::move(items), std::nullopt));
}

Reply add_manufacturer(Call& call) {
  json::Problem problem;
  json::Fields fields(call.body, problem);
  Manufacturer row;
  row.name = read_word(fields, "name", manufacturer_name_octets_max);
  fields.hex("transport_public_key", row.transport_public_key.size(), row.transport_public_key);
  const bool replace = fields.has("replace_key") && fields.boolean("replace_key");
  if (!fields.finish()) return reply(problem);
  if (!is_valid_share(row.transport_public_key, call.parts.random)) {
    fields.refuse("transport_public_key", "expected an X25519 public key, not of small order");
    return reply(problem);
  }
  const auto before = call.parts.factories.manufacturer(row.name);
  if (!before.has_value()) return reply(before.error(), "the manufacturer");
  if (before->has_value()) {
    if ((*before)->transport_public_key == row.transport_public_key) {
      return reply(describe(**before));
    }
    if (!replace) {
      return reply(Refusal{.kind = ProblemKind::conflict,
                           .detail = "manufacturer " + row.name + " has another transport key",
                           .hint = "if it has really made a new one, say \"replace_key\": true"});
    }
  }
  row.created = before->has_value() ? (*before)->created : call.now;
  if (const auto saved = call.parts.factories.save_manufacturer(row); !saved.has_value()) {
    return reply(saved.error(), "keeping the manufacturer");
  }
  audit::Detail detail;
  detail.add("transport_public_key", hex_of(row.transport_public_key));
  detail.add("replaced", before->has_value());
  const auto audited = call.parts.audit.append(call.by(), {"manufacturer.save", row.name, detail});
  if (!audited.has_value()) return reply(audited.error(), "the audit log");
  return reply(describe(row), 201);
}

Reply list_ranges(Call& call) {
  const auto rows = call.parts.fleet.store().ranges();
  if (!rows.has_value()) return reply(rows.error(), "the ranges");
  json::Value items = json::Value::array();
  for (const fleet::Range& row : *rows) items.push_back(describe(row));
  return reply(page_of(std::move(items), std::nullopt));
}

Reply add_range(Call& call) {
  json::Problem problem;
  json::Fields fields(call.body, problem);
  fleet::NewRange range;
  range.first_iccid = fields.digits<Iccid>("iccid_first");
  range.first_imsi = fields.digits<Imsi>("imsi_first");
  range.count = static_cast<uint64_t>(fields.integer("count", 1, 1'000'000'000'000));
  if (fields.has("note")) range.note = fields.text("note", 0, fleet::note_octets_max);
  if (!fields.finish()) return reply(problem);
  if (!fleet::body_of(range.first_iccid).has_value()) {
    fields.refuse("iccid_first",
                  "expected an ICCID that begins with 89 and ends in its Luhn digit");
    return reply(problem);
  }
  const auto added = call.parts.fleet.add_range(range, call.by());
  if (added.has_value()) return reply(describe(*added), 201);
  switch (added.error().code) {
    case ErrorCode::already_exists:
      return reply(Refusal{.kind = ProblemKind::conflict,
                           .detail = "numbers of this range are in another range already",
                           .hint = "look at GET /v1/ranges for what is taken"});
    case ErrorCode::bad_value:
      fields.refuse("count", "expected no more numbers than their digits have room for");
      return reply(problem);
    default: return reply(added.error(), "adding the range");
  }
}

Reply list_allocations(Call& call) {
  json::Problem problem;
  Query query(call.target, problem);
  const size_t limit = page_limit(query, call.settings);
  uint64_t after = query.number("after", 0, 0, INT64_MAX);
  if (!query.finish()) return reply(problem);
  json::Value items = json::Value::array();
  size_t shown = 0;
  while (true) {
    const auto rows = call.parts.fleet.store().allocations(after, fleet::page_rows_max);
    if (!rows.has_value()) return reply(rows.error(), "the allocations");
    for (const fleet::Allocation& row : *rows) {
      if (shown == limit) return reply(page_of(std::move(items), std::to_string(after)));
      after = row.id;
      if (is_hidden(call, row)) continue;
      const auto delivery = call.parts.factories.delivery(row.id);
      if (!delivery.has_value()) return reply(delivery.error(), "the deliveries");
      const auto is_legacy = call.parts.fleet.is_legacy_1997(row);
      if (!is_legacy.has_value()) return reply(is_legacy.error(), "the card profile");
      items.push_back(describe(row, *delivery, *is_legacy));
      ++shown;
    }
    if (rows->size() < fleet::page_rows_max) return reply(page_of(std::move(items), std::nullopt));
  }
}

Reply get_allocation(Call& call) {
  const std::optional<uint64_t> id = path_number(call, 0);
  if (!id.has_value()) return no_such("allocation", call.path[0]);
  const auto row = call.parts.fleet.store().allocation(*id);
  if (!row.has_value()) return reply(row.error(), "the allocation");
  if (!row->has_value() || is_hidden(call, **row)) return no_such("allocation", call.path[0]);
  constexpr Roles sealers = {Role::factory, Role::operator_, Role::admin};
  if (call.token->roles.intersects(sealers)) return answer_with_note(call, **row, 200);
  const auto delivery = call.parts.factories.delivery(*id);
  if (!delivery.has_value()) return reply(delivery.error(), "the delivery");
  const auto is_legacy = call.parts.fleet.is_legacy_1997(**row);
  if (!is_legacy.has_value()) return reply(is_legacy.error(), "the card profile");
  return reply(describe(**row, *delivery, *is_legacy));
}

Reply add_allocation(Call& call) {
  json::Problem problem;
  json::Fields fields(call.body, problem);
  fleet::AllocationOrder order;
  order.manufacturer = read_word(fields, "manufacturer", manufacturer_name_octets_max);
  fields.hex("ver", order.ver.size(), order.ver);
  order.count = static_cast<uint64_t>(
      fields.integer("count", 1, static_cast<int64_t>(call.settings.allocation_chips_max)));
  order.profile = fields.text("profile", 1, fleet::name_octets_max);
  if (fields.has("range")) {
    order.range = static_cast<uint64_t>(fields.integer("range", 1, INT64_MAX));
  }
  if (!fields.finish()) return reply(problem);
  const auto manufacturer = call.parts.factories.manufacturer(order.manufacturer);
  if (!manufacturer.has_value()) return reply(manufacturer.error(), "the manufacturer");
  if (!manufacturer->has_value()) {
    fields.refuse("manufacturer", "no such manufacturer; add it by POST /v1/manufacturers");
    return reply(problem);
  }
  const auto taken = is_version_of_another(call, order.ver, order.manufacturer);
  if (!taken.has_value()) return reply(taken.error(), "the allocations");
  if (*taken) {
    return reply(Refusal{.kind = ProblemKind::conflict,
                         .detail = "this version is another manufacturer's: both would know its K1",
                         .hint = "choose a new ver"});
  }
  fleet::Allocation wanted;
  wanted.profile = order.profile;
  if (auto refused = refuse_legacy_1997(call, call.parts.fleet.is_legacy_1997(wanted),
                                        "allocation.add_refused", order.profile)) {
    return *refused;
  }
  const auto row = call.parts.fleet.allocate(order, call.by());
  if (row.has_value()) return answer_with_note(call, *row, 201);
  switch (row.error().code) {
    case ErrorCode::no_space:
      return reply(Refusal{.kind = ProblemKind::conflict,
                           .detail = "no range has this many numbers left in one piece",
                           .hint = "ask for fewer, or add a range by POST /v1/ranges"});
    case ErrorCode::not_allowed:
      return reply(Refusal{.kind = ProblemKind::policy,
                           .detail = "this version is revoked",
                           .hint = "choose a new ver"});
    case ErrorCode::not_found:
      return reply(Refusal{.kind = ProblemKind::bad_field,
                           .detail = "there is no such range or card profile",
                           .hint = "look at GET /v1/ranges and GET /v1/profiles",
                           .field = order.range == 0 ? "profile" : "range"});
    default: return reply(row.error(), "the allocation");
  }
}

Reply add_delivery(Call& call) {
  const std::optional<uint64_t> id = path_number(call, 0);
  if (!id.has_value()) return no_such("allocation", call.path[0]);
  const auto row = call.parts.fleet.store().allocation(*id);
  if (!row.has_value()) return reply(row.error(), "the allocation");
  if (!row->has_value() || is_hidden(call, **row)) return no_such("allocation", call.path[0]);
  json::Problem problem;
  const auto order = factory::parse_order_file(call.body, problem);
  if (!order.has_value()) return reply(problem);
  const fleet::Allocation& batch = **row;
  if (order->allocation != batch.id || order->manufacturer != batch.manufacturer ||
      order->ver != batch.ver || order->count != batch.run.count) {
    return reply(Refusal{.kind = ProblemKind::conflict,
                         .detail = "the order file is of another allocation",
                         .hint = "report it to the allocation that it names"});
  }
  if (factory::chips_digest(batch.run, order->made) != order->chips_sha256) {
    return reply(Refusal{.kind = ProblemKind::conflict,
                         .detail = "the chips that were made do not have the batch's numbers",
                         .hint = "do not ship them; make the batch again from its allocation"});
  }
  const auto before = call.parts.factories.delivery(batch.id);
  if (!before.has_value()) return reply(before.error(), "the delivery");
  if (before->has_value() && (*before)->made > order->made) {
    return reply(Refusal{
        .kind = ProblemKind::conflict,
        .detail = "more chips than these were reported before: " + std::to_string((*before)->made),
        .hint = "report the newest order file of this batch"});
  }
  const Delivery delivery{.allocation = batch.id,
                          .made = order->made,
                          .chips_sha256 = order->chips_sha256,
                          .token = call.token->name,
                          .at = call.now};
  if (const auto saved = call.parts.factories.save_delivery(delivery); !saved.has_value()) {
    return reply(saved.error(), "keeping the delivery");
  }
  audit::Detail detail;
  detail.add("made", order->made).add("count", order->count);
  const auto audited =
      call.parts.audit.append(call.by(), {"allocation.delivery", std::to_string(batch.id), detail});
  if (!audited.has_value()) return reply(audited.error(), "the audit log");
  const auto is_legacy = call.parts.fleet.is_legacy_1997(batch);
  if (!is_legacy.has_value()) return reply(is_legacy.error(), "the card profile");
  return reply(describe(batch, delivery, *is_legacy));
}

}  // namespace simurgh::api
