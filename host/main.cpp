#include <clocale>
#include <cstdlib>
#include <iostream>
#include <map>

#include "app/daemon.hpp"

extern char** environ;

int main(int argc, char** argv) {
  using namespace mortise::app;
  std::setlocale(LC_ALL, "C");
  // Read once; the master key then leaves the environment, so that no child process gets it.
  std::map<std::string, std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string line(*each);
    const auto equals = line.find('=');
    if (equals != std::string::npos) variables[line.substr(0, equals)] = line.substr(equals + 1);
  }
  unsetenv("MORTISE_KEY");
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
