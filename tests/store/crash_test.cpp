// A host that is killed at any moment: what was acknowledged is there, whole, and the store opens.
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "fakes/test_seed.hpp"
#include "store/fixture.hpp"
#include "store/inspect.hpp"

using namespace mortise;
using namespace mortise::store;

namespace {

struct Child {
  pid_t id = -1;
  int output = -1;
};

Child start(const std::string& path, const std::string& key, int round) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::string program = STORE_CRASH, where = path, hex = key, number = std::to_string(round);
  char* arguments[] = {program.data(), where.data(), hex.data(), number.data(), nullptr};
  Child child;
  child.output = ends[0];
  REQUIRE(::posix_spawn(&child.id, STORE_CRASH, &actions, nullptr, arguments, environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  return child;
}

/// Reads until `lines` came or `within` passed, kills, and reads the rest: what a killed process
/// had written is in the pipe.
std::string run_and_kill(const Child& child, std::size_t lines, std::chrono::microseconds within) {
  std::string text;
  std::array<char, 4096> buffer{};
  const auto end = std::chrono::steady_clock::now() + within;
  std::size_t seen = 0;
  while (seen < lines) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left.count() <= 0) break;
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
    const timespec wait{static_cast<time_t>(ns / 1'000'000'000), ns % 1'000'000'000};
    pollfd ready{child.output, POLLIN, 0};
    if (::ppoll(&ready, 1, &wait, nullptr) <= 0) break;
    const ssize_t got = ::read(child.output, buffer.data(), buffer.size());
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    seen = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  ::kill(child.id, SIGKILL);
  for (ssize_t got = 0; (got = ::read(child.output, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  int status = 0;
  REQUIRE(::waitpid(child.id, &status, 0) == child.id);
  ::close(child.output);
  INFO("the writer ended by itself: " << status);
  REQUIRE(WIFSIGNALED(status));
  return text;
}

void note_acknowledged(const std::string& text, std::set<std::string>& acknowledged) {
  std::istringstream lines(text);
  for (std::string kind, id; lines >> kind >> id;) acknowledged.insert(id);
}

/// Everything acknowledged is there; nothing is there by half.
void check_store(Fixture& fixture, const std::set<std::string>& acknowledged) {
  const auto store = fixture.open();
  std::set<std::string> events;
  ports::PageRequest page{1000, ""};
  do {
    const auto listed = store->outbox().list("acc", page);
    REQUIRE(listed);
    for (const core::Event& event : listed->items) events.insert(event.id.substr(4));
    page.cursor = listed->next_cursor;
  } while (!page.cursor.empty());
  for (const std::string& id : acknowledged) {
    INFO(id);
    REQUIRE(events.contains(id));
  }
  for (const std::string& id : events) {
    const auto grant = store->grants().find("cnn_" + id);
    INFO(id);
    REQUIRE(grant);
    REQUIRE(grant->access_token.equals("token " + id));
  }
  const auto report = inspect(fixture.path, fixture.key);
  REQUIRE(report);
  CHECK(report->problems.empty());
}

}  // namespace

TEST_CASE("crash: killed at random moments, a store keeps what it acknowledged", "[store][crash]") {
  const std::uint64_t seed = fakes::test_seed();
  INFO("MORTISE_TEST_SEED=" << seed);
  std::mt19937 random(seed);
  Fixture fixture;
  const std::string key(fixture.key.hex().reveal_for_use());
  std::set<std::string> acknowledged;
  for (int round = 0; round < 12; ++round) {
    INFO("round " << round);
    const Child child = start(fixture.path, key, round);
    const std::size_t lines = random() % 120;
    note_acknowledged(run_and_kill(child, lines, std::chrono::seconds(60)), acknowledged);
    check_store(fixture, acknowledged);
  }
  CHECK(acknowledged.size() > 100);
}

TEST_CASE("crash: killed while it is being made, a store opens as if new or whole",
          "[store][crash]") {
  const std::uint64_t seed = fakes::test_seed();
  INFO("MORTISE_TEST_SEED=" << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 15; ++round) {
    INFO("round " << round);
    Fixture fixture;
    const std::string key(fixture.key.hex().reveal_for_use());
    const Child child = start(fixture.path, key, round);
    const auto within = std::chrono::microseconds(random() % 250'000);
    std::set<std::string> acknowledged;
    note_acknowledged(run_and_kill(child, 5, within), acknowledged);
    check_store(fixture, acknowledged);
  }
}
