#include "terminal/terminal.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>

#include "formats/apdu/apdu.h"
#include "formats/sms/tpdu.h"
#include "formats/toolkit/envelope.h"
#include "formats/toolkit/proactive_command.h"
#include "formats/toolkit/terminal_response.h"
#include "hex.h"

using namespace simurgh;
using test::Bytes;
using test::from_hex;
using test::to_hex;

namespace {

constexpr Instant noon{1'800'000'000'000};

// A card that is a script: files by their last selected FID, proactive commands in a queue, and a
// log of what the terminal said.
class ScriptedCard : public terminal::Slot {
 public:
  std::map<std::string, Bytes> files = {
      {"2fe2", from_hex("988812010000400310f0")},
      {"6f07", from_hex("082982608200002080")},
  };
  std::map<std::string, std::vector<Bytes>> records = {
      {"2f00", {from_hex("61124f10a0000000871002ffffffff8907090000")}},
      {"6f3c", std::vector<Bytes>(2, Bytes(176, 0x00))},
  };
  std::deque<Bytes> commands;    // proactive, waiting
  std::vector<Bytes> responses;  // TERMINAL RESPONSEs
  std::vector<Bytes> envelopes;
  std::string envelope_answer = "9000";
  std::string pin = "9000";  // answer to VERIFY
  int tries = 3;
  int resets = 0;
  int statuses = 0;
  bool endless = false;  // the last command for ever
  std::string authenticate_answer = "9862";
  bool powered = false;

  Result<ByteView> reset() override {
    ++resets;
    powered = true;
    return keep(from_hex("3b00"));
  }
  void power_off() override { powered = false; }
  Result<ByteView> transmit(ByteView bytes) override {
    if (!powered) return fail(ErrorCode::closed);
    const auto command = *apdu::parse_command(bytes);
    switch (command.ins) {
      case apdu::ins::select: return select(command.data);
      case apdu::ins::read_binary: return read(files[selected_], command.le);
      case apdu::ins::read_record: {
        const auto& all = records[selected_];
        if (command.p1 == 0 || command.p1 > all.size()) return keep(from_hex("6a83"));
        return read(all[command.p1 - 1u], 256);
      }
      case apdu::ins::update_record:
        records[selected_][command.p1 - 1u].assign(command.data.begin(), command.data.end());
        return done();
      case apdu::ins::update_binary: return done();
      case apdu::ins::verify_pin:
        if (command.data.empty()) return keep(from_hex("63c" + std::to_string(tries)));
        if (pin != "9000") --tries;
        return keep(from_hex(pin == "9000" ? pin : "63c" + std::to_string(tries)));
      case apdu::ins::fetch: {
        Bytes answer = commands.front();
        if (!endless) commands.pop_front();
        answer.push_back(0x90);
        answer.push_back(0x00);
        return keep(answer);
      }
      case apdu::ins::terminal_response:
        responses.emplace_back(command.data.begin(), command.data.end());
        return done();
      case apdu::ins::envelope:
        envelopes.emplace_back(command.data.begin(), command.data.end());
        if (envelope_answer == "9000") return done();
        return keep(from_hex(envelope_answer));
      case apdu::ins::status: ++statuses; return done();
      case apdu::ins::authenticate: return keep(from_hex(authenticate_answer));
      default: return done();
    }
  }

 private:
  Result<ByteView> keep(const Bytes& answer) {
    answer_ = answer;
    return ByteView(answer_);
  }
  Result<ByteView> done() {
    if (commands.empty()) return keep({0x90, 0x00});
    return keep({0x91, static_cast<uint8_t>(commands.front().size())});
  }
  Result<ByteView> select(ByteView data) {
    const std::string name = to_hex(data.size() > 2 && data.size() != 7 ? data.last(2) : data);
    if (!files.contains(name) && !records.contains(name) && data.size() < 5) {
      if (name != "6f7e" && name != "6f42") return keep(from_hex("6a82"));
    }
    selected_ = name;
    return keep({0x90, 0x00});
  }
  Result<ByteView> read(const Bytes& file, uint32_t) {
    Bytes answer = file;
    answer.push_back(0x90);
    answer.push_back(0x00);
    return keep(answer);
  }
  std::string selected_;
  Bytes answer_;
};

class TestWorld : public terminal::Radio, public terminal::User {
 public:
  TestWorld() : phone(card, *this, *this, *Imei::parse("490154203237518")) {}
  terminal::SendOutcome send_short_message(std::string_view, ByteView submit) override {
    sent.emplace_back(submit.begin(), submit.end());
    return outcome;
  }
  bool set_up_call(std::string_view digits) override {
    called = std::string(digits);
    return true;
  }
  void refreshed(terminal::Refresh what) override { refreshes.push_back(what); }
  terminal::Answer ask(const terminal::Question& asked) override {
    question = asked;
    return answer;
  }
  void show(std::string_view) override {}
  std::string pin(int) override { return "1234"; }

  // Gives the card one command and lets the terminal carry it out; the terminal response.
  Bytes carry_out(const toolkit::CommandBody& body) {
    uint8_t room[toolkit::proactive_command_octets_max];
    const auto bytes = toolkit::write_proactive_command({1, body}, room);
    REQUIRE(bytes.has_value());
    return carry_out(Bytes(bytes->begin(), bytes->end()));
  }
  Bytes carry_out(const Bytes& command) {
    if (!phone.powered()) REQUIRE(phone.power_on(noon).has_value());
    card.commands.push_back(command);
    card.responses.clear();
    REQUIRE(phone.on_location(terminal::LocationStatus::limited, {}, now).has_value());
    return card.responses.empty() ? Bytes() : card.responses.front();
  }

  ScriptedCard card;
  terminal::Terminal phone;
  std::vector<Bytes> sent;
  terminal::SendOutcome outcome = terminal::SendOutcome::accepted;
  std::string called;
  std::vector<terminal::Refresh> refreshes;
  terminal::Question question;
  terminal::Answer answer;
  Instant now = noon;
};

// A phone that listens to the card's events, so that each on_location reaches the card.
struct Listening : TestWorld {
  Listening() {
    toolkit::SetUpEventList events;
    events.events[0] = toolkit::Event::location_status;
    events.count = 1;
    uint8_t room[64];
    const auto bytes = *toolkit::write_proactive_command({1, events}, room);
    card.commands.emplace_back(bytes.begin(), bytes.end());
    REQUIRE(phone.power_on(noon).has_value());
    REQUIRE(card.responses.size() == 1);
    card.responses.clear();
  }
  toolkit::TerminalResponse run(const toolkit::CommandBody& body) {
    last = carry_out(body);
    const auto response = toolkit::parse_terminal_response(last);
    REQUIRE(response.has_value());
    CHECK(response->command.number == 1);
    return *response;
  }
  Bytes last;
};

using toolkit::GeneralResult;

}  // namespace

TEST_CASE("a phone reads who its card is") {
  TestWorld world;
  REQUIRE(world.phone.power_on(noon).has_value());
  CHECK(world.phone.iccid().text() == "8988211000000430010");
  CHECK(world.phone.imsi().text() == "228062800000208");
  world.phone.power_off();
  CHECK(world.phone.imsi().empty());
  CHECK(!world.card.powered);
  CHECK(world.phone.authenticate({}, {}, noon).error().code == ErrorCode::closed);
}

TEST_CASE("a phone stops at a refused or blocked PIN, and never tries on its own") {
  TestWorld world;
  world.card.pin = "63";
  CHECK(world.phone.power_on(noon).error().code == ErrorCode::not_allowed);
  CHECK(world.card.tries == 0);
  CHECK(!world.phone.powered());
}

TEST_CASE("authentication: success, resynchronisation, MAC failure, and nonsense") {
  TestWorld world;
  REQUIRE(world.phone.power_on(noon).has_value());
  using Kind = terminal::Authentication::Kind;
  CHECK(world.phone.authenticate({}, {}, noon)->kind == Kind::mac_failure);
  world.card.authenticate_answer =
      "db08"
      "0102030405060708"
      "10" +
      std::string(32, 'a') + "10" + std::string(32, 'b') + "9000";
  const auto good = *world.phone.authenticate({}, {}, noon);
  CHECK(good.kind == Kind::success);
  CHECK(to_hex(good.res) == "0102030405060708");
  CHECK(!good.kc_present);
  world.card.authenticate_answer = "dc0e" + std::string(28, 'c') + "9000";
  CHECK(world.phone.authenticate({}, {}, noon)->kind == Kind::sync_failure);
  for (const char* nonsense : {"9000", "db9000", "db08019000", "dc0d0000009000", "ff009000",
                               "db11000000000000000000000000000000000009000", "6f00"}) {
    std::string hex = nonsense;
    if (hex.size() % 2 != 0) hex += "0";
    world.card.authenticate_answer = hex;
    CHECK(world.phone.authenticate({}, {}, noon)->kind == Kind::not_possible);
  }
}

TEST_CASE("the card's commands are carried out and answered with the result of TS 102 223 8.12") {
  Listening world;
  SUBCASE("DISPLAY TEXT, as octets, packed and in UCS-2") {
    toolkit::DisplayText text;
    text.text = {0x04, bytes_of("Hello")};
    CHECK(world.run(text).result == GeneralResult::performed);
    const Bytes packed = from_hex("c8329bfd06");  // "Hello" in packed septets
    text.text = {0x00, packed};
    CHECK(world.run(text).result == GeneralResult::performed);
    const Bytes wide = from_hex("00480069");
    text.text = {0x08, wide};
    CHECK(world.run(text).result == GeneralResult::performed);
    CHECK(world.phone.displayed() == std::vector<std::string>{"Hello", "Hello", "Hi"});
  }
  SUBCASE("GET INPUT") {
    toolkit::GetInput input;
    input.text = {0x04, bytes_of("Code")};
    input.qualifier = 0x04;
    input.length_min = 4;
    input.length_max = 6;
    world.answer = {terminal::Answer::Kind::text, "12345"};
    const auto response = world.run(input);
    CHECK(response.result == GeneralResult::performed);
    CHECK(text_of(response.text->text) == "12345");
    CHECK(world.question.hidden);
    CHECK(world.question.digits_only);
    world.answer = {terminal::Answer::Kind::text, "1"};
    CHECK(world.run(input).result == GeneralResult::no_response_from_user);
    world.answer = {terminal::Answer::Kind::cancelled, ""};
    CHECK(world.run(input).result == GeneralResult::session_ended_by_user);
    world.answer = {terminal::Answer::Kind::back, ""};
    CHECK(world.run(input).result == GeneralResult::backward_move);
  }
  SUBCASE("SEND SHORT MESSAGE") {
    const Bytes submit = from_hex("0100068121436500000141");
    toolkit::SendShortMessage message;
    message.tpdu = submit;
    CHECK(world.run(message).result == GeneralResult::performed);
    CHECK(world.sent == std::vector<Bytes>{submit});
    world.outcome = terminal::SendOutcome::network_unable;
    CHECK(world.run(message).result == GeneralResult::network_unable);
    world.outcome = terminal::SendOutcome::refused;
    CHECK(world.run(message).result == GeneralResult::sms_error);
    const Bytes nonsense = {0xff, 0xff};
    message.tpdu = nonsense;
    CHECK(world.run(message).result == GeneralResult::data_not_understood);
  }
  SUBCASE("PROVIDE LOCAL INFORMATION") {
    toolkit::ProvideLocalInformation wanted;
    wanted.what = toolkit::LocalInformation::location;
    CHECK(world.run(wanted).result == GeneralResult::terminal_unable);  // no PLMN known
    wanted.what = toolkit::LocalInformation::imei;
    CHECK(to_hex(world.run(wanted).imei) == "4a09512430325781");  // TS 24.008 10.5.1.4
    wanted.what = toolkit::LocalInformation::language;
    CHECK(text_of(world.run(wanted).language) == "en");
    wanted.what = toolkit::LocalInformation::date_time;
    CHECK(world.run(wanted).date_time.size() == 7);
    wanted.what = toolkit::LocalInformation::network_measurement_results;
    CHECK(world.run(wanted).result == GeneralResult::beyond_terminal_capabilities);
  }
  SUBCASE("SET UP CALL") {
    const Bytes address = from_hex("8121436587f9");
    toolkit::SetUpCall call;
    call.address = address;
    CHECK(world.run(call).result == GeneralResult::performed);
    CHECK(world.called == "123456789");
  }
  SUBCASE("a channel is beyond this terminal") {
    CHECK(world.run(toolkit::CloseChannel{}).result == GeneralResult::beyond_terminal_capabilities);
  }
}

TEST_CASE("commands that cannot be read are answered with the result that says so") {
  Listening world;
  // PLAY TONE is not known to this project's codec: type not understood.
  Bytes response = world.carry_out(from_hex("d009810301200082028103"));
  CHECK(toolkit::parse_terminal_response(response)->result == GeneralResult::type_not_understood);
  // DISPLAY TEXT without a text.
  response = world.carry_out(from_hex("d009810301210082028102"));
  CHECK(toolkit::parse_terminal_response(response)->result == GeneralResult::data_not_understood);
  for (const char* rubbish : {"d000", "00", "d0ff", "ffffffff", "d003810301"}) {
    CHECK(!world.carry_out(from_hex(rubbish)).empty());
  }
}

TEST_CASE("timers: started, asked, expired, stopped") {
  Listening world;
  toolkit::TimerManagement timer;
  timer.timer = 3;
  timer.value = toolkit::TimerValue{0, 2, 0};
  CHECK(world.run(timer).result == GeneralResult::performed);
  CHECK(world.phone.next_deadline() == noon + minutes(2));
  world.now = noon + seconds(30);
  timer.action = toolkit::TimerManagement::Action::get_value;
  timer.value.reset();
  CHECK(world.run(timer).timer_value->total_seconds() == 90);
  world.card.envelopes.clear();
  REQUIRE(world.phone.on_time(noon + seconds(119)).has_value());
  CHECK(world.card.envelopes.empty());
  REQUIRE(world.phone.on_time(noon + seconds(121)).has_value());
  REQUIRE(world.card.envelopes.size() == 1);
  const auto envelope = *toolkit::parse_envelope(world.card.envelopes[0]);
  CHECK(std::get<toolkit::TimerExpiration>(envelope).timer == 3);
  CHECK(std::get<toolkit::TimerExpiration>(envelope).value.total_seconds() == 121);
  CHECK(world.phone.next_deadline() == Instant::never());
  CHECK(world.run(timer).result == GeneralResult::contradiction_with_timer);
}

TEST_CASE("POLL INTERVAL: STATUS in the period that the card asked for, until POLLING OFF") {
  Listening world;
  CHECK(world.run(toolkit::PollInterval{{toolkit::TimeUnit::seconds, 30}}).result ==
        GeneralResult::performed);
  CHECK(world.phone.next_deadline() == noon + seconds(30));
  REQUIRE(world.phone.on_time(noon + seconds(30)).has_value());
  CHECK(world.card.statuses == 1);
  CHECK(world.phone.next_deadline() == noon + seconds(60));
  world.run(toolkit::PollingOff{});
  CHECK(world.phone.next_deadline() == Instant::never());
}

TEST_CASE("REFRESH: files, application, card; each reads the card again and tells the radio") {
  Listening world;
  world.card.files["6f07"] = from_hex("082926101160845740");
  CHECK(world.run(toolkit::Refresh{toolkit::RefreshMode::init_full_file_change, {}, {}}).result ==
        GeneralResult::performed);
  CHECK(world.phone.imsi().text() == "262011106487504");
  CHECK(world.card.resets == 1);
  uint8_t room[32];
  const auto reset = *toolkit::write_proactive_command(
      {1, toolkit::Refresh{toolkit::RefreshMode::uicc_reset, {}, {}}}, room);
  CHECK(world.carry_out(Bytes(reset.begin(), reset.end())).empty());  // no terminal response
  CHECK(world.card.resets == 2);
  CHECK(world.refreshes ==
        std::vector{terminal::Refresh::application_reset, terminal::Refresh::card_reset});
}

TEST_CASE("short messages: data download to the card, others to EF.SMS and the inbox") {
  TestWorld world;
  REQUIRE(world.phone.power_on(noon).has_value());
  // facts/sim-ota.md 5.1.
  const Bytes download = from_hex("4008912143658 77ff622705200000000 03027000");
  auto outcome = *world.phone.on_short_message("49171", download, noon);
  CHECK(outcome.accepted);
  CHECK(outcome.to_card);
  REQUIRE(world.card.envelopes.size() == 1);
  const auto envelope = *toolkit::parse_envelope(world.card.envelopes[0]);
  CHECK(to_hex(std::get<toolkit::SmsPpDownload>(envelope).tpdu) == to_hex(download));
  world.card.envelope_answer = "9300";
  outcome = *world.phone.on_short_message("49171", download, noon);
  CHECK(!outcome.accepted);
  CHECK(outcome.failure_cause == sms::failure_cause::toolkit_busy);
  world.card.envelope_answer = "027100aabb6200";
  outcome = *world.phone.on_short_message("49171", download, noon);
  CHECK(outcome.failure_cause == sms::failure_cause::data_download_error);
  CHECK(to_hex(outcome.user_data) == "027100aabb");
  world.card.envelope_answer = "027100aabb9000";
  outcome = *world.phone.on_short_message("49171", download, noon);
  CHECK(outcome.accepted);
  CHECK(to_hex(outcome.user_data) == "027100aabb");

  const Bytes text = from_hex("04089121436587000022705200000000054f7 9bc3e07");
  for (int i = 0; i < 3; ++i) {
    CHECK(world.phone.on_short_message("491710760000", text, noon)->accepted);
  }
  CHECK(world.phone.inbox().size() == 3);
  const Bytes& record = world.card.records["6f3c"][0];
  CHECK(to_hex(ByteView(record).first(9)) == "030791947101670000");
  CHECK(to_hex(ByteView(record).subspan(9, text.size())) == to_hex(text));
  CHECK(world.card.records["6f3c"][1][0] == 0x03);  // and the third found no room
  CHECK(!world.phone.on_short_message("49171", from_hex("ff"), noon)->accepted);
}

TEST_CASE("threats 10: a card that never ends its session does not hold the terminal") {
  Listening world;
  toolkit::DisplayText text;
  text.text = {0x04, bytes_of("again")};
  uint8_t room[64];
  auto bytes = *toolkit::write_proactive_command({1, text}, room);
  world.card.endless = true;
  world.carry_out(Bytes(bytes.begin(), bytes.end()));
  CHECK(world.card.responses.size() == terminal::Terminal::fetches_max);
  CHECK(world.phone.displayed().size() == terminal::Terminal::display_log_max);

  Listening other;
  bytes = *toolkit::write_proactive_command(
      {1, toolkit::Refresh{toolkit::RefreshMode::uicc_reset, {}, {}}}, room);
  other.card.endless = true;
  other.carry_out(Bytes(bytes.begin(), bytes.end()));
  CHECK(other.card.resets <= 2 + static_cast<int>(terminal::Terminal::refreshes_max));
}
