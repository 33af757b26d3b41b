// The pages and web components that the host serves, embedded in the program.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace mortise::web {

struct Asset {
  std::string_view path;  ///< as requested: "/ui/mortise.js"
  std::string_view content_type;
  std::string body;
};

/// All of them; never changes.
std::span<const Asset> assets();

}  // namespace mortise::web
