#include "formats/sms/user_data.h"

#include "formats/sms/gsm7.h"

namespace simurgh::sms {

Alphabet alphabet_of(uint8_t data_coding) {
  switch (data_coding >> 4) {
    // General data coding, with or without automatic deletion; compressed text is octets to us.
    case 0x0:
    case 0x1:
    case 0x2:
    case 0x3:
    case 0x4:
    case 0x5:
    case 0x6:
    case 0x7:
      if ((data_coding & 0x20) != 0) return Alphabet::octets;
      switch (data_coding >> 2 & 0x03) {
        case 1: return Alphabet::octets;
        case 2: return Alphabet::ucs2;
        default: return Alphabet::septets;
      }
    case 0xe: return Alphabet::ucs2;  // message waiting, store, UCS-2
    case 0xf: return (data_coding & 0x04) != 0 ? Alphabet::octets : Alphabet::septets;
    default: return Alphabet::septets;
  }
}

std::optional<uint8_t> message_class_of(uint8_t data_coding) {
  const bool general = (data_coding & 0x80) == 0 && (data_coding & 0x10) != 0;
  const bool class_group = data_coding >> 4 == 0xf;
  if (!general && !class_group) return std::nullopt;
  return static_cast<uint8_t>(data_coding & 0x03);
}

Result<UserData> octet_user_data(ByteView octets) {
  if (octets.size() > user_data_octets_max) return ErrorCode::too_large;
  return UserData{static_cast<uint8_t>(octets.size()), octets};
}

Result<UserData> read_user_data(Reader& reader, uint8_t data_coding) {
  UserData user_data;
  const size_t start = reader.offset();
  user_data.length = TRY(reader.u8());
  const bool septets = alphabet_of(data_coding) == Alphabet::septets;
  if (user_data.length > (septets ? user_data_septets_max : user_data_octets_max)) {
    return fail(ErrorCode::bad_length, start);
  }
  user_data.octets =
      TRY(reader.bytes(septets ? packed_octets(user_data.length) : user_data.length));
  if (!reader.at_end()) return fail(ErrorCode::bad_length, start);
  return user_data;
}

void write_user_data(const UserData& user_data, Writer& out) {
  out.u8(user_data.length).bytes(user_data.octets);
}

Result<InformationElement> InformationElementReader::next() {
  InformationElement element;
  element.id = TRY(reader_.u8());
  element.data = TRY(reader_.prefixed8());
  return element;
}

namespace {

// 9.2.3.24.1 and .8. An impossible place is ignored, as the clause demands.
Result<void> read_concatenation(const InformationElement& element, UserDataHeader& header) {
  const bool wide = element.id == iei::concatenation_16_bit;
  Reader reader(element.data);
  Concatenation part;
  part.reference_16_bit = wide;
  part.reference = wide ? TRY(reader.u16()) : TRY(reader.u8());
  part.total = TRY(reader.u8());
  part.sequence = TRY(reader.u8());
  TRY(reader.expect_end());
  if (part.total != 0 && part.sequence != 0 && part.sequence <= part.total) {
    header.concatenation = part;
  }
  return {};
}

// 9.2.3.24.3 and .4
Result<void> read_ports(const InformationElement& element, UserDataHeader& header) {
  Reader reader(element.data);
  Ports ports;
  ports.wide = element.id == iei::port_16_bit;
  ports.destination = ports.wide ? TRY(reader.u16()) : TRY(reader.u8());
  ports.originator = ports.wide ? TRY(reader.u16()) : TRY(reader.u8());
  TRY(reader.expect_end());
  header.ports = ports;
  return {};
}

Result<void> read_element(const InformationElement& element, UserDataHeader& header) {
  switch (element.id) {
    case iei::concatenation_8_bit:
    case iei::concatenation_16_bit: return read_concatenation(element, header);
    case iei::port_8_bit:
    case iei::port_16_bit: return read_ports(element, header);
    case iei::command_packet: header.command_packet = true; return {};
    case iei::response_packet: header.response_packet = true; return {};
    default: return {};
  }
}

}  // namespace

Result<UserDataHeader> parse_user_data_header(ByteView user_data) {
  Reader reader(user_data);
  UserDataHeader header;
  header.elements = TRY(reader.prefixed8());
  header.octets = reader.offset();
  InformationElementReader elements(header.elements);
  while (!elements.at_end()) {
    const InformationElement element = TRY(elements.next());
    const Result<void> read = read_element(element, header);
    if (!read) return fail(ErrorCode::bad_length, 1);
  }
  return header;
}

Result<ByteView> write_user_data_header(const UserDataHeader& header, MutableByteView out) {
  Writer writer(out);
  writer.u8(0);
  if (const auto& part = header.concatenation) {
    if (part->reference_16_bit) {
      writer.u8(iei::concatenation_16_bit).u8(4).u16(part->reference);
    } else {
      writer.u8(iei::concatenation_8_bit).u8(3).u8(static_cast<uint8_t>(part->reference));
    }
    writer.u8(part->total).u8(part->sequence);
  }
  if (const auto& ports = header.ports) {
    if (ports->wide) {
      writer.u8(iei::port_16_bit).u8(4).u16(ports->destination).u16(ports->originator);
    } else {
      writer.u8(iei::port_8_bit).u8(2).u8(static_cast<uint8_t>(ports->destination));
      writer.u8(static_cast<uint8_t>(ports->originator));
    }
  }
  if (header.command_packet) writer.u8(iei::command_packet).u8(0);
  if (header.response_packet) writer.u8(iei::response_packet).u8(0);
  if (!writer.failed()) writer.patch_u8(0, static_cast<uint8_t>(writer.size() - 1));
  return writer.finish();
}

}  // namespace simurgh::sms
