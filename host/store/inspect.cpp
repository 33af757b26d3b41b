#include "store/inspect.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <string_view>

#include "store/gate.hpp"
#include "store/migrate.hpp"

namespace mortise::store {
namespace {

std::int64_t file_size(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 ? static_cast<std::int64_t>(about.st_size) : 0;
}

/// A row of the check may be a list of findings under a heading ("*** in database main ***").
void add_lines(std::string_view text, std::vector<std::string>& problems) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (!line.empty() && !line.starts_with("***")) problems.emplace_back(line);
    begin = end + 1;
  }
}

/// A page that fails its checksum ends the reading with an error, which is a finding too.
void check_integrity(Database& database, std::vector<std::string>& problems) {
  const auto note = [&problems](const Error& error) { problems.push_back(error.message); };
  auto rows = database.prepare("PRAGMA integrity_check(20)");
  if (!rows) return note(rows.error());
  for (;;) {
    const auto row = rows->step();
    if (!row) return note(row.error());
    if (!*row) break;
    if (rows->text(0) != "ok") add_lines(rows->text(0), problems);
  }
  const auto dangling = database.read_text("PRAGMA foreign_key_check");
  if (!dangling) return note(dangling.error());
  if (*dangling) problems.push_back("a row of " + **dangling + " points to nothing");
}

Status count_rows(Database& database, StoreReport& report) {
  std::vector<std::string> tables;
  {
    auto rows = database.prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' "
        "ESCAPE '!' ORDER BY name");
    if (!rows) return rows.error();
    for (;;) {
      const auto row = rows->step();
      if (!row) return row.error();
      if (!*row) break;
      tables.emplace_back(rows->text(0));
    }
  }
  for (const std::string& table : tables) {
    const auto count = database.read_integer("SELECT count(*) FROM \"" + table + "\"");
    if (!count) {
      report.problems.push_back(table + ": " + count.error().message);
      continue;
    }
    report.counts.emplace_back(table, *count);
  }
  return {};
}

/// A damaged store may not tell them: `problems` says so already.
Status name_secrets(Database& database, StoreReport& report) {
  const bool known = std::any_of(report.counts.begin(), report.counts.end(),
                                 [](const auto& each) { return each.first == "named_secret"; });
  if (!known) return {};
  auto rows = database.prepare("SELECT name FROM named_secret ORDER BY name");
  if (!rows) return rows.error();
  for (;;) {
    const auto row = rows->step();
    if (!row || !*row) return {};
    report.secrets.emplace_back(rows->text(0));
  }
}

}  // namespace

Result<StoreReport> inspect(const std::string& path, const MasterKey& key) {
  if (auto status = look_at_directory(path); !status) return status.error();
  const auto file = examine(path, key);
  if (!file) return file.error();
  if (*file == FileState::missing) {
    return Error{Code::not_found, "store: there is no file '" + path + "'"};
  }
  auto database = open_existing(path, key, Database::Access::look);
  if (!database) return database.error();
  if (auto status = check_applied(*database, migrations()); !status) return status.error();
  StoreReport report;
  const auto version = schema_version(*database);
  if (!version) return version.error();
  report.schema_version = *version;
  report.newest_schema = migrations().back().number;
  const auto cipher = database->read_text("PRAGMA cipher_version");
  if (!cipher) return cipher.error();
  report.cipher_version = cipher->value_or("");
  report.size_bytes = file_size(path);
  report.log_bytes = file_size(path + "-wal");
  const auto free_pages = database->read_integer("PRAGMA freelist_count");
  if (!free_pages) return free_pages.error();
  report.free_bytes = *free_pages * 4096;
  check_integrity(*database, report.problems);
  if (auto status = count_rows(*database, report); !status) return status.error();
  if (auto status = name_secrets(*database, report); !status) return status.error();
  return report;
}

}  // namespace mortise::store
