// The records of core/sync_records.hpp as the API shows them. (Accounts, plans,
// tasks and runs: core/record_json.hpp.)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/services.hpp"
#include "core/json.hpp"
#include "core/sync_records.hpp"

namespace mortise::api {

core::Json conflict_json(const core::Conflict& conflict);
core::Json run_item_json(const core::RunItem& item);

/// `active_run`: the unfinished run of this connection, or empty. `state` sums status and run up in
/// the words of the provider cards: connected, syncing, error, needs_reconnect, disconnected.
core::Json connection_json(const core::Connection& connection, const ports::Connectors& connectors,
                           const std::string& active_run);
/// A preview without its items, the items, and all of it.
core::Json preview_counts_json(const ports::Preview& preview);
core::Json preview_items_json(const std::vector<ports::PreviewItem>& items);
core::Json preview_json(const ports::Preview& preview);
core::Json target_json(const core::Target& target);
core::Json connector_json(const ports::Manifest& manifest, const ports::Mapper& mapper);

}  // namespace mortise::api
