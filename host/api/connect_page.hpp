// The few pages of the connect flow that need no script: what will be synced, and what went wrong.
#pragma once

#include <string_view>

#include "api/http.hpp"
#include "ports/manifest.hpp"

namespace mortise::api {

/// Says what the connector will do, for which app and which account of it, and asks.
Response connect_page(const ports::Manifest& manifest, std::string_view app,
                      std::string_view account);
/// 404: the link was used, is over, or never was.
Response connect_gone_page();
/// 403: this browser may not go on; `why` is one sentence.
Response connect_refused_page(std::string_view why);

}  // namespace mortise::api
