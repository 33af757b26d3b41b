#include "app/setting_checks.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "api/edge.hpp"
#include "app/hours.hpp"
#include "core/secret_names.hpp"
#include "core/words.hpp"
#include "plugin/loader.hpp"
#include "service/return_to.hpp"

namespace mortise::app {
namespace {

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool is_url(const std::string& text) {
  return is_visible(text) && !service::written_origin(text).empty();
}

/// As browsers send it: nothing behind the port, small letters.
bool is_origin(const std::string& text) {
  const bool capitals =
      std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return is_url(text) && !capitals && service::written_origin(text) == text;
}

bool is_https(const std::string& text) {
  return is_url(text) && text.starts_with("https://");
}

/// A number of an address, or a name: whether there is one of this name, only the start can tell.
bool is_listening_address(const std::string& text) {
  in6_addr number{};
  if (::inet_pton(AF_INET, text.c_str(), &number) == 1 ||
      ::inet_pton(AF_INET6, text.c_str(), &number) == 1) {
    return true;
  }
  const bool name = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
  return name && text.find_first_not_of("0123456789.") != std::string::npos;
}

bool is_color(const std::string& text) {
  return (text.size() == 4 || text.size() == 7) && text[0] == '#' &&
         text.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos;
}

struct Expected {
  std::string_view key;
  bool is_list;
  bool (*fits)(const std::string&);
  std::string_view what;
};

constexpr Expected kExpected[] = {
    {"server.cors_origins", true, is_origin,
     "an origin like https://app.example, in small letters, with no slash behind it"},
    {"app.return_to", true, is_base_url, "an address like https://app.example/settings"},
    {"app.color", false, is_color, "a colour like #2456c7"},
    {"app.logo_url", false, is_https, "an address like https://app.example/logo.svg"},
    {"app.upgrade_url", false, is_url, "an address like https://app.example/upgrade"},
    {"outbound.proxy", false, is_base_url,
     "an address like http://proxy.example:3128, without a user: a proxy that asks for a password "
     "is "
     "not supported"},
};

/// Error: there is no such connector.
Status expect_installed(const std::map<std::string, ports::Manifest>& installed,
                        const Settings& settings, const std::string& id, std::string_view where) {
  if (installed.count(id) > 0) return {};
  std::vector<std::string_view> ids;
  for (const auto& [known, manifest] : installed) ids.push_back(known);
  return Error{Code::invalid,
               fmt::format("{}: there is no connector \"{}\" in {}{}", where, id,
                           settings.text("plugins.path"), core::did_you_mean(id, ids))};
}

}  // namespace

std::string without_user(const std::string& text) {
  const auto at = text.rfind('@');
  if (at == std::string::npos) return text;
  const auto slashes = text.find("//");
  return (slashes < at ? text.substr(0, slashes + 2) : std::string()) + "..." + text.substr(at);
}

bool is_base_url(const std::string& text) {
  return is_url(text) && text.find_first_of("?#") == std::string::npos;
}

Status check_values(const Settings& settings) {
  if (const std::string& address = settings.text("server.address");
      !is_listening_address(address)) {
    return Error{
        Code::invalid,
        fmt::format("server.address = \"{}\": expected an address like 127.0.0.1 or ::1", address)};
  }
  for (const Expected& expected : kExpected) {
    const std::string& text = settings.text(expected.key);
    std::vector<std::string> values;
    if (expected.is_list) {
      values = settings.list(expected.key);
    } else if (!text.empty()) {
      values = {text};
    }
    for (const std::string& value : values) {
      if (expected.fits(value)) continue;
      return Error{Code::invalid, fmt::format("{} = \"{}\": expected {}", expected.key,
                                              without_user(value), expected.what)};
    }
  }
  if (auto networks = api::Networks::parse(settings.list("server.trusted_proxies")); !networks) {
    return Error{Code::invalid, "server.trusted_proxies: " + networks.error().message};
  }
  if (auto hours = working_hours(settings.text("planning.hours")); !hours) {
    return std::move(hours).error();
  }
  return {};
}

std::map<std::string, ports::Manifest> installed_connectors(const Settings& settings) {
  std::map<std::string, ports::Manifest> installed;
  for (const std::string& folder : settings.paths("plugins.path")) {
    std::error_code failed;
    for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end;
         at.increment(failed)) {
      const std::filesystem::path& path = at->path();
      std::error_code ignored;
      if (!std::filesystem::exists(path / "manifest.json", ignored)) continue;
      auto manifest = plugin::read_manifest(path);
      // The first of an id wins, as with what is loaded.
      installed.try_emplace(path.filename().string(),
                            manifest ? std::move(*manifest) : ports::Manifest());
    }
  }
  return installed;
}

Status check_connectors(const Settings& settings) {
  const auto installed = installed_connectors(settings);
  for (const auto& [id, budgets] : settings.budgets()) {
    const std::string where = fmt::format("connector.{}.budget", id);
    if (Status known = expect_installed(installed, settings, id, where); !known) return known;
  }
  for (const auto& [id, origins] : settings.origins()) {
    for (const auto& [name, url] : origins) {
      const std::string where = fmt::format("connector.{}.origin.{}", id, name);
      if (Status known = expect_installed(installed, settings, id, where); !known) return known;
      const ports::Manifest& manifest = installed.at(id);
      if (manifest.id.empty() || manifest.origin(name) != nullptr) continue;
      std::vector<std::string_view> names;
      for (const ports::Origin& origin : manifest.origins) names.push_back(origin.name);
      return Error{Code::invalid, fmt::format("{}: {} has no origin \"{}\"{}", where, id, name,
                                              core::did_you_mean(name, names))};
    }
  }
  return {};
}

Status check_secret_name(const Settings& settings, const std::string& name) {
  std::vector<std::string> ids;
  for (const auto& [id, manifest] : installed_connectors(settings)) ids.push_back(id);
  return core::check_secret_name(name, ids);
}

}  // namespace mortise::app
