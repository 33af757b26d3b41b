#include "simulators/common/ids.hpp"

namespace mortise::simulators {
namespace {

std::uint64_t seed_from_machine() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

Ids::Ids(std::optional<std::uint64_t> seed) : random_(seed ? *seed : seed_from_machine()) {}

std::string Ids::uuid() {
  std::string out = text(32, "0123456789abcdef");
  out[12] = '4';
  out[16] = "89ab"[static_cast<std::size_t>(out[16]) % 4];
  for (const std::size_t at : {8U, 13U, 18U, 23U}) out.insert(at, 1, '-');
  return out;
}

std::string Ids::text(int length, std::string_view alphabet) {
  const std::scoped_lock lock(mutex_);
  std::string out;
  for (int i = 0; i < length; ++i) out += alphabet[random_() % alphabet.size()];
  return out;
}

}  // namespace mortise::simulators
