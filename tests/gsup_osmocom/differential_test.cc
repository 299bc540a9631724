// Our GSUP against libosmogsm's (AGPL; linked with this test only): messages drawn at random are
// written by us, read by it, written by it, and come out as the same bytes.
#include <doctest/doctest.h>

extern "C" {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <osmocom/core/application.h>
#include <osmocom/core/logging.h>
#include <osmocom/core/msgb.h>
#include <osmocom/gsm/gsup.h>
#include <osmocom/gsm/gsup_sms.h>
#pragma GCC diagnostic pop
}

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "formats/gsup/message.h"
#include "hex.h"

namespace simurgh::gsup {
namespace {

using test::Bytes;
using test::to_hex;

void init_osmocom_once() {
  static bool done = false;
  if (std::exchange(done, true)) return;
  static const log_info info{};
  log_init(&info, nullptr);  // without targets: silent
  msgb_talloc_ctx_init(nullptr, 0);
}

// Views of a message point into here.
struct Draw {
  explicit Draw(uint32_t seed) : random(seed) {}
  bool maybe() { return random() % 2 == 0; }
  uint8_t octet() { return static_cast<uint8_t>(random()); }
  ByteView bytes(size_t least, size_t most) {
    Bytes drawn(least + random() % (most - least + 1));
    for (uint8_t& value : drawn) value = octet();
    kept.push_back(std::make_unique<Bytes>(std::move(drawn)));
    return *kept.back();
  }
  template <size_t N>
  ByteArray<N> array() {
    ByteArray<N> out;
    for (uint8_t& value : out) value = octet();
    return out;
  }
  std::mt19937 random;
  std::vector<std::unique_ptr<Bytes>> kept;
};

AuthTuple draw_tuple(Draw& draw) {
  AuthTuple tuple;
  tuple.rand = draw.array<16>();
  tuple.sres = draw.array<4>();
  tuple.kc = draw.array<8>();
  if (draw.maybe()) {
    tuple.ik = draw.array<16>();
    tuple.ck = draw.array<16>();
    tuple.autn = draw.array<16>();
    tuple.res.assign(draw.bytes(4, 16));
  }
  return tuple;
}

PdpInfo draw_pdp(Draw& draw) {
  PdpInfo info;
  info.context_id = static_cast<uint8_t>(1 + draw.random() % 10);
  // It knows the type alone, with the organisation's bits set.
  if (draw.maybe()) info.address = draw.bytes(2, 2);
  if (!info.address.empty()) const_cast<uint8_t&>(info.address[0]) = 0xf1;
  if (draw.maybe()) info.access_point_name = draw.bytes(1, 40);
  if (draw.maybe()) info.qos = draw.bytes(1, 20);
  if (draw.maybe()) info.charging_characteristics = draw.bytes(2, 2);
  return info;
}

// Values outside of what libosmogsm knows for an enumeration are left out: it normalises them.
Message draw_message(Draw& draw) {
  Message m;
  m.type = static_cast<MessageType>(1 + draw.random() % 127);
  std::string imsi;
  const size_t digits = 6 + draw.random() % 10;
  while (imsi.size() < digits) imsi += static_cast<char>('0' + draw.random() % 10);
  m.imsi = *Imsi::parse(imsi);
  if (draw.maybe()) m.msisdn = draw.bytes(1, 9);
  if (draw.maybe()) m.hlr_number = draw.bytes(1, 9);
  if (draw.maybe()) m.cause = static_cast<uint8_t>(1 + draw.random() % 255);
  if (draw.maybe()) m.cancel_type = static_cast<CancelType>(draw.random() % 2);
  m.pdp_info_complete = draw.maybe();
  m.freeze_ptmsi = draw.maybe();
  for (size_t n = draw.random() % 4; n > 0; --n) m.pdp_infos.push_back(draw_pdp(draw));
  if (draw.maybe()) m.charging_characteristics = draw.bytes(2, 2);
  // In the request libosmogsm takes the number of vectors for the number asked for.
  if (m.type == MessageType::send_auth_info_request) {
    m.num_vectors_requested = static_cast<uint8_t>(1 + draw.random() % 255);
  } else {
    for (size_t n = draw.random() % 6; n > 0; --n) m.auth_tuples.push_back(draw_tuple(draw));
  }
  if (draw.maybe()) m.auts = draw.array<14>();
  if (draw.maybe()) m.rand = draw.array<16>();
  if (draw.maybe()) m.cn_domain = static_cast<CnDomain>(1 + draw.random() % 2);
  if (draw.maybe()) {
    m.session_state = static_cast<SessionState>(1 + draw.random() % 3);
    m.session_id = static_cast<uint32_t>(draw.random());
  }
  if (draw.maybe()) m.ss_info = draw.bytes(1, 200);
  if (draw.maybe()) m.sm_rp_ui = draw.bytes(1, 160);
  if (draw.maybe()) m.sm_rp_mr = draw.octet();
  if (draw.maybe()) m.sm_rp_cause = draw.octet();
  if (draw.maybe()) m.sm_rp_mms = draw.octet();
  if (draw.maybe()) m.imei = draw.bytes(8, 8);
  if (draw.maybe()) m.imei_result = static_cast<uint8_t>(draw.random() % 2);
  if (draw.maybe()) m.message_class = static_cast<MessageClass>(1 + draw.random() % 4);
  if (draw.maybe()) m.source_name = draw.bytes(1, 30);
  if (draw.maybe()) m.destination_name = draw.bytes(1, 30);
  if (draw.maybe()) m.cause_rr = draw.octet();
  if (draw.maybe()) m.cause_bssap = draw.octet();
  if (draw.maybe()) m.cause_sm = static_cast<uint8_t>(1 + draw.random() % 255);
  return m;
}

Bytes encoded_by_osmocom(const osmo_gsup_message& message) {
  msgb* const msg = msgb_alloc(message_octets_max, "test");
  const int result = osmo_gsup_encode(msg, &message);
  REQUIRE(result == 0);
  Bytes bytes;
  for (unsigned i = 0; i < msgb_length(msg); ++i) bytes.push_back(msgb_data(msg)[i]);
  msgb_free(msg);
  return bytes;
}

TEST_CASE("what we write, libosmogsm reads to the same fields and writes to the same bytes") {
  init_osmocom_once();
  for (uint32_t seed = 1; seed <= 5'000; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    const Message ours = draw_message(draw);
    uint8_t out[message_octets_max];
    const auto written = write_message(ours, out);
    REQUIRE(written.has_value());
    CAPTURE(to_hex(*written));
    osmo_gsup_message theirs{};
    REQUIRE(osmo_gsup_decode(written->data(), written->size(), &theirs) == 0);
    REQUIRE(ours.imsi.text() == theirs.imsi);
    REQUIRE(theirs.message_type == static_cast<int>(ours.type));
    REQUIRE(theirs.num_auth_vectors ==
            ours.num_vectors_requested.value_or(static_cast<uint8_t>(ours.auth_tuples.size())));
    REQUIRE(theirs.num_pdp_infos == ours.pdp_infos.size());
    for (size_t i = 0; i < ours.auth_tuples.size(); ++i) {
      REQUIRE(equal(ByteView(theirs.auth_vectors[i].rand), ours.auth_tuples[i].rand));
      REQUIRE(equal(ByteView(theirs.auth_vectors[i].kc), ours.auth_tuples[i].kc));
      REQUIRE(equal({theirs.auth_vectors[i].res, theirs.auth_vectors[i].res_len},
                    ours.auth_tuples[i].res));
    }
    REQUIRE((theirs.cause_rr_set ? theirs.cause_rr : 0) == ours.cause_rr.value_or(0));
    REQUIRE(theirs.session_id == ours.session_id.value_or(0));
    const Bytes again = encoded_by_osmocom(theirs);
    CAPTURE(to_hex(again));
    REQUIRE(to_hex(again) == to_hex(*written));
  }
}

TEST_CASE("whatever we accept of damaged messages, libosmogsm reads the same IMSI from") {
  init_osmocom_once();
  size_t both = 0;
  for (uint32_t seed = 1; seed <= 3'000; ++seed) {
    Draw draw(seed);
    const Message ours = draw_message(draw);
    uint8_t out[message_octets_max];
    const auto written = write_message(ours, out);
    Bytes bytes;
    for (const uint8_t octet : *written) bytes.push_back(octet);
    for (int i = 0; i < 20; ++i) {
      Bytes damaged = bytes;
      if (draw.maybe()) damaged.resize(draw.random() % (damaged.size() + 1));
      if (!damaged.empty()) damaged[draw.random() % damaged.size()] = draw.octet();
      const auto parsed = parse_message(damaged);
      osmo_gsup_message theirs{};
      const int result = osmo_gsup_decode(damaged.data(), damaged.size(), &theirs);
      if (!parsed.has_value() || result != 0) continue;
      ++both;
      REQUIRE(parsed->imsi.text() == theirs.imsi);
      if (!parsed->num_vectors_requested.has_value()) {
        REQUIRE(parsed->auth_tuples.size() == theirs.num_auth_vectors);
      }
    }
  }
  CHECK(both > 1'000);
}

TEST_CASE("D6: libosmogsm skips the hotline IE and reads the rest") {
  init_osmocom_once();
  uint8_t number[number_octets_max], msisdn[number_octets_max], out[message_octets_max];
  Message message;
  message.type = MessageType::insert_data_request;
  message.imsi = *Imsi::parse("901700000000001");
  message.msisdn = *write_number(*Msisdn::parse("491700000001"), msisdn);
  message.hotline = *write_number(*Msisdn::parse("4917999"), number);
  const auto written = write_message(message, out);
  osmo_gsup_message theirs{};
  REQUIRE(osmo_gsup_decode(written->data(), written->size(), &theirs) == 0);
  CHECK(theirs.imsi == std::string("901700000000001"));
  CHECK(theirs.msisdn_enc_len == 7);
}

}  // namespace
}  // namespace simurgh::gsup
