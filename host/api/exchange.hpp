// What every resource does with requests and answers: bodies, queries, revisions, problems.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mortise/result.hpp>

#include "api/http.hpp"
#include "api/problem.hpp"
#include "core/json.hpp"
#include "core/json_reader.hpp"
#include "ports/service.hpp"
#include "ports/store.hpp"

namespace mortise::api {

/// A JSON object in a request's body, read strictly. An empty body counts as `{}`.
class JsonBody {
 public:
  explicit JsonBody(const Request& request);
  ~JsonBody();
  JsonBody(const JsonBody&) = delete;
  JsonBody& operator=(const JsonBody&) = delete;

  /// The members; of an empty object when the body was refused already.
  core::ObjectReader& fields() { return *fields_; }
  const core::Json& json() const { return *json_; }

  /// One line of text of at most `bytes`.
  std::string text(std::string_view name, std::size_t bytes = 128);
  std::string required_text(std::string_view name, std::size_t bytes = 128);

  /// Call after the last field: the answer to a body that is not as it should be.
  std::optional<Response> refused(const Request& request);

 private:
  std::unique_ptr<core::Json> json_;
  std::vector<core::Problem> problems_;
  std::unique_ptr<core::ObjectReader> fields_;
  std::optional<Problem> malformed_;
};

/// For documents that a use case reads and complains about itself: only asks that it is a JSON
/// object.
std::optional<Response> refused_document(const Request& request);

/// What is wrong with a query: a parameter that is not one of `known`, or is given twice, or has no
/// value (a `cursor` may be empty: the first page), or a broken escape.
std::optional<Problem> check_query(const Request& request,
                                   const std::vector<std::string_view>& known);

/// The parameters of a query that check_query() let pass.
class Query {
 public:
  explicit Query(const Request& request);

  /// Empty: not given.
  std::string get(std::string_view name) const;
  /// `limit` (1 to 200, default 50) and `cursor`.
  const ports::PageRequest& page() const { return page_; }
  std::optional<Response> refused(const Request& request) const;

 private:
  void read_page();

  std::vector<std::pair<std::string, std::string>> params_;
  ports::PageRequest page_;
  std::optional<Problem> problem_;
};

Response json_response(const core::Json& document, int status = 200);
/// 200 with an ETag that names the revision and the answer, which may say more than the record does
/// (how it is synced); 304 if the client has this answer already.
Response json_response(const Request& request, const core::Json& document, core::Rev rev);
Response no_content();

/// An error's message. For an end user a sentence in its place where the message is for the
/// operator: what is not set up, or where a script failed.
std::string shown_message(const Request& request, const Error& error);

Response refusal(const Request& request, const Problem& problem);
Response refusal(const Request& request, const Error& error);
Response refusal(const Request& request, const ports::Refusal& refusal);
Response not_found(const Request& request, std::string_view what);

/// The revision in `If-Match: "12-5f2c..."`, or `"12"`; of several the newest, for a record goes on
/// from revision to revision. Empty: not given, or `*`. Error `invalid`: not one of our ETags.
Result<std::optional<core::Rev>> if_match(const Request& request);
std::string etag(core::Rev rev, const core::Json& document);

/// The problem members of a quota: limit, used, reset_at ...
core::Json quota_json(const ports::QuotaView& quota);

/// The answer to an Answer: a refusal, or what `success` makes of the value.
template <class T, class Success>
Response respond(const Request& request, const ports::Answer<T>& answer, Success success) {
  if (const auto* refused = std::get_if<ports::Refusal>(&answer)) return refusal(request, *refused);
  return success(std::get<T>(answer));
}

template <class T, class Success>
Response respond(const Request& request, const Result<T>& result, Success success) {
  if (!result) return refusal(request, result.error());
  return success(*result);
}

}  // namespace mortise::api
