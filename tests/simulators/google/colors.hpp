// The palettes of GET /colors, also used by the pages.
#pragma once

#include <map>
#include <string>

namespace mortise::simulators::google {

struct CalendarColor {
  std::string background;
  std::string foreground;
};

/// By colorId.
const std::map<std::string, CalendarColor>& event_colors();
const std::map<std::string, CalendarColor>& calendar_colors();
/// The calendar colour of that id, or the usual blue.
CalendarColor calendar_color(const std::string& id);

}  // namespace mortise::simulators::google
