#include "core/hash.hpp"

#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <array>
#include <span>

#include "core/hex.hpp"

namespace mortise::core {
namespace {

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

Digest sha256(std::string_view bytes) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

}  // namespace

std::string content_hash(const JsonText& text) {
  const Digest digest = sha256(kContentVersion + text);
  return hex(std::span<const unsigned char>(digest).first<16>());
}

std::string sha256_hex(std::string_view bytes) {
  return hex(sha256(bytes));
}

std::string hmac_sha256_hex(const Secret& key, std::string_view bytes) {
  Digest digest;
  const std::string_view plain = key.reveal_for_use();
  HMAC(EVP_sha256(), plain.data(), static_cast<int>(plain.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), nullptr);
  return hex(digest);
}

}  // namespace mortise::core
