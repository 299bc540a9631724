// Compiled by ctest with one LOG_… defined at a time: each must be refused (I10).
#include "io/log/log.h"

namespace simurgh {

void log_it(const log::Log& log) {
  const Key128 key;
  const ByteString<16> string;
  const ByteArray<16> array{};
  const ByteView view(array);
  log.info("public", {{"peer", "127.0.0.1"}, {"size", key.size()}, {"id", log::hex(view)}});
#if defined(LOG_Secret)
  log.info("key", {{"key", key}});
#elif defined(LOG_ByteString)
  log.info("key", {{"key", string}});
#elif defined(LOG_ByteArray)
  log.info("key", {{"key", array}});
#elif defined(LOG_ByteView)
  log.info("key", {{"key", view}});
#elif defined(LOG_Pointer)
  log.info("key", {{"key", key.view().data()}});
#endif
}

}  // namespace simurgh
