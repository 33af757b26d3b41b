// One host's sync engine over the fakes, and how it dies: everything deterministic, on one thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "fakes/executor.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "fakes/seeded_random.hpp"
#include "fakes/silent_publisher.hpp"
#include "sync/dispatcher.hpp"
#include "sync/fake_service.hpp"

namespace mortise::tests {

/// A store whose process can die: afterwards it takes nothing more.
class MortalStore final : public ports::Store {
 public:
  explicit MortalStore(ports::Store& store) : store_(store) {}
  const ports::Accounts& accounts() const override { return store_.accounts(); }
  const ports::Plans& plans() const override { return store_.plans(); }
  const ports::Connections& connections() const override { return store_.connections(); }
  const ports::Grants& grants() const override { return store_.grants(); }
  const ports::Pairs& pairs() const override { return store_.pairs(); }
  const ports::Journal& journal() const override { return store_.journal(); }
  const ports::Runs& runs() const override { return store_.runs(); }
  const ports::Sightings& sightings() const override { return store_.sightings(); }
  const ports::Bookmarks& bookmarks() const override { return store_.bookmarks(); }
  const ports::SyncStates& sync_states() const override { return store_.sync_states(); }
  const ports::Conflicts& conflicts() const override { return store_.conflicts(); }
  const ports::Channels& channels() const override { return store_.channels(); }
  const ports::Inbox& inbox() const override { return store_.inbox(); }
  const ports::Usages& usages() const override { return store_.usages(); }
  const ports::Access& access() const override { return store_.access(); }
  const ports::Outbox& outbox() const override { return store_.outbox(); }
  Status commit(ports::Changes changes, ports::Durability durability) override {
    if (dead) return Error{Code::unavailable, "the process died"};
    return store_.commit(std::move(changes), durability);
  }
  bool dead = false;

 private:
  ports::Store& store_;
};

/// Allows everything but what it is told to deny.
struct FakeGate final : public ports::Gate {
  ports::Decision decide(const ports::Ask& ask, const ports::Used& used) override {
    if (on_decide) std::exchange(on_decide, nullptr)();
    ports::Decision decision;
    decision.allow = ask.action != denied;
    used_exports = used.exports_this_month;
    return decision;
  }
  ports::Decision limits(const std::string&) override { return {}; }
  std::string denied;
  std::int64_t used_exports = 0;    ///< as it was told the last time
  std::function<void()> on_decide;  ///< called once, by the next question
};

/// Maps a plan the way the style's services hold it.
class StyleMapper final : public ports::Mapper {
 public:
  explicit StyleMapper(Style style);
  /// How often a plan was mapped.
  int mapped() const;
  /// The script was edited: the same mapping, another revision.
  void edit_script();
  Result<std::shared_ptr<const ports::Mapping>> mapping(const std::string&) const override {
    return mapping_;
  }

 private:
  Style style_;
  int revisions_ = 0;
  std::shared_ptr<std::atomic<int>> mapped_ = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<const ports::Mapping> mapping_;
};

/// The connectors of a test: one.
class OneConnector final : public ports::Connectors {
 public:
  explicit OneConnector(std::shared_ptr<ports::Connector> connector)
      : connector_(std::move(connector)) {}
  std::shared_ptr<ports::Connector> find(std::string_view) const override { return connector_; }
  std::vector<std::shared_ptr<ports::Connector>> list() const override { return {connector_}; }

 private:
  std::shared_ptr<ports::Connector> connector_;
};

/// An account "acc", its connections, and its plan of modules x weeks x tasks, whose ids begin with
/// "t<first_task>".
ports::Changes made_plan(const std::vector<std::string>& connection_ids, const std::string& plan_id,
                         int modules, int weeks, int tasks, int first_task = 1);

/// What a service of this style should hold of the plan, in FakeService::outline()'s form.
std::string expected_outline(Style style, const ports::Store& store, const std::string& plan_id);

/// A world: what outlives a process (store, service, time), and the process of the moment.
class World {
 public:
  World(Style style, std::uint64_t seed);
  ~World();

  /// An account, a connection and a plan of modules x weeks x tasks.
  void populate(int modules, int weeks, int tasks);
  /// A change somebody makes in the app: retitle, tick, add or remove a task.
  void edit(std::mt19937_64& dice);
  void retitle(std::size_t task, const std::string& title);
  void tick(std::size_t task);
  void remove(std::size_t task);
  void add_after(std::size_t task, const std::string& title);

  /// Queues an export and lets everything happen until it is quiet. Answers the run.
  core::Run export_plan();
  core::Run queue_export();
  /// A whole look: pulls, then reconciles every plan. Answers the run.
  core::Run sync(core::RunTrigger trigger = core::RunTrigger::schedule);
  void settle();
  /// A while passes, a look, and a while: edit times and what was written are old by then.
  void settle_in();
  /// The same, with a plan of so many that is made and exported first.
  void settle_in(int modules, int weeks, int tasks);
  /// A person changes the text of an item there.
  void edit_there(const std::string& from, const std::string& to);
  core::Task task(const std::string& id) const;
  std::vector<core::Task> tasks() const;
  void save(core::Task task);
  /// The process dies and another one starts on the same store.
  void crash();
  core::Run run(const std::string& id);
  StyleMapper& mapper() { return mapper_; }
  sync::Ports ports();  ///< those of the process of the moment
  /// What the service should hold, in FakeService::outline()'s form.
  std::string expected() const;

  fakes::MemoryStore store;
  fakes::QueueExecutor executor;
  fakes::ManualClock clock;
  FakeService service;
  FakeGate gate;
  fakes::SeededRandom random;
  std::unique_ptr<FakeEgress> egress;
  std::unique_ptr<sync::Dispatcher> dispatcher;
  sync::Options options;
  std::string plan_id = "pln_1", connection_id = "cnn_1";

 private:
  void boot();

  Style style_;
  StyleMapper mapper_;
  OneConnector connectors_;
  fakes::SilentPublisher publisher_;
  std::unique_ptr<MortalStore> mortal_;
  struct Corpse {
    std::unique_ptr<sync::Dispatcher> dispatcher;
    std::unique_ptr<FakeEgress> egress;
    std::unique_ptr<MortalStore> store;
  };
  std::vector<Corpse> corpses_;
  int next_ = 1;
};

}  // namespace mortise::tests
