// An SMSC with one ESME bound through real sessions, and terminals that do as they are told.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "formats/smpp/receipt.h"
#include "hex.h"
#include "network/smsc.h"
#include "smpp_session/rig.h"

namespace simurgh::network {

using smpp_session::SeededRandom;
using Outcome = DeliveryReport::Outcome;

struct Rig final : Terminals, smpp_session::EsmeHandler {
  explicit Rig(const FaultPlan& faults = {}, uint64_t seed = 1,
               SmscCentreOptions options = centre_options())
      : random(seed), esme_random(seed), centre(options, faults, *this, random) {
    smpp_session::EsmeOptions esme_options = smpp_session::esme_options();
    esme_options.window_max = 50;
    esme_options.queue_max = 10'000;
    esme = std::make_unique<smpp_session::EsmeSession>(esme_options, *this, esme_random);
  }

  static SmscCentreOptions centre_options() {
    SmscCentreOptions options;
    SmscAccount account;
    account.system_id = "esme";
    account.password.assign(bytes_of("secret"));
    account.numbers = {"12345"};
    options.accounts.push_back(account);
    return options;
  }

  // --- the terminals ------------------------------------------------------------------------
  void deliver(DeliveryId id, std::string_view destination, ByteView tpdu, Instant at) override {
    deliveries.push_back({std::string(destination), test::to_hex(tpdu), at});
    if (silent.contains(std::string(destination))) return;
    DeliveryReport report;
    report.outcome =
        absent.contains(std::string(destination)) ? Outcome::absent : Outcome::delivered;
    if (answer) answer(report);
    if (report_later) {
      pending.emplace_back(id, report.outcome);
      return;
    }
    centre.on_delivery_report(id, report, at);
  }

  // --- the ESME -----------------------------------------------------------------------------
  void on_bound(std::string_view) override {}
  void on_unbound(smpp::Status) override {}
  void on_submit_done(smpp_session::Token token, const smpp_session::SubmitDone& done) override {
    if (done.outcome == smpp_session::SubmitDone::Outcome::accepted) {
      ids[token] = done.message_id;
    } else {
      refused[token] = done.status;
    }
  }
  void on_deliver(uint32_t sequence, const smpp::ShortMessage& message) override {
    const auto receipt = smpp::parse_receipt(message);
    if (receipt.has_value()) {
      receipts.emplace_back(receipt->message_id, smpp::receipt_word(receipt->state));
      last_receipt_text = text_of(message.content());
    } else {
      received.push_back({std::string(message.source.digits),
                          std::string(message.destination.digits), message.esm_class,
                          message.data_coding, test::to_hex(message.content())});
    }
    esme->answer(sequence, deliver_status);
  }
  void on_request_done(smpp_session::Token, const smpp_session::RequestDone& done) override {
    last_request = done.status;
    last_state = done.query.state;
  }

  // --- the link and time --------------------------------------------------------------------
  void bind() {
    session = std::make_unique<smpp_session::SmscSession>(smpp_session::SmscOptions{}, centre, now);
    esme->on_connected(now);
    settle();
    REQUIRE(esme->bound());
  }
  void unbind() {
    esme->on_disconnected(now);
    session->on_disconnected(now);
    session.reset();
  }
  void settle() {
    for (bool moved = true; moved;) {
      moved = false;
      while (centre.poll_timeout() <= now) {
        centre.on_timeout(now);
        moved = true;
      }
      if (session == nullptr) continue;
      const test::Bytes up = smpp_session::copy_of(esme->poll_transmit());
      if (!up.empty()) {
        esme->transmitted(up.size(), now);
        session->on_bytes(up, now);
        moved = true;
      }
      const test::Bytes down = smpp_session::copy_of(session->poll_transmit());
      if (!down.empty()) {
        session->transmitted(down.size(), now);
        esme->on_bytes(down, now);
        moved = true;
      }
    }
  }
  void run_until(Instant end) {
    for (int turns = 0;; ++turns) {
      REQUIRE(turns < 1'000'000);
      settle();
      Instant next = centre.poll_timeout();
      if (session != nullptr) {
        next = earlier(next, earlier(esme->poll_timeout(), session->poll_timeout()));
      }
      if (next > end) break;
      now = std::max(now, next);
      if (session != nullptr) {
        esme->on_timeout(now);
        session->on_timeout(now);
      }
    }
    now = end;
    settle();
  }
  void run_for(Duration duration) { run_until(now + duration); }

  void submit(smpp_session::Token token, const std::string& destination,
              const std::string& text = "hello", const char* validity = "") {
    smpp::ShortMessage message = smpp_session::message_with(text);
    message.destination.digits = destination;
    message.registered_delivery = smpp::receipt::always;
    message.data_coding = 0xf6;
    message.protocol_id = 0x7f;
    message.validity_period = validity;
    REQUIRE(esme->submit(message, token, now).has_value());
  }

  struct Delivery {
    std::string destination, tpdu;
    Instant at;
  };
  struct Received {
    std::string source, destination;
    uint8_t esm_class, data_coding;
    std::string content;
  };
  Instant now{1'767'323'045'000};  // 2026-01-02 03:04:05 UTC
  SeededRandom random, esme_random;
  SmscCentre centre;
  std::unique_ptr<smpp_session::EsmeSession> esme;
  std::unique_ptr<smpp_session::SmscSession> session;

  std::map<std::string, int> absent, silent;
  std::function<void(DeliveryReport&)> answer;
  bool report_later = false;
  smpp::Status deliver_status = smpp::Status::ok;
  std::vector<std::pair<DeliveryId, Outcome>> pending;
  std::vector<Delivery> deliveries;
  std::map<smpp_session::Token, std::string> ids;
  std::map<smpp_session::Token, smpp::Status> refused;
  std::vector<std::pair<std::string, std::string>> receipts;
  std::string last_receipt_text;
  std::vector<Received> received;
  smpp::Status last_request = smpp::Status::ok;
  smpp::MessageState last_state{};
};

}  // namespace simurgh::network
