// The stored encoding of a campaign's terms. Big endian, lists behind a count of two octets; the
// first octet is the version.
#include "base/reader.h"
#include "campaign/campaign.h"

namespace simurgh::campaign {

namespace {

constexpr uint8_t version = 1;
constexpr size_t octets_without_payload_max =
    256 + 3 * 2 * filter_values_max + waves_max * 16 + stop_rules_max * 8 + windows_max * 8;

void write_list(Writer& out, const std::vector<uint16_t>& list) {
  out.u16(static_cast<uint16_t>(list.size()));
  for (const uint16_t value : list) out.u16(value);
}

Result<std::vector<uint16_t>> parse_list(Reader& in) {
  const uint16_t count = TRY(in.u16());
  if (count > filter_values_max) return in.error(ErrorCode::too_large);
  std::vector<uint16_t> list(count);
  for (uint16_t& value : list) value = TRY(in.u16());
  return list;
}

void write_duration(Writer& out, Duration duration) {
  out.u64(static_cast<uint64_t>(duration.ms));
}
Result<Duration> parse_duration(Reader& in) {
  return Duration{static_cast<int64_t>(TRY(in.u64()))};
}

Result<bool> parse_bool(Reader& in) {
  const uint8_t octet = TRY(in.u8());
  if (octet > 1) return in.error(ErrorCode::bad_value);
  return octet == 1;
}

// An enumerator between `least` and `most`.
template <typename Enum>
Result<Enum> parse_enum(Reader& in, Enum least, Enum most) {
  const uint8_t octet = TRY(in.u8());
  if (octet < static_cast<uint8_t>(least) || octet > static_cast<uint8_t>(most)) {
    return in.error(ErrorCode::bad_value);
  }
  return static_cast<Enum>(octet);
}

void write_policy(Writer& out, const Policy& policy) {
  out.u8(static_cast<uint8_t>(policy.order)).u8(policy.priority).u8(policy.needs_approval ? 1 : 0);
  out.u64(static_cast<uint64_t>(policy.begins_at.ms));
  write_duration(out, policy.lasts_max);
  out.u32(policy.triggers_per_second_max);
  out.u16(static_cast<uint16_t>(policy.waves.size()));
  for (const Wave& wave : policy.waves) {
    out.u32(wave.elements).u16(wave.permille);
    write_duration(out, wave.soak);
  }
  out.u16(static_cast<uint16_t>(policy.stop_rules.size()));
  for (const StopRule& rule : policy.stop_rules) {
    out.u8(static_cast<uint8_t>(rule.reason)).u16(rule.failed_permille).u32(rule.sample_min);
  }
  out.u16(static_cast<uint16_t>(policy.windows.size()));
  for (const Window& window : policy.windows) {
    out.u8(window.weekdays).u16(window.from_minute).u16(window.to_minute);
  }
  out.u16(static_cast<uint16_t>(policy.utc_offset_minutes)).u8(policy.triggers_max);
  write_duration(out, policy.first_wait);
  out.u8(policy.wait_factor);
  write_duration(out, policy.wait_max);
  write_duration(out, policy.receipt_wait);
  out.u8(policy.replan_polls ? 1 : 0);
}

Result<void> parse_lists_of_policy(Reader& in, Policy& policy) {
  policy.waves.resize(TRY(in.u16()));
  if (policy.waves.size() > waves_max) return in.error(ErrorCode::too_large);
  for (Wave& wave : policy.waves) {
    wave.elements = TRY(in.u32());
    wave.permille = TRY(in.u16());
    wave.soak = TRY(parse_duration(in));
  }
  policy.stop_rules.resize(TRY(in.u16()));
  if (policy.stop_rules.size() > stop_rules_max) return in.error(ErrorCode::too_large);
  for (StopRule& rule : policy.stop_rules) {
    rule.reason = TRY(parse_enum(in, Reason::none, Reason::other));
    rule.failed_permille = TRY(in.u16());
    rule.sample_min = TRY(in.u32());
  }
  policy.windows.resize(TRY(in.u16()));
  if (policy.windows.size() > windows_max) return in.error(ErrorCode::too_large);
  for (Window& window : policy.windows) {
    window.weekdays = TRY(in.u8());
    window.from_minute = TRY(in.u16());
    window.to_minute = TRY(in.u16());
  }
  return {};
}

Result<Policy> parse_policy(Reader& in) {
  Policy policy;
  policy.order = TRY(parse_enum(in, OrderKind::most_recent_first, OrderKind::random));
  policy.priority = TRY(in.u8());
  policy.needs_approval = TRY(parse_bool(in));
  policy.begins_at = {static_cast<int64_t>(TRY(in.u64()))};
  policy.lasts_max = TRY(parse_duration(in));
  policy.triggers_per_second_max = TRY(in.u32());
  TRY(parse_lists_of_policy(in, policy));
  policy.utc_offset_minutes = static_cast<int16_t>(TRY(in.u16()));
  policy.triggers_max = TRY(in.u8());
  policy.first_wait = TRY(parse_duration(in));
  policy.wait_factor = TRY(in.u8());
  policy.wait_max = TRY(parse_duration(in));
  policy.receipt_wait = TRY(parse_duration(in));
  policy.replan_polls = TRY(parse_bool(in));
  return policy;
}

}  // namespace

std::vector<uint8_t> write_terms(const Terms& terms) {
  std::vector<uint8_t> bytes(octets_without_payload_max + terms.payload.bytes.size());
  Writer out(bytes);
  out.u8(version).u8(terms.listed ? 1 : 0);
  write_list(out, terms.filter.batches);
  write_list(out, terms.filter.profiles);
  write_list(out, terms.filter.releases);
  out.u8(terms.filter.releases_excluded ? 1 : 0).u8(terms.filter.suspended_too ? 1 : 0);
  out.u32(terms.filter.contacted_from_s).u32(terms.filter.contacted_before_s);
  write_policy(out, terms.policy);
  out.u8(static_cast<uint8_t>(terms.payload.kind)).u16(terms.payload.release_after);
  out.u32(static_cast<uint32_t>(terms.payload.bytes.size())).bytes(terms.payload.bytes);
  SIMURGH_CHECK(!out.failed());  // check() has seen the terms
  bytes.resize(out.size());
  return bytes;
}

Result<Terms> parse_terms(ByteView bytes) {
  Reader in(bytes);
  if (TRY(in.u8()) != version) return fail(ErrorCode::unsupported, 0);
  Terms terms;
  terms.listed = TRY(parse_bool(in));
  terms.filter.batches = TRY(parse_list(in));
  terms.filter.profiles = TRY(parse_list(in));
  terms.filter.releases = TRY(parse_list(in));
  terms.filter.releases_excluded = TRY(parse_bool(in));
  terms.filter.suspended_too = TRY(parse_bool(in));
  terms.filter.contacted_from_s = TRY(in.u32());
  terms.filter.contacted_before_s = TRY(in.u32());
  terms.policy = TRY(parse_policy(in));
  terms.payload.kind = TRY(parse_enum(in, PayloadKind::script, PayloadKind::next_poll));
  terms.payload.release_after = TRY(in.u16());
  const ByteView payload = TRY(in.bytes(TRY(in.u32())));
  terms.payload.bytes.assign(payload.begin(), payload.end());
  TRY(in.expect_end());
  TRY(check(terms));
  return terms;
}

}  // namespace simurgh::campaign
