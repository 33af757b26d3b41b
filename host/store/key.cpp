#include "store/key.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include "core/hex.hpp"
#include "store/command.hpp"
#include "store/files.hpp"

namespace mortise::store {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kKeyFileLimit = 4096;

constexpr std::string_view kNoKey =
    "no master key: set MORTISE_KEY to 64 hex digits, or store.key_file, or store.key_command, or "
    "give the systemd credential mortise.key (make a key with: mortise key new); without a key the "
    "store is not opened";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error key_file_error(const std::string& path, std::string_view why) {
  return {Code::invalid, "read the key file '" + path + "': " + std::string(why), "key_file"};
}

enum class Readers : std::uint8_t { owner, owner_and_group };

/// systemd shows a credential as 0440 where it grants access by ACL; its directory is private.
Result<core::Secret> read_key_file(const std::string& path, Readers readers) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return key_file_error(path, std::strerror(errno));
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return key_file_error(path, std::strerror(errno));
  if (!S_ISREG(about.st_mode)) return key_file_error(path, "not a regular file");
  if (about.st_uid != ::geteuid() && about.st_uid != 0) {
    return key_file_error(path, "it belongs to another user");
  }
  const unsigned others = readers == Readers::owner ? 0077U : 0037U;
  if ((about.st_mode & others) != 0) {
    return key_file_error(path, "others can read it; run: chmod 600 '" + path + "'");
  }
  std::string text(kKeyFileLimit, '\0');
  const ssize_t got = ::read(file.get(), text.data(), text.size());
  if (got < 0) return key_file_error(path, std::strerror(errno));
  core::Secret whole(std::move(text));
  return core::Secret(std::string(whole.reveal_for_use().substr(0, static_cast<std::size_t>(got))));
}

Result<MasterKey> parse(const Result<core::Secret>& text, const std::string& source) {
  if (!text) return text.error();
  auto key = MasterKey::from_hex(text->reveal_for_use());
  if (key) return key;
  Error error = key.error();
  error.message = "the master key from " + source + ": " + error.message;
  return error;
}

}  // namespace

Result<MasterKey> MasterKey::from_hex(std::string_view text) {
  const std::string_view digits = trimmed(text);
  if (digits.size() != 2 * kKeyBytes) {
    return Error{
        Code::invalid,
        "a key is 64 hex digits, this has " + std::to_string(digits.size()) + " characters",
        "bad_key"};
  }
  std::string bytes;
  bytes.reserve(kKeyBytes);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = digit_value(digits[i]);
    const int low = digit_value(digits[i + 1]);
    if (high < 0 || low < 0) {
      const core::Secret wiped(std::move(bytes));
      return Error{Code::invalid, "a key is 64 hex digits, this holds something else", "bad_key"};
    }
    bytes += static_cast<char>(high * 16 + low);
  }
  return MasterKey(core::Secret(std::move(bytes)));
}

MasterKey MasterKey::generate(ports::Random& random) {
  std::string bytes(kKeyBytes, '\0');
  random.fill(std::as_writable_bytes(std::span(bytes)));
  return MasterKey(core::Secret(std::move(bytes)));
}

core::Secret MasterKey::hex() const {
  return core::Secret(core::hex(bytes_.reveal_for_use()));
}

core::Secret MasterKey::derive(std::string_view purpose) const {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr), &EVP_PKEY_CTX_free);
  const std::string_view master = bytes_.reveal_for_use();
  const auto as_bytes = [](std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  std::string derived(kKeyBytes, '\0');
  std::size_t size = derived.size();
  const bool done =
      context != nullptr && EVP_PKEY_derive_init(context.get()) == 1 &&
      EVP_PKEY_CTX_set_hkdf_md(context.get(), EVP_sha256()) == 1 &&
      EVP_PKEY_CTX_set1_hkdf_key(context.get(), as_bytes(master),
                                 static_cast<int>(master.size())) == 1 &&
      EVP_PKEY_CTX_add1_hkdf_info(context.get(), as_bytes(purpose),
                                  static_cast<int>(purpose.size())) == 1 &&
      EVP_PKEY_derive(context.get(), reinterpret_cast<unsigned char*>(derived.data()), &size) == 1;
  // Only an exhausted machine gets here. An empty key is refused by whoever is given it.
  if (!done || size != kKeyBytes) return core::Secret();
  return core::Secret(std::move(derived));
}

Result<MasterKey> find_master_key(const KeySources& sources) {
  const auto environment = [&sources](const std::string& name) {
    return sources.environment ? sources.environment(name) : std::nullopt;
  };
  if (auto text = environment("MORTISE_KEY")) {
    return parse(core::Secret(std::move(*text)), "MORTISE_KEY");
  }
  if (!sources.file.empty()) {
    return parse(read_key_file(sources.file, Readers::owner), "'" + sources.file + "'");
  }
  if (!sources.command.empty()) {
    return parse(
        run_key_command(sources.command, sources.command_environment, sources.command_timeout_ms),
        "the key command '" + sources.command.front() + "'");
  }
  if (const auto directory = environment("CREDENTIALS_DIRECTORY")) {
    const std::string path = *directory + "/mortise.key";
    if (::access(path.c_str(), F_OK) == 0) {
      return parse(read_key_file(path, Readers::owner_and_group), "the credential mortise.key");
    }
  }
  return Error{Code::invalid, std::string(kNoKey), "no_key"};
}

Status write_key_file(const std::string& path, const MasterKey& key) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid()) {
    const Code code = errno == EEXIST ? Code::conflict : Code::unavailable;
    return Error{code, "write the key file '" + path + "': " + std::strerror(errno), "key_file"};
  }
  const core::Secret line(std::string(key.hex().reveal_for_use()) + "\n");
  const std::string_view text = line.reveal_for_use();
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::fsync(file.get()) != 0) {
    const int why = errno;
    ::unlink(path.c_str());
    return Error{Code::unavailable, "write the key file '" + path + "': " + std::strerror(why),
                 "key_file"};
  }
  return {};
}

}  // namespace mortise::store
