// store_crash <path> <key> <round>: commits from several threads and says after each one that it is
// done, until it is killed. A line is "f <id>" (full) or "r <id>" (relaxed).
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "fakes/manual_clock.hpp"
#include "store/sql_store.hpp"

namespace {

using namespace mortise;

/// Real randomness: the runs of this program must not repeat their nonces.
class DeviceRandom final : public ports::Random {
 public:
  void fill(std::span<std::byte> bytes) override {
    std::random_device device;
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(device() & 0xffU);
  }
};

/// Two records that must be there together, one with a token.
ports::Changes changes_for(const std::string& id, int number) {
  core::Event event{"evt_" + id, "crash", "acc", std::string(200, 'x'), number};
  core::Grant grant;
  grant.connection_id = "cnn_" + id;
  grant.access_token = core::Secret("token " + id);
  ports::Changes changes = {ports::put(event), ports::put(grant)};
  if (number % 50 == 49) changes.push_back(ports::EraseGrant{"cnn_nobody"});  // empties the log
  return changes;
}

void write_without_end(ports::Store& store, const std::string& name) {
  for (int number = 0;; ++number) {
    const bool full = number % 2 == 0;
    const std::string id = name + "_" + std::to_string(number);
    const auto durability = full ? ports::Durability::full : ports::Durability::relaxed;
    if (const Status status = store.commit(changes_for(id, number), durability); !status) {
      std::fprintf(stderr, "%s\n", status.error().message.c_str());
      std::_Exit(3);
    }
    const std::string line = std::string(full ? "f " : "r ") + id + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(4);  // one piece
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto key = store::MasterKey::from_hex(argv[2]);
  if (!key) return 2;
  DeviceRandom random;
  const fakes::ManualClock clock;
  auto opened = store::open_store({argv[1], *key, random, clock, "crash"});
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    return 5;
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    const std::string name = std::string(argv[3]) + "_" + std::to_string(i);
    threads.emplace_back([&store = **opened, name] { write_without_end(store, name); });
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}
