// The first day, before any chip is sold: the operator enters manufacturer, profiles, numbers and
// contract over REST and allocates a batch of each kind of chip; the factory, which is the real
// program `simurgh factory`, makes each allocation into a pack file, and its order file goes to the
// operator (D1-D4). Ends with the packs open.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/simurgh-lab/child.h"
#include "apps/simurgh-lab/chip_kind.h"
#include "apps/simurgh-lab/rest.h"
#include "io/nv_file/pack.h"

namespace simurgh::lab {

// A chip as it left the factory. The memory lives as long as its pack.
struct MadeChip {
  std::unique_ptr<uicc::Nv> nv;
  ByteArray<16> seal_key{};
};

class Opening {
 public:
  struct Parts {
    loop::Loop& loop;
    Rest& desk;     // an operator's
    Rest& dealer;   // for the contract
    Rest& factory;  // with the manufacturer's token
  };
  struct Options {
    std::string tool;    // path of `simurgh`
    std::string folder;  // for the factory's home, notes, packs and order files; exists
    size_t chips = 0;
    bool milenage_only = false;  // for an HLR that has nothing else
  };
  static constexpr const char* manufacturer = "lab";
  static constexpr const char* contract = "lab";

  // `done` is called once, from the loop: with an empty text when all chips are made, else with
  // what went wrong.
  using Done = std::function<void(const std::string& problem)>;
  Opening(const Parts& parts, const Options& options, Done done);

  void begin();
  uint64_t made() const;  // chips, by the factory's own order files
  // In the order of the chips' numbers (chip_kind.h); once, after `done`.
  std::vector<MadeChip> take_chips();
  std::string log_path() const { return options_.folder + "/factory.log"; }

 private:
  struct Batch {
    size_t kind = 0;
    size_t count = 0;
    int64_t allocation = 0;
    std::unique_ptr<nv_file::Pack> pack;
  };
  struct Step {
    Rest& rest;
    std::string path;
    json::Value body;
  };

  void list_steps(const std::string& transport_key);
  void next_step();
  void allocate(size_t index);
  void make(size_t index, const RestAnswer& note);
  void look_at_factory();
  void deliver(size_t index);
  std::string file_of(size_t batch, const char* suffix) const;
  void fail(const std::string& problem);

  Parts parts_;
  Options options_;
  Done done_;
  std::vector<Step> steps_;
  size_t step_ = 0;
  std::vector<Batch> batches_;
  size_t making_ = 0;
  uint64_t made_ = 0;
  Child factory_;
  loop::Timer look_;
};

}  // namespace simurgh::lab
