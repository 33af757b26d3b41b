// The packing laws, on random trees.
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "pack.hpp"
#include "plugin/notion_world.hpp"

namespace {

using namespace notion;
using notion_tests::creation;
using Json = nlohmann::json;
using mortise::Write;

struct Draw {
  explicit Draw(unsigned seed) : random(seed) {}
  int below(int most) { return std::uniform_int_distribution<int>(0, most - 1)(random); }
  std::mt19937 random;
};

/// A tree of pages, sections and todos, here and there with long texts, some of it in a container
/// that is there already.
std::vector<Write> random_tree(Draw& draw) {
  std::vector<Write> writes;
  std::map<std::string, std::string> last;  // the newest sibling of each container
  std::vector<std::string> pages;
  std::vector<std::string> sections;
  const auto add = [&](const std::string& kind, const std::string& parent, const Json& fields) {
    const std::string key = kind + std::to_string(writes.size());
    writes.push_back(creation(kind, key, parent, last[parent], fields.dump()));
    if (parent == "there") writes.back().parent_id = "there-id";
    last[parent] = key;
    return key;
  };
  pages.push_back(add("page", "", {{"title", "top"}}));
  const int count = 1 + draw.below(900);
  for (int i = 0; i < count; ++i) {
    const int kind = draw.below(100);
    const std::string page =
        pages[static_cast<std::size_t>(draw.below(static_cast<int>(pages.size())))];
    const Json text = {{"text", std::string(static_cast<std::size_t>(
                                                draw.below(50) == 0 ? draw.below(90'000) : 20),
                                            'x')}};
    if (kind < 3) {
      const Json fields = {{"title", "p"},
                           {"help", draw.below(2) == 0 ? Json::array() : Json{"h"}}};
      pages.push_back(add("page", page, fields));
    } else if (kind < 12 || sections.empty()) {
      sections.push_back(add("section", draw.below(5) == 0 ? "there" : page, {{"title", "s"}}));
    } else if (kind < 90) {
      // Mostly into the newest section, so that some grow over a hundred.
      const int size = static_cast<int>(sections.size());
      const int at = draw.below(3) == 0 ? draw.below(size) : size - 1;
      add("todo", sections[static_cast<std::size_t>(at)], text);
    } else {
      add("todo", page, text);
    }
  }
  return writes;
}

}  // namespace

TEST_CASE("notion pack: every write is in exactly one request, within every limit, in order",
          "[notion][pack]") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  Draw draw(seed);
  for (int round = 0; round < 60; ++round) {
    const std::vector<Write> writes = random_tree(draw);
    const Limits limits;
    const Packed packed = pack(writes, "target", limits);
    REQUIRE(packed.homeless.empty());
    REQUIRE(packed.unsendable.empty());
    std::vector<int> seen(writes.size(), 0);
    std::map<std::string, std::vector<std::uint32_t>> order;  // by container, as it will be made
    const auto made = [&](std::uint32_t i) {
      ++seen[i];
      order[writes[i].parent_key].push_back(i);
    };
    // Top of a request whose section goes on in a lane of its own: its id must be told.
    std::map<std::uint32_t, bool> told;
    for (const Lane& lane : packed.lanes) {
      REQUIRE(lane.container_id.empty() != (lane.maker == kNone));
      if (lane.maker != kNone) REQUIRE(told.at(lane.maker));
      for (const Job& job : lane.jobs) {
        if (job.write != kNone) made(job.write);
        if (job.write != kNone) told[job.write] = true;
        std::size_t blocks = job.write == kNone ? 0 : 1;
        std::size_t bytes = 0;
        REQUIRE(job.tops.size() <= limits.siblings);
        for (const Top& top : job.tops) {
          made(top.write);
          told[top.write] = job.kind == Job::Kind::append;
          REQUIRE(top.nested.size() <= limits.siblings);
          blocks += 1 + top.nested.size();
          bytes += packed.blocks[top.write].size();
          for (const std::uint32_t todo : top.nested) {
            made(todo);
            bytes += packed.blocks[todo].size();
          }
        }
        REQUIRE(blocks <= limits.blocks);
        REQUIRE(bytes <= limits.bytes);
      }
    }
    REQUIRE(std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; }));
    for (const auto& [container, children] : order) {
      CAPTURE(container);
      REQUIRE(std::is_sorted(children.begin(), children.end()));
    }
    REQUIRE(packed.cost(writes).writes >= 1);
  }
}

TEST_CASE("notion pack: the OSSU plan is 18 requests", "[notion][pack]") {
  const auto writes = notion_tests::pages_plan(notion_tests::ossu_weeks(), 5);
  CHECK(writes.size() == 1 + 15 + 666 + 3330);
  CHECK(pack(writes, "target").cost(writes).writes == 18);
}

TEST_CASE("notion pack: siblings that follow one another share an append, others do not",
          "[notion][pack]") {
  std::vector<Write> writes;
  for (const char* key : {"a", "b", "c", "d"}) {
    writes.push_back(creation("todo", key, "", "", R"({"text":"x"})"));
    writes.back().parent_id = "section";
  }
  writes[0].after_id = "x";
  writes[1].after_key = "a";
  writes[2].after_id = "y";
  writes[3].after_key = "c";
  const Packed packed = pack(writes, "target");
  REQUIRE(packed.lanes.size() == 1);
  REQUIRE(packed.lanes[0].jobs.size() == 2);
  CHECK(packed.lanes[0].jobs[0].tops == std::vector<Top>{{0, {}}, {1, {}}});
  CHECK(packed.lanes[0].jobs[0].place == Place{Place::At::after, "x"});
  CHECK(packed.lanes[0].jobs[1].place == Place{Place::At::after, "y"});
}

TEST_CASE("notion pack: what cannot be sent is said, and what stands in it waits",
          "[notion][pack]") {
  const std::vector<Write> writes = {creation("page", "p", "", "", "no json"),
                                     creation("section", "s", "p", "", "{}"),
                                     creation("todo", "t", "unknown", "", "{}"),
                                     creation("event", "e", "", "", "{}"),
                                     creation("section", "s2", "", "", "{}"),
                                     creation("page", "in_section", "s2", "", "{}"),
                                     notion_tests::update("todo", "", "{}", {"text"}),
                                     notion_tests::update("page", "id", "{}", {"help"})};
  const Packed packed = pack(writes, "target");
  CHECK(packed.homeless == std::vector<std::uint32_t>{1, 2, 6});
  REQUIRE(packed.unsendable.size() == 3);
  CHECK(packed.unsendable[0].write == 0);
  CHECK(packed.unsendable[1].write == 3);
  CHECK(packed.unsendable[2].write == 5);
  CHECK(packed.nothing_to_send == std::vector<std::uint32_t>{7});
}
