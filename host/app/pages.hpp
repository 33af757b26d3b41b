// The embedded pages as routes of the API's server.
#pragma once

#include <string>
#include <vector>

#include "api/router.hpp"

namespace mortise::app {

/// How the pages present themselves.
struct Brand {
  std::string name;
  std::string color;     ///< a CSS colour, or empty
  std::string logo_url;  ///< or empty
};

/// GET routes of every page and component of web/, with caching by content; /ui/brand.json; and
/// `/`, which leads to the page.
std::vector<api::Route> page_routes(const Brand& brand);

}  // namespace mortise::app
