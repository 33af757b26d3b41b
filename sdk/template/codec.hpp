// Between Acme's JSON and Mortise's words. Pure: no requests, so that it can be tested alone.
#pragma once

#include <string>
#include <vector>

#include <mortise/values.hpp>

namespace acme {

struct Page {
  std::vector<mortise::Item> todos;
  std::string next;  ///< empty: the last page
};

// What Acme answers is read with care: `unavailable` for what is not as expected, and no exception.

/// Reads {"todos":[{"id","text","done","updated"?}], "next"?}.
mortise::Result<Page> read_page(const std::string& body);
mortise::Result<mortise::Item> read_todo(const std::string& body);
mortise::Result<std::vector<mortise::Target>> read_lists(const std::string& body);

/// The body of a create (every field) or of an update (only what changed).
mortise::Result<std::string> write_todo(const mortise::Write& write);

/// {"id","email"?} of Acme's /me in the form that call.identify() wants.
mortise::Result<std::string> read_me(const std::string& body);

}  // namespace acme
