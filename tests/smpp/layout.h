// The layouts of SMPP 3.4 chapter 4 once more, as plain tables, so that the tests build PDUs
// without the code that they test.
#pragma once

#include <string>
#include <vector>

#include "formats/smpp/pdu.h"
#include "hex.h"

namespace simurgh::smpp {

struct Field {
  enum class Kind { octet, text, time, message, tlvs } kind;
  size_t octets_max = 0;  // of texts, with the NUL, as the specification's tables have it
};

struct Layout {
  CommandId id;
  std::vector<Field> fields;
  bool optional_with_error = false;  // the body may be left out when command_status is not 0
};

inline const std::vector<Layout>& layouts() {
  using K = Field::Kind;
  const Field octet{K::octet}, time{K::time, 17}, message{K::message}, tlvs{K::tlvs};
  const auto text = [](size_t octets_max) { return Field{K::text, octets_max}; };
  const std::vector<Field> bind = {text(16), text(9), text(13), octet, octet, octet, text(41)};
  const std::vector<Field> bind_resp = {text(16), tlvs};
  const std::vector<Field> sm = {text(6),  octet, octet, text(21), octet,   octet,
                                 text(21), octet, octet, octet,    time,    time,
                                 octet,    octet, octet, octet,    message, tlvs};
  const std::vector<Field> id_resp = {text(65), tlvs};
  using C = CommandId;
  static const std::vector<Layout> all = {
      {C::bind_receiver, bind},
      {C::bind_transmitter, bind},
      {C::bind_transceiver, bind},
      {C::bind_receiver_resp, bind_resp, true},
      {C::bind_transmitter_resp, bind_resp, true},
      {C::bind_transceiver_resp, bind_resp, true},
      {C::outbind, {text(16), text(9)}},
      {C::unbind, {}},
      {C::unbind_resp, {}},
      {C::generic_nack, {}},
      {C::submit_sm, sm},
      {C::deliver_sm, sm},
      {C::submit_sm_resp, id_resp, true},
      {C::deliver_sm_resp, id_resp, true},
      {C::data_sm_resp, id_resp, true},
      {C::data_sm,
       {text(6), octet, octet, text(65), octet, octet, text(65), octet, octet, octet, tlvs}},
      {C::query_sm, {text(65), octet, octet, text(21)}},
      {C::query_sm_resp, {text(65), time, octet, octet}, true},
      {C::cancel_sm, {text(6), text(65), octet, octet, text(21), octet, octet, text(21)}},
      {C::cancel_sm_resp, {}},
      {C::replace_sm, {text(65), octet, octet, text(21), time, time, octet, octet, message}},
      {C::replace_sm_resp, {}},
      {C::enquire_link, {}},
      {C::enquire_link_resp, {}},
      {C::alert_notification, {octet, octet, text(65), octet, octet, text(65), tlvs}},
  };
  return all;
}

inline void put_u32(test::Bytes& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(value >> shift));
}

inline void set_u32(test::Bytes& out, size_t at, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) out[at + i] = static_cast<uint8_t>(value >> (24 - 8 * i));
}

inline test::Bytes with_length(test::Bytes pdu) {
  set_u32(pdu, 0, static_cast<uint32_t>(pdu.size()));
  return pdu;
}

inline test::Bytes header_bytes(CommandId id, uint32_t status = 0, uint32_t sequence = 7) {
  test::Bytes out;
  put_u32(out, 0);
  put_u32(out, static_cast<uint32_t>(id));
  put_u32(out, status);
  put_u32(out, sequence);
  return out;
}

// What stands in the field with that index; a default for the others.
inline void put_field(test::Bytes& out, const Field& field, const test::Bytes* instead) {
  if (instead != nullptr) {
    out.insert(out.end(), instead->begin(), instead->end());
    return;
  }
  static const std::string time = "260102030405000+";
  switch (field.kind) {
    case Field::Kind::octet: out.push_back(0x41); return;
    case Field::Kind::text:
      out.insert(out.end(), {'a', 'b', 'c'});
      out.push_back(0);
      return;
    case Field::Kind::time:
      out.insert(out.end(), time.begin(), time.end());
      out.push_back(0);
      return;
    case Field::Kind::message: out.insert(out.end(), {3, 'x', 'y', 'z'}); return;
    // user_message_reference, and a vendor's without a value
    case Field::Kind::tlvs: out.insert(out.end(), {2, 4, 0, 2, 0xab, 0xcd, 0x14, 0, 0, 0}); return;
  }
}

// A PDU of this layout whose field `index` holds `instead`; SIZE_MAX replaces none.
inline test::Bytes build(const Layout& layout, size_t index = SIZE_MAX,
                         const test::Bytes& instead = {}) {
  test::Bytes out = header_bytes(layout.id);
  for (size_t i = 0; i < layout.fields.size(); ++i) {
    put_field(out, layout.fields[i], i == index ? &instead : nullptr);
  }
  return with_length(out);
}

}  // namespace simurgh::smpp
