// The components of a converted Java Card package (Virtual Machine Specification, Java Card
// Platform 3.0.5, chapter 6): what a card loads, and the AIDs in it.
//
// A CAP file is a ZIP archive of them, one file each; an IJC file is they themselves, one after the
// other. Archives are not read here. The load file data block is the components in the order of
// component_names.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh::cap_file {

constexpr size_t applets_max = 64;

// In the order of loading; the debug and descriptor components stay out of the card.
constexpr std::array<std::string_view, 10> component_names = {
    "Header.cap", "Directory.cap",   "Import.cap", "Applet.cap",       "Class.cap",
    "Method.cap", "StaticField.cap", "Export.cap", "ConstantPool.cap", "RefLocation.cap"};

struct LoadFile {
  std::vector<uint8_t> package;               // AID
  std::vector<std::vector<uint8_t>> applets;  // AIDs of the classes that can be installed
  std::vector<uint8_t> octets;                // the load file data block
};

// Whole components only, the header first. truncated, bad_value (no header, an unknown tag),
// bad_length (an AID), already_exists (a component twice), too_large (applets).
Result<LoadFile> parse_components(ByteView octets);

}  // namespace simurgh::cap_file
