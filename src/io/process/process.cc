#include "io/process/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/check.h"

namespace simurgh::process {

void OsRandom::fill(MutableByteView out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    SIMURGH_CHECK(got > 0);  // the kernel has no randomness: nothing can go on
    out = out.subspan(static_cast<size_t>(got));
  }
}

void harden() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

size_t raise_descriptor_limit(size_t wanted) {
  rlimit limit{};
  SIMURGH_CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
    SIMURGH_CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  }
  return limit.rlim_cur;
}

namespace {

std::string words(const std::string& path, const char* what) {
  return path + ": " + what + ": " + std::strerror(errno);
}

struct File {
  int fd = -1;
  ~File() {
    if (fd >= 0) close(fd);
  }
};

}  // namespace

Result<std::string> read_file(const std::string& path, size_t octets_max, std::string& problem) {
  const File file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) {
    problem = words(path, "cannot be opened");
    return errno == ENOENT ? ErrorCode::not_found : ErrorCode::io;
  }
  std::string content;
  char room[4096];
  while (true) {
    const ssize_t got = read(file.fd, room, sizeof room);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      problem = words(path, "cannot be read");
      return ErrorCode::io;
    }
    if (got == 0) return content;
    content.append(room, static_cast<size_t>(got));
    if (content.size() > octets_max) {
      problem = path + ": larger than " + std::to_string(octets_max) + " octets";
      return ErrorCode::too_large;
    }
  }
}

Result<void> write_new_file(const std::string& path, std::string_view content, int mode,
                            std::string& problem) {
  const File file{open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
  if (file.fd < 0) {
    problem = words(path, "cannot be made");
    return errno == EEXIST ? ErrorCode::already_exists : ErrorCode::io;
  }
  while (!content.empty()) {
    const ssize_t put = write(file.fd, content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      problem = words(path, "cannot be written");
      return ErrorCode::io;
    }
    content.remove_prefix(static_cast<size_t>(put));
  }
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const File directory{open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (fsync(file.fd) != 0 || directory.fd < 0 || fsync(directory.fd) != 0) {
    problem = words(path, "cannot be made durable");
    return ErrorCode::io;
  }
  return {};
}

Result<void> make_folder(const std::string& path, std::string& problem) {
  if (mkdir(path.c_str(), 0700) == 0) return {};
  struct stat found{};
  if (errno == EEXIST && stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) return {};
  problem = words(path, "cannot be made");
  return ErrorCode::io;
}

Result<void> make_empty_folder(const std::string& path, std::string& problem) {
  TRY(make_folder(path, problem));
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  if (!folder) {
    problem = words(path, "cannot be read");
    return ErrorCode::io;
  }
  while (const dirent* entry = readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    problem = path + " holds something already (" + std::string(name) + ")";
    return ErrorCode::already_exists;
  }
  return {};
}

}  // namespace simurgh::process
