// A virtual chip in a virtual PC/SC reader: connects to vpcd, answers its requests, and connects
// again when the reader went away, until the loop is stopped.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "apps/simurgh-lab/vpcd.h"
#include "io/net/tcp.h"
#include "uicc/card.h"

namespace simurgh::lab {

class CardServer final : private net::StreamHandler {
 public:
  static constexpr Duration reconnect_wait = seconds(1);

  // Everything outlives the server. `said` gets lines for people.
  CardServer(loop::Loop& loop, const net::Endpoint& reader, uicc::Card& card,
             std::function<void(const std::string&)> said);
  ~CardServer();

  // Reads the ATR and starts connecting. `closed`, `storage` … when the chip does not start.
  Result<void> start();
  uint64_t commands() const { return commands_; }

 private:
  void connect();
  void on_connected() override;
  void on_bytes(ByteView bytes) override;
  void on_closed(const net::Closed& closed) override;
  // False when the card is mute: it is taken out of the reader.
  bool answer(const VpcdRequest& request);

  loop::Loop& loop_;
  net::Endpoint reader_;
  uicc::Card& card_;
  std::function<void(const std::string&)> said_;
  loop::Timer again_;
  std::unique_ptr<net::Stream> stream_;
  VpcdReader requests_;
  std::vector<uint8_t> atr_;
  bool told_waiting_ = false;
  uint64_t commands_ = 0;
};

}  // namespace simurgh::lab
