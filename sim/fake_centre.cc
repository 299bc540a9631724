#include "fake_centre.h"

#include "formats/sms/reassembly.h"

namespace simurgh::sim {

using personalisation::CentreHalf;

FakeCentre::FakeCentre(uint64_t seed, const Key256& k1, const Msisdn& number, HostileAir& air)
    : random_(seed ^ 0x66616b65), k1_(k1), number_(number), air_(air), keys_(seed ^ 0x66616b65) {}

void FakeCentre::send_short_message(const Msisdn& to, ByteView user_data) {
  const auto tpdu = deliver_tpdu_of(number_, user_data);
  static_cast<void>(network_->deliver(to, tpdu).has_value());
}

void FakeCentre::attack(const personalisation::ChipRecord& chip, const Msisdn& msisdn,
                        network::VisitedNetwork& network, uint64_t counter) {
  network_ = &network;
  personalisation::CentreOrder order;
  order.chip = chip.chip;
  order.life = chip.life;
  order.base = personalisation::initial_epoch(personalisation::chip_key(k1_, chip.chip), chip.life);
  order.epoch = 1 + static_cast<uint32_t>(random_.below(5));
  order.suites = order.chip_suites = chip.suites;
  CentreHalf half(keys_, *this, random_);
  personalisation::CentreSession session;
  const auto init = half.begin(session, order);
  if (!init) return;
  air_.captured_from = msisdn;
  air_.captured.clear();
  bool going = send_to_chip(*this, msisdn, order.base, counter++, *init).has_value();
  sms::Reassembler<4, 5, 670> parts(hours(1));
  for (size_t i = 0; going && i < air_.captured.size() && i < 16; ++i) {
    const auto user_data = user_data_of_submit(air_.captured[i]);
    const auto header = sms::parse_user_data_header(user_data);
    if (user_data.empty() || !header) continue;
    const auto whole = parts.on_part(sms::Address::of_msisdn(msisdn), *header,
                                     ByteView(user_data).subspan(header->octets), Instant{});
    if (!whole || !*whole) continue;
    std::vector<uint8_t> packet((*whole)->payload.begin(), (*whole)->payload.end());
    const auto opened = security_centre::open_from_chip(order.base, packet);
    const auto step = opened ? half.on_message(session, opened->message)
                             : Result<personalisation::CentreStep>(opened.error());
    if (!step || step->reply.empty()) continue;
    going = send_to_chip(*this, msisdn, order.base, counter++, step->reply).has_value();
  }
  air_.captured_from = {};
}

}  // namespace simurgh::sim
