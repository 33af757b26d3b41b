// dump_decrypted <store>: the decrypted pages on standard output; the key in MORTISE_KEY.
#include <cstdlib>
#include <iostream>

#include "store/decrypted_pages.hpp"

int main(int argc, char** argv) {
  using namespace mortise;
  const char* const text = std::getenv("MORTISE_KEY");
  if (argc != 2 || text == nullptr) {
    std::cerr << "usage: MORTISE_KEY=<64 hex digits> dump_decrypted <store>\n";
    return 2;
  }
  const auto key = store::MasterKey::from_hex(text);
  const auto pages = key ? store::decrypted_pages(argv[1], *key) : Result<std::string>(key.error());
  if (!pages) {
    std::cerr << pages.error().message << '\n';
    return 1;
  }
  std::cout << *pages;
  return 0;
}
