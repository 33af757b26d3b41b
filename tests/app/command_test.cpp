// The command line: words, options, exit codes, and what each command does with good and bad input.
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "app/console.hpp"

namespace mortise::tests {
namespace {

using Catch::Contains;
using Catch::StartsWith;

constexpr const char* kPlan = R"({"topic": "Swift", "weekly_time": 5, "start": "2033-02-01",
  "timezone": "Europe/Madrid", "weeks": [{"week": 1, "tasks": [
    {"day": 1, "task": "Read", "duration": 2}, {"day": 2, "task": "Build", "duration": 2}]}]})";

void copy(const std::string& from, const std::string& to) {
  std::filesystem::create_directories(std::filesystem::path(to).parent_path());
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

/// A mapping for the connector of these tests.
constexpr const char* kMapping = R"(return mapping { connector = "memory",
  plan = function(plan) return events(plan.tasks) end,
  fields = { event = { { task = "title", item = "title" } } },
  examples = { { task = { title = "Read" }, kind = "event", want = { title = "Read" } } } })";

/// The n-th line.
std::string line(const std::string& text, std::size_t n) {
  std::istringstream lines(text);
  std::string found;
  for (std::size_t i = 0; i <= n; ++i) {
    if (!std::getline(lines, found)) return "(no line)";
  }
  return found;
}

}  // namespace

TEST_CASE("command: every command explains itself", "[app][command]") {
  Console console;
  std::vector<app::Command> all = app::commands();
  all.push_back(app::serve_command());
  const Said overview = console.run_plain({"--help"});
  CHECK(overview.exit == app::kOk);
  CHECK(overview.err == "");
  for (const app::Command& command : all) {
    CAPTURE(command.name);
    CHECK_THAT(overview.out, Contains(std::string(command.name)));
    std::vector<std::string> words;
    std::istringstream split{std::string(command.name)};
    for (std::string word; split >> word;) words.push_back(word);
    words.push_back("--help");
    const Said said = console.run_plain(words);
    CHECK(said.exit == app::kOk);
    CHECK_THAT(said.out, StartsWith("Usage: mortise " + std::string(command.name)));
    CHECK_THAT(said.out, Contains("--config FILE"));
    for (const app::Option& option : command.options) {
      CHECK_THAT(said.out, Contains("--" + std::string(option.name)));
    }
    CHECK(said.err == "");
  }
  CHECK(console.run_plain({"help"}).out == overview.out);
}

TEST_CASE("command: no words at all is a misunderstanding", "[app][command]") {
  Console console;
  const Said said = console.run_plain({});
  CHECK(said.exit == app::kUsage);
  CHECK(said.out == "");
  CHECK_THAT(said.err, StartsWith("Usage: mortise"));
}

TEST_CASE("command: an unknown command or option is answered with the nearest", "[app][command]") {
  Console console;
  const auto refused = [&](const std::vector<std::string>& words) {
    const Said said = console.run_plain(words);
    CHECK(said.exit == app::kUsage);
    CHECK(said.out == "");
    return said.err;
  };
  CHECK_THAT(refused({"docter"}), Contains("did you mean \"doctor\"?"));
  CHECK_THAT(refused({"key", "gnu"}), Contains("no command \"key gnu\""));
  CHECK_THAT(refused({"script", "chekc", "x.lua"}), Contains("did you mean \"script check\"?"));
  CHECK_THAT(refused({"xyzzy"}), Contains("no command \"xyzzy\"") && !Contains("did you mean"));
  CHECK_THAT(refused({"key"}), Contains("no command \"key\""));
  CHECK_THAT(refused({""}), Contains("no command \"\""));
  CHECK_THAT(refused({"key", "new", "--flie", "x"}),
             Contains("unknown option --flie; did you mean --file?"));
  CHECK_THAT(refused({"version", "--", "x"}), Contains("unknown option --"));
  CHECK_THAT(refused({"key", "new", "--file"}), Contains("--file needs a value"));
  CHECK_THAT(refused({"key", "new", "--file="}), Contains("--file needs a value"));
  CHECK_THAT(refused({"key", "new", "more"}), Contains("\"more\" is one word too many"));
  CHECK_THAT(refused({"script", "check"}), Contains("FILE... is missing"));
  CHECK_THAT(refused({"secret", "set"}), Contains("NAME is missing"));
  CHECK_THAT(refused({"secret", "set", "a.b", "value"}),
             Contains("\"value\" is one word too many"));
  CHECK_THAT(refused({"apikey", "revoke", "one", "two"}), Contains("one word too many"));
}

TEST_CASE("command: -h is help everywhere, --version the version", "[app][command]") {
  Console console;
  CHECK(console.run_plain({"-h"}).out == console.run_plain({"--help"}).out);
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"-h"}, {"serve", "-h"}, {"secret", "set", "-h"}, {"--version"}}) {
    CAPTURE(words.front());
    const Said said = console.run_plain(words);
    CHECK(said.exit == app::kOk);
    CHECK_FALSE(said.out.empty());
  }
  CHECK(console.run_plain({"--version"}).out == console.run_plain({"version"}).out);
}

TEST_CASE("command: version and the template of the configuration", "[app][command]") {
  Console console;
  CHECK_THAT(console.run({"version"}).out, StartsWith("mortise ") && Contains("plugin ABI"));
  const Said said = console.run({"config", "template"});
  CHECK(said.exit == app::kOk);
  CHECK(said.out == app::settings_template());
}

TEST_CASE("command: a configuration that is wrong stops every command that needs it",
          "[app][command]") {
  Console console;
  console.write("mortise.properties", "server.prot = 1\n");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"apikey", "list"},
                                             {"plugin", "list"},
                                             {"plan", "check", "x"},
                                             {"script", "check", MORTISE_SOURCE_DIR "/scripts"},
                                             {"serve"}}) {
    const Said said = console.run(words);
    CHECK(said.exit == app::kCannot);
    CHECK_THAT(said.err, Contains("did you mean \"server.port\"?"));
  }
  // A variable may name the file, an option comes first.
  console.variables["MORTISE_CONFIG"] = console.file("none.properties");
  CHECK_THAT(console.run_plain({"apikey", "list"}).err, Contains("none.properties"));
  CHECK_THAT(console.run({"apikey", "list"}).err, Contains("mortise.properties"));
}

TEST_CASE("command: key new prints a key, or writes a file that it never overwrites",
          "[app][command]") {
  Console console;
  const Said printed = console.run({"key", "new"});
  CHECK(printed.exit == app::kOk);
  REQUIRE(printed.out.size() == 65);
  CHECK(printed.out.find_first_not_of("0123456789abcdef") == 64);
  CHECK(console.run({"key", "new"}).out != printed.out);

  const Said written = console.run({"key", "new", "--file", console.file("k")});
  CHECK(written.exit == app::kOk);
  struct stat status {};
  REQUIRE(stat(console.file("k").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const std::string key = console.read("k");
  CHECK(key.size() >= 64);
  CHECK(written.out.find(key.substr(0, 64)) == std::string::npos);

  const Said again = console.run({"key", "new", "--file=" + console.file("k")});
  CHECK(again.exit == app::kCannot);
  CHECK_FALSE(again.err.empty());
  CHECK(console.read("k") == key);
  CHECK(console.run({"key", "new", "--file", console.file("no/such/k")}).exit == app::kCannot);
}

TEST_CASE("command: without a key nothing is opened or made", "[app][command]") {
  Console console;
  console.write("mortise.properties", "store.path = data/mortise.db\nplugins.path = plugins\n");
  console.write("plugins/notion/manifest.json", "{}");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"apikey", "new"},
                                             {"apikey", "list"},
                                             {"apikey", "revoke", "x"},
                                             {"secret", "list"},
                                             {"secret", "set", "notion.client_id"}}) {
    CAPTURE(words[0], words[1]);
    const Said said = console.run(words, "value\n");
    CHECK(said.exit == app::kCannot);
    CHECK_THAT(said.err, Contains("key"));
  }
  CHECK_FALSE(std::filesystem::exists(console.file("data")));
}

TEST_CASE("command: another key than the store's is refused", "[app][command]") {
  Console console;
  install(console);
  CHECK(console.run({"apikey", "new"}).exit == app::kOk);
  std::filesystem::remove(console.file("master.key"));
  console.run({"key", "new", "--file", console.file("master.key")});
  const Said said = console.run({"apikey", "list"});
  CHECK(said.exit == app::kCannot);
  CHECK(said.out == "");
}

TEST_CASE("command: an API key is shown once, listed without its secret, and revoked",
          "[app][command]") {
  Console console;
  install(console);
  const Said none = console.run({"apikey", "list"});
  CHECK(none.exit == app::kOk);
  CHECK(none.out == "");
  CHECK_THAT(none.err, Contains("apikey new"));

  const Said made =
      console.run({"apikey", "new", "--name", "learning app", "--scopes", "read,admin"});
  CHECK(made.exit == app::kOk);
  CHECK_THAT(made.out, StartsWith("mk_"));
  const Said listed = console.run({"apikey", "list"});
  const std::string id = listed.out.substr(0, listed.out.find(' '));
  REQUIRE_THAT(made.out, StartsWith("mk_" + id + "_"));
  const std::string secret = line(made.out, 0).substr(id.size() + 4);
  CHECK(secret.size() >= 43);  // 256 bits

  CHECK_THAT(listed.out, StartsWith(id) && Contains("learning app") && Contains("read,admin") &&
                             !Contains(secret) && !Contains("revoked"));
  CHECK(console.run({"apikey", "revoke", id}).exit == app::kOk);
  CHECK_THAT(console.run({"apikey", "list"}).out, Contains("revoked"));
  CHECK(console.run({"apikey", "revoke", "unknown"}).exit == app::kFound);

  for (const char* scopes : {"read,,write", "all", "read,", " read", "Read"}) {
    CAPTURE(scopes);
    CHECK(console.run({"apikey", "new", "--scopes", scopes}).exit == app::kUsage);
  }
  CHECK_THAT(line(console.run({"apikey", "list"}).out, 1), Contains("(no line)"));
}

TEST_CASE("command: a secret comes from standard input and is never said again", "[app][command]") {
  Console console;
  install(console);
  console.write("plugins/notion/manifest.json", "{}");
  const Said set =
      console.run({"secret", "set", "notion.client_secret"}, "s3cr3t-value \r\nmore\n");
  CHECK(set.exit == app::kOk);
  CHECK(set.out == "set notion.client_secret\n");
  CHECK(console.run({"secret", "set", "notion.client_id"}, "id without line end").exit == app::kOk);
  const Said listed = console.run({"secret", "list"});
  CHECK(listed.out == "notion.client_id\nnotion.client_secret\n");
  for (const char* nothing : {"", "\n", "  \r\n"}) {
    const Said said = console.run({"secret", "set", "notion.client_id"}, nothing);
    CHECK(said.exit == app::kUsage);
    CHECK_THAT(said.err, Contains("no secret came"));
  }
  // The value is sealed: neither it nor its name's row can be read from the file.
  for (const auto& entry : std::filesystem::directory_iterator(console.file("data"))) {
    std::ifstream stream(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream),
                            std::istreambuf_iterator<char>()};
    CHECK(bytes.find("s3cr3t-value") == std::string::npos);
  }
}

TEST_CASE("command: the host's own secrets cannot be set by hand", "[app][command]") {
  Console console;
  install(console);
  for (const char* name : {"host.session_key", "host.installation", "host."}) {
    const Said said = console.run({"secret", "set", name}, "x\n");
    CHECK(said.exit == app::kUsage);
    CHECK_THAT(said.err, Contains("the host's own"));
  }
}

TEST_CASE("command: a secret that nothing reads is refused with the nearest", "[app][command]") {
  Console console;
  install(console);
  console.write("plugins/notion/manifest.json", "{}");
  console.write("plugins/google_calendar/manifest.json", "{}");
  const auto refused = [&](const std::string& name) {
    const Said said = console.run({"secret", "set", name}, "x\n");
    CHECK(said.exit == app::kUsage);
    return said.err;
  };
  CHECK_THAT(refused("notion.clientid"), Contains("did you mean \"client_id\"?"));
  CHECK_THAT(refused("notoin.client_id"),
             Contains("no connector \"notoin\"") && Contains("did you mean \"notion\"?"));
  CHECK_THAT(refused("notion_client_id"), Contains("did you mean \"notion.client_id\"?"));
  CHECK_THAT(refused(".client_id"), Contains("no connector"));
  CHECK(console.run({"secret", "list"}).out == "");
}

TEST_CASE("command: a secret is removed, and one that is not there is not found",
          "[app][command]") {
  Console console;
  install(console);
  console.write("plugins/notion/manifest.json", "{}");
  console.run({"secret", "set", "notion.client_id"}, "x\n");
  const Said wrong = console.run({"secret", "remove", "notion.clientid"});
  CHECK(wrong.exit == app::kFound);
  CHECK_THAT(wrong.err, Contains("did you mean notion.client_id?"));
  CHECK(console.run({"secret", "remove", "host.session_key"}).exit == app::kUsage);
  const Said gone = console.run({"secret", "remove", "notion.client_id"});
  CHECK(gone.exit == app::kOk);
  CHECK(gone.out == "removed notion.client_id\n");
  CHECK(console.run({"secret", "list"}).out == "");
  CHECK(console.run({"secret", "remove", "notion.client_id"}).exit == app::kFound);
}

TEST_CASE("command: script check says file, line and what is meant", "[app][command]") {
  Console console;
  const std::string policy = MORTISE_SOURCE_DIR "/scripts/policies/tiers.lua";
  const Said good = console.run({"script", "check", policy});
  CHECK(good.exit == app::kOk);
  CHECK(good.out == policy + ": ok\n");

  const std::string bad = console.write("policies/bad.lua", "return policy {\n  tires = {},\n}\n");
  const Said found = console.run({"script", "check", bad, policy});
  CHECK(found.exit == app::kFound);
  CHECK_THAT(found.out, StartsWith(bad + ":") && Contains(policy + ": ok"));

  const Said missing = console.run({"script", "check", console.file("none.lua"), policy});
  CHECK(missing.exit == app::kCannot);
  CHECK_THAT(missing.err, Contains("cannot read " + console.file("none.lua")));
  CHECK_THAT(missing.out, Contains(policy + ": ok"));
  CHECK(
      console
          .run({"script", "check", console.write("policies/zero.lua", std::string("\0\x1bLua", 5))})
          .exit == app::kFound);
}

TEST_CASE("command: script check takes folders, and looks connectors and kinds up",
          "[app][command]") {
  Console console;
  install(console);
  copy(MORTISE_BINARY_DIR "/plugins/memory", console.file("plugins/memory"));
  console.write("scripts/mappings/memory.lua", kMapping);
  console.write("scripts/policies/notes.txt", "not a script");
  const Said good = console.run({"script", "check", console.file("scripts")});
  CHECK(good.exit == app::kOk);
  CHECK(good.out == console.file("scripts") + "/mappings/memory.lua: ok\n");
  CHECK(console.run({"script", "check", console.file("scripts/mappings")}).out == good.out);
  CHECK(console.run({"script", "check", console.file("scripts/policies")}).exit == app::kCannot);

  std::string source = kMapping;
  const std::string near = console.write(
      "near/mappings/a.lua", source.replace(source.find("\"memory\""), 8, "\"memroy\""));
  const Said found = console.run({"script", "check", near});
  CHECK(found.exit == app::kFound);
  CHECK_THAT(found.out, Contains(":1: no connector is called 'memroy'; did you mean 'memory'?"));
}

TEST_CASE("command: plan check on plans that are good", "[app][command]") {
  Console console;
  const Said said = console.run({"plan", "check", console.write("plan.json", kPlan)});
  CHECK(said.err == "");
  CHECK(said.exit == app::kOk);
  CHECK_THAT(said.out,
             Contains(": ok: \"Swift\", 1 modules, 1 weeks, 2 tasks, last on 2033-02-02"));
}

TEST_CASE("command: plan check points at what is wrong, in every file", "[app][command]") {
  Console console;
  const std::string broken = console.write("broken.json", "{\"topic\": ");
  const std::string wrong = console.write(
      "wrong.json", R"({"topic": "x", "weeks": [{"week": 1, "tasks": [{"day": 1, "task": "a",
      "duration": "long"}]}], "extra": 1})");
  std::string late_text = kPlan;
  late_text.insert(1, R"("deadline": "2033-02-01", )");
  const std::string late = console.write("late.json", late_text);
  const std::string good = console.write("plan.json", kPlan);
  const Said said = console.run({"plan", "check", broken, wrong, late, good});
  CHECK(said.exit == app::kFound);
  CHECK_THAT(said.out, Contains(broken + ": ") &&
                           Contains(wrong + ": /weeks/0/tasks/0/duration: ") &&
                           Contains(wrong + ": /extra: ") && Contains(late + ": /deadline: ") &&
                           Contains("2033-02-02") && Contains(good + ": ok"));
  for (const std::string& hostile :
       {std::string(), std::string("null"), std::string("[]"), std::string(100'000, '['),
        std::string("{\"weeks\": 1}"), std::string("\xff\xfe")}) {
    CAPTURE(hostile.substr(0, 20));
    CHECK(console.run({"plan", "check", console.write("h.json", hostile)}).exit == app::kFound);
  }
}

TEST_CASE("command: a plan that cannot be read does not keep the others from being checked",
          "[app][command]") {
  Console console;
  const std::string good = console.write("plan.json", kPlan);
  const Said said = console.run({"plan", "check", console.file("none.json"), good});
  CHECK(said.exit == app::kCannot);
  CHECK_THAT(said.err, Contains("cannot read " + console.file("none.json")));
  CHECK_THAT(said.out, Contains(good + ": ok"));
}

TEST_CASE("command: preview asks for what it needs", "[app][command]") {
  Console console;
  CHECK(console.run({"preview"}).exit == app::kUsage);
  CHECK_THAT(console.run({"preview", "--connection", "cnn_x"}).err, Contains("--plan is missing"));
  install(console);
  copy(MORTISE_SOURCE_DIR "/scripts", console.file("scripts"));
  const Said said = console.run({"preview", "--connection", "cnn_x", "--plan", "pln_x"});
  CHECK(said.exit == app::kFound);  // what is asked for is not there
  CHECK(said.out == "");
  CHECK_FALSE(said.err.empty());
}

TEST_CASE("command: plugin list names the good and says why others were refused",
          "[app][command]") {
  Console console;
  install(console);
  CHECK(console.run({"plugin", "list"}).out == "");
  copy(MORTISE_BINARY_DIR "/plugins/memory", console.file("plugins/memory"));
  const Said good = console.run({"plugin", "list"});
  CHECK(good.exit == app::kOk);
  CHECK_THAT(good.out, StartsWith("memory "));
  console.write("more/broken/manifest.json", "{");
  console.write("mortise.properties", "plugins.path = plugins, more\n");
  const Said said = console.run({"plugin", "list"});
  CHECK(said.exit == app::kFound);
  CHECK_THAT(said.out, Contains("memory ") && Contains("refused: "));
}

TEST_CASE("doctor: on an empty installation it says what is missing", "[app][command]") {
  Console console;
  console.write("mortise.properties",
                "store.path = data/mortise.db\nplugins.path = plugins\nscripts.path = scripts\n");
  const Said said = console.run({"doctor"});
  CHECK(said.exit == app::kFound);
  CHECK_THAT(said.out, Contains("ok    settings") && Contains("FAIL  key") &&
                           Contains("FAIL  connector") && Contains("FAIL  scripts"));
  CHECK_FALSE(std::filesystem::exists(console.file("data")));
}

TEST_CASE("doctor: on a good installation all is well, before and after the store is made",
          "[app][command]") {
  Console console;
  install(console);
  copy(MORTISE_BINARY_DIR "/plugins/memory", console.file("plugins/memory"));
  copy(MORTISE_SOURCE_DIR "/scripts", console.file("scripts"));
  const Said unmapped = console.run({"doctor"});
  CHECK(unmapped.exit == app::kFound);
  CHECK_THAT(
      unmapped.out,
      Contains("FAIL  mapping     none for connector memory: write one as mappings/memory.lua"));
  console.write("scripts/mappings/memory.lua", kMapping);
  const Said before = console.run({"doctor"});
  CHECK(before.exit == app::kOk);
  CHECK_THAT(before.out, Contains("it is made at the first start") && !Contains("FAIL"));
  CHECK_FALSE(std::filesystem::exists(console.file("data/mortise.db")));
  CHECK(console.run({"apikey", "new"}).exit == app::kOk);
  const Said after = console.run({"doctor"});
  CHECK(after.exit == app::kOk);
  CHECK_THAT(after.out, Contains("whole, ") && Contains("connector   memory") &&
                            Contains("tiers.lua") && !Contains("FAIL"));
}

TEST_CASE("serve: every level of the log is its own, gravest first", "[app][command]") {
  int before = 0;
  for (const char* level :
       {"critical", "error", "warning", "notice", "information", "debug", "trace"}) {
    CAPTURE(level);
    CHECK(app::log_priority(level) > before);
    before = app::log_priority(level);
  }
}

TEST_CASE("command: a setting of a connector that is not there stops the host, and doctor says so",
          "[app][command]") {
  Console console;
  install(console);
  copy(MORTISE_BINARY_DIR "/plugins/memory", console.file("plugins/memory"));
  copy(MORTISE_SOURCE_DIR "/plugins/notion/manifest.json",
       console.file("plugins/notion/manifest.json"));
  copy(MORTISE_SOURCE_DIR "/scripts", console.file("scripts"));
  const std::string good = console.read("mortise.properties");
  const auto says = [&](const std::string& line) {
    console.write("mortise.properties", good + line + "\n");
    const Said host = console.run({"preview", "--connection", "cnn_x", "--plan", "pln_x"});
    const Said doctor = console.run({"doctor"});
    CHECK((host.exit == app::kCannot) == (doctor.out.find("FAIL  settings") < doctor.out.size()));
    return host.err;
  };
  CHECK_THAT(says("connector.notoin.origin.api = http://127.0.0.1:9"),
             Contains("no connector \"notoin\"") && Contains("did you mean \"notion\"?"));
  CHECK_THAT(says("connector.notion.origin.apii = http://127.0.0.1:9"),
             Contains("notion has no origin \"apii\"; did you mean \"api\"?"));
  CHECK_THAT(says("connector.notoin.budget.connection = 1/1"), Contains("no connector"));
  CHECK_THAT(says("connector.notion.origin.api = foo"), Contains("expected an address"));
  CHECK_THAT(says("server.trusted_proxies = abc"), Contains("server.trusted_proxies"));
  CHECK_THAT(says("connector.notion.origin.api = http://127.0.0.1:9"), !Contains("connector."));
}

TEST_CASE("doctor: every kind of damage is named", "[app][command]") {
  Console console;
  install(console);
  copy(MORTISE_BINARY_DIR "/plugins/memory", console.file("plugins/memory"));
  copy(MORTISE_SOURCE_DIR "/scripts", console.file("scripts"));
  const auto fails = [&] {
    const Said said = console.run({"doctor"});
    CHECK(said.exit == app::kFound);
    return said.out;
  };
  console.write("scripts/policies/tiers.lua", "return policy {");
  CHECK_THAT(fails(), Contains("FAIL  script      policies/tiers.lua:"));
  console.variables = {{"MORTISE_PLANNING_HOURS", "late"}};
  CHECK_THAT(fails(), Contains("FAIL  settings    planning.hours"));
  console.variables = {{"MORTISE_PLANNING_ZONE", "Europe/Madird"}};
  CHECK_THAT(fails(), Contains("FAIL  settings    planning.zone"));
  console.variables = {{"MORTISE_SERVER_PROT", "1"}};
  CHECK_THAT(fails(), Contains("FAIL  settings"));
  console.variables.clear();
  chmod(console.file("master.key").c_str(), 0644);
  CHECK_THAT(fails(), Contains("FAIL  key"));
  chmod(console.file("master.key").c_str(), 0600);
  console.write("data/mortise.db", "this is no store");
  CHECK_THAT(fails(), Contains("FAIL  store"));
}

TEST_CASE("doctor: a damaged store is one line that says what to do", "[app][command]") {
  Console console;
  install(console);
  copy(MORTISE_BINARY_DIR "/plugins/memory", console.file("plugins/memory"));
  copy(MORTISE_SOURCE_DIR "/scripts", console.file("scripts"));
  const std::size_t lines = [&] {
    const std::string out = console.run({"apikey", "new"}).out + console.run({"doctor"}).out;
    return static_cast<std::size_t>(std::count(out.begin(), out.end(), '\n')) - 1;
  }();
  std::string bytes = console.read("data/mortise.db");
  for (std::size_t at = 20 * 4096 + 5; at < bytes.size(); at += 4096) bytes[at] ^= 1;
  console.write("data/mortise.db", bytes);
  const Said said = console.run({"doctor"});
  CHECK(said.exit == app::kFound);
  CHECK_THAT(said.out, Contains("FAIL  store") && Contains("store_damaged") && Contains("restore"));
  CHECK(static_cast<std::size_t>(std::count(said.out.begin(), said.out.end(), '\n')) == lines);
}

}  // namespace mortise::tests
