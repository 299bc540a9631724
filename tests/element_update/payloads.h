// Payloads for cards that are served by short messages, and their settings.
#pragma once

#include "message_rig.h"

namespace simurgh::test {

inline const char* by_submit = R"({"bearer": "sms", "sms": {"parts_max": 3}})";
inline const char* by_report = R"({"bearer": "sms", "sms": {"response_by": "report"}})";

inline const ByteArray<16> usim = {0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02, 0xff,
                                   0xff, 0xff, 0xff, 0x89, 0x07, 0x09, 0x00, 0x00};

// Adds 1 to the chip's meter `times` times: two commands each. With a read-back that says whether
// it has the last value.
inline campaign::Payload meter_payload(bool read_back, int times = 1) {
  CommandsPayload payload;
  payload.target.application = *rm::Aid::of(usim);
  for (int i = 0; i < times; ++i) {
    payload.commands.push_back(from_hex("00a40004026f39"));
    payload.commands.push_back(from_hex("803200000300000100"));
  }
  if (read_back) {
    const auto last = static_cast<uint8_t>(times);
    payload.read_back = {{from_hex("00a40004026f39"), {}}, {from_hex("00b2010403"), {0, 0, last}}};
  }
  return *write_payload(PayloadKind::script, payload);
}

inline campaign::Payload spn_payload() {
  FilePayload payload;
  payload.target.application = *rm::Aid::of(usim);
  payload.writes.push_back({{0x6f46}, 1, from_hex("4d757368")});
  return *write_payload(payload);
}

inline campaign::Payload applet_payload() {
  AppletPayload payload;
  payload.load_file = *rm::Aid::of(from_hex("f00000000101"));
  payload.module = *rm::Aid::of(from_hex("f00000000102"));
  payload.instance = *rm::Aid::of(from_hex("f00000000103"));
  payload.privileges = {0};
  payload.code = Bytes(700, 0x5a);
  return *write_payload(payload);
}

}  // namespace simurgh::test
