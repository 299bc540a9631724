#include "factory/batch.h"

namespace simurgh::factory {

Batch::Batch(const AllocationNote& note) : run_(note.run) {
  data_.chip.ver = note.ver;
  data_.suites = note.suites();
  data_.server_keys = note.server_keys;
  data_.centre_number = note.centre_number;
  data_.service_centre = note.service_centre;
  data_.authentication.ki_octets = note.profile.ki_octets;
  data_.authentication.tuak_iterations = note.profile.tuak_iterations;
  data_.mnc_digits = note.mnc_digits;
  data_.legacy_1997 = note.profile.legacy_1997;
  data_.service_provider_name.assign(bytes_of(note.service_provider_name));
}

Result<Batch> Batch::of(const AllocationNote& note, const Key256& transport_private) {
  Batch batch(note);
  switch (note.profile.algorithm) {
    case fleet::AuthAlgorithm::milenage:
      batch.data_.authentication.algorithm = uicc::AuthenticationAlgorithm::milenage;
      break;
    case fleet::AuthAlgorithm::tuak:
      batch.data_.authentication.algorithm = uicc::AuthenticationAlgorithm::tuak;
      break;
    default: return ErrorCode::unsupported;
  }
  batch.data_.k1 =
      TRY(open_k1(note.k1_sealed, transport_private,
                  {.manufacturer = note.manufacturer, .allocation = note.id, .ver = note.ver}));
  return batch;
}

Result<bool> Batch::is_made(uint64_t position, ChipTool& tool) const {
  const uicc::ChipData is = TRY(tool.chip_data());
  if (is.state == personalisation::ChipState::factory) return false;
  if (is.iccid != iccid_at(position) || is.ver != data_.chip.ver) return ErrorCode::already_exists;
  return true;
}

Result<void> Batch::make_chip(uint64_t position, CardChannel& channel) const {
  ChipTool tool(channel);
  if (TRY(is_made(position, tool))) return {};
  uicc::PrePersonalisation data = data_;
  data.chip.iccid = iccid_at(position);
  data.chip.imsi = imsi_at(position);
  TRY(tool.pre_personalise(data));
  const uicc::ChipData is = TRY(tool.chip_data());
  if (is.state != personalisation::ChipState::pre_personalised || is.iccid != data.chip.iccid ||
      is.ver != data.chip.ver || is.life != 0) {
    return ErrorCode::bad_value;
  }
  return {};
}

Result<void> Batch::inspect_chip(uint64_t position, CardChannel& channel) const {
  ChipTool tool(channel);
  if (!TRY(is_made(position, tool))) return ErrorCode::bad_state;
  if (TRY(tool.read_imsi()) != imsi_at(position)) return ErrorCode::bad_value;
  return {};
}

}  // namespace simurgh::factory
