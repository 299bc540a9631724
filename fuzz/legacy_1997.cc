// link: simurgh_conversations_personalisation simurgh_io_crypto_openssl
// OFFER and ANSWER of legacy-1997 (conversations/personalisation/legacy_1997.h). What parses is
// written again as the same octets; an ANSWER goes to a centre that waits for it, as it is and with
// the centre's own life and epoch, and is believed only when its PREPARED proves the agreement.
#include "conversations/personalisation/legacy_1997.h"
#include "base/reader.h"
#include "conversations/personalisation/handshake.h"

using namespace simurgh;
using namespace simurgh::personalisation;

namespace {

constexpr LegacyPolicy allowed{.allow_legacy_1997 = true};

LegacySession make_session() {
  LegacySession session;
  session.chip = {.iccid = *Iccid::parse("8949012345678901235"),
                  .imsi = *Imsi::parse("001010123456789"),
                  .ver = {'V', 'E', 'R', ' ', '0', '0', '0', '7'}};
  session.life = 1;
  session.epoch = 2;
  session.seeds.ki_2 = Key256(ByteArray<32>{1});
  session.seeds.puk = Key256(ByteArray<32>{2});
  return session;
}

void check_answer(LegacyAnswer answer) {
  static const LegacySession session = make_session();
  answer.life = session.life;
  answer.epoch = session.epoch;
  const auto next =
      legacy_epoch(allowed, session.seeds, answer.ki_2, answer.puk, session.epoch, session.base);
  if (!next.has_value()) return;  // a share of small order, or of the other purpose
  answer.prepared = make_confirmation(MessageType::prepared, session.chip, session.life, *next);
  const auto proved = legacy_on_answer(allowed, session, write_legacy_answer(answer));
  SIMURGH_CHECK(proved.has_value() && equal(proved->secret.view(), next->secret.view()));
  SIMURGH_CHECK(!legacy_on_answer({}, session, write_legacy_answer(answer)).has_value());
  answer.prepared.span().back() ^= 1;
  SIMURGH_CHECK(!legacy_on_answer(allowed, session, write_legacy_answer(answer)).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  const auto offer = parse_legacy_offer(input);
  const auto answer = parse_legacy_answer(input);
  SIMURGH_CHECK(!(offer.has_value() && answer.has_value()));
  if (offer.has_value()) SIMURGH_CHECK(equal(write_legacy_offer(*offer), input));
  if (answer.has_value()) {
    SIMURGH_CHECK(equal(write_legacy_answer(*answer), input));
    check_answer(*answer);
  }
  if (offer.has_value() || answer.has_value()) SIMURGH_CHECK(is_legacy(input));
  return 0;
}
