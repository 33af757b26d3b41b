// The files of a store and who may touch them: modes, the lock, the key check value.
//   <path>       the encrypted database (with -wal and -shm while open), 0600
//   <path>.kcv   the key check value: tells a wrong key from damage without opening the database
//   <path>.lock  held by the one host that has the store open
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <mortise/result.hpp>

#include "store/key.hpp"

namespace mortise::store {

/// Owns a file descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor() { close(); }

  bool valid() const noexcept { return number_ >= 0; }
  int get() const noexcept { return number_; }
  void close() noexcept;

 private:
  int number_ = -1;
};

/// Whether the directory of `path` will do, or can be made: one level. Writes nothing. Error:
/// `invalid` with reason `store_directory` if others may write there, for they could put another
/// file in the store's place.
Status look_at_directory(const std::string& path);

/// The same, and makes it (0700) if it is missing.
Status prepare_directory(const std::string& path);

/// Takes <path>.lock for as long as the descriptor lives. Error: `conflict` with reason
/// `store_in_use`, naming the process that has it.
Result<FileDescriptor> lock_store(const std::string& path);

enum class FileState : std::uint8_t { missing, present };

/// Looks at the file before the key touches it. Errors: `invalid` with reason `store_plaintext` (it
/// is a database without encryption), `internal` with reason `store_damaged` (it is too short to be
/// one).
Result<FileState> look_at_file(const std::string& path);

/// Creates an empty file with mode 0600, or narrows the mode of one that is there.
Status make_private(const std::string& path);

enum class KeyCheck : std::uint8_t { missing, fits, differs };

/// Whether this is the key that the store was made with. Writes nothing. Error: `internal` with
/// reason `store_damaged` if the file holds no key check value.
Result<KeyCheck> check_key(const std::string& path, const MasterKey& key);

/// Writes <path>.kcv, in one step.
Status write_key_check(const std::string& path, const MasterKey& key);

/// Puts `from` in the place of `to` and makes that last.
Status move_into_place(const std::string& from, const std::string& to);

}  // namespace mortise::store
