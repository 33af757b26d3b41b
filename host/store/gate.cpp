#include "store/gate.hpp"

namespace mortise::store {

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
