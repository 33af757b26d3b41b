// The pages of one listing, followed to the last. Pure.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <mortise/result.hpp>

namespace google_calendar {

class Pages {
 public:
  /// The pageToken to ask with; empty: the first page, and after follow() that there is no more.
  const std::string& token() const { return token_; }
  /// Takes the nextPageToken of an answer, empty on the last page. `unavailable` if it came before:
  /// such pages would never end. `what`: what is being tried, "listing the calendar".
  mortise::Status follow(std::string next, std::string_view what) {
    if (!next.empty() && !seen_.insert(next).second) {
      return mortise::Error{mortise::Code::unavailable,
                            std::string(what) + ": Google's pages do not end"};
    }
    token_ = std::move(next);
    return {};
  }

 private:
  std::string token_;
  std::set<std::string> seen_;
};

}  // namespace google_calendar
