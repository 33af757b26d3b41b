// A publisher whom nobody listens to.
#pragma once

#include <string>

#include "ports/service.hpp"

namespace mortise::fakes {

/// Thread-safe.
struct SilentPublisher final : ports::Publisher {
  void publish(const std::string&, const std::string&, const core::JsonText&) override {}
};

}  // namespace mortise::fakes
