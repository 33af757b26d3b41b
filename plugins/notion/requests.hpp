// The requests of the Notion API that the connector sends, each by its name. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/text.hpp>
#include <mortise/values.hpp>

namespace notion {

inline constexpr std::string_view kNotionVersion = "2026-03-11";

/// `repeatable` is what HTTP says of the method, and what setting values and trashing are, too.
inline mortise::Request request(std::string method, std::string target, std::string body,
                                bool repeatable) {
  mortise::Request made;
  made.method = std::move(method);
  made.target = "/v1/" + std::move(target);
  made.headers.push_back({"Notion-Version", std::string(kNotionVersion)});
  if (!body.empty()) made.headers.push_back({"Content-Type", "application/json"});
  made.body = std::move(body);
  made.repeatable = repeatable;
  return made;
}

inline std::string path(std::string_view collection, std::string_view id) {
  return std::string(collection) + "/" + mortise::percent_encode(id);
}

inline mortise::Request read(std::string_view collection, std::string_view id) {
  return request("GET", path(collection, id), {}, true);
}
/// Setting values: sending it twice has no further effect.
inline mortise::Request set(std::string_view collection, std::string_view id, std::string body) {
  return request("PATCH", path(collection, id), std::move(body), true);
}
inline mortise::Request make(std::string_view collection, std::string body) {
  return request("POST", std::string(collection), std::move(body), false);
}
inline mortise::Request append(std::string_view block_id, std::string body) {
  return request("PATCH", path("blocks", block_id) + "/children", std::move(body), false);
}
inline mortise::Request trash_block(std::string_view id) {
  return request("DELETE", path("blocks", id), {}, true);
}
inline mortise::Request trash(std::string_view collection, std::string_view id) {
  return set(collection, id, R"({"in_trash":true})");
}
inline mortise::Request children(std::string_view id, const std::string& cursor,
                                 std::size_t page_size) {
  std::string target = path("blocks", id) + "/children?page_size=" + std::to_string(page_size);
  if (!cursor.empty()) target += "&start_cursor=" + mortise::percent_encode(cursor);
  return request("GET", std::move(target), {}, true);
}
inline mortise::Request query(std::string_view source_id, std::string body) {
  return request("POST", path("data_sources", source_id) + "/query", std::move(body), true);
}
inline mortise::Request search(std::string body) {
  return request("POST", "search", std::move(body), true);
}
/// Ids of properties arrive percent-encoded, which is how they are sent.
inline mortise::Request property(std::string_view page_id, std::string_view property_id,
                                 const std::string& cursor) {
  std::string target = path("pages", page_id) + "/properties/";
  for (const char c : property_id) {
    target += c == '%' ? std::string(1, c) : mortise::percent_encode({&c, 1});
  }
  target += "?page_size=100";
  if (!cursor.empty()) target += "&start_cursor=" + mortise::percent_encode(cursor);
  return request("GET", std::move(target), {}, true);
}

}  // namespace notion
