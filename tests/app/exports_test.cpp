// Accepting exports: quota, refusals, months, races.
#include <catch2/catch.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "core/zones.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "fakes/seeded_random.hpp"
#include "service/exports.hpp"

namespace mortise::tests {
namespace {

using core::ConnectionStatus;
using ports::ExportRequest;
using ports::Refusal;

/// Two exports a month for everybody; "broken" is a tier whose policy errs, "pro" has no limit.
class FakeGate final : public ports::Gate {
 public:
  ports::Decision decide(const ports::Ask& ask, const ports::Used& used) override {
    {
      const std::lock_guard lock(mutex_);
      asked.push_back(ask);
    }
    if (ask.tier == "broken") return {false, 0, "policy_error", "line 3: attempt", {}, "r1"};
    if (ask.trigger != "user") return {true, 0, {}, {}, {}, "r1"};
    if (ask.tier != "pro" && used.exports_this_month >= 2) {
      return {false, 0, "quota_exceeded", "2 a month", 2, "r1"};
    }
    return {true, 1, {}, {}, {}, "r1"};
  }
  ports::Decision limits(const std::string& tier) override {
    ports::Decision decision;
    if (tier != "pro") decision.limit = 2;
    return decision;
  }
  std::vector<ports::Ask> asked;

 private:
  std::mutex mutex_;
};

class FakeQueue final : public ports::RunQueue {
 public:
  void kick(const std::string& connection_id) override {
    const std::lock_guard lock(mutex_);
    kicked.push_back(connection_id);
  }
  void sync(const std::string&, core::RunTrigger) override {}
  Result<core::Run> sync_now(const std::string& connection_id,
                             const std::string& request_id) override {
    return answer("sync " + request_id, "run_of_" + connection_id);
  }
  Result<core::Run> cancel(const std::string& run_id) override { return answer("cancel", run_id); }
  Result<core::Run> approve(const std::string& run_id, const core::JsonText& guard) override {
    return answer("approve " + guard, run_id);
  }
  Result<core::Run> discard(const std::string& run_id) override {
    return answer("discard", run_id);
  }
  Result<ports::Preview> preview(const std::string& connection_id, const std::string& plan_id,
                                 std::shared_ptr<const ports::Mapping>) override {
    ports::Preview preview;
    preview.summary = connection_id + " " + plan_id;
    return preview;
  }
  std::vector<std::string> kicked;

 private:
  static Result<core::Run> answer(const std::string& verb, const std::string& run_id) {
    core::Run run;
    run.id = run_id;
    run.error_message = verb;
    return run;
  }
  std::mutex mutex_;
};

struct World {
  fakes::MemoryStore store;
  FakeGate gate;
  FakeQueue queue;
  fakes::ManualClock clock;
  fakes::SeededRandom random;
  service::QuotaExports exports{store, gate,   queue,
                                clock, random, {"Europe/Madrid", "https://app.example/upgrade"}};

  World() {
    add_account("ann", "free");
    add_account("bob", "pro");
  }
  void add_account(const std::string& id, const std::string& tier, const std::string& zone = {}) {
    core::Account account;
    account.id = id;
    account.tier = tier;
    account.zone = zone;
    core::Plan plan;
    plan.id = "pln_" + id;
    plan.account_id = id;
    plan.title = "Swift";
    core::Connection connection;
    connection.account_id = id;
    connection.connector = "memory";
    connection.id = "cnn_" + id;
    core::Connection second = connection;
    second.id = "cnn2_" + id;
    REQUIRE(store
                .commit({ports::put(account), ports::put(plan), ports::put(connection),
                         ports::put(second)},
                        ports::Durability::relaxed)
                .ok());
  }
  /// 200 plans more, "pln_<account>_0" ...
  void add_plans(const std::string& account) {
    ports::Changes changes;
    for (int i = 0; i < 200; ++i) {
      core::Plan plan;
      plan.id = "pln_" + account + "_" + std::to_string(i);
      plan.account_id = account;
      changes.push_back(ports::put(std::move(plan)));
    }
    REQUIRE(store.commit(std::move(changes), ports::Durability::relaxed).ok());
  }
  void end(core::Run run) {
    run.state = core::RunState::succeeded;
    REQUIRE(store.commit({ports::put(std::move(run))}, ports::Durability::relaxed).ok());
  }
  static ExportRequest of(const std::string& account) {
    ExportRequest request;
    request.account_id = account;
    request.plan_id = "pln_" + account;
    request.connection_id = "cnn_" + account;
    request.request_id = "req_1";
    return request;
  }
  core::Run accepted(const ExportRequest& request) {
    auto answer = exports.start(request);
    REQUIRE(std::holds_alternative<core::Run>(answer));
    return std::get<core::Run>(std::move(answer));
  }
  Refusal refused(const ExportRequest& request) {
    auto answer = exports.start(request);
    REQUIRE(std::holds_alternative<Refusal>(answer));
    return std::get<Refusal>(std::move(answer));
  }
  core::Usage usage(const std::string& account, const std::string& month = "2026-11") const {
    return store.usages().find(account, month).value();
  }
  static ExportRequest elsewhere(const std::string& account) {
    ExportRequest request = of(account);
    request.connection_id = "cnn2_" + account;
    return request;
  }
  std::size_t runs(const std::string& account) const {
    return store.runs().list(account, {}, {.limit = 200, .cursor = {}}).value().items.size();
  }
  void set_status(const std::string& connection_id, ConnectionStatus status) {
    auto connection = store.connections().find(connection_id).value();
    connection.status = status;
    REQUIRE(store.commit({ports::put(connection)}, ports::Durability::relaxed).ok());
  }
};

}  // namespace

TEST_CASE("exports: an accepted export is a stored run, a reserved unit and a kick",
          "[service][exports]") {
  World world;
  const core::Run run = world.accepted(World::of("ann"));
  const auto stored = world.store.runs().find(run.id);
  REQUIRE(stored.ok());
  CHECK(*stored == run);
  CHECK(run.state == core::RunState::queued);
  CHECK(run.usage == core::UsageState::reserved);
  CHECK(run.usage_month == "2026-11");
  CHECK(run.request_id == "req_1");
  CHECK(world.usage("ann").reserved == 1);
  CHECK(world.store.full_commits() == 1);  // it survives the machine
  CHECK(world.queue.kicked == std::vector<std::string>{"cnn_ann"});
  REQUIRE(world.gate.asked.size() == 1);
  CHECK(world.gate.asked[0].action == "export.start");
  CHECK(world.gate.asked[0].tier == "free");
  CHECK(world.gate.asked[0].trigger == "user");
  CHECK(world.gate.asked[0].connector == "memory");
}

TEST_CASE("exports: over the limit it is refused with all that an upgrade prompt needs",
          "[service][exports]") {
  World world;
  world.end(world.accepted(World::of("ann")));
  world.accepted(World::elsewhere("ann"));
  const Refusal refusal = world.refused(World::of("ann"));
  CHECK(refusal.error.code == Code::forbidden);
  CHECK(refusal.error.reason == "quota_exceeded");
  REQUIRE(refusal.quota);
  CHECK(refusal.quota->tier == "free");
  CHECK(refusal.quota->limit == 2);
  CHECK(refusal.quota->used == 2);
  CHECK(refusal.quota->month == "2026-11");
  CHECK(refusal.quota->resets_ms == 1'796'079'600'000);  // 2026-12-01T00:00 in Madrid
  CHECK(refusal.quota->upgrade_url == "https://app.example/upgrade");
  CHECK(world.runs("ann") == 2);
  CHECK(world.queue.kicked.size() == 2);
}

TEST_CASE("exports: committed and reserved units count, released ones do not",
          "[service][exports]") {
  World world;
  core::Usage usage = world.usage("ann");
  usage.committed = 1;
  REQUIRE(world.store.commit({ports::put(usage)}, ports::Durability::relaxed).ok());
  world.end(world.accepted(World::of("ann")));
  CHECK(world.refused(World::of("ann")).quota->used == 2);
  usage = world.usage("ann");
  --usage.reserved;
  REQUIRE(world.store.commit({ports::put(usage)}, ports::Durability::relaxed).ok());
  world.accepted(World::of("ann"));
  CHECK(world.exports.usage("ann")->used == 2);
}

TEST_CASE("exports: a policy that errs refuses", "[service][exports]") {
  World world;
  world.add_account("eve", "broken");
  const Refusal refusal = world.refused(World::of("eve"));
  CHECK(refusal.error.code == Code::forbidden);
  CHECK(refusal.error.reason == "policy_error");
  CHECK(world.runs("eve") == 0);
  CHECK(world.usage("eve").exports() == 0);
}

TEST_CASE("exports: of 200 at once at limit 2, two are accepted, over both connections",
          "[service][exports]") {
  World world;
  world.add_plans("ann");
  constexpr int kThreads = 8;
  std::atomic<int> accepted{0};
  std::atomic<int> exceeded{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 200 / kThreads; ++j) {
        ExportRequest request = (i + j) % 2 == 0 ? World::elsewhere("ann") : World::of("ann");
        request.plan_id += "_" + std::to_string(i * 200 / kThreads + j);
        const auto answer = world.exports.start(request);
        const auto* refusal = std::get_if<Refusal>(&answer);
        if (refusal == nullptr) ++accepted;
        if (refusal != nullptr && refusal->error.reason == "quota_exceeded") ++exceeded;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(accepted == 2);
  CHECK(exceeded == 198);
  CHECK(world.runs("ann") == 2);
  CHECK(world.usage("ann").reserved == 2);
}

TEST_CASE("exports: one that is under way is not started, nor counted, again",
          "[service][exports]") {
  World world;
  const core::Run run = world.accepted(World::of("ann"));
  CHECK(world.accepted(World::of("ann")) == run);
  CHECK(world.runs("ann") == 1);
  CHECK(world.usage("ann").reserved == 1);
  CHECK(world.accepted(World::elsewhere("ann")).id != run.id);
  CHECK(world.accepted(World::of("ann")) == run);  // also when all are used up

  const auto becomes = [&](const std::function<void(core::Run&)>& change) {
    core::Run now = world.store.runs().find(run.id).value();
    change(now);
    REQUIRE(world.store.commit({ports::put(now)}, ports::Durability::relaxed).ok());
  };
  becomes([](core::Run& now) { now.state = core::RunState::running; });
  CHECK(world.accepted(World::of("ann")).id == run.id);
  becomes([](core::Run& now) { now.cancel_requested = true; });
  CHECK(world.refused(World::of("ann")).error.reason == "quota_exceeded");
  becomes([](core::Run& now) {
    now.cancel_requested = false;
    now.state = core::RunState::waiting;
    now.waiting_for = core::RunWait::approval;
  });
  CHECK(world.refused(World::of("ann")).error.reason == "quota_exceeded");
  becomes([](core::Run& now) { now.waiting_for = core::RunWait::budget; });
  CHECK(world.accepted(World::of("ann")).id == run.id);
}

TEST_CASE("exports: one that is asked for by 8 at once is one", "[service][exports]") {
  World world;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { static_cast<void>(world.exports.start(World::of("bob"))); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(world.runs("bob") == 1);
  CHECK(world.usage("bob").reserved == 1);
}

TEST_CASE("exports: with no limit all of 200 at once are counted, none twice",
          "[service][exports]") {
  World world;
  world.add_plans("bob");
  constexpr int kThreads = 8;
  std::mutex mutex;
  std::set<std::string> ids;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 200 / kThreads; ++j) {
        ExportRequest request = World::of("bob");
        request.plan_id += "_" + std::to_string(i * 200 / kThreads + j);
        const auto answer = world.exports.start(request);
        const std::lock_guard lock(mutex);
        if (const auto* run = std::get_if<core::Run>(&answer)) ids.insert(run->id);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(ids.size() == 200);
  CHECK(world.usage("bob").reserved == 200);
  CHECK(world.exports.usage("bob")->limit == std::nullopt);
}

TEST_CASE("exports: the month is the account's own, and a new one begins at zero",
          "[service][exports]") {
  World world;
  world.add_account("tok", "free", "Asia/Tokyo");
  world.add_account("lax", "free", "America/Los_Angeles");
  world.clock.set_wall(1'796'051'400'000);  // 2026-11-30T15:10Z: December in Tokyo
  CHECK(world.accepted(World::of("tok")).usage_month == "2026-12");
  CHECK(world.accepted(World::of("lax")).usage_month == "2026-11");
  const core::Run first = world.accepted(World::of("ann"));
  CHECK(first.usage_month == "2026-11");
  world.end(first);
  world.accepted(World::elsewhere("ann"));
  CHECK(world.refused(World::of("ann")).error.reason == "quota_exceeded");
  const core::Instant resets = world.exports.usage("ann")->resets_ms;
  world.clock.set_wall(resets - 1);
  CHECK(world.refused(World::of("ann")).error.reason == "quota_exceeded");
  world.clock.set_wall(resets);
  CHECK(world.accepted(World::of("ann")).usage_month == "2026-12");
  const auto view = world.exports.usage("ann");
  REQUIRE(view.ok());
  CHECK(view->month == "2026-12");
  CHECK(view->used == 1);
  CHECK(view->resets_ms == core::month_end(resets, "Europe/Madrid").value());
  CHECK(world.usage("ann", "2026-11").reserved == 2);  // the old month stays as it was
}

TEST_CASE("exports: a sync of what was exported is not counted and not asked about",
          "[service][exports]") {
  World world;
  core::Pair pair;
  pair.connection_id = "cnn_ann";
  pair.plan_id = "pln_ann";
  pair.key = "plan:pln_ann";
  REQUIRE(world.store.commit({ports::put(pair)}, ports::Durability::relaxed).ok());
  ExportRequest request = World::of("ann");
  request.kind = core::RunKind::sync;
  for (int i = 0; i < 5; ++i) {
    const core::Run run = world.accepted(request);
    CHECK(run.kind == core::RunKind::sync);
    CHECK(run.usage == core::UsageState::none);
    CHECK(run.usage_month == "");
  }
  CHECK(world.usage("ann").exports() == 0);
  CHECK(world.gate.asked.empty());
}

TEST_CASE("exports: what a policy lets pass for nothing reserves nothing", "[service][exports]") {
  World world;
  ExportRequest request = World::of("ann");
  request.trigger = core::RunTrigger::reconnect;
  CHECK(world.accepted(request).usage == core::UsageState::none);
  CHECK(world.gate.asked.back().trigger == "reconnect");
  CHECK(world.usage("ann").exports() == 0);
}

TEST_CASE("exports: sync now is the queue's, is not counted, and needs a connection that works",
          "[service][exports]") {
  World world;
  const auto run = world.exports.sync("cnn_ann", "req_1");
  REQUIRE(run);
  CHECK(run->id == "run_of_cnn_ann");
  CHECK(run->error_message == "sync req_1");
  CHECK(world.usage("ann").exports() == 0);
  CHECK(world.gate.asked.empty());
  world.set_status("cnn_ann", ConnectionStatus::needs_reconnect);
  CHECK(world.exports.sync("cnn_ann", "").error().reason == "needs_reconnect");
  world.set_status("cnn_ann", ConnectionStatus::disconnected);
  CHECK(world.exports.sync("cnn_ann", "").error().reason == "not_connected");
  CHECK(world.exports.sync("cnn_none", "").error().code == Code::not_found);
}

TEST_CASE("exports: a connection that does not work refuses before anything is counted",
          "[service][exports]") {
  World world;
  world.set_status("cnn_ann", ConnectionStatus::needs_reconnect);
  CHECK(world.refused(World::of("ann")).error.code == Code::conflict);
  CHECK(world.refused(World::of("ann")).error.reason == "needs_reconnect");
  world.set_status("cnn_ann", ConnectionStatus::disconnected);
  CHECK(world.refused(World::of("ann")).error.code == Code::conflict);
  CHECK(world.refused(World::of("ann")).error.reason == "not_connected");
  auto preview = world.exports.preview(World::of("ann"));
  REQUIRE(std::holds_alternative<Refusal>(preview));
  world.set_status("cnn_ann", ConnectionStatus::error);  // may get well: the run will tell
  world.accepted(World::of("ann"));
  CHECK(world.usage("ann").exports() == 1);
  CHECK(world.runs("ann") == 1);
}

TEST_CASE("exports: what is unknown, removed or another account's is not found",
          "[service][exports]") {
  World world;
  const auto not_found = [&](ExportRequest request) {
    CHECK(world.refused(request).error.code == Code::not_found);
    CHECK(std::get<Refusal>(world.exports.preview(request)).error.code == Code::not_found);
  };
  ExportRequest request = World::of("ann");
  request.account_id = "nobody";
  not_found(request);
  request = World::of("ann");
  request.plan_id = "pln_none";
  not_found(request);
  request.plan_id = "pln_bob";
  not_found(request);
  request = World::of("ann");
  request.connection_id = "cnn_none";
  not_found(request);
  request.connection_id = "cnn_bob";
  not_found(request);
  auto plan = world.store.plans().find("pln_ann").value();
  plan.deleted_ms = 1;
  REQUIRE(world.store.commit({ports::put(plan)}, ports::Durability::relaxed).ok());
  not_found(World::of("ann"));
  CHECK(world.exports.usage("nobody").error().code == Code::not_found);
  CHECK(world.queue.kicked.empty());
}

TEST_CASE("exports: of an account that ends at the same moment nothing is left",
          "[service][exports]") {
  World world;
  bool ends = true;
  world.store.before_commit([&](const ports::Changes&, ports::Durability) -> Status {
    if (!std::exchange(ends, false)) return {};
    return world.store.commit({ports::EraseAccount{"ann"}}, ports::Durability::full);
  });
  CHECK(world.refused(World::of("ann")).error.code == Code::not_found);
  CHECK(world.runs("ann") == 0);
  CHECK(world.usage("ann").exports() == 0);
  CHECK(world.queue.kicked.empty());
}

TEST_CASE("exports: whoever edits the connection at the same moment does not refuse it",
          "[service][exports]") {
  World world;
  bool edits = true;
  world.store.before_commit([&](const ports::Changes&, ports::Durability) -> Status {
    if (std::exchange(edits, false)) world.set_status("cnn_ann", ConnectionStatus::connected);
    return {};
  });
  world.accepted(World::of("ann"));
  CHECK(world.runs("ann") == 1);
  CHECK(world.usage("ann").reserved == 1);
}

TEST_CASE("exports: a store that cannot write is said, and nothing is kicked",
          "[service][exports]") {
  World world;
  world.store.before_commit([](const ports::Changes&, ports::Durability) -> Status {
    return Error{Code::unavailable, "the disk is full"};
  });
  CHECK(world.refused(World::of("ann")).error.code == Code::unavailable);
  CHECK(world.queue.kicked.empty());
  world.store.before_commit({});
  CHECK(world.runs("ann") == 0);
  CHECK(world.usage("ann").exports() == 0);
}

TEST_CASE("exports: a preview says whether it would be refused, for \"Sync now\" too",
          "[service][exports]") {
  World world;
  const auto refused = [&](core::RunKind kind) {
    ExportRequest request = World::of("ann");
    request.kind = kind;
    return std::get<ports::Preview>(world.exports.preview(request)).refused_reason;
  };
  CHECK(refused(core::RunKind::export_plan) == "");
  world.accepted(World::elsewhere("ann"));
  const core::Run run = world.accepted(World::of("ann"));
  CHECK(refused(core::RunKind::export_plan) == "");  // it would be that run
  world.end(run);
  CHECK(refused(core::RunKind::export_plan) == "quota_exceeded");
  CHECK(refused(core::RunKind::sync) == "quota_exceeded");  // never exported there
  core::Pair pair;
  pair.connection_id = "cnn_ann";
  pair.plan_id = "pln_ann";
  pair.key = "plan:pln_ann";
  REQUIRE(world.store.commit({ports::put(pair)}, ports::Durability::relaxed).ok());
  CHECK(refused(core::RunKind::sync) == "");
  CHECK(refused(core::RunKind::export_plan) == "quota_exceeded");
  CHECK(world.usage("ann").exports() == 2);
}

TEST_CASE("exports: previews and decisions about runs are the queue's", "[service][exports]") {
  World world;
  const auto preview = world.exports.preview(World::of("ann"));
  REQUIRE(std::holds_alternative<ports::Preview>(preview));
  CHECK(std::get<ports::Preview>(preview).summary == "cnn_ann pln_ann");
  CHECK(world.exports.cancel("run_1")->error_message == "cancel");
  CHECK(world.exports.approve("run_1", "{}")->error_message == "approve {}");
  CHECK(world.exports.discard("run_1")->error_message == "discard");
  CHECK(world.runs("ann") == 0);
}

}  // namespace mortise::tests
