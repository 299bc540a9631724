#include "middle.h"

#include "conversations/personalisation/handshake.h"
#include "conversations/personalisation/short_message_bearer.h"
#include "formats/secured_packet/command_packet.h"
#include "formats/sms/concatenation.h"
#include "formats/sms/tpdu.h"
#include "formats/sms/user_data.h"
#include "security_centre/chip_channel.h"

namespace simurgh::sim {

using personalisation::Direction;
using personalisation::Epoch;
using personalisation::Message;
using personalisation::MessageType;
using personalisation::Suite;
using personalisation::SuiteSet;

namespace {

// The whole packet when this part was the last one missing.
template <typename Parts>
std::vector<uint8_t> whole_packet(Parts& parts, const Msisdn& number, ByteView user_data,
                                  Instant now) {
  const auto header = sms::parse_user_data_header(user_data);
  if (user_data.empty() || !header) return {};
  const auto whole = parts.on_part(sms::Address::of_msisdn(number), *header,
                                   user_data.subspan(header->octets), now);
  if (!whole || !*whole) return {};
  return {(*whole)->payload.begin(), (*whole)->payload.end()};
}

Suite suite_of_share(size_t octets) {
  if (octets == personalisation::share_octets(Suite::x25519)) return Suite::x25519;
  if (octets == personalisation::share_octets(Suite::ffdhe2048)) return Suite::ffdhe2048;
  return octets == personalisation::share_octets(Suite::p256) ? Suite::p256 : Suite::symmetric;
}

}  // namespace

const char* name_of(Tampering tampering) {
  switch (tampering) {
    case Tampering::downgraded_offer: return "downgraded";
    case Tampering::replaced_share: return "replaced_share";
    case Tampering::invalid_point: return "invalid_point";
    case Tampering::swapped_identity: return "swapped_identity";
    case Tampering::other_session: return "other_session";
    case Tampering::replaced_signature: return "replaced_signature";
  }
  return "unknown";
}

Middle::Middle(uint64_t seed, const Key256& k1, const Msisdn& centre, const Instant& now,
               HostileAir& air, Chips chips)
    : random_(seed ^ 0x6d6964646c65),
      k1_(k1),
      centre_(centre),
      now_(now),
      air_(air),
      chips_(std::move(chips)) {}

bool Middle::takes_down(const Msisdn& to, ByteView deliver_tpdu) {
  const auto deliver = sms::parse_deliver(deliver_tpdu);
  const personalisation::ChipRecord* chip = chips_(to);
  if (!deliver || !deliver->has_user_data_header || !chip) return false;
  auto packet = whole_packet(down_, to, deliver->user_data.octets, now_);
  const auto header = secured_packet::parse_command_header(packet);
  if (packet.empty() || !header) return false;
  const Epoch base =
      personalisation::initial_epoch(personalisation::chip_key(k1_, chip->chip), chip->life);
  const auto keys = derive_ota_keys(base.secret, Direction::to_chip);
  const auto command = verify_and_decrypt(*header, {keys.kic.view(), keys.kid.view()},
                                          secured_packet::MinimumSecurity());
  if (!command) return false;  // not in epoch 0
  const auto altered = alter(to, command->secured_data, base);
  return altered && send_to_chip(*this, to, base, command->counter, *altered).has_value();
}

bool Middle::takes_up(const Msisdn& from, ByteView submit_tpdu) {
  const auto user_data = user_data_of_submit(submit_tpdu);
  const personalisation::ChipRecord* chip = chips_(from);
  if (user_data.empty() || !chip) return false;
  auto packet = whole_packet(up_, from, user_data, now_);
  if (packet.empty()) return false;
  const Epoch base =
      personalisation::initial_epoch(personalisation::chip_key(k1_, chip->chip), chip->life);
  const auto opened = security_centre::open_from_chip(base, packet);
  if (!opened) return false;
  const auto altered = alter(from, opened->message, base);
  if (altered) send_up(from, base, opened->counter, *altered);
  return altered.has_value();
}

// Reads what passes, and gives something else in its place when he likes.
std::optional<Message> Middle::alter(const Msisdn& number, ByteView message, const Epoch& base) {
  const auto type = personalisation::type_of(message);
  if (!type) return {};
  Seen& seen = seen_[number];
  const bool now = random_.chance(tamper_ppm);
  switch (*type) {
    case MessageType::request: {
      auto request = personalisation::parse_request(message);
      if (!now || !request) return {};
      request->suites = random_.below(2) == 0 ? SuiteSet{Suite::p256} : SuiteSet{Suite::symmetric};
      count_one(Tampering::downgraded_offer);
      return write_request(*request);
    }
    case MessageType::init: {
      auto init = personalisation::parse_init(message);
      seen.init.assign(message);
      if (!now || !init) return {};
      init->suite = random_.below(2) == 0 ? Suite::p256 : Suite::symmetric;
      if (random_.below(2) == 0) init->suites = SuiteSet{init->suite};
      init->mac = init_mac(*init, base);
      count_one(Tampering::downgraded_offer);
      return write_init(*init);
    }
    case MessageType::m1: return now ? alter_m1(seen, message, base) : std::nullopt;
    case MessageType::m2: {
      const auto altered = now ? alter_m2(seen, message) : std::nullopt;
      seen.m2_earlier = seen.m2;
      seen.m2.assign(message);
      return altered;
    }
    default: return {};
  }
}

personalisation::Share Middle::share_for(ByteView share, bool valid) {
  personalisation::Share out(share);
  const Suite suite = suite_of_share(share.size());
  if (valid && suite != Suite::symmetric) {
    Key256 seed;
    random_.fill(seed.fill(32));
    const auto own = personalisation::make_share(suite, seed);
    if (own) out = *own;
    return out;
  }
  // Zeros are of small order on curve 25519, and no share of a Diffie-Hellman; behind 04 they are
  // no point of P-256.
  for (uint8_t& octet : out.span()) octet = 0;
  if (suite == Suite::p256) out.span()[0] = 4;
  return out;
}

std::optional<Message> Middle::alter_m1(Seen& seen, ByteView message, const Epoch& base) {
  auto m1 = personalisation::parse_m1(message);
  if (!m1 || seen.init.empty()) return {};
  const uint64_t how = random_.below(3);
  if (how == 2) {
    ByteArray<10> digits;
    random_.fill(digits);
    std::string imsi = "90170";
    for (const uint8_t digit : digits) imsi.push_back(static_cast<char>('0' + digit % 10));
    m1->chip.imsi = *Imsi::parse(imsi);
    count_one(Tampering::swapped_identity);
  } else {
    if (m1->share.empty()) return {};
    m1->share = share_for(m1->share, how == 0);
    count_one(how == 0 ? Tampering::replaced_share : Tampering::invalid_point);
  }
  m1->mac = m1_mac(*m1, seen.init, base);
  return write_m1(*m1);
}

std::optional<Message> Middle::alter_m2(const Seen& seen, ByteView message) {
  auto m2 = personalisation::parse_m2(message);
  if (!m2) return {};
  const uint64_t how = random_.below(4);
  if (how == 3) {
    if (seen.m2_earlier.empty() || equal(seen.m2_earlier, message)) return {};
    count_one(Tampering::other_session);
    return seen.m2_earlier;
  }
  if (how == 2) {
    random_.fill(m2->signature.span());
    count_one(Tampering::replaced_signature);
  } else {
    if (m2->share.empty()) return {};
    m2->share = share_for(m2->share, how == 0);
    count_one(how == 0 ? Tampering::replaced_share : Tampering::invalid_point);
  }
  return write_m2(*m2);
}

void Middle::send_short_message(const Msisdn& to, ByteView user_data) {
  air_.injections.push_back({now_, to, deliver_tpdu_of(centre_, user_data), false, true});
}

void Middle::send_up(const Msisdn& from, const Epoch& base, uint64_t counter, ByteView message) {
  const auto keys = derive_ota_keys(base.secret, Direction::from_chip);
  secured_packet::CommandFields fields;
  fields.spi.response = {};
  fields.kic = fields.kid =
      secured_packet::KeyReference::aes(personalisation::key_set_of(base.number));
  fields.tar = personalisation::short_message_tar;
  fields.counter = counter;
  ByteArray<secured_packet::command_packet_octets(personalisation::message_octets_max)> room;
  const auto packet = write_command(fields, {keys.kic.view(), keys.kid.view()}, message, room);
  if (!packet) return;
  const auto count = sms::part_count(packet->size(), sms::PayloadKind::command_packet);
  for (size_t i = 0; count && i < *count; ++i) {
    ByteArray<sms::user_data_octets_max> part_room;
    const auto part = write_part(*packet, sms::PayloadKind::command_packet,
                                 static_cast<uint8_t>(counter), i, part_room);
    const auto data =
        part ? sms::octet_user_data(part->user_data) : Result<sms::UserData>(part.error());
    if (!data) return;
    sms::Submit submit;
    submit.has_user_data_header = true;
    submit.destination = sms::Address::of_msisdn(centre_);
    submit.data_coding = sms::dcs_octets;
    submit.user_data = *data;
    ByteArray<sms::tpdu_octets_max> tpdu_room;
    const auto tpdu = write_submit(submit, tpdu_room);
    if (tpdu) air_.upward.push_back({from, {tpdu->begin(), tpdu->end()}});
  }
}

std::string Middle::check_suite(const personalisation::ChipRecord& chip, SuiteSet allowed) const {
  for (const auto& [number, seen] : seen_) {
    if (seen.m2.empty() || chip.last_session.m2_hash != crypto::sha256({seen.m2})) continue;
    const auto m2 = personalisation::parse_m2(seen.m2);
    const auto strongest = strongest_common(chip.suites, allowed);
    if (!m2 || !strongest) continue;
    if (m2->share.size() != personalisation::share_octets(*strongest)) {
      return "I8: a chip agreed a key with a weaker suite than both ends have";
    }
  }
  return {};
}

}  // namespace simurgh::sim
