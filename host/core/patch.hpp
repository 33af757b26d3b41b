// Merge patches (RFC 7396) from values that are meant whole. Pure and thread-safe.
#pragma once

#include "core/json.hpp"

namespace mortise::core {

/// The merge patch that gives `record` the members of `values` as they are: where both hold an
/// object, what the new one lacks is taken away. A patch alone would mix the two (a schedule that
/// loses its end would keep it).
Json replacing(Json values, const Json& record);

}  // namespace mortise::core
