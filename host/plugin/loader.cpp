#include "plugin/loader.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>

#include <mortise/services.h>

#include "plugin/library.hpp"
#include "plugin/manifest.hpp"

namespace mortise::plugin {
namespace {

namespace fs = std::filesystem;

Result<std::string> read_file(const fs::path& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    const Code code = errno == ENOENT ? Code::not_found : Code::forbidden;
    return Error{code, "manifest.json: cannot be read: " + std::string(std::strerror(errno))};
  }
  std::string text(kMaxManifestBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

// A folder that no connector could be named after is somebody else's, unless it says otherwise.
bool could_be_plugin(const fs::path& folder) {
  const std::string name = folder.filename().string();
  const bool id_like =
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  std::error_code missing;
  return id_like || fs::exists(folder / "manifest.json", missing);
}

}  // namespace

Result<ports::Manifest> read_manifest(const fs::path& folder) {
  auto text = read_file(folder / "manifest.json");
  if (!text) return std::move(text).error();
  auto manifest = parse_manifest(*text);
  if (!manifest) {
    Error error = std::move(manifest).error();
    error.message = "manifest.json: " + error.message;
    return error;
  }
  if (manifest->id != folder.filename().string()) {
    return Error{Code::invalid, "manifest.json: /id: '" + manifest->id +
                                    "' is not the folder's name '" + folder.filename().string() +
                                    "'"};
  }
  return manifest;
}

Result<std::shared_ptr<ports::Connector>> load_connector(const fs::path& folder,
                                                         const Limits& limits, const PluginLog& log,
                                                         const ManifestEdit& edit) {
  auto manifest = read_manifest(folder);
  if (!manifest) return std::move(manifest).error();
  if (edit) edit(*manifest);
  const fs::path file = folder / (manifest->id + ".so");
  if (Status library = check_library(file); !library) return std::move(library).error();
  auto entry = open_library(file);
  if (!entry) return std::move(entry).error();
  const mt_plugin& plugin = **entry;
  if (plugin.id != manifest->id || plugin.version != manifest->version) {
    return Error{Code::invalid, file.filename().string() + ": is '" + plugin.id + "' " +
                                    plugin.version + ", its manifest says '" + manifest->id + "' " +
                                    manifest->version};
  }
  if (plugin.abi_minor < manifest->abi_minor) {
    const auto abi = [](std::uint32_t major, std::uint32_t minor) {
      return std::to_string(major) + "." + std::to_string(minor);
    };
    return Error{Code::invalid, file.filename().string() + ": is built for ABI " +
                                    abi(plugin.abi_major, plugin.abi_minor) +
                                    ", its manifest says " +
                                    abi(manifest->abi_major, manifest->abi_minor)};
  }
  for (const std::string& each : manifest->passed_over) {
    if (log) log(MT_LOG_WARNING, manifest->id, "manifest.json: " + each + " is not known here");
  }
  auto connector = PluginConnector::make(plugin, *std::move(manifest), limits, log);
  if (!connector) return std::move(connector).error();
  return std::shared_ptr<ports::Connector>(*std::move(connector));
}

std::shared_ptr<LoadedConnectors> LoadedConnectors::load(const std::vector<fs::path>& folders,
                                                         const Limits& limits, const PluginLog& log,
                                                         const ManifestEdit& edit) {
  auto loaded = std::make_shared<LoadedConnectors>();
  for (const fs::path& folder : folders) {
    std::error_code problem;
    std::vector<fs::path> found;
    for (fs::directory_iterator each(folder, problem), end; !problem && each != end;
         each.increment(problem)) {
      std::error_code unreadable;
      if (each->is_directory(unreadable) && could_be_plugin(each->path()))
        found.push_back(each->path());
    }
    if (problem && problem != std::errc::no_such_file_or_directory) {
      loaded->refusals_.push_back(
          {folder, Error{Code::forbidden, "cannot be listed: " + problem.message()}});
    }
    std::sort(found.begin(), found.end());
    for (const fs::path& each : found) loaded->load_one(each, limits, log, edit);
  }
  return loaded;
}

void LoadedConnectors::load_one(const fs::path& folder, const Limits& limits, const PluginLog& log,
                                const ManifestEdit& edit) {
  if (find(folder.filename().string()) != nullptr) {
    refusals_.push_back(
        {folder, Error{Code::conflict, "a connector of this id is loaded already"}});
    return;
  }
  auto connector = load_connector(folder, limits, log, edit);
  if (connector) {
    connectors_.push_back(*std::move(connector));
  } else {
    refusals_.push_back({folder, std::move(connector).error()});
  }
}

std::shared_ptr<ports::Connector> LoadedConnectors::find(std::string_view id) const {
  for (const auto& each : connectors_) {
    if (each->manifest().id == id) return each;
  }
  return nullptr;
}

}  // namespace mortise::plugin
