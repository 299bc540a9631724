// The number pool's half of Fleet (D1).
#include "base/hex.h"
#include "fleet/fleet.h"

namespace simurgh::fleet {

namespace {

std::string hex_of(const Ver& ver) {
  std::array<char, 2 * sizeof(Ver)> text;
  return std::string(write_hex(ver, text));
}

Result<void> check_name(std::string_view name, size_t octets_max = name_octets_max) {
  if (name.empty()) return fail(ErrorCode::bad_value);
  if (name.size() > octets_max) return fail(ErrorCode::too_large, octets_max);
  return {};
}

}  // namespace

Result<Range> Fleet::add_range(const NewRange& range, const audit::By& by) {
  Range row;
  row.run = {TRY(body_of(range.first_iccid)), number_of(range.first_imsi), range.count};
  TRY(row.run.check());
  if (range.note.size() > note_octets_max) return fail(ErrorCode::too_large, note_octets_max);
  for (const Range& other : TRY(store_.ranges())) {
    if (other.run.overlaps(row.run)) return fail(ErrorCode::already_exists);
  }
  row.id = TRY(store_.next_range_id());
  row.note = range.note;
  row.created = by.at;
  TRY(store_.add_range(row));
  audit::Detail detail;
  detail.add("first_iccid", range.first_iccid).add("first_imsi", range.first_imsi);
  detail.add("count", range.count);
  TRY(audit_.append(by, {"range.add", std::to_string(row.id), detail}));
  return row;
}

Result<Allocation> Fleet::allocate(const AllocationOrder& order, const audit::By& by) {
  TRY(check_name(order.manufacturer));
  if (order.count == 0) return fail(ErrorCode::bad_value);
  if (TRY(is_revoked(order.ver))) return fail(ErrorCode::not_allowed);
  if (!TRY(store_.profile(order.profile))) return fail(ErrorCode::not_found);
  std::optional<Range> chosen;
  if (order.range != 0) {
    chosen = TRY(store_.range(order.range));
    if (!chosen) return fail(ErrorCode::not_found);
    if (chosen->run.count - chosen->allocated < order.count) return fail(ErrorCode::no_space);
  } else {
    for (const Range& range : TRY(store_.ranges())) {
      if (range.run.count - range.allocated < order.count) continue;
      chosen = range;
      break;
    }
    if (!chosen) return fail(ErrorCode::no_space);
  }
  Allocation row;
  row.id = TRY(store_.next_allocation_id());
  row.range = chosen->id;
  row.run = chosen->run;
  row.run.iccid.number += chosen->allocated;
  row.run.imsi.number += chosen->allocated;
  row.run.count = order.count;
  row.manufacturer = order.manufacturer;
  row.ver = order.ver;
  row.profile = order.profile;
  row.created = by.at;
  TRY(store_.set_allocated(chosen->id, chosen->allocated + order.count));
  TRY(store_.add_allocation(row));
  audit::Detail detail;
  detail.add("range", row.range).add("first_iccid", row.run.iccid_at(0)).add("count", order.count);
  detail.add("manufacturer", order.manufacturer).add("ver", hex_of(order.ver));
  detail.add("profile", order.profile);
  if (TRY(is_legacy_1997(row))) detail.add(legacy_1997_name, insecure_mark);
  TRY(audit_.append(by, {"allocation.add", std::to_string(row.id), detail}));
  return row;
}

Result<void> Fleet::raise_allocated(const Range& row, uint64_t allocated, const audit::By& by) {
  if (allocated > row.run.count) return fail(ErrorCode::too_large);
  if (allocated <= row.allocated) return {};
  TRY(store_.set_allocated(row.id, allocated));
  audit::Detail detail;
  detail.add("from", row.allocated).add("to", allocated);
  return audit_.append(by, {"range.skip", std::to_string(row.id), detail});
}

Result<void> Fleet::skip_numbers(const GivenOut& given, const audit::By& by) {
  if (given.count == 0) return {};
  if (given.first_iccid.empty()) {
    const auto row = TRY(store_.range(given.range));
    if (!row) return fail(ErrorCode::not_found);
    return raise_allocated(*row, given.count, by);
  }
  Range lost;
  lost.run = {TRY(body_of(given.first_iccid)), number_of(given.first_imsi), given.count};
  TRY(lost.run.check());
  for (const Range& row : TRY(store_.ranges())) {
    if (!row.run.overlaps(lost.run)) continue;
    // By its numbers and not by its id: an id may be another range's since the restore.
    const auto at = row.run.position_of(lost.run.iccid);
    const bool whole =
        at && row.run.position_of(lost.run.imsi) == at && given.count <= row.run.count - *at;
    if (!whole) return fail(ErrorCode::already_exists);
    return raise_allocated(row, *at + given.count, by);
  }
  const bool id_is_free = given.range != 0 && !TRY(store_.range(given.range));
  lost.id = id_is_free ? given.range : TRY(store_.next_range_id());
  lost.allocated = given.count;
  lost.note = "from the key journal: given out before the database was restored";
  lost.created = by.at;
  TRY(store_.add_range(lost));
  audit::Detail detail;
  detail.add("first_iccid", given.first_iccid).add("first_imsi", given.first_imsi);
  detail.add("count", given.count);
  return audit_.append(by, {"range.recover", std::to_string(lost.id), detail});
}

Result<PoolNumber> Fleet::find(const Iccid& iccid) {
  const auto body = body_of(iccid);
  if (!body) return fail(ErrorCode::not_found);  // no number of ours is written like that
  const auto allocation = TRY(store_.allocation_with(*body));
  if (!allocation) return fail(ErrorCode::not_found);
  const auto position = allocation->run.position_of(*body);
  if (!position) return fail(ErrorCode::storage);
  return PoolNumber{*allocation, *position, iccid, allocation->run.imsi_at(*position)};
}

Result<PoolNumber> Fleet::find(const Imsi& imsi) {
  if (imsi.empty()) return fail(ErrorCode::not_found);
  const ImsiNumber number = number_of(imsi);
  const auto allocation = TRY(store_.allocation_with(number));
  if (!allocation) return fail(ErrorCode::not_found);
  const auto position = allocation->run.position_of(number);
  if (!position) return fail(ErrorCode::storage);
  return PoolNumber{*allocation, *position, allocation->run.iccid_at(*position), imsi};
}

Result<void> Fleet::save_profile(const CardProfile& profile, const audit::By& by) {
  TRY(check_name(profile.name));
  const bool tuak = profile.algorithm == AuthAlgorithm::tuak;
  if (!tuak && profile.algorithm != AuthAlgorithm::milenage) return fail(ErrorCode::not_allowed);
  if (profile.ki_octets != 16 && !(tuak && profile.ki_octets == 32)) {
    return fail(ErrorCode::bad_value);
  }
  if (profile.tuak_iterations == 0) return fail(ErrorCode::bad_value);
  if (profile.files.size() > profile_files_octets_max) {
    return fail(ErrorCode::too_large, profile_files_octets_max);
  }
  // What the document has: 128 bits, and nothing that its chips cannot do.
  if (profile.legacy_1997 && (tuak || profile.server_made_key)) return fail(ErrorCode::bad_value);
  TRY(store_.save_profile(profile));
  if (profile.legacy_1997) any_legacy_1997_ = true;
  audit::Detail detail;
  detail.add("algorithm", name_of(profile.algorithm)).add("legacy_1997", profile.legacy_1997);
  if (profile.legacy_1997) detail.add(legacy_1997_name, insecure_mark);
  return audit_.append(by, {"profile.save", profile.name, detail});
}

Result<CardProfile> Fleet::profile(std::string_view name) {
  auto row = TRY(store_.profile(name));
  if (!row) return fail(ErrorCode::not_found);
  return std::move(*row);
}

Result<bool> Fleet::is_legacy_1997(const Allocation& allocation) {
  const auto row = TRY(store_.profile(allocation.profile));
  return row && row->legacy_1997;
}

Result<bool> Fleet::is_legacy_1997(const Iccid& iccid) {
  const auto number = find(iccid);
  if (number) return is_legacy_1997(number->allocation);
  if (number.error().code == ErrorCode::not_found) return false;
  return number.error();
}

// `subject` is an ICCID, an IMSI, an order, or nothing that has a profile.
Result<std::string_view> Fleet::mark_of(std::string_view subject) {
  constexpr std::string_view mark = "legacy-1997 INSECURE";
  if (!any_legacy_1997_) {
    any_legacy_1997_ = false;
    for (const CardProfile& row : TRY(store_.profiles())) {
      if (row.legacy_1997) any_legacy_1997_ = true;
    }
  }
  if (!*any_legacy_1997_) return std::string_view();
  auto iccid = Iccid::parse(subject);
  if (const auto imsi = Imsi::parse(subject)) {
    const auto number = find(*imsi);
    if (number) iccid = number->iccid;
  }
  if (!iccid && subject.size() <= order_id_octets_max) {
    const auto order = TRY(store_.order(subject));
    if (order) iccid = order->iccid;
  }
  return iccid && TRY(is_legacy_1997(*iccid)) ? mark : std::string_view();
}

Result<void> Fleet::revoke(const Ver& ver, std::string_view reason, const audit::By& by) {
  if (reason.size() > note_octets_max) return fail(ErrorCode::too_large, note_octets_max);
  if (TRY(is_revoked(ver))) return {};
  TRY(store_.add_revoked({ver, std::string(reason), by.at}));
  audit::Detail detail;
  detail.add("reason", reason);
  return audit_.append(by, {"version.revoke", hex_of(ver), detail});
}

Result<bool> Fleet::is_revoked(const Ver& ver) {
  return TRY(store_.revoked(ver)).has_value();
}

}  // namespace simurgh::fleet
