// Chips, orders, contracts and alarms: the other half of Fleet is pool.cc.
#include "fleet/fleet.h"

namespace simurgh::fleet {

namespace {

template <typename T>
Result<T> found(Result<std::optional<T>> row) {
  auto value = TRY(std::move(row));
  if (!value) return fail(ErrorCode::not_found);
  return std::move(*value);
}

const char* action_of(ChipEvent event) {
  switch (event) {
    case ChipEvent::personalised: return "chip.personalised";
    case ChipEvent::rekey_ordered: return "chip.rekey_ordered";
    case ChipEvent::rekeyed: return "chip.rekeyed";
    case ChipEvent::freeze: return "chip.freeze";
    case ChipEvent::thaw: return "chip.thaw";
    case ChipEvent::thaw_to_sold: return "chip.thaw_to_sold";
    case ChipEvent::reset_authorised: return "chip.reset_authorised";
    case ChipEvent::reset_confirmed: return "chip.reset_confirmed";
    case ChipEvent::sale_cancelled: return "chip.sale_cancelled";
  }
  return "chip.unknown";
}

// What becomes of the chip's order, if anything.
std::optional<OrderState> order_after(OrderState order, ChipEvent event, ChipState chip) {
  switch (event) {
    case ChipEvent::personalised: return OrderState::done;
    case ChipEvent::freeze:
      return order == OrderState::open ? std::optional(OrderState::frozen) : std::nullopt;
    case ChipEvent::thaw:
    case ChipEvent::thaw_to_sold:
      return chip == ChipState::sold ? std::optional(OrderState::open) : std::nullopt;
    case ChipEvent::reset_authorised:
    case ChipEvent::sale_cancelled:
      return order != OrderState::done ? std::optional(OrderState::cancelled) : std::nullopt;
    case ChipEvent::rekey_ordered:
    case ChipEvent::rekeyed:
    case ChipEvent::reset_confirmed: break;
  }
  return std::nullopt;
}

Chip new_chip(const PoolNumber& number) {
  Chip chip;
  chip.iccid = number.iccid;
  chip.imsi = number.imsi;
  chip.ver = number.allocation.ver;
  chip.allocation = number.allocation.id;
  return chip;
}

// The row of a chip on sale now, or why it cannot be sold.
Result<Chip> chip_for_sale(const std::optional<Chip>& known, const Sale& sale,
                           const PoolNumber& number) {
  if (!known) {
    if (sale.life != 0) return fail(ErrorCode::bad_value);
    return new_chip(number);
  }
  if (known->state == ChipState::resetting) return fail(ErrorCode::bad_state);
  if (known->state != ChipState::returned) return fail(ErrorCode::already_exists);
  if (known->life != sale.life) return fail(ErrorCode::bad_value);
  return *known;
}

}  // namespace

Result<Chip> Fleet::sell(const Sale& sale, const audit::By& by) {
  if (sale.order.empty() || sale.order.size() > order_id_octets_max || sale.msisdn.empty() ||
      sale.contract.empty() || sale.contract.size() > name_octets_max) {
    return fail(ErrorCode::bad_value);
  }
  const PoolNumber number = TRY(find(sale.iccid));
  if (number.allocation.ver != sale.ver) return fail(ErrorCode::not_found);
  if (TRY(is_revoked(sale.ver))) return fail(ErrorCode::not_allowed);
  const auto known = TRY(store_.chip(sale.iccid));
  Chip chip = TRY(chip_for_sale(known, sale, number));
  const auto contract = TRY(store_.contract(sale.contract));
  if (contract && contract->ended) return fail(ErrorCode::not_allowed);
  if (TRY(store_.chip_of(sale.msisdn))) return fail(ErrorCode::already_exists);
  if (TRY(store_.order(sale.order))) return fail(ErrorCode::already_exists);

  if (!contract) TRY(store_.save_contract({sale.contract, "", "", false, by.at}));
  if (!known) chip.created = by.at;
  chip.state = chip.state_before_freeze = ChipState::sold;
  chip.msisdn = sale.msisdn;
  chip.contract = sale.contract;
  chip.order = sale.order;
  chip.changed = by.at;
  TRY(store_.save_chip(chip));
  Order order;
  order.id = sale.order;
  order.iccid = sale.iccid;
  order.life = sale.life;
  order.contract = sale.contract;
  order.msisdn = sale.msisdn;
  order.code_kind = sale.code_kind;
  order.sealed_code = sale.sealed_code;
  order.server_made_key = sale.server_made_key;
  order.created = order.changed = by.at;
  TRY(store_.save_order(order));
  audit::Detail detail;
  detail.add("order", sale.order).add("contract", sale.contract).add("msisdn", sale.msisdn);
  detail.add("life", sale.life).add("with_code", sale.code_kind != CodeKind::none);
  TRY(audit_.append(by, {"chip.sell", sale.iccid.text(), detail}));
  return chip;
}

Result<Chip> Fleet::change(const Iccid& iccid, ChipEvent event, const audit::By& by) {
  const Chip before = TRY(chip(iccid));
  const Chip next = TRY(after(before, event, by.at));
  TRY(store_.save_chip(next));
  TRY(move_order(next, event, by));
  audit::Detail detail;
  detail.add("from", name_of(before.state)).add("to", name_of(next.state)).add("life", next.life);
  TRY(audit_.append(by, {action_of(event), iccid.text(), detail}));
  return next;
}

Result<Chip> Fleet::take_up(const PoolNumber& number, uint32_t life, ChipState state,
                            const audit::By& by) {
  SIMURGH_CHECK(state == ChipState::frozen || state == ChipState::resetting);
  const auto known = TRY(store_.chip(number.iccid));
  Chip chip = known ? *known : new_chip(number);
  if (!known) chip.created = by.at;
  auto order = TRY(store_.order(chip.order));
  if (order && order->state != OrderState::done && order->state != OrderState::cancelled) {
    order->state = OrderState::cancelled;
    order->sealed_code.clear();
    order->changed = by.at;
    TRY(store_.save_order(*order));
  }
  chip.life = life;
  chip.state = chip.state_before_freeze = state;
  chip.order.clear();
  chip.changed = by.at;
  TRY(store_.save_chip(chip));
  audit::Detail detail;
  detail.add("from", known ? name_of(known->state) : "unknown").add("to", name_of(state));
  detail.add("life_before", known ? known->life : 0).add("life", life);
  TRY(audit_.append(by, {"chip.take_up", number.iccid.text(), detail}));
  return chip;
}

Result<void> Fleet::move_order(const Chip& chip, ChipEvent event, const audit::By& by) {
  auto order = TRY(store_.order(chip.order));
  if (!order) return {};
  const auto state = order_after(order->state, event, chip.state);
  if (!state || *state == order->state) return {};
  order->state = *state;
  order->changed = by.at;
  // The code has served. A frozen order keeps it, because it may be opened again.
  if (*state == OrderState::cancelled) order->sealed_code.clear();
  return store_.save_order(*order);
}

Result<Chip> Fleet::chip(const Iccid& iccid) {
  return found(store_.chip(iccid));
}

Result<Chip> Fleet::chip_of(const Imsi& imsi) {
  return found(store_.chip_of(imsi));
}

Result<Chip> Fleet::chip_of(const Msisdn& msisdn) {
  return found(store_.chip_of(msisdn));
}

Result<void> Fleet::set_msisdn(const Iccid& iccid, const Msisdn& msisdn, const audit::By& by) {
  if (msisdn.empty()) return fail(ErrorCode::bad_value);
  Chip row = TRY(chip(iccid));
  if (row.state == ChipState::returned) return fail(ErrorCode::bad_state);
  if (row.msisdn == msisdn) return {};
  if (TRY(store_.chip_of(msisdn))) return fail(ErrorCode::already_exists);
  audit::Detail detail;
  detail.add("from", row.msisdn).add("to", msisdn);
  row.msisdn = msisdn;
  TRY(store_.save_chip(row));
  return audit_.append(by, {"chip.msisdn", iccid.text(), detail});
}

Result<void> Fleet::touch(const Iccid& iccid, Instant at) {
  const Contact contact{iccid, at};
  return store_.add_contacts({&contact, 1});
}

Result<std::vector<Chip>> Fleet::chips(const ChipFilter& filter, const Iccid& after, size_t limit) {
  return store_.chips(filter, after, limit < page_rows_max ? limit : page_rows_max);
}

Result<Order> Fleet::order(std::string_view id) {
  return found(store_.order(id));
}

Result<Order> Fleet::count_wrong_try(std::string_view id, uint32_t tries_max, const audit::By& by) {
  Order row = TRY(order(id));
  ++row.wrong_tries;
  row.changed = by.at;
  if (row.wrong_tries >= tries_max && row.state == OrderState::open) {
    row.state = OrderState::frozen;
  }
  TRY(store_.save_order(row));
  audit::Detail detail;
  detail.add("tries", row.wrong_tries).add("state", name_of(row.state));
  TRY(audit_.append(by, {"order.wrong_code", row.id, detail}));
  return row;
}

Result<Order> Fleet::renew_code(std::string_view id, CodeKind kind, const SealedCode& code,
                                const audit::By& by) {
  Order row = TRY(order(id));
  if (row.state != OrderState::open && row.state != OrderState::frozen) {
    return fail(ErrorCode::bad_state);
  }
  row.code_kind = kind;
  row.sealed_code = code;
  row.wrong_tries = 0;
  row.state = OrderState::open;
  row.changed = by.at;
  TRY(store_.save_order(row));
  audit::Detail detail;
  detail.add("with_code", kind != CodeKind::none);
  TRY(audit_.append(by, {"order.renew_code", row.id, detail}));
  return row;
}

Result<void> Fleet::save_contract(const Contract& contract, const audit::By& by) {
  if (contract.id.empty()) return fail(ErrorCode::bad_value);
  if (contract.id.size() > name_octets_max || contract.customer.size() > name_octets_max ||
      contract.tariff.size() > name_octets_max) {
    return fail(ErrorCode::too_large, name_octets_max);
  }
  TRY(store_.save_contract(contract));
  audit::Detail detail;
  detail.add("customer", contract.customer).add("tariff", contract.tariff);
  detail.add("ended", contract.ended);
  return audit_.append(by, {"contract.save", contract.id, detail});
}

Result<Contract> Fleet::contract(std::string_view id) {
  return found(store_.contract(id));
}

Result<Alarm> Fleet::raise(const NewAlarm& alarm, const audit::By& by) {
  Alarm row;
  row.id = TRY(store_.next_alarm_id());
  row.kind = alarm.kind;
  row.subject = alarm.subject.substr(0, name_octets_max);
  row.order = alarm.order.substr(0, order_id_octets_max);
  row.words = alarm.words.substr(0, note_octets_max);
  row.at = by.at;
  TRY(store_.add_alarm(row));
  audit::Detail detail;
  detail.add("kind", name_of(row.kind)).add("alarm", row.id);
  TRY(audit_.append(by, {"alarm.raise", row.subject, detail}));
  return row;
}

Result<void> Fleet::acknowledge(uint64_t alarm, const audit::By& by) {
  Alarm row = TRY(found(store_.alarm(alarm)));
  if (row.acknowledged_at.ms != 0) return {};
  row.acknowledged_at = by.at;
  row.acknowledged_by = by.actor;
  TRY(store_.save_alarm(row));
  return audit_.append(by,
                       {"alarm.acknowledge", row.subject, audit::Detail().add("alarm", row.id)});
}

}  // namespace simurgh::fleet
