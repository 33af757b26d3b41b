// The connector against canned answers: no network, no host, no test framework.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <mortise/testing.hpp>

#include "acme.hpp"

namespace {

using mortise::Action;
using mortise::CallInput;
using mortise::Operation;
using mortise::WriteResult;
using mortise::testing::Exchange;
using mortise::testing::Run;
using mortise::testing::Script;

void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::exit(1);
}

void expect_no_breach(const Run& run) {
  for (const std::string& each : run.breaches()) std::fprintf(stderr, "breach: %s\n", each.c_str());
  expect(run.breaches().empty(), "the contract is kept");
}

void a_listing_follows_every_page(const Script& script) {
  const std::vector<Exchange> answers = {
      {"GET /lists/home%20list/todos",
       {.status = 200, .body = R"({"todos":[{"id":"1","text":"a","done":false}],"next":"p 2"})"}},
      {"GET /lists/home%20list/todos?page=p%202",
       {.status = 200, .body = R"({"todos":[{"id":"2","text":"b","done":true}]})"}}};
  const CallInput call = {.operation = Operation::list, .target_id = "home list"};
  const Run run = script.replay(call, answers);
  expect(run.done() && run.items().size() == 2, "both pages are listed");
  expect(run.items()[1].fields == R"({"checked":true,"text":"b"})",
         "fields are in the words of the kind");
  expect(run.completed().size() == 1, "completeness is said once");
  expect_no_breach(run);
  expect(script.abandon_at_every_step(call, answers) == 2, "it can be broken off at each step");
}

void what_is_not_there_is_absent(const Script& script) {
  const std::vector<Exchange> answers = {
      {"GET /lists/l/todos/1", {.status = 404}},
      {"GET /lists/l/todos/2", {.status = 200, .body = R"({"id":"2","text":"b","done":true})"}}};
  const CallInput call = {.operation = Operation::get, .target_id = "l", .ids = {"1", "2"}};
  const Run run = script.replay(call, answers);
  expect_no_breach(run);
  expect(run.done() && run.items().size() == 2,
         "each id is answered, also beside one that is gone");
  expect(run.items()[0].state == mortise::ItemState::absent, "the one that is gone is absent");
  expect(run.items()[1].id == "2", "the other one is read");
  expect(script.abandon_at_every_step(call, answers) == 2, "it can be broken off at each step");
}

void only_what_changed_is_sent(const Script& script) {
  CallInput call = {.operation = Operation::write, .target_id = "l"};
  call.writes.push_back({.kind = "todo",
                         .key = "task:1",
                         .fields = R"({"text":"new","checked":false})",
                         .once_key = "abc"});
  call.writes.push_back({.action = Action::update,
                         .kind = "todo",
                         .key = "task:2",
                         .id = "2",
                         .fields = R"({"text":"old","checked":true})",
                         .changed = {"checked"}});
  call.writes.push_back({.action = Action::remove, .kind = "todo", .key = "task:3", .id = "3"});
  const Run run =
      script.replay(call, {{"POST /lists/l/todos",
                            {.status = 201, .body = R"({"id":"1","text":"new","done":false})"},
                            R"("client_id":"abc")"},
                           {"PATCH /lists/l/todos/2",
                            {.status = 200, .body = R"({"id":"2","text":"old","done":true})"},
                            R"({"done":true})"},
                           {"DELETE /lists/l/todos/3", {.status = 404}}});
  expect_no_breach(run);
  for (const mortise::Outcome& each : run.outcomes())
    expect(each.result == WriteResult::done, "each write is done");
}

void a_lost_answer_is_uncertain(const Script& script) {
  CallInput call = {.operation = Operation::write, .target_id = "l"};
  call.writes.push_back({.kind = "todo", .key = "task:1", .once_key = "abc"});
  mortise::Reply lost;
  lost.error = mortise::Error{mortise::Code::unavailable, "the connection broke"};
  lost.maybe_sent = true;
  const Run run = script.replay(call, {{"POST /lists/l/todos", lost}});
  expect_no_breach(run);
  expect(run.outcomes().at(0).result == WriteResult::uncertain, "a lost answer is not a failure");
}

void an_error_of_the_service_itself_is_uncertain(const Script& script) {
  CallInput call = {.operation = Operation::write, .target_id = "l"};
  call.writes.push_back({.kind = "todo", .key = "task:1", .once_key = "abc"});
  call.writes.push_back({.action = Action::remove, .kind = "todo", .key = "task:2", .id = "2"});
  call.writes.push_back({.action = Action::remove, .kind = "todo", .key = "task:3", .id = "3"});
  const Run run = script.replay(call, {{"POST /lists/l/todos", {.status = 502}},
                                       {"DELETE /lists/l/todos/2", {.status = 500}},
                                       {"DELETE /lists/l/todos/3", {.status = 403}}});
  expect_no_breach(run);
  expect(run.outcomes().at(0).result == WriteResult::uncertain, "a 502 may have been carried out");
  expect(run.outcomes().at(0).error.code == mortise::Code::unavailable, "a 502 is unavailable");
  expect(run.outcomes().at(1).result == WriteResult::uncertain, "a 500 may have been carried out");
  expect(run.outcomes().at(2).result == WriteResult::failed, "a 403 was not carried out");
}

// Also an answer that cannot be read is one: the write may have been carried out.
void an_unreadable_answer_is_uncertain(const Script& script) {
  for (const char* body : {"", "[]", "{}", R"({"id":7,"text":"a","done":false})",
                           R"({"id":"1","text":null,"done":false})", R"({"id":"1","text":"a"})"}) {
    CallInput call = {.operation = Operation::write, .target_id = "l"};
    call.writes.push_back({.kind = "todo", .key = "task:1", .once_key = "abc"});
    const Run run = script.replay(call, {{"POST /lists/l/todos", {.status = 201, .body = body}}});
    expect_no_breach(run);
    expect(run.done() && run.outcomes().at(0).result == WriteResult::uncertain,
           "what cannot be read may have been carried out");
  }
}

void an_unreadable_listing_is_no_empty_one(const Script& script) {
  for (const char* body : {"", "{}", R"({"todos":{}})", R"({"todos":[{"id":7}]})"}) {
    const Run run = script.replay({.operation = Operation::list, .target_id = "l"},
                                  {{"GET /lists/l/todos", {.status = 200, .body = body}}});
    expect_no_breach(run);
    expect(run.error().code == mortise::Code::unavailable, "the listing fails");
    expect(run.completed().empty(), "nothing is said to be complete");
  }
}

void the_lists_are_the_targets(const Script& script) {
  const CallInput call = {.operation = Operation::targets};
  const Run run = script.replay(
      call, {{"GET /lists", {.status = 200, .body = R"({"lists":[{"id":"l","name":"Home"}]})"}}});
  expect_no_breach(run);
  const mortise::Target home = {.id = "l", .kind = "list", .title = "Home"};
  expect(run.targets() == std::vector<mortise::Target>{home}, "the list is offered");
  const Run broken =
      script.replay(call, {{"GET /lists", {.status = 200, .body = R"({"lists":[{"id":7}]})"}}});
  expect(broken.error().code == mortise::Code::unavailable, "a list without an id is an error");
}

void it_says_whose_the_grant_is(const Script& script) {
  const CallInput call = {.operation = Operation::identity};
  const Run run =
      script.replay(call, {{"GET /me", {.status = 200, .body = R"({"id":"ann","email":null})"}}});
  expect_no_breach(run);
  expect(run.identity() == R"({"email":"","id":"ann"})", "the account is told");
  const Run broken = script.replay(call, {{"GET /me", {.status = 200, .body = R"({"id":7})"}}});
  expect(!broken.done() && broken.identity().empty(), "an account without an id is an error");
}

}  // namespace

int main() {
  const Script script(mortise::make_connector<acme::Acme>);
  a_listing_follows_every_page(script);
  what_is_not_there_is_absent(script);
  only_what_changed_is_sent(script);
  a_lost_answer_is_uncertain(script);
  an_error_of_the_service_itself_is_uncertain(script);
  an_unreadable_answer_is_uncertain(script);
  an_unreadable_listing_is_no_empty_one(script);
  the_lists_are_the_targets(script);
  it_says_whose_the_grant_is(script);
  std::puts("acme: all tests passed");
}
