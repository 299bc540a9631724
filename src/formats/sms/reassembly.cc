#include "formats/sms/reassembly.h"

namespace simurgh::sms {

namespace {

// FNV-1a over the content: tells a doubled part from another one, and nothing more. Whoever makes
// a collision only has his own part ignored.
uint64_t digest_of(ByteView bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const uint8_t octet : bytes) hash = (hash ^ octet) * 0x100000001b3;
  return hash;
}

PayloadKind kind_of(const UserDataHeader& header) {
  if (header.command_packet) return PayloadKind::command_packet;
  if (header.response_packet) return PayloadKind::response_packet;
  return PayloadKind::plain;
}

}  // namespace

void ReassemblyTable::set_memory(const std::span<Slot>& slots, const std::span<PartRecord>& parts,
                                 MutableByteView cells) {
  SIMURGH_CHECK(parts.size() == slots.size() * limits_.parts_max);
  SIMURGH_CHECK(cells.size() == parts.size() * cell_octets);
  slots_ = slots;
  parts_ = parts;
  cells_ = cells;
}

std::span<ReassemblyTable::PartRecord> ReassemblyTable::parts_of(const Slot& slot) {
  const auto index = static_cast<size_t>(&slot - slots_.data());
  return parts_.subspan(index * limits_.parts_max, limits_.parts_max);
}

MutableByteView ReassemblyTable::cells_of(const Slot& slot) {
  const auto index = static_cast<size_t>(&slot - slots_.data());
  const size_t octets = limits_.parts_max * cell_octets;
  return cells_.subspan(index * octets, octets);
}

ReassemblyTable::Slot* ReassemblyTable::find(const Address& originator, const Concatenation& part) {
  for (Slot& slot : slots_) {
    if (slot.state != Slot::State::free && slot.reference == part.reference &&
        slot.reference_16_bit == part.reference_16_bit && slot.originator == originator) {
      return &slot;
    }
  }
  return nullptr;
}

// A free slot, else the delivered one begun first, else the incomplete one begun first.
ReassemblyTable::Slot& ReassemblyTable::take_slot() {
  Slot* best = nullptr;
  for (Slot& slot : slots_) {
    if (slot.state == Slot::State::free) return slot;
    const bool slot_delivered = slot.state == Slot::State::delivered;
    const bool best_delivered = best != nullptr && best->state == Slot::State::delivered;
    if (best == nullptr || (slot_delivered && !best_delivered) ||
        (slot_delivered == best_delivered && slot.order < best->order)) {
      best = &slot;
    }
  }
  if (best->state == Slot::State::collecting) ++counts_.evicted;
  return *best;
}

void ReassemblyTable::begin(Slot& slot, const Address& originator, const Concatenation& part,
                            Instant now) {
  slot = Slot{};
  slot.state = Slot::State::collecting;
  slot.reference = part.reference;
  slot.reference_16_bit = part.reference_16_bit;
  slot.total = part.total;
  slot.originator = originator;
  slot.begun = now;
  slot.order = next_order_++;
  for (PartRecord& record : parts_of(slot)) record = PartRecord{};
}

// The cells of the parts, moved together in place: each part moves down or stays.
WholeMessage ReassemblyTable::deliver(Slot& slot) {
  const MutableByteView cells = cells_of(slot);
  const auto parts = parts_of(slot);
  size_t size = 0;
  for (size_t i = 0; i < slot.total; ++i) {
    if (parts[i].octets != 0) {
      std::memmove(cells.data() + size, cells.data() + i * cell_octets, parts[i].octets);
    }
    size += parts[i].octets;
  }
  slot.state = Slot::State::delivered;
  ++counts_.completed;
  return {ByteView(cells).first(size), slot.kind};
}

Result<std::optional<WholeMessage>> ReassemblyTable::add(Slot& slot, const Concatenation& part,
                                                         const UserDataHeader& header,
                                                         ByteView payload) {
  if (slot.octets + payload.size() > limits_.octets_max) {
    slot.state = Slot::State::free;
    ++counts_.refused;
    return ErrorCode::too_large;
  }
  PartRecord& record = parts_of(slot)[part.sequence - 1u];
  record = {static_cast<uint8_t>(payload.size()), true, digest_of(payload)};
  if (!payload.empty()) {
    std::memcpy(cells_of(slot).data() + (part.sequence - 1u) * cell_octets, payload.data(),
                payload.size());
  }
  slot.octets = static_cast<uint16_t>(slot.octets + payload.size());
  // Elements 70 and 71 stand in the first part only (TS 31.115 4.2).
  if (part.sequence == 1) slot.kind = kind_of(header);
  if (++slot.received < slot.total) return std::optional<WholeMessage>();
  return std::optional<WholeMessage>(deliver(slot));
}

Result<std::optional<WholeMessage>> ReassemblyTable::on_part(const Address& originator,
                                                             const UserDataHeader& header,
                                                             ByteView payload, Instant now) {
  on_timeout(now);
  if (!header.concatenation) {
    ++counts_.completed;
    return std::optional<WholeMessage>(WholeMessage{payload, kind_of(header)});
  }
  const Concatenation& part = *header.concatenation;
  SIMURGH_CHECK(part.sequence >= 1 && part.sequence <= part.total);
  if (part.total > limits_.parts_max || payload.size() > cell_octets) {
    ++counts_.refused;
    return ErrorCode::too_large;
  }
  Slot* slot = find(originator, part);
  if (slot != nullptr && slot->total == part.total) {
    const PartRecord& record = parts_of(*slot)[part.sequence - 1u];
    if (record.present && record.octets == payload.size() && record.digest == digest_of(payload)) {
      ++counts_.doubled;
      return std::optional<WholeMessage>();
    }
    if (!record.present) return add(*slot, part, header, payload);
  }
  // Nothing is held, or it contradicts this part and so is another message.
  if (slot != nullptr && slot->state == Slot::State::collecting) ++counts_.displaced;
  if (slot == nullptr) slot = &take_slot();
  begin(*slot, originator, part, now);
  return add(*slot, part, header, payload);
}

void ReassemblyTable::on_timeout(Instant now) {
  for (Slot& slot : slots_) {
    if (slot.state == Slot::State::free || slot.begun + limits_.age_max > now) continue;
    if (slot.state == Slot::State::collecting) ++counts_.aged_out;
    slot.state = Slot::State::free;
  }
}

Instant ReassemblyTable::poll_timeout() const {
  Instant next = Instant::never();
  for (const Slot& slot : slots_) {
    if (slot.state != Slot::State::free) next = earlier(next, slot.begun + limits_.age_max);
  }
  return next;
}

size_t ReassemblyTable::incomplete_messages() const {
  size_t count = 0;
  for (const Slot& slot : slots_) count += slot.state == Slot::State::collecting ? 1 : 0;
  return count;
}

void ReassemblyTable::clear() {
  for (Slot& slot : slots_) slot.state = Slot::State::free;
}

}  // namespace simurgh::sms
