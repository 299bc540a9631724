#include "apps/simurghd/own_keys.h"

namespace simurgh::simurghd {

Result<element_update::OwnKeys::Psk> OwnKeysOfCentre::psk_of(std::string_view identity) {
  const security_centre::ChipPsk found = TRY(centre_.psk_of(identity));
  return Psk{found.iccid, found.epoch, found.psk};
}

Result<void> OwnKeysOfCentre::rekey(const Iccid& iccid, Instant now) {
  TRY(storage_.begin_step());
  const auto ordered = centre_.rekey(iccid, "campaigns", now);
  if (ordered.has_value()) return storage_.keep_step();
  if (ordered.error().code == ErrorCode::storage) return ordered;
  TRY(storage_.undo_step());
  // Not in service, frozen, legacy-1997 and that is switched off …: offered again another time.
  return ErrorCode::bad_state;
}

std::optional<std::vector<uint8_t>> CentreInSessions::next(const Iccid& iccid) {
  const auto message = centre_.next_in_session(iccid);
  if (!message) return std::nullopt;
  return std::vector<uint8_t>(message->begin(), message->end());
}

Result<element_update::OwnKeys::Packet> OwnKeysOfCentre::make_packet(const Iccid& iccid,
                                                                     const ByteArray<3>& tar,
                                                                     ByteView data) {
  security_centre::ChipPacket made = TRY(centre_.make_packet(iccid, tar, data));
  return Packet{made.to, made.counter, std::move(made.bytes)};
}

}  // namespace simurgh::simurghd
