#include "terminal/terminal.h"

#include <algorithm>

#include "base/secret.h"
#include "formats/apdu/instruction.h"
#include "formats/sms/tpdu.h"
#include "formats/tlv/ber_tlv.h"
#include "terminal/state.h"

namespace simurgh::terminal {

namespace ins = apdu::ins;

namespace {

constexpr size_t inbox_messages_max = 64;
constexpr uint8_t key_reference_pin1 = 0x01;
constexpr size_t pin_octets = 8;
constexpr uint16_t current_adf = 0x7fff;
constexpr ByteArray<7> usim_aid_begin = {0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};
constexpr uint8_t context_3g = 0x81;
constexpr uint8_t context_gsm = 0x80;
constexpr uint8_t message_free = 0x00;
constexpr uint8_t message_unread = 0x03;
constexpr uint8_t message_records_max = 100;

// Digits of a BCD file; empty when they are not digits.
std::string bcd_text(ByteView bcd) {
  char digits[40];
  if (bcd.size() * 2 > sizeof(digits)) return {};
  const auto text = parse_bcd(bcd, digits);
  return text.has_value() ? std::string(*text) : std::string();
}

Result<ByteArray<pin_octets>> pin_value(std::string_view pin) {
  ByteArray<pin_octets> value;
  value.fill(0xff);
  if (pin.size() < 4 || pin.size() > value.size()) return fail(ErrorCode::bad_length);
  std::copy(pin.begin(), pin.end(), value.begin());
  return value;
}

// The three octets of a PLMN (TS 24.008 10.5.1.3).
std::optional<ByteArray<3>> plmn_octets(std::string_view mcc_mnc) {
  if (mcc_mnc.size() != 5 && mcc_mnc.size() != 6) return std::nullopt;
  uint8_t d[6];
  for (size_t i = 0; i < mcc_mnc.size(); ++i) {
    if (mcc_mnc[i] < '0' || mcc_mnc[i] > '9') return std::nullopt;
    d[i] = static_cast<uint8_t>(mcc_mnc[i] - '0');
  }
  const uint8_t third = mcc_mnc.size() == 6 ? d[5] : uint8_t{0xf};
  return ByteArray<3>{static_cast<uint8_t>(d[1] << 4 | d[0]),
                      static_cast<uint8_t>(third << 4 | d[2]),
                      static_cast<uint8_t>(d[4] << 4 | d[3])};
}

// Reads a value of fixed size that a length octet precedes.
template <size_t N>
Result<ByteArray<N>> fixed_value(Reader& reader) {
  const ByteView value = TRY(reader.prefixed8());
  if (value.size() != N) return fail(ErrorCode::bad_length, reader.offset());
  ByteArray<N> out;
  std::memcpy(out.data(), value.data(), N);
  return out;
}

Result<Authentication> parse_authentication(ByteView data) {
  Authentication out;
  Reader reader(data);
  const uint8_t tag = TRY(reader.u8());
  if (tag == 0xdc) {
    out.kind = Authentication::Kind::sync_failure;
    out.auts = TRY(fixed_value<14>(reader));
    return out;
  }
  if (tag != 0xdb) return fail(ErrorCode::bad_value);
  out.kind = Authentication::Kind::success;
  if (!out.res.try_append(TRY(reader.prefixed8()))) return fail(ErrorCode::bad_length);
  out.ck = TRY(fixed_value<16>(reader));
  out.ik = TRY(fixed_value<16>(reader));
  if (!reader.at_end()) {
    out.kc = TRY(fixed_value<8>(reader));
    out.kc_present = true;
  }
  return out;
}

}  // namespace

std::vector<uint8_t> location_information(const Location& location) {
  const auto plmn = plmn_octets(location.mcc_mnc);
  if (!plmn.has_value()) return {};
  ByteArray<9> octets;
  Writer writer(octets);
  writer.bytes(*plmn).u16(location.area_code);
  // A cell identity of 16 bits where it fits, of UTRAN's 28 bits otherwise.
  if (location.cell <= 0xffff) {
    writer.u16(static_cast<uint16_t>(location.cell));
  } else {
    writer.u32(location.cell);
  }
  return {writer.written().begin(), writer.written().end()};
}

Terminal::Terminal(Slot& slot, Radio& radio, User& user, const Imei& imei, DataNetwork* data)
    : state_(std::make_unique<State>(slot, radio, user, imei, data)) {}
Terminal::~Terminal() = default;

// --- starting --------------------------------------------------------------------------------

void Terminal::State::forget_session() {
  powered = false;
  card.forget();
  iccid = {};
  imsi = {};
  service_centre.clear();
  wants_location_events = wants_data_events = wants_channel_events = false;
  channels.close_all();
  opening.reset();
  opening_due = Instant::never();
  timers = {};
  poll_period = {0};
  poll_due = Instant::never();
  refresh.reset();
  location_status = LocationStatus::none;
  message_records = 0;
  free_message_records.clear();
}

Result<void> Terminal::State::start() {
  forget_session();
  if (!slot.reset().has_value()) return fail(ErrorCode::closed);
  powered = true;
  TRY(read_identity());
  const toolkit::TerminalProfile profile = own_profile(channels.available());
  apdu::Command download;
  download.cla = apdu::cla_etsi;
  download.ins = ins::terminal_profile;
  download.data = profile.view();
  TRY(card.send(download));
  TRY(open_application());
  TRY(pass_pin());
  return read_subscriber();
}

Result<void> Terminal::State::read_identity() {
  const auto selected = card.select({0x2fe2});
  if (!selected.has_value()) {
    return selected.error().code == ErrorCode::closed ? selected : Result<void>();
  }
  const auto octets = card.read_binary(10);
  if (!octets.has_value()) {
    return octets.error().code == ErrorCode::closed ? octets.error() : Result<void>();
  }
  const auto parsed = Iccid::parse(bcd_text(*octets));
  if (parsed.has_value()) iccid = *parsed;
  return {};
}

// The first USIM that EF.DIR names; a card without one is not for this terminal.
Result<void> Terminal::State::open_application() {
  TRY(card.select({0x2f00}));
  constexpr uint8_t applications_max = 8;
  for (uint8_t number = 1; number <= applications_max; ++number) {
    const auto record = card.read_record(number);
    if (!record.has_value()) return record.error();
    const auto application = tlv::find_ber(*record, 0x61);
    if (!application.has_value()) continue;
    const auto aid = tlv::find_ber(application->value, 0x4f);
    if (!aid.has_value() || aid->value.size() < usim_aid_begin.size()) continue;
    if (!equal(aid->value.first(usim_aid_begin.size()), usim_aid_begin)) continue;
    if (aid->value.size() > usim_aid.capacity()) continue;
    usim_aid.assign(aid->value);
    return card.select_application(usim_aid);
  }
  return fail(ErrorCode::not_found);
}

Result<void> Terminal::State::pass_pin() {
  apdu::Command verify;
  verify.ins = ins::verify_pin;
  verify.p2 = key_reference_pin1;
  apdu::StatusWord status = TRY(card.send(verify)).status;  // without data: how many tries
  while ((status.value & 0xfff0) == 0x63c0) {
    const int tries = status.value & 0x0f;
    if (tries == 0) return fail(ErrorCode::not_allowed);
    std::string pin = user.pin(tries);
    const auto value = pin_value(pin);
    wipe({reinterpret_cast<uint8_t*>(pin.data()), pin.size()});
    if (!value.has_value()) return fail(ErrorCode::not_allowed);
    verify.data = *value;
    status = TRY(card.send(verify)).status;
  }
  if (status.is_success() || status == apdu::status::referenced_data_invalidated) return {};
  return fail(ErrorCode::not_allowed);
}

Result<void> Terminal::State::read_subscriber() {
  TRY(card.select({current_adf, 0x6f07}));
  const std::vector<uint8_t> file = TRY(card.read_binary(9));
  const size_t size = std::min<size_t>(file[0], file.size() - 1);
  const std::string digits = bcd_text(ByteView(file).subspan(1, size));
  // The first digit is the parity, not part of the IMSI (TS 31.102 4.2.2).
  const auto parsed = Imsi::parse(digits.empty() ? "" : std::string_view(digits).substr(1));
  imsi = parsed.has_value() ? *parsed : Imsi();

  const auto selected = card.select({current_adf, 0x6f42});
  if (!selected.has_value()) {
    return selected.error().code == ErrorCode::closed ? selected : Result<void>();
  }
  const auto record = card.read_record(1);
  if (!record.has_value()) {
    return record.error().code == ErrorCode::closed ? record.error() : Result<void>();
  }
  constexpr size_t fixed_octets = 28;  // after the alpha identifier (4.2.27)
  if (record->size() < fixed_octets) return {};
  const ByteView parameters = ByteView(*record).last(fixed_octets);
  const ByteView address = parameters.subspan(13, 12);
  if ((parameters[0] & 0x02) != 0 || address[0] == 0 || address[0] >= address.size()) return {};
  const auto centre = sms::parse_address_value(address.subspan(1, address[0]));
  char text[sms::address_digits_max];
  if (!centre.has_value()) return {};
  const auto centre_digits = centre->digits(text);
  if (centre_digits.has_value()) service_centre = std::string(*centre_digits);
  return {};
}

Result<void> Terminal::power_on(Instant now) {
  auto started = state_->start();
  if (started.has_value()) started = state_->run_proactive(now);
  if (!started.has_value()) {
    state_->slot.power_off();
    state_->forget_session();
  }
  return started;
}

void Terminal::power_off() {
  state_->slot.power_off();
  state_->forget_session();
}

bool Terminal::powered() const {
  return state_->powered;
}
const Iccid& Terminal::iccid() const {
  return state_->iccid;
}
const Imsi& Terminal::imsi() const {
  return state_->imsi;
}
std::string_view Terminal::service_centre() const {
  return state_->service_centre;
}
const std::vector<std::string>& Terminal::displayed() const {
  return state_->displayed;
}
const std::vector<std::vector<uint8_t>>& Terminal::inbox() const {
  return state_->inbox;
}

// --- authentication ----------------------------------------------------------------------------

Result<Authentication> Terminal::authenticate(const ByteArray<16>& rand, const ByteArray<16>& autn,
                                              Instant now) {
  if (!powered()) return fail(ErrorCode::closed);
  ByteArray<34> data;
  Writer(data).prefixed8(rand).prefixed8(autn);
  apdu::Command command;
  command.ins = ins::authenticate;
  command.p2 = context_3g;
  command.data = data;
  const auto answer = state_->or_off(state_->card.send(command));
  if (!answer.has_value()) return answer.error();
  Authentication out;
  if (answer->ok()) {
    const auto parsed = parse_authentication(answer->data);
    if (parsed.has_value()) out = *parsed;
  } else if (answer->status == apdu::status::authentication_mac_failure) {
    out.kind = Authentication::Kind::mac_failure;
  }
  const auto session = state_->or_off(state_->run_proactive(now));
  if (!session.has_value()) return session.error();
  return out;
}

Result<GsmAuthentication> Terminal::authenticate_2g(const ByteArray<16>& rand, Instant now) {
  if (!powered()) return fail(ErrorCode::closed);
  ByteArray<17> data;
  Writer(data).prefixed8(rand);
  apdu::Command command;
  command.ins = ins::authenticate;
  command.p2 = context_gsm;
  command.data = data;
  const auto answer = state_->or_off(state_->card.send(command));
  if (!answer.has_value()) return answer.error();
  if (!answer->ok()) return fail(ErrorCode::not_allowed);
  Reader reader(answer->data);
  GsmAuthentication out;
  out.sres = TRY(fixed_value<4>(reader));
  out.kc = TRY(fixed_value<8>(reader));
  const auto session = state_->or_off(state_->run_proactive(now));
  if (!session.has_value()) return session.error();
  return out;
}

// --- the network's events ------------------------------------------------------------------------

Result<CardSession::Answer> Terminal::State::envelope(const toolkit::Envelope& body) {
  uint8_t octets[toolkit::envelope_octets_max];
  apdu::Command command;
  command.cla = apdu::cla_etsi;
  command.ins = ins::envelope;
  command.data = TRY(write_envelope(body, octets));
  return card.send(command);
}

// EF.LOCI (TS 31.102 4.2.17): no TMSI, the location area, updated or not.
Result<void> Terminal::State::keep_location() {
  const auto plmn = plmn_octets(location.mcc_mnc);
  if (!plmn.has_value()) return {};
  TRY(card.select({current_adf, 0x6f7e}));
  ByteArray<11> file;
  Writer writer(file);
  writer.fill(0xff, 4).bytes(*plmn).u16(location.area_code).u8(0xff);
  writer.u8(location_status == LocationStatus::normal ? 0x00 : 0x01);
  return card.update_binary(file);
}

Result<void> Terminal::on_location(LocationStatus status, const Location& location, Instant now) {
  State& state = *state_;
  if (!state.powered) return fail(ErrorCode::closed);
  const bool moved = state.location_status != status ||
                     state.location.mcc_mnc != location.mcc_mnc ||
                     state.location.area_code != location.area_code;
  state.location_status = status;
  state.location = location;
  if (moved && status == LocationStatus::normal) {
    const auto kept = state.or_off(state.keep_location());
    if (!kept.has_value() && kept.error().code == ErrorCode::closed) return kept;
  }
  if (state.wants_location_events) {
    toolkit::LocationStatusEvent event;
    event.status = static_cast<toolkit::LocationStatus>(status);
    const std::vector<uint8_t> information = location_information(location);
    if (status == LocationStatus::normal) event.location_information = information;
    const auto told = state.or_off(state.envelope(event));
    if (!told.has_value()) return told.error();
  }
  return state.or_off(state.run_proactive(now));
}

// Short messages that are not for the card: EF.SMS while it has room, and the inbox.
Result<void> Terminal::State::keep_message(std::string_view centre_digits, ByteView deliver) {
  if (inbox.size() == inbox_messages_max) inbox.erase(inbox.begin());
  inbox.emplace_back(deliver.begin(), deliver.end());
  TRY(card.select({current_adf, 0x6f3c}));
  if (message_records == 0) {
    for (uint8_t number = 1; number <= message_records_max; ++number) {
      const auto record = card.read_record(number);
      if (!record.has_value()) {
        if (record.error().code == ErrorCode::closed) return record.error();
        break;
      }
      message_records = number;
      if (!record->empty() && record->front() == message_free) {
        free_message_records.push_back(number);
      }
    }
  }
  if (free_message_records.empty()) return {};
  ByteArray<176> record;  // TS 31.102 4.2.25
  Writer writer(record);
  uint8_t address_octets[sms::address_octets_max];
  const auto centre = sms::Address::of_digits(centre_digits, sms::TypeOfNumber::international);
  writer.u8(message_unread);
  if (centre.has_value() && !centre_digits.empty()) {
    writer.prefixed8(TRY(write_address_value(*centre, address_octets)));
  } else {
    writer.u8(0);
  }
  writer.bytes(deliver);
  if (writer.failed()) return {};
  writer.fill(0xff, record.size() - writer.size());
  TRY(card.update_record(free_message_records.front(), record));
  free_message_records.erase(free_message_records.begin());
  return {};
}

Result<DeliverOutcome> Terminal::on_short_message(std::string_view service_centre, ByteView deliver,
                                                  Instant now) {
  State& state = *state_;
  if (!state.powered) return fail(ErrorCode::closed);
  DeliverOutcome outcome;
  const auto parsed = sms::parse_deliver(deliver);
  if (!parsed.has_value()) {
    outcome.failure_cause = sms::failure_cause::unspecified;
    return outcome;
  }
  const bool for_card = parsed->protocol_identifier == sms::pid_sim_data_download &&
                        sms::message_class_of(parsed->data_coding) == 2;
  if (!for_card) {
    const auto kept = state.or_off(state.keep_message(service_centre, deliver));
    if (!kept.has_value() && kept.error().code == ErrorCode::closed) return kept.error();
    outcome.accepted = true;
    return outcome;
  }
  outcome.to_card = true;
  toolkit::SmsPpDownload download;
  uint8_t address_octets[sms::address_octets_max];
  const auto centre = sms::Address::of_digits(service_centre, sms::TypeOfNumber::international);
  if (centre.has_value() && !service_centre.empty()) {
    const auto written = write_address_value(*centre, address_octets);
    if (written.has_value()) download.address = *written;
  }
  download.tpdu = deliver;
  const auto answer = state.or_off(state.envelope(download));
  if (!answer.has_value()) {
    if (answer.error().code == ErrorCode::closed) return answer.error();
    outcome.failure_cause = sms::failure_cause::data_download_error;
    return outcome;
  }
  outcome.accepted = answer->ok();
  if (!outcome.accepted) {
    outcome.failure_cause = answer->status == apdu::status::toolkit_busy
                                ? sms::failure_cause::toolkit_busy
                                : sms::failure_cause::data_download_error;
  }
  (void)outcome.user_data.try_append(answer->data);
  const auto session = state.or_off(state.run_proactive(now));
  if (!session.has_value()) return session.error();
  return outcome;
}

// --- time ----------------------------------------------------------------------------------------

Result<void> Terminal::on_time(Instant now) {
  State& state = *state_;
  if (!state.powered) return {};
  if (state.opening_due <= now) {
    const auto given_up = state.or_off(state.finish_opening(false, now));
    if (!given_up.has_value()) return given_up;
  }
  for (size_t i = 0; i < state.timers.size() && state.powered; ++i) {
    Timer& timer = state.timers[i];
    if (timer.due > now) continue;
    toolkit::TimerExpiration expired;
    expired.timer = static_cast<uint8_t>(i + 1);
    expired.value = toolkit::TimerValue::of_seconds(
        static_cast<uint32_t>(std::min<int64_t>((now - timer.started).ms / 1000, 86399)));
    timer.due = Instant::never();
    const auto told = state.or_off(state.envelope(expired));
    if (!told.has_value()) return told.error();
    const auto session = state.or_off(state.run_proactive(now));
    if (!session.has_value()) return session;
  }
  if (!state.powered || state.poll_due > now) return {};
  state.poll_due = now + state.poll_period;
  apdu::Command poll;
  poll.cla = apdu::cla_etsi;
  poll.ins = ins::status;
  poll.p2 = 0x0c;
  const auto polled = state.or_off(state.card.send(poll));
  if (!polled.has_value()) return polled.error();
  return state.or_off(state.run_proactive(now));
}

Instant Terminal::next_deadline() const {
  Instant next = earlier(state_->poll_due, state_->opening_due);
  for (const Timer& timer : state_->timers) next = earlier(next, timer.due);
  return state_->powered ? next : Instant::never();
}

}  // namespace simurgh::terminal
