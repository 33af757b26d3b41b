#include "store/seal.hpp"

#include <openssl/evp.h>

#include <memory>
#include <span>

namespace mortise::store {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kHeadBytes = 1 + kNonceBytes;
constexpr std::size_t kKeyBytes = 32;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Context new_context() {
  return {EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text, std::size_t from = 0) {
  return reinterpret_cast<unsigned char*>(text.data() + from);
}

std::string authenticated(const Place& place) {
  std::string text(1, kVersion);
  return text.append(place.table).append("|").append(place.column).append("|").append(place.row);
}

std::string name_of(const Place& place) {
  return std::string(place.table) + "." + std::string(place.column);
}

}  // namespace

Result<std::string> Sealer::seal(const core::Secret& secret, const Place& place) const {
  const std::string_view plain = secret.reveal_for_use();
  const std::string aad = authenticated(place);
  std::string sealed(kHeadBytes + plain.size() + kTagBytes, '\0');
  sealed[0] = kVersion;
  random_->fill(std::as_writable_bytes(std::span(sealed).subspan(1, kNonceBytes)));
  const Context context = new_context();
  int size = 0;
  const bool done =
      context != nullptr && key_.reveal_for_use().size() == kKeyBytes &&
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes(key_.reveal_for_use()),
                         bytes(sealed, 1)) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &size, bytes(aad), static_cast<int>(aad.size())) ==
          1 &&
      EVP_EncryptUpdate(context.get(), bytes(sealed, kHeadBytes), &size, bytes(plain),
                        static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), bytes(sealed, kHeadBytes + plain.size()), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes,
                          bytes(sealed, kHeadBytes + plain.size())) == 1;
  if (!done) return Error{Code::internal, "store: seal " + name_of(place) + ": OpenSSL failed"};
  return sealed;
}

Result<core::Secret> Sealer::open(std::string_view sealed, const Place& place) const {
  const Error broken{Code::internal,
                     "store: open " + name_of(place) +
                         ": the seal is broken (changed, moved, or "
                         "made with another key)",
                     "seal_broken"};
  if (sealed.size() < kHeadBytes + kTagBytes || sealed[0] != kVersion) return broken;
  const std::string aad = authenticated(place);
  const std::string_view nonce = sealed.substr(1, kNonceBytes);
  const std::string_view hidden = sealed.substr(kHeadBytes, sealed.size() - kHeadBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string plain(hidden.size(), '\0');
  const Context context = new_context();
  int size = 0;
  const bool opened =
      context != nullptr && key_.reveal_for_use().size() == kKeyBytes &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes(key_.reveal_for_use()),
                         bytes(nonce)) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, bytes(aad), static_cast<int>(aad.size())) ==
          1 &&
      EVP_DecryptUpdate(context.get(), bytes(plain), &size, bytes(hidden),
                        static_cast<int>(hidden.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, bytes(tag)) == 1 &&
      EVP_DecryptFinal_ex(context.get(), bytes(plain, plain.size()), &size) == 1;
  core::Secret secret(std::move(plain));
  if (!opened) return broken;
  return secret;
}

}  // namespace mortise::store
