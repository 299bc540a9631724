// Two ends of GSUP over real sockets for these tests: loop, server and client, all owned here.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "hex.h"
#include "io/gsup/client.h"
#include "io/gsup/server.h"

namespace simurgh::gsup {

struct Lines final : log::Sink {
  void write(std::string_view line) override { text += line; }
  std::string text;
};

inline std::unique_ptr<loop::Loop> make_loop() {
  std::string problem;
  auto loop = loop::Loop::create(problem);
  REQUIRE_MESSAGE(loop.has_value(), problem);
  return std::move(*loop);
}

// Bounded by time, so that a test that waits for ever fails; never asserted on.
template <typename Until>
void run_until(loop::Loop& loop, Until until) {
  const Instant end = loop.now() + seconds(30);
  while (!until() && loop.now() < end) loop.run_once(milliseconds(50));
  REQUIRE(until());
}

struct Vlr final : GsupClientHandler {
  void on_up() override { ++up; }
  void on_down() override { ++down; }
  void on_message(const Message& message, ByteView raw) override {
    types.push_back(message.type);
    received.push_back(test::to_hex(raw));
    if (on_request) on_request(message);
  }
  int up = 0, down = 0;
  std::vector<MessageType> types;
  std::vector<std::string> received;
  std::move_only_function<void(const Message&)> on_request;
};

inline GsupClientOptions client_options(std::string name) {
  GsupClientOptions options;
  options.identity.name = std::move(name);
  options.reconnect_wait_min = milliseconds(20);
  return options;
}

inline Message message_of(MessageType type, std::string_view imsi) {
  Message message;
  message.type = type;
  message.imsi = *Imsi::parse(imsi);
  return message;
}

}  // namespace simurgh::gsup
