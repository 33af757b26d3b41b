// What a key of the app may be called, and what it may do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

namespace mortise::api {

/// Whether a key of this name and these scopes can be made. The name is one line of at most 128
/// bytes, or empty; the scopes are some of read, write, admin. Error: `invalid`.
Status check_key(std::string_view name, const std::vector<std::string>& scopes);

}  // namespace mortise::api
