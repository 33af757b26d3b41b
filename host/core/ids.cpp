#include "core/ids.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace mortise::core {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghijklmnopqrstuv";
constexpr std::size_t kTextSize = 26;  // 130 bits for 128: the first character carries three

struct Uuid {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};

std::uint64_t big_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) value = value << 8 | std::to_integer<std::uint64_t>(byte);
  return value;
}

Uuid uuid_v7(Instant now_ms, std::span<const std::byte, 10> random) {
  const std::uint64_t time = static_cast<std::uint64_t>(now_ms) & 0xFFFF'FFFF'FFFF;
  const std::uint64_t rand_a = big_endian(random.first<2>()) & 0x0FFF;
  const std::uint64_t rand_b = big_endian(random.last<8>()) & 0x3FFF'FFFF'FFFF'FFFF;
  return {time << 16 | 0x7000 | rand_a, 0x8000'0000'0000'0000 | rand_b};
}

std::string encode(Uuid uuid) {
  std::string text(kTextSize, '0');
  for (std::size_t index = kTextSize; index-- > 0;) {
    text[index] = kAlphabet[uuid.low & 0x1F];
    uuid.low = uuid.low >> 5 | uuid.high << 59;
    uuid.high >>= 5;
  }
  return text;
}

std::optional<Uuid> decode(std::string_view text) {
  if (text.size() != kTextSize || text[0] > '7') return std::nullopt;
  Uuid uuid;
  for (const char character : text) {
    const std::size_t value = kAlphabet.find(character);
    if (value == std::string_view::npos) return std::nullopt;
    uuid.high = uuid.high << 5 | uuid.low >> 59;
    uuid.low = uuid.low << 5 | value;
  }
  return uuid;
}

}  // namespace

std::string make_id(std::string_view prefix, Instant now_ms,
                    std::span<const std::byte, 10> random) {
  std::string id(prefix);
  id += '_';
  id += encode(uuid_v7(now_ms, random));
  return id;
}

bool valid_id(std::string_view prefix, std::string_view text) noexcept {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  if (!text.starts_with('_')) return false;
  const std::optional<Uuid> uuid = decode(text.substr(1));
  return uuid && (uuid->high >> 12 & 0xF) == 7 && uuid->low >> 62 == 2;
}

}  // namespace mortise::core
