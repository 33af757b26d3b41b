// What all saves share: refusals, and another try when another writer came first.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include <mortise/result.hpp>

#include "core/problem.hpp"
#include "core/records.hpp"
#include "ports/service.hpp"

namespace mortise::service {

ports::Refusal refuse(Error error);
/// `what`: the document, as in "the task".
ports::Refusal refuse(const std::vector<core::Problem>& problems, std::string_view what);

/// A plan with so many tasks is full: none more can be added. Nothing if it is not.
std::optional<ports::Refusal> refuse_full(std::size_t tasks);

/// `what` was read at revision `wanted`, and is at `stored` now.
Error stale(std::string_view what, core::Rev wanted, core::Rev stored);

/// Another writer may come first so often before we say so.
inline constexpr int kMostRaces = 20;

/// Runs `attempt`, which reads, changes and commits, until it was not overtaken by another writer.
template <class T, class Try>
ports::Answer<T> retried(const Try& attempt, int most_races = kMostRaces) {
  for (int race = 0;; ++race) {
    ports::Answer<T> answer = attempt();
    const auto* refusal = std::get_if<ports::Refusal>(&answer);
    if (refusal == nullptr || race == most_races) return answer;
    // An external id may have been taken by the same import at the same time: once more tells.
    const std::string& reason = refusal->error.reason;
    const bool taken = reason == "external_id_taken" && race == 0;
    if (reason != "rev_conflict" && !taken) return answer;
  }
}

}  // namespace mortise::service
