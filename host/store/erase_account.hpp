// An account's end, as SQL.
#pragma once

#include <string>

#include <mortise/result.hpp>

#include "store/database.hpp"

namespace mortise::store {

/// Inside the writer's transaction; what goes: ports::EraseAccount.
Status erase_account(Database& database, const std::string& account_id);

}  // namespace mortise::store
