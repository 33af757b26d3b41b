// The command line with nothing of the machine's own: streams, environment and a folder for one
// test.
#pragma once

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/daemon.hpp"
#include "app/variables.hpp"
#include "fakes/temporary_directory.hpp"

namespace mortise::tests {

/// What one command said.
struct Said {
  int exit = -1;
  std::string out;
  std::string err;
};

class Console {
 public:
  Console() { write("mortise.properties", ""); }

  /// Runs a command with this folder's configuration.
  Said run(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.end(), {"--config", file("mortise.properties")});
    return run_plain(words, input);
  }
  /// Runs exactly these words.
  Said run_plain(const std::vector<std::string>& words, const std::string& input = {}) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    app::Terminal terminal{in, out, err, environment_of(variables), names_of(variables)};
    std::vector<app::Command> all = app::commands();
    all.insert(all.begin(), app::serve_command());
    const int exit = app::run_command(all, words, terminal);
    return {exit, out.str(), err.str()};
  }

  std::string file(const std::string& name) const { return directory_.file(name); }
  std::string write(const std::string& name, const std::string& text) const {
    const std::string path = file(name);
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::string read(const std::string& name) const {
    std::ifstream stream(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }

  Variables variables;

 private:
  fakes::TemporaryDirectory directory_;
};

/// A console whose configuration names a key and a store in its folder.
inline void install(Console& console) {
  console.write("mortise.properties",
                "store.path = data/mortise.db\nstore.key_file = master.key\n"
                "plugins.path = plugins\nscripts.path = scripts\n");
  console.run({"key", "new", "--file", console.file("master.key")});
}

}  // namespace mortise::tests
