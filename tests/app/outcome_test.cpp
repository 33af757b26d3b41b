// What commands end with, and what they leave alone: exit codes, output that does not arrive,
// stores that are not there, configurations that others could have written.
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "app/console.hpp"

namespace mortise::tests {
namespace {

using Catch::Contains;

/// Runs a command whose standard output takes nothing.
Said run_unheard(Console& console, std::vector<std::string> words) {
  words.insert(words.end(), {"--config", console.file("mortise.properties")});
  std::istringstream in;
  std::ofstream out("/dev/full");
  std::ostringstream err;
  app::Terminal terminal{in, out, err, environment_of(console.variables),
                         names_of(console.variables)};
  return {app::run_command(app::commands(), words, terminal), "", err.str()};
}

/// A port that is taken for as long as this lives.
struct TakenPort {
  TakenPort() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(socket, 1) == 0);
    REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
  }
  ~TakenPort() { ::close(socket); }
  int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port = 0;
};

void copy_scripts(Console& console) {
  std::filesystem::copy(MORTISE_SOURCE_DIR "/scripts", console.file("scripts"),
                        std::filesystem::copy_options::recursive);
}

/// Holds the working directory and the signals that `serve` takes.
struct Surroundings {
  Surroundings() { pthread_sigmask(SIG_SETMASK, nullptr, &mask); }
  ~Surroundings() {
    std::filesystem::current_path(directory);
    pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  }
  sigset_t mask{};
  const std::filesystem::path directory = std::filesystem::current_path();
};

}  // namespace

TEST_CASE("outcome: what may pass has an exit code of its own", "[app][command]") {
  const Surroundings surroundings;
  Console console;
  install(console);
  copy_scripts(console);
  const TakenPort taken;
  console.write("mortise.properties", console.read("mortise.properties") +
                                          "server.port = " + std::to_string(taken.port) + "\n");
  const Said port = console.run({"serve"});
  CHECK(port.exit == app::kNotNow);
  CHECK_THAT(port.err, Contains("port " + std::to_string(taken.port)));

  std::ofstream(console.file("data/mortise.db.lock")).flush();
  const int lock = ::open(console.file("data/mortise.db.lock").c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(::flock(lock, LOCK_EX | LOCK_NB) == 0);
  const Said used = console.run({"apikey", "list"});
  CHECK(used.exit == app::kNotNow);
  CHECK_THAT(used.err, Contains("store_in_use"));
  ::close(lock);

  console.write("mortise.properties",
                console.read("mortise.properties") + "store.key_file = no.key\n");
  CHECK(console.run({"serve"}).exit == app::kCannot);
}

TEST_CASE("outcome: the unit tries again what may pass, and nothing else", "[app][command]") {
  std::ifstream file(MORTISE_SOURCE_DIR "/config/mortise.service");
  const std::string unit{std::istreambuf_iterator<char>(file), {}};
  CHECK_THAT(unit, Contains("\nRestartPreventExitStatus=2 3\n"));
}

TEST_CASE("outcome: a port file that cannot be written ends the host", "[app][command]") {
  const Surroundings surroundings;
  Console console;
  install(console);
  copy_scripts(console);
  console.variables["MORTISE_SERVER_PORT"] = "0";
  const Said said = console.run({"serve", "--port-file", console.file("no/such/port")});
  CHECK(said.exit == app::kCannot);
  CHECK_THAT(said.err, Contains("cannot write the port to " + console.file("no/such/port")));
}

TEST_CASE("outcome: an exception is a complaint, not the end of the program", "[app][command]") {
  std::istringstream in;
  std::ostringstream out, err;
  Variables none;
  app::Terminal terminal{in, out, err, environment_of(none), names_of(none)};
  const std::vector<app::Command> all = {
      {"fail", "", "", {}, [](const app::Arguments&, app::Terminal&) -> int {
         throw std::runtime_error("no such luck");
       }}};
  CHECK(app::run_command(all, {"fail"}, terminal) == app::kCannot);
  CHECK_THAT(err.str(), Contains("mortise: fail: ") && Contains("no such luck"));
}

TEST_CASE("outcome: output that does not arrive is no success", "[app][command]") {
  Console console;
  install(console);
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"key", "new"}, {"version"}, {"config", "template"}, {"doctor"}}) {
    CAPTURE(words.front());
    const Said said = run_unheard(console, words);
    CHECK(said.exit == app::kCannot);
    CHECK_THAT(said.err, Contains("cannot write to standard output"));
  }
  // A key that nobody saw opens nothing.
  const Said unseen = run_unheard(console, {"apikey", "new"});
  CHECK(unseen.exit == app::kCannot);
  CHECK_THAT(unseen.err, Contains("could not be shown, and is revoked"));
  CHECK_THAT(console.run({"apikey", "list"}).out, Contains("  revoked\n"));
}

TEST_CASE("outcome: what looks or takes away makes no store", "[app][command]") {
  Console console;
  install(console);
  copy_scripts(console);
  console.write("plugins/notion/manifest.json", "{}");
  const auto leaves_alone = [&](const std::vector<std::string>& words) {
    CAPTURE(words);
    const Said said = console.run(words);
    CHECK_FALSE(std::filesystem::exists(console.file("data")));
    return said.exit;
  };
  CHECK(leaves_alone({"apikey", "list"}) == app::kOk);
  CHECK(leaves_alone({"secret", "list"}) == app::kOk);
  CHECK(leaves_alone({"apikey", "revoke", "x"}) == app::kFound);
  CHECK(leaves_alone({"secret", "remove", "notion.client_id"}) == app::kFound);
  CHECK(leaves_alone({"preview", "--connection", "cnn_x", "--plan", "pln_x"}) == app::kFound);
  CHECK(leaves_alone({"script", "preview", console.file("scripts/policies/tiers.lua")}) ==
        app::kFound);
  CHECK(leaves_alone({"apikey", "new", "--scopes", "bogus"}) == app::kUsage);
  CHECK(leaves_alone({"apikey", "new", "--name", "x\x1b[31m"}) == app::kUsage);
  CHECK(leaves_alone({"apikey", "new", "--name", std::string(129, 'n')}) == app::kUsage);

  const Said made = console.run({"secret", "set", "notion.client_id"}, "x\n");
  CHECK_THAT(made.err, Contains("made a new store at " + console.file("data/mortise.db")));
  CHECK_THAT(console.run({"apikey", "new"}).err, !Contains("made a new store"));
}

TEST_CASE("outcome: a secret that is typed is asked for, and not shown", "[app][command]") {
  Console console;
  install(console);
  console.write("plugins/notion/manifest.json", "{}");
  const int person = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE((person >= 0 && ::grantpt(person) == 0 && ::unlockpt(person) == 0));
  const std::string terminal = ::ptsname(person);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int file : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&actions, file, terminal.c_str(), O_RDWR | O_NOCTTY, 0);
  }
  std::string words[] = {MORTISE_BINARY_DIR "/bin/mortise", "secret", "set", "notion.client_id",
                         "--config=" + console.file("mortise.properties")};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::string path = "PATH=/bin";
  std::string leaks = "ASAN_OPTIONS=detect_leaks=0";
  char* environment[] = {path.data(), leaks.data(), nullptr};
  pid_t child = -1;
  REQUIRE(::posix_spawn(&child, words[0].c_str(), &actions, nullptr, arguments.data(),
                        environment) == 0);
  posix_spawn_file_actions_destroy(&actions);
  std::string seen;
  char part[256];
  // Ends when the other side has gone: its last descriptor is the child's.
  for (bool typed = false;;) {
    const ssize_t got = ::read(person, part, sizeof part);
    if (got <= 0) break;
    seen.append(part, static_cast<std::size_t>(got));
    if (typed || seen.find("not shown: ") == std::string::npos) continue;
    REQUIRE(::write(person, "s3cret\n", 7) == 7);
    typed = true;
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  ::close(person);
  CAPTURE(seen);
  CHECK(status == 0);
  CHECK_THAT(seen, Contains("notion.client_id, not shown: ") && Contains("set notion.client_id") &&
                       !Contains("s3cret"));
}

TEST_CASE("outcome: what is printed cannot speak to the terminal", "[app][command]") {
  CHECK(app::shown("Ann \xc3\xa9 \xe2\x82\xac") == "Ann \xc3\xa9 \xe2\x82\xac");
  CHECK(app::shown("a\x1b[31m\n\x7f\xc2\x9b"
                   "2J\xc2") ==
        "a\\x1b[31m\\x0a\\x7f\\x9b"
        "2J\xc2");
  Console console;
  const Said said = console.run({"plan", "check", console.write("p.json", "{\"\\u001b[2J\": 1}")});
  CHECK(said.out.find('\x1b') == std::string::npos);
}

TEST_CASE("outcome: a configuration in the working directory counts if only we may write it",
          "[app][command]") {
  const Surroundings surroundings;
  Console console;
  console.write("config/mortise.properties", "app.name = Here\n");
  std::filesystem::current_path(std::filesystem::path(console.file("x")).parent_path());
  std::istringstream in;
  std::ostringstream out, err;
  app::Terminal terminal{in, out, err, environment_of(console.variables),
                         names_of(console.variables)};
  const auto name = [&] { return app::settings_for({}, terminal).value().text("app.name"); };
  CHECK(name() == "Here");
  CHECK(err.str().empty());
  for (const char* open : {"config/mortise.properties", "config"}) {
    CAPTURE(open);
    struct stat before {};
    REQUIRE(::stat(open, &before) == 0);
    REQUIRE(::chmod(open, 0777) == 0);
    err.str("");
    CHECK(name() != "Here");
    CHECK_THAT(err.str(), Contains("config/mortise.properties is left out"));
    REQUIRE(::chmod(open, before.st_mode) == 0);
    CHECK(name() == "Here");
    if (::geteuid() != 0) continue;
    REQUIRE(::chown(open, 12'345, 12'345) == 0);
    CHECK(name() != "Here");
    REQUIRE(::chown(open, 0, 0) == 0);
  }
  // Named, it is taken as it is.
  REQUIRE(::chmod("config/mortise.properties", 0666) == 0);
  console.variables["MORTISE_CONFIG"] = "config/mortise.properties";
  CHECK(name() == "Here");
}

}  // namespace mortise::tests
