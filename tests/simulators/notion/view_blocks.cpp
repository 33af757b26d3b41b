// Blocks as HTML.
#include "simulators/common/html.hpp"
#include "simulators/notion/calls.hpp"
#include "simulators/notion/view.hpp"

namespace mortise::simulators::notion {
namespace {

/// Only web links become links; anything else stays text.
bool is_web_link(const std::string& url) {
  return url.starts_with("https://") || url.starts_with("http://") || url.starts_with("mailto:") ||
         url.starts_with("/");
}

std::string nested(Model& model, const Thing& block, int level) {
  return block.children.empty() ? "" : blocks_html(model, block, level + 1);
}

/// What stands in a toggle: its blocks, and a form for one more to-do.
std::string inside(Model& model, const Thing& toggle, const std::string& title, int level) {
  return edit_html(model, toggle, title) + nested(model, toggle, level) +
         add_to_do_html(toggle, title);
}

std::string text_of(const Thing& block) {
  return block.body.contains("rich_text") ? rich_text_html(block.body["rich_text"]) : "";
}

std::string to_do_html(Model& model, const Thing& block, int level) {
  const bool done = block.body.value("checked", false);
  const std::string text = plain_text(block.body["rich_text"]);
  return "<div class=\"row\">" + tick_html(block, done, text) + "<span class=\"grow" +
         (done ? " done" : "") + "\">" + text_of(block) + "</span>" +
         edit_html(model, block, text) + "</div>" + nested(model, block, level);
}

std::string heading_html(Model& model, const Thing& block, int level) {
  const std::string tag = "h" + std::to_string(std::min(block.type.back() - '0' + 1, 5));
  const std::string title = plain_text(block.body["rich_text"]);
  const std::string line = "<" + tag + ">" + text_of(block) + "</" + tag + ">";
  if (!block.body.value("is_toggleable", false)) return line;
  return "<details open><summary>" + text_of(block) + "</summary>" +
         inside(model, block, title, level) + "</details>";
}

std::string table_html(Model& model, const Thing& block) {
  std::string out = "<div class=\"scroll\"><table>";
  for (const Thing* row : model.living_children(block)) {
    out += "<tr>";
    for (const Json& cell : row->body["cells"]) out += "<td>" + rich_text_html(cell) + "</td>";
    out += "</tr>";
  }
  return out + "</table></div>";
}

std::string link_html(const std::string& url) {
  if (!is_web_link(url)) return html_escape(url);
  return "<a href=\"" + html_escape(url) + "\" rel=\"noreferrer\">" + html_escape(url) + "</a>";
}

std::string block_html(Model& model, const Thing& block, int level) {
  const std::string& type = block.type;
  if (block.kind != Thing::Kind::block) {
    return "<p>" + icon_html(block) + " <a href=\"/notion/" + block.id + "\">" +
           html_escape(title_of(block).empty() ? "Untitled" : title_of(block)) + "</a></p>";
  }
  if (type == "to_do") return to_do_html(model, block, level);
  if (type.starts_with("heading_")) return heading_html(model, block, level);
  if (type == "toggle") {
    return "<details open><summary>" + text_of(block) + "</summary>" +
           inside(model, block, plain_text(block.body["rich_text"]), level) + "</details>";
  }
  if (type == "callout") {
    return "<div class=\"card row\"><span aria-hidden=\"true\">" +
           html_escape(block.body["icon"].is_null() ? "" : block.body["icon"].value("emoji", "")) +
           "</span><div class=\"grow\">" + text_of(block) + nested(model, block, level) +
           "</div></div>";
  }
  if (type == "quote")
    return "<blockquote>" + text_of(block) + nested(model, block, level) + "</blockquote>";
  if (type == "bulleted_list_item")
    return "<ul><li>" + text_of(block) + nested(model, block, level) + "</li></ul>";
  if (type == "numbered_list_item")
    return "<p>• " + text_of(block) + "</p>" + nested(model, block, level);
  if (type == "code") return "<pre>" + text_of(block) + "</pre>";
  if (type == "equation")
    return "<p><code>" + html_escape(block.body["expression"].get<std::string>()) + "</code></p>";
  if (type == "divider") return "<hr>";
  if (type == "table") return table_html(model, block);
  if (type == "bookmark" || type == "embed") return "<p>" + link_html(block.body["url"]) + "</p>";
  if (block.body.contains("external"))
    return "<p>" + link_html(block.body["external"]["url"]) + "</p>";
  if (type == "paragraph") return "<p>" + text_of(block) + "</p>" + nested(model, block, level);
  return nested(model, block, level);
}

}  // namespace

std::string rich_text_html(const Json& rich_text) {
  std::string out;
  for (const Json& item : rich_text) {
    std::string text = html_escape(item["plain_text"].get<std::string>());
    const Json& marks = item["annotations"];
    if (marks["code"] == true) text = "<code>" + text + "</code>";
    if (marks["bold"] == true) text = "<strong>" + text + "</strong>";
    if (marks["italic"] == true) text = "<em>" + text + "</em>";
    if (marks["strikethrough"] == true) text = "<s>" + text + "</s>";
    if (marks["underline"] == true) text = "<u>" + text + "</u>";
    if (item["href"].is_string() && is_web_link(item["href"])) {
      text = "<a href=\"" + html_escape(item["href"].get<std::string>()) +
             "\" rel=\"noreferrer\">" + text + "</a>";
    }
    out += text;
  }
  return out;
}

std::string icon_html(const Thing& thing) {
  const bool emoji = thing.icon.is_object() && thing.icon.contains("emoji");
  const char* plain = thing.kind == Thing::Kind::database ? "🗃️" : "📄";
  return "<span aria-hidden=\"true\">" +
         (emoji ? html_escape(thing.icon["emoji"].get<std::string>()) : std::string(plain)) +
         "</span>";
}

std::string blocks_html(Model& model, const Thing& parent, int level) {
  std::string out;
  for (const Thing* child : model.living_children(parent)) out += block_html(model, *child, level);
  return out;
}

}  // namespace mortise::simulators::notion
