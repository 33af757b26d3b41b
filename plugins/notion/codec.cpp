#include "codec.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <set>

#include "answers.hpp"
#include "common/json.hpp"
#include "dates.hpp"
#include "rich_text.hpp"

namespace notion {
namespace {

using common::dump;
using common::flag;
using common::Json;
using common::list;
using common::member;
using common::parse;
using common::text;
using mortise::Code;
using mortise::Error;
using mortise::Item;
using mortise::ItemState;
using mortise::Result;
using mortise::Write;

/// A page's title and its help travel with a hundred blocks: neither may fill the request.
constexpr std::size_t kPageTextBytes = 100'000;

Result<Json> fields_of(const std::string& fields) {
  Json parsed = parse(fields);
  if (!parsed.is_object()) return Error{Code::invalid, "the fields are no JSON object"};
  return parsed;
}

Json icon_of(const Json& fields) {
  const std::string emoji = text(fields, "icon");
  if (emoji.empty()) return nullptr;
  return {{"type", "emoji"}, {"emoji", emoji}};
}

/// Paragraphs as one rich text, a line each.
Json paragraphs(const Json& help) {
  std::string all;
  for (const Json& each : help) {
    if (!each.is_string()) continue;
    if (!all.empty()) all += '\n';
    all += each.get_ref<const std::string&>();
  }
  Room room{100, kPageTextBytes};
  return runs_of(all, room);
}

Json todo_text(const Json& fields) {
  return todo_runs({text(fields, "text"), text(fields, "link"), text(fields, "detail")});
}

Json title_property(const std::string& title) {
  Room room{100, kPageTextBytes};
  return {{"title", {{"title", runs_of(title, room)}}}};
}

std::string id_of(const Json& thing) {
  return text(thing, "id");
}

bool trashed(const Json& thing) {
  return flag(thing, "in_trash") || flag(thing, "archived");
}

std::string emoji_of(const Json& thing) {
  return text(member(thing, "icon"), "emoji");
}

void set_text(Json& fields, const char* name, std::string value) {
  if (!value.empty()) fields[name] = std::move(value);
}

Json todo_fields(const Json& content) {
  TodoText todo = read_todo_text(member(content, "rich_text"));
  Json fields = {{"checked", flag(content, "checked")}};
  set_text(fields, "text", std::move(todo.text));
  set_text(fields, "link", std::move(todo.link));
  set_text(fields, "detail", std::move(todo.detail));
  return fields;
}

/// Pages and databases are known by their title: a listing of blocks does not show more of them.
std::string version_of_title(std::string_view kind, const std::string& title) {
  Json fields = Json::object();
  set_text(fields, "title", title);
  return version_of(kind, dump(fields));
}

/// The item that a block is; its kind is empty when it is none of ours.
Item item_of_block(const Json& block) {
  Item item;
  item.id = id_of(block);
  item.edited_ms = read_time(text(block, "last_edited_time"));
  if (trashed(block)) item.state = ItemState::deleted;
  const std::string type = text(block, "type");
  const Json& content = member(block, type);
  Json fields = Json::object();
  if (type == "to_do") {
    item.kind = "todo";
    fields = todo_fields(content);
  } else if (type == "heading_2" && flag(content, "is_toggleable")) {
    item.kind = "section";
    set_text(fields, "title", plain_text(member(content, "rich_text")));
  } else if (type == "child_page" || type == "child_database") {
    item.kind = type == "child_page" ? "page" : "database";
    set_text(fields, "title", text(content, "title"));
  }
  item.fields = dump(fields);
  if (!item.kind.empty()) item.version = version_of(item.kind, item.fields);
  return item;
}

/// Blocks whose children may be, or hold, to-dos. Sections and pages are listed by themselves, a
/// synced copy shows what stands elsewhere.
bool may_hold_todos(const Json& block) {
  static const char* const kOthers[] = {"child_page",  "child_database", "table",
                                        "unsupported", "meeting_notes",  "link_preview"};
  const std::string type = text(block, "type");
  const auto is_type = [&](const char* other) { return type == other; };
  const Json& content = member(block, type);
  if (!flag(block, "has_children") || trashed(block)) return false;
  if (type == "heading_2" && flag(content, "is_toggleable")) return false;
  if (type == "synced_block") return !member(content, "synced_from").is_object();
  return std::none_of(std::begin(kOthers), std::end(kOthers), is_type);
}

/// The block's id if it is a callout, else empty.
std::string callout_of(const Json& block) {
  return text(block, "type") == "callout" ? id_of(block) : std::string();
}

/// What people put on a page: of no kind of ours, and not just an empty line. Notion shows some
/// blocks by their id only; they may hold anything.
bool is_of_people(const Json& block) {
  const bool says = !list(member(block, "paragraph"), "rich_text").empty();
  return says || text(block, "type") != "paragraph" || flag(block, "has_children");
}

std::string title_of_page(const Json& page) {
  for (const auto& [name, property] : member(page, "properties").items()) {
    if (text(property, "type") == "title") return plain_text(member(property, "title"));
  }
  return {};
}

PageRead page_of(const Json& page) {
  PageRead read;
  read.item.kind = "page";
  read.item.id = id_of(page);
  read.item.url = text(page, "url");
  read.item.edited_ms = read_time(text(page, "last_edited_time"));
  if (trashed(page)) read.item.state = ItemState::deleted;
  const Json& parent = member(page, "parent");
  read.row =
      member(parent, "data_source_id").is_string() || member(parent, "database_id").is_string();
  read.in_workspace = flag(parent, "workspace");
  read.item.parent_id = text(parent, "page_id");
  read.created_by = text(member(page, "created_by"), "id");
  if (!member(page, "properties").is_object()) {
    if (read.item.state == ItemState::present) read.item.state = ItemState::out_of_scope;
    return read;
  }
  read.title = title_of_page(page);
  Json fields = Json::object();
  set_text(fields, "title", read.title);
  set_text(fields, "icon", emoji_of(page));
  read.item.fields = dump(fields);
  read.item.version = version_of_title("page", read.title);
  return read;
}

bool has(const Write& write, std::string_view name) {
  return std::find(write.changed.begin(), write.changed.end(), name) != write.changed.end();
}

/// The words of a to-do as they are to be. What only moves its detail leaves a person's emphasis in
/// the words of `shown`, the to-do as it is.
Json changed_words(const Write& write, const Json& fields, const std::string& shown) {
  if (!has(write, "text") && !has(write, "link") && !shown.empty()) {
    const Json block = parse(shown);
    const Json& now = member(member(block, "to_do"), "rich_text");
    Json runs =
        with_detail(now, {text(fields, "text"), text(fields, "link"), text(fields, "detail")});
    if (!runs.is_discarded()) return runs;
  }
  return todo_text(fields);
}

Json changed_todo(const Write& write, const Json& fields, const std::string& shown) {
  Json content = Json::object();
  if (has(write, "text") || has(write, "link") || has(write, "detail")) {
    content["rich_text"] = changed_words(write, fields, shown);
  }
  if (has(write, "checked")) content["checked"] = flag(fields, "checked");
  return content.empty() ? Json::object() : Json{{"to_do", std::move(content)}};
}

Json changed_page(const Write& write, const Json& fields) {
  Json body = Json::object();
  if (has(write, "title")) body["properties"] = title_property(text(fields, "title"));
  if (has(write, "icon")) body["icon"] = icon_of(fields);
  return body;
}

Json changed_database(const Write& write, const Json& fields) {
  Json body = Json::object();
  if (has(write, "title")) body["title"] = runs_of(text(fields, "title"));
  if (has(write, "icon")) body["icon"] = icon_of(fields);
  return body;
}

struct Identity {
  std::string id, email, name, workspace_id, workspace_name;

  std::string json() const {
    Json out = {{"id", id}};
    set_text(out, "email", email);
    set_text(out, "name", name);
    set_text(out, "workspace_id", workspace_id);
    set_text(out, "workspace_name", workspace_name);
    return dump(out);
  }
  void take_owner(const Json& owner) {
    const Json& user = member(owner, "user");
    email = text(member(user, "person"), "email");
    name = text(user, "name");
  }
};

Identity identity_in_token(const std::string& token_reply) {
  const Json reply = parse(token_reply);
  Identity identity;
  identity.id = text(reply, "bot_id");
  identity.workspace_id = text(reply, "workspace_id");
  identity.workspace_name = text(reply, "workspace_name");
  identity.take_owner(member(reply, "owner"));
  return identity;
}

}  // namespace

std::string version_of(std::string_view kind, std::string_view content) {
  std::uint64_t hash = 0xCBF29CE484222325U;  // FNV-1a
  const auto add = [&](std::string_view bytes) {
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  };
  add(kind);
  add({"", 1});
  add(content);
  std::array<char, 16> digits{};
  const auto [end, problem] = std::to_chars(digits.data(), digits.data() + digits.size(), hash, 16);
  return problem == std::errc() ? std::string(digits.data(), end) : std::string();
}

std::string without_others_edits(const Write& write, const std::string& before,
                                 const std::string& after) {
  const Json old = parse(before);
  Json now = parse(after);
  if (!old.is_object() || !now.is_object()) return after;
  // The text of a to-do, its link and its detail are one value at Notion.
  const auto is_text = [](const std::string& name) { return name != "checked"; };
  const bool texts =
      write.kind == "todo" && std::any_of(write.changed.begin(), write.changed.end(), is_text);
  std::set<std::string> names;
  for (const auto& [name, ignored] : old.items()) names.insert(name);
  for (const auto& [name, ignored] : now.items()) names.insert(name);
  for (const std::string& name : names) {
    if (has(write, name) || (texts && is_text(name))) continue;
    if (const Json& value = member(old, name); value.is_null()) {
      now.erase(name);
    } else {
      now[name] = value;
    }
  }
  return dump(now);
}

std::string quote(std::string_view text) {
  return dump(Json(std::string(text)));
}

Result<std::string> new_block(const std::string& kind, const std::string& text_fields) {
  Result<Json> fields = fields_of(text_fields);
  if (!fields) return std::move(fields).error();
  if (kind == "section") {
    return dump(
        {{"type", "heading_2"},
         {"heading_2", {{"rich_text", runs_of(text(*fields, "title"))}, {"is_toggleable", true}}}});
  }
  return dump(
      {{"type", "to_do"},
       {"to_do", {{"rich_text", todo_text(*fields)}, {"checked", flag(*fields, "checked")}}}});
}

std::string with_children(std::string block, std::string_view children) {
  // {"heading_2":{…},"type":"heading_2"}: keys are in order, so the content is the first member.
  constexpr std::string_view kOpening = R"({"heading_2":{)";
  std::string list = R"("children":[)";
  list.append(children).append("],");
  block.insert(kOpening.size(), list);
  return block;
}

Result<PageParts> new_page(const std::string& text_fields) {
  Result<Json> fields = fields_of(text_fields);
  if (!fields) return std::move(fields).error();
  PageParts parts;
  parts.properties = R"("properties":)" + dump(title_property(text(*fields, "title")));
  if (const Json icon = icon_of(*fields); !icon.is_null()) parts.icon = R"(,"icon":)" + dump(icon);
  const Json lines = paragraphs(list(*fields, "help"));
  if (!lines.empty()) {
    parts.help = dump({{"type", "callout"},
                       {"callout",
                        {{"rich_text", lines},
                         {"icon", {{"type", "emoji"}, {"emoji", "💡"}}},
                         {"color", "gray_background"}}}});
  }
  return parts;
}

Result<std::string> changed_body(const Write& write, const std::string& shown) {
  Result<Json> fields = fields_of(write.fields);
  if (!fields) return std::move(fields).error();
  Json body = Json::object();
  if (write.kind == "todo") body = changed_todo(write, *fields, shown);
  if (write.kind == "page") body = changed_page(write, *fields);
  if (write.kind == "database") body = changed_database(write, *fields);
  if (write.kind == "section" && has(write, "title")) {
    body = {{"heading_2", {{"rich_text", runs_of(text(*fields, "title"))}}}};
  }
  return body.empty() ? std::string() : dump(body);
}

Result<Listing> read_children(const std::string& body, const std::string& parent_id) {
  Result<Json> reply = list_object(body, "list of blocks");
  if (!reply) return std::move(reply).error();
  Result<std::string> next = next_cursor(*reply, "list of blocks");
  if (!next) return std::move(next).error();
  Listing listing;
  listing.next = *std::move(next);
  const Json& blocks = list(*reply, "results");
  if (!blocks.empty()) listing.first_callout = callout_of(blocks.front());
  for (const Json& block : blocks) {
    listing.partial = listing.partial || text(block, "type").empty();
    if (may_hold_todos(block)) listing.nested.push_back(id_of(block));
    Item item = item_of_block(block);
    if (item.id.empty() || item.state != ItemState::present) continue;
    if (item.kind.empty()) {
      if (is_of_people(block)) listing.others.push_back(std::move(item.id));
      continue;
    }
    item.parent_id = parent_id;
    listing.items.push_back(std::move(item));
  }
  return listing;
}

Result<FirstChild> read_first_child(const std::string& body) {
  Result<Json> reply = object(body, "list of blocks");
  if (!reply) return std::move(reply).error();
  FirstChild first;
  const Json& results = list(*reply, "results");
  if (results.empty()) return first;
  first.any = true;
  first.callout = callout_of(results.front());
  return first;
}

Result<BlockRead> read_block(const std::string& body) {
  Result<Json> block = object(body, "block");
  if (!block) return std::move(block).error();
  BlockRead read;
  read.item = item_of_block(*block);
  const std::string type = text(*block, "type");
  const Json& parent = member(*block, "parent");
  const std::string in = text(parent, "type");
  read.item.parent_id = text(parent, in == "data_source_id" ? "database_id" : in);
  read.row = type == "child_page" && (in == "data_source_id" || in == "database_id");
  read.database = type == "child_database";
  if (read.row) read.item.kind = "row";
  return read;
}

Result<PageRead> read_page(const std::string& body) {
  Result<Json> page = object(body, "page");
  if (!page) return std::move(page).error();
  if (id_of(*page).empty()) return Error{Code::unavailable, "Notion's page has no id"};
  return page_of(*page);
}

Result<Item> read_database(const std::string& body) {
  Result<Json> database = object(body, "database");
  if (!database) return std::move(database).error();
  Item item;
  item.kind = "database";
  item.id = id_of(*database);
  if (item.id.empty()) return Error{Code::unavailable, "Notion's database has no id"};
  item.url = text(*database, "url");
  item.edited_ms = read_time(text(*database, "last_edited_time"));
  if (trashed(*database)) item.state = ItemState::deleted;
  item.parent_id = text(member(*database, "parent"), "page_id");
  if (!member(*database, "title").is_array()) {
    if (item.state == ItemState::present) item.state = ItemState::out_of_scope;
    return item;
  }
  Json fields = Json::object();
  const std::string title = plain_text(member(*database, "title"));
  set_text(fields, "title", title);
  set_text(fields, "icon", emoji_of(*database));
  item.fields = dump(fields);
  item.version = version_of_title(item.kind, title);
  return item;
}

Result<std::vector<Item>> read_appended(const std::string& body, const std::string& parent_id) {
  Result<Json> reply = list_object(body, "answer to an append");
  if (!reply) return std::move(reply).error();
  std::vector<Item> items;
  for (const Json& block : list(*reply, "results")) {
    items.push_back(item_of_block(block));
    items.back().parent_id = parent_id;
  }
  return items;
}

Result<Found> read_search(const std::string& body) {
  Result<Json> reply = list_object(body, "search result");
  if (!reply) return std::move(reply).error();
  Result<std::string> next = next_cursor(*reply, "search result");
  if (!next) return std::move(next).error();
  Found found;
  found.next = *std::move(next);
  for (const Json& each : list(*reply, "results")) {
    if (text(each, "object") != "page") continue;
    PageRead page = page_of(each);
    if (!page.row && !page.item.id.empty() && page.item.state == ItemState::present) {
      found.pages.push_back(std::move(page));
    }
  }
  return found;
}

std::string identity_of_token(const std::string& token_reply) {
  const Identity identity = identity_in_token(token_reply);
  const bool whole =
      !identity.id.empty() && !identity.workspace_id.empty() && !identity.email.empty();
  return whole ? identity.json() : std::string();
}

Result<std::string> identity_of_me(const std::string& body, const std::string& token_reply) {
  Result<Json> me = object(body, "answer about the connection");
  if (!me) return std::move(me).error();
  Identity identity = identity_in_token(token_reply);
  const Json& bot = member(*me, "bot");
  Identity said;
  said.id = id_of(*me);
  said.workspace_id = text(bot, "workspace_id");
  said.workspace_name = text(bot, "workspace_name");
  said.take_owner(member(bot, "owner"));
  const auto fill = [](std::string& to, std::string& from) {
    if (to.empty()) to = std::move(from);
  };
  fill(identity.id, said.id);
  fill(identity.email, said.email);
  fill(identity.name, said.name);
  fill(identity.workspace_id, said.workspace_id);
  fill(identity.workspace_name, said.workspace_name);
  if (identity.id.empty())
    return Error{Code::unavailable, "Notion does not say who the grant is of"};
  return identity.json();
}

std::string read_bot_id(const std::string& body) {
  return id_of(parse(body));
}

}  // namespace notion
