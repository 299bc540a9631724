#include "air.h"

#include "formats/sms/tpdu.h"
#include "middle.h"

namespace simurgh::sim {

namespace {
constexpr size_t heard_max = 64;
}

void HostileAir::alter(std::vector<uint8_t>& tpdu) {
  ++figures.altered;
  // Behind the addresses, so that it still arrives.
  const size_t first = std::min<size_t>(22, tpdu.size() - 1);
  tpdu[first + random_.below(tpdu.size() - first)] ^= static_cast<uint8_t>(1 + random_.below(255));
}

bool HostileAir::pass_down(const Msisdn& to, std::vector<uint8_t>& tpdu) {
  ++messages;
  if (middle && middle->takes_down(to, tpdu)) return false;
  if (random_.chance(faults.replay_ppm)) {
    ++figures.replayed;
    const Instant later = now_ + milliseconds(random_.between(1000, 3'600'000));
    injections.push_back({later, to, tpdu, false});
  }
  heard_.push_back(tpdu);
  if (heard_.size() > heard_max) heard_.pop_front();
  if (random_.chance(faults.drop_ppm)) return ++figures.dropped, false;
  if (random_.chance(faults.alter_ppm)) alter(tpdu);
  if (random_.chance(faults.splice_ppm)) {
    ++figures.spliced;
    tpdu = heard_[random_.below(heard_.size())];
  }
  return true;
}

bool HostileAir::pass_up(const Msisdn& from, std::vector<uint8_t>& tpdu) {
  ++messages;
  if (captured_from == from) {
    captured.push_back(tpdu);
    return false;
  }
  if (own) return true;
  if (middle && middle->takes_up(from, tpdu)) return false;
  if (random_.chance(faults.reflect_ppm)) {
    ++figures.reflected;
    const auto user_data = user_data_of_submit(tpdu);
    auto reflected = deliver_tpdu_of(from, user_data);
    if (!reflected.empty()) {
      injections.push_back({now_ + seconds(1), from, std::move(reflected), true});
    }
  }
  if (random_.chance(faults.drop_ppm)) return ++figures.dropped, false;
  if (random_.chance(faults.alter_ppm)) alter(tpdu);
  return true;
}

std::vector<uint8_t> deliver_tpdu_of(const Msisdn& from, ByteView user_data) {
  sms::Deliver deliver;
  deliver.has_user_data_header = true;
  deliver.originator = sms::Address::of_msisdn(from);
  deliver.protocol_identifier = sms::pid_sim_data_download;
  deliver.data_coding = sms::dcs_octets_class_2;
  const auto data = sms::octet_user_data(user_data);
  ByteArray<sms::tpdu_octets_max> room;
  if (!data) return {};
  deliver.user_data = *data;
  const auto tpdu = write_deliver(deliver, room);
  if (!tpdu) return {};
  return {tpdu->begin(), tpdu->end()};
}

std::vector<uint8_t> user_data_of_submit(ByteView submit_tpdu) {
  const auto submit = sms::parse_submit(submit_tpdu);
  if (!submit || !submit->has_user_data_header) return {};
  return {submit->user_data.octets.begin(), submit->user_data.octets.end()};
}

}  // namespace simurgh::sim
