// The server's way to the SMSC, and back: an ESME's session over SMPP.
//
// Messages wait in the session's queue, which is bounded; what is over it is dropped, and repeated
// by whoever sent it. Nothing leaves before the batch is committed (io/loop). The loop's thread.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "io/smpp/client.h"
#include "security_centre/security_centre.h"

namespace simurgh::simurghd {

class MessageLink final : public security_centre::Bearer, private smpp_session::EsmeHandler {
 public:
  using Received =
      std::move_only_function<void(const Msisdn& from, ByteView user_data, bool has_header)>;
  struct Parts {
    loop::Loop& loop;
    const net::Endpoint& smsc;
    net::Transport& transport;
    const smpp_session::EsmeOptions& options;
    Random& random;
    const log::Log& log;
  };
  MessageLink(const Parts& parts, const Msisdn& own_number, Received received);

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

 private:
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
  smpp::SmppClient client_;
};

}  // namespace simurgh::simurghd
