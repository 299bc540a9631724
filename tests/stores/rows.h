// Rows with a different value in every field, so that a column that is forgotten or swapped shows.
#pragma once

#include "storage/storage.h"

namespace simurgh::test {

inline Iccid iccid_of(uint64_t body) {
  return fleet::iccid_of({18, 894900000000000000 + body});
}
inline Imsi imsi_of(uint64_t number) {
  return fleet::imsi_of({15, 262010000000000 + number});
}
inline Msisdn msisdn_of(uint64_t number) {
  return *Msisdn::parse("49170" + std::to_string(1000000 + number));
}

template <size_t N>
ByteString<N> filled(size_t size, uint8_t value) {
  ByteString<N> out;
  out.resize(size);
  for (uint8_t& octet : out.span()) octet = value;
  return out;
}

inline fleet::Run run_of(uint64_t first, uint64_t count) {
  return {{18, 894900000000000000 + first}, {15, 262010000000000 + first}, count};
}

inline fleet::Range some_range(uint64_t id, uint64_t first, uint64_t count) {
  return {id, run_of(first, count), 0, "note " + std::to_string(id), Instant{1000}};
}

inline fleet::Element some_element(uint32_t id) {
  fleet::Element row;
  row.id = id;
  row.iccid = iccid_of(id);
  row.msisdn = msisdn_of(id);
  row.batch = static_cast<uint16_t>(2 + id % 3);
  row.source = fleet::ElementKeySource::imported;
  row.key_version = 3;
  row.psk_identity = "identity " + std::to_string(id);
  row.sealed_keys = filled<fleet::SealedElementKeys::capacity()>(60, static_cast<uint8_t>(id));
  row.created = Instant{1700 + id};
  return row;
}

inline fleet::Allocation some_allocation(uint64_t id, uint64_t first, uint64_t count) {
  fleet::Allocation row;
  row.id = id;
  row.range = 1;
  row.run = run_of(first, count);
  row.manufacturer = id % 2 == 0 ? "even cards" : "odd cards";
  row.ver = {1, 2, 3, 4, 5, 6, 7, static_cast<uint8_t>(id)};
  row.profile = "usim";
  row.created = Instant{2000};
  return row;
}

inline fleet::Chip some_chip(uint64_t number) {
  fleet::Chip row;
  row.iccid = iccid_of(number);
  row.imsi = imsi_of(number);
  row.ver = {8, 7, 6, 5, 4, 3, 2, 1};
  row.life = 3;
  row.state = fleet::ChipState::frozen;
  row.state_before_freeze = fleet::ChipState::rekeying;
  row.allocation = 5;
  row.msisdn = msisdn_of(number);
  row.contract = "contract";
  row.order = "order-1";
  row.created = Instant{11};
  row.changed = Instant{12};
  return row;
}

inline fleet::Order some_order(const std::string& id, uint64_t number) {
  fleet::Order row;
  row.id = id;
  row.iccid = iccid_of(number);
  row.life = 4;
  row.contract = "contract 7";
  row.msisdn = msisdn_of(number);
  row.code_kind = fleet::CodeKind::short_code;
  row.sealed_code = filled<44>(40, 0x5a);
  row.wrong_tries = 2;
  row.server_made_key = true;
  row.state = fleet::OrderState::frozen;
  row.created = Instant{21};
  row.changed = Instant{22};
  return row;
}

inline hlr::Subscriber some_subscriber(uint64_t number) {
  hlr::Subscriber row;
  row.imsi = imsi_of(number);
  row.iccid = iccid_of(number);
  row.msisdn = msisdn_of(number);
  row.algorithm = hlr::Algorithm::tuak;
  row.tuak_iterations = 7;
  row.life = 2;
  row.epoch = 9;
  row.sealed_keys = filled<hlr::SealedKeys::capacity()>(90, 0xa5);
  row.imported = false;
  row.hotline = true;
  row.fenced = false;
  row.circuit_allowed = true;
  row.packet_allowed = false;
  row.vlr = "vlr-1";
  row.sgsn = "sgsn-2";
  row.purged_circuit = true;
  row.purged_packet = false;
  row.created = Instant{31};
  row.changed = Instant{32};
  return row;
}

inline security_centre::ChipKeys some_chip_keys(uint64_t number) {
  security_centre::ChipKeys row;
  row.iccid = iccid_of(number);
  row.imsi = imsi_of(number);
  row.life = 1;
  row.ver = {9, 9, 9, 9, 9, 9, 9, 9};
  row.suites_allowed = 2;
  row.active_epoch = 3;
  row.active_secret = filled<60>(60, 0x11);
  row.previous_epoch = 4;
  row.previous_secret = filled<60>(60, 0x22);
  row.puk_secret = filled<60>(60, 0x33);
  row.epoch_max = 5;
  row.counter_to_chip = 0x0123456789;
  row.counter_from_chip_active = 7;
  row.counter_from_chip_previous = 8;
  row.attempt_last = 9;
  row.attempt_epoch = 10;
  row.m1_hash_last = {1, 2, 3};
  row.chip_suites = 11;
  row.reset = filled<security_centre::reset_octets_max>(500, 0x44);
  row.work = security_centre::Work::rekey;
  row.work_attempts = 12;
  row.work_next_try = Instant{13};
  row.commit_unconfirmed = true;
  row.directory_behind = false;
  return row;
}

}  // namespace simurgh::test
