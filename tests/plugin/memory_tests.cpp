// The memory connector as the host sees it: loaded from its library, through the adapter.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "plugin/doubles.hpp"

namespace {

using Catch::Contains;
using mortise::Code;
using mortise::core::WriteAction;
using namespace mortise::ports;

class Shelf {
 public:
  Shelf() {
    auto loaded = mortise::plugin::load_connector(
        std::filesystem::path(MORTISE_BINARY_DIR) / "plugins/memory", {}, {});
    if (!loaded) FAIL(loaded.error().message);
    connector_ = *std::move(loaded);
  }

  Step run(Call call) const {
    call.now_ms = 1'000;
    if (call.target.id.empty()) call.target.id = "default";
    Started started = connector_->begin(call);
    REQUIRE(started.step.done());
    return std::move(started.step);
  }
  std::vector<Outcome> write(std::vector<Write> writes, const std::string& settings = "{}") const {
    Call call;
    call.operation = Operation::write;
    call.writes = std::move(writes);
    call.settings = settings;
    return run(std::move(call)).outcomes;
  }
  Step list(const std::string& container = "", const std::string& cursor = "") const {
    Call call;
    call.operation = Operation::list;
    call.container_id = container;
    call.cursor = cursor;
    return run(std::move(call));
  }

 private:
  std::shared_ptr<Connector> connector_;
};

Write creation(const std::string& kind, const std::string& key, const std::string& parent_key,
               const std::string& fields, const std::string& after_key = "") {
  Write write;
  write.kind = kind;
  write.key = key;
  write.parent_key = parent_key;
  write.after_key = after_key;
  write.fields = fields;
  write.once_key = "once-" + key;
  return write;
}

Write change(WriteAction action, const std::string& id, const std::string& fields = "",
             std::vector<std::string> changed = {}) {
  Write write;
  write.action = action;
  write.id = id;
  write.fields = fields;
  write.changed = std::move(changed);
  return write;
}

std::vector<std::string> keys(const Step& step) {
  std::vector<std::string> out;
  for (const Item& item : step.items) out.push_back(item.key);
  return out;
}

const std::vector<Write> kPlan = {
    creation("page", "plan", "", R"({"title":"P"})"),
    creation("section", "week", "plan", R"({"title":"W"})"),
    creation("todo", "a", "week", R"({"text":"A","checked":false})"),
    creation("todo", "c", "week", R"({"text":"C","checked":false})"),
    creation("todo", "b", "week", R"({"text":"B","checked":false})", "a")};

}  // namespace

TEST_CASE("memory: a plan is created in one batch, parents by key, in the order wanted",
          "[plugin][memory]") {
  const Shelf shelf;
  for (const Outcome& each : shelf.write(kPlan)) CHECK(each.result == OutcomeResult::done);
  const Step listed = shelf.list();
  CHECK(keys(listed) == std::vector<std::string>{"plan", "week", "a", "b", "c"});
  CHECK(listed.complete == std::vector<std::string>{""});
  CHECK(keys(shelf.list("once-week")) == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("memory: a repeated create makes nothing new", "[plugin][memory]") {
  const Shelf shelf;
  const auto first = shelf.write(kPlan);
  const auto second = shelf.write(kPlan);
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(first[i].id == second[i].id);
  CHECK(shelf.list().items.size() == kPlan.size());
}

TEST_CASE("memory: an update sends only what changed and guards by version", "[plugin][memory]") {
  const Shelf shelf;
  shelf.write(kPlan);
  Write tick =
      change(WriteAction::update, "once-a", R"({"text":"ignored","checked":true})", {"checked"});
  tick.if_version = "3";
  CHECK(shelf.write({tick}).at(0).fields == R"({"checked":true,"text":"A"})");
  const Outcome again = shelf.write({tick}).at(0);
  CHECK(again.error->code == Code::conflict);
  const Write clear = change(WriteAction::update, "once-a", "{}", {"text"});
  CHECK(shelf.write({clear}).at(0).fields == R"({"checked":true})");
}

TEST_CASE("memory: a delta tells what changed and what went, descendants too", "[plugin][memory]") {
  const Shelf shelf;
  shelf.write(kPlan);
  const std::string cursor = *shelf.list().cursor;
  CHECK(shelf.list("", cursor).items.empty());
  shelf.write({change(WriteAction::update, "once-plan", R"({"title":"Q"})", {"title"}),
               change(WriteAction::remove, "once-week")});
  const Step delta = shelf.list("", cursor);
  CHECK(delta.items.size() == 5);
  CHECK(delta.complete.empty());
  std::size_t deleted = 0;
  for (const Item& item : delta.items) deleted += item.state == ItemState::deleted ? 1 : 0;
  CHECK(deleted == 4);
  CHECK(keys(shelf.list()) == std::vector<std::string>{"plan"});
  CHECK(shelf.write({change(WriteAction::remove, "once-a")}).at(0).result == OutcomeResult::done);
  CHECK(shelf.write({kPlan[2]}).at(0).error->code == Code::conflict);  // that creation was removed
}

TEST_CASE("memory: a cursor of another life is stale", "[plugin][memory]") {
  const Shelf shelf;
  const std::string cursor = *shelf.list().cursor;
  const std::string tag = cursor.substr(0, cursor.find(':') + 1);
  for (const char* stale : {"7:0", "1000:99", "1000:x", "1000:", "nonsense"}) {
    CAPTURE(stale);
    CHECK(shelf.list("", tag + stale).error->code == Code::stale);
  }
}

TEST_CASE("memory: a create stands where it was asked to, or not at all", "[plugin][memory]") {
  const Shelf shelf;
  shelf.write(kPlan);
  const Write there = creation("todo", "d", "week", R"({"text":"D"})", "a");
  CHECK(shelf.write({there}).at(0).result == OutcomeResult::done);
  CHECK(keys(shelf.list("once-week")) == std::vector<std::string>{"a", "d", "b", "c"});
  const Write nowhere = creation("todo", "e", "week", R"({"text":"E"})", "plan");
  CHECK(shelf.write({nowhere}).at(0).error->code == Code::not_found);
  CHECK(keys(shelf.list("once-week")) == std::vector<std::string>{"a", "d", "b", "c"});
}

TEST_CASE("memory: a full shelf refuses, and the rest of the batch goes on", "[plugin][memory]") {
  const Shelf shelf;
  const auto outcomes = shelf.write(kPlan, R"({"largest_shelf":3})");
  CHECK(outcomes[2].result == OutcomeResult::done);
  CHECK(outcomes[3].error->code == Code::too_large);
  CHECK(shelf.write({change(WriteAction::update, "once-a", R"({"text":"Z"})", {"text"})})
            .at(0)
            .result == OutcomeResult::done);
}

TEST_CASE("memory: get, find and targets answer for what is there and what is not",
          "[plugin][memory]") {
  const Shelf shelf;
  shelf.write(kPlan);
  Call call;
  call.operation = Operation::get;
  call.ids = {"once-a", "never"};
  const Step got = shelf.run(call);
  CHECK(got.items.at(0).state == ItemState::present);
  CHECK(got.items.at(1).state == ItemState::absent);
  call.operation = Operation::find;
  call.ids = {"b", "never"};
  CHECK(keys(shelf.run(call)) == std::vector<std::string>{"b"});

  Call make;
  make.operation = Operation::make_target;
  make.title = "Second";
  CHECK(shelf.run(make).targets.at(0).target.id == "Second");
  Call targets;
  targets.operation = Operation::targets;
  const Step offered = shelf.run(targets);
  REQUIRE(offered.targets.size() == 2);
  CHECK(offered.targets[1].is_default);
  call.target.id = "Second";
  CHECK(shelf.run(call).items.empty());  // shelves share nothing
}

TEST_CASE("memory: fields that are no object and foreign actions fail alone", "[plugin][memory]") {
  const Shelf shelf;
  shelf.write(kPlan);
  const auto outcomes = shelf.write(
      {creation("todo", "d", "week", "[1]"), change(WriteAction::update, "once-a", "7", {"text"}),
       change(WriteAction::update, "never"), creation("todo", "e", "week", R"({"text":"E"})")});
  CHECK(outcomes[0].error->code == Code::invalid);
  CHECK(outcomes[1].error->code == Code::invalid);
  CHECK(outcomes[2].error->code == Code::not_found);
  CHECK(outcomes[3].result == OutcomeResult::done);
}
