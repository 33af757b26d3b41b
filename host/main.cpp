#include <sys/prctl.h>
#include <sys/resource.h>

#include <clocale>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>

#include "app/daemon.hpp"

extern char** environ;

namespace {

/// A core dump would hold tokens and keys; other processes of the same user may not look, either.
void keep_memory_private() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/// Takes a variable out, and out of what the kernel shows as the process's environment.
void forget_variable(const char* name) {
  if (char* value = std::getenv(name)) explicit_bzero(value, std::strlen(value));
  unsetenv(name);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace mortise::app;
  keep_memory_private();
  std::setlocale(LC_ALL, "C");
  // Read once; the master key then leaves the environment, so that no child process gets it.
  std::map<std::string, std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string line(*each);
    const auto equals = line.find('=');
    if (equals != std::string::npos) variables[line.substr(0, equals)] = line.substr(equals + 1);
  }
  forget_variable("MORTISE_KEY");
  Terminal terminal{std::cin, std::cout, std::cerr,
                    [&](const std::string& name) -> std::optional<std::string> {
                      auto found = variables.find(name);
                      if (found == variables.end()) return std::nullopt;
                      return found->second;
                    },
                    [&] {
                      std::vector<std::string> names;
                      for (const auto& [name, value] : variables) names.push_back(name);
                      return names;
                    }};
  std::vector<Command> all = commands();
  all.insert(all.begin(), serve_command());
  return run_command(all, std::vector<std::string>(argv + 1, argv + argc), terminal);
}
