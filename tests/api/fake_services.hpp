// The use cases behind the API, over a store in memory: as much of each as the API can show. Plans
// are read and merged by the core's own rules; runs end when a test says so.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/services.hpp"
#include "fakes/executor.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "fakes/seeded_random.hpp"

namespace mortise::tests {

class FakePlans final : public ports::PlanEditing {
 public:
  FakePlans(ports::Store& store, const ports::Clock& clock, ports::Random& random)
      : store_(store), clock_(clock), random_(random) {}
  ports::Answer<core::Account> put_account(const std::string&, const core::JsonText&,
                                           std::optional<core::Rev>, const std::string&) override;
  ports::Answer<ports::ImportReport> import(const std::string&, const core::JsonText&,
                                            const std::string&) override;
  ports::Answer<core::Plan> edit_plan(const std::string&, const core::JsonText&,
                                      std::optional<core::Rev>, const std::string&) override;
  ports::Answer<core::Plan> remove_plan(const std::string&, std::optional<ports::RemoteItems>,
                                        std::optional<core::Rev>, const std::string&) override;
  ports::Answer<core::Task> add_task(const ports::TaskInsert&) override;
  ports::Answer<core::Task> edit_task(const ports::TaskEdit&) override;
  ports::Answer<core::Task> remove_task(const std::string&, std::optional<core::Rev>,
                                        const std::string&) override;
  ports::Answer<core::Task> restore_task(const std::string&, const std::string&) override;
  ports::Answer<core::Plan> restore_plan(const std::string&, const std::string&) override;
  ports::Answer<core::Conflict> undo_conflict(const std::string&, const std::string&) override;
  ports::Answer<core::Plan> reschedule(const std::string&, const std::string&) override;
  Result<std::vector<core::Occurrence>> occurrences(const ports::OccurrenceWindow&) const override;
  ports::Answer<core::Task> edit_occurrence(const ports::OccurrenceEdit&) override;
  ports::Answer<core::Task> cancel_occurrence(const ports::OccurrenceEdit&) override;
  ports::Answer<core::Task> split_series(const ports::OccurrenceEdit&) override;
  /// The request id that the latest save was given.
  std::string asked_by() const {
    const std::lock_guard lock(mutex_);
    return asked_by_;
  }

 private:
  void note(const std::string& request_id);
  std::string new_id(std::string_view prefix);
  mutable std::mutex mutex_;
  std::string asked_by_;
  ports::Store& store_;
  const ports::Clock& clock_;
  ports::Random& random_;
};

/// Two exports a month. Runs stay queued until move() is called.
class FakeExports final : public ports::Exports {
 public:
  FakeExports(ports::Store& store, const ports::Clock& clock, ports::Random& random,
              ports::Publisher& publisher)
      : store_(store), clock_(clock), random_(random), publisher_(publisher) {}
  ports::Answer<core::Run> start(const ports::ExportRequest&) override;
  Result<core::Run> sync(const std::string&, const std::string&) override;
  ports::Answer<ports::Preview> preview(const ports::ExportRequest&) override;
  Result<ports::QuotaView> usage(const std::string&) override;
  Result<core::Run> cancel(const std::string&) override;
  Result<core::Run> approve(const std::string&, const core::JsonText&) override;
  Result<core::Run> discard(const std::string&) override;

  /// Changes a run, stores it, publishes it.
  core::Run move(const std::string& run_id, const std::function<void(core::Run&)>& change);
  /// Runs inside start(), before anything is stored: lets a test hold a call.
  void before_start(std::function<void()> hook);
  /// While there is an error, start() refuses with it.
  void refuse_start(std::optional<Error> error);
  /// The same for preview().
  void before_preview(std::function<void()> hook);

 private:
  std::mutex mutex_;
  std::function<void()> before_start_;
  std::function<void()> before_preview_;
  std::optional<Error> start_error_;
  ports::Store& store_;
  const ports::Clock& clock_;
  ports::Random& random_;
  ports::Publisher& publisher_;
};

/// Remembers who was told.
class FakeChanged final : public ports::Changed {
 public:
  void plan_saved(const std::string&, const std::string& plan_id, const std::string&) override {
    note(plan_id);
  }
  void connection_ready(const std::string& connection_id) override { note(connection_id); }
  std::vector<std::string> told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }

 private:
  void note(const std::string& id) {
    const std::lock_guard lock(mutex_);
    told_.push_back(id);
  }
  mutable std::mutex mutex_;
  std::vector<std::string> told_;
};

/// Connects without a provider: the "consent page" is https://provider.example/consent.
class FakeConnect final : public ports::Connect {
 public:
  FakeConnect(ports::Store& store, const ports::Clock& clock, ports::Executor& executor)
      : store_(store), clock_(clock), executor_(executor) {}
  Result<ports::ConnectView> start_session(const ports::StartConnect&) override;
  Result<ports::ConnectView> session(const std::string&) const override;
  std::string browser_cookie(const std::string&, const std::string& brought) override;
  Result<ports::Entered> enter(const std::string&, const std::string&) override;
  void callback(ports::ConnectCallback, std::function<void(Result<ports::Connected>)>) override;
  void check(const std::string&, std::function<void(Result<ports::GrantChecked>)>) override;
  void disconnect(const std::string&, std::function<void(Result<ports::Disconnected>)>) override;
  void remove_account(const std::string&,
                      std::function<void(Result<std::vector<ports::Disconnected>>)>) override;
  void targets(const std::string&,
               std::function<void(Result<std::vector<ports::TargetChoice>>)>) override;
  void choose_target(const std::string&, const std::string&,
                     std::function<void(Result<core::Connection>)>) override;
  void make_target(const std::string&, const std::string&,
                   std::function<void(Result<core::Connection>)>) override;

  /// What check() says; set before anybody asks.
  Result<ports::GrantChecked> checked = ports::GrantChecked{true, {}, fakes::ManualClock::kStart};

 private:
  struct Begun {
    ports::StartConnect start;
    ports::ConnectView view;
    std::string cookie;
    bool used = false;
  };
  Result<core::Connection> save_target(const std::string& connection_id, core::Target target);
  ports::Store& store_;
  const ports::Clock& clock_;
  ports::Executor& executor_;
  mutable std::mutex mutex_;
  std::map<std::string, Begun> sessions_;
  int cookies_ = 0;
};

/// Answers what a test says, and remembers what came.
class FakeHooks final : public ports::Hooks {
 public:
  ports::Verdict receive(const ports::Knock& knock) override;
  Result<ports::Handshake> open_handshake(const std::string& connector) override;
  Result<ports::Handshake> handshake(const std::string& connector) override;

  std::atomic<ports::Verdict> verdict{ports::Verdict::stored};
  /// Of what came last: connector, channel, a header's value, body.
  std::vector<std::string> last();

 private:
  std::mutex mutex_;
  std::vector<std::string> last_;
  ports::Handshake handshake_;
};

/// One connector, "memo", with a setting of each common type.
class FakeConnectors final : public ports::Connectors {
 public:
  FakeConnectors();
  std::shared_ptr<ports::Connector> find(std::string_view id) const override;
  std::vector<std::shared_ptr<ports::Connector>> list() const override;

 private:
  std::shared_ptr<ports::Connector> memo_;
};

/// Sends nothing; knows one exchange of every run, and one budget.
class FakeEgress final : public ports::Egress {
 public:
  void send(ports::EgressCall call, std::function<void(ports::ConnectorReply)> done) override;
  std::vector<ports::BudgetUse> budgets(const std::string& connection_id) const override;
  core::JsonText record(const std::string& run_id) const override;
};

class FakeGate final : public ports::Gate {
 public:
  ports::Decision decide(const ports::Ask& ask, const ports::Used& used) override;
  ports::Decision limits(const std::string& tier) override;
};

class FakeMapper final : public ports::Mapper {
 public:
  Result<std::shared_ptr<const ports::Mapping>> mapping(
      const std::string& connector) const override;
};

/// Finds fault with every script that holds the word "wrong".
class FakeScripts final : public ports::Scripts {
 public:
  ports::CheckedScript check(const std::string&, const std::string&) override;
  std::vector<ports::ScriptRevision> list() const override;
};

}  // namespace mortise::tests
