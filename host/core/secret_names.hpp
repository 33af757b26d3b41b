// Which secrets of services the host reads.
#pragma once

#include <string>
#include <vector>

#include <mortise/result.hpp>

namespace mortise::core {

/// Whether the host reads a secret called `name`: `<connector>.client_id`, `.client_secret` or
/// `.webhook_secret` of one of `connectors` (their ids). Error: `invalid`, with the nearest word.
Status check_secret_name(const std::string& name, const std::vector<std::string>& connectors);

}  // namespace mortise::core
