#include "sync/intake.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/ids.hpp"
#include "core/log_value.hpp"
#include "core/schedule.hpp"
#include "ports/random.hpp"

namespace mortise::sync {
namespace {

constexpr std::int64_t kStoreRetryMs = 5'000;
/// A channel's last sign of life need not be known better.
constexpr std::int64_t kHeardMs = core::kMinuteMs;
constexpr int kCommitTries = 5;

}  // namespace

Intake::Intake(Ports ports, ports::InboxJournal& journal, ports::RunQueue& runs)
    : ports_(std::move(ports)), journal_(journal), runs_(runs) {}

void Intake::wake() {
  {
    const std::lock_guard lock(mutex_);
    again_ = true;
    if (busy_) return;
    if (!under_way_.begin()) return;
    busy_ = true;
  }
  ports_.executor.post([this] { work_off(); });
}

void Intake::work_off() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (!again_ || under_way_.stopped()) {
        busy_ = false;
        break;
      }
      again_ = false;
    }
    const ports::InboxJournal::Pending pending = journal_.pending();
    if (pending.received.empty()) continue;
    Status taken = take_over(pending.received);
    for (int tries = 1; !taken && taken.error().code == Code::conflict && tries < kCommitTries;
         ++tries) {
      taken = take_over(pending.received);  // a connection was edited, or ended with its account
    }
    if (!taken) {
      if (ports_.log) {
        ports_.log("error", "event=inbox_waits message=" + core::log_value(taken.error().message));
      }
      ports_.timers.after(kStoreRetryMs, [this] { wake(); });
      continue;
    }
    journal_.drop(pending.mark);
  }
  under_way_.end();
}

/// Commits a batch and asks for what follows from it. What was known already changes nothing.
Status Intake::take_over(const std::vector<ports::Received>& batch) {
  ports::Changes changes;
  std::vector<core::Connection> all;
  std::map<std::string, core::Rev> connections;
  std::set<std::pair<std::string, std::string>> names;
  std::set<std::pair<std::string, core::Instant>> heard;
  for (const ports::Received& received : batch) {
    core::Notification notification = received.notification;
    const std::string& provider_id = notification.provider_id;
    if (!provider_id.empty()) {
      if (!names.emplace(notification.connector, provider_id).second) continue;
      auto seen = ports_.store.inbox().seen(notification.connector, provider_id);
      if (!seen) return std::move(seen).error();
      if (*seen) continue;
    }
    if (!notification.channel_id.empty()) {
      heard.emplace(notification.channel_id, notification.received_ms);
    }
    bool first = true;
    auto concerned = connections_of(received, all);
    if (!concerned) return std::move(concerned).error();
    for (const auto& [connection, rev] : *concerned) {
      if (!std::exchange(first, false)) {
        notification.id =
            ports::new_id(core::kNotificationPrefix, notification.received_ms, ports_.random);
      }
      notification.connection_id = connection;
      connections.emplace(connection, rev);
      changes.push_back(ports::put(notification));
    }
  }
  for (const auto& [connection, rev] : connections) {
    changes.push_back(ports::ExpectRev{ports::ExpectRev::Of::connection, connection, rev});
  }
  if (!changes.empty()) {
    Status kept = ports_.store.commit(std::move(changes), ports::Durability::full);
    if (!kept) return kept;
  }
  for (const auto& [connection, rev] : connections) {
    runs_.sync(connection, core::RunTrigger::notification);
  }
  for (const auto& [channel, at_ms] : heard) note_heard(channel, at_ms);
  return {};
}

/// The connections that are read because of it, and their revisions.
Result<std::map<std::string, core::Rev>> Intake::connections_of(
    const ports::Received& received, std::vector<core::Connection>& all) const {
  const core::Notification& notification = received.notification;
  std::map<std::string, core::Rev> found;
  if (!notification.connection_id.empty()) {
    auto connection = ports_.store.connections().find(notification.connection_id);
    if (!connection && connection.error().code != Code::not_found) {
      return std::move(connection).error();
    }
    if (connection && core::pulls_by_itself(*connection))
      found.emplace(connection->id, connection->rev);
    return found;
  }
  if (all.empty()) {
    auto listed = ports_.store.connections().list_all();
    if (!listed) return std::move(listed).error();
    all = std::move(*listed);
  }
  for (const core::Connection& connection : all) {
    if (connection.connector != notification.connector ||
        connection.identity.workspace_id != received.workspace_id || connection.target.id.empty()) {
      continue;  // where nothing of ours stands, nothing of it is edited
    }
    if (core::pulls_by_itself(connection)) found.emplace(connection.id, connection.rev);
  }
  return found;
}

void Intake::note_heard(const std::string& channel_id, core::Instant at_ms) {
  auto channel = ports_.store.channels().find(channel_id);
  if (!channel || channel->notified_ms.value_or(0) + kHeardMs > at_ms) return;
  channel->notified_ms = at_ms;
  // Whoever writes it at the same moment wins: the next notification says it again.
  (void)ports_.store.commit({ports::put(std::move(*channel))}, ports::Durability::relaxed);
}

}  // namespace mortise::sync
