#include "sync/bench.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include <fmt/format.h>

namespace mortise::tests {
namespace {

using core::Json;

/// Behind the place of a finished task: one field that says two things.
constexpr std::string_view kDoneMark = " [done]";

Json task_fields(const core::Task& task) {
  const bool done = task.status == core::TaskStatus::done;
  Json fields = {{"text", task.title}, {"checked", done}};
  if (!task.location.empty()) {
    fields["place"] = task.location + std::string(done ? kDoneMark : "");
  }
  if (!task.notes.empty()) fields["note"] = task.notes;
  return fields;
}

/// The way back of a note, which the app has in small letters only.
std::string small(std::string text) {
  for (char& letter : text) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return text;
}

class StyleMapping final : public ports::Mapping {
 public:
  StyleMapping(Style style, std::string revision, std::shared_ptr<std::atomic<int>> mapped)
      : style_(style), revision_(std::move(revision)), mapped_(std::move(mapped)) {}
  const std::string& revision() const override { return revision_; }
  Status check_settings(const core::JsonText&) const override { return {}; }
  core::JsonText settings(const core::JsonText& stored) const override { return stored; }
  core::JsonText settings_schema() const override { return "[]"; }
  Result<ports::TaskChange> task_change(const std::string&, const core::JsonText& changed,
                                        const core::Task&,
                                        const ports::MappingInput&) const override {
    ports::TaskChange change;
    const Json fields = Json::parse(changed);
    Json patch = Json::object();
    if (fields.contains("text")) {
      if (fields["text"] == "unmappable") return Error{Code::invalid, "no word for that"};
      if (fields["text"] == "untakeable") {
        change.dropped.push_back("text");
      } else {
        patch["title"] = fields["text"];
      }
    }
    if (fields.contains("checked")) patch["status"] = fields["checked"] == true ? "done" : "todo";
    if (fields.contains("place")) {
      auto place = fields["place"].get<std::string>();
      const std::size_t mark = place.rfind(kDoneMark);
      if (mark != std::string::npos) {
        place.resize(mark);
        patch["status"] = "done";
      }
      patch["location"] = place;
      change.taken.push_back("place");
    }
    if (fields.contains("note")) {
      patch["notes"] = small(fields["note"].get<std::string>());
      change.taken.push_back("note");
    }
    change.patch = patch.dump();
    return change;
  }
  Result<core::JsonText> item_fields(const std::string&, const core::Task& task,
                                     const ports::MappingInput&) const override {
    return task_fields(task).dump();
  }
  std::map<std::string, ports::KindRules> kinds() const override {
    if (style_ != Style::client_ids) return {};
    return {{"event", {{}, {}, {"text"}, true}}};
  }
  Result<std::optional<core::JsonText>> resolve(const std::string&, const core::JsonText&,
                                                const core::JsonText&,
                                                const core::JsonText&) const override {
    return std::optional<core::JsonText>();
  }
  Result<ports::Desired> desired(const ports::MappingInput& input) const override {
    ++*mapped_;
    ports::Desired desired;
    const core::Plan& plan = *input.plan;
    if (plan.title == "Unmappable") return Error{Code::invalid, "no word for this plan"};
    const auto add = [&](std::string key, std::string kind, std::string parent, Json fields) {
      const std::string task = key.rfind("task:", 0) == 0 ? key.substr(5) : std::string();
      desired.items.push_back({key, kind, parent, {}, task, key, fields.dump()});
    };
    if (style_ == Style::keyed) add("plan:" + plan.id, "database", "", {{"title", plan.title}});
    if (style_ != Style::nested) {
      const bool flat = style_ == Style::client_ids;
      for (const core::Task& task : input.tasks) {
        add("task:" + task.id, flat ? "event" : "row", flat ? "" : "plan:" + plan.id,
            task_fields(task));
      }
      return desired;
    }
    add("plan:" + plan.id, "page", "", {{"title", plan.title}});
    for (const core::Module& module : plan.modules) {
      add("module:" + module.id, "page", "plan:" + plan.id, {{"title", module.title}});
      for (const core::Week& week : module.weeks) {
        add("week:" + week.id, "section", "module:" + module.id, {{"title", week.milestone}});
        std::string before;
        for (const core::Task& task : input.tasks) {
          if (task.week_id != week.id) continue;
          add("task:" + task.id, "todo", "week:" + week.id, task_fields(task));
          desired.items.back().after_key = before;
          before = "task:" + task.id;
        }
      }
    }
    return desired;
  }

 private:
  Style style_;
  std::string revision_;
  std::shared_ptr<std::atomic<int>> mapped_;
};

}  // namespace

StyleMapper::StyleMapper(Style style) : style_(style) {
  edit_script();
}

int StyleMapper::mapped() const {
  return *mapped_;
}

void StyleMapper::edit_script() {
  mapping_ = std::make_shared<StyleMapping>(style_, fmt::format("r{}", ++revisions_), mapped_);
}

World::World(Style style, std::uint64_t seed)
    : service(style, &clock),
      random(seed),
      style_(style),
      mapper_(style),
      connectors_(fake_connector(style)) {
  clock.use_executor(&executor);
  options.installation = "test";
  boot();
}

World::~World() {
  dispatcher->stop();
  egress->release();
  executor.run_until_idle();
  for (Corpse& corpse : corpses_) corpse.egress->release();
  executor.run_until_idle();
}

sync::Ports World::ports() {
  return {*mortal_, connectors_, *egress, mapper_,    gate, clock,
          clock,    executor,    random,  publisher_, {}};
}

void World::boot() {
  mortal_ = std::make_unique<MortalStore>(store);
  egress = std::make_unique<FakeEgress>(service, executor);
  dispatcher = std::make_unique<sync::Dispatcher>(ports(), options);
  REQUIRE(dispatcher->start().ok());
}

void World::crash() {
  mortal_->dead = true;
  auto fault = egress->fault;
  dispatcher->stop();
  egress->release();
  executor.run_until_idle();
  corpses_.push_back({std::move(dispatcher), std::move(egress), std::move(mortal_)});
  boot();
  egress->fault = std::move(fault);
}

ports::Changes made_plan(const std::vector<std::string>& connection_ids, const std::string& plan_id,
                         int modules, int weeks, int tasks, int first_task) {
  core::Account account;
  account.id = "acc";
  account.zone = "Europe/Madrid";
  core::Plan plan;
  plan.id = plan_id;
  plan.account_id = account.id;
  plan.title = "Plan";
  core::Plan calendar;
  calendar.id = "pln_calendar";
  calendar.external_id = "calendar";
  calendar.account_id = account.id;
  calendar.title = "Calendar";
  for (int m = 0; m < modules; ++m) {
    core::Module& module = plan.modules.emplace_back(
        core::Module{fmt::format("m{}", m), fmt::format("Module {}", m), {}});
    for (int w = 0; w < weeks; ++w) {
      module.weeks.push_back(
          {fmt::format("w{}_{}", m, w), m * weeks + w + 1, fmt::format("Week {} {}", m, w)});
    }
  }
  ports::Changes changes{ports::put(account), ports::put(calendar), ports::put(plan)};
  for (const std::string& id : connection_ids) {
    core::Connection connection;
    connection.id = id;
    connection.account_id = account.id;
    connection.connector = "fake";
    connection.target = {"root", "page", "Root", ""};
    changes.push_back(ports::put(connection));
  }
  for (const core::Module& module : plan.modules) {
    for (const core::Week& week : module.weeks) {
      for (int t = 0; t < tasks; ++t) {
        core::Task task;
        task.id = fmt::format("t{}", first_task);
        task.account_id = account.id;
        task.plan_id = plan.id;
        task.week_id = week.id;
        task.position = 1024 * first_task++;
        task.title = fmt::format("Task {}", t);  // the same titles in every week
        changes.push_back(ports::put(task));
      }
    }
  }
  return changes;
}

void World::populate(int modules, int weeks, int tasks) {
  REQUIRE(store
              .commit(made_plan({connection_id}, plan_id, modules, weeks, tasks, next_),
                      ports::Durability::full)
              .ok());
  next_ += modules * weeks * tasks;
}

std::vector<core::Task> World::tasks() const {
  return store.plans().tasks(plan_id).value();
}

void World::save(core::Task task) {
  task.updated_ms = clock.now_ms();
  REQUIRE(store.commit({ports::put(std::move(task))}, ports::Durability::full).ok());
  dispatcher->plan_saved("acc", plan_id);
}

void World::retitle(std::size_t task, const std::string& title) {
  core::Task edited = tasks().at(task);
  edited.title = title;
  save(edited);
}

void World::tick(std::size_t task) {
  core::Task edited = tasks().at(task);
  edited.status =
      edited.status == core::TaskStatus::done ? core::TaskStatus::todo : core::TaskStatus::done;
  save(edited);
}

void World::remove(std::size_t task) {
  core::Task edited = tasks().at(task);
  edited.deleted_ms = clock.now_ms();
  save(edited);
}

void World::add_after(std::size_t task, const std::string& title) {
  const std::vector<core::Task> all = tasks();
  core::Task added;
  added.id = fmt::format("t{}", next_++);
  added.account_id = "acc";
  added.plan_id = plan_id;
  added.week_id = all.at(task).week_id;
  added.position = all.at(task).position + 1;
  added.title = title;
  save(added);
}

void World::edit(std::mt19937_64& dice) {
  const std::size_t count = tasks().size();
  if (count == 0) return;
  const std::size_t which = dice() % count;
  switch (dice() % 4) {
    case 0:
      retitle(which, fmt::format("Retitled {}", dice() % 1000));
      break;
    case 1:
      tick(which);
      break;
    case 2:
      add_after(which, fmt::format("Added {}", dice() % 5));
      break;
    default:
      if (count > 3) remove(which);
  }
}

core::Run World::sync(core::RunTrigger trigger) {
  core::Run run;
  run.id = fmt::format("run_{}", next_++);
  run.account_id = "acc";
  run.connection_id = connection_id;
  run.kind = core::RunKind::sync;
  run.trigger = trigger;
  run.created_ms = clock.now_ms();
  REQUIRE(store.commit({ports::put(run)}, ports::Durability::full).ok());
  dispatcher->kick(connection_id);
  settle();
  return this->run(run.id);
}

core::Task World::task(const std::string& id) const {
  return store.plans().find_task(id).value();
}

core::Run World::queue_export() {
  core::Run run;
  run.id = fmt::format("run_{}", next_++);
  run.account_id = "acc";
  run.connection_id = connection_id;
  run.plan_id = plan_id;
  run.created_ms = clock.now_ms();
  REQUIRE(store.commit({ports::put(run)}, ports::Durability::full).ok());
  dispatcher->kick(connection_id);
  return run;
}

core::Run World::export_plan() {
  const core::Run queued = queue_export();
  settle();
  return run(queued.id);
}

void World::settle() {
  fakes::run_until_quiet(clock, executor);
}

void World::settle_in() {
  constexpr std::int64_t kWhileMs = 10 * 60'000;
  clock.advance(kWhileMs);
  REQUIRE(sync().state == core::RunState::succeeded);
  clock.advance(kWhileMs);
}

void World::settle_in(int modules, int weeks, int tasks) {
  populate(modules, weeks, tasks);
  REQUIRE(export_plan().state == core::RunState::succeeded);
  settle_in();
}

void World::edit_there(const std::string& from, const std::string& to) {
  service.edit(service.named(from), Json({{"text", to}}).dump());
}

core::Run World::run(const std::string& id) {
  return store.runs().find(id).value();
}

std::string World::expected() const {
  return expected_outline(style_, store, plan_id);
}

std::string expected_outline(Style style, const ports::Store& store, const std::string& plan_id) {
  FakeService wanted(style);
  const StyleMapper mapper(style);
  const core::Account account = store.accounts().find("acc").value();
  const core::Plan plan = store.plans().find(plan_id).value();
  const std::vector<core::Task> all = store.plans().tasks(plan_id).value();
  ports::MappingInput input{&account, &plan, all, "{}", "UTC", ""};
  const auto desired = mapper.mapping("fake").value()->desired(input).value();
  std::map<std::string, std::string> ids{{"", "root"}};
  for (const ports::DesiredItem& item : desired.items) {
    ports::ConnectorRequest request;
    request.body = Json({{"op", "create"},
                         {"parent", ids[item.parent_key]},
                         {"item", {{"kind", item.kind}, {"fields", Json::parse(item.fields)}}}})
                       .dump();
    ids[item.key] = Json::parse(wanted.serve(request).body)["id"];
  }
  return wanted.outline();
}

}  // namespace mortise::tests
