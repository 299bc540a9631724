// What `simurgh-lab` can do: one function a subcommand, each in its own file, which reads its own
// options and gives the exit status.
#pragma once

namespace simurgh::lab {

struct Subcommand {
  const char* name;
  const char* summary;
  int (*run)(int argc, char** argv);  // argv[0] is the subcommand's name
};

int card_main(int argc, char** argv);
int network_main(int argc, char** argv);
int life_main(int argc, char** argv);
int campaign_main(int argc, char** argv);

}  // namespace simurgh::lab
