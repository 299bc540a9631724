#include "checkers.h"

#include <algorithm>

#include "base/hex.h"
#include "hlr/subscriber.h"

namespace simurgh::sim {

namespace {

constexpr size_t secret_window_octets = 8;
constexpr size_t bytes_kept_max = 200'000;

// The value of a name in an audit row's detail; empty when it is not there.
std::string detail_of(const audit::Row& row, std::string_view name) {
  const std::string& text = row.detail;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view pair = std::string_view(text).substr(at, end - at);
    if (pair.starts_with(name) && pair.size() > name.size() && pair[name.size()] == '=') {
      return std::string(pair.substr(name.size() + 1));
    }
    at = end + 1;
  }
  return {};
}

struct ChipLedger {
  std::string state;
  std::string life = "0";
};
struct SubscriberLedger {
  bool present = false;
  bool fenced = false;
  std::string life, epoch;
};

// False when the row does not follow from the ones before.
bool follow(const audit::Row& row, ChipLedger& chip) {
  if (row.action == "chip.sell") {
    if (!chip.state.empty() && chip.state != "returned") return false;
    chip.state = "sold";
    chip.life = detail_of(row, "life");
    return true;
  }
  if (row.action == "chip.take_up") {
    if (!chip.state.empty() && detail_of(row, "from") != chip.state) return false;
  } else if (detail_of(row, "from") != chip.state) {
    return false;
  }
  chip.state = detail_of(row, "to");
  chip.life = detail_of(row, "life");
  return true;
}

bool follow(const audit::Row& row, SubscriberLedger& subscriber) {
  if (row.action == "subscriber.create") {
    if (subscriber.present) return false;
    subscriber = {true, false, detail_of(row, "life"), detail_of(row, "epoch")};
  } else if (row.action == "subscriber.keys") {
    if (!subscriber.present) return false;
    subscriber = {true, false, detail_of(row, "life"), detail_of(row, "epoch")};
  } else if (row.action == "subscriber.fence") {
    if (!subscriber.present || subscriber.fenced) return false;
    subscriber.fenced = true;
  } else if (row.action == "subscriber.remove") {
    if (!subscriber.present) return false;
    subscriber = {};
  }
  return true;
}

bool same_key(const personalisation::Epoch& epoch, const hlr::SubscriberKeys& keys) {
  Secret<32> ki;
  personalisation::derive_ki(epoch.secret, ki.fill(keys.ki.size()));
  return crypto::secure_equal(ki.view(), keys.ki.view());
}

}  // namespace

void Checkers::remember_secrets(const personalisation::ChipRecord& record) {
  const auto add = [&](ByteView secret) {
    if (!secret.empty()) secrets_.insert({secret.begin(), secret.end()});
  };
  const auto add_epoch = [&](const personalisation::Epoch& epoch) {
    add(epoch.secret.view());
    if (epoch.secret.empty()) return;
    Secret<16> ki;
    personalisation::derive_ki(epoch.secret, ki.fill(16));
    add(ki.view());
  };
  add(record.chip_key.view());
  add_epoch(record.active);
  if (record.pending) add_epoch(*record.pending);
}

std::string Checkers::check(ChipNode& chip) {
  if (!server_.alive()) return {};
  Seen& seen = seen_[chip.iccid()];
  const uint64_t commits = server_.storage().mark().generation;
  const uint64_t granules = chip.nv().granules_written();
  if (seen.checked_commits == commits && seen.checked_granules == granules) return {};
  seen.checked_commits = commits;
  seen.checked_granules = granules;
  ++checks;
  const auto& record = chip.record();
  if (!record) return {};  // a cut that the chip has yet to recover from
  remember_secrets(*record);

  // I2: lives, epochs and attempts only rise.
  if (record->life < seen.life) return "I2: the chip went back to an older life";
  if (record->life > seen.life) seen = {record->life, 0, 0, seen.counter_sent, seen.counter_life};
  if (record->epoch_max < seen.epoch_max) return "I2: the chip's highest epoch fell";
  if (record->attempt < seen.attempt) return "I2: the chip's attempt number fell";
  seen.epoch_max = record->epoch_max;
  seen.attempt = record->attempt;

  // I1: what the AuC would use now, the chip accepts.
  const auto subscriber = server_.storage().hlr().load(chip.imsi());
  if (!subscriber || !*subscriber || (*subscriber)->fenced) return {};
  const auto keys = hlr::open_keys(server_.keys(), **subscriber);
  if (!keys) return "I1: the AuC's sealed key does not open";
  if (keys->life != record->life) return "I1: the AuC is in another life than the chip";
  const bool accepted =
      same_key(record->active, *keys) || (record->pending && same_key(*record->pending, *keys));
  if (!accepted) {
    return "I1: the AuC's key (epoch " + std::to_string(keys->epoch) +
           ") is none that the chip accepts (active " + std::to_string(record->active.number) +
           (record->pending ? ", pending " + std::to_string(record->pending->number) : "") + ")";
  }
  return {};
}

std::string Checkers::check_counters(ChipNode& chip, bool sent) {
  if (!server_.alive() || !sent) return {};
  const auto row = server_.storage().security_centre().load(chip.iccid());
  if (!row || !*row) return {};
  Seen& seen = seen_[chip.iccid()];
  const uint64_t counter = (*row)->counter_to_chip;
  if ((*row)->life != seen.counter_life) {
    seen.counter_life = (*row)->life;
    seen.counter_sent = 0;
  }
  // `sent` says that something left for some chip; only a counter that moved left for this one.
  if (counter < seen.counter_sent) return "I2: a counter towards the chip fell";
  seen.counter_sent = counter;
  return {};
}

std::string Checkers::check_hotline(ChipNode& chip, const Msisdn& centre) {
  if (!chip.handset().registered() || chip.network().hotline(chip.imsi()).empty()) return {};
  const auto call = chip.handset().call("4989123456");
  if (!call || *call != centre.text()) return "I7: a hotlined call went elsewhere";
  if (chip.handset().send_text(*Msisdn::parse("4989123456"), "hello") !=
      terminal::SendOutcome::refused) {
    return "I7: a hotlined short message went out";
  }
  if (chip.network().open_data_session(chip.imsi(), "internet")) {
    return "I7: a hotlined data session came up";
  }
  return {};
}

std::string Checkers::check_rest(ChipNode& chip) {
  const auto& record = chip.record();
  if (!record) return "I9: the chip's memory is lost";
  if (record->pending) return "I1: a second key is left in the chip at rest";
  const auto row = server_.storage().security_centre().load(chip.iccid());
  if (!row || !*row) return "L1: the centre has no row of a chip in service";
  if (!(*row)->previous_secret.empty()) return "I1: a second key is left at the centre at rest";
  if ((*row)->active_epoch != record->active.number) return "I1: epochs differ at rest";
  const int tries = chip.pin_tries();
  if (tries >= 0 && tries != 3) return "I9: tries were lost without a wrong PIN";
  return {};
}

std::string Checkers::check_age(ChipNode& chip, Duration interval, Duration renewal_wait_max,
                                Instant now) {
  if (interval == Duration()) return {};
  const auto row = server_.storage().security_centre().load(chip.iccid());
  const auto sold = server_.storage().fleet().chip(chip.iccid());
  if (!row || !*row || !sold || !*sold) return "L1: the centre has no row of a chip in service";
  // The chip's last renewal as the fleet saw it: not the column that the centre decides by.
  if ((*sold)->changed + interval + renewal_wait_max < now) {
    return "D11: a key is older than the interval";
  }
  return {};
}

std::string Checkers::check_audit() {
  audit::Log log(server_.storage().audit());
  const auto verified = log.verify();
  if (!verified) return "I6: the audit log cannot be read";
  if (verified->fault) return std::string("I6: audit chain ") + name_of(*verified->fault);
  return {};
}

std::string Checkers::check_ledger() {
  const auto rows = server_.storage().audit().page(1, 100'000);
  if (!rows) return "I6: the audit log cannot be read";
  std::map<std::string, ChipLedger> chips;
  std::map<std::string, SubscriberLedger> subscribers;
  for (const auto& row : *rows) {
    const bool chip_event = row.action.starts_with("chip.") && row.action != "chip.msisdn";
    if (chip_event && !follow(row, chips[row.subject])) {
      return "I6: audit row " + row.action + " does not follow from the rows before";
    }
    if (row.action.starts_with("subscriber.") && !follow(row, subscribers[row.subject])) {
      return "I6: audit row " + row.action + " does not follow from the rows before";
    }
  }
  for (const auto& [iccid, ledger] : chips) {
    const auto chip = server_.storage().fleet().chip(*Iccid::parse(iccid));
    if (!chip || !*chip || name_of((*chip)->state) != ledger.state ||
        std::to_string((*chip)->life) != ledger.life) {
      return "I6: the audit rows of chip " + iccid + " do not lead to what it is: " + ledger.state;
    }
  }
  for (const auto& [imsi, ledger] : subscribers) {
    const auto row = server_.storage().hlr().load(*Imsi::parse(imsi));
    const bool present = row && *row;
    if (present != ledger.present) return "I6: a subscriber came or went without its audit row";
    if (!present) continue;
    if (std::to_string((*row)->life) != ledger.life ||
        std::to_string((*row)->epoch) != ledger.epoch || (*row)->fenced != ledger.fenced) {
      return "I6: a subscriber's keys changed without their audit row";
    }
  }
  return {};
}

std::string Checkers::check_done(ChipNode& chip) {
  if (!server_.alive()) return {};
  const auto row = server_.storage().fleet().chip(chip.iccid());
  const auto& record = chip.record();
  if (!row || !*row || !record) return {};
  const fleet::Chip& sold = **row;
  if (sold.state == fleet::ChipState::returned && record->life != sold.life) {
    return "I5: a reset is reported done, and the chip is in another life";
  }
  const bool in_service = sold.state == fleet::ChipState::personalised;
  if (in_service && record->life == sold.life && !record->pending &&
      record->state != personalisation::ChipState::personalised) {
    return "I5: a chip is reported personalised and holds no agreed key";
  }
  return {};
}

void Checkers::add_secret(ByteView secret) {
  if (secret.size() >= secret_window_octets) secrets_.insert({secret.begin(), secret.end()});
}

void Checkers::saw(ByteView bytes) {
  if (bytes_.size() < bytes_kept_max) bytes_.emplace_back(bytes.begin(), bytes.end());
}

std::string Checkers::check_secrets() {
  std::set<std::vector<uint8_t>> windows;
  for (const auto& secret : secrets_) {
    for (size_t i = 0; i + secret_window_octets <= secret.size(); ++i) {
      windows.insert({secret.begin() + static_cast<ptrdiff_t>(i),
                      secret.begin() + static_cast<ptrdiff_t>(i + secret_window_octets)});
    }
  }
  std::vector<uint8_t> window(secret_window_octets);
  const auto found_in = [&](ByteView bytes) {
    for (size_t i = 0; i + secret_window_octets <= bytes.size(); ++i) {
      std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(i), secret_window_octets, window.begin());
      if (windows.contains(window)) return true;
    }
    return false;
  };
  for (const auto& bytes : bytes_) {
    if (found_in(bytes)) return "I10: a secret is on the air";
  }
  const auto rows = server_.storage().audit().page(1, 100'000);
  if (!rows) return "I6: the audit log cannot be read";
  for (const auto& row : *rows) {
    // Bytes would be written as hexadecimal digits.
    std::vector<uint8_t> decoded(row.detail.size() / 2);
    std::string digits;
    for (const char c : row.detail) {
      if (hex_digit(c) >= 0) digits.push_back(c);
    }
    if (digits.size() % 2 != 0) digits.pop_back();
    const auto parsed = parse_hex(digits, decoded);
    if (found_in(bytes_of(row.detail)) || (parsed && found_in(*parsed))) {
      return "I10: a secret is in the audit log";
    }
  }
  return {};
}

}  // namespace simurgh::sim
