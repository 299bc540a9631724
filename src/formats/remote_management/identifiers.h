// Names of applications on a card: AIDs (ISO 7816-5, GlobalPlatform 2.3 annex H) and toolkit
// application references (TS 101 220 annex D).
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh::remote_management {

constexpr size_t aid_octets_min = 5;  // the registered provider identifier (RID)
constexpr size_t aid_octets_max = 16;
constexpr size_t rid_octets = 5;

// An application identifier: RID and proprietary extension (PIX). Empty where a command allows
// that ("none", "all").
class Aid {
 public:
  constexpr Aid() = default;
  // bad_length unless 5…16 octets.
  static Result<Aid> of(ByteView octets);

  bool empty() const { return octets_.empty(); }
  ByteView view() const { return octets_.view(); }
  operator ByteView() const { return view(); }  // NOLINT: an AID is its octets
  ByteView rid() const { return view().first(empty() ? 0 : rid_octets); }
  ByteView pix() const { return view().subspan(empty() ? 0 : rid_octets); }
  // Whether this AID begins with `prefix`: GET STATUS and SELECT take parts of names.
  bool begins_with(ByteView prefix) const {
    return prefix.size() <= octets_.size() && equal(view().first(prefix.size()), prefix);
  }
  friend bool operator==(const Aid&, const Aid&) = default;

 private:
  ByteString<aid_octets_max> octets_;
};

// Toolkit application reference; the same type as secured_packet::Tar.
using Tar = ByteArray<3>;

// TS 101 220 annex D, and what cards in the field use (facts 9.2).
namespace tar {
constexpr Tar issuer_security_domain = {0x00, 0x00, 0x00};
constexpr Tar admin_agent = {0xb2, 0x01, 0x00};      // takes triggers of administration over HTTP
constexpr Tar rfm_shared = {0xb0, 0x00, 0x00};       // the UICC's shared file system
constexpr Tar rfm_first_adf = {0xb0, 0x00, 0x01};    // the first ADF, as TS 101 220 has it
constexpr Tar rfm_usim_vendor = {0xb0, 0x00, 0x11};  // the USIM, as some vendors have it
constexpr Tar multiplexing = {0xb2, 0x02, 0x00};
}  // namespace tar

// The TAR that an application's AID carries in its octets 13…15 (TS 101 220 clause 4); not_found
// when it is shorter.
Result<Tar> tar_of(const Aid& aid);

}  // namespace simurgh::remote_management
