// Every command of the tool, by file.
#pragma once

#include "apps/simurgh/command_line.h"

namespace simurgh::cli {

void add_resource_commands(Commands& commands);    // resources.cc: chips, ranges, alarms …
void add_factory_commands(Commands& commands);     // factory.cc
void add_dealer_commands(Commands& commands);      // dealer.cc
void add_subscriber_commands(Commands& commands);  // subscribers.cc: imports
void add_fleet_commands(Commands& commands);       // fleet.cc: imports of elements
void add_campaign_commands(Commands& commands);    // campaigns.cc
void add_token_commands(Commands& commands);       // tokens.cc

}  // namespace simurgh::cli
