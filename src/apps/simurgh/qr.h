// A text as a QR code (ISO/IEC 18004): for the terminal, and as an SVG picture for print.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/simurgh/outcome.h"

namespace simurgh::cli {

class QrCode {
 public:
  // Medium error correction. A failure when the text is longer than a QR code can be.
  static Outcome<QrCode> of(std::string_view text);

  // Two modules a character with half blocks. `coloured` forces dark on light by escape codes, as
  // readers expect it; without, the picture is right for a light background.
  std::string for_terminal(bool coloured) const;
  std::string svg() const;

  int size() const { return size_; }
  // With the quiet zone around the code read as light.
  bool dark(int x, int y) const;

 private:
  int size_ = 0;
  std::vector<bool> modules_;
};

}  // namespace simurgh::cli
