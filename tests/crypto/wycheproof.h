// Project Wycheproof's test files (see SOURCE beside them). They are read where they lie: in
// $SIMURGH_WYCHEPROOF, or in ../shared/vectors/wycheproof beside the source tree. Without them the
// tests say so and pass.
#pragma once

#include <cstdlib>
#include <functional>
#include <optional>

#include "vector_file.h"

namespace simurgh::test {

// valid must work, invalid must be refused. Each user of a file decides what becomes of the
// acceptable ones, and says why.
enum class Verdict { valid, acceptable, invalid };

struct WycheproofCase {
  Vector group;
  Vector test;
  Verdict verdict;
  std::vector<std::string> flags;

  Bytes operator[](std::string_view name) const { return test[name].hex(); }
  bool has_flag(std::string_view flag) const {
    return std::find(flags.begin(), flags.end(), flag) != flags.end();
  }
};

inline std::optional<std::string> wycheproof_path(std::string_view name) {
  const char* const set = std::getenv("SIMURGH_WYCHEPROOF");
  const std::string folder =
      set != nullptr ? set : std::string(source_folder() + "/../shared/vectors/wycheproof");
  const std::string path = folder + "/" + std::string(name);
  if (std::ifstream(path).good()) return path;
  MESSAGE("Project Wycheproof's ", name, " is not in ", folder,
          ": not tested. Set SIMURGH_WYCHEPROOF to the folder of its testvectors_v1.");
  return std::nullopt;
}

// Calls `use` for each test of the file, and fails on any field that it did not look at: of the
// tests, and of their groups. `group_fields_unused` says which fields of a group repeat others.
template <typename Use>
void for_each_case(std::string_view name, std::string_view algorithm,
                   std::initializer_list<std::string_view> group_fields_unused, Use use) {
  const auto path = wycheproof_path(name);
  if (!path.has_value()) return;
  VectorFile file(path->starts_with('/') ? *path : source_folder() + "/" + *path);
  const Vector root = file.root();
  CHECK(root["algorithm"].text() == algorithm);
  for (const auto* text : {"schema", "header", "notes"}) root[text].skip("words about the file");
  int64_t count = 0;
  for (const Vector& group : root["testGroups"].elements()) {
    group["source"].skip("where the group comes from");
    group["type"].skip("follows from the file");
    for (const std::string_view field : group_fields_unused) group[field].skip("says it again");
    for (const Vector& test : group["tests"].elements()) {
      ++count;
      const std::string result = test["result"].text();
      const std::string place = std::string(name) + " " + std::to_string(test["tcId"].integer()) +
                                ": " + test["comment"].text();
      CAPTURE(place);
      const Verdict verdict = result == "valid"     ? Verdict::valid
                              : result == "invalid" ? Verdict::invalid
                                                    : Verdict::acceptable;
      REQUIRE((verdict != Verdict::acceptable || result == "acceptable"));
      std::vector<std::string> flags;
      for (const Vector& flag : test["flags"].elements()) flags.push_back(flag.text());
      use(WycheproofCase{group, test, verdict, flags});
    }
  }
  CHECK(root["numberOfTests"].integer() == count);
  file.finish();
}

}  // namespace simurgh::test
