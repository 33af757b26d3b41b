// manifest.json: parsed and validated before any code of the connector is loaded. docs/plugins.md
// says what each member means.
#pragma once

#include <string_view>

#include <mortise/result.hpp>

#include "ports/manifest.hpp"

namespace mortise::plugin {

/// Largest manifest that is read.
inline constexpr std::size_t kMaxManifestBytes = std::size_t{256} * 1024;

/// The manifest, or `invalid` with a JSON pointer and what is wrong there; the first problem only.
/// `unsupported` when it is written for another major of the ABI. Never throws, whatever the text.
Result<ports::Manifest> parse_manifest(std::string_view text);

}  // namespace mortise::plugin
