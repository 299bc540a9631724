// The IPA multiplex below GSUP: frames, the CCM identity exchange and keep-alive, and the control
// interface's text lines (osmo-hlr's port 4259), as osmo-hlr 1.5 speaks them.
//
//   length:16  (octets after the 3-octet header)   protocol:8   payload
//
// Protocol EE carries one octet more that says what is inside: 05 GSUP, 00 CTRL.
#pragma once

#include <optional>

#include "base/fixed_vector.h"
#include "base/reader.h"

namespace simurgh::gsup {

constexpr size_t ipa_header_octets = 3;
constexpr size_t ipa_payload_octets_max = 0xffff;

enum class IpaProtocol : uint8_t { ccm = 0xfe, osmo = 0xee };
enum class OsmoExtension : uint8_t { ctrl = 0x00, gsup = 0x05 };

struct IpaFrame {
  uint8_t protocol = 0;   // IpaProtocol, or another that is not ours
  ByteView payload = {};  // without the 3-octet header; with the extension octet
  size_t octets = 0;      // of the whole frame
};

// The frame at the start of `buffer`. truncated while it is not there whole; too_large when its
// payload exceeds `payload_octets_max` (the stream must then be dropped).
Result<IpaFrame> parse_ipa_frame(ByteView buffer,
                                 size_t payload_octets_max = ipa_payload_octets_max);
// no_space when it does not fit.
Result<ByteView> write_ipa_frame(IpaProtocol protocol, ByteView payload, MutableByteView out);
// A frame of protocol EE.
Result<ByteView> write_osmo_frame(OsmoExtension extension, ByteView payload, MutableByteView out);

enum class CcmType : uint8_t {
  ping = 0x00,
  pong = 0x01,
  id_get = 0x04,
  id_resp = 0x05,
  id_ack = 0x06,  // osmo-hlr never sends it: nobody may wait for it
};

// What an identity is made of. osmo-hlr takes the serial number as the peer's name (its route).
enum class IdentityTag : uint8_t {
  serial_number = 0x00,
  unit_name = 0x01,
  location = 0x02,
  type = 0x03,
  equipment_version = 0x04,
  software_version = 0x05,
  ip_address = 0x06,
  mac_address = 0x07,
  unit_id = 0x08,
};
constexpr size_t identity_items_max = 16;

struct IdentityItem {
  IdentityTag tag{};
  std::string_view text = {};  // without its NUL
};
using Identity = FixedVector<IdentityItem, identity_items_max>;
using IdentityTags = FixedVector<IdentityTag, identity_items_max>;

// Payload of a CCM frame. Types that are not in the list are unsupported.
struct Ccm {
  CcmType type{};
  IdentityTags wanted = {};  // of id_get
  Identity identity = {};    // of id_resp; views into the payload
};
Result<Ccm> parse_ccm(ByteView payload);
Result<ByteView> write_ccm(const Ccm& ccm, MutableByteView out);
// The item's text, if it is there and not empty.
std::optional<std::string_view> find(const Identity& identity, IdentityTag tag);

}  // namespace simurgh::gsup
