// Whether the values of settings make sense: looked at once when they are loaded, and against the
// connectors that are installed before anything is opened, alike by `serve` and `doctor`.
#pragma once

#include <map>
#include <string>

#include <mortise/result.hpp>

#include "app/settings.hpp"
#include "ports/manifest.hpp"

namespace mortise::app {

/// Addresses, networks, colours, hours. Error: `invalid`, naming key and value.
Status check_values(const Settings& settings);

/// A URL that requests can be built on: http or https, a host, no query and no fragment.
bool is_base_url(const std::string& text);

/// An address as messages may show it: a user and a password before its "@" are left out.
std::string without_user(const std::string& text);

/// By id, from the folders of `plugins.path`; no code is loaded. One whose manifest cannot be read
/// is there by its folder's name, with an empty manifest.
std::map<std::string, ports::Manifest> installed_connectors(const Settings& settings);

/// Whether every `connector.<id>...` is about an installed connector and an origin of its manifest.
/// Error: `invalid`, with the nearest word.
Status check_connectors(const Settings& settings);

/// Whether `name` is `<connector>.<what>`: an installed connector and a secret that the host reads.
/// Error: `invalid`, with the nearest word.
Status check_secret_name(const Settings& settings, const std::string& name);

}  // namespace mortise::app
