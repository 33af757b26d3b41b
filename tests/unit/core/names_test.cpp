#include "core/names.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

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

TEST_CASE("words: many and long candidates are not worth a comparison", "[core][words]") {
  const std::string word(60, 't'), near(61, 't'), longer(65, 't');
  const std::string other = std::string(59, 't') + "u";
  CHECK(nearest_word(word, std::vector<std::string_view>{longer, near}) == near);
  CHECK_FALSE(nearest_word(word, std::vector<std::string_view>{longer}).has_value());
  std::vector<std::string_view> candidates(100'000, std::string_view("ttt"));
  candidates.push_back(other);
  CHECK(nearest_word(word, candidates) == other);
  candidates.assign(100'000, other);
  candidates.push_back(word);
  CHECK(nearest_word(word, candidates) == other);
}
