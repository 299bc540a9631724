#include "formats/smpp/pdu.h"

namespace simurgh::smpp {
namespace {

// --- reading -------------------------------------------------------------------------------------

// A C-octet string (3.1): octets up to a NUL that must come within `chars_max`. The offset of an
// error is the beginning of the field.
Result<std::string_view> read_text(Reader& reader, size_t chars_max) {
  const size_t begin = reader.offset();
  const ByteView rest = reader.rest();
  const size_t window = std::min(rest.size(), chars_max + 1);
  const void* nul = window == 0 ? nullptr : std::memchr(rest.data(), 0, window);
  if (nul == nullptr) {
    return fail(rest.size() > chars_max ? ErrorCode::bad_length : ErrorCode::truncated, begin);
  }
  const auto size = static_cast<size_t>(static_cast<const uint8_t*>(nul) - rest.data());
  TRY(reader.skip(size + 1));
  return text_of(rest.first(size));
}

// Times have exactly 16 characters or none (3.1, "fixed length").
Result<std::string_view> read_time(Reader& reader) {
  const size_t begin = reader.offset();
  const std::string_view text = TRY(read_text(reader, time_chars));
  if (!text.empty() && text.size() != time_chars) return fail(ErrorCode::bad_length, begin);
  return text;
}

Result<Address> read_address(Reader& reader, size_t chars_max) {
  Address address;
  address.ton = TRY(reader.u8());
  address.npi = TRY(reader.u8());
  address.digits = TRY(read_text(reader, chars_max));
  return address;
}

Result<ByteView> read_short_message(Reader& reader) {
  const size_t begin = reader.offset();
  const size_t octets = TRY(reader.u8());
  if (octets > short_message_octets_max) return fail(ErrorCode::bad_length, begin);
  return reader.bytes(octets);
}

Result<Tlvs> read_tlvs(Reader& reader) {
  const size_t begin = reader.offset();
  const auto tlvs = Tlvs::parse(reader.rest());
  if (!tlvs.has_value()) return fail(tlvs.error().code, begin + tlvs.error().offset);
  TRY(reader.skip(reader.remaining()));
  return *tlvs;
}

Result<Body> read_bind(Reader& reader) {
  Bind bind;
  bind.system_id = TRY(read_text(reader, system_id_chars_max));
  bind.password = TRY(read_text(reader, password_chars_max));
  bind.system_type = TRY(read_text(reader, system_type_chars_max));
  bind.interface_version = TRY(reader.u8());
  bind.address_ton = TRY(reader.u8());
  bind.address_npi = TRY(reader.u8());
  bind.address_range = TRY(read_text(reader, address_range_chars_max));
  return bind;
}

Result<Body> read_bind_resp(Reader& reader, Status status) {
  BindResp resp;
  if (reader.at_end() && status != Status::ok) return resp;  // 4.1.2: no body with an error
  resp.system_id = TRY(read_text(reader, system_id_chars_max));
  resp.tlvs = TRY(read_tlvs(reader));
  return resp;
}

Result<Body> read_outbind(Reader& reader) {
  Outbind outbind;
  outbind.system_id = TRY(read_text(reader, system_id_chars_max));
  outbind.password = TRY(read_text(reader, password_chars_max));
  return outbind;
}

Result<Body> read_message(Reader& reader) {
  ShortMessage m;
  m.service_type = TRY(read_text(reader, service_type_chars_max));
  m.source = TRY(read_address(reader, address_chars_max));
  m.destination = TRY(read_address(reader, address_chars_max));
  m.esm_class = TRY(reader.u8());
  m.protocol_id = TRY(reader.u8());
  m.priority = TRY(reader.u8());
  m.schedule_delivery_time = TRY(read_time(reader));
  m.validity_period = TRY(read_time(reader));
  m.registered_delivery = TRY(reader.u8());
  m.replace_if_present = TRY(reader.u8());
  m.data_coding = TRY(reader.u8());
  m.default_message_id = TRY(reader.u8());
  m.short_message = TRY(read_short_message(reader));
  m.tlvs = TRY(read_tlvs(reader));
  return m;
}

Result<Body> read_message_id(Reader& reader, Status status) {
  MessageIdBody body;
  if (reader.at_end() && status != Status::ok) return body;  // 4.4.2
  body.message_id = TRY(read_text(reader, message_id_chars_max));
  body.tlvs = TRY(read_tlvs(reader));
  return body;
}

Result<Body> read_data_sm(Reader& reader) {
  DataSm m;
  m.service_type = TRY(read_text(reader, service_type_chars_max));
  m.source = TRY(read_address(reader, data_address_chars_max));
  m.destination = TRY(read_address(reader, data_address_chars_max));
  m.esm_class = TRY(reader.u8());
  m.registered_delivery = TRY(reader.u8());
  m.data_coding = TRY(reader.u8());
  m.tlvs = TRY(read_tlvs(reader));
  return m;
}

Result<Body> read_query(Reader& reader) {
  QuerySm query;
  query.message_id = TRY(read_text(reader, message_id_chars_max));
  query.source = TRY(read_address(reader, address_chars_max));
  return query;
}

Result<Body> read_query_resp(Reader& reader, Status status) {
  QuerySmResp resp;
  if (reader.at_end() && status != Status::ok) return resp;
  resp.message_id = TRY(read_text(reader, message_id_chars_max));
  resp.final_date = TRY(read_time(reader));
  resp.state = static_cast<MessageState>(TRY(reader.u8()));
  resp.error_code = TRY(reader.u8());
  return resp;
}

Result<Body> read_cancel(Reader& reader) {
  CancelSm cancel;
  cancel.service_type = TRY(read_text(reader, service_type_chars_max));
  cancel.message_id = TRY(read_text(reader, message_id_chars_max));
  cancel.source = TRY(read_address(reader, address_chars_max));
  cancel.destination = TRY(read_address(reader, address_chars_max));
  return cancel;
}

Result<Body> read_replace(Reader& reader) {
  ReplaceSm replace;
  replace.message_id = TRY(read_text(reader, message_id_chars_max));
  replace.source = TRY(read_address(reader, address_chars_max));
  replace.schedule_delivery_time = TRY(read_time(reader));
  replace.validity_period = TRY(read_time(reader));
  replace.registered_delivery = TRY(reader.u8());
  replace.default_message_id = TRY(reader.u8());
  replace.short_message = TRY(read_short_message(reader));
  return replace;
}

Result<Body> read_alert(Reader& reader) {
  AlertNotification alert;
  alert.source = TRY(read_address(reader, data_address_chars_max));
  alert.esme = TRY(read_address(reader, data_address_chars_max));
  alert.tlvs = TRY(read_tlvs(reader));
  return alert;
}

Result<Body> read_body(Reader& reader, const Header& header) {
  switch (header.id) {
    case CommandId::bind_receiver:
    case CommandId::bind_transmitter:
    case CommandId::bind_transceiver: return read_bind(reader);
    case CommandId::bind_receiver_resp:
    case CommandId::bind_transmitter_resp:
    case CommandId::bind_transceiver_resp: return read_bind_resp(reader, header.status);
    case CommandId::outbind: return read_outbind(reader);
    case CommandId::submit_sm:
    case CommandId::deliver_sm: return read_message(reader);
    case CommandId::submit_sm_resp:
    case CommandId::deliver_sm_resp:
    case CommandId::data_sm_resp: return read_message_id(reader, header.status);
    case CommandId::data_sm: return read_data_sm(reader);
    case CommandId::query_sm: return read_query(reader);
    case CommandId::query_sm_resp: return read_query_resp(reader, header.status);
    case CommandId::cancel_sm: return read_cancel(reader);
    case CommandId::replace_sm: return read_replace(reader);
    case CommandId::alert_notification: return read_alert(reader);
    case CommandId::unbind:
    case CommandId::unbind_resp:
    case CommandId::enquire_link:
    case CommandId::enquire_link_resp:
    case CommandId::cancel_sm_resp:
    case CommandId::replace_sm_resp:
    case CommandId::generic_nack: return Body(NoBody{});
  }
  return fail(ErrorCode::unsupported, 4);
}

// --- writing -------------------------------------------------------------------------------------

// A writer that also knows the limits of the fields; the first broken one is remembered.
class BodyWriter {
 public:
  explicit BodyWriter(MutableByteView out) : writer_(out) {}

  void text(std::string_view text, size_t chars_max) {
    if (text.size() > chars_max || text.find('\0') != text.npos) too_long();
    writer_.bytes(bytes_of(text)).u8(0);
  }
  void time(std::string_view time) {
    if (!time.empty() && time.size() != time_chars) too_long();
    text(time, time_chars);
  }
  void address(const Address& address, size_t chars_max) {
    writer_.u8(address.ton).u8(address.npi);
    text(address.digits, chars_max);
  }
  void short_message(ByteView message) {
    if (message.size() > short_message_octets_max) too_long();
    writer_.u8(static_cast<uint8_t>(message.size())).bytes(message);
  }
  void tlvs(const Tlvs& tlvs) { writer_.bytes(tlvs.raw()); }
  Writer& raw() { return writer_; }

  // With command_length put in.
  Result<ByteView> finish() {
    if (limit_broken_) return fail(ErrorCode::bad_length, limit_offset_);
    if (!writer_.failed()) {
      writer_.patch_u16(0, static_cast<uint16_t>(writer_.size() >> 16));
      writer_.patch_u16(2, static_cast<uint16_t>(writer_.size()));
    }
    return writer_.finish();
  }

 private:
  void too_long() {
    if (!limit_broken_) limit_offset_ = writer_.size();
    limit_broken_ = true;
  }
  Writer writer_;
  bool limit_broken_ = false;
  size_t limit_offset_ = 0;
};

void write_header(BodyWriter& out, const Header& header) {
  out.raw().u32(0).u32(static_cast<uint32_t>(header.id));
  out.raw().u32(static_cast<uint32_t>(header.status)).u32(header.sequence);
}

void write_body(BodyWriter&, const Header&, const NoBody&) {}

void write_body(BodyWriter& out, const Header&, const Bind& bind) {
  out.text(bind.system_id, system_id_chars_max);
  out.text(bind.password, password_chars_max);
  out.text(bind.system_type, system_type_chars_max);
  out.raw().u8(bind.interface_version).u8(bind.address_ton).u8(bind.address_npi);
  out.text(bind.address_range, address_range_chars_max);
}

void write_body(BodyWriter& out, const Header& header, const BindResp& resp) {
  if (header.status != Status::ok && resp.system_id.empty() && resp.tlvs.empty()) return;
  out.text(resp.system_id, system_id_chars_max);
  out.tlvs(resp.tlvs);
}

void write_body(BodyWriter& out, const Header&, const Outbind& outbind) {
  out.text(outbind.system_id, system_id_chars_max);
  out.text(outbind.password, password_chars_max);
}

void write_body(BodyWriter& out, const Header&, const ShortMessage& m) {
  out.text(m.service_type, service_type_chars_max);
  out.address(m.source, address_chars_max);
  out.address(m.destination, address_chars_max);
  out.raw().u8(m.esm_class).u8(m.protocol_id).u8(m.priority);
  out.time(m.schedule_delivery_time);
  out.time(m.validity_period);
  out.raw().u8(m.registered_delivery).u8(m.replace_if_present);
  out.raw().u8(m.data_coding).u8(m.default_message_id);
  out.short_message(m.short_message);
  out.tlvs(m.tlvs);
}

void write_body(BodyWriter& out, const Header& header, const MessageIdBody& body) {
  if (header.status != Status::ok && body.message_id.empty() && body.tlvs.empty()) return;
  out.text(body.message_id, message_id_chars_max);
  out.tlvs(body.tlvs);
}

void write_body(BodyWriter& out, const Header&, const DataSm& m) {
  out.text(m.service_type, service_type_chars_max);
  out.address(m.source, data_address_chars_max);
  out.address(m.destination, data_address_chars_max);
  out.raw().u8(m.esm_class).u8(m.registered_delivery).u8(m.data_coding);
  out.tlvs(m.tlvs);
}

void write_body(BodyWriter& out, const Header&, const QuerySm& query) {
  out.text(query.message_id, message_id_chars_max);
  out.address(query.source, address_chars_max);
}

void write_body(BodyWriter& out, const Header& header, const QuerySmResp& resp) {
  if (header.status != Status::ok && resp.message_id.empty()) return;
  out.text(resp.message_id, message_id_chars_max);
  out.time(resp.final_date);
  out.raw().u8(static_cast<uint8_t>(resp.state)).u8(resp.error_code);
}

void write_body(BodyWriter& out, const Header&, const CancelSm& cancel) {
  out.text(cancel.service_type, service_type_chars_max);
  out.text(cancel.message_id, message_id_chars_max);
  out.address(cancel.source, address_chars_max);
  out.address(cancel.destination, address_chars_max);
}

void write_body(BodyWriter& out, const Header&, const ReplaceSm& replace) {
  out.text(replace.message_id, message_id_chars_max);
  out.address(replace.source, address_chars_max);
  out.time(replace.schedule_delivery_time);
  out.time(replace.validity_period);
  out.raw().u8(replace.registered_delivery).u8(replace.default_message_id);
  out.short_message(replace.short_message);
}

void write_body(BodyWriter& out, const Header&, const AlertNotification& alert) {
  out.address(alert.source, data_address_chars_max);
  out.address(alert.esme, data_address_chars_max);
  out.tlvs(alert.tlvs);
}

bool body_fits(CommandId id, const Body& body) {
  switch (id) {
    case CommandId::bind_receiver:
    case CommandId::bind_transmitter:
    case CommandId::bind_transceiver: return std::holds_alternative<Bind>(body);
    case CommandId::bind_receiver_resp:
    case CommandId::bind_transmitter_resp:
    case CommandId::bind_transceiver_resp: return std::holds_alternative<BindResp>(body);
    case CommandId::outbind: return std::holds_alternative<Outbind>(body);
    case CommandId::submit_sm:
    case CommandId::deliver_sm: return std::holds_alternative<ShortMessage>(body);
    case CommandId::submit_sm_resp:
    case CommandId::deliver_sm_resp:
    case CommandId::data_sm_resp: return std::holds_alternative<MessageIdBody>(body);
    case CommandId::data_sm: return std::holds_alternative<DataSm>(body);
    case CommandId::query_sm: return std::holds_alternative<QuerySm>(body);
    case CommandId::query_sm_resp: return std::holds_alternative<QuerySmResp>(body);
    case CommandId::cancel_sm: return std::holds_alternative<CancelSm>(body);
    case CommandId::replace_sm: return std::holds_alternative<ReplaceSm>(body);
    case CommandId::alert_notification: return std::holds_alternative<AlertNotification>(body);
    default: return std::holds_alternative<NoBody>(body);
  }
}

}  // namespace

std::string_view name_of(CommandId id) {
  switch (id) {
    case CommandId::bind_receiver: return "bind_receiver";
    case CommandId::bind_transmitter: return "bind_transmitter";
    case CommandId::query_sm: return "query_sm";
    case CommandId::submit_sm: return "submit_sm";
    case CommandId::deliver_sm: return "deliver_sm";
    case CommandId::unbind: return "unbind";
    case CommandId::replace_sm: return "replace_sm";
    case CommandId::cancel_sm: return "cancel_sm";
    case CommandId::bind_transceiver: return "bind_transceiver";
    case CommandId::outbind: return "outbind";
    case CommandId::enquire_link: return "enquire_link";
    case CommandId::alert_notification: return "alert_notification";
    case CommandId::data_sm: return "data_sm";
    case CommandId::generic_nack: return "generic_nack";
    case CommandId::bind_receiver_resp: return "bind_receiver_resp";
    case CommandId::bind_transmitter_resp: return "bind_transmitter_resp";
    case CommandId::query_sm_resp: return "query_sm_resp";
    case CommandId::submit_sm_resp: return "submit_sm_resp";
    case CommandId::deliver_sm_resp: return "deliver_sm_resp";
    case CommandId::unbind_resp: return "unbind_resp";
    case CommandId::replace_sm_resp: return "replace_sm_resp";
    case CommandId::cancel_sm_resp: return "cancel_sm_resp";
    case CommandId::bind_transceiver_resp: return "bind_transceiver_resp";
    case CommandId::enquire_link_resp: return "enquire_link_resp";
    case CommandId::data_sm_resp: return "data_sm_resp";
  }
  return "unknown";
}

ByteView ShortMessage::content() const {
  const auto payload = tlvs.find(Tag::message_payload);
  return payload.has_value() && short_message.empty() ? *payload : short_message;
}

Result<size_t> parse_length(ByteView buffer, size_t octets_max) {
  const size_t length = TRY(Reader(buffer).u32());
  if (length < header_octets) return fail(ErrorCode::bad_length, 0);
  if (length > octets_max) return fail(ErrorCode::too_large, 0);
  return length;
}

Result<Header> parse_header(ByteView pdu) {
  Reader reader(pdu);
  TRY(reader.skip(4));
  Header header;
  header.id = static_cast<CommandId>(TRY(reader.u32()));
  header.status = static_cast<Status>(TRY(reader.u32()));
  header.sequence = TRY(reader.u32());
  return header;
}

Result<Pdu> parse_pdu(ByteView pdu) {
  if (TRY(parse_length(pdu)) != pdu.size()) return fail(ErrorCode::bad_length, 0);
  Pdu parsed{.header = TRY(parse_header(pdu)), .body = {}};
  Reader reader(pdu);
  TRY(reader.skip(header_octets));
  parsed.body = TRY(read_body(reader, parsed.header));
  TRY(reader.expect_end());
  return parsed;
}

Result<ByteView> write_pdu(const Header& header, const Body& body, MutableByteView out) {
  SIMURGH_CHECK(body_fits(header.id, body));
  BodyWriter writer(out);
  write_header(writer, header);
  std::visit([&](const auto& alternative) { write_body(writer, header, alternative); }, body);
  return writer.finish();
}

Result<ByteView> write_pdu(const Header& header, const ShortMessage& body, MutableByteView out) {
  SIMURGH_CHECK(header.id == CommandId::submit_sm || header.id == CommandId::deliver_sm);
  BodyWriter writer(out);
  write_header(writer, header);
  write_body(writer, header, body);
  return writer.finish();
}

Status status_for(const Error& error) {
  switch (error.code) {
    case ErrorCode::unsupported: return Status::invalid_command_id;
    case ErrorCode::trailing_bytes:
    case ErrorCode::truncated: return Status::invalid_command_length;
    case ErrorCode::bad_length: return Status::invalid_message_length;
    default: return Status::unknown_error;
  }
}

}  // namespace simurgh::smpp
