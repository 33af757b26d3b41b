// What must hold across the members of a manifest.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "plugin/fields.hpp"
#include "ports/manifest.hpp"

namespace mortise::plugin {

/// Names the first rule that `manifest` breaks.
void check_manifest(const ports::Manifest& manifest, Problem& problem);

/// A JSON pointer (RFC 6901), or empty.
bool is_pointer(std::string_view text);

/// Why `value` cannot be the default of `setting`; empty if it can.
std::string wrong_default(const ports::Setting& setting, const core::Json& value);

}  // namespace mortise::plugin
