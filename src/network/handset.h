// A phone with a chip in it and a customer holding it: terminal and virtual UICC put together and
// attached to a visited network. It registers when switched on, again when its location was
// cancelled, its card refreshed or an attempt failed (with growing waits), and its customer types
// the activation code from the order document and a PIN when asked.
//
// For the lab and the simulator. `now` is the driver's present instant, which it keeps up to date
// (callbacks from the network come at any time). Owns the card and the terminal, not
// the chip's NV. One thread.
#pragma once

#include <optional>

#include "network/visited_network.h"
#include "terminal/terminal.h"
#include "uicc/card.h"

namespace simurgh::network {

// What the customer knows and does.
struct Customer {
  std::string activation_code;     // as on the order document; empty: none to type
  std::string wrong_code;          // typed instead, the first time; empty: he types it right
  uint32_t code_entries_max = 10;  // then he gives up
  std::string pin = "0000";
  std::string new_pin;     // chosen when the chip asks for one; empty: declines
  uint32_t pin_slips = 0;  // so often he repeats the new PIN wrongly
};

class Handset;

// The packet networks behind the access points, as a handset with a data session reaches them.
// Calls are those of terminal::DataNetwork, by handset; none calls back into the handset, which
// hears of what happens by on_data_opened() and on_data_ready(). (packet_gateway.h says who may go
// where.)
class PacketNetwork {
 public:
  virtual ~PacketNetwork() = default;
  virtual terminal::DataOpening open(Handset& handset, uint8_t channel,
                                     const terminal::DataDestination& to) = 0;
  virtual Result<void> send(Handset& handset, uint8_t channel, ByteView bytes) = 0;
  virtual Result<size_t> receive(Handset& handset, uint8_t channel, MutableByteView out) = 0;
  virtual void close(Handset& handset, uint8_t channel) = 0;
};

class Handset final : public Mobile,
                      private terminal::Radio,
                      private terminal::User,
                      private terminal::DataNetwork,
                      private terminal::Slot {
 public:
  struct Settings {
    Imei imei;
    Rat rat = Rat::umts;
    Duration reattach_wait = milliseconds(200);  // after a cancelled location or a refresh
    Duration retry_wait_first = seconds(2);      // after a failed attempt; doubles
    Duration retry_wait_max = minutes(2);
  };

  Handset(const Settings& settings, const uicc::Hardware& chip, VisitedNetwork& network,
          const Instant& now, PacketNetwork* packets = nullptr);
  ~Handset() override;
  Handset(const Handset&) = delete;
  Handset& operator=(const Handset&) = delete;

  Customer customer;

  // `closed` when the card is mute (its power was cut, or it holds no chip).
  Result<void> switch_on();
  void switch_off();
  bool on() const { return terminal_.powered(); }
  // Carries the phone to another network; it attaches there.
  void move_to(VisitedNetwork& network);

  void on_time();
  Instant next_deadline() const;

  bool registered() const;
  std::optional<AttachResult> last_attach() const { return last_attach_; }
  uint32_t attach_attempts() const { return attach_attempts_; }
  const Iccid& iccid() const { return terminal_.iccid(); }
  const Imsi& imsi() const { return terminal_.imsi(); }
  const std::vector<std::string>& displayed() const { return terminal_.displayed(); }

  // PacketNetwork's news; late ones are ignored.
  void on_data_opened(uint8_t channel, bool reached);
  void on_data_ready(uint8_t channel);

  // What the customer does.
  Result<std::string> call(std::string_view digits);
  terminal::SendOutcome send_text(const Msisdn& to, std::string_view text);

  // Commands of a reader while the phone is off (the dealer's tool).
  Result<ByteView> transmit(ByteView command) override;
  Result<ByteView> reset() override;
  void power_off() override;

  // Mobile
  Result<terminal::Authentication> challenge(const ByteArray<16>& rand,
                                             const ByteArray<16>& autn) override;
  Result<terminal::GsmAuthentication> challenge_2g(const ByteArray<16>& rand) override;
  void on_attached(AttachResult result) override;
  void on_cancelled() override;
  Result<terminal::DeliverOutcome> deliver(ByteView deliver_tpdu) override;

 private:
  // Radio
  terminal::SendOutcome send_short_message(std::string_view service_centre,
                                           ByteView submit) override;
  bool set_up_call(std::string_view digits) override;
  void refreshed(terminal::Refresh what) override;
  // User
  terminal::Answer ask(const terminal::Question& question) override;
  void show(std::string_view text) override;
  std::string pin(int tries_left) override;

  // DataNetwork
  terminal::DataOpening open(uint8_t channel, const terminal::DataDestination& to) override;
  Result<void> send(uint8_t channel, ByteView bytes) override;
  Result<size_t> receive(uint8_t channel, MutableByteView out) override;
  void close(uint8_t channel) override;

  void begin_attach();
  template <typename T>
  Result<T> dead_if_closed(Result<T> result);

  Settings settings_;
  uicc::Card card_;
  VisitedNetwork* network_;
  PacketNetwork* packets_;  // null: a phone without packet data
  terminal::Terminal terminal_;
  const Instant& now_;
  Instant attach_at_ = Instant::never();
  bool attaching_ = false;
  Duration retry_wait_;
  Imsi attached_imsi_;
  std::optional<AttachResult> last_attach_;
  uint32_t attach_attempts_ = 0;
  uint8_t message_reference_ = 0;
  uint32_t code_entries_ = 0;
  uint32_t pin_entries_ = 0;  // every second one is a repetition
  bool pin_typed_ = false;    // since the phone was switched on
  std::string refused_pin_;   // by the card, when the customer had typed it
};

}  // namespace simurgh::network
