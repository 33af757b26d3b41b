#include "store/decrypted_pages.hpp"

#include <openssl/evp.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>

namespace mortise::store {
namespace {

// SQLCipher 3: the last 48 bytes of a page are an IV (16), an HMAC (20) and filling; the first 16
// of the first page are the salt.
constexpr std::size_t kPage = 4096;
constexpr std::size_t kReserve = 48;
constexpr std::size_t kSalt = 16;
// SQLite's write-ahead log: a header, then frames of a header and a page.
constexpr std::size_t kLogHeader = 32;
constexpr std::size_t kFrameHeader = 24;

std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool decrypt(std::string_view page, std::size_t from, std::string_view key, std::string& out) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
      EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  const std::string_view hidden = page.substr(from, kPage - kReserve - from);
  std::string plain(hidden.size() + kSalt, '\0');
  int size = 0;
  if (EVP_DecryptInit_ex(context.get(), EVP_aes_256_cbc(), nullptr, bytes(key),
                         bytes(page.substr(kPage - kReserve))) != 1 ||
      EVP_CIPHER_CTX_set_padding(context.get(), 0) != 1 ||
      EVP_DecryptUpdate(context.get(), reinterpret_cast<unsigned char*>(plain.data()), &size,
                        bytes(hidden), static_cast<int>(hidden.size())) != 1) {
    return false;
  }
  out.append(plain, 0, static_cast<std::size_t>(size));
  return true;
}

bool is_first_page(std::string_view page, std::string_view salt) {
  return page.substr(0, kSalt) == salt;
}

}  // namespace

Result<std::string> decrypted_pages(const std::string& path, const MasterKey& key) {
  const core::Secret raw = key.derive(kDatabasePurpose);
  const std::string file = read_whole(path);
  const std::string log = read_whole(path + "-wal");
  const std::string_view salt = std::string_view(file).substr(0, kSalt);
  std::string all;
  const auto take = [&](std::string_view page) {
    return decrypt(page, is_first_page(page, salt) ? kSalt : 0, raw.reveal_for_use(), all);
  };
  bool good = file.size() >= kPage;
  for (std::size_t at = 0; good && at + kPage <= file.size(); at += kPage) {
    good = take(std::string_view(file).substr(at, kPage));
  }
  for (std::size_t at = kLogHeader + kFrameHeader; good && at + kPage <= log.size();
       at += kFrameHeader + kPage) {
    good = take(std::string_view(log).substr(at, kPage));
  }
  if (!good) return Error{Code::invalid, "decrypt '" + path + "': not a store"};
  return all;
}

}  // namespace mortise::store
