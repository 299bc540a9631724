#include "apps/simurgh-lab/card_server.h"

namespace simurgh::lab {

CardServer::CardServer(loop::Loop& loop, const net::Endpoint& reader, uicc::Card& card,
                       std::function<void(const std::string&)> said)
    : loop_(loop), reader_(reader), card_(card), said_(std::move(said)), again_(loop, [this] {
        connect();
      }) {}

CardServer::~CardServer() {
  net::close_and_destroy(loop_, std::move(stream_));
}

Result<void> CardServer::start() {
  const auto atr = card_.reset();
  if (!atr.has_value()) return atr.error();
  atr_.assign(atr->begin(), atr->end());
  card_.power_off();
  connect();
  return {};
}

void CardServer::connect() {
  requests_ = VpcdReader();
  net::close_and_destroy(loop_, std::move(stream_));
  stream_ = net::connect_tcp(loop_, reader_, *this);
}

void CardServer::on_connected() {
  told_waiting_ = false;
  said_("in the reader at " + reader_.text());
}

void CardServer::on_closed(const net::Closed& closed) {
  card_.power_off();
  if (!told_waiting_) said_("no reader at " + reader_.text() + " (" + closed.words + "); waiting");
  told_waiting_ = true;
  again_.set_after(reconnect_wait);
}

void CardServer::on_bytes(ByteView bytes) {
  requests_.add(bytes);
  VpcdRequest request;
  while (requests_.next(request)) {
    if (answer(request)) continue;
    said_("the chip is mute; taken out of the reader");
    stream_->close();
    again_.set_after(reconnect_wait);
    return;
  }
}

bool CardServer::answer(const VpcdRequest& request) {
  using Kind = VpcdRequest::Kind;
  std::vector<uint8_t> payload;
  switch (request.kind) {
    case Kind::power_off: card_.power_off(); return true;
    case Kind::power_on:
    case Kind::reset: return card_.reset().has_value();
    case Kind::get_atr: payload = atr_; break;  // also while the card is without power
    case Kind::command: {
      ++commands_;
      if (!card_.powered() && !card_.reset().has_value()) return false;
      const auto response = card_.transmit(request.command);
      if (!response.has_value()) return false;
      payload.assign(response->begin(), response->end());
      break;
    }
  }
  const auto message = write_vpcd_message(payload);
  return message.has_value() && stream_->send(*message).has_value();
}

}  // namespace simurgh::lab
