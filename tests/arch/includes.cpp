#include "arch/includes.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

namespace arch {
namespace {

using Names = std::set<std::string>;

bool begins(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}
bool ends(std::string_view text, std::string_view with) {
  return text.size() >= with.size() && text.substr(text.size() - with.size()) == with;
}

// sdk <- core <- ports <- {siblings} <- app <- main. What a folder of host/ may include of host/.
const std::map<std::string, Names>& allowed_folders() {
  static const std::map<std::string, Names> kAllowed = [] {
    std::map<std::string, Names> allowed = {{"core", {"core"}}, {"ports", {"core", "ports"}}};
    Names everything = {"core", "ports", "app"};
    for (const char* sibling :
         {"sync", "service", "script", "store", "net", "plugin", "api", "web"}) {
      allowed[sibling] = {"core", "ports", sibling};
      everything.insert(sibling);
    }
    allowed["app"] = everything;
    allowed["main"] = everything;
    return allowed;
  }();
  return kAllowed;
}

// Foreign libraries and their homes, by the beginning of the include.
struct Home {
  const char* prefix;
  Names folders;
};
const std::vector<Home>& homes() {
  static const std::vector<Home> kHomes = {
      {"boost/dll", {"plugin"}},
      {"httplib.h", {"api"}},
      {"lua", {"script"}},
      {"lauxlib.h", {"script"}},
      {"sqlcipher/", {"store"}},
      {"sqlite3.h", {"store"}},
      {"curl/", {"net"}},
      {"Poco/", {"app", "main"}},
      {"openssl/", {"core", "store", "net", "api"}},
      {"date/", {"core"}},
      {"libical/", {"core"}},
      {"dlfcn.h", {"plugin"}},
      {"elf.h", {"plugin"}},
      {"fmt/",
       {"core", "sync", "service", "script", "store", "net", "plugin", "api", "app", "main"}},
      {"nlohmann/",
       {"core", "ports", "sync", "service", "script", "store", "net", "plugin", "api", "web", "app",
        "main"}},
  };
  return kHomes;
}

// The operating system's headers; core has none of them, nor clock or files of the standard
// library.
bool is_system_header(const std::string& path) {
  static const Names kPlain = {"unistd.h",  "fcntl.h", "time.h",  "poll.h",   "signal.h",
                               "pthread.h", "pwd.h",   "grp.h",   "stddef.h", "stdint.h",
                               "strings.h", "netdb.h", "spawn.h", "errno.h",  "termios.h"};
  return begins(path, "sys/") || begins(path, "netinet/") || begins(path, "arpa/") ||
         begins(path, "linux/") || kPlain.count(path) != 0;
}
bool is_impure(const std::string& path) {
  static const Names kImpure = {"fstream", "iostream", "filesystem",         "thread",
                                "future",  "random",   "condition_variable", "cstdio"};
  const bool system =
      is_system_header(path) && path != "stddef.h" && path != "stdint.h" && path != "time.h";
  return system || kImpure.count(path) != 0;
}
bool is_standard(const std::string& path) {
  return std::all_of(path.begin(), path.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}
bool is_c_standard(const std::string& path) {
  static const Names kC = {"stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h"};
  return kC.count(path) != 0;
}

std::string first_part(const std::string& path) {
  return path.substr(0, path.find('/'));
}

std::string objection_for_sdk(const Include& include) {
  if (begins(include.path, "mortise/")) return "";
  if (!include.quoted && (is_standard(include.path) || is_c_standard(include.path))) return "";
  return "the SDK stands alone: mortise/ and the standard library only";
}

// A plugin has its own files, the SDK, what our plugins share, and whatever libraries it brings;
// nothing of the host.
std::string objection_for_plugin(const Include& include) {
  if (begins(include.path, "mortise/testing")) return "testing.hpp is for tests";
  if (!include.quoted) return "";
  const bool own = include.path.find('/') == std::string::npos || begins(include.path, "common/");
  return own ? "" : "a plugin sees its own files and the SDK, nothing of the host";
}

std::string objection_for_host(const std::string& file, const std::string& folder,
                               const Include& include) {
  const std::string& path = include.path;
  if (begins(path, "mortise/"))
    return begins(path, "mortise/testing") ? "testing.hpp is for tests" : "";
  if (include.quoted) {
    const auto allowed = allowed_folders().find(folder);
    if (allowed == allowed_folders().end()) return "host/" + folder + " has no line in the table";
    if (allowed->second.count(first_part(path)) != 0) return "";
    return folder + " may not include " + first_part(path);
  }
  if (path == "regex") return "std::regex is not used";
  if (folder == "core" && is_impure(path))
    return "core is pure: no clock, files, threads or randomness";
  if (folder == "ports" && is_impure(path)) return "ports are declarations";
  if (path == "nlohmann/json.hpp" && ends(file, ".hpp"))
    return "json_fwd.hpp in headers: json.hpp is slow to compile";
  if (folder == "ports" && path == "nlohmann/json.hpp") return "json_fwd.hpp in ports";
  for (const Home& home : homes()) {
    if (!begins(path, home.prefix)) continue;
    return home.folders.count(folder) != 0 ? ""
                                           : std::string(home.prefix) + " has its home elsewhere";
  }
  if (is_standard(path) || is_system_header(path)) return "";
  return "is in no table: give the library a home in tests/arch/includes.cpp";
}

}  // namespace

std::vector<Include> includes_of(const std::string& text) {
  std::vector<Include> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::size_t at = line.find_first_not_of(" \t");
    if (at == std::string::npos || line[at] != '#') continue;
    at = line.find_first_not_of(" \t", at + 1);
    if (at == std::string::npos || line.compare(at, 7, "include") != 0) continue;
    const std::size_t open = line.find_first_of("\"<", at);
    if (open == std::string::npos) continue;
    const std::size_t close = line.find(line[open] == '<' ? '>' : '"', open + 1);
    if (close == std::string::npos) continue;
    out.push_back({line.substr(open + 1, close - open - 1), line[open] == '"'});
  }
  return out;
}

std::string objection(const std::string& file, const Include& include) {
  if (begins(file, "sdk/include/")) return objection_for_sdk(include);
  if (begins(file, "plugins/")) return objection_for_plugin(include);
  if (!begins(file, "host/")) return "";
  const std::string rest = file.substr(5);
  const bool in_folder = rest.find('/') != std::string::npos;
  return objection_for_host(file, in_folder ? first_part(rest) : "main", include);
}

}  // namespace arch
