// What a person sees and does in the simulated Notion.
#pragma once

#include "simulators/notion/model.hpp"

namespace mortise::simulators::notion {

/// Pages under /notion; POST /notion/{id} is a form: `action`, one of person.hpp's, and its fields.
Response view(Model& model, const Request& request);
/// `json` with bytes that are no UTF-8 replaced: what a form holds may be anything.
Json clean(const Json& json);

// view_blocks.cpp
std::string blocks_html(Model& model, const Thing& parent, int level);
std::string rich_text_html(const Json& rich_text);
std::string icon_html(const Thing& thing);

// view_forms.cpp: what a person can do to what they see. `title` names the thing for screen
// readers.
/// Rename, move among its siblings, trash, hide from apps: folded away.
std::string edit_html(Model& model, const Thing& thing, const std::string& title);
/// A button that ticks or unticks.
std::string tick_html(const Thing& thing, bool ticked, const std::string& label);
std::string add_to_do_html(const Thing& parent, const std::string& title);
std::string add_row_html(const Thing& source);
/// Rename and delete for every column but the title.
std::string columns_html(const Thing& source);
/// The value as it is typed, with a button that saves it; nothing for what cannot be written.
std::string value_html(const Thing& page, const Json& property, const Json& value);
/// What is hidden from apps says so, and may be given back.
std::string sharing_html(Model& model, const Thing& thing);
/// What was put into the trash of a workspace, newest last, with a way back.
std::string trash_html(Model& model, const Workspace& workspace);

}  // namespace mortise::simulators::notion
