#include "apps/simurgh/production.h"

#include <algorithm>
#include <thread>

#include "uicc/card.h"

namespace simurgh::cli {
namespace {

class ChipChannel final : public factory::CardChannel {
 public:
  explicit ChipChannel(uicc::Card& card) : card_(card) {}
  Result<ByteView> transmit(ByteView command) override { return card_.transmit(command); }

 private:
  uicc::Card& card_;
};

// Each octet equals the one before it, and the first is zero: memcmp does that fastest.
bool is_zero(ByteView bytes) {
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

// A chip's memory that was filled in RAM goes into its slot. What is zero and was zero stays a hole
// of the file.
Result<void> copy(const uicc::Nv& from, ByteView before, uicc::Nv& to) {
  constexpr size_t piece_octets = 4096;
  ByteArray<piece_octets> piece;
  for (size_t offset = 0; offset < from.size(); offset += piece_octets) {
    const size_t size = std::min(piece_octets, from.size() - offset);
    const MutableByteView part = MutableByteView(piece).first(size);
    TRY(from.read(offset, part));
    if (is_zero(part) && is_zero(before.subspan(offset, size))) continue;
    TRY(to.write(offset, part));
  }
  wipe(piece);
  return {};
}

Failure words_of(const Error& error, const Iccid& iccid) {
  const std::string chip = "chip " + std::string(iccid.text());
  switch (error.code) {
    case ErrorCode::already_exists:
      return local("the slot of " + chip + " holds another chip",
                   "is it the pack of this allocation? it was not changed");
    case ErrorCode::storage:
    case ErrorCode::io:
      return local("the pack file cannot be written",
                   "make room on the disk, then run the command again: it goes on from here");
    default:
      return local(chip + " cannot be made: " + name_of(error.code),
                   "is the allocation's card profile one that these chips have?");
  }
}

}  // namespace

ProductionLine::ProductionLine(const factory::Batch& batch, nv_file::Pack& pack, Random& random,
                               unsigned threads)
    : batch_(batch), pack_(pack), random_(random), threads_(std::max(1u, threads)) {
  SIMURGH_CHECK(pack.shape().slots == batch.count());
}

uint64_t ProductionLine::made() const {
  return pack_.labelled();
}

Outcome<void> ProductionLine::check_labels() const {
  for (uint64_t position = 0; position < batch_.count(); ++position) {
    const Iccid label = pack_.label(position);
    if (!label.empty() && label != batch_.iccid_at(position)) {
      return words_of(fail(ErrorCode::already_exists), batch_.iccid_at(position));
    }
  }
  return {};
}

Outcome<void> ProductionLine::run(Progress& progress, const std::atomic<bool>& stop) {
  TRY(check_labels());
  for (uint64_t begin = 0; begin < batch_.count(); begin += chunk_chips) {
    if (stop) {
      return Failure{Exit::interrupted,
                     "stopped; " + std::to_string(made()) + " of " +
                         std::to_string(batch_.count()) + " chips are made",
                     "run the same command again: it goes on from here"};
    }
    TRY(run_chunk(begin, std::min(begin + chunk_chips, batch_.count()), progress));
  }
  if (!pack_.sync().has_value()) return words_of(fail(ErrorCode::storage), {});
  return {};
}

Outcome<void> ProductionLine::run_chunk(uint64_t begin, uint64_t end, Progress& progress) {
  std::vector<uint64_t> missing;
  for (uint64_t position = begin; position < end; ++position) {
    if (pack_.label(position).empty()) missing.push_back(position);
  }
  if (missing.empty()) return {};
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex failure_mutex;
  std::optional<Failure> failure;
  const auto work = [&] {
    for (size_t i = next++; i < missing.size() && !failed; i = next++) {
      const uint64_t position = missing[i];
      Result<void> done = make(position);
      if (done.has_value() && i == 0) done = inspect(position);
      if (done.has_value()) {
        progress.advance();
        continue;
      }
      failed = true;
      const std::lock_guard lock(failure_mutex);
      if (!failure.has_value()) failure = words_of(done.error(), batch_.iccid_at(position));
    }
  };
  std::vector<std::thread> workers;
  for (unsigned i = 1; i < threads_; ++i) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
  if (failure.has_value()) return *failure;
  if (!pack_.sync().has_value()) return words_of(fail(ErrorCode::storage), {});
  for (const uint64_t position : missing) {
    const auto labelled = pack_.set_label(position, batch_.iccid_at(position));
    if (!labelled.has_value()) return words_of(labelled.error(), batch_.iccid_at(position));
  }
  return {};
}

Result<void> ProductionLine::make(uint64_t position) {
  const auto slot = pack_.slot(position);
  std::vector<uint8_t> before(slot->size());
  TRY(slot->read(0, before));
  if (!is_zero(before)) {
    // A run before this one has finished the chip and not its label, or not even the chip.
    uicc::Card there({.nv = *slot, .random = random_, .seal_key = pack_.seal_key(position)});
    if (there.reset().has_value()) {
      ChipChannel channel(there);
      return batch_.make_chip(position, channel);
    }
  }
  uicc::MemoryNv memory(slot->size(), nv_file::Pack::granule_octets);
  const uicc::Hardware hardware{
      .nv = memory, .random = random_, .seal_key = pack_.seal_key(position)};
  TRY(uicc::make_blank_chip(hardware));
  uicc::Card card(hardware);
  TRY(card.reset());
  ChipChannel channel(card);
  TRY(batch_.make_chip(position, channel));
  return copy(memory, before, *slot);
}

// On a copy: a phone leaves traces in a chip, and a new one has none.
Result<void> ProductionLine::inspect(uint64_t position) {
  const auto slot = pack_.slot(position);
  std::vector<uint8_t> image(slot->size());
  TRY(slot->read(0, image));
  uicc::MemoryNv memory(slot->size(), nv_file::Pack::granule_octets);
  TRY(memory.write(0, image));
  wipe(image);
  uicc::Card card({.nv = memory, .random = random_, .seal_key = pack_.seal_key(position)});
  TRY(card.reset());
  ChipChannel channel(card);
  return batch_.inspect_chip(position, channel);
}

factory::OrderFile ProductionLine::order(const factory::AllocationNote& note) const {
  factory::OrderFile order;
  order.allocation = note.id;
  order.manufacturer = note.manufacturer;
  order.ver = note.ver;
  order.count = batch_.count();
  while (order.made < batch_.count()) {
    // The label was written after the chip itself had said this number.
    const Iccid iccid = pack_.label(order.made);
    if (iccid.empty()) break;
    order.iccid_last = iccid;
    order.imsi_last = batch_.imsi_at(order.made);
    order.chips_sha256 = factory::add_chip(order.chips_sha256, iccid, order.imsi_last);
    ++order.made;
  }
  if (order.made > 0) {
    order.iccid_first = batch_.iccid_at(0);
    order.imsi_first = batch_.imsi_at(0);
  }
  return order;
}

}  // namespace simurgh::cli
