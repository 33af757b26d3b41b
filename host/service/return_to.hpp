// Where a browser may be sent after connecting. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mortise::service {

/// Whether `url` is http(s), without user information, fragment, dot segments or characters that
/// browsers read differently than we do, and lies under one of `allowed`: the same origin, and the
/// entry's path or something below it ("https://app.example.com/settings" allows "/settings" and
/// "/settings/x", not "/settings-x").
bool may_return_to(std::string_view url, const std::vector<std::string>& allowed);

/// "https://host:port" of a URL as it is written, or empty.
std::string_view written_origin(std::string_view url);

/// `url` with `name=value` added to its query. `value` must need no encoding.
std::string with_query(std::string url, std::string_view name, std::string_view value);

/// A word from outside that is safe in a URL and a log: [a-z0-9_], at most 64; else `fallback`.
std::string safe_word(std::string_view word, std::string_view fallback);

}  // namespace mortise::service
