// mortise-simulators: Notion and Google Calendar on this machine, for demos and tests.
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulators/common/control.hpp"
#include "simulators/common/server.hpp"
#include "simulators/common/simulation.hpp"
#include "simulators/common/state_file.hpp"
#include "simulators/demo/app.hpp"
#include "simulators/google/google.hpp"
#include "simulators/notion/notion.hpp"

namespace {

using namespace mortise::simulators;

constexpr unsigned kLongestEndS = 20;

constexpr std::string_view kUsage =
    R"(mortise-simulators: simulated Notion and Google Calendar, on one port.

  --port N         listen on this port (default 0: any free one)
  --host H         listen on this address (default 127.0.0.1)
  --port-file F    write the base URL into F once listening
  --state F        load the state from F if it exists, and keep it there
  --seed N         hand out the same ids and tokens on every run
  --demo-app URL   also be the "Learning app" of the demo, whose users the host at URL serves; with
  --demo-port N, --demo-key-file F (the app's key), --demo-plan F (its user's plan)
  --help

Runs until SIGINT or SIGTERM. Pages: / ; control API: /control (tests/simulators/common/control.hpp).
)";

struct Options {
  int port = 0;
  std::string host = "127.0.0.1";
  std::string port_file, state_file;
  std::string demo_host, demo_key_file, demo_plan_file;
  int demo_port = 0;
  std::optional<std::uint64_t> seed;
};

std::optional<std::uint64_t> whole_number(const std::string& text) {
  if (text.empty() || text.size() > 18 ||
      text.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  return std::stoull(text);
}

/// Answers what is wrong, or "".
std::string parse(const std::vector<std::string>& words, Options& options) {
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string& name = words[i];
    if (i + 1 == words.size()) return name + " needs a value";
    const std::string& value = words[i + 1];
    const auto number = whole_number(value);
    if (name == "--host") {
      options.host = value;
    } else if (name == "--port-file") {
      options.port_file = value;
    } else if (name == "--state") {
      options.state_file = value;
    } else if (name == "--demo-app") {
      options.demo_host = value;
    } else if (name == "--demo-key-file") {
      options.demo_key_file = value;
    } else if (name == "--demo-plan") {
      options.demo_plan_file = value;
    } else if (name == "--demo-port" && number && *number <= 65535) {
      options.demo_port = static_cast<int>(*number);
    } else if (name == "--port" && number && *number <= 65535) {
      options.port = static_cast<int>(*number);
    } else if (name == "--seed" && number) {
      options.seed = number;
    } else {
      return "cannot use '" + name + " " + value + "'";
    }
  }
  return {};
}

std::optional<std::string> read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// Answers a sentence if the options are not enough for it.
std::string make_demo_app(const Options& options, std::unique_ptr<DemoApp>& app) {
  auto key = read_file(options.demo_key_file);
  if (!key) return "cannot read the key in " + options.demo_key_file;
  while (!key->empty() && (key->back() == '\n' || key->back() == '\r')) key->pop_back();
  const std::string text = read_file(options.demo_plan_file).value_or("");
  const Json plan = parse_json(text);
  if (!plan.is_object()) return "no plan in " + options.demo_plan_file;
  app = std::make_unique<DemoApp>(HostClient(options.demo_host, *key), text,
                                  plan.value("external_id", ""));
  return {};
}

std::string load_state(Simulation& simulation, const std::string& file) {
  const auto text = read_file(file);
  return text ? simulation.load(*text) : std::string();
}

int run(const Options& options, const sigset_t& signals) {
  Simulation simulation(options.seed);
  // Google first: its /v1/userinfo lies below what Notion takes for its own.
  simulation.add(std::make_unique<Google>(simulation.world()));
  simulation.add(std::make_unique<Notion>(simulation.world()));
  if (!options.state_file.empty()) {
    if (const auto problem = load_state(simulation, options.state_file); !problem.empty()) {
      std::cerr << "mortise-simulators: " << options.state_file << " is no state: " << problem
                << '\n';
      return EXIT_FAILURE;
    }
  }
  Control control(simulation);
  Server server([&](Request& request) {
    return request.below("/control") ? control.answer(request) : simulation.handle(request);
  });
  control.attach(server);
  std::unique_ptr<StateFile> state;
  if (!options.state_file.empty()) {
    state = std::make_unique<StateFile>(options.state_file, [&] { return simulation.save(); });
    simulation.on_change = [&] { state->changed(); };
  }
  // Before the state file goes, so does everything that might still tell it of a change.
  struct Ending {
    Server& server;
    Simulation& simulation;
    ~Ending() {
      server.stop();
      simulation.stop();
      alarm(0);  // nothing can hang any more; leaving may take its time on a busy machine
    }
  } const ending{server, simulation};
  // Handlers may need the base URL from the first request on: the port is known before any is
  // served only when it was asked for, so the world's lock is held until it is.
  const int port = simulation.locked([&](World& world) {
    const int bound = server.start(options.host, options.port);
    world.base_url = "http://" + options.host + ":" + std::to_string(bound);
    return bound;
  });
  if (port == 0) {
    std::cerr << "mortise-simulators: cannot listen on " << options.host << ':' << options.port
              << '\n';
    return EXIT_FAILURE;
  }
  std::unique_ptr<DemoApp> demo;
  std::unique_ptr<Server> demo_server;
  if (!options.demo_host.empty()) {
    if (const auto problem = make_demo_app(options, demo); !problem.empty()) {
      std::cerr << "mortise-simulators: " << problem << '\n';
      return EXIT_FAILURE;
    }
    demo_server = std::make_unique<Server>([&](Request& request) { return demo->answer(request); });
    if (demo_server->start(options.host, options.demo_port) == 0) {
      std::cerr << "mortise-simulators: cannot listen on " << options.host << ':'
                << options.demo_port << '\n';
      return EXIT_FAILURE;
    }
  }
  if (!options.port_file.empty() &&
      !write_atomically(options.port_file, simulation.world().base_url + "\n")) {
    std::cerr << "mortise-simulators: cannot write " << options.port_file << '\n';
    return EXIT_FAILURE;
  }
  std::cout << "Simulated providers on " << simulation.world().base_url << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  alarm(kLongestEndS);  // a handler that hangs must not keep the program alive
  if (demo_server) demo_server->stop();
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == "--help") {
    std::cout << kUsage;
    return EXIT_SUCCESS;
  }
  Options options;
  if (const auto problem = parse(words, options); !problem.empty()) {
    std::cerr << "mortise-simulators: " << problem << "\n\n" << kUsage;
    return 2;
  }
  // Every thread inherits the mask: the signals reach sigwait and nobody else.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return run(options, signals);
}
