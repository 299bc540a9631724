// link: simurgh_hlr simurgh_memory_store simurgh_io_crypto_openssl
// Answers of an osmo-hlr that says anything at all: the directory stays in order, and a subscriber
// counts as confirmed only after answers to its own commands.
#include "base/reader.h"
#include "crypto/memory_key_store.h"
#include "hlr/remote_directory.h"
#include "memory_store/memory_storage.h"
#include "stores/rows.h"
#include "stores/seeded_random.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

struct Silent final : hlr::RemoteEvents {
  void on_confirmed(const Imsi&, Instant) override {}
};

}  // namespace

// Input: octet (what happens), line (u8 length), again and again. The id of a line that begins with
// '#' is that of the last command.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  memory_store::MemoryStorage storage(ByteArray<16>{1});
  audit::Log audit(storage.audit());
  fleet::Fleet fleet(storage.fleet(), audit);
  static crypto::MemoryKeyStore keys(1);
  Silent silent;
  SeededRandom random(1);
  hlr::RemoteDirectory directory({}, {storage.remote_directory(), fleet, audit, keys, silent});
  Instant now{1000};
  for (uint64_t i = 0; i < 2; ++i) {
    hlr::NewSubscriber row{imsi_of(i), iccid_of(i), msisdn_of(i), {}, true};
    random.fill(row.keys.ki.fill(16));
    random.fill(row.keys.opc.fill(16));
    SIMURGH_CHECK(directory.create(row, {"fuzz", now}).has_value());
  }
  directory.on_connected(now);
  uint32_t commands = 0;
  uint32_t answers = 0;
  Reader reader(ByteView(data, std::min(size, size_t{4096})));
  while (!reader.at_end()) {
    const uint8_t what = *reader.u8();
    const auto line = reader.prefixed8();
    if (!line) break;
    if (what % 4 == 0) {
      now = now + seconds(what);
      SIMURGH_CHECK(directory.on_time(now).has_value());
    }
    const auto command = directory.poll_transmit(now);
    SIMURGH_CHECK(command.has_value());
    if (*command) ++commands;
    std::string text(text_of(*line));
    const size_t mark = text.find('#');
    if (mark != std::string::npos) text.replace(mark, 1, std::to_string(commands));
    ++answers;
    SIMURGH_CHECK(directory.on_line(text, now).has_value());
    // At least the keys, the 2G key, the number and both domains were answered for each.
    SIMURGH_CHECK(directory.figures().confirmed * 5 <= answers);
  }
  return 0;
}
