#include "apps/simurgh-lab/chip_access.h"

#include <algorithm>

#include "uicc/chip_apdus.h"

namespace simurgh::lab {

Result<std::vector<uint8_t>> run_command(uicc::Card& card, uint8_t ins, ByteView data) {
  std::vector<uint8_t> out;
  size_t offset = 0;
  uint8_t block = 0;
  uint8_t sw1 = 0, sw2 = 0;
  const auto take = [&](ByteView answer) -> Result<void> {
    if (answer.size() < 2) return ErrorCode::bad_length;
    out.insert(out.end(), answer.begin(), answer.end() - 2);
    sw1 = answer[answer.size() - 2];
    sw2 = answer[answer.size() - 1];
    return {};
  };
  do {
    const size_t size = std::min(data.size() - offset, uicc::block_octets_max);
    const bool last = offset + size == data.size();
    std::vector<uint8_t> apdu = {0x80, ins, last ? uicc::block_last : uint8_t{0}, block++};
    if (data.empty()) {
      apdu[2] = 0;
      apdu.push_back(0);
    } else {
      apdu.push_back(static_cast<uint8_t>(size));
      const ByteView part = data.subspan(offset, size);
      apdu.insert(apdu.end(), part.begin(), part.end());
    }
    offset += size;
    out.clear();
    TRY(take(TRY(card.transmit(apdu))));
  } while (offset < data.size() && sw1 == 0x90);
  while (sw1 == 0x61) {
    const uint8_t get_response[] = {0x00, 0xc0, 0x00, 0x00, sw2};
    TRY(take(TRY(card.transmit(get_response))));
  }
  // 91xx: done, and the chip has a proactive command for the terminal.
  if (sw1 != 0x90 && sw1 != 0x91) return ErrorCode::not_allowed;
  return out;
}

std::unique_ptr<uicc::MemoryNv> copy_of(const uicc::Nv& nv) {
  auto copy = std::make_unique<uicc::MemoryNv>(nv.size(), nv.granule());
  std::vector<uint8_t> all(nv.size());
  if (!nv.read(0, all) || !copy->write(0, all)) return nullptr;
  return copy;
}

bool takes_pin(const uicc::Hardware& chip, std::string_view digits) {
  const auto copy = copy_of(chip.nv);
  if (!copy || digits.size() > uicc::pin_octets) return false;
  uicc::Card card({*copy, chip.random, chip.seal_key});
  if (!card.reset()) return false;
  std::vector<uint8_t> verify = {0x00, 0x20, 0x00, 0x01, uicc::pin_octets};
  verify.insert(verify.end(), digits.begin(), digits.end());
  verify.resize(5 + uicc::pin_octets, 0xff);
  const auto answer = card.transmit(verify);
  return answer && answer->size() >= 2 && ((*answer)[answer->size() - 2] & 0xfe) == 0x90;
}

}  // namespace simurgh::lab
