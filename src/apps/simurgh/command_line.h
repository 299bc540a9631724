// The tool's command line as data: a list of commands with their options. CLI11, which takes
// seconds to compile, is seen by command_line.cc alone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "apps/simurgh/outcome.h"

namespace simurgh::cli {

class Session;

struct Option {
  // "--count" or "-n,--count"; without dashes it is positional.
  std::string name;
  std::variant<std::string*, uint64_t*, bool*> into;  // outlives the parsing
  std::string what;
  bool required = false;
  std::vector<std::string> choices = {};  // allowed texts; empty for any
};

struct Command {
  std::string group = {};  // noun: "chips"; empty for a command of one word
  std::string name;        // verb: "list"
  std::string summary;
  std::string examples = {};  // lines shown at the end of --help
  std::vector<Option> options = {};
  std::function<Outcome<void>(Session&)> run;
};

// A group's own line in --help.
struct Group {
  std::string name;
  std::string summary;
};

struct Commands {
  std::vector<Group> groups;
  std::vector<Command> commands;
};

// Options before or after any command.
struct Global {
  std::string server = "http://127.0.0.1:8430";  // or https://…, unix:PATH; SIMURGH_SERVER
  std::string token_file;                        // SIMURGH_TOKEN_FILE
  // PEM files for https. Whom to believe (empty: the system's authorities); who we are.
  std::string ca, certificate, key;  // SIMURGH_CA, _CERTIFICATE, _KEY
  bool json = false;                 // one JSON document on standard output
  bool quiet = false;                // nothing but the answer and errors
  bool progress = false;             // a progress bar even when standard error is no terminal
};

// The chosen command, or none when --help or --version was all (already answered).
struct Parsed {
  Global global;
  const Command* command = nullptr;
};
Outcome<Parsed> parse_command_line(const Commands& commands, int argc, const char* const* argv);

}  // namespace simurgh::cli
