#include "apps/simurgh/qr.h"

#include <qrcodegen/qrcodegen.hpp>

namespace simurgh::cli {
namespace {

constexpr int quiet_zone_modules = 4;  // ISO/IEC 18004 9.1
constexpr const char* dark_on_light = "\033[30;107m";
constexpr const char* as_before = "\033[0m";

}  // namespace

Outcome<QrCode> QrCode::of(std::string_view text) {
  try {
    const auto code =
        qrcodegen::QrCode::encodeText(std::string(text).c_str(), qrcodegen::QrCode::Ecc::MEDIUM);
    QrCode out;
    out.size_ = code.getSize();
    for (int y = 0; y < out.size_; ++y) {
      for (int x = 0; x < out.size_; ++x) out.modules_.push_back(code.getModule(x, y));
    }
    return out;
  } catch (const qrcodegen::data_too_long&) {
    return local("the text is too long for a QR code");
  }
}

bool QrCode::dark(int x, int y) const {
  return x >= 0 && y >= 0 && x < size_ && y < size_ &&
         modules_[static_cast<size_t>(y) * static_cast<size_t>(size_) + static_cast<size_t>(x)];
}

std::string QrCode::for_terminal(bool coloured) const {
  std::string out;
  for (int y = -quiet_zone_modules; y < size_ + quiet_zone_modules; y += 2) {
    if (coloured) out += dark_on_light;
    for (int x = -quiet_zone_modules; x < size_ + quiet_zone_modules; ++x) {
      const bool upper = dark(x, y);
      const bool lower = dark(x, y + 1);
      out += upper ? (lower ? "\u2588" : "\u2580") : (lower ? "\u2584" : " ");
    }
    if (coloured) out += as_before;
    out += "\n";
  }
  return out;
}

std::string QrCode::svg() const {
  const std::string side = std::to_string(size_ + 2 * quiet_zone_modules);
  std::string out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + side + " " + side +
      "\" width=\"40mm\" height=\"40mm\" shape-rendering=\"crispEdges\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<path fill=\"#000\" d=\"";
  for (int y = 0; y < size_; ++y) {
    for (int x = 0; x < size_; ++x) {
      if (!dark(x, y)) continue;
      int run = 1;
      while (dark(x + run, y)) ++run;
      out += "M" + std::to_string(x + quiet_zone_modules) + " " +
             std::to_string(y + quiet_zone_modules) + "h" + std::to_string(run) + "v1h-" +
             std::to_string(run) + "z";
      x += run - 1;
    }
  }
  return out + "\"/>\n</svg>\n";
}

}  // namespace simurgh::cli
