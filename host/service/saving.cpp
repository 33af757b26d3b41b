#include "service/saving.hpp"

#include <fmt/format.h>

#include "core/bounds.hpp"

namespace mortise::service {

ports::Refusal refuse(Error error) {
  return {std::move(error), {}, std::nullopt};
}

ports::Refusal refuse(const std::vector<core::Problem>& problems, std::string_view what) {
  ports::Refusal refusal;
  refusal.error = {
      Code::invalid,
      fmt::format("{}: {} problem{}", what, problems.size(), problems.size() == 1 ? "" : "s"),
      "invalid_document"};
  for (const core::Problem& problem : problems) {
    refusal.complaints.push_back({problem.pointer, problem.detail});
  }
  return refusal;
}

std::optional<ports::Refusal> refuse_full(std::size_t tasks) {
  if (tasks < core::kMaxTasks) return std::nullopt;
  return refuse({{"", fmt::format("a plan has at most {} tasks", core::kMaxTasks)}}, "the task");
}

Error stale(std::string_view what, core::Rev wanted, core::Rev stored) {
  return {Code::conflict,
          fmt::format("{} was changed meanwhile: it has revision {}, not {}", what, stored, wanted),
          "precondition_failed"};
}

}  // namespace mortise::service
