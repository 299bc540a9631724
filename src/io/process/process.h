// What a program asks of its process: randomness from the kernel, files read and written whole, and
// a process that leaves no secrets behind when it dies.
#pragma once

#include <string>

#include "base/random.h"
#include "base/result.h"

namespace simurgh::process {

// getrandom(2). Any thread.
class OsRandom final : public Random {
 public:
  void fill(MutableByteView out) override;
};

// No core dumps, no attaching by other processes of the user, no swapping of what mlock holds.
void harden();

// Lets this process open `wanted` descriptors, as far as its hard limit goes. How many it may.
size_t raise_descriptor_limit(size_t wanted);

// A whole file of at most `octets_max`. On failure `problem` names it and says what is wrong.
Result<std::string> read_file(const std::string& path, size_t octets_max, std::string& problem);

// Writes a new file with this mode, durably (file and directory). `already_exists`, `io`.
Result<void> write_new_file(const std::string& path, std::string_view content, int mode,
                            std::string& problem);

// Makes the folder (mode 0700) unless it is there.
Result<void> make_folder(const std::string& path, std::string& problem);
// The same, for what must not be mixed with anything: already_exists when something is in it.
Result<void> make_empty_folder(const std::string& path, std::string& problem);

}  // namespace simurgh::process
