// The embedded pages as routes of the API's server.
#pragma once

#include <vector>

#include "api/router.hpp"

namespace mortise::app {

/// GET routes of every page and component of web/, with caching by content.
std::vector<api::Route> page_routes();

}  // namespace mortise::app
