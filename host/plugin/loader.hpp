// Loads every connector of a folder at start. A plugin that cannot be used is refused with a
// sentence and the host runs on without it.
//
//   plugins/<id>/manifest.json   read and validated before any code is loaded
//   plugins/<id>/<id>.so
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plugin/adapter.hpp"
#include "plugin/limits.hpp"
#include "ports/connector.hpp"

namespace mortise::plugin {

/// Why a folder of the plugins' folder gave no connector.
struct Refusal {
  std::filesystem::path folder;
  Error error;
};

/// Reads and validates <folder>/manifest.json, which must be of the connector that the folder is
/// named after. Loads no code: for `plugin list` and `plan check`.
Result<ports::Manifest> read_manifest(const std::filesystem::path& folder);

/// What an operator knows better than the manifest (a larger budget, say); applied before the
/// connector is made.
using ManifestEdit = std::function<void(ports::Manifest&)>;

/// Loads the connector in `folder`. Nothing of it runs before its manifest and its ELF header are
/// good.
Result<std::shared_ptr<ports::Connector>> load_connector(const std::filesystem::path& folder,
                                                         const Limits& limits, const PluginLog& log,
                                                         const ManifestEdit& edit = {});

/// The connectors that could be loaded, and what was refused. Immutable, thread-safe.
class LoadedConnectors final : public ports::Connectors {
 public:
  LoadedConnectors() = default;

  /// Loads from each sub-folder of `folders`, in order of their names; the first of an id wins. A
  /// folder that is not there counts as empty.
  static std::shared_ptr<LoadedConnectors> load(const std::vector<std::filesystem::path>& folders,
                                                const Limits& limits, const PluginLog& log,
                                                const ManifestEdit& edit = {});

  std::shared_ptr<ports::Connector> find(std::string_view id) const override;
  std::vector<std::shared_ptr<ports::Connector>> list() const override { return connectors_; }
  const std::vector<Refusal>& refusals() const { return refusals_; }

 private:
  void load_one(const std::filesystem::path& folder, const Limits& limits, const PluginLog& log,
                const ManifestEdit& edit);

  std::vector<std::shared_ptr<ports::Connector>> connectors_;
  std::vector<Refusal> refusals_;
};

}  // namespace mortise::plugin
