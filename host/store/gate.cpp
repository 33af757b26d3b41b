#include "store/gate.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

namespace mortise::store {
namespace {

// A page ends with what SQLCipher 3 keeps there, its IV first; the first page begins with the salt,
// in the place of SQLite's magic words.
constexpr std::size_t kPage = 4096;
constexpr std::size_t kReserved = 48;
constexpr std::size_t kSalt = 16;
constexpr std::size_t kKeyBytes = 32;

bool has_log(const std::string& path) {
  struct stat about {};
  return ::stat((path + "-wal").c_str(), &about) == 0 && about.st_size > 0;
}

/// Whether the header says that the database was closed properly (Writer::~Writer), and so has no
/// log. SQLite opens any log that lies there, so it is asked of the file itself. False also where
/// nothing can be told.
bool is_closed(const std::string& path, const core::Secret& key) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<unsigned char, kPage> page{};
  if (!file.valid() || ::read(file.get(), page.data(), kPage) != static_cast<ssize_t>(kPage)) {
    return false;
  }
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
      EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  std::array<unsigned char, kSalt> header{};
  int size = 0;
  const bool read =
      context != nullptr && key.reveal_for_use().size() == kKeyBytes &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_cbc(), nullptr,
                         reinterpret_cast<const unsigned char*>(key.reveal_for_use().data()),
                         page.data() + kPage - kReserved) == 1 &&
      EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
      EVP_DecryptUpdate(context.get(), header.data(), &size, page.data() + kSalt, kSalt) == 1;
  // Page size, then write and read version: 1 is a database without a log (sqlite.org/fileformat2).
  constexpr std::array<unsigned char, 8> kClosed = {0x10, 0, 1, 1, kReserved, 64, 32, 32};
  return read && std::equal(kClosed.begin(), kClosed.end(), header.begin());
}

}  // namespace

Result<FileState> examine(const std::string& path, const MasterKey& key) {
  const auto file = look_at_file(path);
  if (!file) return file.error();
  const auto check = check_key(path, key);
  if (!check) return check.error();
  if (*file == FileState::missing && *check != KeyCheck::missing) {
    return Error{Code::invalid,
                 "store: '" + path + "' is missing, but its key check '" + path +
                     ".kcv' is there: restore the store, or remove that file to begin anew",
                 "store_missing"};
  }
  if (*check == KeyCheck::differs) {
    return Error{
        Code::invalid,
        "store: this is not the key that '" + path + "' was made with; nothing was changed",
        "wrong_key"};
  }
  // Looked at twice: a host that opens the store just now makes its log after it says so.
  const core::Secret pages = key.derive(kDatabasePurpose);
  if (*file == FileState::present && is_closed(path, pages) && has_log(path) &&
      is_closed(path, pages)) {
    return Error{Code::invalid,
                 "store: the log '" + path +
                     "-wal' is of another state of the store than the database beside it; if a "
                     "backup was put back, remove the files that end in -wal, -shm and .inbox",
                 "store_log"};
  }
  return *file;
}

Result<Database> open_existing(const std::string& path, const MasterKey& key,
                               Database::Access access) {
  const auto check = check_key(path, key);
  if (!check) return check.error();
  auto database = Database::open(path, key.derive(kDatabasePurpose), access);
  if (database || database.error().reason != "store_damaged") return database;
  const bool key_fits = *check == KeyCheck::fits;
  return Error{Code::internal,
               key_fits ? "store: '" + path +
                              "' is damaged (the key is the right one); restore it from a backup"
                        : "store: '" + path +
                              "' does not open: another key made it, or it is damaged; its key "
                              "check file, which could tell, is missing",
               "store_damaged"};
}

}  // namespace mortise::store
