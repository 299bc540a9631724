// A phone with a chip, a customer, and a security centre at the other end of the air: enough of a
// world for a first logon. The centre here keeps to centre_half.h's rules and nothing more.
#pragma once

#include <deque>
#include <functional>

#include "conversations/personalisation/centre_half.h"
#include "conversations/personalisation/short_message_bearer.h"
#include "crypto/aka.h"
#include "crypto/memory_key_store.h"
#include "formats/secured_packet/command_packet.h"
#include "formats/sms/reassembly.h"
#include "formats/sms/tpdu.h"
#include "terminal/terminal.h"
#include "test_card.h"

namespace simurgh::test {

// The security centre and the AuC in one: what they know of one chip.
class TestCentre : private personalisation::CodeTries {
 public:
  TestCentre(const uicc::PrePersonalisation& chip, crypto::KeyStore& keys, uint64_t seed);

  personalisation::Epoch active;    // the AuC's
  personalisation::Epoch previous;  // until DONE
  uint32_t life = 0;
  uint32_t epoch_max = 0;
  personalisation::ActivationCode code;
  bool choose_pin = false;
  bool server_made = false;
  bool done = false;                // DONE arrived for the active epoch
  int code_tries = 0;               // M2s made
  bool commits = true;              // false: COMMIT never leaves, authentication has to do it
  uint64_t counter = 0;             // of packets to the chip
  std::vector<Bytes> heard;         // messages from the chip
  personalisation::Message newest;  // ours, for a repetition

  // A short message to the centre's number. Answers are in `air` as SMS-DELIVER TPDUs.
  void on_submit(ByteView tpdu);
  void on_message(ByteView message);
  void begin_life(uint32_t new_life, const personalisation::Epoch& initial) {
    life = new_life;
    active = initial;
    previous = {};
    epoch_max = 0;
    last_attempt_ = {};
    done = false;
  }
  void begin();  // D11, or the answer to REQUEST
  void send(ByteView message, const personalisation::Epoch& under);
  void repeat();
  std::vector<Bytes> deliver_tpdus(ByteView packet, uint8_t reference) const;
  crypto::AkaVector vector(const crypto::Block& rand, uint64_t seq,
                           const personalisation::Epoch& epoch) const;
  const uicc::PrePersonalisation& chip() const { return chip_; }

  std::deque<Bytes> air;  // towards the chip

 private:
  Result<void> count_try(const personalisation::OrderId&, const Iccid&) override {
    ++code_tries;
    return {};
  }
  const uicc::PrePersonalisation chip_;
  SeededRandom random_;
  personalisation::CentreHalf half_;
  personalisation::CentreSession session_;
  personalisation::LastAttempt last_attempt_;
  std::unique_ptr<sms::Reassembler<4, 8, 1024>> reassembler_;
};

// A phone and its customer around a TestCard.
class Phone : public terminal::Slot, public terminal::Radio, public terminal::User {
 public:
  explicit Phone(TestCard& card_in, terminal::DataNetwork* data = nullptr)
      : card(card_in), phone(*this, *this, *this, *Imei::parse("490154203237518"), data) {}

  Result<ByteView> reset() override { return card.card->reset(); }
  Result<ByteView> transmit(ByteView command) override { return card.card->transmit(command); }
  void power_off() override { card.card->power_off(); }
  terminal::SendOutcome send_short_message(std::string_view centre, ByteView submit) override {
    service_centre = std::string(centre);
    if (outcome != terminal::SendOutcome::accepted) {
      ++refused;
      return outcome;
    }
    sent.emplace_back(submit.begin(), submit.end());
    return outcome;
  }
  bool set_up_call(std::string_view) override { return true; }
  void refreshed(terminal::Refresh what) override { refreshes.push_back(what); }
  terminal::Answer ask(const terminal::Question& question) override {
    questions.push_back(question);
    if (answers.empty()) return {terminal::Answer::Kind::no_response, ""};
    const std::string text = answers.front();
    answers.pop_front();
    if (text == "cancel") return {terminal::Answer::Kind::cancelled, ""};
    return {terminal::Answer::Kind::text, text};
  }
  void show(std::string_view) override {}
  std::string pin(int) override { return right_pin; }

  bool shown(std::string_view text) const {
    for (const std::string& line : phone.displayed()) {
      if (line.find(text) != std::string::npos) return true;
    }
    return false;
  }
  // On, and registered in a network. False when the power was cut.
  bool start(Instant now) {
    return phone.power_on(now).has_value() &&
           phone.on_location(terminal::LocationStatus::normal, {"26201", 1, 1}, now).has_value();
  }
  // Everything that is in the air, both ways, until it is quiet. False when the power was cut.
  bool exchange(TestCentre& centre, Instant now) {
    for (int i = 0; i < 200; ++i) {
      if (!sent.empty()) {
        const Bytes tpdu = sent.front();
        sent.pop_front();
        centre.on_submit(tpdu);
      } else if (!centre.air.empty()) {
        const Bytes tpdu = centre.air.front();
        centre.air.pop_front();
        if (!phone.on_short_message("491710760000", tpdu, now).has_value()) return false;
      } else {
        return true;
      }
    }
    return true;
  }
  Result<terminal::Authentication> challenge(const TestCentre& centre,
                                             const personalisation::Epoch& epoch, uint64_t seq,
                                             Instant now) {
    const crypto::Block rand = {1, 2, 3};
    return phone.authenticate(rand, centre.vector(rand, seq, epoch).autn, now);
  }

  TestCard& card;
  terminal::Terminal phone;
  terminal::SendOutcome outcome = terminal::SendOutcome::accepted;
  int refused = 0;
  std::deque<Bytes> sent;
  std::vector<terminal::Refresh> refreshes;
  std::vector<terminal::Question> questions;
  std::deque<std::string> answers;
  std::string right_pin = "0000";
  std::string service_centre;
};

// A chip of the factory with the centre's own public keys.
uicc::PrePersonalisation chip_of_centre(crypto::KeyStore& keys, personalisation::SuiteSet suites);

// RSA key in PKCS#1 DER, for suite ffdhe2048.
Bytes rsa_private_key();

}  // namespace simurgh::test
