#include "io/tls/psk.h"

#include <algorithm>

#include "crypto/primitives.h"

namespace simurgh::tls {

bool good_identity(std::string_view identity) {
  const auto printable = [](char c) { return c >= 0x20 && c < 0x7f; };
  return !identity.empty() && identity.size() <= psk_identity_chars_max &&
         std::ranges::all_of(identity, printable);
}

Result<void> PskTable::add(std::string_view identity, const Psk& psk, const PskTable* other) {
  if (!good_identity(identity) || psk.key.size() < psk_octets_min) return ErrorCode::bad_value;
  if (other != nullptr && other->role_ != role_ && other->has_key(psk.key)) {
    return ErrorCode::not_allowed;
  }
  const auto known = keys_.find(identity);
  if (known != keys_.end()) {
    if (!crypto::secure_equal(known->second.key.view(), psk.key.view())) {
      return ErrorCode::already_exists;
    }
    known->second.suites = psk.suites;
    return {};
  }
  if (!owners_.try_emplace(crypto::sha256({psk.key.view()}), identity).second) {
    return ErrorCode::not_allowed;
  }
  keys_.emplace(identity, psk);
  return {};
}

void PskTable::remove(std::string_view identity) {
  const auto found = keys_.find(identity);
  if (found == keys_.end()) return;
  owners_.erase(crypto::sha256({found->second.key.view()}));
  keys_.erase(found);
}

bool PskTable::has_key(const PskKey& key) const {
  return owners_.contains(crypto::sha256({key.view()}));
}

std::optional<Psk> PskTable::find(std::string_view identity) {
  const auto found = keys_.find(identity);
  if (found == keys_.end()) return std::nullopt;
  return found->second;
}

}  // namespace simurgh::tls
