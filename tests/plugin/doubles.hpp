// Where the built doubles are, and a folder of one's own to break things in.
#pragma once

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "plugin/loader.hpp"

namespace doubles {

inline std::filesystem::path folder(const std::string& id) {
  return std::filesystem::path(MORTISE_BINARY_DIR) / "tests/plugin/doubles/plugins" / id;
}

inline std::shared_ptr<mortise::ports::Connector> load(const std::string& id,
                                                       mortise::plugin::Limits limits = {},
                                                       const mortise::plugin::PluginLog& log = {}) {
  auto loaded = mortise::plugin::load_connector(folder(id), limits, log);
  if (!loaded) FAIL(id << ": " << loaded.error().message);
  return *std::move(loaded);
}

/// A folder of its own for one test, gone at its end.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "mortise-plugin-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) FAIL("no scratch folder");
    path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// A copy of a double's folder.
  std::filesystem::path copy_of(const std::string& id) const {
    std::filesystem::copy(folder(id), path_ / id, std::filesystem::copy_options::recursive);
    return path_ / id;
  }

 private:
  std::filesystem::path path_;
};

inline std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

inline void write(const std::filesystem::path& file, const std::string& bytes) {
  std::filesystem::remove(file);  // never in place: the old one may be mapped
  std::ofstream(file, std::ios::binary) << bytes;
}

}  // namespace doubles
