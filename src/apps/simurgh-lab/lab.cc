#include "apps/simurgh-lab/lab.h"

#include <algorithm>

namespace simurgh::lab {

namespace {

// One visited network with its GSUP connection to simurghd.
class HomeLink final : public network::HlrLink, private gsup::GsupClientHandler {
 public:
  HomeLink(loop::Loop& loop, const net::Endpoint& home, net::Transport& transport,
           const std::string& name, network::Switch& messages, const log::Log& log,
           const Instant& now)
      : now_(now),
        network_({}, *this, messages),
        client_(loop, home, transport, options_of(name), *this, log) {
    client_.start();
  }

  network::VisitedNetwork& network() { return network_; }
  bool up() const { return client_.up(); }
  void send(const gsup::Message& message) override {
    // While the link is down the message is lost; the network's time-outs see to it.
    static_cast<void>(client_.send(message).has_value());
  }

 private:
  static gsup::GsupClientOptions options_of(const std::string& name) {
    gsup::GsupClientOptions options;
    options.identity.name = name;
    options.reconnect_wait_min = milliseconds(100);
    options.reconnect_wait_max = seconds(2);
    return options;
  }
  void on_up() override {}
  void on_down() override { network_.on_home_lost(now_); }
  void on_message(const gsup::Message& message, ByteView) override {
    network_.on_message(message, now_);
  }

  const Instant& now_;
  network::VisitedNetwork network_;
  gsup::GsupClient client_;
};

class LabOnLoop final : public Lab {
 public:
  LabOnLoop(loop::Loop& loop, const LabOptions& options, Random& random)
      : loop_(loop),
        now_(loop.now()),
        radio_(options.air == nullptr ? air_ : *options.air),
        smsc_(smsc_options(options), options.faults, radio_, random),
        tick_(loop, [this] { on_tick(); }) {
    radio_.set_centre(smsc_);
  }

  bool start(const LabOptions& options, const log::Log& log, std::string& problem) {
    const auto listen = net::parse_endpoint(options.smpp_listen);
    const auto home = net::parse_endpoint(options.gsup_connect);
    if (!listen || !home) {
      problem = "expected addresses as HOST:PORT";
      return false;
    }
    auto server = smpp::SmppServer::open(loop_, *listen, transport_, {}, smsc_, log, problem);
    if (!server) return false;
    server_ = std::move(*server);
    for (const std::string& name : options.visited_networks) {
      links_.push_back(
          std::make_unique<HomeLink>(loop_, *home, transport_, name, radio_, log, now_));
      radio_.add(links_.back()->network());
    }
    tick_.set(loop_.now());
    return true;
  }

  const net::Endpoint& smpp_endpoint() const override { return server_->endpoint(); }
  network::VisitedNetwork& network(size_t index) override { return links_[index]->network(); }
  size_t networks() const override { return links_.size(); }
  network::SmscCentre& smsc() override { return smsc_; }
  network::RadioNetwork& radio() override { return radio_; }
  bool connected() const override {
    return std::all_of(links_.begin(), links_.end(), [](const auto& link) { return link->up(); });
  }
  const Instant& now() const override { return now_; }

  void add(network::Handset& handset) override { handsets_.push_back(&handset); }
  void remove(network::Handset& handset) override { std::erase(handsets_, &handset); }

 private:
  static constexpr Duration tick_wait = milliseconds(10);
  static constexpr size_t looks_per_tick_min = 400;  // handsets
  static constexpr size_t ticks_per_look = 50;       // of one handset, where they are more

  static network::SmscCentreOptions smsc_options(const LabOptions& options) {
    network::SmscCentreOptions out = options.smsc;
    network::SmscAccount account;
    account.system_id = options.esme_system_id;
    account.password.assign(bytes_of(options.esme_password));
    account.numbers.emplace_back(options.centre_number.text());
    out.accounts.push_back(std::move(account));
    out.retry_waits = {seconds(1), seconds(2), seconds(5), seconds(10), seconds(30)};
    return out;
  }

  void on_tick() {
    now_ = loop_.now();
    const size_t looks =
        std::min(handsets_.size(), std::max(looks_per_tick_min, handsets_.size() / ticks_per_look));
    for (size_t i = 0; i < looks; ++i) {
      if (next_look_ >= handsets_.size()) next_look_ = 0;
      network::Handset& handset = *handsets_[next_look_++];
      if (handset.next_deadline() <= now_) handset.on_time();
    }
    radio_.run(now_);
    tick_.set_after(tick_wait);
  }

  loop::Loop& loop_;
  Instant now_;
  net::PlainTransport transport_;
  network::Air air_;
  network::RadioNetwork radio_;
  network::SmscCentre smsc_;
  std::unique_ptr<smpp::SmppServer> server_;
  std::vector<std::unique_ptr<HomeLink>> links_;
  std::vector<network::Handset*> handsets_;
  size_t next_look_ = 0;
  loop::Timer tick_;
};

}  // namespace

std::unique_ptr<Lab> Lab::open(loop::Loop& loop, const LabOptions& options, Random& random,
                               const log::Log& log, std::string& problem) {
  auto lab = std::make_unique<LabOnLoop>(loop, options, random);
  if (!lab->start(options, log, problem)) return nullptr;
  return lab;
}

}  // namespace simurgh::lab
