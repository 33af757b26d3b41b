// The sync engine on several threads, as in a host: nobody can say in which order things happen, so
// only what is promised at the end is asked for. ThreadSanitizer watches the rest.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "fakes/executor.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "fakes/seeded_random.hpp"
#include "fakes/silent_publisher.hpp"
#include "sync/bench.hpp"
#include "sync/dispatcher.hpp"
#include "sync/fake_service.hpp"

namespace mortise::tests {
namespace {

using core::Json;

constexpr int kThreads = 4;
const std::vector<std::string> kConnections = {"cnn_1", "cnn_2", "cnn_3"};

/// A service per connection, each behind one lock. Thread-safe.
class SharedEgress final : public ports::Egress {
 public:
  SharedEgress(Style style, const ports::Clock& clock, ports::Executor& executor)
      : executor_(executor) {
    for (const std::string& id : kConnections) services_.try_emplace(id, style, &clock);
  }
  void send(ports::EgressCall call, std::function<void(ports::ConnectorReply)> done) override {
    executor_.post([this, call = std::move(call), done = std::move(done)] {
      ports::ConnectorReply reply;
      reply.maybe_sent = true;
      if (call.cancel && call.cancel->load()) {
        reply.error = Error{Code::cancelled, "given up"};
      } else if (troubled && ++sent_ % 17 == 0) {
        reply.reply.status = 503;
      } else {
        at(call.connection_id,
           [&](FakeService& service) { reply.reply = service.serve(call.request); });
      }
      done(std::move(reply));
    });
  }
  std::vector<ports::BudgetUse> budgets(const std::string&) const override { return {}; }
  core::JsonText record(const std::string&) const override { return "[]"; }

  /// Something is done with the service of a connection while nobody else does.
  template <typename Work>
  void at(const std::string& connection_id, Work work) {
    const std::lock_guard lock(mutex_);
    work(services_.at(connection_id));
  }

  std::atomic<bool> troubled = false;  ///< now and then a request is answered with 503

 private:
  ports::Executor& executor_;
  std::atomic<int> sent_ = 0;
  std::mutex mutex_;
  std::map<std::string, FakeService> services_;
};

/// Allows everything. Thread-safe.
struct OpenGate final : public ports::Gate {
  ports::Decision decide(const ports::Ask&, const ports::Used&) override { return allowed(); }
  ports::Decision limits(const std::string&) override { return allowed(); }
  static ports::Decision allowed() {
    ports::Decision decision;
    decision.allow = true;
    return decision;
  }
};

/// One account with a plan and three connections, one dispatcher, a few threads.
class ThreadedWorld {
 public:
  explicit ThreadedWorld(Style style)
      : style_(style), mapper_(style), connectors_(fake_connector(style)) {
    sync::Options options;
    options.installation = "test";
    options.rules.remove_percent = 100;
    dispatcher_ = std::make_unique<sync::Dispatcher>(sync::Ports{store_,
                                                                 connectors_,
                                                                 egress_,
                                                                 mapper_,
                                                                 gate_,
                                                                 clock_,
                                                                 clock_,
                                                                 executor_,
                                                                 random_,
                                                                 publisher_,
                                                                 {}},
                                                     options);
    REQUIRE(store_.commit(made_plan(kConnections, plan_id_, 2, 1, 5), ports::Durability::full));
    REQUIRE(dispatcher_->start());
  }
  ~ThreadedWorld() {
    dispatcher_->stop();
    settle();
    CHECK(dispatcher_->idle(10'000));
  }

  void export_everywhere() {
    for (const std::string& id : kConnections) {
      core::Run run;
      run.id = "run_" + id;
      run.account_id = "acc";
      run.connection_id = id;
      run.plan_id = plan_id_;
      run.created_ms = clock_.now_ms();
      REQUIRE(store_.commit({ports::put(run)}, ports::Durability::full));
    }
    in_parallel({[&] { dispatcher_->kick("cnn_1"); }, [&] { dispatcher_->kick("cnn_2"); },
                 [&] { dispatcher_->kick("cnn_3"); }});
    settle();
    clock_.advance(kWhileMs);
    sync_everywhere();
    check();
  }

  /// Everybody edits at once, while the service has its troubles.
  void rush(unsigned seed) {
    egress_.troubled = true;
    in_parallel({[&] { edit_here(seed + 1); }, [&] { edit_here(seed + 2); },
                 [&] { edit_there(seed + 3); }, [&] { edit_there(seed + 4); },
                 [&] { ask(seed + 5); }});
    egress_.troubled = false;
    for (int again = 0; again < 4; ++again) {
      settle();
      clock_.advance(kWhileMs);
      sync_everywhere();
    }
  }

  /// Every service holds the plan, once; nothing is under way, and nothing is left to do.
  void check() {
    const std::string expected = expected_outline(style_, store_, plan_id_);
    std::map<std::string, int> writes;
    for (const std::string& id : kConnections) {
      INFO(id);
      egress_.at(id, [&](FakeService& service) {
        CHECK(service.outline() == expected);
        writes[id] = service.writes;
      });
    }
    CHECK(store_.runs().unfinished().value().empty());
    clock_.advance(kWhileMs);
    sync_everywhere();
    for (const std::string& id : kConnections) {
      INFO(id);
      egress_.at(id, [&](FakeService& service) { CHECK(service.writes == writes[id]); });
    }
    CHECK(wrong_ == 0);
  }

 private:
  static constexpr std::int64_t kWhileMs = 10 * 60'000;

  /// Runs all at once while time passes. Their assertions belong behind it: Catch2 is not
  /// thread-safe.
  void in_parallel(const std::vector<std::function<void()>>& all) {
    std::atomic<int> left = static_cast<int>(all.size());
    std::vector<std::thread> threads;
    for (const auto& each : all) {
      threads.emplace_back([&left, &each] {
        each();
        --left;
      });
    }
    while (left > 0) {
      clock_.advance(250);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    for (std::thread& thread : threads) thread.join();
  }

  void settle() {
    for (;;) {
      executor_.wait_idle();
      const auto wait_ms = clock_.next_in_ms();
      if (!wait_ms) return;
      clock_.advance(*wait_ms);
    }
  }

  void sync_everywhere() {
    for (const std::string& id : kConnections) dispatcher_->sync(id, core::RunTrigger::schedule);
    settle();
  }

  void edit_here(unsigned seed) {
    std::mt19937 dice(seed);
    for (int i = 0; i < 30; ++i) {
      const auto tasks = store_.plans().tasks(plan_id_);
      if (!tasks || tasks->empty()) continue;
      core::Task task = (*tasks)[dice() % tasks->size()];
      task.updated_ms = clock_.now_ms();
      if (dice() % 12 == 0 && tasks->size() > 6) {
        task.deleted_ms = task.updated_ms;
      } else {
        task.title = fmt::format("here {} {}", seed, i);
      }
      const Status saved = store_.commit({ports::put(task)}, ports::Durability::full);
      if (!saved && saved.error().code != Code::conflict) ++wrong_;
      if (saved) dispatcher_->plan_saved("acc", plan_id_);
    }
  }

  void edit_there(unsigned seed) {
    std::mt19937 dice(seed);
    for (int i = 0; i < 30; ++i) {
      const std::string& connection = kConnections[dice() % kConnections.size()];
      egress_.at(connection, [&](FakeService& service) {
        std::vector<std::string> leaves;
        for (const auto& [id, item] : service.items()) {
          if (Json::parse(item.fields).contains("text")) leaves.push_back(id);
        }
        if (leaves.size() < 6) return;
        const std::string& item = leaves[dice() % leaves.size()];
        if (dice() % 12 == 0) {
          service.erase(item);
        } else {
          service.edit(item, Json{{"text", fmt::format("there {} {}", seed, i)}}.dump());
        }
      });
      dispatcher_->sync(connection, core::RunTrigger::notification);
    }
  }

  /// What the API asks meanwhile.
  void ask(unsigned seed) {
    std::mt19937 dice(seed);
    for (int i = 0; i < 20; ++i) {
      const std::string& connection = kConnections[dice() % kConnections.size()];
      if (!dispatcher_->preview(connection, plan_id_, mapper_.mapping("fake").value())) ++wrong_;
      if (!dispatcher_->sync_now(connection, fmt::format("request {}", i))) ++wrong_;
      dispatcher_->kick(connection);
      dispatcher_->connection_ready(connection);
    }
  }

  const std::string plan_id_ = "pln_1";
  Style style_;
  fakes::PoolExecutor executor_{kThreads};
  fakes::ManualClock clock_{fakes::ManualClock::kStart, &executor_};
  fakes::MemoryStore store_;
  fakes::SeededRandom random_;
  SharedEgress egress_{style_, clock_, executor_};
  StyleMapper mapper_;
  OneConnector connectors_;
  OpenGate gate_;
  fakes::SilentPublisher publisher_;
  std::unique_ptr<sync::Dispatcher> dispatcher_;
  std::atomic<int> wrong_ = 0;  ///< what should have been answered otherwise
};

}  // namespace

TEST_CASE("threads: edits on all sides at once end equal, and quiet", "[sync][threads]") {
  const Style style = GENERATE(Style::client_ids, Style::keyed, Style::nested);
  INFO("style " << static_cast<int>(style));
  ThreadedWorld world(style);
  world.export_everywhere();
  for (unsigned round = 0; round < 3; ++round) {
    INFO("round " << round);
    world.rush(100 * round);
    world.check();
  }
}

}  // namespace mortise::tests
