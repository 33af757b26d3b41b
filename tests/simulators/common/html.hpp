// The look of every page the simulation shows to people.
#pragma once

#include <string>
#include <string_view>

namespace mortise::simulators {

std::string html_escape(std::string_view text);

/// A whole document: readable on a phone, light or dark as the system is. `body` is HTML.
/// With `refresh_url` the page asks there every two seconds for a version number and reloads itself
/// when it changes (unless someone is typing).
std::string html_page(std::string_view title, std::string_view body,
                      std::string_view refresh_url = {});

}  // namespace mortise::simulators
