// simurgh-lab: a network in a box, for trying, testing and load.
#include <cstdio>
#include <cstring>

#include "apps/simurgh-lab/subcommands.h"

namespace {

using simurgh::lab::Subcommand;

constexpr Subcommand subcommands[] = {
    {"card", "a virtual chip in a virtual PC/SC reader, for any card tool",
     simurgh::lab::card_main},
    {"network", "SMSC, visited network and phones around a simurghd of your own",
     simurgh::lab::network_main},
    {"life", "chips through their whole life on a real simurghd", simurgh::lab::life_main},
    {"campaign", "a campaign over a fleet of chips on a real simurghd",
     simurgh::lab::campaign_main},
};

void print_usage(std::FILE* out) {
  std::fputs("Usage: simurgh-lab SUBCOMMAND [OPTIONS]\n\n", out);
  for (const Subcommand& subcommand : subcommands) {
    std::fprintf(out, "  %-10s %s\n", subcommand.name, subcommand.summary);
  }
  std::fputs("\nsimurgh-lab SUBCOMMAND --help says more; simurgh-lab --version.\n", out);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    print_usage(stderr);
    return 2;
  }
  for (const Subcommand& subcommand : subcommands) {
    if (std::strcmp(argv[1], subcommand.name) == 0) return subcommand.run(argc - 1, argv + 1);
  }
  if (std::strcmp(argv[1], "--version") == 0) {
    std::puts("simurgh-lab " SIMURGH_VERSION);
    return 0;
  }
  const bool help = std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0;
  print_usage(help ? stdout : stderr);
  return help ? 0 : 2;
}
