#include "io/keystore/locked_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/secret.h"

namespace simurgh::keystore {

LockedPages::LockedPages(size_t octets) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t size = (octets + page - 1) / page * page;
  void* const data =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return;
  if (mlock(data, size) != 0 || madvise(data, size, MADV_DONTDUMP) != 0 ||
      madvise(data, size, MADV_DONTFORK) != 0) {
    munmap(data, size);
    return;
  }
  data_ = data;
  size_ = size;
}

LockedPages::~LockedPages() {
  if (size_ == 0) return;
  wipe(bytes());
  munmap(data_, size_);  // which unlocks it
}

}  // namespace simurgh::keystore
