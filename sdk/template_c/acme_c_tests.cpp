// The connector in C against canned answers, through its one exported symbol.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <mortise/testing.hpp>

namespace {

using mortise::Action;
using mortise::CallInput;
using mortise::Code;
using mortise::ItemState;
using mortise::Operation;
using mortise::Reply;
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

Reply document(const char* text) {
  return {.status = 200, .body = text};
}

void a_listing_reads_every_document(const Script& script) {
  const std::vector<Exchange> answers = {{"GET /documents", document("a 1\nb\ngone\n")},
                                         {"GET /documents/a%201", document(R"({"text":"a"})")},
                                         {"GET /documents/b", document(R"({"text":"b"})")},
                                         {"GET /documents/gone", {.status = 404}}};
  const CallInput call = {.operation = Operation::list, .target_id = "store"};
  const Run run = script.replay(call, answers);
  expect_no_breach(run);
  expect(run.done() && run.items().size() == 2, "what is there is listed");
  expect(run.items()[0].id == "a 1" && run.items()[0].fields == R"({"text":"a"})", "as it is");
  expect(run.completed() == std::vector<std::string>{""}, "completeness is said once");
  expect(script.abandon_at_every_step(call, answers) == 2, "it can be broken off at each step");

  const Run none = script.replay(call, {{"GET /documents", document("")}});
  expect_no_breach(none);
  expect(none.done() && none.completed().size() == 1, "a store may be empty");

  const Run failed = script.replay(call, {{"GET /documents", {.status = 503}}});
  expect(failed.error().code == Code::unavailable, "a listing may fail");
  expect(failed.completed().empty(), "and then says nothing of what is there");
}

void long_listings_take_several_steps(const Script& script) {
  std::string lines;
  std::vector<Exchange> answers;
  for (int i = 0; i < 250; ++i) {
    lines += std::to_string(i) + "\n";
    answers.push_back({"GET /documents/" + std::to_string(i), document("{}")});
  }
  answers.push_back({"GET /documents", document(lines.c_str())});
  const CallInput call = {.operation = Operation::list, .target_id = "store"};
  const Run run = script.replay(call, answers);
  expect_no_breach(run);
  expect(run.items().size() == 250, "all are read");
  expect(script.abandon_at_every_step(call, answers) == 4, "at most 100 in a step");
}

void what_is_not_there_is_absent(const Script& script) {
  const Run run = script.replay(
      {.operation = Operation::get, .ids = {"1", ".."}},
      {{"GET /documents/1", {.status = 404}}, {"GET /documents/%2E%2E", document("{}")}});
  expect_no_breach(run);
  expect(run.done() && run.items().at(0).state == ItemState::absent, "the one that is gone");
  expect(run.items().at(1).state == ItemState::present, "does not hide the other one");
  const Run none = script.replay({.operation = Operation::get}, {});
  expect_no_breach(none);
  expect(none.done(), "nothing may be asked for");
}

void each_write_gets_what_became_of_it(const Script& script) {
  CallInput call = {.operation = Operation::write, .target_id = "store"};
  call.writes = {
      {.kind = "todo", .key = "task:1", .fields = R"({"text":"a"})", .once_key = "k1"},
      {.kind = "todo", .key = "task:2", .fields = R"({"text":"b"})", .once_key = "k2"},
      {.kind = "todo", .key = "task:3", .fields = R"({"text":"c"})", .once_key = "k3"},
      {.action = Action::update, .kind = "todo", .key = "task:4", .id = "4", .changed = {"text"}},
      {.action = Action::remove, .kind = "todo", .key = "task:5", .id = "5"}};
  Reply lost;
  lost.error = mortise::Error{Code::unavailable, "the connection broke"};
  lost.maybe_sent = true;
  const std::vector<Exchange> answers = {
      {"PUT /documents/k1", document(R"({"text":"A"})"), R"({"text":"a"})"},
      {"PUT /documents/k2", {.status = 502}},
      {"PUT /documents/k3", lost},
      {"PUT /documents/4", {.status = 409}},
      {"DELETE /documents/5", {.status = 404}}};
  const Run run = script.replay(call, answers);
  expect_no_breach(run);
  const auto& outcomes = run.outcomes();
  expect(outcomes.at(0).result == WriteResult::done && outcomes[0].id == "k1", "it is done");
  expect(outcomes[0].fields == R"({"text":"A"})", "the service's own form is told");
  expect(outcomes.at(1).result == WriteResult::uncertain, "a 502 may have been carried out");
  expect(outcomes.at(2).result == WriteResult::uncertain, "a lost answer, too");
  expect(outcomes.at(3).result == WriteResult::failed, "a conflict was not carried out");
  expect(outcomes[3].error.code == Code::conflict, "and is told as one");
  expect(outcomes.at(4).result == WriteResult::done, "what is gone is removed");
  expect(script.abandon_at_every_step(call, answers) == 1, "it can be broken off");

  const Run none = script.replay({.operation = Operation::write}, {});
  expect_no_breach(none);
  expect(none.done(), "a batch may be empty");
  const Run place = script.replay({.operation = Operation::targets}, {});
  expect_no_breach(place);
  expect(place.targets().size() == 1 && place.targets()[0].is_default, "there is one place");
  const Run other = script.replay({.operation = Operation::find}, {});
  expect(other.error().code == Code::unsupported, "what it does not know is refused");
}

}  // namespace

int main() {
  const Script script(mortise_plugin_entry.create);
  a_listing_reads_every_document(script);
  long_listings_take_several_steps(script);
  what_is_not_there_is_absent(script);
  each_write_gets_what_became_of_it(script);
  std::puts("acme_c: all tests passed");
}
