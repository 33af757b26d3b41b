// Percent-encoding (RFC 3986 section 2.1) and queries, strictly: decoded once, per segment, and
// only into well-formed UTF-8 without control characters.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mortise::api {

/// Nothing if an escape is broken or the result is not clean text. A `+` stays a `+`.
std::optional<std::string> percent_decode(std::string_view text);

/// Everything but unreserved characters becomes an escape: safe as one path segment or query value.
std::string percent_encode(std::string_view text);

/// The segments of a raw path, each decoded by itself: an encoded slash never separates. `/` has
/// none;
/// `//` and a trailing slash make empty ones. Nothing if a segment is malformed or a dot segment,
/// encoded or not.
std::optional<std::vector<std::string>> split_path(std::string_view raw_path);

using QueryParams = std::vector<std::pair<std::string, std::string>>;

/// `a=1&b=2`, where `+` is a blank. Nothing if a part is malformed.
std::optional<QueryParams> parse_query(std::string_view raw_query);

/// The first value of one parameter, whatever the others hold: for queries that somebody else
/// writes. Nothing if it is not there, or malformed.
std::optional<std::string> query_value(std::string_view raw_query, std::string_view name);

/// Well-formed UTF-8 (no overlong forms, no surrogates).
bool is_utf8(std::string_view text);

}  // namespace mortise::api
