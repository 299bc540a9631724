// The server's way to the SMSC, and back: an ESME's session over SMPP.
//
// Messages wait in the session's queue, which is bounded; what is over it is dropped, and repeated
// by whoever sent it. Nothing leaves before the batch is committed (io/loop). The loop's thread.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "element_update/messages.h"
#include "io/smpp/client.h"
#include "security_centre/security_centre.h"

namespace simurgh::simurghd {

class MessageLink final : public security_centre::Bearer,
                          public element_update::MessageOutlet,
                          private smpp_session::EsmeHandler {
 public:
  // `report`: it came in a delivery report, as a card's proof of receipt may.
  using Received = std::move_only_function<void(const Msisdn& from, ByteView user_data,
                                                bool has_header, bool report)>;
  // What became of a campaign's part (element_update::Messages::on_submitted).
  using Submitted = std::move_only_function<void(element_update::PartToken token, bool taken)>;
  struct Parts {
    loop::Loop& loop;
    const net::Endpoint& smsc;
    net::Transport& transport;
    const smpp_session::EsmeOptions& options;
    Random& random;
    const log::Log& log;
  };
  MessageLink(const Parts& parts, const Msisdn& own_number, Received received);

  void set_submitted(Submitted submitted) { submitted_ = std::move(submitted); }
  void start() { client_.start(); }
  void stop() { client_.stop(); }
  bool bound() const { return client_.session().bound(); }
  const smpp_session::EsmeSession& session() const { return client_.session(); }
  uint64_t dropped() const { return dropped_; }

  // --- security_centre::Bearer
  void send_short_message(const Msisdn& to, ByteView user_data) override;
  bool has_unsent(const Msisdn& to) const override {
    return unsent_for_.contains(std::string(to.text()));
  }
  // --- element_update::MessageOutlet
  Result<void> submit(const element_update::MessagePart& part) override;
  uint32_t room() const override;
  uint64_t throttled() const override { return client_.session().counts().throttled; }

 private:
  void count_taken();
  Result<void> queue(const Msisdn& to, ByteView user_data, smpp::ShortMessage& message);
  void on_bound(std::string_view smsc) override { log_.info("smpp bound", {{"smsc", smsc}}); }
  void on_unbound(smpp::Status) override { log_.warning("smpp link lost"); }
  void on_submit_done(smpp_session::Token token, const smpp_session::SubmitDone& done) override;
  void on_deliver(uint32_t sequence, const smpp::ShortMessage& message) override;

  Msisdn own_number_;
  Received received_;
  log::Log log_;
  uint64_t dropped_ = 0;
  // What the SMSC has not answered yet: numbers by token, and how many for each number. Bounded by
  // the session's queue and window.
  smpp_session::Token last_token_ = 0;
  std::unordered_map<smpp_session::Token, std::string> unsent_;
  std::unordered_map<std::string, uint32_t> unsent_for_;
  Submitted submitted_;
  // Messages that the SMSC has answered in the second that is going on and in the one before.
  loop::Loop& loop_;
  Instant second_began_;
  uint32_t taken_now_ = 0, taken_before_ = 0;
  std::unordered_map<smpp_session::Token, element_update::PartToken> parts_;
  smpp::SmppClient client_;
};

}  // namespace simurgh::simurghd
