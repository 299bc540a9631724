#include "hlr/remote_directory.h"

#include <charconv>

#include "base/hex.h"
#include "crypto/primitives.h"

namespace simurgh::hlr {

namespace {

constexpr std::string_view own_actor = "osmo-hlr";
constexpr std::string_view no_such_subscriber = "No such subscriber.";
constexpr std::string_view already_exists = "Subscriber already exists.";
constexpr std::string_view does_not_exist = "Subscriber doesn't exist.";
constexpr Instant ready{};  // of a refusal that may be tried again

// Appends to a line that may hold keys; nothing is copied elsewhere.
class LineWriter {
 public:
  explicit LineWriter(Secret<control_line_octets_max>& line)
      : line_(line), room_(line.fill(control_line_octets_max)) {}
  LineWriter& operator<<(std::string_view text) {
    SIMURGH_CHECK(text.size() <= room_.size() - size_);
    std::memcpy(room_.data() + size_, text.data(), text.size());
    size_ += text.size();
    return *this;
  }
  LineWriter& operator<<(uint32_t number) {
    char digits[12];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return *this << std::string_view(digits, static_cast<size_t>(end - digits));
  }
  LineWriter& hex(ByteView bytes) {
    SIMURGH_CHECK(2 * bytes.size() <= room_.size() - size_);
    auto* start = reinterpret_cast<char*>(room_.data() + size_);
    size_ += write_hex(bytes, {start, 2 * bytes.size()}).size();
    return *this;
  }
  void finish() { line_.fill(size_); }

 private:
  Secret<control_line_octets_max>& line_;
  MutableByteView room_;
  size_t size_ = 0;
};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Takes the next word off the front of `text`.
std::string_view take_word(std::string_view& text) {
  const size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return word;
}

audit::Entry entry_of(std::string_view action, const RemoteSubscriber& row) {
  audit::Entry entry{action, row.wanted.imsi.text(), {}};
  entry.detail.add("life", row.wanted.life).add("epoch", row.wanted.epoch);
  entry.detail.add("version", row.version);
  return entry;
}

// osmo-hlr has no hotline. What comes nearest: no packet service before the first personalisation.
bool wants_packet(const Subscriber& row) {
  const bool not_personalised = row.hotline && row.epoch == 0;
  return row.packet_allowed && !row.fenced && !not_personalised;
}

}  // namespace

// The commands that make a subscriber so, in their order. Keys are looked at before they are
// written, because writing them sets osmo-hlr's sequence number back to zero. A new subscriber
// gets them last: who registers before he has a number cannot send, and nothing tells him later.
enum class RemoteDirectory::Step : uint8_t {
  get_aud3g,
  create,
  set_aud3g,
  get_aud2g,
  clear_aud2g,
  set_msisdn,
  set_circuit,
  set_packet,
  remove,
};

struct RemoteDirectory::Job {
  RemoteSubscriber row;
  Step step = Step::get_aud3g;
  bool key_last = false;  // osmo-hlr has no key of this subscriber yet
  uint32_t id = 0;        // of the command that is not answered yet; 0: none
  Instant deadline;
};

RemoteDirectory::RemoteDirectory(const RemoteSettings& settings, const Parts& parts)
    : settings_(settings), parts_(parts) {}
RemoteDirectory::~RemoteDirectory() = default;

// --- what shall be -----------------------------------------------------------------------------

Result<RemoteSubscriber> RemoteDirectory::load_present(const Imsi& imsi) {
  auto row = TRY(parts_.store.load(imsi));
  if (!row || !row->present) return fail(ErrorCode::not_found);
  return std::move(*row);
}

Result<void> RemoteDirectory::change(RemoteSubscriber& row, const audit::By& by,
                                     const audit::Entry& entry) {
  row.wanted.changed = by.at;
  TRY(parts_.store.save(row));
  TRY(parts_.audit.append(by, entry));
  refusals_.erase(row.wanted.imsi);
  wake();
  return {};
}

void RemoteDirectory::wake() {
  look_for_work_ = true;
  looked_until_ = {};
  if (outlet_ != nullptr) outlet_->on_output();
}

Result<void> RemoteDirectory::create(const NewSubscriber& subscriber, const audit::By& by) {
  if (subscriber.keys.algorithm != Algorithm::milenage) return fail(ErrorCode::not_allowed);
  TRY(check(subscriber.keys));
  const auto known = TRY(parts_.store.load(subscriber.imsi));
  if (known && known->present) return fail(ErrorCode::already_exists);
  RemoteSubscriber row;
  row.version = known ? known->version + 1 : 1;
  row.confirmed = known ? known->confirmed : 0;
  Subscriber& wanted = row.wanted;
  wanted.imsi = subscriber.imsi;
  wanted.iccid = subscriber.iccid;
  wanted.msisdn = subscriber.msisdn;
  wanted.life = subscriber.keys.life;
  wanted.epoch = subscriber.keys.epoch;
  wanted.hotline = subscriber.hotline;
  wanted.sealed_keys =
      TRY(seal_keys(parts_.keys, subscriber.imsi, subscriber.iccid, subscriber.keys));
  wanted.created = by.at;
  return change(row, by, entry_of("subscriber.create", row));
}

Result<void> RemoteDirectory::replace_keys(const Imsi& imsi, const SubscriberKeys& keys,
                                           const audit::By& by) {
  if (keys.algorithm != Algorithm::milenage) return fail(ErrorCode::not_allowed);
  TRY(check(keys));
  RemoteSubscriber row = TRY(load_present(imsi));
  Subscriber& wanted = row.wanted;
  if (keys.life == wanted.life && keys.epoch == wanted.epoch) {
    const auto present = open_keys(parts_.keys, wanted);
    if (!present || !crypto::secure_equal(present->ki.view(), keys.ki.view()) ||
        !crypto::secure_equal(present->opc.view(), keys.opc.view())) {
      return fail(ErrorCode::replayed);
    }
    if (!wanted.fenced) return {};
  } else if (keys.life < wanted.life || (keys.life == wanted.life && keys.epoch < wanted.epoch)) {
    return fail(ErrorCode::replayed);
  }
  wanted.sealed_keys = TRY(seal_keys(parts_.keys, imsi, wanted.iccid, keys));
  wanted.life = keys.life;
  wanted.epoch = keys.epoch;
  wanted.fenced = false;
  ++row.version;
  return change(row, by, entry_of("subscriber.keys", row));
}

Result<void> RemoteDirectory::set_hotline(const Imsi& imsi, bool hotline, const audit::By& by) {
  RemoteSubscriber row = TRY(load_present(imsi));
  if (row.wanted.hotline == hotline) return {};
  row.wanted.hotline = hotline;
  ++row.version;
  return change(row, by,
                entry_of(hotline ? "subscriber.hotline_on" : "subscriber.hotline_off", row));
}

Result<void> RemoteDirectory::set_msisdn(const Imsi& imsi, const Msisdn& msisdn,
                                         const audit::By& by) {
  RemoteSubscriber row = TRY(load_present(imsi));
  if (row.wanted.msisdn == msisdn) return {};
  row.wanted.msisdn = msisdn;
  ++row.version;
  return change(row, by, entry_of("subscriber.msisdn", row));
}

Result<void> RemoteDirectory::fence(const Imsi& imsi, const audit::By& by) {
  RemoteSubscriber row = TRY(load_present(imsi));
  if (row.wanted.fenced) return {};
  row.wanted.fenced = true;
  ++row.version;
  return change(row, by, entry_of("subscriber.fence", row));
}

Result<void> RemoteDirectory::remove(const Imsi& imsi, const audit::By& by) {
  auto row = load_present(imsi);
  if (!row) {
    if (row.error().code == ErrorCode::not_found) return {};
    return row.error();
  }
  row->present = false;
  ++row->version;
  return change(*row, by, entry_of("subscriber.remove", *row));
}

Result<void> RemoteDirectory::cancel_location(const Imsi& imsi, const audit::By&) {
  TRY(load_present(imsi));
  return {};
}

Result<bool> RemoteDirectory::fenced(const Imsi& imsi) {
  return TRY(load_present(imsi)).wanted.fenced;
}

Result<bool> RemoteDirectory::behind(const Imsi& imsi) {
  const auto row = TRY(parts_.store.load(imsi));
  return row && row->confirmed < row->version;
}

// --- making it so ------------------------------------------------------------------------------

void RemoteDirectory::on_connected(Instant) {
  connected_ = true;
  for (auto& [imsi, refusal] : refusals_) refusal.retry_at = ready;
  wake();
}

void RemoteDirectory::on_disconnected(Instant) {
  connected_ = false;
  jobs_.clear();  // done again from their rows
  asked_.clear();
}

Result<void> RemoteDirectory::find_work(Instant now) {
  while (look_for_work_ && jobs_.size() < settings_.window) {
    const auto rows = TRY(parts_.store.unconfirmed(looked_until_, settings_.window));
    for (const RemoteSubscriber& row : rows) {
      if (jobs_.size() == settings_.window) return {};
      looked_until_ = row.wanted.imsi;
      const auto refusal = refusals_.find(row.wanted.imsi);
      if (refusal != refusals_.end() && refusal->second.retry_at > now) continue;
      Job job;
      job.row = row;
      job.step = row.present ? Step::get_aud3g : Step::remove;
      jobs_.try_emplace(row.wanted.imsi, std::move(job));  // one at a time for each
    }
    if (rows.size() < settings_.window) {
      look_for_work_ = false;
      looked_until_ = {};
    }
  }
  return {};
}

Result<RemoteDirectory::Line> RemoteDirectory::write_command(const Imsi& imsi, const Job& job) {
  Line line;
  LineWriter out(line);
  const bool get = job.step == Step::get_aud3g || job.step == Step::get_aud2g;
  out << (get ? "GET " : "SET ") << job.id << " subscriber.";
  if (job.step == Step::create || job.step == Step::remove) {
    out << (job.step == Step::create ? "create " : "delete ") << imsi.text();
    out.finish();
    return line;
  }
  const Subscriber& wanted = job.row.wanted;
  out << "by-imsi-" << imsi.text();
  switch (job.step) {
    case Step::get_aud3g: out << ".aud3g"; break;
    case Step::get_aud2g: out << ".aud2g"; break;
    case Step::clear_aud2g: out << ".aud2g none"; break;
    case Step::set_msisdn:
      out << ".msisdn " << (wanted.msisdn.empty() ? "none" : wanted.msisdn.text());
      break;
    case Step::set_circuit:
      out << ".cs-enabled " << (wanted.circuit_allowed && !wanted.fenced ? "1" : "0");
      break;
    case Step::set_packet: out << ".ps-enabled " << (wants_packet(wanted) ? "1" : "0"); break;
    default: {
      const auto keys = TRY(open_keys(parts_.keys, wanted));
      out << ".aud3g milenage,";
      out.hex(keys.ki.view()) << ",opc,";
      out.hex(keys.opc.view());
    }
  }
  out.finish();
  return line;
}

Result<std::optional<RemoteDirectory::Line>> RemoteDirectory::poll_transmit(Instant now) {
  if (!connected_) return std::optional<Line>();
  TRY(find_work(now));
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    const auto current = job++;
    if (current->second.id != 0) continue;
    last_id_ = last_id_ % INT32_MAX + 1;
    current->second.id = last_id_;
    auto line = write_command(current->first, current->second);
    if (!line) {
      if (line.error().code == ErrorCode::storage) return line.error();
      current->second.id = 0;
      TRY(give_up(Imsi(current->first), now));  // its keys do not open
      continue;
    }
    current->second.deadline = now + settings_.answer_wait;
    asked_.emplace(last_id_, current->first);
    ++figures_.commands;
    return std::optional(*std::move(line));
  }
  return std::optional<Line>();
}

Result<void> RemoteDirectory::on_line(std::string_view line, Instant now) {
  const std::string_view kind = take_word(line);
  const std::string_view id_text = take_word(line);
  uint32_t id = 0;
  const auto parsed = std::from_chars(id_text.data(), id_text.data() + id_text.size(), id);
  if (parsed.ec != std::errc() || parsed.ptr != id_text.data() + id_text.size()) return {};
  const auto asked = asked_.find(id);
  if (asked == asked_.end()) return {};  // given up in the meantime
  const Imsi imsi = asked->second;
  asked_.erase(asked);
  if (kind == "GET_REPLY" || kind == "SET_REPLY") {
    take_word(line);  // the variable
  } else if (kind != "ERROR") {
    return give_up(imsi, now);
  }
  while (!line.empty() && (line.back() == '\0' || line.back() == '\n')) line.remove_suffix(1);
  return on_answer(imsi, kind, line, now);
}

Result<void> RemoteDirectory::on_answer(const Imsi& imsi, std::string_view kind,
                                        std::string_view value, Instant now) {
  const auto place = jobs_.find(imsi);
  if (place == jobs_.end()) return {};
  Job& job = place->second;
  job.id = 0;
  const bool error = kind == "ERROR";
  // Gone behind our back, or not there yet.
  if (error && value == no_such_subscriber && job.step != Step::create) {
    job.step = Step::create;
    if (outlet_ != nullptr) outlet_->on_output();
    return {};
  }
  const bool as_wanted = (job.step == Step::create && value == already_exists) ||
                         (job.step == Step::remove && value == does_not_exist);
  if (error && !as_wanted) return give_up(imsi, now);
  switch (job.step) {
    case Step::get_aud3g: {
      const auto keys = open_keys(parts_.keys, job.row.wanted);
      if (!keys) return give_up(imsi, now);
      Line expected;
      LineWriter out(expected);
      out << "milenage,";
      out.hex(keys->ki.view()) << ",opc,";
      out.hex(keys->opc.view()) << ",5";
      out.finish();
      Line found;
      const size_t size = value.size() < control_line_octets_max ? value.size() : 0;
      const MutableByteView room = found.fill(size);
      for (size_t i = 0; i < size; ++i) room[i] = static_cast<uint8_t>(lower(value[i]));
      const bool same = crypto::secure_equal(found.view(), expected.view());
      job.key_last = value == "none";
      job.step = same || job.key_last ? Step::get_aud2g : Step::set_aud3g;
      break;
    }
    case Step::create: job.step = Step::get_aud3g; break;
    case Step::set_aud3g:
      if (job.key_last) return finish(imsi, now);
      job.step = Step::get_aud2g;
      break;
    case Step::get_aud2g: job.step = value == "none" ? Step::set_msisdn : Step::clear_aud2g; break;
    case Step::clear_aud2g: job.step = Step::set_msisdn; break;
    case Step::set_msisdn: job.step = Step::set_circuit; break;
    case Step::set_circuit: job.step = Step::set_packet; break;
    case Step::set_packet:
      if (!job.key_last) return finish(imsi, now);
      job.step = Step::set_aud3g;
      break;
    case Step::remove: return finish(imsi, now);
  }
  if (outlet_ != nullptr) outlet_->on_output();
  return {};
}

Result<void> RemoteDirectory::finish(const Imsi& imsi, Instant now) {
  const auto job = jobs_.find(imsi);
  const uint64_t version = job->second.row.version;
  const Imsi key = imsi;  // the argument may live in the job
  jobs_.erase(job);
  refusals_.erase(key);
  auto row = TRY(parts_.store.load(key));
  if (row && row->version == version) {
    if (row->present) {
      row->confirmed = version;
      TRY(parts_.store.save(*row));
    } else {
      TRY(parts_.store.erase(key));
    }
    ++figures_.confirmed;
    parts_.events.on_confirmed(key, now);
  }
  wake();
  return {};
}

Result<void> RemoteDirectory::give_up(const Imsi& imsi, Instant now) {
  const Imsi key = imsi;
  const auto job = jobs_.find(key);
  if (job != jobs_.end()) {
    asked_.erase(job->second.id);
    jobs_.erase(job);
  }
  ++figures_.refused;
  Refusal& refusal = refusals_[key];
  Duration wait = settings_.retry_wait_first;
  for (uint32_t i = 0; i < refusal.count && wait < settings_.retry_wait_max; ++i) wait = wait * 2;
  ++refusal.count;
  refusal.retry_at = now + (wait < settings_.retry_wait_max ? wait : settings_.retry_wait_max);
  wake();
  if (refusal.count != settings_.alarm_after) return {};
  TRY(parts_.fleet.raise({fleet::AlarmKind::directory_stuck, key.text(), "",
                          "osmo-hlr refuses the commands for this subscriber"},
                         {own_actor, now}));
  return {};
}

Result<void> RemoteDirectory::on_time(Instant now) {
  std::vector<Imsi> late;
  for (const auto& [imsi, job] : jobs_) {
    if (job.id != 0 && job.deadline <= now) late.push_back(imsi);
  }
  for (const Imsi& imsi : late) {
    ++figures_.timeouts;
    TRY(give_up(imsi, now));
  }
  for (auto& [imsi, refusal] : refusals_) {
    if (refusal.retry_at == ready || refusal.retry_at > now) continue;
    refusal.retry_at = ready;
    wake();
  }
  return {};
}

Instant RemoteDirectory::next_deadline() const {
  Instant next = Instant::never();
  for (const auto& [imsi, job] : jobs_) {
    if (job.id != 0) next = earlier(next, job.deadline);
  }
  for (const auto& [imsi, refusal] : refusals_) {
    if (refusal.retry_at != ready) next = earlier(next, refusal.retry_at);
  }
  return next;
}

}  // namespace simurgh::hlr
