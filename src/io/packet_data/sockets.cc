#include "io/packet_data/sockets.h"

#include <arpa/inet.h>

#include <algorithm>

#include "network/fault_plan.h"

namespace simurgh::packet_data {

namespace {

std::string text_of_address(ByteView address) {
  char room[INET6_ADDRSTRLEN] = {};
  const int family = address.size() == 4 ? AF_INET : AF_INET6;
  if (address.size() != 4 && address.size() != 16) return {};
  return inet_ntop(family, address.data(), room, sizeof room) == nullptr ? "" : room;
}

}  // namespace

class Sockets::Link final : private net::StreamHandler {
 public:
  Link(Sockets& owner, const Key& key, uint64_t number, size_t octets_left)
      : owner_(owner), key_(key), number_(number), octets_left_(octets_left) {}
  ~Link() { net::close_and_destroy(owner_.loop_, std::move(stream_)); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  void connect(const net::Endpoint& endpoint) {
    stream_ = owner_.transport_.connect(owner_.loop_, endpoint, *this);
  }

  Result<void> send(ByteView bytes) {
    if (!up_ || over_) return fail(ErrorCode::closed);
    if (stream_->room() < bytes.size()) return fail(ErrorCode::busy);
    if (passes(bytes.size())) return fail(ErrorCode::closed);
    owner_.figures_.octets_out += bytes.size();
    return stream_->send(bytes);
  }

  Result<size_t> receive(MutableByteView out) {
    const size_t size = std::min(out.size(), received_.size());
    std::copy_n(received_.begin(), size, out.begin());
    received_.erase(received_.begin(), received_.begin() + static_cast<ptrdiff_t>(size));
    if (size == 0 && over_) return fail(ErrorCode::closed);
    if (paused_ && !over_ && received_.size() < received_octets_max / 2) pause(false);
    return size;
  }

  const Key& key() const { return key_; }
  uint64_t number() const { return number_; }
  bool up() const { return up_; }
  bool told_up = false;  // the handset knows that it is there
  bool news_waits = false;

 private:
  void on_connected() override {
    up_ = true;
    owner_.tell(*this);
  }
  void on_bytes(ByteView bytes) override {
    if (over_ || passes(bytes.size())) return;
    owner_.figures_.octets_in += bytes.size();
    received_.insert(received_.end(), bytes.begin(), bytes.end());
    if (received_.size() > received_octets_max) pause(true);
    owner_.tell(*this);
  }
  void on_closed(const net::Closed&) override {
    over_ = true;
    owner_.tell(*this);
  }
  void pause(bool paused) {
    paused_ = paused;
    stream_->pause_reading(paused);
  }
  // True when the connection breaks before these octets have passed.
  bool passes(size_t octets) {
    if (octets_left_ == 0) return false;
    if (octets < octets_left_) {
      octets_left_ -= octets;
      return false;
    }
    ++owner_.figures_.broken;
    over_ = true;
    received_.clear();
    stream_->close();
    owner_.tell(*this);
    return true;
  }

  Sockets& owner_;
  Key key_;
  uint64_t number_;
  size_t octets_left_;  // until it breaks; 0: never
  bool up_ = false, over_ = false, paused_ = false;
  std::vector<uint8_t> received_;
  std::unique_ptr<net::Stream> stream_;
};

Sockets::Sockets(loop::Loop& loop, network::PacketGateway& gateway, Random& random,
                 const Options& options, CutAfter cut_after)
    : loop_(loop),
      gateway_(gateway),
      random_(random),
      options_(options),
      cut_after_(std::move(cut_after)),
      timer_(loop, [this] { on_timer(); }) {}

Sockets::~Sockets() = default;

Sockets::Link* Sockets::find(network::Handset& handset, uint8_t channel) {
  const auto found = links_.find({&handset, channel});
  return found == links_.end() ? nullptr : found->second.get();
}

terminal::DataOpening Sockets::open(network::Handset& handset, uint8_t channel,
                                    const terminal::DataDestination& to) {
  if (!gateway_.admits(to)) {
    ++figures_.refused;
    return terminal::DataOpening::network_refused;
  }
  net::Endpoint endpoint;
  endpoint.host = text_of_address(to.address);
  endpoint.port = to.port;
  if (endpoint.host.empty()) return terminal::DataOpening::not_reachable;
  const Key key{&handset, channel};
  auto link = std::make_unique<Link>(*this, key, ++last_link_, cut_after_(handset));
  link->connect(endpoint);
  links_[key] = std::move(link);
  return terminal::DataOpening::pending;
}

Result<void> Sockets::send(network::Handset& handset, uint8_t channel, ByteView bytes) {
  Link* link = find(handset, channel);
  return link == nullptr ? fail(ErrorCode::closed) : link->send(bytes);
}

Result<size_t> Sockets::receive(network::Handset& handset, uint8_t channel, MutableByteView out) {
  Link* link = find(handset, channel);
  if (link == nullptr) return fail(ErrorCode::closed);
  // What the radio has not brought yet.
  if (link->news_waits) return size_t{0};
  return link->receive(out);
}

void Sockets::close(network::Handset& handset, uint8_t channel) {
  const auto found = links_.find({&handset, channel});
  if (found == links_.end()) return;
  // May be inside one of its own calls.
  loop_.after_flushes([link = std::move(found->second)] {});
  links_.erase(found);
}

void Sockets::tell(Link& link) {
  if (std::exchange(link.news_waits, true)) return;
  const Instant due =
      loop_.now() + network::uniform(random_, options_.latency_min, options_.latency_max);
  const bool first = news_.empty() || due < news_.begin()->first;
  news_.emplace(due, News{link.key(), link.number()});
  if (first) timer_.set(due);
}

void Sockets::on_timer() {
  const Instant now = loop_.now();
  while (!news_.empty() && news_.begin()->first <= now) {
    const News news = news_.begin()->second;
    news_.erase(news_.begin());
    Link* link = find(*news.key.first, news.key.second);
    if (link == nullptr || link->number() != news.link) continue;
    link->news_waits = false;
    const auto [handset, channel] = news.key;
    if (!link->told_up) {
      link->told_up = true;
      const bool reached = link->up();
      ++(reached ? figures_.opened : figures_.unreachable);
      handset->on_data_opened(channel, reached);
      // What came with it, or its end.
      link = find(*handset, channel);
      if (link == nullptr || link->number() != news.link) continue;
    }
    handset->on_data_ready(channel);
  }
  timer_.set(news_.empty() ? Instant::never() : news_.begin()->first);
}

}  // namespace simurgh::packet_data
