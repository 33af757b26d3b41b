// What a built plugin shows to the process that opens it: one symbol.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

// The names that `nm -D --defined-only` prints.
std::vector<std::string> exported(const fs::path& library) {
  const std::string command = "nm -D --defined-only '" + library.string() + "' 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string printed;
  char buffer[4096];
  while (std::fgets(buffer, sizeof(buffer), pipe) != nullptr) printed += buffer;
  REQUIRE(pclose(pipe) == 0);
  std::vector<std::string> names;
  std::istringstream lines(printed);
  for (std::string line; std::getline(lines, line);)
    names.push_back(line.substr(line.rfind(' ') + 1));
  return names;
}

}  // namespace

TEST_CASE("arch: every built plugin exports its entry and nothing else", "[arch]") {
  std::istringstream ids(MORTISE_PLUGIN_IDS);
  std::size_t seen = 0;
  for (std::string id; std::getline(ids, id, ' ');) {
    const fs::path library = fs::path(MORTISE_BINARY_DIR) / "plugins" / id / (id + ".so");
    CAPTURE(library.string());
    CHECK(exported(library) == std::vector<std::string>{"mortise_plugin_entry"});
    ++seen;
  }
  CHECK(seen >= 1);
}

TEST_CASE("arch: the symbol test sees a symbol too many", "[arch]") {
  const fs::path library =
      fs::path(MORTISE_BINARY_DIR) / "tests/plugin/doubles/plugins/no_entry/no_entry.so";
  const auto names = exported(library);
  CHECK(std::find(names.begin(), names.end(), "something_else") != names.end());
}
