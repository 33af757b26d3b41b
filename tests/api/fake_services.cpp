#include "api/fake_services.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "api/render.hpp"
#include "core/ids.hpp"
#include "core/occurrence.hpp"
#include "core/plan_shapes.hpp"
#include "core/record_json.hpp"

namespace mortise::tests {

using core::Json;
using ports::Refusal;

namespace {

std::string make_id(std::string_view prefix, const ports::Clock& clock, ports::Random& random) {
  std::array<std::byte, 10> bytes{};
  random.fill(bytes);
  return core::make_id(prefix, clock.now_ms(), bytes);
}

Refusal complain(const std::vector<core::Problem>& problems) {
  Refusal refusal{{Code::invalid, "the document is not valid"}, {}, {}};
  for (const core::Problem& each : problems)
    refusal.complaints.push_back({each.pointer, each.detail});
  return refusal;
}

Refusal refuse(Error error) {
  return {std::move(error), {}, {}};
}

/// As service::stale() says it.
Error stale() {
  return {Code::conflict, "it has changed meanwhile", "precondition_failed"};
}

}  // namespace

void FakePlans::note(const std::string& request_id) {
  const std::lock_guard lock(mutex_);
  asked_by_ = request_id;
}

std::string FakePlans::new_id(std::string_view prefix) {
  return make_id(prefix, clock_, random_);
}

ports::Answer<core::Account> FakePlans::put_account(const std::string& id,
                                                    const core::JsonText& body,
                                                    std::optional<core::Rev> if_match,
                                                    const std::string& request_id) {
  note(request_id);
  auto read = core::read_account(core::parse_json(body).value());
  if (!read) return complain(read.problems);
  core::Account account = *std::move(read.value);
  const auto known = store_.accounts().find(id);
  account.id = id;
  account.rev = known ? known->rev : 0;
  if (if_match && *if_match != account.rev) return refuse(stale());
  account.created_ms = known ? known->created_ms : clock_.now_ms();
  account.updated_ms = clock_.now_ms();
  if (auto saved = store_.commit({ports::put(account)}, ports::Durability::relaxed); !saved) {
    return refuse(saved.error());
  }
  ++account.rev;
  return account;
}

ports::Answer<ports::ImportReport> FakePlans::import(const std::string& account_id,
                                                     const core::JsonText& document,
                                                     const std::string& request_id) {
  note(request_id);
  if (const auto account = store_.accounts().find(account_id); !account)
    return refuse(account.error());
  auto read = core::read_plan_document(core::parse_json(document).value(),
                                       [this](std::string_view prefix) { return new_id(prefix); });
  if (!read) return complain(read.problems);
  core::ImportedPlan& imported = *read.value;
  ports::ImportReport report;
  imported.plan.account_id = account_id;
  imported.plan.created_ms = imported.plan.updated_ms = clock_.now_ms();
  ports::Changes changes{ports::put(imported.plan)};
  for (core::Task& task : imported.tasks) {
    task.account_id = account_id;
    task.created_ms = task.updated_ms = clock_.now_ms();
    changes.push_back(ports::put(task));
  }
  if (auto saved = store_.commit(std::move(changes), ports::Durability::relaxed); !saved) {
    return refuse(saved.error());
  }
  report.plan = store_.plans().find(imported.plan.id).value();
  report.added = static_cast<std::int64_t>(imported.tasks.size());
  return report;
}

ports::Answer<core::Plan> FakePlans::edit_plan(const std::string& id, const core::JsonText& patch,
                                               std::optional<core::Rev> if_match,
                                               const std::string& request_id) {
  note(request_id);
  core::Plan plan = store_.plans().find(id).value();
  if (if_match && *if_match != plan.rev) return refuse(stale());
  auto read = core::apply_patch(plan, core::parse_json(patch).value());
  if (!read) return complain(read.problems);
  if (auto saved = store_.commit({ports::put(*read.value)}, ports::Durability::relaxed); !saved) {
    return refuse(saved.error());
  }
  return store_.plans().find(id).value();
}

ports::Answer<core::Plan> FakePlans::remove_plan(const std::string& id,
                                                 std::optional<ports::RemoteItems> remote,
                                                 std::optional<core::Rev> if_match,
                                                 const std::string& request_id) {
  note(request_id);
  core::Plan plan = store_.plans().find(id).value();
  if (if_match && *if_match != plan.rev) return refuse(stale());
  if (!remote && !store_.pairs().of_plan("cnn_ann", id).value().empty()) {
    return refuse({Code::conflict, "say remote=keep or remote=remove", "remote_choice_needed"});
  }
  plan.deleted_ms = clock_.now_ms();
  if (auto saved = store_.commit({ports::put(plan)}, ports::Durability::relaxed); !saved) {
    return refuse(saved.error());
  }
  return plan;
}

ports::Answer<core::Task> FakePlans::add_task(const ports::TaskInsert& insert) {
  note(insert.request_id);
  auto read = core::read_task(core::parse_json(insert.task).value());
  if (!read) return complain(read.problems);
  core::Task task = *std::move(read.value);
  const core::Plan plan = store_.plans().find(insert.plan_id).value();
  task.id = new_id(core::kTaskPrefix);
  task.account_id = plan.account_id;
  task.plan_id = plan.id;
  task.week_id = insert.week_id;
  task.position = 1'000'000;
  task.created_ms = task.updated_ms = clock_.now_ms();
  if (auto saved = store_.commit({ports::put(task)}, ports::Durability::relaxed); !saved) {
    return refuse(saved.error());
  }
  return store_.plans().find_task(task.id).value();
}

Result<std::vector<core::Occurrence>> FakePlans::occurrences(
    const ports::OccurrenceWindow& window) const {
  const core::Task series = store_.plans().find_task(window.task_id).value();
  return core::occurrences(series, "Europe/Madrid", window.from_ms, window.to_ms, window.limit);
}

ports::Answer<core::Task> FakePlans::edit_occurrence(const ports::OccurrenceEdit& edit) {
  note(edit.request_id);
  const core::Task series = store_.plans().find_task(edit.task_id).value();
  if (edit.if_match && *edit.if_match != series.rev) return refuse(stale());
  auto read = core::edit_occurrence(series, edit.slot, core::parse_json(edit.patch).value());
  if (!read) return complain(read.problems);
  if (auto saved = store_.commit({ports::put(*read.value)}, ports::Durability::relaxed); !saved) {
    return refuse(saved.error());
  }
  return store_.plans().find_task(edit.task_id).value();
}

ports::Answer<core::Task> FakePlans::cancel_occurrence(const ports::OccurrenceEdit& edit) {
  return edit_occurrence(
      {edit.task_id, edit.slot, R"({"status":"cancelled"})", edit.if_match, edit.request_id});
}

ports::Answer<core::Task> FakePlans::split_series(const ports::OccurrenceEdit& edit) {
  note(edit.request_id);
  const core::Task series = store_.plans().find_task(edit.task_id).value();
  auto split = core::split_series(series, edit.slot, "Europe/Madrid");
  if (!split) return refuse(split.error());
  core::Task following = std::move(split->following);
  following.id = new_id(core::kTaskPrefix);
  following.external_id.clear();
  following.rev = 0;
  const ports::Changes changes{ports::put(split->before), ports::put(following)};
  if (auto saved = store_.commit(changes, ports::Durability::relaxed); !saved) {
    return refuse(saved.error());
  }
  return store_.plans().find_task(following.id).value();
}

ports::Answer<core::Task> FakePlans::edit_task(const ports::TaskEdit& edit) {
  note(edit.request_id);
  core::Task task = store_.plans().find_task(edit.task_id).value();
  if (edit.if_match && *edit.if_match != task.rev) return refuse(stale());
  auto read = core::apply_patch(task, core::parse_json(edit.patch).value());
  if (!read) return complain(read.problems);
  read.value->updated_ms = clock_.now_ms();
  if (auto saved = store_.commit({ports::put(*read.value)}, ports::Durability::relaxed); !saved) {
    return refuse(saved.error());
  }
  return store_.plans().find_task(edit.task_id).value();
}

ports::Answer<core::Task> FakePlans::remove_task(const std::string& id,
                                                 std::optional<core::Rev> if_match,
                                                 const std::string& request_id) {
  note(request_id);
  core::Task task = store_.plans().find_task(id).value();
  if (if_match && *if_match != task.rev) return refuse(stale());
  task.deleted_ms = clock_.now_ms();
  if (auto saved = store_.commit({ports::put(task)}, ports::Durability::relaxed); !saved) {
    return refuse(saved.error());
  }
  return task;
}

ports::Answer<core::Task> FakePlans::restore_task(const std::string& id,
                                                  const std::string& request_id) {
  note(request_id);
  core::Task task = store_.plans().find_task(id).value();
  task.deleted_ms.reset();
  if (auto saved = store_.commit({ports::put(task)}, ports::Durability::relaxed); !saved) {
    return refuse(saved.error());
  }
  return store_.plans().find_task(id).value();
}

ports::Answer<core::Plan> FakePlans::restore_plan(const std::string& id,
                                                  const std::string& request_id) {
  note(request_id);
  core::Plan plan = store_.plans().find(id).value();
  plan.deleted_ms.reset();
  if (auto saved = store_.commit({ports::put(plan)}, ports::Durability::relaxed); !saved) {
    return refuse(saved.error());
  }
  return store_.plans().find(id).value();
}

ports::Answer<core::Conflict> FakePlans::undo_conflict(const std::string& id,
                                                       const std::string& request_id) {
  note(request_id);
  core::Conflict conflict = store_.conflicts().find(id).value();
  if (conflict.undone_ms) return refuse({Code::conflict, "was undone", "undone_already"});
  conflict.undone_ms = clock_.now_ms();
  if (auto saved = store_.commit({ports::put(conflict)}, ports::Durability::relaxed); !saved) {
    return refuse(saved.error());
  }
  return store_.conflicts().find(id).value();
}

ports::Answer<core::Plan> FakePlans::reschedule(const std::string& id,
                                                const std::string& request_id) {
  note(request_id);
  return store_.plans().find(id).value();
}

ports::Answer<core::Run> FakeExports::start(const ports::ExportRequest& request) {
  std::function<void()> hook;
  {
    const std::lock_guard lock(mutex_);
    if (start_error_) return Refusal{*start_error_, {}, {}};
    hook = before_start_;
  }
  if (hook) hook();
  const std::string month = "2026-11";
  for (;;) {
    core::Usage usage = store_.usages().find(request.account_id, month).value();
    if (usage.exports() >= 2) {
      return Refusal{
          {Code::forbidden, "The free tier includes 2 exports a month.", "quota_exceeded"},
          {},
          this->usage(request.account_id).value()};
    }
    ++usage.reserved;
    core::Run run;
    run.id = make_id(core::kRunPrefix, clock_, random_);
    run.account_id = request.account_id;
    run.plan_id = request.plan_id;
    run.connection_id = request.connection_id;
    run.kind = request.kind;
    run.trigger = request.trigger;
    run.usage = core::UsageState::reserved;
    run.usage_month = month;
    run.request_id = request.request_id;
    run.created_ms = clock_.now_ms();
    const auto saved = store_.commit({ports::put(usage), ports::put(run)}, ports::Durability::full);
    if (saved) return store_.runs().find(run.id).value();
    if (saved.error().code != Code::conflict) return refuse(saved.error());
  }
}

Result<core::Run> FakeExports::sync(const std::string& connection_id,
                                    const std::string& request_id) {
  const auto connection = store_.connections().find(connection_id);
  if (connection->status == core::ConnectionStatus::disconnected) {
    return Error{Code::conflict, "it was disconnected", "not_connected"};
  }
  const auto unfinished = store_.runs().unfinished(connection_id);
  for (const core::Run& run : *unfinished) {
    if (run.plan_id.empty() && run.state == core::RunState::queued) return run;
  }
  core::Run run;
  run.id = make_id(core::kRunPrefix, clock_, random_);
  run.account_id = connection->account_id;
  run.connection_id = connection_id;
  run.kind = core::RunKind::sync;
  run.request_id = request_id;
  run.created_ms = clock_.now_ms();
  if (auto saved = store_.commit({ports::put(run)}, ports::Durability::full); !saved) {
    return saved.error();
  }
  return store_.runs().find(run.id);
}

void FakeExports::before_start(std::function<void()> hook) {
  const std::lock_guard lock(mutex_);
  before_start_ = std::move(hook);
}

void FakeExports::refuse_start(std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  start_error_ = std::move(error);
}

void FakeExports::before_preview(std::function<void()> hook) {
  const std::lock_guard lock(mutex_);
  before_preview_ = std::move(hook);
}

ports::Answer<ports::Preview> FakeExports::preview(const ports::ExportRequest& request) {
  std::function<void()> hook;
  {
    const std::lock_guard lock(mutex_);
    hook = before_preview_;
  }
  if (hook) hook();
  ports::Preview preview;
  const std::vector<core::Task> tasks = store_.plans().tasks(request.plan_id).value();
  for (const core::Task& task : tasks) {
    ++preview.create;
    preview.items.push_back(
        {"task:" + task.id, "row", task.title, "create", "{}", Json{{"Task", task.title}}.dump()});
  }
  if (request.mapping != nullptr && !preview.items.empty()) {  // an edited script: one item more
    ports::PreviewItem more = preview.items.front();
    more.key += "/more";
    preview.items.push_back(std::move(more));
    ++preview.create;
  }
  preview.writes = preview.create;
  preview.summary = std::to_string(preview.create) + " create, 0 update, 0 delete";
  return preview;
}

Result<ports::QuotaView> FakeExports::usage(const std::string& account_id) {
  const auto account = store_.accounts().find(account_id);
  if (!account) return account.error();
  ports::QuotaView view;
  view.tier = account->tier;
  view.month = "2026-11";
  view.limit = 2;
  view.used = store_.usages().find(account_id, view.month).value().exports();
  view.resets_ms = 1'796'083'200'000;  // 2026-12-01T00:00:00Z
  view.upgrade_url = "https://app.example/upgrade";
  return view;
}

core::Run FakeExports::move(const std::string& run_id,
                            const std::function<void(core::Run&)>& change) {
  core::Run run = store_.runs().find(run_id).value();
  change(run);
  if (!store_.commit({ports::put(run)}, ports::Durability::relaxed)) std::abort();
  run = store_.runs().find(run_id).value();
  publisher_.publish("run:" + run.id, "run", core::to_json(run).dump());
  publisher_.publish("account:" + run.account_id, "run", core::to_json(run).dump());
  return run;
}

Result<core::Run> FakeExports::cancel(const std::string& run_id) {
  return move(run_id, [](core::Run& run) { run.cancel_requested = true; });
}

Result<core::Run> FakeExports::approve(const std::string& run_id, const core::JsonText& guard) {
  const core::Run run = store_.runs().find(run_id).value();
  if (run.waiting_for != core::RunWait::approval) {
    return Error{Code::conflict, "the run does not wait for approval", "not_waiting"};
  }
  if (!guard.empty() && guard != run.guard) {
    return Error{Code::conflict, "the run asks something else", "guard_changed"};
  }
  return move(run_id, [](core::Run& each) { each.approved = true; });
}

Result<core::Run> FakeExports::discard(const std::string& run_id) {
  return move(run_id, [](core::Run& run) { run.state = core::RunState::cancelled; });
}

Result<ports::ConnectView> FakeConnect::start_session(const ports::StartConnect& start) {
  if (start.connector == "unset") {
    return Error{Code::unavailable, "unset.client_id is not set: run `mortise secret set`",
                 "not_configured"};
  }
  if (start.connector != "memo") return Error{Code::not_found, "There is no such connector."};
  if (start.return_to.rfind("https://app.example/", 0) != 0) {
    return Error{Code::invalid, "return_to is not on the allow list", "return_to_refused"};
  }
  const std::lock_guard lock(mutex_);
  Begun begun{start, {}, {}, false};
  begun.view.session_id = "cns_" + std::to_string(sessions_.size() + 1);
  begun.view.account_id = start.account_id;
  begun.view.connector = start.connector;
  begun.view.url = "http://localhost/connect/" + begun.view.session_id;
  begun.view.expires_ms = clock_.now_ms() + 600'000;
  sessions_[begun.view.session_id] = begun;
  return begun.view;
}

Result<ports::ConnectView> FakeConnect::session(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second.used ||
      found->second.view.expires_ms <= clock_.now_ms()) {
    return Error{Code::not_found, "There is no such connect session."};
  }
  return found->second.view;
}

std::string FakeConnect::browser_cookie(const std::string& id, const std::string& brought) {
  const std::lock_guard lock(mutex_);
  const std::string made = "browser-of-" + id + "-";
  return brought.starts_with(made) ? brought : made + std::to_string(++cookies_);
}

Result<ports::Entered> FakeConnect::enter(const std::string& id,
                                          const std::string& browser_cookie) {
  if (auto view = session(id); !view) return view.error();
  const std::lock_guard lock(mutex_);
  Begun& begun = sessions_[id];
  if (!begun.cookie.empty() && begun.cookie != browser_cookie) {
    return Error{Code::forbidden, "This link was opened in another browser.", "other_browser"};
  }
  const std::string made = "browser-of-" + id + "-";
  begun.cookie =
      browser_cookie.starts_with(made) ? browser_cookie : made + std::to_string(++cookies_);
  return ports::Entered{"https://provider.example/consent?state=" + id, begun.cookie};
}

void FakeConnect::callback(ports::ConnectCallback back,
                           std::function<void(Result<ports::Connected>)> done) {
  executor_.post([this, back, done] {
    core::Connection connection;
    std::string return_to;
    std::string plan;
    {
      const std::lock_guard lock(mutex_);
      const auto found = sessions_.find(back.state);
      if (found == sessions_.end() || found->second.used || found->second.cookie.empty() ||
          found->second.cookie != back.browser_cookie) {
        return done(Error{Code::forbidden, "The state is unknown, used, or another browser's."});
      }
      Begun& begun = found->second;
      begun.used = true;
      if (!back.error.empty()) {
        return done(ports::Connected{begun.start.return_to + "?status=error&reason=" + back.error,
                                     begun.start.account_id, "", "", back.error});
      }
      return_to = begun.start.return_to;
      plan = begun.start.export_plan_id;
      connection.account_id = begun.start.account_id;
      connection.id = "cnn_of_" + back.state;
    }
    connection.connector = back.connector;
    connection.identity = {"id1", "ann@example.org", "Ann", "", ""};
    connection.created_ms = connection.updated_ms = clock_.now_ms();
    if (auto saved = store_.commit({ports::put(connection)}, ports::Durability::full); !saved) {
      return done(saved.error());
    }
    done(ports::Connected{return_to + "?status=success", connection.account_id, connection.id, plan,
                          ""});
  });
}

void FakeConnect::check(const std::string&, std::function<void(Result<ports::GrantChecked>)> done) {
  executor_.post([this, done] { done(checked); });
}

void FakeConnect::disconnect(const std::string& id,
                             std::function<void(Result<ports::Disconnected>)> done) {
  executor_.post([this, id, done] {
    core::Connection connection = store_.connections().find(id).value();
    connection.status = core::ConnectionStatus::disconnected;
    if (auto saved = store_.commit({ports::put(connection)}, ports::Durability::full); !saved) {
      return done(saved.error());
    }
    done(ports::Disconnected{store_.connections().find(id).value(), false,
                             "https://provider.example/apps",
                             "Memo could not be reached; remove the access there by hand."});
  });
}

void FakeConnect::remove_account(
    const std::string& account_id,
    std::function<void(Result<std::vector<ports::Disconnected>>)> done) {
  executor_.post([this, account_id, done] {
    if (auto account = store_.accounts().find(account_id); !account) return done(account.error());
    std::vector<ports::Disconnected> ended;
    auto connections = store_.connections().list(account_id);
    for (core::Connection& connection : *connections) {
      connection.status = core::ConnectionStatus::disconnected;
      ended.push_back({std::move(connection), false, "https://provider.example/apps", "By hand."});
    }
    const auto erased = store_.commit({ports::EraseAccount{account_id}}, ports::Durability::full);
    if (!erased) return done(erased.error());
    done(std::move(ended));
  });
}

void FakeConnect::targets(const std::string&,
                          std::function<void(Result<std::vector<ports::TargetChoice>>)> done) {
  executor_.post([done] {
    done(std::vector<ports::TargetChoice>{
        {{"t1", "notebook", "Notebook", "https://memo.example/t1"}, true, false},
        {{"t2", "notebook", "Shared", ""}, false, true}});
  });
}

Result<core::Connection> FakeConnect::save_target(const std::string& connection_id,
                                                  core::Target target) {
  core::Connection connection = store_.connections().find(connection_id).value();
  connection.target = std::move(target);
  if (auto saved = store_.commit({ports::put(connection)}, ports::Durability::full); !saved)
    return saved.error();
  return store_.connections().find(connection_id);
}

void FakeConnect::choose_target(const std::string& connection_id, const std::string& target_id,
                                std::function<void(Result<core::Connection>)> done) {
  executor_.post([this, connection_id, target_id, done] {
    if (target_id != "t1") return done(Error{Code::not_found, "There is no such target."});
    done(save_target(connection_id, {"t1", "notebook", "Notebook", ""}));
  });
}

void FakeConnect::make_target(const std::string& connection_id, const std::string& title,
                              std::function<void(Result<core::Connection>)> done) {
  executor_.post([this, connection_id, title, done] {
    done(save_target(connection_id, {"made", "notebook", title, ""}));
  });
}

namespace {

class MemoConnector final : public ports::Connector {
 public:
  MemoConnector() {
    manifest_.id = "memo";
    manifest_.version = "1.0.0";
    manifest_.name = "Memo";
    manifest_.connect_label = "Connect Memo";
    manifest_.export_label = "Export to Memo";
    manifest_.manage_url = "https://provider.example/apps";
    manifest_.auth.style = ports::AuthStyle::oauth2;
    manifest_.auth.features = {{"sync", {}, true, "Tasks of your plans, both ways <b>"},
                               {"colour", {}, false, "Colours"}};
    manifest_.settings = {
        {"paper",
         ports::SettingType::choice,
         "Paper",
         "Which paper.",
         "\"plain\"",
         false,
         {"plain", "lined"},
         {},
         {}},
        {"margin", ports::SettingType::integer, "Margin", "How wide.", "2", false, {}, 0, 10},
        {"stamp",
         ports::SettingType::flag,
         "Stamp",
         "Whether to stamp.",
         "false",
         false,
         {},
         {},
         {}},
        {"motto", ports::SettingType::text, "Motto", "What it says.", "", false, {}, 2, 5},
        {"server", ports::SettingType::url, "Server", "Where it is.", "", false, {}, {}, {}}};
  }
  const ports::Manifest& manifest() const override { return manifest_; }
  ports::Started begin(const ports::Call&) override { std::abort(); }

 private:
  ports::Manifest manifest_;
};

class MemoMapping final : public ports::Mapping {
 public:
  const std::string& revision() const override { return revision_; }
  Status check_settings(const core::JsonText& given) const override {
    const Json document = core::parse_json(given).value();
    for (const auto& [name, value] : document.items()) {
      if (name != "layout")
        return Error{Code::invalid, "there is no setting '" + name + "'; did you mean 'layout'?"};
    }
    return {};
  }
  core::JsonText settings(const core::JsonText& stored) const override { return stored; }
  core::JsonText settings_schema() const override {
    return R"([{"name":"layout","type":"choice","choices":["list","grid"],"default":"list","says":"How a plan looks."}])";
  }
  Result<ports::Desired> desired(const ports::MappingInput& input) const override {
    ports::Desired desired;
    for (const core::Task& task : input.tasks) {
      desired.items.push_back({"task:" + task.id, "row", "", "", task.id, task.title,
                               Json{{"Task", task.title}}.dump()});
    }
    return desired;
  }
  Result<ports::TaskChange> task_change(const std::string&, const core::JsonText&,
                                        const core::Task&,
                                        const ports::MappingInput&) const override {
    return ports::TaskChange();
  }
  Result<core::JsonText> item_fields(const std::string&, const core::Task& task,
                                     const ports::MappingInput&) const override {
    return Json{{"Task", task.title}}.dump();
  }
  std::map<std::string, ports::KindRules> kinds() const override { return {}; }
  Result<std::optional<core::JsonText>> resolve(const std::string&, const core::JsonText&,
                                                const core::JsonText&,
                                                const core::JsonText&) const override {
    return std::optional<core::JsonText>();
  }

 private:
  std::string revision_ = "r1";
};

/// Three exports a month, one more than FakeGate.
class GenerousGate final : public ports::Gate {
 public:
  ports::Decision decide(const ports::Ask& ask, const ports::Used& used) override {
    ports::Decision decision = limits(ask.tier);
    decision.allow = used.exports_this_month < 3 || ask.trigger != "user";
    decision.cost = decision.allow && ask.trigger == "user" ? 1 : 0;
    if (!decision.allow) decision.reason = "quota_exceeded";
    return decision;
  }
  ports::Decision limits(const std::string&) override {
    ports::Decision decision;
    decision.limit = 3;
    return decision;
  }
};

}  // namespace

FakeConnectors::FakeConnectors() : memo_(std::make_shared<MemoConnector>()) {}
std::shared_ptr<ports::Connector> FakeConnectors::find(std::string_view id) const {
  return id == "memo" ? memo_ : nullptr;
}
std::vector<std::shared_ptr<ports::Connector>> FakeConnectors::list() const {
  return {memo_};
}

ports::Decision FakeGate::decide(const ports::Ask& ask, const ports::Used& used) {
  ports::Decision decision = limits(ask.tier);
  decision.allow = used.exports_this_month < 2 || ask.trigger != "user";
  decision.cost = decision.allow && ask.trigger == "user" ? 1 : 0;
  if (!decision.allow) {
    decision.reason = "quota_exceeded";
    decision.message = "The free tier includes 2 exports a month.";
  }
  return decision;
}

ports::Decision FakeGate::limits(const std::string&) {
  ports::Decision decision;
  decision.limit = 2;
  decision.revision = "p1";
  return decision;
}

Result<std::shared_ptr<const ports::Mapping>> FakeMapper::mapping(
    const std::string& connector) const {
  if (connector != "memo") return Error{Code::not_found, "No mapping serves '" + connector + "'."};
  return std::shared_ptr<const ports::Mapping>(std::make_shared<MemoMapping>());
}

ports::CheckedScript FakeScripts::check(const std::string& name, const std::string& source) {
  ports::CheckedScript checked;
  if (source.find("wrong") != std::string::npos) {
    checked.findings = {{name, 1, "unknown word 'wrong'"}};
  } else if (name.rfind("mappings/", 0) == 0) {
    checked.mapping = std::make_shared<MemoMapping>();
    checked.connector = "memo";
  } else {
    checked.policy = std::make_shared<GenerousGate>();
    checked.tiers = {"free", "pro"};
  }
  return checked;
}

std::vector<ports::ScriptRevision> FakeScripts::list() const {
  return {{"policies/tiers.lua", std::string(64, 'a'), fakes::ManualClock::kStart, {}}};
}

ports::Verdict FakeHooks::receive(const ports::Knock& knock) {
  std::string signature;
  for (const auto& [name, value] : knock.headers) {
    if (name == "x-memo-signature") signature = value;
  }
  const std::lock_guard lock(mutex_);
  last_ = {std::string(knock.connector), std::string(knock.channel), signature,
           std::string(knock.body)};
  return verdict;
}

std::vector<std::string> FakeHooks::last() {
  const std::lock_guard lock(mutex_);
  return last_;
}

Result<ports::Handshake> FakeHooks::open_handshake(const std::string& connector) {
  if (connector != "memo") return Error{Code::not_found, "no such connector", "connector_missing"};
  const std::lock_guard lock(mutex_);
  handshake_ = {true, 1'795'165'800'000, {}, {}};
  return handshake_;
}

Result<ports::Handshake> FakeHooks::handshake(const std::string& connector) {
  if (connector != "memo") return Error{Code::not_found, "no such connector", "connector_missing"};
  const std::lock_guard lock(mutex_);
  ports::Handshake told = handshake_;
  // It arrives as soon as somebody asks.
  told.open = false;
  told.arrived_ms = 1'795'165'201'000;
  if (handshake_.until_ms > 0) told.token = core::Secret("secret_of_the_service");
  return told;
}

void FakeEgress::send(ports::EgressCall, std::function<void(ports::ConnectorReply)> done) {
  ports::ConnectorReply reply;
  reply.error = Error{Code::unavailable, "nothing is sent here"};
  done(std::move(reply));
}

std::vector<ports::BudgetUse> FakeEgress::budgets(const std::string&) const {
  return {{"connection", 12, 180, 60'000}};
}

core::JsonText FakeEgress::record(const std::string&) const {
  return R"([{"at":"2026-11-20T09:00:00.000Z","method":"GET","origin":"api","target":"/v1/pages",)"
         R"("attempt":1,"took_ms":81,"sent_bytes":0,"received_bytes":917,"status":200,"request":"r-1"}])";
}

}  // namespace mortise::tests
