#include "plugin/notion_world.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "notion.hpp"
#include "simulators/notion/notion.hpp"

namespace notion_tests {

using Json = nlohmann::json;
using mortise::Action;
using mortise::CallInput;
using mortise::Operation;
using mortise::Outcome;
using mortise::Write;
using mortise::fakes::query_value;
using mortise::testing::Run;

namespace {

const std::string kClient = "bW9ydGlzZS1zaW11bGF0ZWQ6c2ltdWxhdGVkLXNlY3JldA==";  // in base64

}  // namespace

NotionWorld::NotionWorld()
    : ConnectorWorld(
          [](mortise::simulators::World& world) {
            return std::make_unique<mortise::simulators::Notion>(world);
          },
          mortise::make_connector<notion::Notion>) {
  connect();
  control("PUT", "limits", {{"notion_per_connection", 0}});
}

void NotionWorld::connect() {
  const std::string back = "http://127.0.0.1:9/callback";
  const Answer consent =
      post_form("/v1/oauth/authorize", {{"client_id", "mortise-simulated"},
                                        {"redirect_uri", back},
                                        {"response_type", "code"},
                                        {"owner", "user"},
                                        {"state", "s"},
                                        {"user", "6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0a01"},
                                        {"decision", "allow"}});
  const Json exchange = {{"grant_type", "authorization_code"},
                         {"code", query_value(consent.header("Location"), "code")},
                         {"redirect_uri", back}};
  const Answer grant = ask("POST", "/v1/oauth/token",
                           {{"Authorization", "Basic " + kClient},
                            {"Notion-Version", "2026-03-11"},
                            {"Content-Type", "application/json"}},
                           exchange.dump());
  INFO(grant.body);
  REQUIRE(grant.status == 200);
  Json reply = Json::parse(grant.body);
  sign_with(reply.at("access_token"));
  reply.erase("access_token");
  reply.erase("refresh_token");
  token_reply_ = reply.dump();
  const Json found = api("POST", "/v1/search", {{"query", "home"}});
  home_ = found.at("results").at(0).at("id");
}

Run NotionWorld::run(CallInput call) {
  if (call.target_id.empty()) call.target_id = home_;
  call.target_kind = "page";
  return ConnectorWorld::run(std::move(call));
}

Run NotionWorld::write(std::vector<Write> writes) {
  for (Write& each : writes) {
    if (each.parent_id.empty()) each.parent_id = id_of(each.parent_key);
    if (each.after_id.empty()) each.after_id = id_of(each.after_key);
  }
  CallInput call;
  call.operation = Operation::write;
  call.writes = writes;
  Run done = run(std::move(call));
  remember(done, writes);
  return done;
}

void NotionWorld::remember(const Run& run, const std::vector<Write>& writes) {
  for (const Outcome& each : run.outcomes()) {
    if (each.result == mortise::WriteResult::done && !each.id.empty()) {
      ids_.emplace_back(writes.at(each.write).key, each.id);
    }
  }
}

std::string NotionWorld::id_of(const std::string& key) const {
  for (auto it = ids_.rbegin(); it != ids_.rend(); ++it) {
    if (!key.empty() && it->first == key) return it->second;
  }
  return {};
}

Run NotionWorld::list(const std::string& container_id, const std::string& kind) {
  CallInput call;
  call.operation = Operation::list;
  call.container_id = container_id;
  call.container_kind = kind;
  return run(std::move(call));
}

Json NotionWorld::api(const std::string& method, const std::string& path, const Json& body) {
  const Answer answer = ask_signed(
      method, path, {{"Notion-Version", "2026-03-11"}, {"Content-Type", "application/json"}},
      body.is_null() ? std::string() : body.dump());
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  return Json::parse(answer.body);
}

Write creation(const std::string& kind, const std::string& key, const std::string& parent,
               const std::string& after, const std::string& fields) {
  Write write;
  write.kind = kind;
  write.key = key;
  write.parent_key = parent;
  write.after_key = after;
  write.fields = fields;
  return write;
}

Write update(const std::string& kind, const std::string& id, const std::string& fields,
             std::vector<std::string> changed) {
  Write write;
  write.action = Action::update;
  write.kind = kind;
  write.key = "changed:" + id;
  write.id = id;
  write.fields = fields;
  write.changed = std::move(changed);
  return write;
}

Write removal(const std::string& kind, const std::string& id) {
  Write write;
  write.action = Action::remove;
  write.kind = kind;
  write.key = "removed:" + id;
  write.id = id;
  return write;
}

const std::vector<int>& ossu_weeks() {
  static const std::vector<int> kWeeks = {14, 54, 45, 2,  31, 16, 24, 29,
                                          16, 51, 30, 39, 32, 53, 230};
  return kWeeks;
}

std::vector<Write> pages_plan(const std::vector<int>& weeks_per_module, int tasks_per_week) {
  std::vector<Write> writes;
  writes.push_back(creation("page", "plan:p", "", "",
                            R"({"help":["Tick here or in the app."],"icon":"🎯","title":"Plan"})"));
  int week_number = 0;
  int task_number = 0;
  std::string module_before;
  for (std::size_t m = 0; m < weeks_per_module.size(); ++m) {
    const std::string module = "module:" + std::to_string(m);
    writes.push_back(creation("page", module, "plan:p", module_before,
                              Json{{"title", "Module " + std::to_string(m + 1)}}.dump()));
    module_before = module;
    std::string week_before;
    for (int w = 0; w < weeks_per_module[m]; ++w) {
      const std::string week = "week:" + std::to_string(++week_number);
      const Json title = {{"title", "Week " + std::to_string(week_number) + ": a milestone"}};
      writes.push_back(creation("section", week, module, week_before, title.dump()));
      week_before = week;
      std::string task_before;
      for (int t = 0; t < tasks_per_week; ++t) {
        const std::string task = "task:" + std::to_string(++task_number);
        const Json fields = {
            {"text", "Task " + std::to_string(task_number) + " of the curriculum, session"},
            {"link", "https://github.com/ossu/computer-science/" + std::to_string(task_number)},
            {"detail", "1 h 36 min · due 2026-11-23"},
            {"checked", task_number % 7 == 0}};
        writes.push_back(creation("todo", task, week, task_before, fields.dump()));
        task_before = task;
      }
    }
  }
  return writes;
}

std::vector<Write> table_plan(int rows) {
  std::vector<Write> writes;
  writes.push_back(creation("page", "plan:p", "", "", R"({"title":"Plan"})"));
  const Json table = {{"title", "Tasks"},
                      {"columns",
                       {{{"name", "Task"}, {"type", "title"}},
                        {{"name", "Due Date"}, {"type", "date"}},
                        {{"name", "Status"},
                         {"type", "status"},
                         {"options", {"Not started", "In progress", "Done"}}},
                        {{"name", "Resource Link"}, {"type", "url"}},
                        {{"name", "Duration"}, {"type", "number"}},
                        {{"name", "Order"}, {"type", "number"}}}}};
  writes.push_back(creation("database", "table:p", "plan:p", "", table.dump()));
  std::string before;
  for (int i = 1; i <= rows; ++i) {
    const std::string key = "task:" + std::to_string(i);
    const Json fields = {{"Task", "Task " + std::to_string(i)},
                         {"Due Date", {{"start", "2026-11-23"}}},
                         {"Status", i % 2 == 0 ? "Done" : "Not started"},
                         {"Resource Link", "https://example.org/" + std::to_string(i)},
                         {"Duration", 96},
                         {"Order", i}};
    writes.push_back(creation("row", key, "table:p", before, fields.dump()));
    before = key;
  }
  return writes;
}

}  // namespace notion_tests
