// Chips made through their own APDUs (D1-D3), with power cuts at every write.
#include <doctest/doctest.h>

#include "factory/batch.h"
#include "factory/note.h"
#include "uicc/card.h"
#include "uicc/fault_nv.h"

namespace simurgh::factory::test {
namespace {

class CountingRandom final : public Random {
 public:
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) octet = static_cast<uint8_t>(++count_ * 151);
  }

 private:
  uint64_t count_ = 0;
};

class ToCard final : public CardChannel {
 public:
  explicit ToCard(uicc::Card& card) : card_(card) {}
  Result<ByteView> transmit(ByteView command) override { return card_.transmit(command); }

 private:
  uicc::Card& card_;
};

struct Line {
  Operator op;
  AllocationNote note = op.note();
  CountingRandom random;
  uicc::MemoryNv nv;
  uicc::Hardware hardware{.nv = nv, .random = random, .seal_key = {9}};

  Batch batch() {
    auto made = Batch::of(note, op.transport_private);
    REQUIRE(made.has_value());
    return *made;
  }
  void blank() { REQUIRE(uicc::make_blank_chip(hardware).has_value()); }
};

TEST_CASE_FIXTURE(Line, "D1, D3: a chip gets the numbers of its position and says so itself") {
  const Batch line = batch();
  for (const uint64_t position : {uint64_t{0}, uint64_t{1}, uint64_t{19}}) {
    blank();
    uicc::Card card(hardware);
    REQUIRE(card.reset().has_value());
    ToCard channel(card);
    CHECK(line.inspect_chip(position, channel).error().code == ErrorCode::bad_state);
    REQUIRE(line.make_chip(position, channel).has_value());
    ChipTool tool(channel);
    const auto data = tool.chip_data();
    REQUIRE(data.has_value());
    CHECK(data->iccid == note.run.iccid_at(position));
    CHECK(data->ver == note.ver);
    CHECK(data->life == 0);
    CHECK(data->state == personalisation::ChipState::pre_personalised);
    CHECK(*tool.read_imsi() == note.run.imsi_at(position));
    CHECK(line.inspect_chip(position, channel).has_value());
    // Again is no change; as another chip it is refused.
    CHECK(line.make_chip(position, channel).has_value());
    CHECK(line.make_chip(position == 0 ? 1 : 0, channel).error().code == ErrorCode::already_exists);
    CHECK(line.inspect_chip(position == 0 ? 1 : 0, channel).error().code ==
          ErrorCode::already_exists);
  }
}

TEST_CASE_FIXTURE(Line, "D3: K1 is nowhere in a chip that was made") {
  const Batch line = batch();
  blank();
  uicc::Card card(hardware);
  REQUIRE(card.reset().has_value());
  ToCard channel(card);
  REQUIRE(line.make_chip(5, channel).has_value());
  const auto k1 = op.keys.k1_of_version(note.ver);
  std::vector<uint8_t> image(nv.size());
  REQUIRE(nv.read(0, image).has_value());
  for (size_t at = 0; at + 8 <= image.size(); ++at) {
    REQUIRE_FALSE(std::memcmp(image.data() + at, k1->view().data(), 8) == 0);
  }
}

TEST_CASE_FIXTURE(Line, "D3: power cut at any write leaves a blank chip or the right one") {
  const Batch line = batch();
  size_t cuts = 0;
  // Every place, each time in another of the ways in which EEPROMs fail.
  for (uint64_t cut = 0;; ++cut) {
    uicc::MemoryNv memory;
    const uicc::Hardware good{.nv = memory, .random = random, .seal_key = {9}};
    REQUIRE(uicc::make_blank_chip(good).has_value());
    uicc::FaultNv faulty(memory, random);
    faulty.cut_at(cut, uicc::every_cut[cut % std::size(uicc::every_cut)]);
    const uicc::Hardware cutting{.nv = faulty, .random = random, .seal_key = {9}};
    uicc::Card card(cutting);
    ToCard channel(card);
    bool made = false;
    if (card.reset().has_value()) made = line.make_chip(7, channel).has_value();
    if (made) break;
    ++cuts;
    uicc::Card again(good);
    REQUIRE(again.reset().has_value());
    ToCard retry(again);
    REQUIRE(line.make_chip(7, retry).has_value());
    CHECK(line.inspect_chip(7, retry).has_value());
  }
  CHECK(cuts > 10);
}

TEST_CASE_FIXTURE(Line, "D2: a batch of another manufacturer or of another operator is not made") {
  CHECK(Batch::of(note, key_filled(0x56)).error().code == ErrorCode::bad_mac);
  AllocationNote other = note;
  other.id = 4;
  CHECK(Batch::of(other, op.transport_private).error().code == ErrorCode::bad_mac);
  other = note;
  other.profile.algorithm = fleet::AuthAlgorithm::comp128v1;
  CHECK(Batch::of(other, op.transport_private).error().code == ErrorCode::unsupported);
}

// A card that answers from a script: for what a virtual chip never does.
class Scripted final : public CardChannel {
 public:
  Result<ByteView> transmit(ByteView command) override {
    commands.emplace_back(command.begin(), command.end());
    if (answers.empty()) return ErrorCode::closed;
    last_ = answers.front();
    answers.erase(answers.begin());
    return ByteView(last_);
  }
  std::vector<std::vector<uint8_t>> answers;
  std::vector<std::vector<uint8_t>> commands;

 private:
  std::vector<uint8_t> last_;
};

TEST_CASE("a T=0 reader's 61xx and 6Cxx are followed, and not for ever") {
  Scripted card;
  card.answers = {{0x61, 0x03}, {0x6c, 0x02}, {0xaa, 0xbb, 0x90, 0x00}};
  ChipTool tool(card);
  const auto challenge = tool.reset_challenge();
  REQUIRE(challenge.has_value());
  CHECK(challenge->size() == 2);
  REQUIRE(card.commands.size() == 3);
  CHECK(card.commands[1] == std::vector<uint8_t>{0x80, 0xc0, 0x00, 0x00, 0x03});
  CHECK(card.commands[2] == std::vector<uint8_t>{0x80, 0xc0, 0x00, 0x00, 0x02});
  Scripted endless;
  endless.answers.assign(100, {0x61, 0x01});
  CHECK_FALSE(ChipTool(endless).reset_challenge().has_value());
  CHECK(endless.commands.size() < 10);
}

TEST_CASE("a card that answers nonsense, or nothing, is an error and no crash") {
  for (const std::vector<uint8_t>& answer : {std::vector<uint8_t>{},
                                             {0x90},
                                             {0x69, 0x85},
                                             {0x6d, 0x00},
                                             {0x6a, 0x82},
                                             {0x90, 0x00},
                                             std::vector<uint8_t>(258, 0x90)}) {
    Scripted card;
    card.answers.assign(10, answer);
    ChipTool tool(card);
    CHECK_FALSE(tool.chip_data().has_value());
  }
  Scripted gone;
  CHECK(ChipTool(gone).chip_data().error().code == ErrorCode::closed);
}

}  // namespace
}  // namespace simurgh::factory::test
