#include "api/exchange.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "api/url.hpp"
#include "core/hash.hpp"
#include "core/time.hpp"
#include "core/words.hpp"

namespace mortise::api {

using core::Json;

namespace {

constexpr std::size_t kMostPerPage = 200;

// What core::ObjectReader says of members that nobody asked for. They are the caller's spelling,
// not its data: 400, the rest 422.
constexpr std::string_view kUnknownField = "unknown field";

std::string etag_of(core::Rev rev, std::string_view body) {
  return "\"" + std::to_string(rev) + "-" + core::sha256_hex(body).substr(0, 16) + "\"";
}

/// What stands in the quotes of a list of entity tags (RFC 9110 section 8.8.3). Weak ones, too: a
/// proxy that compresses weakens ours. Nothing if it is no such list, or empty.
std::optional<std::vector<std::string_view>> read_tags(std::string_view list) {
  std::vector<std::string_view> tags;
  while (true) {
    list = trim(list);
    if (list.starts_with("W/")) list.remove_prefix(2);
    if (!list.starts_with('"')) return std::nullopt;
    const auto end = list.find('"', 1);
    if (end == std::string_view::npos) return std::nullopt;
    tags.push_back(list.substr(1, end - 1));
    list = trim(list.substr(end + 1));
    if (list.empty()) return tags;
    if (list.front() != ',') return std::nullopt;
    list.remove_prefix(1);
  }
}

/// Whether an If-None-Match names this tag.
bool is_known(std::string_view field, std::string_view tag) {
  if (trim(field) == "*") return true;
  const auto tags = read_tags(field);
  const std::string_view opaque = tag.substr(1, tag.size() - 2);
  return tags && std::find(tags->begin(), tags->end(), opaque) != tags->end();
}

bool is_json(std::string_view content_type) {
  const std::string type = lower_case(trim(content_type.substr(0, content_type.find(';'))));
  return type == "application/json" || (type.rfind("application/", 0) == 0 && type.size() > 5 &&
                                        type.compare(type.size() - 5, 5, "+json") == 0);
}

Problem complaints_problem(const std::vector<BodyError>& errors) {
  const bool only_unknown = std::all_of(errors.begin(), errors.end(), [](const BodyError& error) {
    return error.detail.rfind(kUnknownField, 0) == 0;
  });
  Problem problem = body_problem(errors);
  if (only_unknown) {
    problem.status = 400;
    problem.reason = "unknown_field";
  }
  return problem;
}

}  // namespace

JsonBody::JsonBody(const Request& request) : json_(std::make_unique<Json>(Json::object())) {
  if (!request.body.empty()) {
    if (!is_json(request.header("content-type").value_or(""))) {
      malformed_ = make_problem(415, "content_type", "Send the body as application/json.");
    } else if (auto parsed = core::parse_json(request.body); !parsed) {
      malformed_ = make_problem(400, "bad_json", parsed.error().message);
    } else {
      *json_ = *std::move(parsed);
    }
  }
  fields_ = std::make_unique<core::ObjectReader>(*json_, "", problems_);
}

JsonBody::~JsonBody() = default;

std::string JsonBody::text(std::string_view name, std::size_t bytes) {
  std::string out;
  fields_->text(name, out, {bytes, core::TextUnit::bytes});
  return out;
}

std::string JsonBody::required_text(std::string_view name, std::size_t bytes) {
  std::string out = text(name, bytes);
  fields_->require(name);
  return out;
}

std::optional<Response> JsonBody::refused(const Request& request) {
  if (malformed_) return refusal(request, *malformed_);
  fields_->finish();
  if (problems_.empty()) return std::nullopt;
  std::vector<BodyError> errors;
  for (const core::Problem& each : problems_) errors.push_back({each.pointer, each.detail});
  return refusal(request, complaints_problem(errors));
}

std::optional<Response> refused_document(const Request& request) {
  JsonBody body(request);
  for (const auto& [name, value] : body.json().items()) body.fields().ignored({name});
  return body.refused(request);
}

std::optional<Problem> check_query(const Request& request,
                                   const std::vector<std::string_view>& known) {
  const auto params = parse_query(request.query);
  if (!params) return make_problem(400, "bad_query", "The query holds a broken percent-escape.");
  std::set<std::string> seen;
  for (const auto& [name, value] : *params) {
    const std::string shown = "'" + name.substr(0, 64) + "'";
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const auto nearest = core::nearest_word(name, known);
      return make_problem(400, "unknown_parameter",
                          "There is no query parameter " + shown +
                              (nearest ? "; did you mean '" + std::string(*nearest) + "'?" : "."));
    }
    if (!seen.insert(name).second) {
      return make_problem(400, "repeated_parameter", shown + " is given twice.");
    }
    if (value.empty() && name != "cursor") {
      return make_problem(400, "empty_parameter", shown + " has no value.");
    }
  }
  return std::nullopt;
}

Query::Query(const Request& request) : params_(parse_query(request.query).value_or(QueryParams{})) {
  read_page();
}

void Query::read_page() {
  page_.cursor = get("cursor");
  const std::string limit = get("limit");
  if (limit.empty()) return;
  const char* end = limit.data() + limit.size();
  const auto [rest, error] = std::from_chars(limit.data(), end, page_.limit);
  if (error != std::errc{} || rest != end || page_.limit == 0 || page_.limit > kMostPerPage) {
    problem_ = make_problem(400, "bad_limit", "'limit' is a number from 1 to 200.");
  }
}

std::string Query::get(std::string_view name) const {
  for (const auto& [key, value] : params_) {
    if (key == name) return value;
  }
  return {};
}

std::optional<Response> Query::refused(const Request& request) const {
  if (!problem_) return std::nullopt;
  return refusal(request, *problem_);
}

Response json_response(const Json& document, int status) {
  Response response;
  response.status = status;
  response.body = document.dump(-1, ' ', false, Json::error_handler_t::replace);
  response.set("Content-Type", "application/json");
  return response;
}

Response json_response(const Request& request, const Json& document, core::Rev rev) {
  Response response = json_response(document);
  const std::string tag = etag_of(rev, response.body);
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (reads && is_known(request.header("if-none-match").value_or(""), tag)) {
    response = {};
    response.status = 304;
  }
  response.set("ETag", tag);
  return response;
}

Response no_content() {
  Response response;
  response.status = 204;
  return response;
}

Response refusal(const Request& request, const Problem& problem) {
  return to_response(problem, request.request_id);
}

std::string shown_message(const Request& request, const Error& error) {
  if (request.principal.kind != Principal::Kind::user) return error.message;
  if (error.reason == "not_configured") return "This service is not set up here.";
  if (error.reason == "policy_error") return "The rules for this could not be applied.";
  return error.message;
}

Response refusal(const Request& request, const Error& error) {
  Problem problem = problem_from(error);
  if (error.code != Code::internal) problem.detail = shown_message(request, error);
  // A revision that the caller named is a precondition of its own (RFC 9110 section 13.1.1).
  const bool is_other_rev = error.reason == "precondition_failed" || error.reason == "rev_conflict";
  if (is_other_rev && (request.header("if-match") || request.header("if-none-match"))) {
    problem = make_problem(412, "precondition_failed", error.message);
  }
  return refusal(request, problem);
}

Response refusal(const Request& request, const ports::Refusal& refused) {
  if (!refused.complaints.empty()) {
    std::vector<BodyError> errors;
    for (const ports::Complaint& each : refused.complaints) {
      errors.push_back({each.pointer, each.detail});
    }
    return refusal(request, complaints_problem(errors));
  }
  if (!refused.quota) return refusal(request, refused.error);
  Problem problem = problem_from(refused.error);
  problem.detail = shown_message(request, refused.error);
  problem.status = 403;
  problem.code = Code::forbidden;
  const std::string members =
      quota_json(*refused.quota).dump(-1, ' ', false, Json::error_handler_t::replace);
  problem.extension = members.substr(1, members.size() - 2);
  return refusal(request, problem);
}

Response not_found(const Request& request, std::string_view what) {
  return refusal(request,
                 make_problem(404, "not_found", "There is no such " + std::string(what) + "."));
}

Result<std::optional<core::Rev>> if_match(const Request& request) {
  const Error malformed{Code::invalid, "If-Match is not an ETag of this API", "bad_if_match"};
  const auto field = request.header("if-match");
  if (!field || trim(*field) == "*") return std::optional<core::Rev>();
  const auto tags = read_tags(*field);
  if (!tags) return malformed;
  core::Rev newest = 0;
  for (const std::string_view tag : *tags) {
    core::Rev rev = 0;
    const char* end = tag.data() + tag.size();
    const auto [rest, error] = std::from_chars(tag.data(), end, rev);
    const bool is_whole = rest == end || *rest == '-';
    if (error != std::errc{} || !is_whole || rev <= 0) return malformed;
    newest = std::max(newest, rev);
  }
  return std::optional<core::Rev>(newest);
}

std::string etag(core::Rev rev, const Json& document) {
  return etag_of(rev, json_response(document).body);
}

Json quota_json(const ports::QuotaView& quota) {
  Json out = {{"tier", quota.tier},
              {"month", quota.month},
              {"limit", quota.limit ? Json(*quota.limit) : Json()},
              {"used", quota.used},
              {"reset_at", core::format_instant(quota.resets_ms)}};
  if (!quota.upgrade_url.empty()) out["upgrade_url"] = quota.upgrade_url;
  return out;
}

}  // namespace mortise::api
