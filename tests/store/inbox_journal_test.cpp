// Notifications survive whatever happens between their answer and the store.
#include "store/inbox_journal.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "fakes/temporary_directory.hpp"
#include "store/fixture.hpp"

using namespace mortise;
using namespace mortise::store;

namespace {

ports::Received received(int number) {
  ports::Received made;
  made.notification.id = "ntf_" + std::to_string(number);
  made.notification.connector = "notion";
  made.notification.connection_id = "cnn_1";
  made.notification.channel_id = "channel";
  made.notification.provider_id = "their-" + std::to_string(number);
  made.notification.hint = {"block-1", "block-2"};
  made.notification.received_ms = 1'795'165'200'000 + number;
  made.workspace_id = "workspace-canary";
  return made;
}

struct World {
  fakes::TemporaryDirectory directory;
  fakes::SeededRandom random{5};
  MasterKey key = MasterKey::generate(random);
  std::string path = directory.file("mortise.db.inbox");

  OpenedInboxJournal open(std::size_t largest_bytes = 1 << 20) {
    return open_inbox_journal({path, key, random, largest_bytes}).value();
  }
  std::string bytes() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& content) const {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  }
};

}  // namespace

TEST_CASE("inbox journal: what was appended is there, in order, until it is dropped",
          "[store][inbox]") {
  World world;
  auto journal = world.open().journal;
  CHECK(journal->pending().received.empty());
  REQUIRE(journal->append(received(1)));
  REQUIRE(journal->append(received(2)));
  const auto both = journal->pending();
  CHECK(both.received == std::vector{received(1), received(2)});
  REQUIRE(journal->append(received(3)));
  journal->drop(both.mark);
  CHECK(journal->pending().received == std::vector{received(3)});
  journal->drop(both.mark);
  CHECK(journal->pending().received.size() == 1);
  journal->drop(journal->pending().mark);
  CHECK(journal->pending().received.empty());
  CHECK(world.bytes().empty());
}

TEST_CASE("inbox journal: another process finds it as it was, sealed and nobody else's",
          "[store][inbox]") {
  World world;
  REQUIRE(world.open().journal->append(received(1)));
  CHECK(world.bytes().find("canary") == std::string::npos);
  CHECK(world.bytes().find("notion") == std::string::npos);
  struct stat status {};
  REQUIRE(::stat(world.path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  auto again = world.open();
  CHECK(again.lost_bytes == 0);
  REQUIRE(again.journal->append(received(2)));
  CHECK(world.open().journal->pending().received == std::vector{received(1), received(2)});
}

TEST_CASE("inbox journal: a record torn anywhere is cut off, those before it stay",
          "[store][inbox]") {
  World world;
  {
    auto journal = world.open().journal;
    REQUIRE(journal->append(received(1)));
    REQUIRE(journal->append(received(2)));
  }
  const std::string whole = world.bytes();
  const std::size_t second = whole.size() / 2;  // both records are of the same length
  for (std::size_t kept = second; kept < whole.size(); ++kept) {
    world.write(whole.substr(0, kept));
    auto opened = world.open();
    CHECK(opened.lost_bytes == kept - second);
    CHECK(opened.journal->pending().received == std::vector{received(1)});
    CHECK(world.bytes().size() == second);
  }
  auto journal = world.open().journal;
  REQUIRE(journal->append(received(3)));
  CHECK(world.open().journal->pending().received == std::vector{received(1), received(3)});
}

TEST_CASE("inbox journal: a changed bit or another key ends what is read", "[store][inbox]") {
  World world;
  REQUIRE(world.open().journal->append(received(1)));
  const std::string whole = world.bytes();
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    world.write(changed);
    auto opened = world.open();
    CHECK(opened.lost_bytes == whole.size());
    CHECK(opened.journal->pending().received.empty());
  }
  world.write(whole);
  world.key = MasterKey::generate(world.random);
  CHECK(world.open().lost_bytes == whole.size());
}

TEST_CASE("inbox journal: a full one refuses, and takes again once something was dropped",
          "[store][inbox]") {
  World world;
  REQUIRE(world.open().journal->append(received(1)));
  auto journal = world.open(world.bytes().size()).journal;
  const Status refused = journal->append(received(2));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "inbox_full");
  journal->drop(journal->pending().mark);
  CHECK(journal->append(received(2)));
}

TEST_CASE("inbox journal: many may append at once", "[store][inbox]") {
  World world;
  auto journal = world.open().journal;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 25; ++i) (void)journal->append(received(100 + thread * 25 + i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(journal->pending().received.size() == 100);
  CHECK(world.open().journal->pending().received == journal->pending().received);
}
