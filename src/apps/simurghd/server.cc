#include "apps/simurghd/server_on_loop.h"

#include <signal.h>
#include <unistd.h>

#include "apps/simurghd/store.h"
#include "io/http/api_messages.h"

namespace simurgh::simurghd {

namespace {

constexpr int exit_storage_failed =
    74;  // EX_IOERR: the supervisor starts us again, recovery decides
constexpr Duration housekeeping_wait = minutes(10);
constexpr Duration campaigns_wait = seconds(1);

}  // namespace

int ServerOnLoop::run() {
  loop_->set_end_of_batch([this] { end_of_batch(); });
  const auto stop = [this](int signal) {
    log_.info("stopping", {{"signal", signal}});
    if (messages_) messages_->stop();
    loop_->stop();
  };
  for (const int signal : {SIGTERM, SIGINT}) {
    if (!loop_->on_signal(signal, stop)) return 1;
  }
  timer_ = std::make_unique<loop::Timer>(*loop_, [this] { on_timer(); });
  housekeeping_ = std::make_unique<loop::Timer>(*loop_, [this] { keep_house(); });
  second_ = std::make_unique<loop::Timer>(*loop_, [this] { on_second(); });
  timer_->set(loop_->now());
  second_->set(loop_->now());
  housekeeping_->set_after(housekeeping_wait);
  warn_of_legacy_1997();
  log_.info("ready", {{"api", http_->endpoint().text()},
                      {"gsup", config_.gsup_listen},
                      {"chips", chips_ ? chips_->endpoint().text() : "none"},
                      {"store", store_words(config_)}});
  loop_->run();
  return 0;
}

// --- the batch -----------------------------------------------------------------------------
void ServerOnLoop::end_of_batch() {
  Instant next = earlier(centre_->next_deadline(), gsup_->next_deadline());
  if (remote_) next = earlier(next, remote_->next_deadline());
  timer_->set(next);
  require("campaigns", campaigns_->flush());
  // What a session could not say at its own place.
  if (const auto& failure = update_->failure()) fatal("chips", *failure);
  if (!storage_->has_changes()) return;
  if (numbers_given_out_) journal_numbers();
  require("commit", commit());
}

Result<void> ServerOnLoop::commit() {
  TRY(journal_->sync());
  const hlr::CommitMark mark = TRY(storage_->commit(journal_->sequence()));
  ++commits_;
  return journal_->committed(mark);
}

// Numbers that left for a manufacturer must never be given out again, whatever becomes of the
// database (D1).
void ServerOnLoop::journal_numbers() {
  numbers_given_out_ = false;
  const auto done = [&]() -> Result<void> {
    for (const fleet::Range& range : TRY(storage_->fleet().ranges())) {
      if (journalled_numbers_[range.id] == range.allocated) continue;
      journalled_numbers_[range.id] = range.allocated;
      hlr::JournalRecord record;
      record.kind = hlr::JournalRecord::Kind::numbers;
      record.range = range.id;
      record.iccid = range.run.iccid_at(0);
      record.imsi = range.run.imsi_at(0);
      record.allocated = range.allocated;
      TRY(journal_->append(record));
    }
    return {};
  }();
  require("numbers", done);
}

void ServerOnLoop::on_timer() {
  now_ = loop_->now();
  require("hlr", gsup_->on_time(now_));
  if (remote_) require("osmo-hlr", remote_->on_time(now_));
  require("security centre", centre_->on_time(now_));
}

// The clock of the campaigns. What it hands to a sender leaves after this batch's commit.
void ServerOnLoop::on_second() {
  now_ = loop_->now();
  campaign::Dispatcher::FrontEnd front_end;
  if (chips_) {
    front_end.capacity = static_cast<uint32_t>(chips_->sessions_max());
    front_end.sessions = static_cast<uint32_t>(chips_->sessions());
  }
  if (update_messages_) require("campaign messages", update_messages_->on_time(now_));
  require("campaigns", dispatcher_->tick(front_end, now_));
  second_->set_after(campaigns_wait);
}

// Receipts of cards that are served by short messages are the campaigns', the rest is the centre's.
void ServerOnLoop::on_short_message(const Msisdn& from, ByteView user_data, bool has_header,
                                    bool report) {
  now_ = loop_->now();
  const auto taken = update_messages_->on_short_message(from, user_data, has_header, now_);
  if (!taken) fatal("campaign messages", taken.error());
  if (*taken || report) return;
  require("short message", centre_->on_short_message(from, user_data, has_header, now_));
}

void ServerOnLoop::keep_house() {
  now_ = loop_->now();
  require("answers", storage_->answers().erase_before(now_ - api::idempotency_lifetime));
  housekeeping_->set_after(housekeeping_wait);
}

void ServerOnLoop::require(std::string_view what, const Result<void>& result) {
  if (!result) fatal(what, result.error());
}

// The store can no longer be trusted, or an actor has left half a change: nothing more leaves.
void ServerOnLoop::fatal(std::string_view what, Error error) {
  log_.error("ends: recovery at the next start decides",
             {{"in", what}, {"error", error}, {"store", storage_->problem()}});
  _exit(exit_storage_failed);
}

// --- hlr::Events ---------------------------------------------------------------------------
void ServerOnLoop::on_located(const Imsi& imsi, hlr::Domain, std::string_view, Instant now) {
  require("located", centre_->on_located(imsi, now));
}

void ServerOnLoop::on_sync_failure(const Imsi& imsi, std::string_view peer, Instant) {
  log_.info("sequence numbers resynchronised", {{"imsi", imsi}, {"peer", peer}});
}

void ServerOnLoop::on_auth_failure(const Imsi& imsi, std::string_view peer, Instant) {
  log_.info("authentication failed", {{"imsi", imsi}, {"peer", peer}});
}

// --- hlr::RemoteEvents
void ServerOnLoop::on_confirmed(const Imsi& imsi, Instant now) {
  require("osmo-hlr", centre_->on_directory_confirmed(imsi, now));
}

// --- REST ----------------------------------------------------------------------------------
void ServerOnLoop::on_request(http::Exchange exchange, http::Request& http_request) {
  now_ = loop_->now();
  api::Request request = http::api_request(http_request);
  numbers_given_out_ |= request.method == "POST" && request.target == "/v1/allocations";
  auto answer = api_->handle(request, now_);
  if (!answer) fatal("request", answer.error());
  exchange.answer(http::response_of(std::move(*answer)));
}

std::unique_ptr<Server> Server::open(const Config& config, const log::Log& log,
                                     std::string& problem) {
  auto server = std::make_unique<ServerOnLoop>(config, log);
  if (!server->open(problem)) return nullptr;
  return server;
}

}  // namespace simurgh::simurghd
