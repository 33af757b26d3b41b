// The part of Connecting about where a connection works.
#include "core/hash.hpp"
#include "core/item_key.hpp"
#include "core/reconcile.hpp"
#include "ports/drive.hpp"
#include "service/connect.hpp"
#include "service/granted.hpp"

namespace mortise::service {
namespace {

constexpr int kCommitTries = 5;

using Choices = std::vector<ports::TargetChoice>;

}  // namespace

void Connecting::drive_targets(const std::string& connection_id, ports::Call call,
                               std::function<void(Result<Choices>)> done) {
  const auto fail = [this, &done](Error error) {
    ports_.executor.post([done = std::move(done), error = std::move(error)] { done(error); });
  };
  auto connection = ports_.store.connections().find(connection_id);
  if (!connection.ok()) return fail(std::move(connection).error());
  if (auto usable = check_usable(*connection); !usable.ok()) return fail(std::move(usable).error());
  const auto connector = ports_.connectors.find(connection->connector);
  if (!connector) {
    return fail({Code::unavailable, "connector " + connection->connector + " is not loaded",
                 "connector_missing"});
  }
  call.now_ms = ports_.clock.now_ms();
  call.settings = ports::connector_settings(connector->manifest(), connection->settings);
  call.target = connection->target;
  const auto send = [this, connection_id](ports::ConnectorRequest request,
                                          std::function<void(ports::ConnectorReply)> reply) {
    ports::EgressCall out;
    out.connection_id = connection_id;
    out.request = std::move(request);
    ports_.egress.send(std::move(out), std::move(reply));
  };
  const auto end = [this, connection_id, connector, done = std::move(done)](ports::Step step) {
    if (!step.error) return done(std::move(step.targets));
    // What the connector cannot do, or does wrong, is no failure of the service.
    const Code code = step.error->code;
    if (code == Code::unsupported || code == Code::internal) return done(*step.error);
    done(failure_there(*step.error, ports_.store.connections().find(connection_id)));
  };
  ports_.executor.post([connector, call = std::move(call), send, end] {
    ports::drive(connector->begin(call), send, end);
  });
}

void Connecting::targets(const std::string& connection_id,
                         std::function<void(Result<Choices>)> done) {
  ports::Call call;
  call.operation = ports::Operation::targets;
  drive_targets(connection_id, std::move(call), std::move(done));
}

void Connecting::choose_target(const std::string& connection_id, const std::string& target_id,
                               std::function<void(Result<core::Connection>)> done) {
  targets(connection_id, [this, connection_id, target_id, done](Result<Choices> choices) {
    if (!choices.ok()) return done(std::move(choices).error());
    for (const ports::TargetChoice& choice : *choices) {
      if (choice.target.id != target_id) continue;
      if (choice.read_only) {
        return done(Error{Code::forbidden, "'" + choice.target.title + "' can only be read",
                          "target_read_only"});
      }
      return done(keep_target(connection_id, choice.target));
    }
    done(Error{Code::not_found, "the service lists no such place", "target_missing"});
  });
}

void Connecting::make_target(const std::string& connection_id, const std::string& title,
                             std::function<void(Result<core::Connection>)> done) {
  ports::Call call;
  call.operation = ports::Operation::make_target;
  call.title = title;
  // The same title asked for again makes nothing new where the service lets us choose ids.
  call.once_key = core::sha256_hex(connection_id + "\n" + title).substr(0, 32);
  drive_targets(connection_id, std::move(call),
                [this, connection_id, done](Result<Choices> choices) {
                  if (!choices.ok()) return done(std::move(choices).error());
                  if (choices->empty()) {
                    return done(Error{Code::unavailable, "the service made no such place"});
                  }
                  done(keep_target(connection_id, choices->front().target));
                });
}

/// Whether anything stands at the service in the present place, or may: it would be left behind
/// there.
bool Connecting::holds_items(const std::string& connection_id) const {
  auto intents = ports_.store.journal().open_intents(connection_id);
  if (!intents.ok() || !intents->empty()) return true;
  auto plans = ports_.store.pairs().plans(connection_id);
  if (!plans.ok()) return false;
  for (const std::string& plan : *plans) {
    auto pairs = ports_.store.pairs().of_plan(connection_id, plan);
    if (!pairs.ok()) continue;
    for (const core::Pair& pair : *pairs) {
      // What appeared from there is the person's: it stays there, and goes here.
      const bool ours = !pair.appeared && !core::names_occurrence(pair.key);
      if (pair.state != core::PairState::tombstone && ours) return true;
    }
  }
  return false;
}

/// Whether the last run found that the place where the connection works is not there any more.
bool Connecting::lost_target(const std::string& connection_id) const {
  auto state = ports_.store.sync_states().find(connection_id);
  return state.ok() && state->error_reason == core::kTargetGone;
}

/// What was seen in the old place means nothing in the new one; appointments that only mirrored it
/// go, softly. What was ours there is made anew, without counting as removed.
/// Answers the plans that lose any.
Result<std::set<std::string>> Connecting::leave_target(const std::string& connection_id,
                                                       ports::Changes& changes) const {
  std::set<std::string> changed_plans;
  changes.push_back(ports::EraseSightings{connection_id});
  changes.push_back(ports::EraseBookmarks{connection_id});
  auto intents = ports_.store.journal().open_intents(connection_id);
  if (!intents.ok()) return std::move(intents).error();
  for (const core::Intent& intent : *intents) changes.push_back(ports::EraseIntent{intent.id});
  core::SyncState not_looked_yet;
  not_looked_yet.connection_id = connection_id;
  changes.push_back(ports::put(std::move(not_looked_yet)));
  auto pairs = ports_.store.pairs().of_connection(connection_id);
  if (!pairs.ok()) return std::move(pairs).error();
  for (const core::Pair& pair : *pairs) {
    if (pair.state == core::PairState::tombstone) continue;
    if (!pair.appeared) {
      changes.push_back(ports::put(core::tombstone(pair, 0)));
      continue;
    }
    changes.push_back(ports::ErasePair{connection_id, pair.plan_id, pair.key});
    auto task = ports_.store.plans().find_task(core::task_id_of(pair.key));
    if (!task.ok() || task->deleted_ms) continue;
    task->deleted_ms = task->updated_ms = ports_.clock.now_ms();
    changed_plans.insert(task->plan_id);
    changes.push_back(ports::put(*std::move(task)));
  }
  return changed_plans;
}

/// Whether another connection of the account works in this place: each would take what the other
/// writes for the person's own.
Result<bool> Connecting::works_elsewhere(const core::Connection& connection,
                                         const core::Target& target) const {
  auto all = ports_.store.connections().list(connection.account_id);
  if (!all.ok()) return std::move(all).error();
  return std::any_of(all->begin(), all->end(), [&](const core::Connection& other) {
    return other.id != connection.id && other.connector == connection.connector &&
           other.status != core::ConnectionStatus::disconnected && other.target.id == target.id;
  });
}

Result<core::Connection> Connecting::keep_target(const std::string& connection_id,
                                                 const core::Target& target) {
  for (int tries = 1;; ++tries) {
    auto connection = ports_.store.connections().find(connection_id);
    if (!connection.ok()) return connection;
    const bool elsewhere = connection->target.id != target.id;
    const bool moves = elsewhere && !connection->target.id.empty();
    if (moves && !lost_target(connection_id) && holds_items(connection_id)) {
      return Error{Code::conflict,
                   "exported plans stand where this connection works now: connect another account "
                   "of the service to work elsewhere, or remove the plans first (what stands there "
                   "can be kept) and restore them afterwards",
                   "target_in_use"};
    }
    auto taken = works_elsewhere(*connection, target);
    if (!taken.ok()) return std::move(taken).error();
    if (elsewhere && *taken) {
      return Error{
          Code::conflict,
          "another connection of this account works there already: all would be there twice",
          "target_taken"};
    }
    ports::Changes changes;
    std::set<std::string> changed_plans;
    if (moves) {
      auto left = leave_target(connection_id, changes);
      if (!left.ok()) return std::move(left).error();
      changed_plans = *std::move(left);
    }
    connection->target = target;
    connection->updated_ms = ports_.clock.now_ms();
    changes.push_back(ports::put(*connection));
    auto status = ports_.store.commit(std::move(changes), ports::Durability::full);
    if (status.ok()) {
      ++connection->rev;
      ports_.upkeep.look(connection_id);
      for (const std::string& plan : changed_plans) {
        ports_.changed.plan_saved(connection->account_id, plan, {});
      }
      if (elsewhere && connection->auto_sync) ports_.changed.connection_ready(connection_id);
      return connection;
    }
    if (status.error().code != Code::conflict || tries >= kCommitTries) {
      return std::move(status).error();
    }
  }
}

}  // namespace mortise::service
