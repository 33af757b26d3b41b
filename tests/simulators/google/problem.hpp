// A refusal in Google's own shape, and the answer every operation of the simulated API returns.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "simulators/common/http.hpp"

namespace mortise::simulators::google {

/// What goes into {"error": {"code", "message", "errors": [{"domain", "reason", ...}]}}.
struct Problem {
  int status = 400;
  std::string reason;
  std::string message;
  std::string domain = "global";
  std::string location_type = {};  // "parameter" or "header", empty when Google names no place
  std::string location = {};
};

Json to_json(const Problem& problem);

/// The document as text; what is no UTF-8 in it (a client's parameter in a message) is replaced.
std::string to_text(const Json& document);

/// One reply of the API: status, JSON body (null = empty), and the resource's ETag for the header.
struct Answer {
  Answer(Json resource) : body(std::move(resource)) {}
  Answer(const Problem& problem);
  Answer(int reply_status, Json resource) : status(reply_status), body(std::move(resource)) {}

  int status = 200;
  Json body;
};

// The refusals that more than one operation gives.
Problem not_found();
Problem invalid(const std::string& message);
Problem invalid_parameter(const std::string& name, const std::string& message);
Problem invalid_token(const std::string& parameter, const std::string& message);
Problem missing(const std::string& message);
Problem required_access(const std::string& message);
Problem condition_not_met();

}  // namespace mortise::simulators::google
