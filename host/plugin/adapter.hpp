// A loaded plugin as a ports::Connector. Trusts it with its own memory and nothing else: everything
// it says passes the Collector, and what it leaves unsaid about a write is said here.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <mortise/abi.h>
#include <mortise/services.h>

#include "plugin/limits.hpp"
#include "ports/connector.hpp"

namespace mortise::plugin {

/// Where plugins log to: level MT_LOG_*, the connector's id, one line. Called on any thread.
using PluginLog =
    std::function<void(std::int32_t level, std::string_view connector, std::string_view message)>;

/// Owns a connector instance made by a plugin's create() and ends it with destroy(). Operations
/// keep it alive. Guarantees to callers, whatever the plugin does:
///  - an operation that the manifest does not declare is `unsupported` and never reaches the
///  plugin;
///  - when a write operation ends, every write has exactly one outcome: what the plugin left out is
///    `not_attempted`, or `uncertain` if a request for it was answered or may have been sent;
///  - a breach of the contract ends the operation as `internal` and names the breach; what had been
///    reported correctly before stands;
///  - cursors come back only to the version, settings and target that made them.
/// In-process plugins are trusted code: a crash or an endless loop inside a step is not survived.
class PluginConnector final : public ports::Connector,
                              public std::enable_shared_from_this<PluginConnector> {
 public:
  /// Calls `entry.create`. Errors: `internal` when it fails or hands back something unusable.
  static Result<std::shared_ptr<PluginConnector>> make(const mt_plugin& entry,
                                                       ports::Manifest manifest, Limits limits,
                                                       PluginLog log);
  ~PluginConnector() override;

  const ports::Manifest& manifest() const override { return manifest_; }
  ports::Started begin(const ports::Call& call) override;

 private:
  friend class PluginOperation;

  PluginConnector(ports::Manifest manifest, Limits limits, PluginLog log);
  Status adopt(const mt_plugin& entry);
  // An optional ability that the manifest declares as `operation`.
  template <class Ability>
  Result<const Ability*> ability(const char* name, const char* operation) const;
  bool declares(ports::Operation operation) const;
  mt_operation* begin_raw(const mt_call& call, const mt_sink& sink, mt_step& step) const;
  void take_line(std::int32_t level, mt_str message) noexcept;
  std::size_t count_line();
  void log(std::int32_t level, std::string_view message) const;

  ports::Manifest manifest_;
  Limits limits_;
  PluginLog log_;
  std::mutex lines_mutex_;
  std::size_t lines_ = 0;  // that the plugin logged in the minute
  std::chrono::steady_clock::time_point minute_begun_;
  mt_host host_ = {};
  const mt_connector* raw_ = nullptr;
  const mt_identity* identity_ = nullptr;
  const mt_channels* channels_ = nullptr;
};

}  // namespace mortise::plugin
