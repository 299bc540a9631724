// Cards that the tool's commands work on: a chip of a pack file.
//
// A pack holds many virtual chips, as a drawer holds cards. Opening one locks its file, so that no
// other program works on the same chips.
#pragma once

#include <memory>
#include <string>

#include "apps/simurgh/outcome.h"
#include "base/numbers.h"
#include "base/random.h"
#include "factory/chip_tool.h"

namespace simurgh::cli {

// A chip with power; closing puts it back.
class InsertedCard {
 public:
  virtual ~InsertedCard() = default;
  virtual factory::CardChannel& channel() = 0;
};

// The chip with this ICCID in the pack file.
Outcome<std::unique_ptr<InsertedCard>> insert_from_pack(const std::string& path, const Iccid& iccid,
                                                        Random& random);

}  // namespace simurgh::cli
