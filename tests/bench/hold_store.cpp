// Holds the store's write transaction, as a large commit of another connection would: half a second
// of every 600 ms, until its standard input ends. MORTISE_KEY=... hold_store <store>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "store/database.hpp"
#include "store/key.hpp"

using namespace mortise;

namespace {

bool input_ended() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  char byte = 0;
  return ::poll(&input, 1, 0) > 0 && ::read(STDIN_FILENO, &byte, 1) <= 0;
}

}  // namespace

int main(int count, char** words) {
  const char* key = std::getenv("MORTISE_KEY");
  if (count != 2 || key == nullptr) {
    std::cerr << "MORTISE_KEY=... hold_store <store>\n";
    return 2;
  }
  const auto master = store::MasterKey::from_hex(key);
  if (!master) return 2;
  auto database = store::Database::open(words[1], master->derive(store::kDatabasePurpose),
                                        store::Database::Access::write);
  if (!database) {
    std::cerr << database.error().message << "\n";
    return 1;
  }
  std::cout << "holding" << std::endl;
  int held = 0;
  while (!input_ended()) {
    if (!database->run("BEGIN IMMEDIATE")) continue;  // the host was faster
    // Its purpose: a writer that is busy for so long, then lets the host's own one in.
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    if (database->run("COMMIT")) ++held;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  std::cout << "held " << held << " times" << std::endl;
  return 0;
}
