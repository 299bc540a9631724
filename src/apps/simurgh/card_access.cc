#include "apps/simurgh/card_access.h"

#include "io/nv_file/pack.h"
#include "uicc/card.h"

namespace simurgh::cli {
namespace {

class PackCard final : public InsertedCard, private factory::CardChannel {
 public:
  PackCard(std::unique_ptr<nv_file::Pack> pack, size_t slot, Random& random)
      : pack_(std::move(pack)),
        nv_(pack_->slot(slot)),
        card_({.nv = *nv_, .random = random, .seal_key = pack_->seal_key(slot)}) {}

  Result<void> power_on() {
    TRY(card_.reset());
    return {};
  }
  factory::CardChannel& channel() override { return *this; }

 private:
  Result<ByteView> transmit(ByteView command) override { return card_.transmit(command); }

  std::unique_ptr<nv_file::Pack> pack_;
  std::unique_ptr<uicc::Nv> nv_;
  uicc::Card card_;
};

}  // namespace

Outcome<std::unique_ptr<InsertedCard>> insert_from_pack(const std::string& path, const Iccid& iccid,
                                                        Random& random) {
  std::string problem;
  auto pack = nv_file::Pack::open(path, nv_file::Durability::every_write, problem);
  if (!pack.has_value()) return local(problem);
  const auto slot = (*pack)->find(iccid);
  if (!slot.has_value()) {
    return local(path + " has no chip " + std::string(iccid.text()),
                 "compare the number with the card; the pack has " +
                     std::to_string((*pack)->labelled()) + " chips");
  }
  auto card = std::make_unique<PackCard>(std::move(*pack), *slot, random);
  if (!card->power_on().has_value()) {
    return local("chip " + std::string(iccid.text()) + " does not start",
                 "its memory is damaged: give the customer another chip");
  }
  return std::unique_ptr<InsertedCard>(std::move(card));
}

}  // namespace simurgh::cli
