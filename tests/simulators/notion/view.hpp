// What a person sees and does in the simulated Notion.
#pragma once

#include "simulators/notion/model.hpp"

namespace mortise::simulators::notion {

/// Pages under /notion; POST /notion/{id} is a form: `action` (tick, rename, trash, restore) and
/// its field.
Response view(Model& model, const Request& request);

// view_blocks.cpp
std::string blocks_html(Model& model, const Thing& parent, int level);
std::string rich_text_html(const Json& rich_text);
/// Rename and trash, folded away.
std::string edit_html(const Thing& thing, const std::string& title);
/// A button that ticks or unticks.
std::string tick_html(const Thing& thing, bool ticked, const std::string& label);
std::string icon_html(const Thing& thing);

}  // namespace mortise::simulators::notion
