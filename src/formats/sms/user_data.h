// User data of a short message (TS 23.040 9.2.3.24): its length, its coding, and the header of
// information elements that may stand before the data.
#pragma once

#include <optional>

#include "base/reader.h"

namespace simurgh::sms {

constexpr size_t user_data_octets_max = 140;
constexpr size_t user_data_septets_max = 160;

// TP-PID and TP-DCS values that this project uses (TS 23.040 9.2.3.9, TS 23.038 4).
constexpr uint8_t pid_default = 0x00;
constexpr uint8_t pid_me_data_download = 0x7d;
constexpr uint8_t pid_sim_data_download = 0x7f;
constexpr uint8_t dcs_default_alphabet = 0x00;
constexpr uint8_t dcs_octets = 0x04;
constexpr uint8_t dcs_octets_class_1 = 0xf5;  // to the terminal
constexpr uint8_t dcs_octets_class_2 = 0xf6;  // to the SIM

enum class Alphabet : uint8_t { septets, octets, ucs2 };
// The coding that a data coding scheme stands for; reserved ones are septets (TS 23.038 4).
Alphabet alphabet_of(uint8_t data_coding);
// Message class 0…3, if the scheme has one.
std::optional<uint8_t> message_class_of(uint8_t data_coding);

// TP-UDL and TP-UD. `length` counts septets or octets as the data coding says, header included.
struct UserData {
  uint8_t length = 0;
  ByteView octets;
};

// User data of octets, or UCS-2: length and view; too_large above user_data_octets_max.
Result<UserData> octet_user_data(ByteView octets);

// TP-UDL and TP-UD with the rest of `reader`; bad_length when the two do not agree.
Result<UserData> read_user_data(Reader& reader, uint8_t data_coding);
void write_user_data(const UserData& user_data, Writer& out);

// --- user-data header --------------------------------------------------------------------

namespace iei {  // TS 23.040 9.2.3.24, TS 31.115 4
constexpr uint8_t concatenation_8_bit = 0x00;
constexpr uint8_t port_8_bit = 0x04;
constexpr uint8_t port_16_bit = 0x05;
constexpr uint8_t concatenation_16_bit = 0x08;
constexpr uint8_t command_packet = 0x70;
constexpr uint8_t response_packet = 0x71;
}  // namespace iei

struct InformationElement {
  uint8_t id = 0;
  ByteView data;
};

class InformationElementReader {
 public:
  // `elements`: the header without its length octet.
  explicit InformationElementReader(ByteView elements) : reader_(elements) {}
  bool at_end() const { return reader_.at_end(); }
  Result<InformationElement> next();

 private:
  Reader reader_;
};

// Place of a part in its concatenated message.
struct Concatenation {
  uint16_t reference = 0;
  bool reference_16_bit = false;
  uint8_t total = 1;     // 1…255
  uint8_t sequence = 1;  // 1…total
  friend bool operator==(const Concatenation&, const Concatenation&) = default;
};

struct Ports {
  uint16_t destination = 0;
  uint16_t originator = 0;
  bool wide = true;  // 16-bit addressing
  friend bool operator==(const Ports&, const Ports&) = default;
};

// What a header says, whatever the order of its elements; unknown ones are skipped. Of an element
// that comes twice the last is taken, as 9.2.3.24 has it.
struct UserDataHeader {
  size_t octets = 0;  // UDHL and elements: where the data begins
  ByteView elements;  // without UDHL
  std::optional<Concatenation> concatenation;
  std::optional<Ports> ports;
  bool command_packet = false;   // element 70 is there
  bool response_packet = false;  // element 71
};

// `user_data` begins with UDHL (TP-UDHI set). truncated, bad_length (an element of the wrong
// size); a concatenation with sequence 0, total 0 or sequence > total is ignored (9.2.3.24.1).
Result<UserDataHeader> parse_user_data_header(ByteView user_data);

// Writes UDHL and one element of each kind that `header` has: concatenation, ports, 70, 71.
Result<ByteView> write_user_data_header(const UserDataHeader& header, MutableByteView out);

}  // namespace simurgh::sms
