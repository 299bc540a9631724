// with_postgres COMMAND [ARGUMENT…]: runs the command with a PostgreSQL cluster of its own.
// {store} in an argument becomes the address of an empty database. Ends with the command's status.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "postgres_cluster.h"

namespace {

int run(int count, char** arguments) {
  simurgh::test::PostgresCluster& cluster = simurgh::test::PostgresCluster::shared();
  const std::string store = cluster.address(cluster.make_database()).uri;
  std::vector<std::string> words(arguments, arguments + count);
  for (std::string& word : words) {
    const size_t at = word.find("{store}");
    if (at != word.npos) word.replace(at, 7, store);
  }
  const pid_t child = fork();
  if (child == 0) {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    execvp(pointers[0], pointers.data());
    std::perror(pointers[0]);
    _exit(127);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return 1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: with_postgres COMMAND [ARGUMENT…]\n");
    return 2;
  }
  try {
    return run(argc - 1, argv + 1);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "with_postgres: %s\n", error.what());
    return 1;
  }
}
