#include "core/names.hpp"

namespace mortise::core {

template <>
std::span<const Named<TaskStatus>> names_of<TaskStatus>() {
  static constexpr Named<TaskStatus> kNames[] = {
      {TaskStatus::todo, "todo"},
      {TaskStatus::doing, "doing"},
      {TaskStatus::done, "done"},
      {TaskStatus::cancelled, "cancelled"},
  };
  return kNames;
}

template <>
std::span<const Named<TaskKind>> names_of<TaskKind>() {
  static constexpr Named<TaskKind> kNames[] = {
      {TaskKind::task, "task"},
      {TaskKind::session, "session"},
      {TaskKind::appointment, "appointment"},
  };
  return kNames;
}

template <>
std::span<const Named<ScheduleKind>> names_of<ScheduleKind>() {
  static constexpr Named<ScheduleKind> kNames[] = {
      {ScheduleKind::none, "none"},
      {ScheduleKind::timed, "timed"},
      {ScheduleKind::all_day, "all_day"},
  };
  return kNames;
}

template <>
std::span<const Named<ScheduleOrigin>> names_of<ScheduleOrigin>() {
  static constexpr Named<ScheduleOrigin> kNames[] = {
      {ScheduleOrigin::computed, "computed"},
      {ScheduleOrigin::person, "person"},
  };
  return kNames;
}

template <>
std::span<const Named<ConnectionStatus>> names_of<ConnectionStatus>() {
  static constexpr Named<ConnectionStatus> kNames[] = {
      {ConnectionStatus::connected, "connected"},
      {ConnectionStatus::needs_reconnect, "needs_reconnect"},
      {ConnectionStatus::error, "error"},
      {ConnectionStatus::disconnected, "disconnected"},
  };
  return kNames;
}

template <>
std::span<const Named<Direction>> names_of<Direction>() {
  static constexpr Named<Direction> kNames[] = {
      {Direction::both, "both"},
      {Direction::push, "push"},
      {Direction::pull, "pull"},
  };
  return kNames;
}

template <>
std::span<const Named<ItemState>> names_of<ItemState>() {
  static constexpr Named<ItemState> kNames[] = {
      {ItemState::present, "present"},
      {ItemState::deleted, "deleted"},
      {ItemState::absent, "absent"},
      {ItemState::out_of_scope, "out_of_scope"},
  };
  return kNames;
}

template <>
std::span<const Named<ChannelState>> names_of<ChannelState>() {
  static constexpr Named<ChannelState> kNames[] = {
      {ChannelState::opening, "opening"},
      {ChannelState::open, "open"},
      {ChannelState::closing, "closing"},
  };
  return kNames;
}

template <>
std::span<const Named<MergePolicy>> names_of<MergePolicy>() {
  static constexpr Named<MergePolicy> kNames[] = {
      {MergePolicy::merge, "merge"},
      {MergePolicy::newest, "newest"},
      {MergePolicy::local, "local"},
      {MergePolicy::remote, "remote"},
  };
  return kNames;
}

template <>
std::span<const Named<Kept>> names_of<Kept>() {
  static constexpr Named<Kept> kNames[] = {
      {Kept::here, "here"},
      {Kept::there, "there"},
      {Kept::both, "both"},
  };
  return kNames;
}

template <>
std::span<const Named<PairState>> names_of<PairState>() {
  static constexpr Named<PairState> kNames[] = {
      {PairState::paired, "paired"},
      {PairState::id_unknown, "id_unknown"},
      {PairState::set_aside, "set_aside"},
      {PairState::tombstone, "tombstone"},
  };
  return kNames;
}

template <>
std::span<const Named<WriteAction>> names_of<WriteAction>() {
  static constexpr Named<WriteAction> kNames[] = {
      {WriteAction::create, "create"},
      {WriteAction::update, "update"},
      {WriteAction::remove, "remove"},
      {WriteAction::move, "move"},
  };
  return kNames;
}

template <>
std::span<const Named<RunKind>> names_of<RunKind>() {
  static constexpr Named<RunKind> kNames[] = {
      {RunKind::export_plan, "export"},
      {RunKind::sync, "sync"},
  };
  return kNames;
}

template <>
std::span<const Named<RunTrigger>> names_of<RunTrigger>() {
  static constexpr Named<RunTrigger> kNames[] = {
      {RunTrigger::user, "user"},
      {RunTrigger::change, "change"},
      {RunTrigger::schedule, "schedule"},
      {RunTrigger::reconnect, "reconnect"},
      {RunTrigger::notification, "notification"},
  };
  return kNames;
}

template <>
std::span<const Named<RunState>> names_of<RunState>() {
  static constexpr Named<RunState> kNames[] = {
      {RunState::queued, "queued"},       {RunState::running, "running"},
      {RunState::waiting, "waiting"},     {RunState::succeeded, "succeeded"},
      {RunState::partial, "partial"},     {RunState::failed, "failed"},
      {RunState::cancelled, "cancelled"},
  };
  return kNames;
}

template <>
std::span<const Named<RunWait>> names_of<RunWait>() {
  static constexpr Named<RunWait> kNames[] = {
      {RunWait::none, "none"},         {RunWait::budget, "budget"},       {RunWait::retry, "retry"},
      {RunWait::approval, "approval"}, {RunWait::reconnect, "reconnect"},
  };
  return kNames;
}

template <>
std::span<const Named<UsageState>> names_of<UsageState>() {
  static constexpr Named<UsageState> kNames[] = {
      {UsageState::none, "none"},
      {UsageState::reserved, "reserved"},
      {UsageState::committed, "committed"},
      {UsageState::released, "released"},
  };
  return kNames;
}

}  // namespace mortise::core
