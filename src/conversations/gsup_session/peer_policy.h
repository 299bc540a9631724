// Who may say what over GSUP: peers by name, each with the operations and the IMSIs that are its
// business (threats 17). GSUP itself knows no authentication; this, with loopback or TLS below, is
// what stands in for it.
#pragma once

#include <string>
#include <vector>

#include "formats/gsup/message.h"

namespace simurgh::gsup_session {

// What a peer may ask for. Answers to our own requests need no operation, but an IMSI of the
// peer's.
enum class Operation : uint8_t {
  authenticate = 1 << 0,    // SEND AUTH INFO, AUTH FAIL REPORT
  locate = 1 << 1,          // UPDATE LOCATION, PURGE MS
  short_messages = 1 << 2,  // MO/MT FORWARD SM, READY FOR SM
  supplementary = 1 << 3,   // PROC SS
  check_imei = 1 << 4,
  handover = 1 << 5,  // E-interface
};
using Operations = uint8_t;
constexpr Operations operator|(Operation a, Operation b) {
  return static_cast<Operations>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
}
constexpr Operations operator|(Operations a, Operation b) {
  return static_cast<Operations>(a | static_cast<uint8_t>(b));
}
constexpr Operations all_operations = 0x3f;

// "authenticate,locate"; bad_value with the offset of the word that is none.
Result<Operations> parse_operations(std::string_view text);

struct Peer {
  std::string name = {};
  Operations operations = 0;
  std::vector<std::string> imsi_prefixes = {};  // digits; "" is every IMSI, none at all is no IMSI
  std::string tls_name;  // of the certificate that it must show; empty: none (loopback only)
};

class PeerPolicy {
 public:
  static constexpr size_t peers_max = 1'000;
  static constexpr size_t imsi_prefixes_max = 1'000;  // of one peer

  // already_exists for a name twice, too_large, bad_value for an IMSI prefix that is not digits.
  Result<void> add(Peer peer);
  // Null for a name that is not on the list.
  const Peer* find(std::string_view name) const;
  const std::vector<Peer>& peers() const { return peers_; }

  // not_allowed for an operation or an IMSI that is not the peer's, unsupported for a message type
  // that no peer may send.
  static Result<void> allows(const Peer& peer, const gsup::Message& message);

 private:
  std::vector<Peer> peers_;
};

}  // namespace simurgh::gsup_session
