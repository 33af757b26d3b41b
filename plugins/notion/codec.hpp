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
/// `shown`: Notion's answer about a to-do as it is, where it was read.
mortise::Result<std::string> changed_body(const mortise::Write& write,
                                          const std::string& shown = {});

/// What tells whether an item's content is still the one that was read: a digest of it. Notion's
/// edit times are no versions, they are rounded to the minute and a page's move with all it holds.
std::string version_of(std::string_view kind, std::string_view content);

/// `after`, the fields that the answer to an update shows, with what it did not change as it stood
/// in `before`, read for the guard: edits that came in between are nothing that this side agreed
/// to. `after` itself if either is unknown ("").
std::string without_others_edits(const mortise::Write& write, const std::string& before,
                                 const std::string& after);

/// A page of a listing.
struct Listing {
  std::vector<mortise::Item> items;
  std::vector<std::string>
      nested;  ///< blocks that may hold more to-dos; sections are not among them
  std::vector<std::string> others;  ///< blocks of no kind of ours that hold something
  std::string first_callout;        ///< among them, if the first block is one: help stands in it
  std::string next;                 ///< cursor of the next page, or empty
  bool partial = false;             ///< of some block Notion shows the id only
};
/// The children of a block or page. Items stand in `parent_id`.
mortise::Result<Listing> read_children(const std::string& body, const std::string& parent_id);
/// Id of the first child if it is a callout, else empty.
struct FirstChild {
  bool any = false;
  std::string callout;
};
mortise::Result<FirstChild> read_first_child(const std::string& body);

/// What GET /v1/blocks says: an item, `deleted` when trashed; its kind is empty when it is none of
/// ours (any more).
struct BlockRead {
  mortise::Item item;
  bool row = false;       ///< the page itself tells more
  bool database = false;  ///< and so does the database
};
mortise::Result<BlockRead> read_block(const std::string& body);
/// A page that stands in a page, the workspace or a database (then `row` is true: see read_row).
/// `out_of_scope` without fields and version where Notion shows no more than its id; so databases.
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

}  // namespace notion
