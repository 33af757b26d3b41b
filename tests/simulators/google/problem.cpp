#include "simulators/google/problem.hpp"

namespace mortise::simulators::google {
namespace {

// The "status" word of Google's newer error bodies; the older stack leaves it out elsewhere.
const char* status_word(int status) {
  switch (status) {
    case 401:
      return "UNAUTHENTICATED";
    case 403:
      return "PERMISSION_DENIED";
    case 429:
      return "RESOURCE_EXHAUSTED";
    default:
      return nullptr;
  }
}

}  // namespace

Json to_json(const Problem& problem) {
  Json entry{{"domain", problem.domain}, {"reason", problem.reason}, {"message", problem.message}};
  if (!problem.location.empty()) {
    entry["locationType"] = problem.location_type;
    entry["location"] = problem.location;
  }
  Json error{{"code", problem.status}, {"message", problem.message}};
  error["errors"] = Json::array({std::move(entry)});
  if (const char* word = status_word(problem.status)) error["status"] = word;
  return Json{{"error", std::move(error)}};
}

std::string to_text(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Answer::Answer(const Problem& problem) : status(problem.status), body(to_json(problem)) {}

Problem not_found() {
  return {404, "notFound", "Not Found"};
}

Problem invalid(const std::string& message) {
  return {400, "invalid", message};
}

Problem invalid_parameter(const std::string& name, const std::string& message) {
  return {400, "invalidParameter", message, "global", "parameter", name};
}

Problem invalid_token(const std::string& parameter, const std::string& message) {
  return {400, "invalid", message, "global", "parameter", parameter};
}

Problem missing(const std::string& message) {
  return {400, "required", message};
}

Problem required_access(const std::string& message) {
  return {403, "requiredAccessLevel", message, "calendar"};
}

Problem condition_not_met() {
  return {412, "conditionNotMet", "Precondition Failed", "global", "header", "If-Match"};
}

}  // namespace mortise::simulators::google
