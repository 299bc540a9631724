#include <set>

#include "formats/sms/gsm7.h"
#include "formats/sms/tpdu.h"
#include "formats/toolkit/envelope.h"
#include "formats/toolkit/terminal_profile.h"
#include "formats/toolkit/terminal_response.h"
#include "round_trip.h"
#include "vector_file.h"

using namespace simurgh;
using namespace simurgh::toolkit;
using test::Bytes;
using test::from_hex;
using test::to_hex;

namespace {

// Bytes with the comprehension bit of every object set, in order: sources differ in that bit.
std::string objects_of(ByteView bytes) {
  std::string out;
  tlv::ComprehensionReader reader(bytes);
  while (!reader.at_end()) {
    const auto element = reader.next();
    REQUIRE(element.has_value());
    out += std::to_string(element->tag) + ":" + to_hex(element->value) + " ";
  }
  return out;
}

// The same, after the outer tag and length of commands and envelopes.
std::string content_of(ByteView bytes) {
  if (bytes[0] == 0x81) return objects_of(bytes);
  const size_t header = bytes[1] == 0x81 ? 3 : 2;
  return to_hex(bytes.first(1)) + " " + objects_of(bytes.subspan(header));
}

std::string text_of(const Text& text) {
  if (text.data_coding != 0x00) return std::string(simurgh::text_of(text.text));
  Bytes septets(text.text.size() * 8 / 7);
  std::string out(septets.size() * 3, '\0');
  const auto unpacked = sms::unpack_septets(text.text, septets.size(), 0, septets);
  out.resize(sms::text_of_septets(*unpacked, out)->size());
  // Seven fill bits read as one more septet, 00.
  if (!out.empty() && out.back() == '@') out.pop_back();
  return out;
}

void check_text(const test::Vector& decoded, const std::optional<Text>& text) {
  if (!decoded.has("text") && !decoded.has("ucs2")) {
    CHECK(!text.has_value());
    return;
  }
  REQUIRE(text.has_value());
  if (decoded.has("text")) CHECK(text_of(*text) == decoded["text"].text());
  if (decoded.has("ucs2")) {
    CHECK(text->data_coding == 0x08);
    CHECK(to_hex(text->text) == decoded["ucs2"].text());
  }
}

template <typename Parse, typename Write>
void check_objects(ByteView bytes, bool keeps_all, Parse parse, Write write) {
  const auto parsed = parse(bytes);
  REQUIRE(parsed.has_value());
  Bytes room(300);
  const auto written = write(*parsed, MutableByteView(room));
  REQUIRE(written.has_value());
  if (keeps_all) CHECK(content_of(*written) == content_of(bytes));
  test::check_changes(bytes, parse, write);
  test::try_truncations(bytes, parse);
}

void check_command(const Bytes& bytes, const test::Vector& decoded) {
  const auto command = parse_proactive_command(bytes);
  REQUIRE(command.has_value());
  CHECK(command->number == 1);
  if (const auto* display = std::get_if<DisplayText>(&command->body)) {
    const uint8_t qualifier = qualifier_of(command->body);
    CHECK(to_hex({&qualifier, 1}) == decoded["qualifier"].text());
    check_text(decoded, display->text);
    if (decoded.has("duration_seconds")) {
      CHECK(display->duration->tenths() == 10 * decoded["duration_seconds"].integer());
    }
  }
  if (decoded.has("type")) {
    CHECK(static_cast<int64_t>(type_of(command->body)) == decoded["type"].integer());
  }
  const bool icon = decoded.has("icon") && decoded["icon"].boolean();
  check_objects(bytes, !icon, parse_proactive_command, write_proactive_command);
  test::check_truncations(bytes, parse_proactive_command);
}

void check_response(const Bytes& bytes, const test::Vector& decoded) {
  const auto response = parse_terminal_response(bytes);
  REQUIRE(response.has_value());
  CHECK(response->command.number == 1);
  if (decoded.has("result")) {
    const auto result = static_cast<uint8_t>(response->result);
    CHECK(to_hex({&result, 1}) == decoded["result"].text());
    check_text(decoded, response->text);
  }
  if (decoded.has("duration_seconds")) {
    CHECK(response->interval->tenths() == 10 * decoded["duration_seconds"].integer());
  }
  if (decoded.has("type")) CHECK(response->command.type == decoded["type"].integer());
  check_objects(bytes, true, parse_terminal_response, write_terminal_response);
}

void check_envelope(const Bytes& bytes, const test::Vector& decoded) {
  const auto envelope = parse_envelope(bytes);
  REQUIRE(envelope.has_value());
  if (decoded.has("location_status")) {
    const auto* event = std::get_if<LocationStatusEvent>(&*envelope);
    REQUIRE(event != nullptr);
    CHECK(static_cast<int64_t>(event->status) == decoded["location_status"].integer());
    CHECK(to_hex(event->location_information) ==
          (decoded.has("location_information") ? decoded["location_information"].text() : ""));
  }
  if (decoded.has("event")) {
    CHECK(std::get_if<OtherEvent>(&*envelope)->event == decoded["event"].integer());
  }
  check_objects(bytes, true, parse_envelope, write_envelope);
  test::check_truncations(bytes, parse_envelope);
}

template <typename Body>
Body reparsed(const Body& body) {
  Bytes room(proactive_command_octets_max);
  const auto written = write_proactive_command({7, body}, room);
  REQUIRE(written.has_value());
  const Bytes bytes(written->begin(), written->end());
  test::check_format(bytes, parse_proactive_command, write_proactive_command);
  // Views of the answer point into static memory, so that it outlives this function.
  static std::vector<Bytes> kept;
  kept.push_back(bytes);
  const auto command = parse_proactive_command(kept.back());
  REQUIRE(command.has_value());
  CHECK(command->number == 7);
  REQUIRE(std::holds_alternative<Body>(command->body));
  return std::get<Body>(command->body);
}

ErrorCode write_error(const CommandBody& body) {
  Bytes room(300);
  const auto written = write_proactive_command({1, body}, room);
  REQUIRE(!written.has_value());
  return written.error().code;
}

ErrorCode parse_error(const char* hex) {
  const auto parsed = parse_proactive_command(from_hex(hex));
  REQUIRE(!parsed.has_value());
  return parsed.error().code;
}

}  // namespace

TEST_CASE("G1 G6 T2: published toolkit messages are read and written back") {
  test::VectorFile file("toolkit.json");
  for (const char* list : {"ofono", "sequences"}) {
    for (const test::Vector& vector : file.root()[list].elements()) {
      const std::string name = vector["name"].text();
      const std::string kind = vector["kind"].text();
      CAPTURE(name);
      const Bytes bytes = vector["hex"].hex();
      const test::Vector decoded = vector["decoded"];
      if (kind == "command") check_command(bytes, decoded);
      if (kind == "response") check_response(bytes, decoded);
      if (kind == "envelope") check_envelope(bytes, decoded);
    }
  }
  file.finish();
}

TEST_CASE("D7 T2: an SMS-PP download carries its DELIVER to the chip, as pySim has it") {
  test::VectorFile file("sms.json");
  const test::Vector vector = file.root()["ota_deliver"][1];
  const Bytes apdu = vector["envelope"].hex();
  const ByteView body = ByteView(apdu).subspan(5);
  REQUIRE(body.size() == apdu[4]);
  const auto envelope = parse_envelope(body);
  REQUIRE(envelope.has_value());
  const auto* download = std::get_if<SmsPpDownload>(&*envelope);
  REQUIRE(download != nullptr);
  CHECK(download->address.empty());
  CHECK(to_hex(download->tpdu) == vector["tpdu"].text());
  CHECK(sms::parse_deliver(download->tpdu).has_value());
  test::check_format(body, parse_envelope, write_envelope);
}

TEST_CASE("objects of pySim's toolkit test data mean what pySim says") {
  test::VectorFile file("tlv.json");
  Bytes objects = from_hex("8103014003 82028182");
  const auto hex_of = [&](const char* kind) {
    for (const test::Vector& vector : file.root()["vectors"].elements()) {
      if (vector["ie"].text() == kind) return vector["hex"].hex();
    }
    return Bytes{};
  };
  const auto add = [&](const Bytes& bytes) {
    objects.insert(objects.end(), bytes.begin(), bytes.end());
  };
  add(hex_of("BearerDescription"));
  add(from_hex("b9020578"));
  add(hex_of("NetworkAccessName"));
  add(hex_of("TextString"));
  add(hex_of("UiccTransportLevel"));
  add(hex_of("OtherAddress"));
  objects.insert(objects.begin(), {0xd0, static_cast<uint8_t>(objects.size())});
  const auto command = parse_proactive_command(objects);
  REQUIRE(command.has_value());
  const auto* open = std::get_if<OpenChannel>(&command->body);
  REQUIRE(open != nullptr);
  CHECK(open->immediate);
  CHECK(open->automatic_reconnection);
  CHECK(open->bearer->type == 0x03);  // default
  CHECK(open->bearer->parameters.empty());
  CHECK(open->buffer_octets == 1400);
  CHECK(to_hex(open->network_access_name) == "036e6161");
  CHECK(text_of(*open->user_login) == "password");
  CHECK(open->transport == TransportLevel{TransportProtocol::tcp_client_remote, 32768});
  CHECK(!open->local_address.has_value());
  CHECK(open->destination->type == OtherAddress::ipv4);
  CHECK(to_hex(open->destination->address) == "01020304");
  test::check_format(objects, parse_proactive_command, write_proactive_command);
}

TEST_CASE("D6 D8: every proactive command comes back with its fields") {
  const Bytes files = from_hex("023f006f073f006f46");
  const Bytes aid = from_hex("a0000000871002");
  const Refresh refresh = reparsed(Refresh{RefreshMode::init_file_change, files, aid});
  CHECK(refresh.mode == RefreshMode::init_file_change);
  CHECK(to_hex(refresh.file_list) == to_hex(files));
  CHECK(to_hex(refresh.aid) == to_hex(aid));
  reparsed(MoreTime{});
  reparsed(PollingOff{});
  reparsed(GetChannelStatus{});
  CHECK(reparsed(PollInterval{{TimeUnit::minutes, 9}}).interval.tenths() == 5400);
  SetUpEventList events{{Event::location_status, Event::data_available}, 2};
  CHECK(reparsed(events).events[1] == Event::data_available);
  CHECK(reparsed(SetUpEventList{}).count == 0);
  const Bytes address = from_hex("9194718600");
  CHECK(to_hex(reparsed(SetUpCall{0x04, {}, address}).address) == to_hex(address));
  const Bytes tpdu(150, 0x41);
  const Bytes alpha = from_hex("4f5441");
  const auto send = reparsed(SendShortMessage{false, alpha, {}, tpdu});
  CHECK(to_hex(send.tpdu) == to_hex(tpdu));
  CHECK(to_hex(send.alpha) == to_hex(alpha));
  CHECK(send.address.empty());
  CHECK(reparsed(SendShortMessage{true, {}, address, tpdu}).pack_by_terminal);
  DisplayText display;
  display.wait_for_user = true;
  display.immediate_response = true;
  display.text = {0x08, tpdu};
  CHECK(reparsed(display).immediate_response);
  CHECK(reparsed(display).wait_for_user);
  CHECK(reparsed(GetInkey{0x04, {0x04, alpha}}).qualifier == 0x04);
  const GetInput input = reparsed(GetInput{0x01, {0x04, alpha}, 4, 8, Text{0x04, alpha}});
  CHECK(input.length_min == 4);
  CHECK(input.length_max == 8);
  CHECK(to_hex(input.default_text->text) == to_hex(alpha));
  CHECK(reparsed(ProvideLocalInformation{LocalInformation::imeisv}).what ==
        LocalInformation::imeisv);
  using Action = TimerManagement::Action;
  CHECK(reparsed(TimerManagement{Action::start, 8, TimerValue::of_seconds(3661)}).value ==
        TimerValue{1, 1, 1});
  CHECK(!reparsed(TimerManagement{Action::get_value, 1, {}}).value.has_value());
  SetUpMenu menu;
  menu.title = alpha;
  menu.items[0] = {1, alpha};
  menu.items[1] = {0x80, {}};
  menu.count = 2;
  CHECK(reparsed(menu).items[1].identifier == 0x80);
  CHECK(reparsed(SetUpMenu{0, alpha, {}, 0}).count == 0);
  CHECK(reparsed(CloseChannel{7, 0, alpha}).channel == 7);
  CHECK(reparsed(ReceiveData{3, 200}).octets_max == 200);
  const SendData data = reparsed(SendData{2, true, Bytes(200, 7)});
  CHECK(data.data.size() == 200);
  CHECK(data.immediately);
}

TEST_CASE("G2: OPEN CHANNEL keeps its two addresses apart, and its credentials") {
  OpenChannel open;
  const Bytes four = from_hex("7f000001");
  const Bytes sixteen(16, 0xfd);
  open.bearer = BearerDescription{0x03, {}};
  open.local_address = OtherAddress{};  // dynamic
  open.destination = OtherAddress{OtherAddress::ipv6, sixteen};
  open.transport = TransportLevel{TransportProtocol::udp_client_remote, 5683};
  OpenChannel back = reparsed(open);
  CHECK(back.local_address->type == 0);
  CHECK(to_hex(back.destination->address) == to_hex(sixteen));
  open.local_address = OtherAddress{OtherAddress::ipv4, four};
  open.destination.reset();
  back = reparsed(open);
  CHECK(to_hex(back.local_address->address) == to_hex(four));
  CHECK(!back.destination.has_value());
  open.transport.reset();
  open.destination = OtherAddress{OtherAddress::ipv4, four};
  CHECK(write_error(open) == ErrorCode::bad_value);
  open = OpenChannel{};
  open.user_password = Text{0x04, four};
  CHECK(write_error(open) == ErrorCode::bad_value);
}

TEST_CASE("fields out of range are not written") {
  CHECK(write_error(PollInterval{{TimeUnit::seconds, 0}}) == ErrorCode::bad_value);
  CHECK(write_error(TimerManagement{TimerManagement::Action::start, 9, TimerValue{}}) ==
        ErrorCode::bad_value);
  CHECK(write_error(TimerManagement{TimerManagement::Action::start, 1, {}}) ==
        ErrorCode::bad_value);
  CHECK(write_error(CloseChannel{0, 0, {}}) == ErrorCode::bad_value);
  CHECK(write_error(SendData{8, true, {}}) == ErrorCode::bad_value);
  CHECK(write_error(SetUpCall{}) == ErrorCode::bad_value);
  CHECK(write_error(GetInput{0, {}, 5, 4, {}}) == ErrorCode::bad_value);
  SetUpMenu menu;
  menu.count = 1;
  menu.items[0].identifier = 0;
  CHECK(write_error(menu) == ErrorCode::bad_value);
  const Bytes long_text(250, 1);
  CHECK(write_error(DisplayText{false, false, false, {0x04, long_text}, {}}) ==
        ErrorCode::too_large);
}

TEST_CASE("what a terminal cannot understand is told apart from what is malformed") {
  CHECK(parse_error("d009 8103012000 82028182") == ErrorCode::unsupported);  // PLAY TONE
  // An unknown object whose comprehension is required, and one where it is not.
  CHECK(parse_error("d00c 8103010200 82028182 fa0101") == ErrorCode::unsupported);
  CHECK(parse_proactive_command(from_hex("d00c 8103010200 82028182 7a0101")).has_value());
  CHECK(parse_error("d009 8103014100 82028182") == ErrorCode::bad_value);  // no channel
  CHECK(parse_error("d009 8103010300 82028182") == ErrorCode::not_found);
  CHECK(parse_error("d005 8103010200") == ErrorCode::not_found);
  CHECK(parse_error("d00d 8103010300 82028182 84020100") == ErrorCode::bad_value);
  CHECK(parse_error("d00d 8103010300 82028182 84020301") == ErrorCode::bad_value);
  CHECK(parse_error("d011 8103012700 82028182 a40109 a503000000") == ErrorCode::bad_value);
  CHECK(parse_error("d011 8103012700 82028182 a40101 a503420000") == ErrorCode::bad_value);
  CHECK(parse_error("d00d 8103010300 82028182 84020114 00") == ErrorCode::trailing_bytes);
  CHECK(parse_error("d109 8103010200 82028182") == ErrorCode::bad_value);
  // The details can be read all the same, for the answer.
  const Bytes tone = from_hex("d009 8103052080 82028182");
  CHECK(*parse_command_details(tone) == CommandDetails{5, 0x20, 0x80});
}

TEST_CASE("results fall into the classes that decide about a retry") {
  CHECK(class_of(GeneralResult::performed) == ResultClass::performed);
  CHECK(class_of(GeneralResult::no_response_from_user) == ResultClass::performed);
  CHECK(class_of(GeneralResult::terminal_unable) == ResultClass::retry);
  CHECK(class_of(GeneralResult::bearer_independent_protocol_error) == ResultClass::do_not_repeat);
}

TEST_CASE("terminal responses carry channels, data and local information") {
  TerminalResponse response;
  response.command = {3, 0x44, 0};
  response.channels[0] = {1, ChannelState::established, 0};
  response.channels[1] = {2, ChannelState::closed, ChannelStatus::link_dropped};
  response.channel_count = 2;
  const Bytes data(200, 0x17);
  response.channel_data = data;
  response.channel_data_length = 0xff;
  response.timer = 8;
  response.timer_value = TimerValue{23, 59, 59};
  const Bytes date = from_hex("22705200000000");
  response.date_time = date;
  response.access_technology = 8;
  Bytes room(terminal_response_octets_max);
  const auto written = write_terminal_response(response, room);
  REQUIRE(written.has_value());
  const auto back = parse_terminal_response(*written);
  REQUIRE(back.has_value());
  CHECK(back->channels == response.channels);
  CHECK(equal(*back->channel_data, data));
  CHECK(back->timer_value == TimerValue{23, 59, 59});
  CHECK(to_hex(back->date_time) == to_hex(date));
  test::check_rewriting(*written, parse_terminal_response, write_terminal_response);
  test::check_changes(*written, parse_terminal_response, write_terminal_response);
  const Bytes more(240, 1);
  response.channel_data = more;
  Bytes large(300);
  CHECK(write_terminal_response(response, large).error().code == ErrorCode::too_large);
  CHECK(parse_terminal_response(from_hex("8103010200")).error().code == ErrorCode::not_found);
  // Without device identities, as some terminals answer.
  CHECK(parse_terminal_response(from_hex("8103010200 030100")).has_value());
}

TEST_CASE("D6: call control and short message control come back, with their answers") {
  const Bytes number = from_hex("914917000001f0");
  const Bytes centre = from_hex("919471000000f0");
  const Bytes place = from_hex("00f11000010001");
  Bytes room(envelope_octets_max);
  const auto call = write_envelope(CallControl{number, {}, {}, {}, {}, place}, room);
  REQUIRE(call.has_value());
  test::check_format(*call, parse_envelope, write_envelope);
  CHECK(write_envelope(CallControl{number, number, {}, {}, {}, {}}, room).error().code ==
        ErrorCode::bad_value);
  CHECK(parse_envelope(from_hex("d404 82028281")).error().code == ErrorCode::not_found);
  const auto message = write_envelope(ShortMessageControl{centre, number, place}, room);
  REQUIRE(message.has_value());
  const Bytes bytes(message->begin(), message->end());
  test::check_format(bytes, parse_envelope, write_envelope);
  const auto parsed = parse_envelope(bytes);
  CHECK(to_hex(std::get<ShortMessageControl>(*parsed).destination) == to_hex(number));

  ControlAnswer answer;
  answer.verdict = ControlAnswer::Verdict::modified;
  answer.address = centre;
  answer.second_address = number;
  const auto written = write_control_answer(answer, room);
  REQUIRE(written.has_value());
  test::check_format(
      *written,
      [](ByteView in) -> Result<ControlAnswer> {
        if (in.empty()) return ErrorCode::truncated;  // no data at all is an answer: allowed
        return parse_control_answer(in);
      },
      write_control_answer);
  CHECK(parse_control_answer({})->verdict == ControlAnswer::Verdict::allowed);
  CHECK(parse_control_answer(from_hex("0300")).error().code == ErrorCode::bad_value);
  CHECK(to_hex(*write_control_answer({}, room)) == "0000");
}

TEST_CASE("envelopes that this project does not use are refused by name") {
  CHECK(parse_envelope(from_hex("d204 82028281")).error().code == ErrorCode::unsupported);
  CHECK(parse_envelope(from_hex("d600")).error().code == ErrorCode::not_found);
  CHECK(parse_envelope(from_hex("d60a 990103 82028281 9b0103")).error().code ==
        ErrorCode::bad_value);
}

TEST_CASE("the terminal profile says what the terminal can do") {
  // The profile of the facts' probe.
  const TerminalProfile probe(from_hex("0fffff7fff00"));
  CHECK(probe.has(Facility::sms_pp_download));
  CHECK(probe.has(Facility::send_short_message));
  CHECK(probe.has(Facility::refresh));
  CHECK(!probe.has(Facility::timer_expiration));
  CHECK(!probe.has(Facility::local_information_nmr));
  CHECK(!probe.has(Facility::open_channel));
  TerminalProfile profile;
  std::set<uint16_t> facilities;
  for (const Facility facility :
       {Facility::open_channel, Facility::close_channel, Facility::tcp_client_remote,
        Facility::profile_download, Facility::timer_start_stop}) {
    CHECK(!profile.has(facility));
    profile.set(facility);
    CHECK(profile.has(facility));
    facilities.insert(static_cast<uint16_t>(facility));
  }
  CHECK(facilities.size() == 5);
  profile.set_channel_count(3);
  CHECK(profile.channel_count() == 3);
  CHECK(profile.view().size() == 17);
  CHECK(profile.view()[12] == 0x60);
  const TerminalProfile copy(profile.view());
  CHECK(copy.has(Facility::tcp_client_remote));
  CHECK(TerminalProfile(Bytes(100, 0xff)).view().size() == terminal_profile_octets_max);
}
