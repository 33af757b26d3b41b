// The rows of tables. Pure, JSON as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/values.hpp>

#include "schema.hpp"

namespace notion {

/// The body of POST /v1/pages for a row, and of PATCH for what changed. Fields without a column,
/// and values that the column's type cannot hold, are left out.
mortise::Result<std::string> new_row(const mortise::Write& write, const Schema& schema);
/// Empty if nothing of `changed` can be sent.
mortise::Result<std::string> changed_row(const mortise::Write& write, const Schema& schema);

/// A row. `schema` (may be null) gives back our names of its columns; `cut`: ids of the properties
/// whose text the answer does not show whole. `out_of_scope` without fields and version where
/// Notion shows no more than its id (a partial page object).
struct RowRead {
  mortise::Item item;
  std::int64_t created_ms = 0;
  std::vector<std::string> cut;
};
/// The data source that a row stands in, or empty.
std::string source_of_row(const std::string& page);
mortise::Result<RowRead> read_row(const std::string& page, const Schema* schema);
/// Puts the whole texts of `cut` properties (their property items, all pages joined) into the page.
std::string with_property(const std::string& page, const std::string& property_id,
                          const std::vector<std::string>& property_replies);
/// The cursor of a property's next page; empty at its end. Error: `unavailable` where the answer is
/// no list, or does not say where it goes on.
mortise::Result<std::string> next_of_property(const std::string& body);

/// A page of a data source's query.
struct Rows {
  std::vector<std::string> pages;  ///< page objects
  std::string next;
  bool incomplete = false;  ///< Notion's ceiling of 10,000 rows was reached
};
mortise::Result<Rows> read_rows(const std::string& body);

/// Rows edited and made since, of 0 all, in the order in which they were made: that order does not
/// change while they are read.
struct Window {
  std::int64_t edited_from_ms = 0;
  std::int64_t created_from_ms = 0;
};
std::string query_rows(const Window& window, const std::string& cursor, std::size_t page_size);
std::string query_keys(const Column& key_column, const std::vector<std::string>& keys,
                       const std::string& cursor);

}  // namespace notion
