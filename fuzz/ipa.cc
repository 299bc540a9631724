// link: simurgh_conversations_gsup_session
#include <vector>

#include "conversations/gsup_session/session.h"
#include "rewrite.h"

using namespace simurgh;

namespace {

struct Handler final : gsup_session::SessionHandler {
  bool on_named(gsup_session::Session&, std::string_view name) override {
    SIMURGH_CHECK(!name.empty() && name.size() <= gsup::peer_name_octets_max);
    ++named;
    return name[0] != '!';
  }
  void on_message(gsup_session::Session& session, const gsup::Message& message, ByteView) override {
    SIMURGH_CHECK(named == 1);
    gsup::Message answer;
    answer.type = gsup::result_of(message.type);
    answer.imsi = message.imsi;
    static_cast<void>(session.send(answer).has_value());
  }
  int named = 0;
};

// The same bytes in pieces of different sizes are the same conversation.
std::vector<uint8_t> answers(ByteView input, bool server, size_t piece) {
  Handler handler;
  gsup_session::ClientIdentity identity;
  identity.name = "VLR";
  Instant now{1'000'000};
  auto session = server ? gsup_session::Session::server({}, handler, now)
                        : gsup_session::Session::client({}, identity, handler, now);
  for (size_t at = 0; at < input.size(); at += piece) {
    session.on_bytes(input.subspan(at, std::min(piece, input.size() - at)), now);
  }
  const ByteView said = session.poll_transmit();
  return {said.data(), said.data() + said.size()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  fuzz::check_rewrite(input, gsup::parse_ccm, gsup::write_ccm);
  const auto frame = gsup::parse_ipa_frame(input);
  if (frame) SIMURGH_CHECK(frame->octets == frame->payload.size() + gsup::ipa_header_octets);
  for (const bool server : {true, false}) {
    const auto whole = answers(input, server, size + 1);
    SIMURGH_CHECK(whole == answers(input, server, 1));
    SIMURGH_CHECK(whole == answers(input, server, 7));
  }
  return 0;
}
