// The operations that read what stands in Notion: list, get, find. Each lives in its operation's
// frame.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <mortise/connector.hpp>

#include "schema.hpp"

namespace notion {

/// Requests that do not depend on each other are sent so many at once: enough to hide the latency,
/// few enough to see progress and to leave little in doubt after a crash.
inline constexpr std::size_t kMostAtOnce = 10;

/// Pages, sections and to-dos in a page or section, also to-dos that a person put into others. What
/// stands in a section of the page is not read: sections are listed by themselves.
mortise::Task<mortise::Status> list_blocks(mortise::Call& call, std::string container_id);

/// What a row is read with: the columns of its table, read once an operation.
class Tables {
 public:
  explicit Tables(mortise::Call& call) : call_(call) {}
  /// Null without an id: a row that does not say its table. An error if they cannot be read.
  mortise::Task<mortise::Result<const Schema*>> columns(std::string source_id);
  /// Error `not_found`: the database is gone, or shows no table to this connection.
  mortise::Task<mortise::Result<Schema>> columns_of_database(std::string database_id);

 private:
  mortise::Call& call_;
  std::map<std::string, Schema> known_;
};

struct RowPlace {
  std::string parent_id = {};  ///< empty: as the row says
  std::uint32_t ordinal = 0;
};
/// Reports the row of this page object, with all of its long texts. `RowState::judged`: where a
/// column of ours was removed by hand the row is `out_of_scope` without fields, as nothing can be
/// said of values that have no place. `as_it_is`: `unavailable` if Notion does not show it.
enum class RowState { judged, as_it_is };
mortise::Task<mortise::Status> emit_row(mortise::Call& call, std::string page, const Schema* schema,
                                        RowPlace place, RowState state);

/// The rows of a database: all, or those that were edited since the cursor. `invalid` where
/// a column of ours was removed by hand.
mortise::Task<mortise::Status> list_rows(mortise::Call& call);

/// The rows that carry our keys. If the key column was removed by hand, none does any more.
mortise::Task<mortise::Status> find_rows(mortise::Call& call);

/// Whatever has these ids.
mortise::Task<mortise::Status> get_items(mortise::Call& call);

}  // namespace notion
