// The lines of a file of any size, without their ends. The file may hold keys: what was read is
// wiped.
#pragma once

#include <cstdio>
#include <cstring>
#include <string>

#include "base/secret.h"

namespace simurgh::cli {

class LineReader {
 public:
  explicit LineReader(const std::string& path) : file_(std::fopen(path.c_str(), "rb")) {
    // No copy of what is read but ours.
    if (file_ != nullptr) std::setvbuf(file_, nullptr, _IONBF, 0);
  }
  ~LineReader() {
    wipe(buffer_);
    if (file_ != nullptr) std::fclose(file_);
  }
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  bool is_open() const { return file_ != nullptr; }
  bool failed() const { return std::ferror(file_) != 0; }
  // False at the end. Valid until the next call. A line too long for the buffer comes in parts,
  // each longer than a line may be.
  bool next(std::string_view& line) {
    const uint8_t* end = find_end();
    if (end == nullptr && !at_end_) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, size_ - begin_);
      size_ -= begin_;
      begin_ = 0;
      size_ += std::fread(buffer_.data() + size_, 1, buffer_.size() - size_, file_);
      at_end_ = size_ < buffer_.size();
      end = find_end();
    }
    if (begin_ == size_) return false;
    const size_t line_end = end == nullptr ? size_ : static_cast<size_t>(end - buffer_.data());
    line = {reinterpret_cast<const char*>(buffer_.data()) + begin_, line_end - begin_};
    if (line.ends_with('\r')) line.remove_suffix(1);
    begin_ = end == nullptr ? size_ : line_end + 1;
    ++number_;
    return true;
  }
  uint64_t number() const { return number_; }  // of the line that next() gave, from 1

 private:
  const uint8_t* find_end() const {
    return static_cast<const uint8_t*>(std::memchr(buffer_.data() + begin_, '\n', size_ - begin_));
  }
  std::FILE* file_;
  ByteArray<size_t{64} * 1024> buffer_{};
  size_t begin_ = 0, size_ = 0;
  bool at_end_ = false;
  uint64_t number_ = 0;
};

}  // namespace simurgh::cli
