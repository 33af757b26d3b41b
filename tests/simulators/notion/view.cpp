// The pages: workspaces with their trees, one page, one database.
#include "simulators/notion/view.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "simulators/common/html.hpp"
#include "simulators/notion/calls.hpp"
#include "simulators/notion/person.hpp"

namespace mortise::simulators::notion {
namespace {

constexpr std::string_view kVersionUrl = "/control/version";
constexpr std::size_t kRowsShown = 200;
constexpr std::array<std::string_view, 12> kFormActions = {
    "rename",  "tick", "trash",           "restore",         "set",     "add_to_do",
    "add_row", "move", "rename_property", "remove_property", "unshare", "share"};

std::string name_of(const Thing& thing) {
  const std::string title = title_of(thing);
  return title.empty() ? "Untitled" : title;
}

std::string link_to(const Thing& thing) {
  return icon_html(thing) + " <a href=\"/notion/" + thing.id + "\">" + html_escape(name_of(thing)) +
         "</a>";
}

/// Pages and databases below `thing`, as a list.
std::string tree(Model& model, const Thing& thing) {
  std::string items;
  for (const Thing* child : model.living_children(thing)) {
    if (child->kind == Thing::Kind::page || child->kind == Thing::Kind::database) {
      items += "<li>" + link_to(*child) +
               (child->kind == Thing::Kind::page ? tree(model, *child) : "") + "</li>";
    }
  }
  return items.empty() ? "" : "<ul class=\"tree\">" + items + "</ul>";
}

Response home(Model& model) {
  std::string body =
      "<h1>Notion</h1><p class=\"soft\">Simulated workspaces. What is edited here is an edit by "
      "the workspace's owner. <a href=\"/notion/webhooks\">Webhooks of the apps</a></p>";
  for (const Person& person : people()) {
    const Workspace& workspace = model.workspace_of(std::string(person.id));
    body += "<section class=\"card\"><h2>" + html_escape(workspace.name) +
            "</h2><p class=\"soft\">" + html_escape(person.email) + "</p><ul class=\"tree\">";
    for (const auto& id : workspace.pages) {
      const Thing* page = model.find(id);
      if (page != nullptr && !page->trashed)
        body += "<li>" + link_to(*page) + tree(model, *page) + "</li>";
    }
    body += "</ul>" + trash_html(model, workspace) + "</section>";
  }
  return html_response(200, html_page("Notion (simulated)", body, kVersionUrl));
}

std::string breadcrumb(Model& model, const Thing& thing) {
  std::string trail;
  for (const Thing* at = model.find(thing.parent); at != nullptr; at = model.find(at->parent)) {
    if (at->kind == Thing::Kind::page || at->kind == Thing::Kind::database)
      trail = link_to(*at) + " / " + trail;
  }
  return "<nav class=\"soft\" aria-label=\"Where this is\">" +
         html_escape(model.workspace(thing.workspace)->name) + " / " + trail + "</nav>";
}

std::string cell_text(const Json& value) {
  const std::string type = value["type"];
  const Json& content = value[type];
  if (type == "title" || type == "rich_text") return rich_text_html(content);
  if (content.is_null()) return "";
  if (type == "select" || type == "status") return html_escape(content["name"].get<std::string>());
  if (type == "multi_select") {
    std::string names;
    for (const Json& option : content)
      names += (names.empty() ? "" : ", ") + option["name"].get<std::string>();
    return html_escape(names);
  }
  if (type == "date") {
    const std::string end =
        content["end"].is_null() ? "" : " – " + content["end"].get<std::string>();
    return html_escape(content["start"].get<std::string>() + end);
  }
  if (type == "checkbox") return content == true ? "☑" : "☐";
  if (type == "unique_id") return html_escape(content["number"].dump());
  if (type == "url") {
    const auto url = content.get<std::string>();
    const bool web = url.starts_with("http://") || url.starts_with("https://");
    return web ? "<a rel=\"noreferrer\" href=\"" + html_escape(url) + "\">" + html_escape(url) +
                     "</a>"
               : html_escape(url);
  }
  return html_escape(content.is_string() ? content.get<std::string>() : content.dump());
}

bool is_done(const Json& properties) {
  for (const auto& [name, value] : properties.items()) {
    if (value["type"] == "checkbox" && value["checkbox"] == true) return true;
    if (value["type"] == "status" && !value["status"].is_null() &&
        value["status"]["name"] == "Done")
      return true;
  }
  return false;
}

std::string row_html(Model& model, const Thing& row) {
  const Json properties = page_object(model, row)["properties"];
  std::string out = "<tr><td>" + tick_html(row, is_done(properties), name_of(row)) + "</td>";
  for (const auto& [name, value] : properties.items()) {
    const bool title = value["type"] == "title";
    out += "<td>" +
           (title ? "<a href=\"/notion/" + row.id + "\">" + html_escape(name_of(row)) + "</a>"
                  : cell_text(value)) +
           "</td>";
  }
  return out + "<td>" + edit_html(model, row, name_of(row)) + "</td></tr>";
}

std::string source_html(Model& model, const Thing& source, std::size_t from) {
  std::string out =
      "<div class=\"scroll\"><table><thead><tr><th><span class=\"soft\">Done</span></th>";
  for (const Json& property : source.body["properties"]) {
    out += "<th scope=\"col\">" + html_escape(property["name"].get<std::string>()) + "</th>";
  }
  out += "<th></th></tr></thead><tbody>";
  const auto rows = model.living_children(source);
  const std::size_t end = std::min(rows.size(), from + kRowsShown);
  for (std::size_t i = from; i < end; ++i) out += row_html(model, *rows[i]);
  out += "</tbody></table></div><p class=\"soft\">" + std::to_string(rows.size()) +
         (rows.size() == 1 ? " row" : " rows");
  if (from > 0)
    out += " · <a href=\"?from=" + std::to_string(from - std::min(from, kRowsShown)) +
           "\">earlier</a>";
  if (end < rows.size()) out += " · <a href=\"?from=" + std::to_string(end) + "\">more</a>";
  return out + "</p>" + add_row_html(source) + columns_html(source);
}

/// A row's properties above its body.
std::string properties_html(Model& model, const Thing& page) {
  const Thing* source = model.source_of(page);
  if (source == nullptr) return {};
  std::string out = "<table>";
  const Json values = page_object(model, page)["properties"];
  for (const Json& property : source->body["properties"]) {
    if (property["type"] == "title") continue;
    const Json& value = values[property["name"].get<std::string>()];
    out += "<tr><th scope=\"row\">" + html_escape(property["name"].get<std::string>()) +
           "</th><td>" + cell_text(value) + "</td><td>" + value_html(page, property, value) +
           "</td></tr>";
  }
  return out + "</table>";
}

Response one(Model& model, const Thing& thing, const Request& request) {
  std::string body = breadcrumb(model, thing) + "<h1>" + icon_html(thing) + " " +
                     html_escape(name_of(thing)) + "</h1>";
  if (model.in_trash(thing)) {
    body +=
        "<div class=\"card\" role=\"status\">This is in the trash. <form method=\"post\" "
        "action=\"/notion/" +
        thing.id + "\"><button name=\"action\" value=\"restore\">Put back</button></form></div>";
  } else {
    body += edit_html(model, thing, name_of(thing)) + sharing_html(model, thing);
  }
  if (thing.kind == Thing::Kind::database) {
    std::size_t from = 0;
    const std::string text = request.parameter("from").value_or("0");
    std::from_chars(text.data(), text.data() + text.size(), from);
    for (const Thing* source : model.living_children(thing))
      body += source_html(model, *source, from);
  } else {
    body += properties_html(model, thing) + blocks_html(model, thing, 0) +
            add_to_do_html(thing, name_of(thing));
  }
  return html_response(200, html_page(name_of(thing), body, kVersionUrl));
}

/// Where the browser goes after an edit: the page that the edited thing stands on.
std::string place_of(Model& model, Thing& thing, const Request& request) {
  const std::string from = request.header("Referer");
  const auto path = from.find("/notion");
  if (path != std::string::npos) return from.substr(path);
  Thing* page = model.page_of(thing);
  return page == nullptr ? "/notion" : "/notion/" + page->id;
}

Response edit(Model& model, Thing& thing, const Request& request) {
  const Fields form = request.form();
  const std::string action = field(form, "action");
  if (std::ranges::find(kFormActions, action) == kFormActions.end()) {
    return html_response(400, html_page("Notion", "<h1>There is no such action</h1>"));
  }
  Json body = {{"id", thing.id}};
  for (const auto& [name, value] : form) {
    const bool yes_or_no = name == "checked" || name == "first";
    if (name != "action" && name != "id") body[name] = yes_or_no ? Json(value == "1") : Json(value);
  }
  try {
    control(model, action, clean(body));
  } catch (const Refusal& refusal) {
    return html_response(refusal.status,
                         html_page("Notion", "<h1>This cannot be done</h1><p role=\"alert\">" +
                                                 html_escape(refusal.message) + "</p>"));
  }
  return see_other(place_of(model, thing, request));
}

}  // namespace

Json clean(const Json& json) {
  return Json::parse(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Response view(Model& model, const Request& request) {
  if (request.segments.size() < 2) return home(model);
  Thing* thing = model.find(normal_id(request.segments[1]));
  if (thing == nullptr) {
    return html_response(404, html_page("Notion", "<h1>This page is gone</h1>"));
  }
  if (request.method == "POST") return edit(model, *thing, request);
  // A data source is shown with its database.
  if (thing->kind == Thing::Kind::data_source) thing = model.find(thing->parent);
  if (thing->kind == Thing::Kind::block) {
    const Thing* page = model.page_of(*thing);
    return page == nullptr ? home(model) : see_other("/notion/" + page->id);
  }
  return one(model, *thing, request);
}

}  // namespace mortise::simulators::notion
