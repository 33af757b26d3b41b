// The words that stand for enumerators in JSON, SQL, Lua and messages: one table per enum. Stored
// text depends on them: a word never changes.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/merge.hpp"
#include "core/records.hpp"
#include "core/sync_records.hpp"

namespace mortise::core {

template <class Enum>
struct Named {
  Enum value;
  std::string_view name;
};

/// All enumerators of `Enum` with their words, in order of declaration.
template <class Enum>
std::span<const Named<Enum>> names_of();

template <>
std::span<const Named<TaskStatus>> names_of<TaskStatus>();
template <>
std::span<const Named<TaskKind>> names_of<TaskKind>();
template <>
std::span<const Named<ScheduleKind>> names_of<ScheduleKind>();
template <>
std::span<const Named<ScheduleOrigin>> names_of<ScheduleOrigin>();
template <>
std::span<const Named<ConnectionStatus>> names_of<ConnectionStatus>();
template <>
std::span<const Named<Direction>> names_of<Direction>();
template <>
std::span<const Named<ItemState>> names_of<ItemState>();
template <>
std::span<const Named<ChannelState>> names_of<ChannelState>();
template <>
std::span<const Named<MergePolicy>> names_of<MergePolicy>();
template <>
std::span<const Named<Kept>> names_of<Kept>();
template <>
std::span<const Named<PairState>> names_of<PairState>();
template <>
std::span<const Named<WriteAction>> names_of<WriteAction>();
template <>
std::span<const Named<RunKind>> names_of<RunKind>();
template <>
std::span<const Named<RunTrigger>> names_of<RunTrigger>();
template <>
std::span<const Named<RunState>> names_of<RunState>();
template <>
std::span<const Named<RunWait>> names_of<RunWait>();
template <>
std::span<const Named<UsageState>> names_of<UsageState>();

/// The word of an enumerator; empty for a value outside the enum.
template <class Enum>
std::string_view name_of(Enum value) {
  for (const Named<Enum>& named : names_of<Enum>()) {
    if (named.value == value) return named.name;
  }
  return {};
}

/// The enumerator of a word, exactly as spelled.
template <class Enum>
std::optional<Enum> from_name(std::string_view name) {
  for (const Named<Enum>& named : names_of<Enum>()) {
    if (named.name == name) return named.value;
  }
  return std::nullopt;
}

}  // namespace mortise::core
