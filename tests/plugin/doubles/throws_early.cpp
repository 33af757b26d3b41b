// Throws out of create().
#include <stdexcept>

extern "C" {
#include "good.h"
}

namespace {
const mt_connector* create(const mt_host*) {
  throw std::runtime_error("out of create");
}
[[maybe_unused]] mt_connector* unused() {
  return good_connector();
}
}  // namespace

GOOD_ENTRY(create);
