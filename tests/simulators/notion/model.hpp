// What the simulated Notion holds: workspaces with a tree of pages, blocks, databases and data
// sources, and the grants that may see them. Includes the whole of nlohmann's header: only
// notion/*.cpp see this.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "simulators/common/provider.hpp"

namespace mortise::simulators::notion {

/// An API error on its way out: thrown anywhere below Notion::answer, caught only there.
struct Refusal {
  int status = 400;
  std::string code;
  std::string message;
  Json additional = nullptr;
};
[[noreturn]] void invalid(std::string message);  ///< 400 validation_error
[[noreturn]] void missing(const std::string& what,
                          const std::string& id);  ///< 404 object_not_found

/// Anything with an id. A page's blocks, pages and databases are its children, a database's are its
/// data sources, a data source's its rows.
struct Thing {
  enum class Kind { page, block, database, data_source };
  Kind kind = Kind::block;
  std::string id, workspace;
  std::string parent;  ///< "" for the top of the workspace
  std::string type;    ///< of a block: "to_do" ...
  /// Block: the content under its type's key. Page: {"properties": {id: value}}. Database and data
  /// source:
  /// {"title": [...], "description": [...]}, the latter with "properties": [{id, name, type,
  /// <type>}].
  Json body = Json::object();
  Json icon = nullptr, cover = nullptr;
  bool locked = false, is_inline = false;
  bool trashed = false;  ///< itself; see Model::in_trash
  std::vector<std::string> children;
  std::int64_t created_ms = 0, edited_ms = 0;
  std::string created_by, edited_by;
  std::int64_t rows_made = 0;  ///< of a data source: the last unique_id number
};

/// One connection's access to one person's workspace.
struct Grant {
  std::string bot, client, person, workspace;
  std::string access_token, refresh_token;
  std::int64_t issued_ms = 0;
  bool live = true;
  /// Pages picked at consent; empty: everything in the workspace.
  std::vector<std::string> shared;
  /// Pages and databases taken away since, with everything below them.
  std::vector<std::string> hidden;
};

/// Something that happened and that webhooks tell.
struct Happening {
  std::string type;        ///< Notion's event type: "page.content_updated" ...
  std::string entity;      ///< the id of what it happened to
  std::string author;      ///< a bot or a person
  Json updated = nullptr;  ///< updated_blocks or updated_properties, as the event carries them
};

struct Workspace {
  std::string id, name, owner;
  std::vector<std::string> pages;  ///< top-level ids
  int block_limit = 0;             ///< free plan with members: blocks for life; 0: none
  int blocks_made = 0;
};

/// A code between consent and exchange.
struct Code {
  std::string code, client, person, redirect_uri;
  std::vector<std::string> shared;
  std::int64_t issued_ms = 0;
};

class Model {
 public:
  explicit Model(World& world);
  World& world() { return world_; }
  void reset();
  Json save() const;
  void load(const Json& state);

  // Things.
  Thing* find(const std::string& id);
  /// Makes a thing and puts it at the end of its parent's children (or `after` / first: see
  /// place()).
  Thing& add(Thing thing);
  /// Where a new child goes among its siblings.
  struct Place {
    enum class At { end, start, after } at = At::end;
    std::string sibling;
  };
  void place(const Thing& thing, const Place& where);
  void move(Thing& thing, const std::string& new_parent);
  /// Marks an edit by `author`, and on a block also its page's.
  void touch(Thing& thing, const std::string& author);
  /// Remembers what happened until it is taken (see webhooks).
  void note(Happening happening) { happenings_.push_back(std::move(happening)); }
  std::vector<Happening> take_happenings() { return std::exchange(happenings_, {}); }
  /// It or anything above it is in the trash.
  bool in_trash(const Thing& thing);
  /// The page that a block, page or database stands on; itself for a page. Null at the top.
  Thing* page_of(Thing& thing);
  /// A data source that a page is a row of, else null.
  Thing* source_of(const Thing& page);
  bool visible(const Grant& grant, const Thing& thing);
  /// Everything of that kind that `grant` sees, oldest first.
  std::vector<Thing*> all(const Grant& grant, Thing::Kind kind);
  /// Everything in a workspace, oldest first.
  std::vector<Thing*> all(const std::string& workspace);
  /// Children outside the trash.
  std::vector<Thing*> living_children(const Thing& thing);

  // People and grants.
  Workspace& workspace_of(const std::string& person);
  Workspace* workspace(const std::string& id);
  std::map<std::string, Workspace>& workspaces() { return workspaces_; }
  Grant* grant_by_token(std::string_view access_token);
  std::vector<Grant>& grants() { return grants_; }
  std::deque<Code>& codes() { return codes_; }

 private:
  void remove_from_parent(const Thing& thing);
  std::vector<std::string>& siblings(const Thing& thing);

  World& world_;
  std::unordered_map<std::string, Thing> things_;
  std::vector<std::string> order_;  ///< ids as they were made
  std::map<std::string, Workspace> workspaces_;
  std::vector<Grant> grants_;
  std::deque<Code> codes_;
  std::vector<Happening> happenings_;
};

/// "2026-11-20T10:23:00.000Z": Notion rounds its edit times down to the minute.
std::string minute_time(std::int64_t ms);
/// The minute that `ms` lies in: all that a client may see of edit times.
std::int64_t minute_of(std::int64_t ms);
/// Milliseconds of an RFC 3339 date or date-time (no offset: UTC); nullopt if it is neither.
std::optional<std::int64_t> parse_time(std::string_view text);
/// Any spelling of a UUID as lower-case with dashes; "" if it is none.
std::string normal_id(std::string_view text);
/// UTF-16 code units: what Notion counts in.
std::size_t utf16_length(std::string_view utf8);
/// A rich text array's plain text.
std::string plain_text(const Json& rich_text);
/// Rich text of one plain run.
Json rich_text_of(std::string_view text);
/// The title of a page, database or data source.
std::string title_of(const Thing& thing);
/// The same, or a block's text.
std::string words_of(const Thing& thing);

}  // namespace mortise::simulators::notion
