// The master key: where it comes from, and the keys that are made of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

#include "core/secret.hpp"
#include "ports/clock.hpp"

namespace mortise::store {

/// 32 random bytes, spelled as 64 hex digits. Whoever has it can read the store; nothing else can.
class MasterKey {
 public:
  /// Exactly 64 hex digits; white space around them is ignored. Error: `invalid`; the message never
  /// holds what was given.
  static Result<MasterKey> from_hex(std::string_view text);
  static MasterKey generate(ports::Random& random);

  /// 64 hex digits, for `mortise key new`.
  core::Secret hex() const;
  /// HKDF-SHA256 (RFC 5869) with `purpose` as the info string: 32 bytes that say nothing about the
  /// master key or about the key of another purpose.
  core::Secret derive(std::string_view purpose) const;

 private:
  explicit MasterKey(core::Secret bytes) : bytes_(std::move(bytes)) {}
  core::Secret bytes_;
};

inline constexpr std::string_view kDatabasePurpose = "mortise/1 database";
inline constexpr std::string_view kSealingPurpose = "mortise/1 sealing";
inline constexpr std::string_view kKeyCheckPurpose = "mortise/1 key check";

/// Where to look for the master key. The first that is given counts, in this order; if it then
/// fails, that is the answer and no other is tried.
struct KeySources {
  /// Reads an environment variable: MORTISE_KEY (the key itself) and, last, CREDENTIALS_DIRECTORY
  /// (systemd's LoadCredential: the file mortise.key in it).
  std::function<std::optional<std::string>(const std::string& name)> environment;
  /// A file that holds the key: regular, nobody else's (the user's or root's), mode 0600 or less.
  std::string file;
  /// A program that prints the key, e.g. a KMS client: path and arguments, no shell.
  std::vector<std::string> command;
  /// All that the command sees of the environment.
  std::vector<std::string> command_environment = {"PATH=/usr/local/bin:/usr/bin:/bin"};
  std::int64_t command_timeout_ms = 10'000;
};

/// Errors: `invalid` with reason `no_key` (none is given; the message says what to do), `bad_key`
/// (it is not 64 hex digits), `key_file` (missing, or others can read it), `key_command` (it
/// failed, was too slow, or printed too much).
Result<MasterKey> find_master_key(const KeySources& sources);

/// Writes a new key file, mode 0600. Error: `conflict` if there already is a file.
Status write_key_file(const std::string& path, const MasterKey& key);

}  // namespace mortise::store
