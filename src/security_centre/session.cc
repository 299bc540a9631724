// The conversation through a chip's administration session: the same messages as by short message,
// in the order in which they were said. TLS has proved that the chip holds an epoch's key; the
// messages prove the rest themselves, so nothing here believes the session more than a packet.
#include "security_centre/state.h"

namespace simurgh::security_centre {

namespace {

constexpr size_t lines_max = 4;  // more than a conversation has under way

}  // namespace

Result<void> SecurityCentre::State::begin_session(const Iccid& iccid, Instant now) {
  const std::string key(iccid.text());
  auto row = TRY(parts_.store.load(iccid));
  if (!row) return {};
  Lines& lines = lines_[key];
  lines.clear();
  if (row->work == Work::none && !row->commit_unconfirmed) return {};
  TRY(parts_.fleet.touch(iccid, now));
  const auto chip = TRY(parts_.fleet.chip(iccid));
  const auto negotiation = sessions.find(key);
  if (row->work == Work::none) {
    TRY(send_commit(*row, chip));
    schedule(iccid, now + wait_after(1), 1);
  } else if (negotiation != sessions.end()) {
    // What was said last may be lost; the same again changes nothing.
    TRY(send(*row, chip, personalisation::CentreHalf::repeat(negotiation->second.half)));
    schedule(iccid, now + wait_after(1), 1);
  } else if (row->work == Work::first_logon) {
    lines.emplace_back();  // its REQUEST begins it, and says what the chip can do
  } else {
    TRY(begin(*row, chip, 0, now));
  }
  return parts_.store.save(*row);
}

std::optional<personalisation::Message> SecurityCentre::State::next_in_session(const Iccid& iccid) {
  const auto found = lines_.find(std::string(iccid.text()));
  if (found == lines_.end() || found->second.empty()) return std::nullopt;
  personalisation::Message message = found->second.front();
  found->second.pop_front();
  return message;
}

Result<void> SecurityCentre::State::on_session_message(const Iccid& iccid, ByteView message,
                                                       Instant now) {
  auto row = TRY(parts_.store.load(iccid));
  if (!row) return {};
  const auto chip = TRY(parts_.fleet.chip(iccid));
  ++figures.messages_in;
  now_ = now;
  const auto done = dispatch(*row, chip, message, now);
  if (!done) {
    if (done.error().code == ErrorCode::storage) return done.error();
    ++figures.refused_messages;
  }
  return parts_.store.save(*row);
}

void SecurityCentre::State::end_session(const Iccid& iccid) {
  lines_.erase(std::string(iccid.text()));
}

// False: the chip has no session.
bool SecurityCentre::State::say_in_session(const Iccid& iccid, ByteView message) {
  const auto found = lines_.find(std::string(iccid.text()));
  if (found == lines_.end()) return false;
  Lines& lines = found->second;
  if (lines.size() == lines_max) lines.pop_front();
  personalisation::Message said;
  SIMURGH_CHECK(said.try_append(message));
  lines.push_back(said);
  return true;
}

bool SecurityCentre::State::has_unfetched(const Iccid& iccid) const {
  const auto found = lines_.find(std::string(iccid.text()));
  return found != lines_.end() && !found->second.empty();
}

}  // namespace simurgh::security_centre
