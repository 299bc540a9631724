// An Nv whose power can be cut inside any granule of any write, in each of the ways in which
// EEPROMs were seen to fail. For tests and the simulator.
#pragma once

#include "base/random.h"
#include "uicc/nv.h"

namespace simurgh::uicc {

enum class Cut : uint8_t {
  nothing,         // the granule keeps its old content
  prefix,          // the first half of the granule is new
  random_bits,     // each bit of the granule is whatever
  unacknowledged,  // the granule is complete, the chip never learns
};
constexpr Cut every_cut[] = {Cut::nothing, Cut::prefix, Cut::random_bits, Cut::unacknowledged};

// Passes everything to `nv` until the cut that was set; then answers `closed` until power_on().
// `random` feeds Cut::random_bits. Both outlive it.
class FaultNv : public Nv {
 public:
  FaultNv(Nv& nv, Random& random) : nv_(nv), random_(random) {}

  // Cuts the power at the n-th granule written from now on, counted from 0.
  void cut_at(uint64_t granule_number, Cut how);
  void cut_never() { cut_at(UINT64_MAX, Cut::nothing); }
  void power_on() { powered_ = true; }
  bool powered() const { return powered_; }
  // Granules written since creation: run once without a cut to learn how many places there are.
  uint64_t granules_written() const { return granules_written_; }

  size_t size() const override { return nv_.size(); }
  size_t granule() const override { return nv_.granule(); }
  Result<void> read(size_t offset, MutableByteView out) const override;
  Result<void> write(size_t offset, ByteView bytes) override;

 private:
  Result<void> write_granule(size_t offset, ByteView bytes);
  Result<void> tear(size_t offset, ByteView bytes);

  Nv& nv_;
  Random& random_;
  uint64_t granules_written_ = 0;
  uint64_t cut_granule_ = UINT64_MAX;
  Cut how_ = Cut::nothing;
  bool powered_ = true;
};

}  // namespace simurgh::uicc
