// The forms: what a person can do to what they see. All of them post to /notion/{id}.
#include <algorithm>
#include <array>

#include "simulators/common/html.hpp"
#include "simulators/notion/calls.hpp"
#include "simulators/notion/view.hpp"

namespace mortise::simulators::notion {
namespace {

constexpr std::size_t kTrashShown = 50;
constexpr std::array<std::string_view, 5> kReadOnly = {
    "created_time", "created_by", "last_edited_time", "last_edited_by", "unique_id"};

std::string form(const Thing& thing, const std::string& fields) {
  return "<form class=\"block\" method=\"post\" action=\"/notion/" + thing.id + "\">" + fields +
         "</form>";
}

std::string hidden(const std::string& name, const std::string& value) {
  return "<input type=\"hidden\" name=\"" + name + "\" value=\"" + html_escape(value) + "\">";
}

std::string input(const std::string& name, const std::string& value, const std::string& label) {
  return "<input name=\"" + name + "\" aria-label=\"" + html_escape(label) + "\" placeholder=\"" +
         html_escape(label) + "\" value=\"" + html_escape(value) + "\"> ";
}

std::string button(const std::string& action, const std::string& text, const std::string& label) {
  return "<button name=\"action\" value=\"" + action + "\" aria-label=\"" + html_escape(label) +
         "\">" + text + "</button>";
}

/// A thing's name for labels, not too long.
std::string named(const std::string& title) {
  return title.substr(0, 80);
}

/// Up and down among the siblings that are not in the trash.
std::string order_html(Model& model, const Thing& thing, const std::string& title) {
  const Thing* parent = model.find(thing.parent);
  if (parent == nullptr || parent->kind == Thing::Kind::data_source) return {};
  const auto siblings = model.living_children(*parent);
  const auto at = std::ranges::find(siblings, thing.id, &Thing::id) - siblings.begin();
  std::string out;
  if (at == 1) {
    out += form(thing, hidden("first", "1") + button("move", "Move up", "Move up " + named(title)));
  } else if (at > 1) {
    out += form(thing, hidden("after", siblings[at - 2]->id) +
                           button("move", "Move up", "Move up " + named(title)));
  }
  if (at + 1 < static_cast<std::ptrdiff_t>(siblings.size())) {
    out += form(thing, hidden("after", siblings[at + 1]->id) +
                           button("move", "Move down", "Move down " + named(title)));
  }
  return out;
}

/// The value as person.hpp's `set` takes it.
std::string typed(const std::string& type, const Json& content) {
  if (type == "title" || type == "rich_text") return plain_text(content);
  if (content.is_null()) return {};
  if (type == "select" || type == "status") return content["name"];
  if (type == "date") {
    const std::string start = content["start"];
    return content["end"].is_null() ? start : start + "/" + content["end"].get<std::string>();
  }
  if (content.is_array()) {
    std::string list;
    for (const Json& item : content) {
      list += (list.empty() ? "" : ", ") + item.value(type == "multi_select" ? "name" : "id", "");
    }
    return list;
  }
  return content.is_string() ? content.get<std::string>() : content.dump();
}

std::string choice(const std::string& value, const std::string& now) {
  return "<option" + std::string(value == now ? " selected" : "") + " value=\"" +
         html_escape(value) + "\">" + html_escape(value.empty() ? "(none)" : value) + "</option>";
}

}  // namespace

std::string edit_html(Model& model, const Thing& thing, const std::string& title) {
  return "<details class=\"soft\"><summary aria-label=\"Edit " + html_escape(named(title)) +
         "\">⋯</summary>" +
         form(thing, input("title", title, "New text") +
                         "<button name=\"action\" value=\"rename\">Rename</button>") +
         order_html(model, thing, title) +
         form(thing, button("trash", "Move to trash", "Trash " + named(title))) +
         (thing.kind == Thing::Kind::block
              ? ""
              : form(thing, button("unshare", "Hide from apps", "Hide " + named(title)))) +
         "</details>";
}

std::string tick_html(const Thing& thing, bool ticked, const std::string& label) {
  return "<form method=\"post\" action=\"/notion/" + thing.id + "\">" +
         hidden("checked", ticked ? "0" : "1") +
         "<button class=\"quiet\" name=\"action\" value=\"tick\" role=\"checkbox\" "
         "aria-checked=\"" +
         (ticked ? "true" : "false") + "\" aria-label=\"" + html_escape(label) + "\">" +
         (ticked ? "☑" : "☐") + "</button></form>";
}

std::string add_to_do_html(const Thing& parent, const std::string& title) {
  return form(parent, input("text", "", "New to-do") +
                          button("add_to_do", "Add", "Add a to-do to " + named(title)));
}

std::string add_row_html(const Thing& source) {
  return form(source, input("title", "", "New row") + button("add_row", "Add", "Add a row"));
}

std::string columns_html(const Thing& source) {
  std::string out = "<details class=\"soft\"><summary>Columns</summary>";
  for (const Json& property : source.body["properties"]) {
    const std::string name = property["name"];
    const std::string id = hidden("property", property["id"]);
    out += form(source, id + input("name", name, "Name of column " + name) +
                            button("rename_property", "Rename", "Rename column " + name));
    if (property["type"] == "title") continue;
    out += form(source, id + button("remove_property", "Delete", "Delete column " + name));
  }
  return out + "</details>";
}

std::string value_html(const Thing& page, const Json& property, const Json& value) {
  const std::string type = property["type"], name = property["name"];
  if (std::ranges::find(kReadOnly, type) != kReadOnly.end() || type == "files") return {};
  const std::string now = typed(type, value[type]);
  std::string field = input("value", now, name);
  if (type == "select" || type == "status" || type == "checkbox") {
    field = "<select name=\"value\" aria-label=\"" + html_escape(name) + "\">";
    if (type == "checkbox") {
      field += choice("true", now) + choice("false", now);
    } else {
      field += choice("", now);
      for (const Json& option : property[type]["options"]) field += choice(option["name"], now);
    }
    field += "</select> ";
  }
  return form(page,
              hidden("property", property["id"]) + field + button("set", "Save", "Save " + name));
}

std::string sharing_html(Model& model, const Thing& thing) {
  bool hidden_here = false;
  for (const Grant& grant : model.grants()) {
    hidden_here = hidden_here || std::ranges::count(grant.hidden, thing.id) > 0;
  }
  if (!hidden_here) return {};
  return "<div class=\"card\" role=\"status\">Connected apps cannot see this." +
         form(thing, "<button name=\"action\" value=\"share\">Show it to apps again</button>") +
         "</div>";
}

std::string trash_html(Model& model, const Workspace& workspace) {
  std::vector<const Thing*> trashed;
  for (const Thing* thing : model.all(workspace.id)) {
    if (thing->trashed) trashed.push_back(thing);
  }
  if (trashed.empty()) return {};
  std::string out = "<details class=\"soft\"><summary>Trash</summary>";
  const std::size_t from = trashed.size() - std::min(trashed.size(), kTrashShown);
  for (std::size_t i = from; i < trashed.size(); ++i) {
    const std::string words = words_of(*trashed[i]);
    out += form(*trashed[i], html_escape(words.empty() ? "Untitled" : words) + " " +
                                 button("restore", "Put back", "Put back " + named(words)));
  }
  return out + "</details>";
}

}  // namespace mortise::simulators::notion
