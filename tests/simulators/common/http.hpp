// Requests and responses as the simulated providers see them: plain values, no HTTP library.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mortise::simulators {

using Json = nlohmann::ordered_json;
using Fields = std::vector<std::pair<std::string, std::string>>;

/// One request as it arrived. `path` is raw (still percent-encoded, without the query); `segments`
/// are its parts between the slashes, decoded; `query` is decoded.
struct Request {
  std::string method;
  std::string path;
  std::string query_text;
  std::vector<std::string> segments;
  Fields query;
  Fields headers;
  std::string body;

  /// The header's value, or "" (names in any case).
  std::string header(std::string_view name) const;
  std::optional<std::string> parameter(std::string_view name) const;
  std::vector<std::string> parameters(std::string_view name) const;
  /// An application/x-www-form-urlencoded body, decoded.
  Fields form() const;
  /// True if the path is `prefix` or lies below it.
  bool below(std::string_view prefix) const;
};

/// How an answer reaches the client.
enum class Delivery {
  whole,    ///< as it should
  dropped,  ///< the connection is closed without a byte
  held,     ///< nothing is sent until holds are released or the client goes away
  slow,     ///< the body dribbles over `delay_ms`
};

struct Response {
  int status = 200;
  std::string content_type = "application/json; charset=utf-8";
  Fields headers;
  std::string body;
  Delivery delivery = Delivery::whole;
  int delay_ms = 0;                    ///< before the first byte; for a slow body: in all
  std::function<void()> before_reply;  ///< runs before the first byte, without the world's lock
};

/// What `text` holds; discarded if it is no JSON, or nested deeper than any honest document
/// (printing a value recurses, so depth is bounded where text comes in).
Json parse_json(std::string_view text);
Response json_response(int status, const Json& body);
Response html_response(int status, std::string body);
Response redirect(std::string location);
/// Goes back to `location` after a form was sent (303).
Response see_other(std::string location);

std::string percent_decode(std::string_view text, bool plus_is_space);
std::string percent_encode(std::string_view text);
/// "a=1&b=2" decoded; used for queries and form bodies.
Fields parse_fields(std::string_view text);
/// The first value of that name, or "".
std::string field(const Fields& fields, std::string_view name);
/// Appends `name=value` pairs to a URL, with ? or & as needed.
std::string with_query(std::string url, const Fields& fields);
/// Base64 (standard or URL alphabet, padding optional); nullopt if it is not.
std::optional<std::string> base64_decode(std::string_view text);
/// The pair in an `Authorization: Basic` header.
std::optional<std::pair<std::string, std::string>> basic_credentials(const Request& request);
/// The token in an `Authorization: Bearer` header, or "".
std::string bearer_token(const Request& request);

/// Splits `target` into path, segments, query of `request`.
void set_target(Request& request, std::string_view target);

}  // namespace mortise::simulators
