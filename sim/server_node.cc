#include "server_node.h"

#include "conversations/personalisation/key_schedule.h"
#include "formats/sms/user_data.h"
#include "hex.h"
#include "personalisation/test_keys.h"
#include "security_centre/inspect.h"

namespace simurgh::sim {

namespace {

std::string network_name(size_t index) {
  return "VLR-" + std::string(1, char('A' + index));
}

hlr::GsupSettings gsup_settings(const Msisdn& number, size_t networks) {
  hlr::GsupSettings settings;
  settings.hotline_number = number;
  for (size_t i = 0; i < networks; ++i) {
    hlr::PeerPolicy peer;
    peer.name = network_name(i);
    peer.send_auth_info = peer.update_location = peer.purge = true;
    peer.imsi_prefixes = {"90170"};
    settings.peers.push_back(std::move(peer));
  }
  return settings;
}

smpp_session::EsmeOptions esme_options() {
  smpp_session::EsmeOptions options;
  options.system_id = "simurgh";
  options.password.assign(bytes_of("secret"));
  return options;
}

}  // namespace

const char* name_of(DeathStep step) {
  switch (step) {
    case DeathStep::in_event: return "in_event";
    case DeathStep::before_commit: return "before_commit";
    case DeathStep::before_mark: return "before_mark";
    case DeathStep::before_release: return "before_release";
    case DeathStep::in_release: return "in_release";
    case DeathStep::in_recovery: return "in_recovery";
    case DeathStep::after_recovery: return "after_recovery";
  }
  return "unknown";
}

ByteArray<16> database_identity(uint64_t seed) {
  SeededRandom random(seed ^ 0x6461746162617365);
  return random.array<16>();
}

// What a crash destroys.
struct ServerNode::Process {
  Process(ServerNode& node, Instant now)
      : audit(node.storage_.audit()),
        fleet(node.storage_.fleet(), audit),
        hlr({}, {node.storage_.hlr(), fleet, audit, node.keys_, node.random_}),
        gsup(gsup_settings(node.number_, node.networks_),
             {hlr, fleet, audit, node, node, node.random_}, now),
        elements({}, {node.storage_.elements(), audit, node.keys_}),
        centre(node.settings_, {node.storage_.security_centre(), fleet, elements, hlr,
                                node.journal_, node.keys_, node.random_, node}),
        esme(esme_options(), node, node.random_) {
    hlr.set_work_listener(&gsup);
  }
  audit::Log audit;
  fleet::Fleet fleet;
  hlr::Hlr hlr;
  hlr::GsupServer gsup;
  fleet::Elements elements;
  security_centre::SecurityCentre centre;
  smpp_session::EsmeSession esme;
  uint64_t interval_orders_taken = 0;
};

ServerNode::ServerNode(uint64_t seed, const Msisdn& number, size_t networks,
                       const Mistakes& mistakes, const security_centre::Settings& settings)
    : random_(seed),
      number_(number),
      networks_(networks),
      mistakes_(mistakes),
      settings_(settings),
      keys_(seed, test::from_hex(personalisation::test_keys::rsa_private)),
      storage_(database_identity(seed)),
      journal_(database_identity(seed)) {
  settings_.own_number = number;
}

ServerNode::~ServerNode() = default;

fleet::Fleet& ServerNode::fleet() {
  return process_->fleet;
}
hlr::Hlr& ServerNode::hlr() {
  return process_->hlr;
}
security_centre::SecurityCentre& ServerNode::centre() {
  return process_->centre;
}

bool ServerNode::start(Instant now) {
  now_ = now;
  process_ = std::make_unique<Process>(*this, now);
  Process& process = *process_;
  const auto done = [&]() -> Result<void> {
    if (!mistakes_.journal_unread) {
      const auto plan = TRY(hlr::plan_recovery(journal_, storage_.mark(), [&](const Iccid& iccid) {
        return process.centre.stored(iccid);
      }));
      if (plan.condition == hlr::StartCondition::foreign ||
          plan.condition == hlr::StartCondition::journal_behind) {
        return ErrorCode::bad_state;
      }
      TRY(process.centre.recover(plan, now));
      for (const fleet::GivenOut& given : plan.numbers) {
        TRY(process.fleet.skip_numbers(given, {"recovery", now}));
      }
      if (plan.condition == hlr::StartCondition::restored) {
        TRY(process.hlr.after_restore({"simurghd", now}));
      }
      if (plan.condition != hlr::StartCondition::clean) {
        TRY(storage_.set_generation(plan.generation));
      }
      if (random_.chance(faults.die_in_recovery_ppm)) {
        ++deaths_at_[static_cast<size_t>(DeathStep::in_recovery)];
        return ErrorCode::closed;
      }
      TRY(journal_.sync());
      TRY(storage_.commit(journal_.sequence()));
      if (random_.chance(faults.die_in_recovery_ppm)) {
        ++deaths_at_[static_cast<size_t>(DeathStep::after_recovery)];
        return ErrorCode::closed;
      }
    }
    TRY(process.gsup.resume(now));
    TRY(process.centre.resume(now));
    for (size_t i = 0; i < networks_; ++i) {
      TRY(process.gsup.on_peer_up(network_name(i), now));
    }
    return {};
  }();
  if (!done) {
    die();
    return false;
  }
  return end_of_batch(now);
}

void ServerNode::die() {
  process_.reset();
  gsup_held_.clear();
  storage_.crash();
  journal_.crash(random_.below(3));
  ++deaths_;
}

bool ServerNode::die_at(DeathStep step) {
  ++deaths_at_[static_cast<size_t>(step)];
  die();
  return false;
}

bool ServerNode::end_of_batch(Instant now) {
  if (mistakes_.auc_switches_early && !plant_early_switch(now)) return die(), false;
  constexpr size_t steps_of_batch = 5;
  std::optional<DeathStep> death;
  if (random_.chance(faults.die_ppm)) {
    death = static_cast<DeathStep>(random_.below(steps_of_batch));
  }
  if (death == DeathStep::in_event) return die_at(*death);
  if (storage_.has_changes()) {
    if (!journal_.sync()) return die(), false;
    if (death == DeathStep::before_commit) return die_at(*death);
    const auto mark = storage_.commit(journal_.sequence());
    if (death == DeathStep::before_mark) return die_at(*death);
    if (!mark || !journal_.committed(*mark)) return die(), false;
  }
  if (death == DeathStep::in_release) release(random_.below(3), now);
  if (death) return die_at(*death);
  release(SIZE_MAX, now);
  return true;
}

// Lets `most` messages of each link leave.
void ServerNode::release(size_t most, Instant now) {
  for (size_t left = most; left > 0 && !gsup_held_.empty(); --left) {
    gsup_released_.push_back(std::move(gsup_held_.front()));
    gsup_held_.pop_front();
  }
  smpp_session::EsmeSession& esme = process_->esme;
  for (size_t left = most; left > 0 && !esme.poll_transmit().empty(); --left) {
    ByteView bytes = esme.poll_transmit();
    if (most != SIZE_MAX) bytes = bytes.first(random_.below(bytes.size() + 1));
    smpp_released_.insert(smpp_released_.end(), bytes.begin(), bytes.end());
    if (bytes.empty()) return;
    esme.transmitted(bytes.size(), now);
  }
}

Result<void> ServerNode::plant_early_switch(Instant now) {
  std::vector<security_centre::ChipKeys> open;
  TRY(storage_.security_centre().each_open(
      [&](const security_centre::ChipKeys& row) { open.push_back(row); }));
  for (const auto& row : open) {
    const auto epoch = security_centre::Inspection::offered_epoch(process_->centre, row.iccid);
    if (!epoch) continue;
    hlr::SubscriberKeys keys;
    keys.life = row.life;
    keys.epoch = epoch->number;
    personalisation::derive_ki(epoch->secret, keys.ki.fill(16));
    keys.opc.assign(personalisation::derive_opc(epoch->secret).view());
    keys.rand_tag_key = personalisation::derive_rand_tag_key(epoch->secret);
    const auto done = process_->hlr.replace_keys(row.imsi, keys, {"mistake", now});
    if (!done && done.error().code == ErrorCode::storage) return done;
  }
  return {};
}

uint64_t ServerNode::take_interval_orders() {
  const uint64_t orders = process_->centre.figures().rekeys_by_interval;
  return orders - std::exchange(process_->interval_orders_taken, orders);
}

bool ServerNode::run(const Event& event, Instant now, Error* refused) {
  if (!alive()) return false;
  now_ = now;
  sent_.clear();
  if (!storage_.begin_step()) return die(), false;
  const auto done = event(process_->centre);
  if (!done && done.error().code == ErrorCode::storage) return die(), false;
  const auto kept = done ? storage_.keep_step() : storage_.undo_step();
  if (!kept) return die(), false;
  if (!done && refused) *refused = done.error();
  return end_of_batch(now);
}

void ServerNode::on_gsup(size_t network, ByteView message, Instant now) {
  if (!alive()) return;
  now_ = now;
  const auto parsed = gsup::parse_message(message);
  if (!parsed) return;
  const auto done = process_->gsup.on_message(network_name(network), *parsed, now);
  if (!done && done.error().code == ErrorCode::storage) return die();
  end_of_batch(now);
}

void ServerNode::on_time(Instant now) {
  if (!alive()) return;
  now_ = now;
  process_->esme.on_timeout(now);
  if (!process_->gsup.on_time(now) || !process_->centre.on_time(now)) return die();
  end_of_batch(now);
}

Instant ServerNode::next_deadline() const {
  if (!alive()) return Instant::never();
  return earlier(earlier(process_->gsup.next_deadline(), process_->centre.next_deadline()),
                 process_->esme.poll_timeout());
}

bool ServerNode::wants_smpp_connection(Instant now) const {
  return alive() && process_->esme.state() == smpp_session::EsmeSession::State::closed &&
         process_->esme.connect_at() <= now;
}

void ServerNode::on_smpp_connected(Instant now) {
  now_ = now;
  process_->esme.on_connected(now);
  end_of_batch(now);
}

void ServerNode::on_smpp_disconnected(Instant now) {
  now_ = now;
  if (alive()) process_->esme.on_disconnected(now);
}

void ServerNode::on_smpp_bytes(ByteView bytes, Instant now) {
  if (!alive()) return;
  now_ = now;
  process_->esme.on_bytes(bytes, now);
  if (alive()) end_of_batch(now);
}

void ServerNode::send(std::string_view peer, ByteView message) {
  for (size_t i = 0; i < networks_; ++i) {
    if (network_name(i) != peer) continue;
    gsup_held_.push_back({i, std::vector<uint8_t>(message.begin(), message.end())});
  }
}

void ServerNode::on_located(const Imsi& imsi, hlr::Domain, std::string_view, Instant now) {
  // A failed store shows at the commit, which dies.
  if (!process_->centre.on_located(imsi, now)) storage_.fail_next_commit();
}

void ServerNode::send_short_message(const Msisdn& to, ByteView user_data) {
  smpp::ShortMessage message;
  message.source = {.ton = 1, .npi = 1, .digits = number_.text()};
  message.destination = {.ton = 1, .npi = 1, .digits = to.text()};
  message.esm_class = 0x40;
  message.protocol_id = sms::pid_sim_data_download;
  message.data_coding = sms::dcs_octets_class_2;
  message.short_message = user_data;
  sent_.emplace_back(user_data.begin(), user_data.end());
  // A full queue drops it; the centre repeats.
  static_cast<void>(process_->esme.submit(message, 0, now_).has_value());
}

void ServerNode::on_deliver(uint32_t sequence, const smpp::ShortMessage& message) {
  const auto from = Msisdn::parse(message.source.digits);
  if ((message.esm_class & 0x3c) == 0 && from) {
    const bool has_header = (message.esm_class & 0x40) != 0;
    if (!process_->centre.on_short_message(*from, message.content(), has_header, now_)) {
      storage_.fail_next_commit();
    }
  }
  process_->esme.answer(sequence, smpp::Status::ok);
}

}  // namespace simurgh::sim
