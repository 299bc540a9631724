// The terminal's bearer independent protocol between a scripted card and a network in memory.
#include <doctest/doctest.h>

#include <deque>
#include <map>

#include "formats/apdu/apdu.h"
#include "formats/toolkit/envelope.h"
#include "formats/toolkit/proactive_command.h"
#include "formats/toolkit/terminal_profile.h"
#include "formats/toolkit/terminal_response.h"
#include "hex.h"
#include "terminal/terminal.h"

using namespace simurgh;
using test::Bytes;
using test::from_hex;
using test::to_hex;
using toolkit::BearerError;
using toolkit::GeneralResult;

namespace {

constexpr Instant noon{1'800'000'000'000};

// A card that has proactive commands in a queue and keeps what the terminal says.
class BipCard : public terminal::Slot, public terminal::Radio, public terminal::User {
 public:
  std::deque<Bytes> commands;
  std::vector<Bytes> responses;
  std::vector<Bytes> envelopes;
  Bytes profile;
  std::string selected;

  Result<ByteView> reset() override { return keep(from_hex("3b00")); }
  void power_off() override {}
  Result<ByteView> transmit(ByteView bytes) override {
    const auto command = *apdu::parse_command(bytes);
    switch (command.ins) {
      case apdu::ins::read_binary:
        return keep(
            from_hex(command.le == 9 ? "0829826082000020809000" : "988812010000400310f09000"));
      case apdu::ins::read_record:
        return keep(from_hex("61124f10a0000000871002ffffffff89070900009000"));
      case apdu::ins::terminal_profile:
        profile.assign(command.data.begin(), command.data.end());
        return done();
      case apdu::ins::fetch: {
        Bytes answer = commands.front();
        commands.pop_front();
        answer.insert(answer.end(), {0x90, 0x00});
        return keep(answer);
      }
      case apdu::ins::terminal_response:
        responses.emplace_back(command.data.begin(), command.data.end());
        return done();
      case apdu::ins::envelope:
        envelopes.emplace_back(command.data.begin(), command.data.end());
        return done();
      default: return done();
    }
  }
  void queue(const toolkit::CommandBody& body) {
    uint8_t room[toolkit::proactive_command_octets_max];
    const auto bytes = toolkit::write_proactive_command({1, body}, room);
    REQUIRE(bytes.has_value());
    commands.emplace_back(bytes->begin(), bytes->end());
  }
  terminal::SendOutcome send_short_message(std::string_view, ByteView) override {
    return terminal::SendOutcome::accepted;
  }
  bool set_up_call(std::string_view) override { return true; }
  void refreshed(terminal::Refresh) override {}
  terminal::Answer ask(const terminal::Question&) override { return {}; }
  void show(std::string_view) override {}
  std::string pin(int) override { return "0000"; }

 private:
  Result<ByteView> keep(const Bytes& answer) {
    answer_ = answer;
    return ByteView(answer_);
  }
  Result<ByteView> done() {
    if (commands.empty()) return keep({0x90, 0x00});
    return keep({0x91, static_cast<uint8_t>(commands.front().size())});
  }
  Bytes answer_;
};

class MemoryNetwork : public terminal::DataNetwork {
 public:
  terminal::DataOpening outcome = terminal::DataOpening::open;
  bool full = false;
  bool ended = false;
  Bytes arriving;
  Bytes sent;
  std::string opened;
  int closed = 0;

  terminal::DataOpening open(uint8_t channel, const terminal::DataDestination& to) override {
    opened = std::to_string(channel) + " " + std::string(to.access_point) + " " +
             to_hex(to.address) + ":" + std::to_string(to.port);
    return outcome;
  }
  Result<void> send(uint8_t, ByteView bytes) override {
    if (ended) return fail(ErrorCode::closed);
    if (full) return fail(ErrorCode::busy);
    sent.insert(sent.end(), bytes.begin(), bytes.end());
    return {};
  }
  Result<size_t> receive(uint8_t, MutableByteView out) override {
    if (arriving.empty() && ended) return fail(ErrorCode::closed);
    const size_t size = std::min(out.size(), arriving.size());
    std::copy_n(arriving.begin(), size, out.begin());
    arriving.erase(arriving.begin(), arriving.begin() + static_cast<ptrdiff_t>(size));
    return size;
  }
  void close(uint8_t) override { ++closed; }
};

constexpr uint8_t address[] = {192, 0, 2, 7};
constexpr uint8_t apn[] = {3, 'o', 't', 'a', 7, 's', 'i', 'm', 'u', 'r', 'g', 'h'};

struct Rig {
  explicit Rig(bool data = true)
      : phone(card, card, card, *Imei::parse("490154203237518"), data ? &network : nullptr) {
    REQUIRE(phone.power_on(noon).has_value());
    where(terminal::LocationStatus::normal);
  }
  void where(terminal::LocationStatus status) {
    REQUIRE(phone.on_location(status, {"26201", 1, 1}, noon).has_value());
  }
  // Gives the card's commands to the terminal: a status event is what makes it look.
  void run(Instant now = noon) {
    REQUIRE(
        phone.on_location(terminal::LocationStatus::normal, {"26201", ++area, 1}, now).has_value());
  }
  toolkit::TerminalResponse last() {
    REQUIRE(!card.responses.empty());
    const auto response = toolkit::parse_terminal_response(card.responses.back());
    REQUIRE(response.has_value());
    return *response;
  }
  GeneralResult result(const toolkit::CommandBody& body) {
    card.queue(body);
    run();
    return last().result;
  }
  BearerError error(const toolkit::CommandBody& body) {
    CHECK(result(body) == GeneralResult::bearer_independent_protocol_error);
    REQUIRE(last().additional_information.size() == 1);
    return static_cast<BearerError>(last().additional_information[0]);
  }
  static toolkit::OpenChannel open_command() {
    toolkit::OpenChannel open;
    open.bearer = toolkit::BearerDescription{};
    open.buffer_octets = 1024;
    open.network_access_name = apn;
    open.transport = toolkit::TransportLevel{toolkit::TransportProtocol::tcp_client_remote, 8443};
    open.destination = toolkit::OtherAddress{toolkit::OtherAddress::ipv4, address};
    return open;
  }
  void listen() {
    toolkit::SetUpEventList events;
    events.events = {toolkit::Event::data_available, toolkit::Event::channel_status};
    events.count = 2;
    CHECK(result(events) == GeneralResult::performed);
  }
  void open() { REQUIRE(result(open_command()) == GeneralResult::performed); }
  Bytes fetch(uint8_t octets = 0xff) {
    card.queue(toolkit::ReceiveData{1, octets});
    run();
    const auto data = last().channel_data;
    if (!data.has_value()) return {};
    return Bytes(data->begin(), data->end());
  }
  BipCard card;
  MemoryNetwork network;
  terminal::Terminal phone;
  uint16_t area = 1;
};

Bytes counted(size_t size) {
  Bytes out(size);
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<uint8_t>(i * 7);
  return out;
}

}  // namespace

TEST_CASE("G1: a card opens a channel, sends, receives and closes it (TS 102 223 6.4.27)") {
  Rig rig;
  const toolkit::TerminalProfile profile(rig.card.profile);
  CHECK(profile.has(toolkit::Facility::open_channel));
  CHECK(profile.has(toolkit::Facility::tcp_client_remote));
  CHECK(profile.channel_count() == 2);
  rig.open();
  CHECK(rig.network.opened == "1 ota.simurgh c0000207:8443");
  CHECK(rig.last().channels[0] == toolkit::ChannelStatus{1, toolkit::ChannelState::established, 0});
  CHECK(rig.last().buffer_octets == 1024);

  const Bytes data = counted(500);
  CHECK(rig.result(toolkit::SendData{1, false, ByteView(data).first(200)}) ==
        GeneralResult::performed);
  CHECK(rig.network.sent.empty());  // stored only
  CHECK(rig.last().channel_data_length == 0xff);
  CHECK(rig.result(toolkit::SendData{1, true, ByteView(data).subspan(200, 200)}) ==
        GeneralResult::performed);
  CHECK(rig.network.sent == Bytes(data.begin(), data.begin() + 400));

  rig.network.arriving = data;
  CHECK(rig.fetch(100) == Bytes(data.begin(), data.begin() + 100));
  CHECK(rig.last().channel_data_length == 0xff);  // 400 left
  CHECK(rig.fetch().size() == 237);
  CHECK(rig.last().channel_data_length == 163);
  CHECK(rig.fetch().size() == 163);
  CHECK(rig.last().result == GeneralResult::performed_missing_information);
  CHECK(rig.last().channel_data_length == 0);
  CHECK(rig.result(toolkit::CloseChannel{1, 0, {}}) == GeneralResult::performed);
  CHECK(rig.network.closed == 1);
  CHECK(rig.error(toolkit::CloseChannel{1, 0, {}}) == BearerError::channel_not_valid);
}

TEST_CASE(
    "G1: DATA AVAILABLE only when the buffer was empty, CHANNEL STATUS after all was fetched") {
  Rig rig;
  rig.listen();
  rig.open();
  rig.network.arriving = counted(100);
  REQUIRE(rig.phone.on_data_ready(1, noon).has_value());
  REQUIRE(rig.card.envelopes.size() == 1);
  const auto first = toolkit::parse_envelope(rig.card.envelopes[0]);
  REQUIRE(first.has_value());
  CHECK(std::get<toolkit::DataAvailableEvent>(*first).octets == 100);
  rig.network.arriving = counted(50);
  REQUIRE(rig.phone.on_data_ready(1, noon).has_value());
  CHECK(rig.card.envelopes.size() == 1);  // there was something already
  CHECK(rig.fetch(100).size() == 100);
  CHECK(rig.last().channel_data_length == 50);
  rig.network.ended = true;
  REQUIRE(rig.phone.on_data_ready(1, noon).has_value());
  CHECK(rig.card.envelopes.size() == 1);  // 50 octets wait: the card is not told of the end yet
  CHECK(rig.fetch().size() == 50);
  REQUIRE(rig.card.envelopes.size() == 2);
  const auto second = toolkit::parse_envelope(rig.card.envelopes[1]);
  REQUIRE(second.has_value());
  CHECK(std::get<toolkit::ChannelStatusEvent>(*second).channel ==
        toolkit::ChannelStatus{1, toolkit::ChannelState::closed, 0x05});
  CHECK(rig.error(toolkit::ReceiveData{1, 10}) == BearerError::channel_closed);
  const Bytes data = counted(3);
  CHECK(rig.error(toolkit::SendData{1, true, data}) == BearerError::channel_closed);
}

TEST_CASE(
    "G1: a card that did not ask for events hears of none and can look by GET CHANNEL STATUS") {
  Rig rig;
  rig.open();
  rig.network.arriving = counted(10);
  rig.network.ended = true;
  REQUIRE(rig.phone.on_data_ready(1, noon).has_value());
  CHECK(rig.card.envelopes.empty());
  CHECK(rig.result(toolkit::GetChannelStatus{}) == GeneralResult::performed);
  CHECK(rig.last().channels[0].state == toolkit::ChannelState::established);
  CHECK(rig.fetch().size() == 10);
  rig.result(toolkit::GetChannelStatus{});
  CHECK(rig.last().channels[0] == toolkit::ChannelStatus{1, toolkit::ChannelState::closed, 0x05});
}

TEST_CASE("G1: the buffer bounds what a silent card makes the terminal keep") {
  Rig rig;
  rig.open();
  rig.network.arriving = counted(5000);
  for (int i = 0; i < 10; ++i) REQUIRE(rig.phone.on_data_ready(1, noon).has_value());
  CHECK(rig.network.arriving.size() == 5000 - 1024);
  Bytes all;
  while (all.size() < 5000) {
    const Bytes piece = rig.fetch(0xed);
    REQUIRE(!piece.empty());
    all.insert(all.end(), piece.begin(), piece.end());
  }
  CHECK(all == counted(5000));
  const Bytes data = counted(200);
  for (int i = 0; i < 5; ++i) {
    CHECK(rig.result(toolkit::SendData{1, false, data}) == GeneralResult::performed);
  }
  CHECK(rig.last().channel_data_length == 24);
  CHECK(rig.error(toolkit::SendData{1, false, data}) == BearerError::buffer_size_not_available);
  rig.network.full = true;
  CHECK(rig.result(toolkit::SendData{1, true, ByteView(data).first(10)}) ==
        GeneralResult::network_unable);
  rig.network.full = false;
  CHECK(rig.result(toolkit::SendData{1, true, ByteView(data).first(10)}) ==
        GeneralResult::performed);
  CHECK(rig.network.sent.size() == 1010);
}

TEST_CASE("G1: OPEN CHANNEL waits for the connection, and says why it failed (3A xx)") {
  Rig rig;
  rig.network.outcome = terminal::DataOpening::pending;
  rig.card.queue(Rig::open_command());
  rig.run();
  CHECK(rig.card.responses.empty());
  CHECK(rig.phone.next_deadline() == noon + seconds(30));
  SUBCASE("made") {
    REQUIRE(rig.phone.on_data_opened(1, true, noon).has_value());
    CHECK(rig.last().result == GeneralResult::performed);
    CHECK(rig.phone.next_deadline() == Instant::never());
  }
  SUBCASE("nobody there") {
    REQUIRE(rig.phone.on_data_opened(1, false, noon).has_value());
    CHECK(rig.last().result == GeneralResult::bearer_independent_protocol_error);
    CHECK(rig.last().additional_information[0] ==
          static_cast<uint8_t>(BearerError::remote_not_reachable));
    CHECK(rig.network.closed == 1);
  }
  SUBCASE("never answered") {
    REQUIRE(rig.phone.on_time(noon + seconds(30)).has_value());
    CHECK(rig.last().additional_information[0] ==
          static_cast<uint8_t>(BearerError::remote_not_reachable));
    REQUIRE(rig.phone.on_data_opened(1, true, noon + seconds(31)).has_value());
    CHECK(rig.card.responses.size() == 1);  // too late
  }
  SUBCASE("switched off meanwhile") {
    rig.phone.power_off();
    CHECK(rig.network.closed == 1);
    REQUIRE(rig.phone.on_data_opened(1, true, noon).has_value());
    CHECK(rig.card.responses.empty());
  }
}

TEST_CASE("G1: what a terminal cannot do is refused with the result that says so") {
  Rig rig;
  toolkit::OpenChannel udp = Rig::open_command();
  udp.transport->protocol = toolkit::TransportProtocol::udp_client_remote;
  CHECK(rig.error(udp) == BearerError::transport_not_available);
  toolkit::OpenChannel nowhere = Rig::open_command();
  nowhere.destination.reset();
  CHECK(rig.result(nowhere) == GeneralResult::required_values_missing);
  toolkit::OpenChannel no_buffer = Rig::open_command();
  no_buffer.buffer_octets = 0;
  CHECK(rig.error(no_buffer) == BearerError::buffer_size_not_available);
  toolkit::OpenChannel big_buffer = Rig::open_command();
  big_buffer.buffer_octets = 9000;
  CHECK(rig.result(big_buffer) == GeneralResult::performed_with_modification);
  CHECK(rig.last().buffer_octets == 1400);
  rig.open();
  CHECK(rig.error(Rig::open_command()) == BearerError::no_channel_available);
  CHECK(rig.error(toolkit::ReceiveData{3, 1}) == BearerError::channel_not_valid);
  rig.network.outcome = terminal::DataOpening::network_refused;
  rig.card.queue(toolkit::CloseChannel{1, 0, {}});
  CHECK(rig.result(Rig::open_command()) == GeneralResult::network_unable);
  rig.where(terminal::LocationStatus::none);
  rig.card.queue(Rig::open_command());
  (void)rig.phone.authenticate({}, {}, noon);  // its answer announces the command
  CHECK(rig.last().result == GeneralResult::terminal_unable);

  Rig without(false);
  CHECK_FALSE(toolkit::TerminalProfile(without.card.profile).has(toolkit::Facility::open_channel));
  CHECK(without.result(Rig::open_command()) == GeneralResult::beyond_terminal_capabilities);
}
