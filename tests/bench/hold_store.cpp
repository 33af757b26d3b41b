// Holds the store's write transaction, as a large commit of another connection would: for half a
// second, or as many milliseconds as are said, with 100 ms in between, until its standard input
// ends. It says "holding" when it holds it. MORTISE_KEY=... hold_store <store> [<ms>]
#include <poll.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <system_error>
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
  int held_ms = 500;
  if (count == 3) {
    const std::string_view word(words[2]);
    const auto read = std::from_chars(word.data(), word.data() + word.size(), held_ms);
    if (read.ec != std::errc() || read.ptr != word.data() + word.size()) count = 0;
  }
  if (count < 2 || count > 3 || key == nullptr) {
    std::cerr << "MORTISE_KEY=... hold_store <store> [<ms>]\n";
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
  int held = 0;
  while (!input_ended()) {
    if (!database->run("BEGIN IMMEDIATE")) continue;  // the host was faster
    if (held == 0) std::cout << "holding" << std::endl;
    // Its purpose: a writer that is busy for so long, then lets the host's own one in.
    std::this_thread::sleep_for(std::chrono::milliseconds(held_ms));
    if (database->run("COMMIT")) ++held;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  std::cout << "held " << held << " times" << std::endl;
  return 0;
}
