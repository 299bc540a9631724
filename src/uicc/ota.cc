#include "uicc/ota.h"

#include "conversations/personalisation/short_message_bearer.h"
#include "formats/sms/tpdu.h"
#include "uicc/imported.h"
#include "uicc/nv_keys.h"

namespace simurgh::uicc {
namespace {

using personalisation::ChipRecord;
using personalisation::Epoch;
using secured_packet::ResponseStatus;

// A chip has no clock: parts wait until others need the room.
constexpr Instant no_clock{0};

// Highest counter accepted under each epoch that may be alive; a new epoch begins at 0, for its
// keys are new.
struct CounterOfEpoch {
  uint32_t epoch = 0;
  uint64_t counter = 0;
};
constexpr size_t counter_octets = 4 + 5;
constexpr size_t counters_max = 2 + ImportedChip::key_sets_max;  // active, pending; given sets
// Stands for an epoch where the keys were given: | key set.
constexpr uint32_t given_keys_epochs = 0xffff0000;

struct Counters {
  CounterOfEpoch items[counters_max];
  size_t count = 0;
};

Result<Counters> load_counters(const NvStore& store) {
  Counters counters;
  ByteArray<counters_max * counter_octets> octets;
  const auto stored = store.read(nv_key::counters_in, octets);
  if (!stored.has_value()) {
    if (stored.error().code == ErrorCode::not_found) return counters;
    return stored.error();
  }
  Reader reader(*stored);
  while (!reader.at_end()) {
    CounterOfEpoch& item = counters.items[counters.count++];
    item.epoch = TRY(reader.u32());
    item.counter = TRY(reader.u40());
  }
  return counters;
}

bool is_alive(const ChipRecord& record, uint32_t epoch) {
  return epoch >= given_keys_epochs || record.active.number == epoch ||
         (record.pending.has_value() && record.pending->number == epoch);
}

secured_packet::MinimumSecurity floor_of(const secured_packet::Tar&) {
  // Every application has the same floor, and there is no value for less.
  return secured_packet::MinimumSecurity();
}

}  // namespace

Result<std::optional<VerifiedPacket>> OtaReceiver::on_short_message(
    ByteView tpdu, personalisation::ChipStore& chip) {
  const std::optional<VerifiedPacket> silence;
  const auto deliver = sms::parse_deliver(tpdu);
  if (!deliver.has_value() || !deliver->has_user_data_header) return silence;
  if (sms::alphabet_of(deliver->data_coding) != sms::Alphabet::octets) return silence;
  const auto header = sms::parse_user_data_header(deliver->user_data.octets);
  if (!header.has_value()) return silence;
  if (!header->command_packet && !header->concatenation.has_value()) return silence;
  if (reassembler_ == nullptr) {
    reassembler_ = std::make_unique<Reassembler>(days(1));
  }
  const auto whole = reassembler_->on_part(
      deliver->originator, *header, deliver->user_data.octets.subspan(header->octets), no_clock);
  if (!whole.has_value() || !whole->has_value()) return silence;
  if ((*whole)->kind != sms::PayloadKind::command_packet) return silence;
  auto packet = TRY(on_packet((*whole)->payload, chip));
  if (packet.has_value()) packet->originator = deliver->originator;
  if (reassembler_->incomplete_messages() == 0) reassembler_.reset();
  return packet;
}

Result<std::optional<VerifiedPacket>> OtaReceiver::on_packet(ByteView packet,
                                                             personalisation::ChipStore& chip) {
  const std::optional<VerifiedPacket> silence;
  ChipRecord record;
  TRY(chip.load(record));
  // Every key set that the packet can be under: of the epochs, or as another maker gave them.
  struct Candidate {
    uint8_t key_set;
    uint32_t epoch;
    Key256 kic;
    Key256 kid;
  };
  FixedVector<Candidate, counters_max> candidates;
  const auto imported = load_imported(store_);
  if (imported.has_value()) {
    for (const GivenKeys& keys : imported->keys) {
      candidates.push_back({keys.key_set, given_keys_epochs | keys.key_set, keys.kic, keys.kid});
    }
  } else if (imported.error().code != ErrorCode::not_found) {
    return imported.error();
  }
  for (const Epoch* epoch : {&record.active, record.pending ? &*record.pending : nullptr}) {
    if (epoch == nullptr || imported.has_value()) continue;
    const auto keys = derive_ota_keys(epoch->secret, personalisation::Direction::to_chip);
    candidates.push_back({personalisation::key_set_of(epoch->number), epoch->number,
                          Key256(keys.kic.view()), Key256(keys.kid.view())});
  }
  for (const Candidate& candidate : candidates) {
    std::vector<uint8_t> buffer(packet.begin(), packet.end());  // deciphered in place
    const auto header = secured_packet::parse_command_header(buffer);
    if (!header.has_value()) return silence;
    if (header->kic.key_set() != candidate.key_set || header->kid.key_set() != candidate.key_set) {
      continue;
    }
    const auto command = verify_and_decrypt(*header, {candidate.kic.view(), candidate.kid.view()},
                                            floor_of(header->tar));
    if (!command.has_value()) continue;
    VerifiedPacket verified;
    verified.tar = header->tar;
    verified.epoch = candidate.epoch;
    verified.counter = command->counter;
    verified.response = {header->spi.response, header->kic, header->kid, header->check_octets};
    verified.status = TRY(accept_counter(verified, header->spi.counter, record));
    // A repetition is what anyone can send who heard the first one: no answer to it.
    if (verified.status == ResponseStatus::counter_low) return silence;
    verified.secured_data.assign(command->secured_data.begin(), command->secured_data.end());
    return std::optional<VerifiedPacket>(std::move(verified));
  }
  return silence;
}

// Judges and, when good, stores the counter: before anything is done with the packet.
Result<ResponseStatus> OtaReceiver::accept_counter(const VerifiedPacket& packet,
                                                   secured_packet::CounterRule rule,
                                                   const ChipRecord& record) {
  const Counters stored = TRY(load_counters(store_));
  uint64_t highest = 0;
  for (size_t i = 0; i < stored.count; ++i) {
    if (stored.items[i].epoch == packet.epoch) highest = stored.items[i].counter;
  }
  const ResponseStatus status = secured_packet::judge_counter(rule, packet.counter, highest);
  if (status != ResponseStatus::ok) return status;
  if (packet.counter - highest > personalisation::counter_leap_max) {
    return ResponseStatus::counter_high;
  }
  ByteArray<counters_max * counter_octets> octets;
  Writer writer(octets);
  writer.u32(packet.epoch).u40(packet.counter);
  for (size_t i = 0; i < stored.count; ++i) {
    const CounterOfEpoch& other = stored.items[i];
    if (other.epoch == packet.epoch || !is_alive(record, other.epoch)) continue;
    writer.u32(other.epoch).u40(other.counter);
  }
  NvTransaction transaction;
  transaction.put(nv_key::counters_in, TRY(writer.finish()));
  TRY(store_.commit(transaction));
  return status;
}

std::vector<uint8_t> OtaReceiver::respond(const VerifiedPacket& packet, ResponseStatus status,
                                          ByteView data, const ChipRecord& record) const {
  using secured_packet::ResponseRequest;
  const ResponseRequest request = packet.response.response.request;
  const bool wanted = request == ResponseRequest::always ||
                      (request == ResponseRequest::on_error && status != ResponseStatus::ok);
  if (!wanted) return {};
  Key256 kic;
  Key256 kid;
  if (packet.epoch >= given_keys_epochs) {
    const auto imported = load_imported(store_);
    if (!imported.has_value()) return {};
    for (const GivenKeys& keys : imported->keys) {
      if ((given_keys_epochs | keys.key_set) != packet.epoch) continue;
      kic = keys.kic;
      kid = keys.kid;
    }
  } else {
    const bool pending = record.pending.has_value() && record.pending->number == packet.epoch;
    const Epoch& epoch = pending ? *record.pending : record.active;
    if (epoch.number != packet.epoch) return {};
    const auto keys = derive_ota_keys(epoch.secret, personalisation::Direction::to_chip);
    kic.assign(keys.kic.view());
    kid.assign(keys.kid.view());
  }
  std::vector<uint8_t> room(secured_packet::response_packet_octets(data.size()) + 16);
  const auto written = write_response({packet.tar, packet.counter, status}, packet.response,
                                      {kic.view(), kid.view()}, data, room);
  if (!written.has_value()) return {};  // asks for less than our protection
  room.resize(written->size());
  return room;
}

}  // namespace simurgh::uicc
