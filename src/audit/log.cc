#include "audit/log.h"

#include <algorithm>

#include "base/reader.h"
#include "base/utf8.h"

namespace simurgh::audit {

namespace {

constexpr size_t verify_page_rows = 1000;

template <size_t N>
ByteArray<N> big_endian(uint64_t value) {
  ByteArray<N> out;
  for (size_t i = 0; i < N; ++i) out[i] = static_cast<uint8_t>(value >> (8 * (N - 1 - i)));
  return out;
}

// Whole characters of `text`, as many as fit; what a text column cannot hold becomes '?'.
std::string cut(std::string_view text, size_t octets_max) {
  std::string out;
  while (!text.empty()) {
    const size_t size = text.front() == '\0' ? 0 : utf8_sequence_octets(text);
    if (out.size() + std::max(size, size_t{1}) > octets_max) break;
    out += size == 0 ? std::string_view("?") : text.substr(0, size);
    text.remove_prefix(std::max(size, size_t{1}));
  }
  return out;
}

// What is wrong with `row`, whose predecessor has `sequence` and `hash`.
std::optional<Fault> fault_of(const Row& row, const Head& previous) {
  if (row.sequence != previous.sequence + 1) return Fault::missing;
  if (row.previous != previous.hash) return Fault::unlinked;
  if (row.hash != hash_of(row)) return Fault::altered;
  return std::nullopt;
}

}  // namespace

const char* name_of(Fault fault) {
  switch (fault) {
    case Fault::missing: return "missing";
    case Fault::altered: return "altered";
    case Fault::unlinked: return "unlinked";
  }
  return "unknown";
}

crypto::Digest hash_of(const Row& row) {
  const auto sequence = big_endian<8>(row.sequence);
  const auto at = big_endian<8>(static_cast<uint64_t>(row.at.ms));
  const auto actor = big_endian<4>(row.actor.size());
  const auto action = big_endian<4>(row.action.size());
  const auto subject = big_endian<4>(row.subject.size());
  const auto detail = big_endian<4>(row.detail.size());
  return crypto::sha256({bytes_of("simurgh audit row 1"), row.previous, sequence, at, actor,
                         bytes_of(row.actor), action, bytes_of(row.action), subject,
                         bytes_of(row.subject), detail, bytes_of(row.detail)});
}

Result<void> Log::load_head() {
  if (head_ && undo_count_ == store_.undo_count()) return {};
  undo_count_ = store_.undo_count();
  const auto last = TRY(store_.last());
  head_ = last ? Head{last->sequence, last->hash} : Head{};
  return {};
}

Result<void> Log::append(const By& by, const Entry& entry) {
  SIMURGH_CHECK(!entry.action.empty() && entry.action.size() <= action_octets_max);
  TRY(load_head());
  Row row;
  row.sequence = head_->sequence + 1;
  row.at = by.at;
  row.actor = cut(by.actor, actor_octets_max);
  row.action = entry.action;
  row.subject = cut(entry.subject, subject_octets_max);
  Detail detail = entry.detail;
  if (marks_ != nullptr) {
    const std::string_view mark = TRY(marks_->mark_of(entry.subject));
    if (!mark.empty()) detail.add("mark", mark);
  }
  row.detail = detail.text();
  row.previous = head_->hash;
  row.hash = hash_of(row);
  const auto appended = store_.append(row);
  if (!appended) {
    head_.reset();  // read again, should anybody go on
    return appended.error();
  }
  head_ = Head{row.sequence, row.hash};
  return {};
}

Result<Head> Log::head() {
  TRY(load_head());
  return *head_;
}

Result<Verification> Log::verify(uint64_t first, uint64_t last, std::optional<Head> trusted) {
  Verification result;
  if (first == 0) first = 1;
  Head previous;
  if (first > 1) {
    const auto before = TRY(store_.page(first - 1, 1));
    if (before.empty() || before[0].sequence != first - 1) {
      result.fault = Fault::missing;
      result.fault_at = first - 1;
      return result;
    }
    previous = {before[0].sequence, before[0].hash};
  }
  bool trusted_seen = !trusted || trusted->sequence < first || trusted->sequence > last;
  bool at_end = false;
  while (!at_end && previous.sequence < last) {
    const auto rows = TRY(store_.page(previous.sequence + 1, verify_page_rows));
    at_end = rows.empty();
    for (const Row& row : rows) {
      if (row.sequence > last) {
        at_end = true;
        break;
      }
      ++result.rows;
      result.fault = fault_of(row, previous);
      if (!result.fault && trusted && row.sequence == trusted->sequence) {
        trusted_seen = true;
        if (row.hash != trusted->hash) result.fault = Fault::altered;
      }
      if (result.fault) {
        result.fault_at = *result.fault == Fault::missing ? previous.sequence + 1 : row.sequence;
        return result;
      }
      previous = {row.sequence, row.hash};
    }
  }
  if (!trusted_seen) {
    result.fault = Fault::missing;
    result.fault_at = previous.sequence + 1;
  }
  return result;
}

}  // namespace simurgh::audit
