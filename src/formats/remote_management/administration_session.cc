#include "formats/remote_management/administration_session.h"

#include "formats/tlv/ber_tlv.h"
#include "formats/toolkit/object_list.h"

namespace simurgh::remote_management {

namespace {

constexpr tlv::Tag tag_trigger = 0x81;
constexpr tlv::Tag tag_session = 0x83;
constexpr tlv::Tag tag_connection = 0x84;
constexpr tlv::Tag tag_security = 0x85;
constexpr tlv::Tag tag_extended_security = 0xa5;
constexpr tlv::Tag tag_retry = 0x86;
constexpr tlv::Tag tag_failure_report = 0x87;
constexpr tlv::Tag tag_http = 0x89;
constexpr tlv::Tag tag_host = 0x8a;
constexpr tlv::Tag tag_agent_id = 0x8b;
constexpr tlv::Tag tag_uri = 0x8c;
constexpr tlv::Tag tag_name_resolution = 0xb3;
constexpr tlv::Tag tag_server_name = 0xd6;
constexpr tlv::Tag tag_name_connection = 0xfa;

namespace object = toolkit::tag;

// The error of something inside `element`, with the place in what holds it.
template <typename T>
Result<T> inside(const tlv::Element& element, Result<T>&& result) {
  if (!result.has_value()) {
    return fail(result.error().code, element.offset + result.error().offset);
  }
  return std::move(result);
}

Result<void> take_view(const tlv::Element& element, size_t octets_max, ByteView& into) {
  if (element.value.empty()) return fail(ErrorCode::bad_length, element.offset);
  if (element.value.size() > octets_max) return fail(ErrorCode::too_large, element.offset);
  if (!into.empty()) return fail(ErrorCode::bad_value, element.offset);
  into = element.value;
  return {};
}

Result<ConnectionParameters> parse_connection(ByteView bytes) {
  auto objects = TRY(toolkit::ObjectList::parse(bytes));
  ConnectionParameters out;
  if (const auto value = objects.take(object::bearer_description)) {
    out.bearer = TRY(toolkit::parse_bearer(*value));
  }
  if (const auto value = objects.take(object::buffer_size)) {
    out.buffer_octets = TRY(toolkit::parse_u16(*value));
  }
  if (const auto value = objects.take(object::transport_level)) {
    out.transport = TRY(toolkit::parse_transport(*value));
  }
  if (const auto value = objects.take(object::other_address)) {
    out.address = TRY(toolkit::parse_other_address(*value));
  }
  out.access_point = objects.take_or_empty(object::network_access_name);
  out.login = objects.take_or_empty(object::text_string);
  out.password = objects.take_or_empty(object::text_string);
  return out;
}

void write_connection(const ConnectionParameters& connection, tlv::Tag tag, tlv::BerWriter& out) {
  const auto open = out.open(tag);
  tlv::ComprehensionWriter objects(out.raw());
  if (connection.bearer.has_value()) toolkit::write_bearer(*connection.bearer, objects);
  if (connection.buffer_octets.has_value()) {
    objects.u16(object::buffer_size, *connection.buffer_octets);
  }
  toolkit::write_unless_empty(object::network_access_name, connection.access_point, objects);
  toolkit::write_unless_empty(object::text_string, connection.login, objects);
  toolkit::write_unless_empty(object::text_string, connection.password, objects);
  if (connection.transport.has_value()) {
    const uint8_t octets[] = {static_cast<uint8_t>(connection.transport->protocol),
                              static_cast<uint8_t>(connection.transport->port >> 8),
                              static_cast<uint8_t>(connection.transport->port)};
    objects.element(object::transport_level, octets);
  }
  if (connection.address.has_value()) {
    toolkit::write_other_address(*connection.address, objects);
  }
  out.close(open);
}

// Identity behind its length, then key version and identifier (and a hash) behind theirs.
Result<SecurityParameters> parse_security(ByteView bytes) {
  Reader reader(bytes);
  SecurityParameters out;
  out.psk_identity = TRY(reader.prefixed8());
  if (out.psk_identity.size() > psk_identity_octets_max) return ErrorCode::too_large;
  const size_t key_offset = reader.offset();
  const ByteView key = TRY(reader.prefixed8());
  TRY(reader.expect_end());
  if (key.size() != 2 && key.size() != 3) return fail(ErrorCode::bad_length, key_offset);
  out.key_version = key[0];
  out.key_id = key[1];
  if (key.size() == 3) out.hash = key[2];
  return out;
}

void write_security(const SecurityParameters& security, tlv::BerWriter& out) {
  const auto open = out.open(tag_security);
  Writer& raw = out.raw();
  raw.prefixed8(security.psk_identity).u8(security.hash.has_value() ? 3 : 2);
  raw.u8(security.key_version).u8(security.key_id);
  if (security.hash.has_value()) raw.u8(*security.hash);
  out.close(open);
}

Result<RetryPolicy> parse_retry(ByteView bytes) {
  Reader reader(bytes);
  RetryPolicy out;
  out.tries = TRY(reader.u16());
  const size_t timer_offset = reader.offset();
  const auto timer = TRY(tlv::read_comprehension(reader));
  if (timer.tag != object::timer_value) return fail(ErrorCode::bad_value, timer_offset);
  const auto pause = toolkit::parse_timer_value(timer.value);
  if (!pause.has_value()) return fail(pause.error().code, timer.offset + pause.error().offset);
  out.pause = *pause;
  while (!reader.at_end()) {
    const tlv::Element element = TRY(tlv::read_ber(reader));
    if (element.tag != tag_failure_report) continue;
    TRY(take_view(element, 0xff, out.failure_report));
  }
  return out;
}

void write_retry(const RetryPolicy& retry, tlv::BerWriter& out) {
  const auto open = out.open(tag_retry);
  out.raw().u16(retry.tries);
  // The object without its comprehension bit, as a real card gives it (facts 8.2).
  uint8_t room[8];
  Writer timer(room);
  tlv::ComprehensionWriter objects(timer);
  toolkit::write_timer_value(retry.pause, objects);
  room[0] &= 0x7f;
  out.raw().bytes(timer.written());
  if (!retry.failure_report.empty()) out.element(tag_failure_report, retry.failure_report);
  out.close(open);
}

Result<HttpParameters> parse_http(ByteView bytes) {
  HttpParameters out;
  tlv::BerReader reader(bytes);
  while (!reader.at_end()) {
    const tlv::Element element = TRY(reader.next());
    switch (element.tag) {
      case tag_host: TRY(take_view(element, host_octets_max, out.host)); break;
      case tag_agent_id: TRY(take_view(element, agent_id_octets_max, out.agent_id)); break;
      case tag_uri: TRY(take_view(element, uri_octets_max, out.uri)); break;
      default: break;
    }
  }
  return out;
}

void write_http(const HttpParameters& http, tlv::BerWriter& out) {
  const auto open = out.open(tag_http);
  if (!http.host.empty()) out.element(tag_host, http.host);
  if (!http.agent_id.empty()) out.element(tag_agent_id, http.agent_id);
  if (!http.uri.empty()) out.element(tag_uri, http.uri);
  out.close(open);
}

// The object once.
template <typename T>
Result<void> take_once(const tlv::Element& element, Result<T> (*parse)(ByteView),
                       std::optional<T>& into) {
  if (into.has_value()) return fail(ErrorCode::bad_value, element.offset);
  into = TRY(inside(element, parse(element.value)));
  return {};
}

void write_parameters(const SessionParameters& parameters, tlv::BerWriter& out) {
  if (parameters.connection.has_value()) {
    write_connection(*parameters.connection, tag_connection, out);
  }
  if (parameters.security.has_value()) write_security(*parameters.security, out);
  if (!parameters.extended_security.empty()) {
    out.element(tag_extended_security, parameters.extended_security);
  }
  if (parameters.retry.has_value()) write_retry(*parameters.retry, out);
  if (parameters.http.has_value()) write_http(*parameters.http, out);
}

Result<NameResolution> parse_name_resolution(ByteView bytes) {
  NameResolution out;
  tlv::BerReader reader(bytes);
  while (!reader.at_end()) {
    const tlv::Element element = TRY(reader.next());
    if (element.tag == tag_server_name) TRY(take_view(element, host_octets_max, out.server_name));
    if (element.tag == tag_name_connection) {
      TRY(take_once(element, parse_connection, out.connection));
    }
  }
  return out;
}

}  // namespace

Result<SessionParameters> parse_session_parameters(ByteView bytes) {
  SessionParameters out;
  tlv::BerReader reader(bytes);
  while (!reader.at_end()) {
    const tlv::Element element = TRY(reader.next());
    switch (element.tag) {
      case tag_connection: TRY(take_once(element, parse_connection, out.connection)); break;
      case tag_security: TRY(take_once(element, parse_security, out.security)); break;
      case tag_extended_security: TRY(take_view(element, 0xffff, out.extended_security)); break;
      case tag_retry: TRY(take_once(element, parse_retry, out.retry)); break;
      case tag_http: TRY(take_once(element, parse_http, out.http)); break;
      default: break;
    }
  }
  return out;
}

Result<ByteView> write_session_parameters(const SessionParameters& parameters,
                                          MutableByteView out) {
  Writer writer(out);
  tlv::BerWriter objects(writer);
  write_parameters(parameters, objects);
  return writer.finish();
}

Result<SessionTrigger> parse_session_trigger(ByteView bytes) {
  Reader whole(bytes);
  const tlv::Element outer = TRY(tlv::read_ber(whole));
  if (outer.tag != tag_trigger) return ErrorCode::bad_value;
  TRY(whole.expect_end());
  SessionTrigger out;
  bool session_seen = false;
  tlv::BerReader reader(outer.value);
  while (!reader.at_end()) {
    const tlv::Element element = TRY(inside(outer, reader.next()));
    if (element.tag == tag_session) {
      if (session_seen) return fail(ErrorCode::bad_value, outer.offset + element.offset);
      session_seen = true;
      out.session = TRY(inside(outer, inside(element, parse_session_parameters(element.value))));
    } else if (element.tag == tag_name_resolution) {
      TRY(inside(outer, take_once(element, parse_name_resolution, out.name_resolution)));
    }
  }
  return out;
}

Result<ByteView> write_session_trigger(const SessionTrigger& trigger, MutableByteView out) {
  Writer writer(out);
  tlv::BerWriter objects(writer);
  const auto outer = objects.open(tag_trigger);
  const auto session = objects.open(tag_session);
  write_parameters(trigger.session, objects);
  objects.close(session);
  if (trigger.name_resolution.has_value()) {
    const auto names = objects.open(tag_name_resolution);
    if (!trigger.name_resolution->server_name.empty()) {
      objects.element(tag_server_name, trigger.name_resolution->server_name);
    }
    if (trigger.name_resolution->connection.has_value()) {
      write_connection(*trigger.name_resolution->connection, tag_name_connection, objects);
    }
    objects.close(names);
  }
  objects.close(outer);
  return writer.finish();
}

}  // namespace simurgh::remote_management
