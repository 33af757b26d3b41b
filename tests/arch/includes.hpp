// Who may include whom: design section 2 as a table. Pure, so that the table itself can be tested.
#pragma once

#include <string>
#include <vector>

namespace arch {

/// One #include line: "core/ids.hpp" in quotes or <string> in angle brackets.
struct Include {
  std::string path;
  bool quoted = false;
};

/// The #include lines of a source text.
std::vector<Include> includes_of(const std::string& text);

/// Why `file` (its path from the top, e.g. "host/core/ids.cpp") may not include this; empty if it
/// may.
std::string objection(const std::string& file, const Include& include);

}  // namespace arch
