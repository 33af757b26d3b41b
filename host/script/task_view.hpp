// How records look to a mapping: tables with the words of the API. Empty values are absent.
// Internal to host/script; raises Lua errors when memory ends.
#pragma once

#include <lua.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "ports/mapper.hpp"

namespace mortise::script {

/// The tasks of one plan, by where they belong. Borrows the input.
class TaskGroups {
 public:
  explicit TaskGroups(const ports::MappingInput& input);

  /// "all", "other" (in no week of the plan), or a week's id. Indexes into input.tasks.
  const std::vector<std::size_t>& of(const std::string& group) const;
  /// "week 3, module Basics" for a task: the week and module that hold it, or null.
  struct Place {
    const core::Module* module = nullptr;
    const core::Week* week = nullptr;
  };
  Place place(const core::Task& task) const;

 private:
  std::unordered_map<std::string, std::vector<std::size_t>> groups_;
  std::unordered_map<std::string, Place> places_;
};

/// The zone that times of the plan's tasks mean when they name none: the plan's, the account's, the
/// host's.
std::string default_zone(const ports::MappingInput& input);

/// A plan as plan() sees it: its own fields, modules > weeks, and handles of tasks in place of the
/// tasks, so that memory does not grow with them.
void push_plan(lua_State* L, const ports::MappingInput& input, const TaskGroups& groups);

/// A task as the lines of `fields` see it.
void push_task(lua_State* L, const core::Task& task, const ports::MappingInput& input,
               const TaskGroups& groups);

/// What is around a task: { settings, plan, account, zone, link_base }. Settings with defaults.
void push_here(lua_State* L, const ports::MappingInput& input, const core::JsonText& settings);

}  // namespace mortise::script
