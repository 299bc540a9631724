// Negative controls: the mistakes of models/keyswitch.pml, planted, break what holds without them.
// Were one of these to pass, the tests of crash_test.cc would be blind.
#include <doctest/doctest.h>

#include "lossy_world.h"

using namespace simurgh::personalisation;
using namespace simurgh::personalisation::rig;

namespace {

int violations(const LossyOptions& options) {
  int count = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    if (!lossy_world(seed, options).violation.empty()) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("negative control: without a planted mistake nothing is violated") {
  CHECK(violations({.crashes = true}) == 0);
}

TEST_CASE("negative control NAIVE_CHIP: a chip that switches on computing the key is caught") {
  CHECK(violations({.chip_mistake = ChipMistake::promote_at_once}) > 20);
}

TEST_CASE("negative control NOBASE: a chip that ignores the base epoch is caught") {
  CHECK(violations({.chip_mistake = ChipMistake::ignore_base}) > 0);
}

TEST_CASE("negative control NAIVE_AUC: an AuC that switches on computing the key is caught") {
  CHECK(violations({.centre_switches_at_m2 = true}) > 20);
}

TEST_CASE("negative control RESTORE: an old database put back without its journal is caught") {
  CHECK(violations({.restores = true}) > 5);
}
