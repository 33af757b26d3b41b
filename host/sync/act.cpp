#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "core/hash.hpp"
#include "core/ids.hpp"
#include "core/item_key.hpp"
#include "core/names.hpp"
#include "core/occurrence.hpp"
#include "sync/execution.hpp"

namespace mortise::sync {
namespace {

using core::ActionKind;
using core::Pair;
using core::PairState;
using ports::Outcome;
using ports::OutcomeResult;

/// An item that fails so often is parked: reconciling again did not help.
constexpr int kMostAttempts = 3;

/// The service's own name of a request: in the header that most give it in, `x-request-id`,
/// `request-id`, `x-notion-request-id` (`client-request-id` is the asker's). Empty if it says none.
std::string request_name(const ports::HttpHeaders& headers) {
  const auto found = std::find_if(headers.begin(), headers.end(), [](const auto& header) {
    return header.first.ends_with("request-id") && !header.first.starts_with("client-");
  });
  if (found == headers.end() || found->second.size() > 128) return {};
  const bool is_name = std::all_of(found->second.begin(), found->second.end(),
                                   [](char c) { return c > ' ' && c < '\x7f'; });
  return is_name ? found->second : std::string();
}

std::string_view word(ActionKind kind) {
  switch (kind) {
    case ActionKind::create:
      return "create";
    case ActionKind::update:
      return "update";
    case ActionKind::remove:
    case ActionKind::forget:
      return "remove";
  }
  return "";
}

}  // namespace

void bury(const Pair& pair, core::Instant now_ms, ports::Changes& changes) {
  changes.push_back(ports::put(tombstone(pair, now_ms)));
  changes.push_back(ports::EraseSighting{pair.connection_id, sighting_id(pair)});
}

Task<Execution::Round> Execution::act(const Snapshot& snapshot, const core::ChangeList& changes) {
  acting_on_ = &snapshot;
  task_revs_.clear();
  for (const core::Task& task : snapshot.tasks) task_revs_.emplace(task.id, task.rev);
  contents_.emplace(snapshot.pairs);
  if (Status forgotten = forget_gone(changes); !forgotten) {
    co_return react(forgotten.error());
  }
  // Removals go first and alone: what replaces an item is made only when the old one is gone.
  std::set<std::string> left_standing;
  undecided_.clear();
  try_later_ = false;
  for (const Phase phase : {Phase::removals, Phase::rest}) {
    Task<std::optional<Round>> acting = act_phase(snapshot, changes, phase, left_standing);
    std::optional<Round> ended = co_await acting;
    if (ended) co_return *ended;
  }
  co_return try_later_ ? Round::later : Round::again;
}

Task<std::optional<Execution::Round>> Execution::act_phase(const Snapshot& snapshot,
                                                           const core::ChangeList& changes,
                                                           Phase phase,
                                                           std::set<std::string>& left_standing) {
  if (phase == Phase::rest && !left_standing.empty()) {
    // What moves out of a container that shall go, and does not yet, would stand there twice.
    for (const std::string& key : std::set<std::string>(left_standing)) {
      for (const Pair* pair : contents_->of(key)) left_standing.insert(pair->key);
    }
    // And a container that is made anew lets go what stands in the old one.
    for (const core::Action& action : changes.actions) {
      if (action.kind != ActionKind::create || !action.base) continue;
      const auto& inside = contents_->of(action.key);
      const bool holds = std::any_of(inside.begin(), inside.end(), [&](const Pair* pair) {
        return left_standing.contains(pair->key);
      });
      if (holds) left_standing.insert(action.key);
    }
  }
  Writes all = writes_of(changes, snapshot, options_);
  std::vector<std::size_t> todo;
  for (std::size_t i = 0; i < all.writes.size(); ++i) {
    const core::Action& action = changes.actions[all.index[i]];
    if ((action.kind == ActionKind::remove) != (phase == Phase::removals)) continue;
    const bool unplaced =
        action.kind == ActionKind::create && undecided_.contains(action.parent_key);
    if (unplaced || left_standing.contains(action.key) ||
        left_standing.contains(action.parent_key)) {
      left_standing.insert(action.key);
    } else {
      todo.push_back(i);
    }
  }
  place_behind_what_is_made(all.writes, todo);
  const std::size_t batch_size = largest_batch(snapshot);
  std::unordered_map<std::string, std::string> created;  // key -> id, by earlier batches
  for (std::size_t begin = 0; begin < todo.size() && !stopped(); begin += batch_size) {
    ports::Call call = call_for(snapshot, ports::Operation::write);
    std::vector<Pending> pending;
    for (std::size_t n = begin; n < std::min(todo.size(), begin + batch_size); ++n) {
      ports::Write write = all.writes[todo[n]];
      if (write.parent_id.empty() && created.contains(write.parent_key)) {
        write.parent_id = created[write.parent_key];
      }
      if (write.after_id.empty() && created.contains(write.after_key)) {
        write.after_id = created[write.after_key];
      }
      const core::Action& action = changes.actions[all.index[todo[n]]];
      pending.push_back({.action = action,
                         .intent = intent_of(action, write, todo[n]),
                         .doubted = doubts_.contains(write.once_key)});
      call.writes.push_back(std::move(write));
    }
    Task<Status> acting = act_batch(std::move(call), pending);
    Status status = co_await acting;
    if (!status) co_return react(status.error());
    for (const Pending& each : pending) {
      if (!each.done) left_standing.insert(each.action.key);
      // A removal that met an edit: it may come back, before or behind what is made beside it.
      const bool met = each.action.kind == ActionKind::remove && stale_.contains(each.action.key);
      if (met && !each.action.parent_key.empty()) undecided_.insert(each.action.parent_key);
      if (!each.intent.remote_id.empty()) created[each.action.key] = each.intent.remote_id;
    }
    if (exchange_->needs_reconnect()) co_return park(core::RunWait::reconnect);
    if (!try_later_) continue;
    // What waits would fail again; what depends on it, too.
    for (std::size_t n = begin + pending.size(); n < todo.size(); ++n) {
      left_standing.insert(changes.actions[all.index[todo[n]]].key);
    }
    break;
  }
  co_return std::nullopt;
}

core::Intent Execution::intent_of(const core::Action& action, const ports::Write& write,
                                  std::size_t ordinal) {
  core::Intent intent;
  const auto doubted = doubts_.find(write.once_key);
  intent.id = doubted == doubts_.end() ? new_id(core::kIntentPrefix) : doubted->second;
  intent.run_id = run_.id;
  intent.connection_id = run_.connection_id;
  intent.plan_id = plan_id_;
  intent.key = action.key;
  intent.kind = write.kind;
  intent.parent_key = write.parent_key;
  intent.parent_id = write.parent_id;
  intent.action = write.action;
  intent.once_key = write.once_key;
  intent.remote_id = write.id;
  intent.expect_version = write.if_version;
  intent.generation = action.generation;
  intent.ordinal = static_cast<std::int64_t>(ordinal);
  intent.fields = action.fields.empty() ? "{}" : action.fields;
  return intent;
}

Task<Status> Execution::act_batch(ports::Call call, std::vector<Pending>& pending) {
  ports::Started started = exchange_->connector().begin(call);
  ports::Step step = std::move(started.step);
  for (;;) {
    if (Status saved = commit_outcomes(pending, step.outcomes); !saved) co_return saved;
    ports_.failpoint("outcomes_committed");
    if (step.done() || stopped()) break;
    if (Status journaled = journal(pending, step.requests); !journaled) co_return journaled;
    ports_.failpoint("intents_committed");
    std::vector<std::vector<std::uint32_t>> carried;
    for (const ports::ConnectorRequest& request : step.requests) carried.push_back(request.writes);
    Task<std::vector<ports::ConnectorReply>> sending =
        exchange_->send_all(std::move(step.requests));
    std::vector<ports::ConnectorReply> replies = co_await sending;
    ports_.failpoint("replies_received");
    note_requests(carried, replies, pending);
    step = started.operation->resume(std::move(replies));
  }
  if (target_misses_ >= kMostAttempts) co_return Status(place_not_found(call.target));
  if (step.error) {
    try_later_ = true;
    last_error_ = step.error;
    retry_after_ms_ = std::max(retry_after_ms_, step.error->retry_after_ms.value_or(0));
    const Code code = step.error->code;
    const bool passing = code == Code::unavailable || code == Code::rate_limited ||
                         code == Code::cancelled || code == Code::unauthenticated;
    if (!passing && code != Code::conflict && code != Code::not_found && code != Code::stale) {
      co_return Status(*step.error);
    }
  }
  co_return Status();
}

/// How the service itself names the requests that carried writes out: the last one of each.
void Execution::note_requests(const std::vector<std::vector<std::uint32_t>>& carried,
                              const std::vector<ports::ConnectorReply>& replies,
                              std::vector<Pending>& pending) {
  for (std::size_t i = 0; i < std::min(carried.size(), replies.size()); ++i) {
    const std::string name = request_name(replies[i].reply.headers);
    for (const std::uint32_t write : carried[i]) {
      if (write < pending.size() && !name.empty()) pending[write].provider_request = name;
    }
  }
}

Status Execution::journal(std::vector<Pending>& pending,
                          const std::vector<ports::ConnectorRequest>& requests) {
  ports::Changes changes;
  ports::Durability durability = ports::Durability::relaxed;
  const core::Instant now_ms = ports_.clock.now_ms();
  for (const ports::ConnectorRequest& request : requests) {
    if (!request.repeatable) durability = ports::Durability::full;
    for (const std::uint32_t write : request.writes) {
      if (write >= pending.size() || pending[write].journaled) continue;
      pending[write].journaled = true;
      pending[write].intent.sent = true;
      pending[write].intent.at_ms = now_ms;
      changes.push_back(ports::put(pending[write].intent));
    }
  }
  if (changes.empty()) return {};
  if (Status same = check_place(); !same) return same;
  return ports_.store.commit(std::move(changes), durability);
}

Status Execution::commit_outcomes(std::vector<Pending>& pending,
                                  const std::vector<Outcome>& outcomes) {
  std::vector<std::pair<Pending*, const Outcome*>> reported;
  // (In order of the batch, which has parents before children.)
  for (const Outcome& outcome : outcomes) {
    if (outcome.write >= pending.size() || pending[outcome.write].reported) continue;
    Pending& each = pending[outcome.write];
    each.reported = true;
    const Error error = outcome.error.value_or(Error{Code::internal, "failed without a reason"});
    uncertain_.erase(each.action.key);
    if (outcome.result == OutcomeResult::failed) {
      note_failure(each, error);
      const bool met = each.action.kind == ActionKind::create && error.code == Code::conflict;
      if (met && !outcome.id.empty()) in_the_way_.emplace(outcome.id, each.action);
    }
    if (outcome.result == OutcomeResult::uncertain) note_doubt(each, error);
    if (outcome.result == OutcomeResult::done && each.action.kind == ActionKind::create) {
      each.intent.remote_id = outcome.id;
    }
    reported.emplace_back(&each, &outcome);
  }
  if (reported.empty() && unsaved_items_.empty()) return {};
  std::sort(reported.begin(), reported.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto with = [&](ports::Changes& changes, core::Run& run) {
    for (const auto& [each, outcome] : reported) {
      const bool gone = outcome->result == OutcomeResult::failed && outcome->error &&
                        outcome->error->code == Code::not_found;
      const bool written = outcome->result == OutcomeResult::done ||
                           outcome->result == OutcomeResult::created_id_unknown;
      if (each->action.kind == ActionKind::remove) {
        if (written || gone) commit_removed(*each, run, changes);
      } else if (written) {
        commit_written(*each, *outcome, run, changes);
      }
      // An uncertain one stays in the journal until recovery has looked, or it has its pair; also
      // when another try did not happen. So does an update that may have met itself.
      const bool unclear = outcome->result == OutcomeResult::uncertain || each->doubted ||
                           attempted_.contains(each->action.key);
      const bool settled = written || !unclear;
      if (each->journaled && settled) {
        changes.push_back(ports::EraseIntent{each->intent.id});
      }
    }
    if (run.counts.done > 0) settle_usage(changes, run, core::UsageState::committed);
  };
  Status saved = save_run(with);
  if (!saved) return saved;
  for (const auto& [each, outcome] : reported) {
    const bool written = outcome->result == OutcomeResult::done ||
                         outcome->result == OutcomeResult::created_id_unknown;
    const bool gone = outcome->result == OutcomeResult::failed && outcome->error &&
                      outcome->error->code == Code::not_found;
    each->done = written || (gone && each->action.kind == ActionKind::remove);
    if (each->done) lost_.erase(each->action.key);
  }
  return {};
}

/// What the pair says was made anew. A container is empty then: what the old one held is made anew,
/// too. Content that the same step made comes later in this commit (parents are reported first) or
/// later still.
void Execution::leave_behind(const Pair& old, core::Contents& contents,
                             ports::Changes& changes) const {
  // It has left what it stood in, which may be made anew by a later step.
  contents.take_out(old);
  for (const Pair* pair : contents.of(old.key)) {
    changes.push_back(ports::put(tombstone(*pair, ports_.clock.now_ms())));
  }
  // What was seen of the old one is history.
  changes.push_back(ports::EraseSighting{run_.connection_id, sighting_id(old)});
}

/// The pair of what a creation makes or an update changes, for the caller to say what is agreed on.
Pair Execution::pair_of(const core::Action& action) const {
  Pair pair = action.kind == ActionKind::update && action.base ? *action.base : Pair();
  pair.connection_id = run_.connection_id;
  pair.plan_id = plan_id_;
  pair.key = action.key;
  pair.kind = action.item_kind;
  pair.parent_key = action.parent_key;
  if (action.kind == ActionKind::create) pair.generation = action.generation;
  return pair;
}

void Execution::commit_written(const Pending& pending, const Outcome& outcome, core::Run& run,
                               ports::Changes& changes) {
  const core::Action& action = pending.action;
  wrote_there_ = true;
  target_misses_ = 0;
  if (action.kind == ActionKind::create && action.base) {
    leave_behind(*action.base, *contents_, changes);
  }
  Pair pair = pair_of(action);
  if (action.kind == ActionKind::create) {
    pair.remote_id = outcome.id;
    pair.remote_parent_id =
        outcome.parent_id.empty() ? pending.intent.parent_id : outcome.parent_id;
    pair.ordinal = outcome.ordinal;
  }
  pair.state = outcome.result == OutcomeResult::done ? PairState::paired : PairState::id_unknown;
  // Of what was cancelled there, nothing is left that anybody else has said.
  const bool whole =
      action.kind != ActionKind::update || action.base->seen == core::kCancelledOccurrence;
  if (acting_on_->pulls() || whole || outcome.fields.empty()) {
    agree(pair, action.fields, outcome.fields);
  } else {
    const core::JsonText before = pair.seen.empty() ? pair.fields : pair.seen;
    agree(pair, action.fields, core::seen_after_write(before, action.changed, outcome.fields));
  }
  pair.version = outcome.version;
  if (!outcome.memo.empty()) pair.memo = outcome.memo;
  if (!outcome.url.empty()) pair.url = outcome.url;
  pair.synced_ms = ports_.clock.now_ms();
  if (action.resets) {
    const auto task = ports_.store.plans().find_task(core::task_id_of(action.key));
    for (const Pair* each : contents_->of(action.key)) {
      changes.push_back(ports::EraseSighting{each->connection_id, sighting_id(*each)});
      changes.push_back(ports::put(forgotten(*acting_on_, *each, pair, task)));
    }
  }
  if (run.url.empty() && pair.parent_key.empty()) run.url = pair.url;
  changes.push_back(ports::put(std::move(pair)));
  core::RunItem item = run_item(pending, "done");
  item.url = outcome.url;
  changes.push_back(ports::put(std::move(item)));
  counted_.erase(counted_as(action));
  ++run.counts.done;
}

void Execution::commit_removed(const Pending& pending, core::Run& run, ports::Changes& changes) {
  const core::Instant now_ms = gone_ms();
  for (const Pair* pair : contents_->of(pending.action.key)) bury(*pair, now_ms, changes);
  // What somebody had put into it went along, and is made anew where it belongs.
  for (const Pair* pair : contents_->put_into(pending.action.base->remote_id)) {
    bury(*pair, now_ms, changes);
  }
  bury(*pending.action.base, now_ms, changes);
  changes.push_back(ports::put(run_item(pending, "done")));
  counted_.erase(counted_as(pending.action));
  ++run.counts.done;
}

void Execution::note_failure(const Pending& pending, const Error& error) {
  const core::Action& action = pending.action;
  switch (error.code) {
    case Code::unauthenticated:
    case Code::unavailable:
    case Code::rate_limited:
    case Code::cancelled:
      try_later_ = true;
      last_error_ = error;
      retry_after_ms_ = std::max(retry_after_ms_, error.retry_after_ms.value_or(0));
      return;
    case Code::not_found:
      if (action.kind == ActionKind::remove) return;  // what was wanted
      if (action.kind == ActionKind::create && action.parent_key.empty()) {
        ++target_misses_;  // one may have met a deletion there
        return;
      }
      lost_.insert(action.kind == ActionKind::create ? action.parent_key : action.key);
      break;
    case Code::conflict:
    case Code::stale:
      stale_.insert(action.key);
      // An earlier try, unanswered, may be why the service has moved on.
      if (action.kind == ActionKind::update) attempted_.emplace(action.key, action.fields);
      if (!action.slot.empty()) stale_.insert(action.parent_key);  // its series may have changed
      break;
    default:
      give_up(pending, error);
      return;
  }
  if (++attempts_[action.key] >= kMostAttempts) give_up(pending, error);
}

/// It may have happened: the next round looks, or reconciles again. One that is answered so again
/// and again must not keep the others waiting.
void Execution::note_doubt(const Pending& pending, const Error& error) {
  try_later_ = true;
  last_error_ = error;
  uncertain_.insert(pending.action.key);
  core::RunItem item = run_item(pending, "uncertain");
  item.code = code_name(error.code);
  item.message = error.message;
  unsaved_items_.push_back(std::move(item));
  const int enough = std::max(kMostAttempts, options_.give_up_after - 2);
  if (++attempts_[pending.action.key] >= enough) given_up_.emplace(pending.action.key, error);
}

/// How many are left out of this run that certainly did not happen.
std::int64_t Execution::given_up_for_certain() const {
  return std::count_if(given_up_.begin(), given_up_.end(),
                       [&](const auto& each) { return !uncertain_.contains(each.first); });
}

void Execution::give_up(const Pending& pending, const Error& error) {
  if (!given_up_.emplace(pending.action.key, error).second) return;
  core::RunItem item = run_item(pending, "failed");
  item.code = code_name(error.code);
  item.message = error.message;
  unsaved_items_.push_back(std::move(item));
}

void Execution::park_item(const ports::ParkedItem& item) {
  core::RunItem line;
  line.run_id = run_.id;
  line.key = item.key;
  line.title = item.title;
  line.action = "map";
  line.result = "parked";
  line.code = code_name(item.error.code);
  line.message = item.error.message;
  line.at_ms = ports_.clock.now_ms();
  unsaved_items_.push_back(std::move(line));
  ++run_.counts.parked;
}

Status Execution::forget_gone(const core::ChangeList& changes) {
  std::unordered_set<std::string_view> leaving;  // with a container that this list removes
  for (const core::Action& action : changes.actions) {
    if (action.kind != ActionKind::remove) continue;
    for (const Pair* pair : contents_->of(action.key)) leaving.insert(pair->key);
  }
  ports::Changes commit;
  for (const core::Action& action : changes.actions) {
    if (action.kind != ActionKind::forget || leaving.contains(action.key)) continue;
    bury(*action.base, ports_.clock.now_ms(), commit);
  }
  if (commit.empty()) return {};
  return ports_.store.commit(std::move(commit));
}

core::RunItem Execution::run_item(const Pending& pending, std::string result) const {
  const core::Action& action = pending.action;
  core::RunItem item;
  item.run_id = run_.id;
  item.key = action.key;
  item.kind = action.item_kind;
  item.title = action.title;
  item.action = word(action.kind);
  item.result = std::move(result);
  item.provider_request = pending.provider_request;
  item.plan_rev = acting_on_->plan.rev;
  const std::string task_id = core::task_id_of(action.key);
  if (const auto task = task_revs_.find(task_id); task != task_revs_.end()) {
    item.task_rev = task->second;
  } else if (!task_id.empty()) {  // it was removed here, so the change has no title either
    if (auto removed = ports_.store.plans().find_task(task_id)) {
      item.task_rev = removed->rev;
      item.title = std::move(removed->title);
    }
  }
  item.at_ms = ports_.clock.now_ms();
  return item;
}

}  // namespace mortise::sync
