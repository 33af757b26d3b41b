#include "core/secret.hpp"

#include <openssl/crypto.h>

#include <utility>

namespace mortise::core {
namespace {

// Short strings live inside the object and are copied, not moved; so the source is always wiped.
void wipe_text(std::string& text) noexcept {
  text.resize(text.capacity());  // within capacity: never allocates
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace

Secret::Secret(std::string text) : text_(text) {
  wipe_text(text);
}

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
  other.wipe();
}

Secret& Secret::operator=(const Secret& other) {
  if (this == &other) return *this;
  wipe();
  text_ = other.text_;
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  text_.swap(other.text_);
  other.wipe();
  return *this;
}

Secret::~Secret() {
  wipe();
}

bool Secret::equals(std::string_view other) const noexcept {
  return constant_time_equal(text_, other);
}

void Secret::wipe() noexcept {
  wipe_text(text_);
}

bool constant_time_equal(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace mortise::core
