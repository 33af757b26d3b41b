// Between Notion's JSON and the words of docs/kinds.md: pages, sections, to-dos, and the outside of
// databases (their columns and rows: table.hpp). Pure, JSON as text; nothing a service may answer
// makes these throw.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <mortise/values.hpp>

namespace notion {

/// A JSON string literal.
std::string quote(std::string_view text);

/// A new section or todo as a block without children. `invalid`: the fields are no JSON object.
mortise::Result<std::string> new_block(const std::string& kind, const std::string& fields);
/// `block` (of new_block) with `children`, a list of blocks without its brackets.
std::string with_children(std::string block, std::string_view children);

/// The members of a new page's body that its fields decide: properties and icon.
struct PageParts {
  std::string properties;  ///< `"properties":{…}`
  std::string icon;        ///< `,"icon":{…}` or empty
  std::string help;        ///< a callout block, or empty
};
mortise::Result<PageParts> new_page(const std::string& fields);

/// What PATCH on the thing's own address sends; empty if nothing of `changed` is ours to send.
mortise::Result<std::string> changed_body(const mortise::Write& write);

/// A page of a listing.
struct Listing {
  std::vector<mortise::Item> items;
  std::string next;         ///< cursor of the next page, or empty
  bool incomplete = false;  ///< Notion's ceiling of 10,000 rows was reached
  std::size_t entries = 0;  ///< results of any kind
};
/// The children of a block or page. Items stand in `parent_id`; what is no kind of ours is left
/// out.
mortise::Result<Listing> read_children(const std::string& body, const std::string& parent_id);
/// Id of the first child if it is a callout, else empty.
struct FirstChild {
  bool any = false;
  std::string callout;
};
mortise::Result<FirstChild> read_first_child(const std::string& body);

/// What GET /v1/blocks says: an item, and what kind of thing it really is. `absent` when trashed.
struct BlockRead {
  mortise::Item item;
  bool child_page = false;      ///< the page itself tells more
  bool child_database = false;  ///< and so does the database
};
mortise::Result<BlockRead> read_block(const std::string& body);
/// A page that stands in a page, the workspace or a database (then `row` is true: see read_row).
struct PageRead {
  mortise::Item item;
  bool row = false;
  std::string title;
  std::string created_by;
  bool in_workspace = false;
};
mortise::Result<PageRead> read_page(const std::string& body);
mortise::Result<mortise::Item> read_database(const std::string& body);

/// Ids of the first-level blocks that an append made, with their items.
mortise::Result<std::vector<mortise::Item>> read_appended(const std::string& body,
                                                          const std::string& parent_id);

/// POST /v1/search: pages that are no rows.
struct Found {
  std::vector<PageRead> pages;
  std::string next;
};
mortise::Result<Found> read_search(const std::string& body);

/// The token endpoint's answer as call.identify() wants it, or empty if something is missing there.
std::string identity_of_token(const std::string& token_reply);
/// The same from GET /v1/users/me, completed by what the token reply did say.
mortise::Result<std::string> identity_of_me(const std::string& body,
                                            const std::string& token_reply);
/// The bot's id in GET /v1/users/me.
std::string read_bot_id(const std::string& body);

/// Milliseconds of "2026-11-20T10:23:00.000Z"; 0 if it is not of that form.
std::int64_t read_time(std::string_view text);

}  // namespace notion
