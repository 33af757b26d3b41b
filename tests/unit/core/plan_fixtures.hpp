// What the tests of plan shapes, merging and timing share.
#pragma once

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/plan_shapes.hpp"
#include "core/record_json.hpp"

namespace mortise::core {

/// Ids that count up: the same in every run.
inline NewId counting_ids(std::uint64_t first = 1) {
  return [next = first](std::string_view prefix) mutable {
    std::array<std::byte, 10> random{};
    for (std::size_t byte = 0; byte < 8; ++byte)
      random[9 - byte] = static_cast<std::byte>(next >> (8 * byte));
    ++next;
    return make_id(prefix, 1'795'000'000'000, random);
  };
}

inline ImportedPlan import_text(std::string_view text, std::uint64_t first_id = 1) {
  Read<ImportedPlan> read = read_plan_document(parse_json(text).value(), counting_ids(first_id));
  for (const Problem& problem : read.problems)
    UNSCOPED_INFO(problem.pointer << ": " << problem.detail);
  REQUIRE(read.ok());
  return std::move(*read.value);
}

/// The canonical document of a plan and its tasks, ids included.
inline Json plan_document(const Plan& plan, const std::vector<Task>& tasks) {
  Json document = to_json(plan);
  const auto tasks_of = [&tasks](const std::string& week_id) {
    Json list = Json::array();
    for (const Task& task : tasks) {
      if (task.week_id == week_id) list.push_back(to_json(task));
    }
    return list;
  };
  for (Json& module : document["modules"]) {
    for (Json& week : module["weeks"]) week["tasks"] = tasks_of(week["id"].get<std::string>());
  }
  if (Json loose = tasks_of(""); !loose.empty()) document["tasks"] = std::move(loose);
  return document;
}

/// The text of a file of the shared data, or nothing where there is none.
inline std::optional<std::string> shared_file(const std::string& path) {
  const char* const shared = std::getenv("MORTISE_SHARED");
  const std::string root = shared != nullptr ? shared : MORTISE_SOURCE_DIR "/../shared";
  std::ifstream file(root + "/" + path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace mortise::core
