#include "rich_text.hpp"

#include <algorithm>

namespace notion {
namespace {

using common::dump;
using common::member;
using common::text;

constexpr std::size_t kRunUnits = 2000;
constexpr std::size_t kLargestUrl = 2000;
constexpr std::string_view kDetailMark = " · ";
// The detail is small print; the text may have the rest.
constexpr std::size_t kDetailRuns = 10;

bool is_gray(const Json& run) {
  return text(member(run, "annotations"), "color") == "gray";
}

std::string run_text(const Json& run) {
  if (const Json& plain = member(run, "plain_text"); plain.is_string()) return plain;
  return text(member(run, "text"), "content");
}

/// A mention leads somewhere, too, but is no link of the text.
std::string run_link(const Json& run) {
  const std::string type = text(run, "type");
  if (!type.empty() && type != "text") return {};
  std::string url = text(member(member(run, "text"), "link"), "url");
  if (url.empty()) url = text(run, "href");
  // Notion shows a link to one of its pages as a path, and takes whole URLs only.
  return url.rfind('/', 0) == 0 ? "https://www.notion.so" + url : url;
}

struct Span {
  std::size_t begin, end;
};

/// The runs that are the detail: the last grey ones in a row, from the first that begins with the
/// mark. A person may have written before and after them, in grey, too.
Span detail_in(const Json& runs) {
  for (std::size_t end = runs.size(); end > 0;) {
    std::size_t begin = end;
    while (begin > 0 && is_gray(runs[begin - 1])) --begin;
    for (std::size_t i = begin; i < end; ++i) {
      if (run_text(runs[i]).rfind(kDetailMark, 0) == 0) return {i, end};
    }
    end = begin == end ? end - 1 : begin;
  }
  return {runs.size(), runs.size()};
}

/// Whether the link of a to-do stands behind its words; else it can be read in its detail.
bool is_linked(const TodoText& todo) {
  return is_link(todo.link) && !todo.text.empty();
}

/// The runs of a to-do's detail, within what `whole` has; takes from it.
Json detail_runs(const TodoText& todo, Room& whole) {
  std::string detail = todo.detail;
  if (!is_linked(todo) && !todo.link.empty()) {
    if (!detail.empty()) detail += kDetailMark;
    detail += todo.link;
  }
  Json runs = Json::array();
  if (detail.empty()) return runs;
  Room small{kDetailRuns, whole.bytes / 2};
  add_runs(runs, std::string(kDetailMark) + detail, {.link = {}, .gray = true}, small);
  whole.runs -= runs.size();
  whole.bytes -= whole.bytes / 2 - small.bytes;
  return runs;
}

}  // namespace

std::string_view first_units(std::string_view utf8, std::size_t units) {
  std::size_t used = 0;
  std::size_t i = 0;
  while (i < utf8.size()) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    used += bytes == 4 ? 2 : 1;
    if (used > units) break;
    i = std::min(i + bytes, utf8.size());
  }
  return utf8.substr(0, i);
}

std::size_t utf16_length(std::string_view utf8) {
  std::size_t units = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80U) units += byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

bool is_link(std::string_view url) {
  const bool web = url.rfind("https://", 0) == 0 || url.rfind("http://", 0) == 0;
  return web && utf16_length(url) <= kLargestUrl &&
         std::none_of(url.begin(), url.end(),
                      [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; });
}

void add_runs(Json& runs, std::string_view text, const Style& style, Room& room) {
  while (!text.empty() && room.runs > 0) {
    const std::string_view part = first_units(text, kRunUnits);
    Json run = {{"type", "text"}, {"text", {{"content", std::string(part)}}}};
    if (!style.link.empty()) run["text"]["link"] = {{"url", style.link}};
    if (style.gray) run["annotations"] = {{"color", "gray"}};
    const std::size_t bytes = dump(run).size() + 1;
    if (bytes > room.bytes) return;
    room.bytes -= bytes;
    --room.runs;
    runs.push_back(std::move(run));
    text.remove_prefix(part.size());
  }
}

Json runs_of(std::string_view text, Room& room) {
  Json runs = Json::array();
  add_runs(runs, text, {}, room);
  return runs;
}

Json runs_of(std::string_view text) {
  Room room;
  return runs_of(text, room);
}

std::string plain_text(const Json& runs) {
  std::string all;
  if (!runs.is_array()) return all;
  for (const Json& run : runs) all += run_text(run);
  return all;
}

TodoText read_todo_text(const Json& runs) {
  TodoText todo;
  if (!runs.is_array()) return todo;
  const Span detail = detail_in(runs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (i >= detail.begin && i < detail.end) {
      todo.detail += run_text(runs[i]);
      continue;
    }
    todo.text += run_text(runs[i]);
    if (todo.link.empty()) todo.link = run_link(runs[i]);
  }
  if (!todo.detail.empty()) todo.detail.erase(0, kDetailMark.size());
  return todo;
}

Json with_detail(const Json& shown, const TodoText& todo) {
  const Json cannot(Json::value_t::discarded);
  if (!shown.is_array()) return cannot;
  Room whole;
  const Json small_print = detail_runs(todo, whole);
  const Span old = detail_in(shown);
  Json runs = Json::array();
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (i >= old.begin && i < old.end) continue;
    const std::string link = run_link(shown[i]);
    if (text(shown[i], "type") != "text" || (!link.empty() && !is_link(link))) return cannot;
    // What a person wrote in one run may take several.
    const std::size_t first = runs.size();
    add_runs(runs, run_text(shown[i]), {.link = link, .gray = false}, whole);
    for (std::size_t j = first; j < runs.size(); ++j) {
      runs[j]["annotations"] = member(shown[i], "annotations");
    }
  }
  for (const Json& run : small_print) runs.push_back(run);
  // Without the old detail, grey words of a person may look like one; and the end may be cut off.
  const TodoText before = read_todo_text(shown);
  const TodoText after = read_todo_text(runs);
  const bool same = after.text == before.text && after.link == before.link &&
                    after.detail == read_todo_text(small_print).detail;
  return same ? runs : cannot;
}

Json todo_runs(const TodoText& todo) {
  Room whole;
  Json small_print = detail_runs(todo, whole);
  Json runs = Json::array();
  add_runs(runs, todo.text, {.link = is_linked(todo) ? todo.link : std::string(), .gray = false},
           whole);
  for (Json& run : small_print) runs.push_back(std::move(run));
  return runs;
}

}  // namespace notion
