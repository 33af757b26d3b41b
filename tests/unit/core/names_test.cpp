#include "core/names.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "core/words.hpp"

using namespace mortise::core;

TEMPLATE_TEST_CASE("names: every enumerator has one word of its own and comes back from it",
                   "[core][names]", TaskStatus, TaskKind, ScheduleKind, ScheduleOrigin,
                   ConnectionStatus, PairState, WriteAction, RunKind, RunTrigger, RunState, RunWait,
                   UsageState) {
  std::set<std::string_view> words;
  int next = 0;
  for (const Named<TestType>& named : names_of<TestType>()) {
    CHECK(static_cast<int>(named.value) == next++);
    CHECK(words.insert(named.name).second);
    CHECK(name_of(named.value) == named.name);
    CHECK(from_name<TestType>(named.name) == named.value);
  }
  CHECK(name_of(static_cast<TestType>(next)).empty());
  CHECK_FALSE(from_name<TestType>("").has_value());
  CHECK_FALSE(from_name<TestType>("Todo").has_value());
}

TEST_CASE("words: the nearest word is offered, a distant one is not", "[core][words]") {
  constexpr std::string_view kWords[] = {"title", "notes", "duration_s", "status"};
  CHECK(nearest_word("titel", kWords) == "title");
  CHECK(nearest_word("Duration", kWords) == "duration_s");
  CHECK(nearest_word("statsu", kWords) == "status");
  CHECK_FALSE(nearest_word("colour", kWords).has_value());
  CHECK_FALSE(nearest_word("", kWords).has_value());
  CHECK_FALSE(nearest_word(std::string(100'000, 't'), kWords).has_value());
}
