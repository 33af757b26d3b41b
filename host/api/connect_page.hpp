// The few pages of the connect flow that need no script: what will be synced, and what went wrong.
#pragma once

#include <string_view>

#include <mortise/result.hpp>

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
/// 404, 403, 503 or 500, by the class and reason of an error: what happened in words for the end
/// user, never the error's own.
Response connect_error_page(const Error& error);

}  // namespace mortise::api
