// The audit log: who did what to what, and when, in rows that each carry the hash of the one
// before, so that a row deleted, altered or moved shows (docs/operator/audit.md).
//
// A row is written in the transaction of the effect that it speaks of (invariant I6). What is not
// here: log lines for people (io/log), and secrets: a Detail takes numbers, names and times, and
// has no way in for bytes or a Secret. One thread.
#pragma once

#include <concepts>
#include <type_traits>

#include "audit/store.h"
#include "base/numbers.h"
#include "base/secret.h"

namespace simurgh::audit {

constexpr size_t actor_octets_max = 64;
constexpr size_t action_octets_max = 48;
constexpr size_t subject_octets_max = 64;
constexpr size_t detail_octets_max = 2048;

// Who does something, and when. Every changing operation of fleet, hlr and the others takes one.
// The text is borrowed for the call.
struct By {
  std::string_view actor;  // "token:alice", "peer:vlr-1", "security-centre"
  Instant at;
};

// What is said beside actor, action and subject: pairs of name and value, in the order added.
// Names are literals of the program: lower case, digits and underscores.
class Detail {
 public:
  Detail() = default;

  Detail& add(std::string_view name, std::string_view value);
  Detail& add(std::string_view name, const char* value) {
    return add(name, std::string_view(value));
  }
  Detail& add(std::string_view name, bool value) { return add(name, value ? "yes" : "no"); }
  Detail& add(std::string_view name, Instant value) { return add_number(name, value.ms); }
  template <typename T>
    requires(std::integral<T> && !std::same_as<T, bool>)
  Detail& add(std::string_view name, T value) {
    if constexpr (std::is_signed_v<T>)
      return add_number(name, value);
    else
      return add_count(name, value);
  }
  template <typename Tag, size_t min, size_t max>
  Detail& add(std::string_view name, const DigitString<Tag, min, max>& value) {
    return add(name, value.text());
  }

  // Bytes of any kind may be a key. There is no way to write them down.
  template <size_t capacity>
  Detail& add(std::string_view name, const Secret<capacity>& value) = delete;
  template <size_t capacity>
  Detail& add(std::string_view name, const ByteString<capacity>& value) = delete;
  template <size_t size>
  Detail& add(std::string_view name, const ByteArray<size>& value) = delete;
  Detail& add(std::string_view name, ByteView value) = delete;

  // Canonical text: `name=value` for each pair, joined by line feeds; in values `\` is written
  // `\\`, a line feed `\n`, and other control characters `?`. Different details have different
  // texts. Values beyond detail_octets_max in all are cut, marked by a last pair `cut=yes`.
  const std::string& text() const { return text_; }

 private:
  Detail& add_number(std::string_view name, int64_t value);
  Detail& add_count(std::string_view name, uint64_t value);
  std::string text_;
  bool cut_ = false;
};

struct Entry {
  std::string_view action;   // "chip.sell", "subscriber.create" …: a literal of the program
  std::string_view subject;  // the ICCID, IMSI, order or name that it was done to
  Detail detail;
};

// The end of the chain, to be kept elsewhere: with it, rows cut off the end show as well.
struct Head {
  uint64_t sequence = 0;
  crypto::Digest hash{};
  friend bool operator==(const Head&, const Head&) = default;
};

enum class Fault : uint8_t {
  missing,   // a sequence number is skipped, or the log ends before the trusted head
  altered,   // a row's content does not give its hash
  unlinked,  // a row does not carry the hash of the one before it
};
const char* name_of(Fault fault);

struct Verification {
  uint64_t rows = 0;  // read until the end or the first fault
  std::optional<Fault> fault;
  uint64_t fault_at = 0;  // the sequence where it shows
};

// Hash of a row over everything but the hash itself: SHA-256 of
//   "simurgh audit row 1" ‖ previous (32) ‖ sequence:64 ‖ time in ms:64 ‖
//   length:32 and octets of each of actor, action, subject, detail.
crypto::Digest hash_of(const Row& row);

// Who knows which subjects every row must carry a mark for (an insecure profile's chips).
class Marks {
 public:
  virtual ~Marks() = default;
  // Empty: none. A literal of the program.
  virtual Result<std::string_view> mark_of(std::string_view subject) = 0;
};

class Log {
 public:
  explicit Log(Store& store) : store_(store) {}
  // Rows get a pair `mark=…` from now on, where `marks` has one. Null: none. Outlives the log, or
  // takes itself away.
  void set_marks(Marks* marks) { marks_ = marks; }

  // Adds the next row, in the open transaction. `storage` when it cannot be kept. Actor and
  // subject beyond their limits are cut.
  Result<void> append(const By& by, const Entry& entry);

  // `sequence` 0 for an empty log.
  Result<Head> head();

  // Checks rows [first, last] (clipped to what exists) and their link to row first - 1. With a
  // `trusted` head it also checks that the log still contains exactly that row.
  Result<Verification> verify(uint64_t first = 1, uint64_t last = UINT64_MAX,
                              std::optional<Head> trusted = {});

  Result<std::vector<Row>> page(uint64_t first, size_t limit) { return store_.page(first, limit); }

 private:
  Result<void> load_head();

  Store& store_;
  Marks* marks_ = nullptr;
  std::optional<Head> head_;  // what was appended last, so that appending reads nothing
  uint64_t undo_count_ = 0;
};

}  // namespace simurgh::audit
