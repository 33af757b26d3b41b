// The host's configuration: every key with its default and a sentence, read from a properties file
// and the environment (MORTISE_AREA_KEY overrides area.key). An unknown key is refused with the
// nearest word.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

namespace mortise::app {

struct SettingKey {
  std::string_view name;
  std::string_view fallback;
  std::string_view says;
};

/// `connector.<id>.budget.<scope> = 600/60`: so many requests in so many seconds.
struct BudgetSetting {
  std::int64_t requests = 0;
  std::int64_t window_ms = 0;
};

/// All keys, grouped by area. `connector.<id>.origin.<name>` and `connector.<id>.budget.<scope>`
/// come on top of them.
std::span<const SettingKey> setting_keys();

/// The text of config/mortise.properties: every key, its default, its sentence.
std::string settings_template();

using Environment = std::function<std::optional<std::string>(const std::string& name)>;
/// Names of all variables that are set.
using EnvironmentNames = std::function<std::vector<std::string>()>;

class Settings {
 public:
  /// `file` may be empty: defaults and environment only. Relative paths in values are relative to
  /// `base_directory`. Errors: `invalid`, naming file, line or variable, and the nearest key.
  static Result<Settings> load(const std::string& file, const Environment& environment,
                               const EnvironmentNames& names);

  const std::string& text(std::string_view key) const;
  std::int64_t number(std::string_view key) const;
  std::vector<std::string> list(std::string_view key) const;  ///< comma-separated
  /// A path, made absolute against the configuration file's directory.
  std::string path(std::string_view key) const;
  /// A comma-separated list of such paths.
  std::vector<std::string> paths(std::string_view key) const;
  /// "<id>" -> "<name>" -> URL, of connector.<id>.origin.<name>.
  const std::map<std::string, std::map<std::string, std::string>>& origins() const {
    return origins_;
  }
  /// "<id>" -> "<scope>" -> the budget that counts in place of the manifest's.
  const std::map<std::string, std::map<std::string, BudgetSetting>>& budgets() const {
    return budgets_;
  }

 private:
  std::string absolute(const std::string& value) const;
  Status set_connector(const std::string& key, const std::string& value, const std::string& where);
  /// Numbers within sense, words that are known, addresses and zones that exist; each in one form.
  Status check();
  Status set(const std::string& key, const std::string& value, const std::string& where);
  std::map<std::string, std::string, std::less<>> values_;
  std::map<std::string, std::map<std::string, std::string>> origins_;
  std::map<std::string, std::map<std::string, BudgetSetting>> budgets_;
  std::string base_directory_;
};

}  // namespace mortise::app
