#include "core/merge.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include <fmt/format.h>

#include "fakes/test_seed.hpp"
namespace mortise::core {
namespace {

MergeInput sides(const char* base, const char* here, const char* there) {
  return {base, base, here, there, 2'000, 3'000};
}

Json object(const JsonText& text) {
  return Json::parse(text);
}

Json value(const JsonText& fields, const std::string& name) {
  const Json json = object(fields);
  return json.contains(name) ? json[name] : Json();
}

/// Small objects over few names and values, so that everything meets everything.
JsonText random_fields(std::mt19937_64& dice) {
  Json fields = Json::object();
  for (const char* name : {"a", "b", "c", "d"}) {
    if (dice() % 4 != 0) fields[name] = static_cast<int>(dice() % 3);
  }
  return fields.dump();
}

/// Some fields of it changed.
JsonText edited(const JsonText& text, std::mt19937_64& dice) {
  Json fields = object(text);
  for (const char* name : {"a", "b", "c", "d"}) {
    if (dice() % 3 != 0) continue;
    if (dice() % 4 == 0) {
      fields.erase(name);
    } else {
      fields[name] = static_cast<int>(dice() % 3);
    }
  }
  return fields.dump();
}

/// Our side after `take` was applied.
JsonText taken(const JsonText& here, const JsonText& take) {
  Json fields = object(here);
  fields.merge_patch(object(take));
  return fields.dump();
}

}  // namespace

TEST_CASE("merge: what is there of a write whose fate nobody knows is agreed on", "[core][merge]") {
  const JsonText base = R"({"note":"n","title":"a"})";
  const JsonText attempted = R"({"note":"n","title":"b"})";
  const Agreement all = with_echo({base, {}}, attempted, R"({"done":1,"title":"b"})");
  CHECK(all.sent == R"({"note":"n","title":"b"})");
  CHECK(all.seen == R"({"note":"n","title":"b"})");
  const Agreement none = with_echo({base, R"({"title":"A"})"}, attempted, base);
  CHECK(none.sent == base);
  CHECK(none.seen == R"({"title":"A"})");
  // Cleared by us, and away there.
  CHECK(with_echo({base, {}}, R"({"title":"a"})", R"({"title":"c"})").sent == R"({"title":"a"})");
}

TEST_CASE("merge: what a value that was taken became by another change here is written there",
          "[core][merge]") {
  const MergeInput input{R"({"rule":"weekly","start":"10:00"})",
                         {},
                         R"({"rule":"weekly","start":"day"})",
                         R"({"rule":"until 12:00","start":"10:00"})"};
  const Merged merged = merge(input, {});
  CHECK(merged.take == R"({"rule":"until 12:00"})");
  const JsonText after = R"({"rule":"until day","start":"day"})";
  CHECK(agreed_after(input, merged, after, {"rule"}) ==
        R"({"rule":"until 12:00","start":"10:00"})");
}

TEST_CASE("merge: what only the service changed is taken", "[core][merge]") {
  const Merged merged =
      merge(sides(R"({"a":1,"b":1})", R"({"a":1,"b":2})", R"({"a":3,"b":1})"), {});
  CHECK(merged.take == R"({"a":3})");
  CHECK(merged.insist.empty());
  CHECK(merged.conflicts.empty());
}

TEST_CASE("merge: a field that was cleared there is cleared here", "[core][merge]") {
  CHECK(merge(sides(R"({"a":1})", R"({"a":1})", "{}"), {}).take == R"({"a":null})");
}

TEST_CASE("merge: the same change on both sides is no conflict", "[core][merge]") {
  const Merged merged = merge(sides(R"({"a":1})", R"({"a":2})", R"({"a":2})"), {});
  CHECK(merged.take == "{}");
  CHECK(merged.conflicts.empty());
  CHECK_FALSE(merged.nothing_new);
}

TEST_CASE("merge: a field that both changed goes to the newer edit, and is told", "[core][merge]") {
  MergeInput input = sides(R"({"a":1})", R"({"a":2})", R"({"a":3})");
  Merged merged = merge(input, {});
  CHECK(merged.take == R"({"a":3})");
  REQUIRE(merged.conflicts.size() == 1);
  CHECK(merged.conflicts[0] == FieldConflict{"a", "1", "2", "3", Kept::there});

  input.here_ms = 4'000;
  merged = merge(input, {});
  CHECK(merged.take == "{}");
  CHECK(merged.insist == std::vector<std::string>{"a"});
  CHECK(merged.conflicts[0].kept == Kept::here);
}

TEST_CASE("merge: within the service's precision the app wins", "[core][merge]") {
  MergeInput input = sides(R"({"a":1})", R"({"a":2})", R"({"a":3})");
  MergeRules rules;
  rules.precision_ms = 60'000;
  input.there_ms = input.here_ms + 59'999;
  CHECK(merge(input, rules).take == "{}");
  input.there_ms = input.here_ms + 60'000;
  CHECK(merge(input, rules).take == R"({"a":3})");
}

TEST_CASE("merge: an edit of unknown time loses, and equal times are ours", "[core][merge]") {
  MergeInput input = sides(R"({"a":1})", R"({"a":2})", R"({"a":3})");
  input.there_ms = 0;
  CHECK(merge(input, {}).take == "{}");
  input.there_ms = input.here_ms;
  CHECK(merge(input, {}).take == "{}");
}

TEST_CASE("merge: newest, local and remote decide about the whole item", "[core][merge]") {
  const MergeInput input = sides(R"({"a":1,"b":1})", R"({"a":2,"b":1})", R"({"a":1,"b":3})");
  MergeRules rules;
  SECTION("field by field both edits live") {
    CHECK(merge(input, rules).take == R"({"b":3})");
    CHECK(merge(input, rules).conflicts.empty());
  }
  SECTION("newest: the later side, with everything") {
    rules.policy = MergePolicy::newest;
    const Merged merged = merge(input, rules);
    CHECK(merged.take == R"({"a":1,"b":3})");
    CHECK(merged.conflicts.size() == 2);
  }
  SECTION("remote, however old") {
    rules.policy = MergePolicy::remote;
    MergeInput old = input;
    old.there_ms = 1;
    CHECK(merge(old, rules).take == R"({"a":1,"b":3})");
  }
  SECTION("local, however old") {
    rules.policy = MergePolicy::local;
    MergeInput old = input;
    old.here_ms = 1;
    const Merged merged = merge(old, rules);
    CHECK(merged.take == "{}");
    CHECK(merged.insist == std::vector<std::string>{"a", "b"});
  }
}

TEST_CASE("merge: an occurrence that one side calls off is decided about as a whole",
          "[core][merge]") {
  MergeInput input;
  input.sent = R"({"title":"Swim"})";
  input.here = kCancelledOccurrence;
  input.there = R"({"description":"Bring a towel","title":"Swim"})";
  input.here_ms = 2'000;
  input.there_ms = 1'000;
  const Merged ours = merge(input, {});
  CHECK(ours.take == "{}");
  REQUIRE(ours.conflicts.size() == 3);
  CHECK(ours.conflicts[0].field == "description");
  CHECK(ours.conflicts[0].kept == Kept::here);
  input.there_ms = 3'000;
  const Merged theirs = merge(input, {});
  CHECK(theirs.take == R"({"description":"Bring a towel","status":null,"title":"Swim"})");
  CHECK(theirs.conflicts.size() == 3);
  std::swap(input.here, input.there);
  CHECK(merge(input, {}).take == R"({"description":null,"status":"cancelled","title":null})");
}

TEST_CASE("merge: a policy has no say where one side changed nothing", "[core][merge]") {
  MergeRules rules;
  rules.policy = MergePolicy::local;
  CHECK(merge(sides(R"({"a":1})", R"({"a":1})", R"({"a":3})"), rules).take == R"({"a":3})");
  // Nor where it changed what the other has changed alike.
  const Merged alike =
      merge(sides(R"({"a":1,"b":1})", R"({"a":2,"b":1})", R"({"a":2,"b":3})"), rules);
  CHECK(alike.take == R"({"b":3})");
  CHECK(alike.conflicts.empty());
  const Merged ours =
      merge(sides(R"({"a":1,"b":1})", R"({"a":2,"b":3})", R"({"a":2,"b":1})"), rules);
  CHECK(ours.take == "{}");
  CHECK(ours.conflicts.empty());
}

TEST_CASE("merge: fields that belong together are one conflict", "[core][merge]") {
  MergeRules rules;
  rules.together = {{"start", "zone"}};
  const Merged merged = merge(
      sides(R"({"start":1,"zone":"A"})", R"({"start":1,"zone":"B"})", R"({"start":5,"zone":"A"})"),
      rules);
  CHECK(merged.take == R"({"start":5,"zone":"A"})");
  CHECK(merged.conflicts.size() == 2);
}

TEST_CASE("merge: a script's word counts before the policy's", "[core][merge]") {
  MergeRules rules;
  rules.resolve = [](const std::string& field, const JsonText& base, const JsonText& here,
                     const JsonText& there) -> Result<std::optional<JsonText>> {
    if (field == "c") return std::optional<JsonText>();
    CHECK(base == "1");
    return std::optional(field == "a" ? fmt::format("{}", std::stoi(here) + std::stoi(there))
                                      : here);
  };
  const Merged merged = merge(
      sides(R"({"a":1,"b":1,"c":1})", R"({"a":2,"b":2,"c":2})", R"({"a":3,"b":3,"c":3})"), rules);
  CHECK(merged.take == R"({"a":5,"c":3})");
  CHECK(merged.insist == std::vector<std::string>{"a", "b"});
  CHECK(merged.conflicts[0].kept == Kept::both);
}

TEST_CASE(
    "merge: that others moved an item here is no part of what was edited there, whatever the "
    "policy",
    "[core][merge]") {
  const auto policy = GENERATE(MergePolicy::merge, MergePolicy::newest, MergePolicy::local);
  MergeRules rules;
  rules.policy = policy;
  rules.placing = {"order"};
  const MergeInput input{R"({"order":1,"title":"a"})", {},   R"({"order":2,"title":"a"})",
                         R"({"order":1,"title":"b"})", 2000, 1000};
  const Merged merged = merge(input, rules);
  CHECK(merged.take == R"({"title":"b"})");
  CHECK(merged.conflicts.empty());
}

TEST_CASE("merge: a script that says nothing leaves the whole item to the policy",
          "[core][merge]") {
  const MergeInput input = sides(R"({"a":1,"b":1})", R"({"a":2,"b":1})", R"({"a":1,"b":3})");
  MergeRules rules;
  rules.policy = MergePolicy::remote;
  const Merged plain = merge(input, rules);
  rules.resolve = [](const std::string&, const JsonText&, const JsonText&, const JsonText&) {
    return std::optional<JsonText>();
  };
  CHECK(merge(input, rules) == plain);
  CHECK(plain.take == R"({"a":1,"b":3})");
}

TEST_CASE("merge: a script that errs leaves the whole item to the policy, and that is told",
          "[core][merge]") {
  const MergeInput input = sides(R"({"a":1,"b":1})", R"({"a":2,"b":1})", R"({"a":1,"b":3})");
  MergeRules rules;
  rules.policy = MergePolicy::remote;
  Merged plain = merge(input, rules);
  rules.resolve = [](const std::string& field, const JsonText&, const JsonText&,
                     const JsonText&) -> Result<std::optional<JsonText>> {
    return Error{Code::invalid, "no word about " + field};
  };
  plain.unresolved = "no word about a";
  CHECK(merge(input, rules) == plain);
}

TEST_CASE("merge: what the service made of our words is no edit", "[core][merge]") {
  const MergeInput input{R"({"a":"x "})", R"({"a":"x"})", R"({"a":"x "})", R"({"a":"x"})", 1, 2};
  const Merged merged = merge(input, {});
  CHECK(merged.nothing_new);
  CHECK(merged.take == "{}");
}

TEST_CASE("merge: what the service says in our words again is nothing to take", "[core][merge]") {
  const MergeInput input{R"({"a":"x "})", R"({"a":"x"})", R"({"a":"x "})", R"({"a":"x "})", 1, 2};
  CHECK(merge(input, {}).take == "{}");
}

TEST_CASE("merge: what was agreed keeps what is still to be written apart", "[core][merge]") {
  const MergeInput input =
      sides(R"({"a":1,"b":1,"c":1})", R"({"a":2,"b":1,"c":2})", R"({"a":1,"b":3,"c":3})");
  MergeInput ours_wins = input;
  ours_wins.here_ms = 9'000;
  const Merged merged = merge(ours_wins, {});
  const JsonText after = taken(input.here, merged.take);
  // a: ours alone, still to go. b: taken. c: ours won, the service has 3.
  CHECK(agreed_after(ours_wins, merged, after) == R"({"a":1,"b":3,"c":3})");
}

TEST_CASE("merge: ours is written where what won cannot be said here", "[core][merge]") {
  const MergeInput input = sides(R"({"a":1,"b":1})", R"({"a":2,"b":1})", R"({"a":1,"b":3})");
  MergeRules rules;
  rules.policy = MergePolicy::remote;
  const Merged merged = merge(input, rules);
  REQUIRE(merged.take == R"({"a":1,"b":3})");
  // Nothing of the task can bring `a` back: mapped again it is still ours.
  CHECK(agreed_after(input, merged, R"({"a":2,"b":3})") == R"({"a":1,"b":3})");
  CHECK(agreed_after(input, merged, R"({"a":1,"b":3})") == R"({"a":1,"b":3})");
}

TEST_CASE("merge: of what won, the part that the app can say is agreed on", "[core][merge]") {
  const MergeInput input = sides(R"({"due":"1"})", R"({"due":"2"})", R"({"due":"3, at noon"})");
  MergeRules rules;
  rules.policy = MergePolicy::remote;
  const Merged merged = merge(input, rules);
  CHECK(agreed_after(input, merged, R"({"due":"3"})") == R"({"due":"3"})");  // no write
  CHECK(agreed_after(input, merged, R"({"due":"3"})", {"due"}) == R"({"due":"3, at noon"})");
}

TEST_CASE("merge: what follows here from what was taken is written there", "[core][merge]") {
  const char* const both = R"({"rule":"until 22:59","zone":"Madrid"})";
  const MergeInput input = sides(both, both, R"({"rule":"until 22:59","zone":"New York"})");
  const Merged merged = merge(input, {});
  REQUIRE(merged.take == R"({"zone":"New York"})");
  // The app's rule ends with a day, which is another time in the new zone.
  const JsonText after = R"({"alert":"none","rule":"until 04:59","zone":"New York"})";
  CHECK(agreed_after(input, merged, after, {}, {"rule", "zone"}) ==
        R"({"alert":"none","rule":"until 22:59","zone":"New York"})");
}

TEST_CASE("merge: laws hold for random edits of both sides", "[core][merge][property]") {
  const std::uint64_t seed = fakes::test_seed();
  INFO("MORTISE_TEST_SEED=" << seed);
  std::mt19937_64 dice(seed);
  for (int round = 0; round < 20'000; ++round) {
    const JsonText base = random_fields(dice);
    const MergeInput input{base,
                           base,
                           edited(base, dice),
                           edited(base, dice),
                           static_cast<Instant>(dice() % 3),
                           static_cast<Instant>(dice() % 3)};
    MergeRules rules;
    rules.policy = static_cast<MergePolicy>(dice() % 4);
    if (dice() % 2 == 0) rules.together = {{"a", "b"}};
    const Merged merged = merge(input, rules);
    CAPTURE(input.sent, input.here, input.there, static_cast<int>(rules.policy), merged.take);
    const JsonText after = taken(input.here, merged.take);
    const JsonText agreed = agreed_after(input, merged, after);
    std::set<std::string> told;
    for (const FieldConflict& each : merged.conflicts) told.insert(each.field);
    for (const std::string name : {"a", "b", "c", "d"}) {
      CAPTURE(name);
      const bool here_changed = value(input.here, name) != value(base, name);
      const bool there_changed = value(input.there, name) != value(base, name);
      // No edit is lost without being told.
      if (there_changed && value(after, name) != value(input.there, name))
        CHECK(told.contains(name));
      if (here_changed && value(after, name) != value(input.here, name)) CHECK(told.contains(name));
      // What nobody changed stays.
      if (!here_changed && !there_changed) CHECK(value(after, name) == value(base, name));
      // What is written next makes both sides equal, and nothing else is written: no echo.
      const bool written = value(agreed, name) != value(after, name);
      CHECK(written == (value(after, name) != value(input.there, name)));
    }
  }
}

TEST_CASE("merge: of an occurrence like the others is agreed what is agreed of its series",
          "[core][merge]") {
  const auto agreed = [](const char* sent, const char* seen, const char* now, const char* plain) {
    const Agreement all = agreed_in({sent, seen}, now, plain);
    return std::vector<Json>{object(all.sent), object(all.seen)};
  };
  const char* plain = R"({"text":"Read","start":"day 3"})";
  const char* series = R"({"text":"Read","start":"day 1","recurrence":["daily"]})";
  CHECK(agreed(series, series, series, plain) == std::vector<Json>{object(plain), object(plain)});
  // In the service's words, but for when it starts.
  const char* theirs = R"({"text":"<p>Read</p>","start":"1","recurrence":["daily"]})";
  CHECK(agreed(series, theirs, series, plain) ==
        std::vector<Json>{object(plain), object(R"({"text":"<p>Read</p>","start":"day 3"})")});
  // What the service has not been told of the series yet, it has not of the occurrence.
  const char* now = R"({"text":"Write","notes":"n","start":"day 2","recurrence":["weekly"]})";
  const char* plain_now = R"({"text":"Write","notes":"n","start":"day 3"})";
  CHECK(agreed(series, series, now, plain_now) == std::vector<Json>{object(plain), object(plain)});
  // Also of that on which the series is to start.
  const char* first = R"({"text":"Read","start":"day 2"})";
  CHECK(agreed(series, series, now, first) == std::vector<Json>{object(first), object(first)});
  CHECK(agreed_in({series, ""}, series, plain).seen.empty());
}

TEST_CASE("merge: of the answer to a write only what was written is known", "[core][merge]") {
  const char* before = R"({"text":"Read","start":"9:00","notes":"n"})";
  const char* answer = R"({"text":"Write","start":"10:00"})";  // somebody moved it meanwhile
  CHECK(object(seen_after_write(before, {"notes", "text"}, answer)) ==
        object(R"({"text":"Write","start":"9:00"})"));
}

}  // namespace mortise::core
