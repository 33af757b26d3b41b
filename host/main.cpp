#include <clocale>
#include <cstdlib>
#include <iostream>

#include "app/daemon.hpp"

extern char** environ;

int main(int argc, char** argv) {
  using namespace mortise::app;
  std::setlocale(LC_ALL, "C");
  Terminal terminal{std::cin, std::cout, std::cerr,
                    [](const std::string& name) -> std::optional<std::string> {
                      const char* value = std::getenv(name.c_str());
                      return value == nullptr ? std::nullopt : std::optional<std::string>(value);
                    },
                    [] {
                      std::vector<std::string> names;
                      for (char** each = environ; *each != nullptr; ++each) {
                        const std::string_view line(*each);
                        names.emplace_back(line.substr(0, line.find('=')));
                      }
                      return names;
                    }};
  std::vector<Command> all = commands();
  all.insert(all.begin(), serve_command());
  return run_command(all, std::vector<std::string>(argv + 1, argv + argc), terminal);
}
