// The order of a campaign from the command line: what `simurgh campaigns create` sends.
//
// Terms come from a file (JSON or TOML, the members of POST /v1/campaigns), then from options,
// which win. Files of payloads are read here: scripts, applets.
#pragma once

#include "apps/simurgh/command_line.h"
#include "formats/json/value.h"

namespace simurgh::cli {

struct CampaignOptions {
  std::string name, terms;
  // What. One of them.
  std::string script, file, applet;
  bool erase_applet = false, rotate_keys = false, next_poll = false, is_patch = false;
  std::string target, target_aid, instance_aid, parameters, release_after;
  bool repeatable = false;
  // Whom. Words by commas.
  std::string batches, profiles, releases, releases_not, contacted_from, contacted_before, list;
  // How.
  std::string order, canary, soak, rate, windows, utc_offset, priority, begins_at;
  bool no_waves = false, no_approval = false, submit = false;
};

std::vector<Option> options_of(CampaignOptions& options);
Outcome<json::Value> order_of(const CampaignOptions& options);

// Words between commas; none for an empty text.
std::vector<std::string> words_of(std::string_view text);

// toml_file.cc: a TOML file as the JSON value that says the same.
Outcome<json::Value> read_toml_file(const std::string& path);

}  // namespace simurgh::cli
