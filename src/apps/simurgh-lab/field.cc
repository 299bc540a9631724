#include "apps/simurgh-lab/field.h"

#include <algorithm>

#include "base/hex.h"

namespace simurgh::lab {

namespace {

// The suites of today's cards, most of them with the plainest.
constexpr std::array<tls::Suite, 3> suites = {tls::Suite::psk_aes128_cbc_sha256,
                                              tls::Suite::ecdhe_psk_aes128_cbc_sha256,
                                              tls::Suite::tls13_aes128_gcm_sha256};
constexpr size_t channels_of(size_t index) {
  return index % 10 == 8 ? 1 : index % 10 == 9 ? 2 : 0;
}

constexpr size_t switch_ons_per_turn = 100;
constexpr size_t weak_octets_min = 50, weak_octets_max = 2500;
// A connection so soon after the one before is the same session's next try.
constexpr Duration try_again_wait = seconds(20);
constexpr uint8_t loopback[] = {127, 0, 0, 1};
constexpr std::string_view come_back_later = "HTTP/1.1 503";

}  // namespace

Field::Field(loop::Loop& loop, const FieldOptions& options, LabRandom& random)
    : loop_(loop),
      options_(options),
      random_(random),
      sockets_(loop, gateway_, random, {options.latency_min, options.latency_max},
               [this](network::Handset& handset) { return cut_after(handset); }),
      home_(random) {
  gateway_.add({.access_point = chip_access_point,
                .address = {std::begin(loopback), std::end(loopback)},
                .port = options.port});
  phones_.reserve(options.chips);
}

Field::~Field() {
  stop();
}

bool Field::make_channels(std::string& problem) {
  for (size_t i = 0; i < suites.size(); ++i) {
    tls::TlsPolicy policy;
    policy.suites = {suites[i]};
    policy.asks_small_records = true;
    auto client = tls::ChipClient::create(policy, problem);
    if (!client) return false;
    clients_[i] = std::move(*client);
    channels_[i] = std::make_unique<chip_tls::TlsChannels>(
        *clients_[i], static_cast<chip_tls::Observer*>(this), uint64_t{i} << 48);
  }
  return true;
}

void Field::draw_fate(Phone& phone) {
  const auto drawn = [this](uint32_t permille) { return random_.below(1000) < permille; };
  phone.chip.short_messages_only = drawn(options_.sms_only);
  phone.fate = drawn(options_.off)          ? Fate::off
               : drawn(options_.wrong_keys) ? Fate::wrong_keys
                                            : Fate::well;
  phone.weak = drawn(options_.weak);
  phone.dies_of_payload =
      drawn(options_.payload_kills) && phone.fate == Fate::well && !phone.chip.short_messages_only;
  const auto on_ms = std::max<int64_t>(options_.on_within.ms, 1);
  const auto away_ms = int64_t{options_.poll_period_s} * 1000;
  const bool away = drawn(options_.away) && !phone.chip.short_messages_only;
  phone.on_at =
      Instant{static_cast<int64_t>(random_.below(static_cast<uint64_t>(away ? away_ms : on_ms)))};
}

// The platform was told other keys than the chip has.
void Field::spoil_keys(ForeignChip& chip) {
  random_.fill(chip.row.kic.fill(16));
  random_.fill(chip.row.kid.fill(16));
  if (!chip.psk_identity.empty()) random_.fill(chip.row.psk.fill(32));
}

bool Field::make_some(size_t count, std::string& problem) {
  if (channels_[0] == nullptr && !make_channels(problem)) return false;
  for (; count > 0 && phones_.size() < options_.chips; --count) {
    const size_t index = phones_.size();
    Phone& phone = phones_.emplace_back();
    draw_fate(phone);
    const bool numbered =
        phone.chip.short_messages_only || random_.below(1000) >= options_.unnumbered;
    auto made = make_foreign_chip({.index = index,
                                   .short_messages_only = phone.chip.short_messages_only,
                                   .port = options_.port,
                                   .poll_period_s = options_.poll_period_s},
                                  random_, channels_[channels_of(index)].get());
    if (!made) {
      problem = "a chip could not be made: " + std::string(name_of(made.error().code));
      return false;
    }
    phone.chip = std::move(*made);
    if (!numbered) phone.chip.row.msisdn = {};
    if (phone.fate == Fate::wrong_keys) spoil_keys(phone.chip);
    ++(phone.reachable() ? figures_.reachable : figures_.unreachable);
    home_.add(phone.chip.imsi, {phone.chip.msisdn, phone.chip.aka});
    by_msisdn_.emplace(phone.chip.msisdn.text(), index);
    by_iccid_.emplace(phone.chip.iccid.text(), index);
    if (!phone.chip.psk_identity.empty()) by_identity_.emplace(phone.chip.psk_identity, index);
  }
  return true;
}

// From `now` to the chip's next poll in its own slot.
Duration Field::poll_offset(const ForeignChip& chip, Instant now) const {
  const uint32_t period = options_.poll_period_s;
  const uint32_t slot = uicc::own_slot(chip.iccid, period);
  const auto place = static_cast<uint32_t>(now.ms / 1000 % period);
  return seconds((slot + period - place) % period);
}

std::string Field::fleet_file(Instant now, bool short_messages_only) const {
  std::string out = fleet_file::write_header() + "\n";
  for (const Phone& phone : phones_) {
    if (phone.chip.short_messages_only != short_messages_only) continue;
    fleet_file::Row row = phone.chip.row;
    const Duration offset = poll_offset(phone.chip, now);
    const auto poll_s = static_cast<uint32_t>((now + offset).ms / 1000);
    row.last_contact_s = poll_s - options_.poll_period_s;
    if (!short_messages_only) row.next_poll_s = poll_s;
    out += fleet_file::write_row(row) + "\n";
  }
  return out;
}

void Field::start(Lab& lab) {
  lab_ = &lab;
  network_ = std::make_unique<network::VisitedNetwork>(
      network::VisitedNetworkSettings{.vectors_per_request = 1}, home_, lab.radio());
  lab.radio().add(*network_);
  const Instant now = lab.now();
  for (size_t i = 0; i < phones_.size(); ++i) {
    phones_[i].on_at = now + Duration{phones_[i].on_at.ms};
    if (phones_[i].fate != Fate::off) to_switch_on_.push_back(i);
  }
  std::ranges::sort(to_switch_on_,
                    [this](size_t a, size_t b) { return phones_[b].on_at < phones_[a].on_at; });
}

void Field::switch_on(Phone& phone) {
  const size_t index = static_cast<size_t>(&phone - phones_.data());
  network::Handset::Settings settings;
  settings.imei = *Imei::parse("350000000000000");
  settings.rat = index % 4 == 3 ? network::Rat::gsm : network::Rat::umts;
  phone.handset = std::make_unique<network::Handset>(
      settings,
      uicc::Hardware{
          *phone.chip.nv, random_, phone.chip.seal_key,
          phone.chip.short_messages_only ? nullptr : channels_[channels_of(index)].get()},
      *network_, lab_->now(), &sockets_);
  by_handset_[phone.handset.get()] = index;
  if (!phone.handset->switch_on()) ++figures_.mute;
  lab_->add(*phone.handset);
}

void Field::turn() {
  for (size_t i = 0; i < switch_ons_per_turn && !to_switch_on_.empty(); ++i) {
    Phone& phone = phones_[to_switch_on_.back()];
    if (phone.on_at > lab_->now()) break;
    to_switch_on_.pop_back();
    switch_on(phone);
  }
  home_.run(*network_, lab_->now());
  for (const size_t index : std::exchange(dying_, {})) phones_[index].handset->switch_off();
}

void Field::stop() {
  if (lab_ == nullptr || std::exchange(stopped_, true)) return;
  by_handset_.clear();
  for (Phone& phone : phones_) {
    if (phone.handset == nullptr) continue;
    lab_->remove(*phone.handset);
    phone.handset.reset();
  }
}

Field::Phone* Field::find(const Iccid& iccid) {
  const auto found = by_iccid_.find(std::string(iccid.text()));
  return found == by_iccid_.end() ? nullptr : &phones_[found->second];
}

// --- what is seen on the way -------------------------------------------------------------------

bool Field::pass_down(const Msisdn& to, std::vector<uint8_t>&) {
  const auto found = by_msisdn_.find(std::string(to.text()));
  if (found != by_msisdn_.end()) phones_[found->second].triggered_at = lab_->now();
  return true;
}

// Each connection of a phone begins here.
size_t Field::cut_after(network::Handset& handset) {
  const auto found = by_handset_.find(&handset);
  if (found == by_handset_.end()) return 0;
  Phone& phone = phones_[found->second];
  const Instant now = lab_->now();
  const bool again = phone.session_at.ms != 0 && now - phone.session_at < try_again_wait;
  phone.by_trigger = phone.triggered_at.ms != 0;
  if (phone.by_trigger) {
    ++figures_.by_trigger;
  } else {
    ++(again ? figures_.tried_again : figures_.by_poll);
  }
  phone.triggered_at = {};
  phone.session_at = now;
  if (!phone.weak || random_.below(2) == 0) return 0;
  return weak_octets_min + random_.below(weak_octets_max - weak_octets_min);
}

void Field::on_established(uint64_t channel, std::string_view identity) {
  const auto found = by_identity_.find(std::string(identity));
  if (found == by_identity_.end()) return;
  sessions_[channel] = {.phone = found->second, .begun = loop_.now()};
  ++figures_.sessions_now;
}

void Field::on_ended(uint64_t channel) {
  const auto found = sessions_.find(channel);
  if (found == sessions_.end()) return;
  --figures_.sessions_now;
  if (found->second.served) served_.push_back({found->second.begun, loop_.now()});
  sessions_.erase(found);
}

void Field::on_plain(uint64_t channel, ByteView plain) {
  const auto found = sessions_.find(channel);
  if (found == sessions_.end()) return;
  count_answer(found->second, plain);
  look_for_payload(found->second, plain);
}

void Field::count_answer(Session& session, ByteView plain) {
  if (std::exchange(session.heard, true)) return;
  if (text_of(plain).starts_with(come_back_later)) {
    ++figures_.sent_away;
    if (phones_[session.phone].by_trigger) ++figures_.triggered_sent_away;
    return;
  }
  session.served = true;
  ++figures_.sessions;
}

Load Field::load() const {
  std::vector<Instant> begins, ends;
  for (const Span& span : served_) {
    begins.push_back(span.from);
    ends.push_back(span.to);
  }
  std::ranges::sort(begins, [](Instant a, Instant b) { return a.ms < b.ms; });
  std::ranges::sort(ends, [](Instant a, Instant b) { return a.ms < b.ms; });
  Load load;
  size_t over = 0;
  for (size_t begun = 0; begun < begins.size(); ++begun) {
    while (over < ends.size() && ends[over].ms <= begins[begun].ms) ++over;
    const size_t there = begun + 1 - std::min(over, begun);
    if (there > options_.capacity) ++load.over_capacity;
    load.peak_sessions = std::max(load.peak_sessions, there);
  }
  return load;
}

// A fragile chip gets the payload: it will execute it in this very call.
void Field::look_for_payload(Session& session, ByteView plain) {
  Phone& phone = phones_[session.phone];
  if (!phone.dies_of_payload || phone.dead) return;
  ByteArray<payload_commands[1].size() / 2> command;
  SIMURGH_CHECK(parse_hex(payload_commands[1], command).has_value());
  session.tail += text_of(plain);
  if (session.tail.find(text_of(command)) != std::string::npos) {
    phone.dead = true;
    ++figures_.chips_killed;
    dying_.push_back(session.phone);
  } else if (session.tail.size() > command.size()) {
    session.tail.erase(0, session.tail.size() - command.size());
  }
}

// What has died answers nothing.
bool Field::may_write(uint64_t channel) {
  const auto found = sessions_.find(channel);
  return found == sessions_.end() || !phones_[found->second.phone].dead;
}

}  // namespace simurgh::lab
