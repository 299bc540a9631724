// The messages of the personalisation conversation (rows D7, D9-D12): plain structs, and both
// directions between them and bytes. Layout and meaning: docs/protocols/personalisation.md.
//
// A message is the protocol octet, the type octet, and fields (tag, minimal BER length, value) in
// rising tag order. Each type has exactly its fields; a field that is missing, doubled, out of
// order, unknown, or not in its shortest form is an error, so that one message has one byte form.
// Parsing checks form only. Whether to believe it is for chip_half.h and centre_half.h.
//
// Types from the centre and types from the chip are disjoint (bit 8), so a reflected message does
// not parse. Nothing here owns memory or keeps secrets.
#pragma once

#include <optional>

#include "base/numbers.h"
#include "crypto/primitives.h"

namespace simurgh::personalisation {

constexpr uint8_t protocol_octet = 0xd1;  // protocol D, version 1
constexpr size_t nonce_octets = 16;
constexpr size_t mac_octets = 16;  // HMAC-SHA256, truncated
constexpr size_t ver_octets = 8;   // the document: "a functional number of 8 bytes"
constexpr size_t order_id_octets_max = 16;
constexpr size_t pake_share_octets = crypto::ristretto_element_octets;
constexpr size_t made_secret_octets = 32;                         // D9: the secret that S makes,
constexpr size_t sealed_secret_octets = made_secret_octets + 16;  // and sealed, with its tag
constexpr size_t share_octets_max = crypto::ffdhe2048_share_octets;
constexpr size_t signature_octets_max = crypto::rsa2048_signature_octets;
// The longest is M2 of suite ffdhe2048 with a sealed secret: 2 + 6 + 6 + 260 + 50 + 260 + 18.
constexpr size_t message_octets_max = 640;

using Message = ByteString<message_octets_max>;
using Nonce = ByteArray<nonce_octets>;
using Mac = ByteArray<mac_octets>;
using Ver = ByteArray<ver_octets>;
using OrderId = ByteString<order_id_octets_max>;
using Share = ByteString<share_octets_max>;
using Signature = ByteString<signature_octets_max>;
using PakeShare = ByteArray<pake_share_octets>;
using SealedSecret = ByteArray<sealed_secret_octets>;

// Who the chip is. All three are in every transcript and in every derived key.
struct ChipIdentity {
  Iccid iccid;
  Imsi imsi;
  Ver ver{};
  friend bool operator==(const ChipIdentity&, const ChipIdentity&) = default;
};

// Key agreement and the centre's signature, strongest first. The numbers are on the wire.
enum class Suite : uint8_t {
  x25519 = 1,     // X25519, Ed25519
  p256 = 2,       // ECDH and ECDSA on P-256
  ffdhe2048 = 3,  // RFC 7919 ffdhe2048, RSA-2048-PSS
  symmetric = 4,  // D9 for chips without public keys: no forward secrecy; MACs as signatures
};
const char* name_of(Suite suite);

// A set of suites, bit (number - 1) of an octet.
class SuiteSet {
 public:
  static constexpr uint8_t bits_all = 0x0f;
  constexpr SuiteSet() = default;
  constexpr SuiteSet(std::initializer_list<Suite> suites) {
    for (const Suite suite : suites) bits_ = static_cast<uint8_t>(bits_ | bit(suite));
  }
  // bad_value when a bit is set that names no suite.
  static Result<SuiteSet> from_bits(uint8_t bits);

  constexpr uint8_t bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool contains(Suite suite) const { return (bits_ & bit(suite)) != 0; }
  friend constexpr bool operator==(SuiteSet, SuiteSet) = default;

 private:
  static constexpr uint8_t bit(Suite suite) {
    return static_cast<uint8_t>(1 << (static_cast<uint8_t>(suite) - 1));
  }
  uint8_t bits_ = 0;
};

// The strongest suite of both sets. Both ends compute it from both lists, which are in the
// transcript: that is what makes a downgrade visible. `unsupported` when they have none in common.
Result<Suite> strongest_common(SuiteSet a, SuiteSet b);
size_t share_octets(Suite suite);      // of a key share; 0 for symmetric
size_t signature_octets(Suite suite);  // of the centre's signature; symmetric: of its MAC

// Which activation code the customer must give (D12).
enum class CodeKind : uint8_t {
  none = 0,
  secret = 1,      // 128 bits from the QR code of the order document: into the key schedule
  short_code = 2,  // 6 to 10 typed digits: a PAKE (CPace), so that no transcript can be searched
};

// What the centre wants, as INIT says it.
struct OrderFlags {
  CodeKind code = CodeKind::none;  // bits 1-2
  bool choose_pin = false;         // bit 3: ask the customer for a new PIN afterwards (D8)
  bool server_made = false;        // bit 4: the epoch secret is made by the centre (D9)
  bool new_puk = false;            // bit 5: this epoch brings a PUK; always so when the base is 0
  friend bool operator==(const OrderFlags&, const OrderFlags&) = default;
};
uint8_t bits_of(const OrderFlags& flags);
Result<OrderFlags> order_flags_from_bits(
    uint8_t bits);  // bad_value: reserved bits, or no such kind

enum class MessageType : uint8_t {
  init = 0x01,
  m2 = 0x02,
  commit = 0x03,
  query = 0x04,
  reset = 0x05,
  request = 0x81,
  m1 = 0x82,
  prepared = 0x83,
  done = 0x84,
  resync = 0x85,
  reset_challenge = 0x86,
  reset_done = 0x87,
};

enum class RequestReason : uint8_t {
  first_logon = 1,  // "I am registered and not personalised"
  code_again = 2,   // the customer typed another code
  repeat = 3,       // anything else: please begin again
};

// C -> S. Believed only as far as its bearer; causes at most an INIT.
struct Request {
  Iccid iccid;
  uint32_t life = 0;
  uint32_t active_epoch = 0;
  SuiteSet suites;
  RequestReason reason = RequestReason::first_logon;
};

// S -> C. MAC under the base epoch's secret, so that an outsider moves nothing in the chip.
struct Init {
  Iccid iccid;
  uint32_t life = 0;
  uint32_t epoch = 0;
  uint32_t base_epoch = 0;
  SuiteSet suites;  // what the centre allows for this chip
  Suite suite = Suite::x25519;
  OrderFlags flags;
  OrderId order;
  Nonce nonce_s{};
  Mac mac{};
};

// C -> S. MAC under the base epoch's secret over INIT and the rest of M1.
struct M1 {
  ChipIdentity chip;
  uint32_t life = 0;
  uint32_t epoch = 0;
  uint32_t base_epoch = 0;
  uint32_t attempt = 0;  // rises durably in the chip with every M1 it makes
  SuiteSet suites;       // what the chip allows
  Nonce nonce_c{};
  Share share;  // empty with suite symmetric
  std::optional<PakeShare> pake;
  Mac mac{};
};

// S -> C.
struct M2 {
  uint32_t life = 0;
  uint32_t epoch = 0;
  Share share;  // empty with suite symmetric
  std::optional<PakeShare> pake;
  std::optional<SealedSecret> sealed;
  Signature signature;  // suite symmetric: a MAC under the base epoch
  Mac mac{};
};

// PREPARED (C -> S), COMMIT (S -> C) and DONE (C -> S): one proof of the epoch's secret each.
struct Confirmation {
  MessageType type = MessageType::prepared;
  uint32_t life = 0;
  uint32_t epoch = 0;
  Mac mac{};
};

// S -> C, signed (suite symmetric: MAC under the active epoch): the centre no longer knows what the
// chip holds. Answered by RESYNC.
struct Query {
  Iccid iccid;
  Suite suite = Suite::x25519;  // whose signature
  Nonce nonce_s{};
  Signature signature;
};

// C -> S, the answer to a QUERY, or to an INIT whose epoch is not above the chip's highest.
struct Resync {
  ByteArray<32> answers{};  // SHA-256 of the INIT or QUERY that it answers
  uint32_t life = 0;
  uint32_t active_epoch = 0;
  std::optional<uint32_t> pending_epoch;
  uint32_t epoch_max = 0;
  uint32_t attempt = 0;
  Mac mac{};                       // under the active epoch's secret
  std::optional<Mac> pending_mac;  // and under the pending one's
};

// C -> S (in practice: dealer's tool). A nonce for one RESET.
struct ResetChallenge {
  Iccid iccid;
  uint32_t life = 0;
  SuiteSet suites;
  Nonce nonce_c{};
};

// S -> C, signed (or, for a chip that has suite symmetric only, a MAC under the active epoch in
// place of the signature).
struct Reset {
  Iccid iccid;
  uint32_t life = 0;            // the life that ends
  Suite suite = Suite::x25519;  // whose signature
  OrderId authorisation;
  Nonce nonce_c{};
  Signature signature;
};

// C -> S. Under epoch 0 of the new life, and under the epoch that ended with the old one: the first
// alone could be made by anyone who has K1.
struct ResetDone {
  Iccid iccid;
  uint32_t life = 0;  // the new life
  Nonce nonce_c{};    // of the challenge
  Mac mac{};
  Mac ending_mac{};
};

// The type of a message, so that a bearer can hand it to the right end: truncated, unsupported
// (other protocol or version), bad_value (no such type).
Result<MessageType> type_of(ByteView message);
bool is_from_chip(MessageType type);

// Errors: truncated, bad_length, trailing_bytes, bad_value, unsupported, with the octet's offset.
// Values whose size depends on the suite (share, signature) are checked only against their limits
// here, and against the suite by the half that knows it.
Result<Request> parse_request(ByteView message);
Result<Init> parse_init(ByteView message);
Result<M1> parse_m1(ByteView message);
Result<M2> parse_m2(ByteView message);
Result<Confirmation> parse_confirmation(ByteView message);  // type: prepared, commit or done
Result<Query> parse_query(ByteView message);
Result<Resync> parse_resync(ByteView message);
Result<ResetChallenge> parse_reset_challenge(ByteView message);
Result<Reset> parse_reset(ByteView message);
Result<ResetDone> parse_reset_done(ByteView message);

// Writing cannot fail: every field has its limit, and all of them fit message_octets_max.
Message write_request(const Request& request);
Message write_init(const Init& init);
Message write_m1(const M1& m1);
Message write_m2(const M2& m2);
Message write_confirmation(const Confirmation& confirmation);
Message write_query(const Query& query);
Message write_resync(const Resync& resync);
Message write_reset_challenge(const ResetChallenge& challenge);
Message write_reset(const Reset& reset);
Message write_reset_done(const ResetDone& done);

}  // namespace simurgh::personalisation
