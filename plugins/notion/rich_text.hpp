// Notion's rich text: runs of at most 2,000 UTF-16 units, at most 100 of them. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/json.hpp"

namespace notion {

using common::Json;

/// What is left of a list of runs: its 100 entries, and bytes of the request it travels in.
struct Room {
  std::size_t runs = 100;
  std::size_t bytes = 300'000;
};

struct Style {
  std::string link = {};  ///< an URL that is_link() accepts, or ""
  bool gray = false;
};

/// Appends `text` as runs, as much of it as `room` holds; what is longer is cut.
void add_runs(Json& runs, std::string_view text, const Style& style, Room& room);
/// The runs of plain text.
Json runs_of(std::string_view text);
/// The same within what `room` still has.
Json runs_of(std::string_view text, Room& room);

/// What a person reads in a list of runs.
std::string plain_text(const Json& runs);

/// An http(s) URL that Notion takes as a link: at most 2,000 units, no spaces.
bool is_link(std::string_view url);

/// A to-do as its runs hold it: the last gray runs in a row, from the first one that begins with
/// " · ", are the detail, the rest is the text, and the first link in it is the link.
struct TodoText {
  std::string text, link, detail;
};
TodoText read_todo_text(const Json& runs);
/// The runs that a to-do shows with the detail and link of `todo`: what a person emphasised or
/// linked in the words stays. Discarded if they cannot be sent back (mentions, links that Notion
/// does not take, more than fits), or would be read as something else then.
Json with_detail(const Json& shown, const TodoText& todo);
/// The runs of a to-do. A link that Notion cannot hold goes into the detail, where it can be read.
Json todo_runs(const TodoText& todo);

std::size_t utf16_length(std::string_view utf8);
/// The longest beginning of `utf8` with at most `units` UTF-16 units, never half a character.
std::string_view first_units(std::string_view utf8, std::size_t units);

}  // namespace notion
