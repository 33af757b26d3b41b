// Faults on request: rules that say which answers go wrong, and how.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "simulators/common/http.hpp"

namespace mortise::simulators {

/// What goes wrong with one request.
struct Fault {
  enum class Kind {
    status,          ///< a provider-shaped error, nothing done
    status_after,    ///< a provider-shaped error although the request took effect
    drop_before,     ///< connection closed, nothing done
    drop_after,      ///< connection closed, the request took effect
    hold_after,      ///< took effect, answer withheld (POST /control/holds/release)
    slow_body,       ///< took effect, the body dribbles over delay_ms
    truncated_json,  ///< took effect, the body ends in the middle
    delay,           ///< took effect, after delay_ms
    html_403,        ///< a page of the network's edge instead of an answer, nothing done
  };
  Kind kind = Kind::status;
  int status = 0;                    ///< for status and status_after
  std::optional<int> retry_after_s;  ///< for 429 and 529
  bool says_committed = false;  ///< status_after: tells what was committed, where the provider does
  int delay_ms = 0;
  std::string name;  ///< as in the rule: "429", "503_after", "drop_after" ...

  bool before() const {
    return kind == Kind::status || kind == Kind::drop_before || kind == Kind::html_403;
  }
};

/// The facts of a request that a rule can match.
struct FaultSubject {
  std::string provider;
  std::string method;
  std::string path;
  std::string route;
  bool write = false;
};

/// Thread-safe. Rules are tried in the order they were added; each counts every request it matches,
/// and the first that fires wins.
class Faults {
 public:
  /// Adds a rule (see control.hpp for its form); answers its id, or a sentence that says what is
  /// wrong.
  struct Added {
    int id = 0;
    std::string problem;
  };
  Added add(const Json& rule);
  std::optional<Fault> next(const FaultSubject& subject);
  void clear();
  bool remove(int id);
  /// The rules with how often each matched and fired.
  Json list() const;

 private:
  struct Rule {
    int id = 0;
    std::string provider, method, path_prefix, route;
    std::optional<bool> write;
    std::int64_t nth = 0, every = 0, times = 0;
    std::optional<double> probability;
    std::mt19937_64 random;
    std::vector<Fault> faults;  ///< one, or those a chaos rule picks from
    std::string text;           ///< the rule as given
    std::int64_t matched = 0, fired = 0;
  };
  static bool matches(const Rule& rule, const FaultSubject& subject);
  static bool fires(Rule& rule);

  mutable std::mutex mutex_;
  std::vector<Rule> rules_;
  int last_id_ = 0;
};

}  // namespace mortise::simulators
