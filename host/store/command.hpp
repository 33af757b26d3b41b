// Running the program that prints the master key.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <mortise/result.hpp>

#include "core/secret.hpp"

namespace mortise::store {

/// Runs `argv` (a path, or a name looked up in the host's PATH; no shell) with just `environment`,
/// no standard input, no other descriptor of ours, in a process group that is killed when it
/// overstays. Answers what it printed, at most 4 KiB. Errors, with reason `key_command`:
/// `unavailable` if it overstays, else `invalid`.
Result<core::Secret> run_key_command(const std::vector<std::string>& argv,
                                     const std::vector<std::string>& environment,
                                     std::int64_t timeout_ms);

}  // namespace mortise::store
