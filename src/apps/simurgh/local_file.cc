#include "apps/simurgh/local_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace simurgh::cli {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int operator*() const { return number_; }

 private:
  int number_;
};

Failure cannot(const char* verb, const std::string& path) {
  const int reason = errno;
  std::string hint;
  if (reason == EACCES || reason == EPERM) hint = "check the file's owner and permissions";
  if (reason == ENOENT) hint = "check the path";
  if (reason == ENOSPC) hint = "make room on the disk, then run the command again";
  return local(std::string("cannot ") + verb + " " + path + ": " + std::strerror(reason), hint);
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Outcome<void> write_all(int file, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return cannot("write", path);
    content.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace

bool file_exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

Outcome<std::string> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (*file < 0) return cannot("open", path);
  std::string content;
  char buffer[16384];
  while (true) {
    const ssize_t got = ::read(*file, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot("read", path);
    if (got == 0) return content;
    content.append(buffer, static_cast<size_t>(got));
    if (content.size() > file_octets_max) {
      return local(path + " is larger than 64 MiB", "is it the right file?");
    }
  }
}

Outcome<void> write_file(const std::string& path, std::string_view content, Access access,
                         Overwrite overwrite) {
  const std::string beside = path + ".new-" + std::to_string(::getpid());
  const mode_t mode = access == Access::owner_only ? 0600 : 0644;
  {
    const Descriptor file(
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (*file < 0) return cannot("create", beside);
    const Outcome<void> written = write_all(*file, content, beside);
    if (!written.has_value() || ::fsync(*file) != 0) {
      const Failure failure = written.has_value() ? cannot("write", beside) : written.error();
      ::unlink(beside.c_str());
      return failure;
    }
  }
  // link() refuses to replace, rename() replaces; both are one step.
  const int moved = overwrite == Overwrite::yes ? ::rename(beside.c_str(), path.c_str())
                                                : ::link(beside.c_str(), path.c_str());
  if (moved != 0) {
    const Failure failure = errno == EEXIST
                                ? local(path + " exists already", "choose another place or move it")
                                : cannot("write", path);
    ::unlink(beside.c_str());
    return failure;
  }
  if (overwrite == Overwrite::no) ::unlink(beside.c_str());
  const Descriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (*folder < 0 || ::fsync(*folder) != 0) return cannot("synchronise", folder_of(path));
  return {};
}

Outcome<json::Value> read_json_file(const std::string& path) {
  const std::string text = TRY(read_file(path));
  const Result<json::Value> value = json::parse(text, {.text_octets_max = file_octets_max});
  if (!value.has_value()) {
    return local(
        path + " is not a JSON document (octet " + std::to_string(value.error().offset) + ")",
        "is it the right file?");
  }
  return *value;
}

}  // namespace simurgh::cli
