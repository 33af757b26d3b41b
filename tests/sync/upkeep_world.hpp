// Everything that goes on by itself, over the fakes: a service with push channels, one with signed
// notifications, and hosts that come and go.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fakes/executor.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_inbox_journal.hpp"
#include "fakes/memory_store.hpp"
#include "fakes/seeded_random.hpp"
#include "fakes/silent_publisher.hpp"
#include "sync/channels.hpp"
#include "sync/hooks.hpp"
#include "sync/intake.hpp"
#include "sync/scheduler.hpp"

namespace mortise::tests {

/// A service that opens channels and forgets them when their life is over.
struct PushService {
  struct Open {
    std::string token, address, resource, calendar;
    core::Instant expires_ms = 0;
  };
  std::map<std::string, Open> channels;
  std::int64_t life_ms = 7 * 86'400'000LL;
  bool tells_end = true;  ///< says when a channel ends
  int opened = 0, closed = 0, refused = 0;
  /// What becomes of a request; the default carries it out. "" = carry out, "swallow" = no answer
  /// ever, "lose" = carried out and the answer lost, "break" = carried out and answered with 502,
  /// "trouble" = carried out, and the connector reports what was opened and fails, "confirm" =
  /// carried out, and the connector asks for /confirm before it reports; else a status.
  std::function<std::string(const ports::ConnectorRequest&)> weather;
  /// Called when a channel was opened, before the answer goes out.
  std::function<void(const std::string& id)> on_open;
};

/// The connectors "cal" (a channel per calendar) and "pages" (one signed subscription for all).
std::shared_ptr<ports::Connectors> push_connectors();

/// Fills the secret in, as the real egress does, and asks the service, on the executor.
class PushEgress final : public ports::Egress {
 public:
  PushEgress(PushService& service, const ports::Clock& clock, ports::Executor& executor)
      : service_(service), clock_(clock), executor_(executor) {}
  void send(ports::EgressCall call, std::function<void(ports::ConnectorReply)> done) override;
  std::vector<ports::BudgetUse> budgets(const std::string&) const override { return {}; }
  core::JsonText record(const std::string&) const override { return "[]"; }
  std::vector<std::function<void()>> swallowed;  ///< calls that answer after all

 private:
  PushService& service_;
  const ports::Clock& clock_;
  ports::Executor& executor_;
};

/// Remembers what was asked for.
struct AskedRuns final : ports::RunQueue {
  struct Ask {
    std::string connection;
    core::RunTrigger trigger;
    core::Instant at_ms;
    friend bool operator==(const Ask&, const Ask&) = default;
  };
  explicit AskedRuns(const ports::Clock& clock) : clock_(clock) {}
  void kick(const std::string&) override {}
  void sync(const std::string& connection_id, core::RunTrigger trigger) override {
    asked.push_back({connection_id, trigger, clock_.now_ms()});
    if (on_sync) on_sync(connection_id, trigger);
  }
  Result<core::Run> sync_now(const std::string&, const std::string&) override { return nothing(); }
  Result<core::Run> cancel(const std::string&) override { return nothing(); }
  Result<core::Run> approve(const std::string&, const core::JsonText&) override {
    return nothing();
  }
  Result<core::Run> discard(const std::string&) override { return nothing(); }
  Result<ports::Preview> preview(const std::string&, const std::string&,
                                 std::shared_ptr<const ports::Mapping>) override {
    return Error{Code::unsupported, "not asked for here"};
  }
  std::vector<Ask> asked;
  std::function<void(const std::string& connection_id, core::RunTrigger)> on_sync;

 private:
  static Result<core::Run> nothing() { return Error{Code::unsupported, "not asked for here"}; }
  const ports::Clock& clock_;
};

struct CountedTokens final : ports::Tokens {
  void access(const std::string&, Done) override {}
  void renew(const std::string&, core::Secret, Done) override {}
  void keep_alive(const std::string& connection_id, Done done) override {
    ++kept[connection_id];
    done(core::Secret("token"));
  }
  std::map<std::string, int> kept;
};

struct FixedSecrets final : ports::Secrets {
  Result<core::Secret> find(const std::string& name) const override {
    const auto found = values.find(name);
    if (found == values.end()) return Error{Code::not_found, name + " is not set"};
    return core::Secret(found->second);
  }
  std::map<std::string, std::string> values;
};

struct NoMapper final : ports::Mapper {
  Result<std::shared_ptr<const ports::Mapping>> mapping(const std::string&) const override {
    return Error{Code::unsupported, "not asked for here"};
  }
};

struct NoGate final : ports::Gate {
  ports::Decision decide(const ports::Ask&, const ports::Used&) override { return {}; }
  ports::Decision limits(const std::string&) override { return {}; }
};

struct UpkeepWorld {
  explicit UpkeepWorld(std::string public_url = "https://sync.example.com");
  ~UpkeepWorld();

  /// Makes a connection of "cal" or "pages" and its account.
  void connect(const std::string& id, const std::string& connector = "cal",
               const std::string& target = "primary");
  core::Connection connection(const std::string& id) const;
  void edit(const std::string& id, const std::function<void(core::Connection&)>& change);
  /// A run looked at the service now, as its end would be stored.
  void synced(const std::string& id, std::int64_t failures = 0);
  /// The change by which all that waits in its inbox was looked at.
  ports::HandleNotifications handled(const std::string& id) const;
  void run_ended(const std::string& id, core::RunTrigger trigger, std::int64_t received);
  std::vector<core::Channel> channels(const std::string& id) const;
  ports::PushStatus push(const std::string& id) const;
  /// Lets `ms` pass with everything that falls due meanwhile.
  void pass(std::int64_t ms);
  void settle() { executor.run_until_idle(); }
  /// The process dies between two steps; another one starts on what is stored.
  void crash();
  /// Begins what the host begins at its start.
  void start();
  bool logged(const std::string& words) const;

  ports::Verdict knock(const std::string& connector, const std::string& channel,
                       const ports::HttpHeaders& headers, const std::string& body = "");
  /// A notification of an open channel, as the service sends it.
  ports::Verdict notify(const std::string& channel, const std::string& state = "exists",
                        const std::string& number = "2");

  fakes::QueueExecutor executor;
  fakes::ManualClock clock{fakes::ManualClock::kStart, &executor};
  fakes::SeededRandom random;
  fakes::MemoryStore store;
  fakes::MemoryInboxJournal journal;
  PushService service;
  PushEgress egress{service, clock, executor};
  std::shared_ptr<ports::Connectors> connectors = push_connectors();
  AskedRuns runs{clock};
  CountedTokens tokens;
  FixedSecrets secrets;
  std::vector<std::string> lines;
  sync::ScheduleOptions schedule;

  /// A process.
  struct Process {
    explicit Process(UpkeepWorld& world);
    sync::Intake intake;
    sync::VerifiedHooks hooks;
    sync::PushChannels channels;
    sync::Scheduler scheduler;
  };
  std::unique_ptr<Process> process;
  std::string public_url;

 private:
  friend struct Process;
  sync::Ports ports();
  fakes::SilentPublisher events_;
  NoGate gate_;
  NoMapper mapper_;
  std::vector<std::unique_ptr<Process>> dead_;
};

}  // namespace mortise::tests
