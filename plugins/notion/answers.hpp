// What every answer of Notion's API has to be before anything is read of it.
#pragma once

#include <string>

#include <mortise/result.hpp>

#include "common/json.hpp"

namespace notion {

/// The body as a JSON object; `what` names it in the error. Error: `unavailable`, so that it is
/// asked for again.
mortise::Result<common::Json> object(const std::string& body, const char* what);

/// The same of a list, which has `results`.
mortise::Result<common::Json> list_object(const std::string& body, const char* what);

/// The cursor of a list's next page; empty at its end. `unavailable` if there is more and nobody
/// says where: what was read is not all.
mortise::Result<std::string> next_cursor(const common::Json& reply, const char* what);

}  // namespace notion
