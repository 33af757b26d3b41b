#include "answers.hpp"

namespace notion {

using common::Json;
using mortise::Code;
using mortise::Error;
using mortise::Result;

Result<Json> object(const std::string& body, const char* what) {
  Json parsed = common::parse(body);
  if (!parsed.is_object()) {
    return Error{Code::unavailable, std::string("Notion's ") + what + " is no JSON object"};
  }
  return parsed;
}

Result<Json> list_object(const std::string& body, const char* what) {
  Result<Json> reply = object(body, what);
  if (reply && !common::member(*reply, "results").is_array()) {
    return Error{Code::unavailable, std::string("Notion's ") + what + " has no results"};
  }
  return reply;
}

Result<std::string> next_cursor(const Json& reply, const char* what) {
  if (!common::flag(reply, "has_more")) return std::string();
  std::string next = common::text(reply, "next_cursor");
  if (next.empty()) {
    return Error{Code::unavailable,
                 std::string("Notion's ") + what + " says that there is more, and not where"};
  }
  return next;
}

}  // namespace notion
