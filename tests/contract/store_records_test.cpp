// Every record comes back as it was put, also after the store was closed.
#include <catch2/catch.hpp>

#include "contract/samples.hpp"
#include "contract/store_subjects.hpp"

using namespace mortise;
using namespace mortise::contract;
using ports::put;

namespace {

bool same(const core::Secret& secret, std::string_view text) {
  return secret.equals(text);
}

}  // namespace

TEMPLATE_TEST_CASE("store: records of plans come back as they were put", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  core::Account account = contract::account(odd_text("acc"));
  core::Plan plan = contract::plan("pln_1", account.id);
  core::Task task = contract::task("tsk_1", plan.id, 10, account.id);
  commit(subject.store(), {put(account), put(plan), put(task)});
  account.rev = plan.rev = task.rev = plan.tasks_rev = 1;
  subject.reopen();
  const ports::Store& store = subject.store();
  CHECK(store.accounts().find(account.id).value() == account);
  CHECK(store.plans().find(plan.id).value() == plan);
  CHECK(store.plans().find_external(account.id, plan.external_id).value() == plan);
  CHECK(store.plans().find_task(task.id).value() == task);
}

TEMPLATE_TEST_CASE("store: empty records come back empty", "[contract][store]", MemorySubject,
                   SqlSubject) {
  TestType subject;
  core::Plan plan;
  plan.id = "pln";
  core::Task task;
  task.id = "tsk";
  task.plan_id = "pln";
  core::Run run;
  run.id = "run";
  core::Pair pair;
  commit(subject.store(), {put(plan), put(task), put(run), put(pair)});
  plan.rev = task.rev = run.rev = plan.tasks_rev = 1;
  subject.reopen();
  CHECK(subject.store().plans().find("pln").value() == plan);
  CHECK(subject.store().plans().find_task("tsk").value() == task);
  CHECK(subject.store().runs().find("run").value() == run);
  CHECK(subject.store().pairs().of_plan("", "").value() == std::vector{pair});
}

TEMPLATE_TEST_CASE("store: records of sync come back as they were put", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  core::Connection connection = contract::connection("cnn_1");
  const core::Pair pair = contract::pair("cnn_1", "pln_1", "task:tsk_1");
  const core::Intent intent = contract::intent("int_1", "cnn_1");
  core::Run run = contract::run("run_1");
  const core::RunItem item = run_item("run_1", odd_text("task:tsk_1"));
  core::Usage usage{"acc", "2026-11", 2, 3, 0};
  const core::Event event = contract::event("evt_1", "acc", 5);
  commit(subject.store(),
         {put(connection), put(pair), put(intent), put(run), put(item), put(usage), put(event)});
  connection.rev = run.rev = usage.rev = 1;
  subject.reopen();
  const ports::Store& store = subject.store();
  CHECK(store.connections().find("cnn_1").value() == connection);
  CHECK(store.pairs().of_plan("cnn_1", "pln_1").value() == std::vector{pair});
  CHECK(store.pairs().of_key("task:tsk_1").value() == std::vector{pair});
  CHECK(store.journal().open_intents("cnn_1").value() == std::vector{intent});
  CHECK(store.runs().find("run_1").value() == run);
  CHECK(store.runs().items("run_1", {}).value().items == std::vector{item});
  CHECK(store.usages().find("acc", "2026-11").value() == usage);
  const core::Event read = store.outbox().list("acc", {}).value().items.at(0);
  CHECK(read.id == event.id);
  CHECK(read.type == event.type);
  CHECK(read.account_id == event.account_id);
  CHECK(read.data == event.data);
  CHECK(read.at_ms == event.at_ms);
}

TEMPLATE_TEST_CASE("store: grants and secrets come back as they were put", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  core::Grant grant;
  grant.connection_id = "cnn_1";
  grant.access_token = core::Secret(odd_text("access"));
  grant.expires_ms = 77;
  grant.scope = "a b";
  grant.refresh_intent_ms = 88;
  grant.refreshed_ms = 99;
  core::NamedSecret secret{"notion.client_secret", core::Secret("s3cret"), 11};
  core::ConnectSession session;
  session.id = "cns_1";
  session.account_id = "acc";
  session.connector = "notion";
  session.connection_id = "cnn_1";
  session.return_to = "https://app.example.com/back";
  session.export_plan_id = "pln_1";
  session.state_hash = "statehash";
  session.browser_hash = "browserhash";
  session.verifier = core::Secret("verifier");
  session.expires_ms = 123;
  session.used = true;
  commit(subject.store(), {put(grant), put(secret), put(session)}, ports::Durability::full);
  subject.reopen();
  const ports::Grants& grants = subject.store().grants();
  const core::Grant read = grants.find("cnn_1").value();
  CHECK(same(read.access_token, odd_text("access")));
  CHECK(read.refresh_token.empty());
  CHECK(read.expires_ms == grant.expires_ms);
  CHECK(read.scope == grant.scope);
  CHECK(read.refresh_intent_ms == grant.refresh_intent_ms);
  CHECK(read.refreshed_ms == 99);
  CHECK(read.rev == 1);
  CHECK(same(grants.secret("notion.client_secret").value().value, "s3cret"));
  CHECK(grants.secret("notion.client_secret").value().updated_ms == 11);
  CHECK(grants.secret_names().value() == std::vector<std::string>{"notion.client_secret"});
  for (const core::ConnectSession& found :
       {grants.session("cns_1").value(), grants.session_by_state("statehash").value()}) {
    CHECK(found.id == session.id);
    CHECK(found.account_id == session.account_id);
    CHECK(found.connector == session.connector);
    CHECK(found.connection_id == session.connection_id);
    CHECK(found.return_to == session.return_to);
    CHECK(found.export_plan_id == session.export_plan_id);
    CHECK(found.browser_hash == session.browser_hash);
    CHECK(same(found.verifier, "verifier"));
    CHECK(found.expires_ms == 123);
    CHECK(found.used);
    CHECK(found.rev == 1);
  }
}

TEMPLATE_TEST_CASE("store: keys, sessions and remembered answers come back as they were put",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  const core::ApiKey key{"k1", odd_text("name"), "hash", {"read", "admin"}, 5, 6, 0};
  // An expiry that the housekeeping of a store that just opened leaves alone.
  const core::Instant later_ms = fakes::ManualClock::kStart + 1000;
  const core::UserSession session{"ses_1", "acc", "sessionhash", "csrf", true, later_ms, 0};
  const core::IdempotencyRecord record{"acc",          odd_text("key"),  "fp",     202,
                                       R"({"a":"b"})", odd_text("body"), later_ms, 0};
  commit(subject.store(), {put(key), put(session), put(record)});
  subject.reopen();
  const ports::Access& access = subject.store().access();
  const core::ApiKey read_key = access.key("k1").value();
  CHECK(read_key.name == key.name);
  CHECK(read_key.hash == key.hash);
  CHECK(read_key.scopes == key.scopes);
  CHECK(read_key.created_ms == 5);
  CHECK(read_key.revoked_ms == key.revoked_ms);
  CHECK(read_key.rev == 1);
  const core::UserSession read_session = access.session_by_hash("sessionhash").value();
  CHECK(read_session.id == "ses_1");
  CHECK(read_session.account_id == "acc");
  CHECK(read_session.csrf == "csrf");
  CHECK(read_session.exchanged);
  CHECK(read_session.expires_ms == later_ms);
  CHECK(read_session.rev == 1);
  const core::IdempotencyRecord read_record = access.idempotency("acc", record.key).value();
  CHECK(read_record.fingerprint == "fp");
  CHECK(read_record.status == 202);
  CHECK(read_record.headers == record.headers);
  CHECK(read_record.body == record.body);
  CHECK(read_record.expires_ms == later_ms);
  CHECK(read_record.rev == 1);
}

TEMPLATE_TEST_CASE("store: what is not there is not_found", "[contract][store]", MemorySubject,
                   SqlSubject) {
  TestType subject;
  const ports::Store& store = subject.store();
  CHECK(store.accounts().find("x").error().code == Code::not_found);
  CHECK(store.plans().find("x").error().code == Code::not_found);
  CHECK(store.plans().find_external("a", "x").error().code == Code::not_found);
  CHECK(store.plans().find_external("", "").error().code == Code::not_found);
  CHECK(store.plans().find_task("x").error().code == Code::not_found);
  CHECK(store.connections().find("x").error().code == Code::not_found);
  CHECK(store.grants().find("x").error().code == Code::not_found);
  CHECK(store.grants().secret("x").error().code == Code::not_found);
  CHECK(store.grants().session("x").error().code == Code::not_found);
  CHECK(store.runs().find("x").error().code == Code::not_found);
  CHECK(store.access().key("x").error().code == Code::not_found);
  CHECK(store.access().idempotency("a", "x").error().code == Code::not_found);
  const core::Usage unused = store.usages().find("acc", "2026-11").value();
  CHECK(unused == core::Usage{"acc", "2026-11", 0, 0, 0});
  CHECK(store.pairs().of_plan("c", "p").value().empty());
  CHECK(store.pairs().plans("c").value().empty());
  CHECK(store.runs().unfinished().value().empty());
}

TEMPLATE_TEST_CASE("store: a session without a state or a hash is not found by the empty one",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  core::ConnectSession fresh;
  fresh.id = "cns_1";
  core::UserSession code;
  code.id = "ses_1";
  commit(subject.store(), {put(fresh), put(code)});
  CHECK(subject.store().grants().session_by_state("").error().code == Code::not_found);
  CHECK(subject.store().access().session_by_hash("").error().code == Code::not_found);
}

TEMPLATE_TEST_CASE("store: values of several megabytes and every byte value survive",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  core::Pair pair = contract::pair("cnn", "pln", "task:big");
  pair.memo.clear();
  for (int byte = 0; byte < 256; ++byte) pair.memo += static_cast<char>(byte);
  pair.fields = "{\"text\":\"" + std::string(3'000'000, 'x') + "\"}";
  core::NamedSecret secret{"big", core::Secret(std::string(100'000, 's')), 1};
  commit(subject.store(), {put(pair), put(secret)});
  subject.reopen();
  CHECK(subject.store().pairs().of_plan("cnn", "pln").value() == std::vector{pair});
  CHECK(same(subject.store().grants().secret("big").value().value, std::string(100'000, 's')));
}
