// Parts of concatenated short messages, collected until a message is whole (TS 23.040
// 9.2.3.24.1), within limits: messages outstanding, parts and octets of each, age.
//
// Parts belong together when originator, reference (and its width) and total agree. A part that
// contradicts what is held (other content at the same place) begins a new message under the
// same reference, and what was held is dropped: parts of two messages are never put together as
// long as their sender does not reuse a reference within the age limit; beyond that only the
// MAC inside can tell. A part that came before is ignored, also after its message was delivered.
// When the table is full, the message least recently begun gives way, delivered ones first; so
// the same parts at the same times always leave the same table.
//
// No heap: `Reassembler<…>` owns its memory (put large ones on the heap as a whole). One thread.
#pragma once

#include <optional>

#include "base/time.h"
#include "formats/sms/address.h"
#include "formats/sms/concatenation.h"

namespace simurgh::sms {

// What happened so far, for metrics.
struct ReassemblyCounts {
  uint64_t completed = 0;
  uint64_t doubled = 0;    // parts ignored because they were here before
  uint64_t evicted = 0;    // incomplete messages that gave way to others
  uint64_t aged_out = 0;   // incomplete messages older than the limit
  uint64_t displaced = 0;  // incomplete messages whose reference was reused
  uint64_t refused = 0;    // parts beyond a limit
};

struct WholeMessage {
  ByteView payload;  // valid until the next call of the reassembler
  PayloadKind kind = PayloadKind::plain;
};

// The work without the memory; use Reassembler.
class ReassemblyTable {
 public:
  // One part: `header` as parsed, `payload` the octets after it. A message without concatenation
  // element is whole at once (its payload is the caller's view). nullopt while parts are missing,
  // and for a doubled part. too_large beyond parts or octets, which also drops the message.
  Result<std::optional<WholeMessage>> on_part(const Address& originator,
                                              const UserDataHeader& header, ByteView payload,
                                              Instant now);

  // Drops what is older than the age limit; also done by on_part.
  void on_timeout(Instant now);
  // When on_timeout has something to do next.
  Instant poll_timeout() const;

  size_t incomplete_messages() const;
  const ReassemblyCounts& counts() const { return counts_; }
  void clear();

 protected:
  static constexpr size_t cell_octets = 134;  // 140 less the shortest header with concatenation

  struct Slot {
    enum class State : uint8_t { free, collecting, delivered };
    State state = State::free;
    bool reference_16_bit = false;
    PayloadKind kind = PayloadKind::plain;
    uint8_t total = 0;
    uint8_t received = 0;
    uint16_t reference = 0;
    uint16_t octets = 0;
    Address originator;
    Instant begun;
    uint64_t order = 0;  // of beginning, unique
  };
  struct PartRecord {
    uint8_t octets = 0;
    bool present = false;
    uint64_t digest = 0;  // of the content, to know doubles after delivery
  };

  struct Limits {
    size_t parts_max;
    size_t octets_max;
    Duration age_max;
  };
  ReassemblyTable(Limits limits) : limits_(limits) {}
  // Memory of the derived class; `parts` and `cells` have slots * parts_max entries.
  void set_memory(const std::span<Slot>& slots, const std::span<PartRecord>& parts,
                  MutableByteView cells);

 private:
  Result<std::optional<WholeMessage>> add(Slot& slot, const Concatenation& part,
                                          const UserDataHeader& header, ByteView payload);
  Slot* find(const Address& originator, const Concatenation& part);
  Slot& take_slot();
  void begin(Slot& slot, const Address& originator, const Concatenation& part, Instant now);
  WholeMessage deliver(Slot& slot);
  std::span<PartRecord> parts_of(const Slot& slot);
  MutableByteView cells_of(const Slot& slot);

  Limits limits_;
  std::span<Slot> slots_;
  std::span<PartRecord> parts_;
  MutableByteView cells_;
  uint64_t next_order_ = 1;
  ReassemblyCounts counts_;
};

// Limits and memory. A chip takes 5 parts or fewer; a service with many senders more messages.
template <size_t messages_max, size_t parts_max, size_t octets_max>
class Reassembler : public ReassemblyTable {
  static_assert(messages_max >= 1 && parts_max >= 1 && parts_max <= 255);
  static_assert(octets_max <= parts_max * cell_octets);

 public:
  explicit Reassembler(Duration age_max) : ReassemblyTable({parts_max, octets_max, age_max}) {
    set_memory(slots_, parts_, cells_);
  }
  Reassembler(const Reassembler&) = delete;
  Reassembler& operator=(const Reassembler&) = delete;

 private:
  std::array<Slot, messages_max> slots_{};
  std::array<PartRecord, messages_max * parts_max> parts_{};
  ByteArray<messages_max * parts_max * cell_octets> cells_{};
};

}  // namespace simurgh::sms
