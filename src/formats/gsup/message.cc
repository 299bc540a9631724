#include "formats/gsup/message.h"

namespace simurgh::gsup {
namespace {

struct Tlv {
  uint8_t tag;
  ByteView value;
  size_t offset;  // of the value
};

Result<Tlv> read_tlv(Reader& reader) {
  const uint8_t tag = TRY(reader.u8());
  const size_t begin = reader.offset() + 1;
  return Tlv{tag, TRY(reader.prefixed8()), begin};
}

Result<uint8_t> octet(const Tlv& tlv) {
  if (tlv.value.size() != 1) return fail(ErrorCode::bad_length, tlv.offset);
  return tlv.value[0];
}

template <size_t N>
Result<ByteArray<N>> octets(const Tlv& tlv) {
  if (tlv.value.size() != N) return fail(ErrorCode::bad_length, tlv.offset);
  ByteArray<N> out;
  std::memcpy(out.data(), tlv.value.data(), N);
  return out;
}

Result<Imsi> read_imsi(const Tlv& tlv) {
  char digits[Imsi::size_max];
  const auto text = parse_bcd(tlv.value, digits);
  if (!text.has_value()) return fail(ErrorCode::bad_value, tlv.offset + text.error().offset);
  const auto imsi = Imsi::parse(*text);
  if (!imsi.has_value()) return fail(imsi.error().code, tlv.offset);
  return *imsi;
}

Result<AuthTuple> read_auth_tuple(const Tlv& whole) {
  AuthTuple tuple;
  Reader reader(whole.value);
  while (!reader.at_end()) {
    auto read = read_tlv(reader);
    if (!read.has_value()) return fail(read.error().code, whole.offset + read.error().offset);
    Tlv tlv = *read;
    tlv.offset += whole.offset;
    switch (static_cast<Iei>(tlv.tag)) {
      case Iei::rand: tuple.rand = TRY(octets<16>(tlv)); break;
      case Iei::sres: tuple.sres = TRY(octets<4>(tlv)); break;
      case Iei::kc: tuple.kc = TRY(octets<8>(tlv)); break;
      case Iei::ik: tuple.ik = TRY(octets<16>(tlv)); break;
      case Iei::ck: tuple.ck = TRY(octets<16>(tlv)); break;
      case Iei::autn: tuple.autn = TRY(octets<16>(tlv)); break;
      case Iei::res:
        tuple.res.clear();
        if (!tuple.res.try_append(tlv.value)) return fail(ErrorCode::bad_length, tlv.offset);
        break;
      default: break;
    }
  }
  return tuple;
}

Result<PdpInfo> read_pdp_info(const Tlv& whole) {
  PdpInfo info;
  Reader reader(whole.value);
  while (!reader.at_end()) {
    auto read = read_tlv(reader);
    if (!read.has_value()) return fail(read.error().code, whole.offset + read.error().offset);
    Tlv tlv = *read;
    tlv.offset += whole.offset;
    switch (static_cast<Iei>(tlv.tag)) {
      case Iei::pdp_context_id: info.context_id = TRY(octet(tlv)); break;
      case Iei::pdp_address: info.address = tlv.value; break;
      case Iei::access_point_name: info.access_point_name = tlv.value; break;
      case Iei::pdp_qos: info.qos = tlv.value; break;
      case Iei::charging_characteristics: info.charging_characteristics = tlv.value; break;
      default: break;
    }
  }
  return info;
}

Result<uint32_t> number(const Tlv& tlv) {
  if (tlv.value.size() != 4) return fail(ErrorCode::bad_length, tlv.offset);
  return Reader(tlv.value).u32();
}

// Long: one line for each information element; cut up it would be harder to compare with the list.
Result<void> read_ie(const Tlv& tlv, Message& m) {
  switch (static_cast<Iei>(tlv.tag)) {
    case Iei::imsi: m.imsi = TRY(read_imsi(tlv)); return {};
    case Iei::cause: m.cause = TRY(octet(tlv)); return {};
    case Iei::auth_tuple:
      if (m.auth_tuples.full()) return fail(ErrorCode::too_large, tlv.offset);
      m.auth_tuples.push_back(TRY(read_auth_tuple(tlv)));
      return {};
    case Iei::pdp_info_complete: m.pdp_info_complete = true; return {};
    case Iei::pdp_info:
      if (m.pdp_infos.full()) return fail(ErrorCode::too_large, tlv.offset);
      m.pdp_infos.push_back(TRY(read_pdp_info(tlv)));
      return {};
    case Iei::cancel_type: m.cancel_type = static_cast<CancelType>(TRY(octet(tlv))); return {};
    case Iei::freeze_ptmsi: m.freeze_ptmsi = true; return {};
    case Iei::msisdn: m.msisdn = tlv.value; return {};
    case Iei::hlr_number: m.hlr_number = tlv.value; return {};
    case Iei::message_class:
      m.message_class = static_cast<MessageClass>(TRY(octet(tlv)));
      return {};
    case Iei::charging_characteristics: m.charging_characteristics = tlv.value; return {};
    case Iei::pco: m.pco = tlv.value; return {};
    case Iei::rand: m.rand = TRY(octets<16>(tlv)); return {};
    case Iei::auts: m.auts = TRY(octets<14>(tlv)); return {};
    case Iei::cn_domain: m.cn_domain = static_cast<CnDomain>(TRY(octet(tlv))); return {};
    case Iei::supported_rat_types: m.supported_rat_types = tlv.value; return {};
    case Iei::current_rat_type: m.current_rat_type = TRY(octet(tlv)); return {};
    case Iei::session_id: m.session_id = TRY(number(tlv)); return {};
    case Iei::session_state:
      m.session_state = static_cast<SessionState>(TRY(octet(tlv)));
      return {};
    case Iei::ss_info: m.ss_info = tlv.value; return {};
    case Iei::sm_rp_mr: m.sm_rp_mr = TRY(octet(tlv)); return {};
    case Iei::sm_rp_da: m.sm_rp_da = tlv.value; return {};
    case Iei::sm_rp_oa: m.sm_rp_oa = tlv.value; return {};
    case Iei::sm_rp_ui: m.sm_rp_ui = tlv.value; return {};
    case Iei::sm_rp_cause: m.sm_rp_cause = TRY(octet(tlv)); return {};
    case Iei::sm_rp_mms: m.sm_rp_mms = TRY(octet(tlv)); return {};
    case Iei::sm_alert_reason: m.sm_alert_reason = TRY(octet(tlv)); return {};
    case Iei::imei: m.imei = tlv.value; return {};
    case Iei::imei_result: m.imei_result = TRY(octet(tlv)); return {};
    case Iei::num_vectors_requested: m.num_vectors_requested = TRY(octet(tlv)); return {};
    case Iei::source_name: m.source_name = tlv.value; return {};
    case Iei::destination_name: m.destination_name = tlv.value; return {};
    case Iei::an_apdu: m.an_apdu = tlv.value; return {};
    case Iei::cause_rr: m.cause_rr = TRY(octet(tlv)); return {};
    case Iei::cause_bssap: m.cause_bssap = TRY(octet(tlv)); return {};
    case Iei::cause_sm: m.cause_sm = TRY(octet(tlv)); return {};
    case Iei::hotline: m.hotline = tlv.value; return {};
    default: break;
  }
  if (!m.unknown.try_push_back({tlv.tag, tlv.value})) ++m.unknown_skipped;
  return {};
}

// --- writing -------------------------------------------------------------------------------------

class IeWriter {
 public:
  explicit IeWriter(Writer& out) : out_(out) {}
  bool too_long() const { return too_long_; }

  void put(Iei tag, ByteView value) { put(static_cast<uint8_t>(tag), value); }
  void put(uint8_t tag, ByteView value) {
    if (value.size() > 0xff) too_long_ = true;
    out_.u8(tag).prefixed8(value);
  }
  void some(Iei tag, ByteView value) {
    if (!value.empty()) put(tag, value);
  }
  void some(Iei tag, const std::optional<ByteView>& value) {
    if (value.has_value()) put(tag, *value);
  }
  template <typename T>
    requires(sizeof(T) == 1)
  void some(Iei tag, const std::optional<T>& value) {
    if (!value.has_value()) return;
    const auto octet = static_cast<uint8_t>(*value);
    put(tag, {&octet, 1});
  }
  template <size_t N>
  void some(Iei tag, const std::optional<ByteArray<N>>& value) {
    if (value.has_value()) put(tag, *value);
  }
  void flag(Iei tag, bool set) {
    if (set) put(tag, ByteView{});
  }
  // An IE made of others.
  template <typename Fill>
  void nested(Iei tag, Fill fill) {
    out_.u8(static_cast<uint8_t>(tag)).u8(0);
    const size_t begin = out_.size();
    fill(*this);
    const size_t size = out_.size() - begin;
    if (size > 0xff) too_long_ = true;
    if (!out_.failed()) out_.patch_u8(begin - 1, static_cast<uint8_t>(size));
  }

 private:
  Writer& out_;
  bool too_long_ = false;
};

void write_imsi(IeWriter& out, const Imsi& imsi) {
  ByteArray<(Imsi::size_max + 1) / 2> bcd;
  const auto value = write_bcd(imsi.text(), bcd);
  SIMURGH_CHECK(value.has_value());
  out.put(Iei::imsi, *value);
}

void write_pdp_info(IeWriter& out, const PdpInfo& info) {
  out.some(Iei::pdp_context_id, info.context_id);
  out.some(Iei::pdp_address, info.address);
  out.some(Iei::access_point_name, info.access_point_name);
  out.some(Iei::pdp_qos, info.qos);
  out.some(Iei::charging_characteristics, info.charging_characteristics);
}

void write_auth_tuple(IeWriter& out, const AuthTuple& tuple) {
  out.put(Iei::rand, tuple.rand);
  out.put(Iei::sres, tuple.sres);
  out.put(Iei::kc, tuple.kc);
  out.some(Iei::ik, tuple.ik);
  out.some(Iei::ck, tuple.ck);
  out.some(Iei::autn, tuple.autn);
  out.some(Iei::res, tuple.res.view());
}

void write_ies(IeWriter& out, const Message& m) {
  write_imsi(out, m.imsi);
  out.some(Iei::msisdn, m.msisdn);
  out.some(Iei::hlr_number, m.hlr_number);
  out.some(Iei::cause, m.cause);
  out.some(Iei::cancel_type, m.cancel_type);
  out.flag(Iei::pdp_info_complete, m.pdp_info_complete);
  out.flag(Iei::freeze_ptmsi, m.freeze_ptmsi);
  for (const PdpInfo& info : m.pdp_infos) {
    out.nested(Iei::pdp_info, [&](IeWriter& inner) { write_pdp_info(inner, info); });
  }
  for (const AuthTuple& tuple : m.auth_tuples) {
    out.nested(Iei::auth_tuple, [&](IeWriter& inner) { write_auth_tuple(inner, tuple); });
  }
  out.some(Iei::num_vectors_requested, m.num_vectors_requested);
  out.some(Iei::auts, m.auts);
  out.some(Iei::rand, m.rand);
  out.some(Iei::cn_domain, m.cn_domain);
  out.some(Iei::charging_characteristics, m.charging_characteristics);
  out.some(Iei::pco, m.pco);
  if (m.session_id.has_value()) {
    ByteArray<4> id;
    Writer(id).u32(*m.session_id);
    out.put(Iei::session_id, id);
  }
  out.some(Iei::session_state, m.session_state);
  out.some(Iei::ss_info, m.ss_info);
  out.some(Iei::sm_rp_mr, m.sm_rp_mr);
  out.some(Iei::sm_rp_da, m.sm_rp_da);
  out.some(Iei::sm_rp_oa, m.sm_rp_oa);
  out.some(Iei::sm_rp_ui, m.sm_rp_ui);
  out.some(Iei::sm_rp_mms, m.sm_rp_mms);
  out.some(Iei::sm_rp_cause, m.sm_rp_cause);
  out.some(Iei::sm_alert_reason, m.sm_alert_reason);
  out.some(Iei::imei, m.imei);
  out.some(Iei::imei_result, m.imei_result);
  out.some(Iei::message_class, m.message_class);
  out.some(Iei::source_name, m.source_name);
  out.some(Iei::destination_name, m.destination_name);
  out.some(Iei::an_apdu, m.an_apdu);
  out.some(Iei::cause_rr, m.cause_rr);
  out.some(Iei::cause_bssap, m.cause_bssap);
  out.some(Iei::cause_sm, m.cause_sm);
  out.some(Iei::supported_rat_types, m.supported_rat_types);
  out.some(Iei::current_rat_type, m.current_rat_type);
  out.some(Iei::hotline, m.hotline);
  for (const UnknownIe& ie : m.unknown) out.put(ie.tag, ie.value);
}

}  // namespace

Result<Message> parse_message(ByteView bytes) {
  Reader reader(bytes);
  Message m;
  m.type = static_cast<MessageType>(TRY(reader.u8()));
  while (!reader.at_end()) {
    const Tlv tlv = TRY(read_tlv(reader));
    TRY(read_ie(tlv, m));
  }
  if (m.imsi.empty()) return fail(ErrorCode::bad_value, 1);
  return m;
}

Result<ByteView> write_message(const Message& message, MutableByteView out) {
  Writer writer(out);
  writer.u8(static_cast<uint8_t>(message.type));
  IeWriter ies(writer);
  write_ies(ies, message);
  if (ies.too_long()) return fail(ErrorCode::bad_length);
  return writer.finish();
}

Result<Msisdn> parse_number(ByteView value) {
  if (value.empty()) return fail(ErrorCode::truncated);
  // Either a length octet or, with the extension bit set, type of number and plan.
  const bool type_octet = (value[0] & 0x80) != 0;
  if (!type_octet && value[0] != value.size() - 1) return fail(ErrorCode::bad_length);
  char digits[Msisdn::size_max];
  return Msisdn::parse(TRY(parse_bcd(value.subspan(1), digits)));
}

Result<ByteView> write_number(const Msisdn& number, MutableByteView out) {
  if (out.empty()) return fail(ErrorCode::no_space);
  const ByteView bcd = TRY(write_bcd(number.text(), out.subspan(1)));
  out[0] = static_cast<uint8_t>(bcd.size());
  return ByteView(out.first(1 + bcd.size()));
}

Result<ByteView> write_access_point_name(std::string_view name, MutableByteView out) {
  constexpr size_t label_octets_max = 63;
  Writer writer(out);
  size_t begin = 0;
  while (true) {
    const size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view label = name.substr(begin, end - begin);
    if (label.empty() || label.size() > label_octets_max) {
      return fail(ErrorCode::bad_value, begin);
    }
    writer.prefixed8(bytes_of(label));
    if (end == name.size()) return writer.finish();
    begin = end + 1;
  }
}

Result<std::string_view> parse_access_point_name(ByteView value, std::span<char> out) {
  if (value.empty()) return fail(ErrorCode::truncated);
  Reader reader(value);
  Writer writer({reinterpret_cast<uint8_t*>(out.data()), out.size()});
  while (!reader.at_end()) {
    const size_t begin = reader.offset();
    const ByteView label = TRY(reader.prefixed8());
    if (label.empty()) return fail(ErrorCode::bad_value, begin);
    if (writer.size() > 0) writer.u8('.');
    writer.bytes(label);
  }
  return text_of(TRY(writer.finish()));
}

}  // namespace simurgh::gsup
