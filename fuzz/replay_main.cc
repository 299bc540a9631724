// Runs a fuzz target over the files of a corpus, without libFuzzer: so that every input that ever
// failed is a regression test for every compiler and sanitizer.
//
// Usage: replay_<target> FOLDER. Each file is given whole and cut to every length below 256.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

// A block of the exact size, so that reading beyond it is seen.
void run(const std::vector<uint8_t>& bytes, size_t size) {
  const std::vector<uint8_t> block(bytes.begin(),
                                   bytes.begin() + static_cast<std::ptrdiff_t>(size));
  LLVMFuzzerTestOneInput(block.data(), block.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  constexpr size_t cut_octets_max = 256;
  size_t files = 0;
  run({}, 0);
  if (std::filesystem::is_directory(argv[1])) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
      std::printf("%s\n", entry.path().filename().c_str());
      std::fflush(stdout);  // the last name is the one that failed
      for (size_t size = 0; size < bytes.size() && size < cut_octets_max; ++size) run(bytes, size);
      run(bytes, bytes.size());
      ++files;
    }
  }
  std::printf("%zu inputs replayed\n", files);
  return files == 0 ? 1 : 0;  // a target without seeds tests nothing here
}
