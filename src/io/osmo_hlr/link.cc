#include "io/osmo_hlr/link.h"

#include <algorithm>
#include <utility>

#include "formats/gsup/ipa.h"

namespace simurgh::osmo_hlr {

namespace {

constexpr size_t frame_octets_max = hlr::control_line_octets_max + 4;

}  // namespace

Result<std::unique_ptr<Link>> Link::open(loop::Loop& loop, const net::Endpoint& endpoint,
                                         net::Transport& transport, const LinkOptions& options,
                                         hlr::RemoteDirectory& directory, const log::Log& log,
                                         std::string& problem) {
  if (!endpoint.loopback() && !transport.secure()) {
    problem = endpoint.text() +
              " is not on this machine: osmo-hlr's control interface carries keys in the clear "
              "and asks nobody who he is; bind it to 127.0.0.1 and run Simurgh beside it";
    return fail(ErrorCode::not_allowed);
  }
  std::unique_ptr<Link> link(new Link(loop, endpoint, transport, options, directory, log));
  directory.set_outlet(link.get());
  link->flush_after_batch();
  return link;
}

Link::Link(loop::Loop& loop, const net::Endpoint& endpoint, net::Transport& transport,
           const LinkOptions& options, hlr::RemoteDirectory& directory, const log::Log& log)
    : Flushable(loop),
      loop_(loop),
      endpoint_(endpoint),
      transport_(transport),
      options_(options),
      directory_(directory),
      log_(log),
      timer_(loop,
             [this] {
               // An error is the store's, and fails the commit of this batch.
               static_cast<void>(directory_.on_time(loop_.now()));
               flush_after_batch();
             }),
      connect_at_(loop.now()),
      reconnect_wait_(options.reconnect_wait_min) {}

Link::~Link() {
  directory_.set_outlet(nullptr);
  wipe(received_);
}

void Link::on_connected() {
  log_.info("osmo-hlr connected", {{"ctrl", endpoint_.text()}});
  up_ = true;
  reconnect_wait_ = options_.reconnect_wait_min;
  directory_.on_connected(loop_.now());
  flush_after_batch();
}

void Link::on_bytes(ByteView bytes) {
  received_.insert(received_.end(), bytes.begin(), bytes.end());
  if (!take_frames()) lose("an answer that is no frame of the control interface");
  flush_after_batch();
}

// Hands whole frames over; false when the stream is not what it should be.
bool Link::take_frames() {
  size_t taken = 0;
  bool good = true;
  while (good) {
    const ByteView rest = ByteView(received_).subspan(taken);
    const auto frame = gsup::parse_ipa_frame(rest);
    if (!frame) {
      good = frame.error().code == ErrorCode::truncated;
      break;
    }
    taken += frame->octets;
    const bool is_ctrl = frame->protocol == static_cast<uint8_t>(gsup::IpaProtocol::osmo) &&
                         !frame->payload.empty() &&
                         frame->payload[0] == static_cast<uint8_t>(gsup::OsmoExtension::ctrl);
    if (!is_ctrl) continue;
    static_cast<void>(directory_.on_line(text_of(frame->payload.subspan(1)), loop_.now()));
  }
  wipe(MutableByteView(received_).first(taken));
  received_.erase(received_.begin(), received_.begin() + static_cast<ptrdiff_t>(taken));
  return good;
}

void Link::lose(std::string_view reason) {
  net::close_and_destroy(loop_, std::move(stream_));
  wipe(received_);
  received_.clear();
  log_.warning("osmo-hlr link lost",
               {{"ctrl", endpoint_.text()}, {"reason", reason}, {"again_in_ms", reconnect_wait_}});
  connect_at_ = loop_.now() + reconnect_wait_;
  reconnect_wait_ = std::min(reconnect_wait_ * 2, options_.reconnect_wait_max);
  if (std::exchange(up_, false)) directory_.on_disconnected(loop_.now());
  flush_after_batch();
}

void Link::on_flush() {
  if (stream_ == nullptr) {
    if (connect_at_ > loop_.now()) {
      timer_.set(connect_at_);
    } else {
      stream_ = transport_.connect(loop_, endpoint_, *this);
    }
    return;
  }
  if (!up_) return;  // still connecting
  ByteArray<frame_octets_max> frame;
  while (stream_->room() >= frame.size()) {
    const auto line = directory_.poll_transmit(loop_.now());
    if (!line || !*line) break;
    const auto bytes = gsup::write_osmo_frame(gsup::OsmoExtension::ctrl, (*line)->view(), frame);
    if (!bytes || !stream_->send(*bytes)) break;
  }
  wipe(frame);
  timer_.set(directory_.next_deadline());
}

}  // namespace simurgh::osmo_hlr
