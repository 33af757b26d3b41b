#include "store/files.hpp"

#include <fcntl.h>
#include <openssl/hmac.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/hex.hpp"

namespace mortise::store {
namespace {

constexpr std::string_view kPlainHeader{"SQLite format 3\0", 16};
constexpr std::string_view kKeyCheckStart = "mortise-key-check 1 ";
constexpr off_t kSmallestDatabase = 4096;

Error file_error(std::string_view doing, const std::string& path) {
  return {Code::unavailable,
          "store: " + std::string(doing) + " '" + path + "': " + std::strerror(errno)};
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status sync_directory(const std::string& path) {
  const std::string directory = directory_of(path);
  const FileDescriptor file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.valid() || ::fsync(file.get()) != 0) return file_error("sync", directory);
  return {};
}

/// The line of the key check file. It is made with a key of its own, so it says nothing of the
/// others.
std::string key_check_line(const MasterKey& key) {
  const core::Secret checker = key.derive(kKeyCheckPurpose);
  const std::string_view secret = checker.reveal_for_use();
  constexpr std::string_view kText = "mortise store";
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(kText.data()), kText.size(), digest.data(), &size);
  return std::string(kKeyCheckStart) + core::hex(digest) + "\n";
}

Result<std::string> read_small(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return file_error("open", path);
  std::string text(256, '\0');
  const ssize_t got = ::read(file.get(), text.data(), text.size());
  if (got < 0) return file_error("read", path);
  text.resize(static_cast<std::size_t>(got));
  return text;
}

}  // namespace

void FileDescriptor::close() noexcept {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

Status look_at_directory(const std::string& path) {
  const std::string directory = directory_of(path);
  struct stat about {};
  if (::stat(directory.c_str(), &about) != 0) {
    if (errno != ENOENT) return file_error("look at", directory);
    const std::string parent = directory_of(directory);
    if (::access(parent.c_str(), W_OK | X_OK) == 0) return {};
    return Error{Code::invalid,
                 "store: the directory '" + directory + "' cannot be made in '" + parent +
                     "': " + std::strerror(errno),
                 "store_directory"};
  }
  if (!S_ISDIR(about.st_mode)) {
    return Error{Code::invalid, "store: '" + directory + "' is not a directory", "store_directory"};
  }
  if ((about.st_mode & 0022U) != 0 || (about.st_uid != ::geteuid() && about.st_uid != 0)) {
    return Error{Code::invalid,
                 "store: others may write to the directory '" + directory + "'; run: chmod 700 '" +
                     directory + "'",
                 "store_directory"};
  }
  return {};
}

Status prepare_directory(const std::string& path) {
  if (auto status = look_at_directory(path); !status) return status;
  const std::string directory = directory_of(path);
  if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return file_error("make the directory", directory);
}

Result<FileDescriptor> lock_store(const std::string& path) {
  const std::string name = path + ".lock";
  FileDescriptor file(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return file_error("open", name);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error("lock", name);
    const auto holder = read_small(name);
    const std::string who = holder && !holder->empty() ? " (process " + *holder + ")" : "";
    return Error{Code::conflict, "store: '" + path + "' is open in another host" + who,
                 "store_in_use"};
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(file.get(), 0) != 0 ||
      ::pwrite(file.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return file_error("write", name);
  }
  return file;
}

Result<FileState> look_at_file(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) {
    if (errno == ENOENT) return FileState::missing;
    return file_error("look at", path);
  }
  if (!S_ISREG(about.st_mode)) {
    return Error{Code::invalid, "store: '" + path + "' is not a regular file", "store_damaged"};
  }
  const auto head = read_small(path);
  if (!head) return head.error();
  if (std::string_view(*head).substr(0, kPlainHeader.size()) == kPlainHeader) {
    return Error{
        Code::invalid,
        "store: '" + path + "' is a database without encryption; Mortise opens encrypted ones only",
        "store_plaintext"};
  }
  if (about.st_size < kSmallestDatabase) {
    return Error{Code::internal,
                 "store: '" + path + "' is damaged: it is " + std::to_string(about.st_size) +
                     " bytes long; restore it from a backup",
                 "store_damaged"};
  }
  return FileState::present;
}

Status make_private(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return file_error("open", path);
  if (::fchmod(file.get(), 0600) != 0) return file_error("set the mode of", path);
  return {};
}

Result<KeyCheck> check_key(const std::string& path, const MasterKey& key) {
  const std::string name = path + ".kcv";
  if (::access(name.c_str(), F_OK) != 0 && errno == ENOENT) return KeyCheck::missing;
  const auto text = read_small(name);
  if (!text) return text.error();
  const std::string expected = key_check_line(key);
  if (core::constant_time_equal(*text, expected)) return KeyCheck::fits;
  if (text->size() != expected.size() || !text->starts_with(kKeyCheckStart)) {
    return Error{Code::internal,
                 "store: '" + name + "' is damaged; remove it if the store itself is whole",
                 "store_damaged"};
  }
  return KeyCheck::differs;
}

Status write_key_check(const std::string& path, const MasterKey& key) {
  const std::string name = path + ".kcv";
  const std::string draft = name + ".new";
  const std::string line = key_check_line(key);
  ::unlink(draft.c_str());
  const FileDescriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid()) return file_error("write", draft);
  if (::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
      ::fsync(file.get()) != 0) {
    return file_error("write", draft);
  }
  return move_into_place(draft, name);
}

Status move_into_place(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return file_error("rename", from);
  return sync_directory(to);
}

}  // namespace mortise::store
