#include "fleet/chip.h"

#include "base/reader.h"

namespace simurgh::fleet {

namespace {

struct Transition {
  ChipState from;
  ChipEvent event;
  ChipState to;
};

// Everything that may happen to a chip. What is not here is refused. The target of `thaw` is the
// state before the freeze; the one written is for a chip that was never in service.
constexpr Transition transitions[] = {
    {ChipState::sold, ChipEvent::personalised, ChipState::personalised},
    {ChipState::sold, ChipEvent::freeze, ChipState::frozen},
    {ChipState::sold, ChipEvent::reset_authorised, ChipState::resetting},
    {ChipState::sold, ChipEvent::sale_cancelled, ChipState::returned},
    {ChipState::personalised, ChipEvent::rekey_ordered, ChipState::rekeying},
    {ChipState::personalised, ChipEvent::freeze, ChipState::frozen},
    {ChipState::personalised, ChipEvent::reset_authorised, ChipState::resetting},
    {ChipState::rekeying, ChipEvent::rekeyed, ChipState::personalised},
    {ChipState::rekeying, ChipEvent::freeze, ChipState::frozen},
    {ChipState::rekeying, ChipEvent::reset_authorised, ChipState::resetting},
    {ChipState::frozen, ChipEvent::thaw, ChipState::sold},
    {ChipState::frozen, ChipEvent::thaw_to_sold, ChipState::sold},
    {ChipState::frozen, ChipEvent::reset_authorised, ChipState::resetting},
    {ChipState::resetting, ChipEvent::reset_confirmed, ChipState::returned},
};

const Transition* find(ChipState state, ChipEvent event) {
  for (const Transition& transition : transitions) {
    if (transition.from == state && transition.event == event) return &transition;
  }
  return nullptr;
}

}  // namespace

bool allows(ChipState state, ChipEvent event) {
  return find(state, event) != nullptr;
}

Result<Chip> after(const Chip& chip, ChipEvent event, Instant at) {
  const Transition* transition = find(chip.state, event);
  if (transition == nullptr) return fail(ErrorCode::bad_state);
  Chip next = chip;
  next.state = event == ChipEvent::thaw ? chip.state_before_freeze : transition->to;
  next.changed = at;
  if (event == ChipEvent::freeze) next.state_before_freeze = chip.state;
  if (event == ChipEvent::reset_confirmed) ++next.life;
  if (next.state == ChipState::returned) {
    next.msisdn = {};
    next.contract.clear();
  }
  return next;
}

ByteString<80> code_seal_identity(std::string_view order, const Iccid& iccid, uint32_t life) {
  SIMURGH_CHECK(order.size() <= order_id_octets_max);
  ByteArray<80> room;
  Writer writer(room);
  writer.prefixed8(bytes_of("order code"))
      .prefixed8(bytes_of(order))
      .prefixed8(iccid.bytes())
      .u32(life);
  const auto written = writer.finish();
  SIMURGH_CHECK(written.has_value());
  return ByteString<80>(*written);
}

const char* name_of(ChipState state) {
  switch (state) {
    case ChipState::sold: return "sold";
    case ChipState::personalised: return "personalised";
    case ChipState::rekeying: return "rekeying";
    case ChipState::frozen: return "frozen";
    case ChipState::resetting: return "resetting";
    case ChipState::returned: return "returned";
  }
  return "unknown";
}

const char* name_of(ChipEvent event) {
  switch (event) {
    case ChipEvent::personalised: return "personalised";
    case ChipEvent::rekey_ordered: return "rekey_ordered";
    case ChipEvent::rekeyed: return "rekeyed";
    case ChipEvent::freeze: return "freeze";
    case ChipEvent::thaw: return "thaw";
    case ChipEvent::thaw_to_sold: return "thaw_to_sold";
    case ChipEvent::reset_authorised: return "reset_authorised";
    case ChipEvent::reset_confirmed: return "reset_confirmed";
    case ChipEvent::sale_cancelled: return "sale_cancelled";
  }
  return "unknown";
}

const char* name_of(OrderState state) {
  switch (state) {
    case OrderState::open: return "open";
    case OrderState::done: return "done";
    case OrderState::frozen: return "frozen";
    case OrderState::cancelled: return "cancelled";
  }
  return "unknown";
}

const char* name_of(AlarmKind kind) {
  switch (kind) {
    case AlarmKind::two_first_logons: return "two_first_logons";
    case AlarmKind::code_tries_used_up: return "code_tries_used_up";
    case AlarmKind::key_row_damaged: return "key_row_damaged";
    case AlarmKind::restore_fenced: return "restore_fenced";
    case AlarmKind::sequence_reset: return "sequence_reset";
    case AlarmKind::mass_read: return "mass_read";
    case AlarmKind::peer_refused: return "peer_refused";
    case AlarmKind::directory_stuck: return "directory_stuck";
  }
  return "unknown";
}

}  // namespace simurgh::fleet
