// One piece of news on its way into a task: what receive.cpp works on, and conflicts.cpp tells of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sync/execution.hpp"

namespace mortise::sync {

/// One piece of news under way.
struct Execution::Reception {
  const Snapshot& snapshot;
  const core::Receive& news;
  const core::Sighting* sighting = nullptr;  ///< null: nobody saw it, it was linked
  core::Json patch = core::Json::object();   ///< what changes of the task
  std::vector<std::string> taken = {};       ///< item fields that it takes over
  std::string remark = {};                   ///< for the run's line
  std::vector<core::FieldConflict> conflicts = {};
  std::string policy = {};
  std::optional<core::Task> before = {}, after = {};
};

/// An object; one without members where the text says none.
inline core::Json parsed(const core::JsonText& text) {
  core::Json json = core::Json::parse(text, nullptr, false);
  return json.is_object() ? json : core::Json::object();
}

}  // namespace mortise::sync
