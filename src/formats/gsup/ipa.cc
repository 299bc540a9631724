#include "formats/gsup/ipa.h"

namespace simurgh::gsup {
namespace {

// ID_GET: pairs of a length octet (1, that of the tag) and a tag.
Result<IdentityTags> read_wanted(Reader& reader) {
  IdentityTags tags;
  while (!reader.at_end()) {
    const size_t begin = reader.offset();
    if (TRY(reader.u8()) != 1) return fail(ErrorCode::bad_length, begin);
    const auto tag = static_cast<IdentityTag>(TRY(reader.u8()));
    if (!tags.try_push_back(tag)) return fail(ErrorCode::too_large, begin);
  }
  return tags;
}

// ID_RESP: length:16 (tag and text), tag, text with its NUL. The NUL is missing in some.
Result<Identity> read_identity(Reader& reader) {
  Identity identity;
  while (!reader.at_end()) {
    const size_t begin = reader.offset();
    const ByteView item = TRY(reader.prefixed16());
    if (item.empty()) return fail(ErrorCode::bad_length, begin);
    std::string_view text = text_of(item.subspan(1));
    text = text.substr(0, text.find('\0'));
    if (!identity.try_push_back({static_cast<IdentityTag>(item[0]), text})) {
      return fail(ErrorCode::too_large, begin);
    }
  }
  return identity;
}

Result<ByteView> write_frame(uint8_t protocol, std::optional<OsmoExtension> extension,
                             ByteView payload, MutableByteView out) {
  Writer writer(out);
  const size_t octets = payload.size() + (extension.has_value() ? 1 : 0);
  if (octets > ipa_payload_octets_max) return fail(ErrorCode::no_space);
  writer.u16(static_cast<uint16_t>(octets)).u8(protocol);
  if (extension.has_value()) writer.u8(static_cast<uint8_t>(*extension));
  return writer.bytes(payload).finish();
}

}  // namespace

Result<IpaFrame> parse_ipa_frame(ByteView buffer, size_t payload_octets_max) {
  Reader reader(buffer);
  const size_t octets = TRY(reader.u16());
  if (octets > payload_octets_max) return fail(ErrorCode::too_large);
  IpaFrame frame;
  frame.protocol = TRY(reader.u8());
  frame.payload = TRY(reader.bytes(octets));
  frame.octets = reader.offset();
  return frame;
}

Result<ByteView> write_ipa_frame(IpaProtocol protocol, ByteView payload, MutableByteView out) {
  return write_frame(static_cast<uint8_t>(protocol), std::nullopt, payload, out);
}

Result<ByteView> write_osmo_frame(OsmoExtension extension, ByteView payload, MutableByteView out) {
  return write_frame(static_cast<uint8_t>(IpaProtocol::osmo), extension, payload, out);
}

Result<Ccm> parse_ccm(ByteView payload) {
  Reader reader(payload);
  Ccm ccm;
  ccm.type = static_cast<CcmType>(TRY(reader.u8()));
  switch (ccm.type) {
    case CcmType::id_get: ccm.wanted = TRY(read_wanted(reader)); return ccm;
    case CcmType::id_resp: ccm.identity = TRY(read_identity(reader)); return ccm;
    case CcmType::ping:
    case CcmType::pong:
    case CcmType::id_ack: return ccm;  // whatever follows says nothing
  }
  return fail(ErrorCode::unsupported);
}

Result<ByteView> write_ccm(const Ccm& ccm, MutableByteView out) {
  Writer writer(out);
  writer.u8(static_cast<uint8_t>(ccm.type));
  for (const IdentityTag tag : ccm.wanted) writer.u8(1).u8(static_cast<uint8_t>(tag));
  for (const IdentityItem& item : ccm.identity) {
    if (item.text.size() > 0xff) return fail(ErrorCode::bad_length, writer.size());
    writer.u16(static_cast<uint16_t>(item.text.size() + 2)).u8(static_cast<uint8_t>(item.tag));
    writer.bytes(bytes_of(item.text)).u8(0);
  }
  return writer.finish();
}

std::optional<std::string_view> find(const Identity& identity, IdentityTag tag) {
  for (const IdentityItem& item : identity) {
    if (item.tag == tag && !item.text.empty()) return item.text;
  }
  return std::nullopt;
}

}  // namespace simurgh::gsup
