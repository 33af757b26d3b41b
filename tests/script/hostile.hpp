// Scripts that try to get out, to hang the host, or to fill it. Each must end with a typed error.
#pragma once

#include <span>

namespace mortise::tests {

struct HostileScript {
  const char* name;
  const char* source;
  const char* want;  ///< part of the message that it must end with
};

std::span<const HostileScript> hostile_scripts();

}  // namespace mortise::tests
