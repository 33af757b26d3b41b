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
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulators/common/control.hpp"
#include "simulators/common/server.hpp"
#include "simulators/common/simulation.hpp"
#include "simulators/common/state_file.hpp"
#include "simulators/google/google.hpp"
#include "simulators/notion/notion.hpp"

namespace {

using namespace mortise::simulators;

constexpr unsigned kLongestEndS = 4;

constexpr std::string_view kUsage =
    R"(mortise-simulators: simulated Notion and Google Calendar, on one port.

  --port N         listen on this port (default 0: any free one)
  --host H         listen on this address (default 127.0.0.1)
  --port-file F    write the base URL into F once listening
  --state F        load the state from F if it exists, and keep it there
  --seed N         hand out the same ids and tokens on every run
  --help

Runs until SIGINT or SIGTERM. Pages: / ; control API: /control (tests/simulators/common/control.hpp).
)";

struct Options {
  int port = 0;
  std::string host = "127.0.0.1";
  std::string port_file, state_file;
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

std::string load_state(Simulation& simulation, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return {};
  return simulation.load({std::istreambuf_iterator<char>(in), {}});
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
  if (!options.port_file.empty() &&
      !write_atomically(options.port_file, simulation.world().base_url + "\n")) {
    std::cerr << "mortise-simulators: cannot write " << options.port_file << '\n';
    return EXIT_FAILURE;
  }
  std::cout << "Simulated providers on " << simulation.world().base_url << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  alarm(kLongestEndS);  // a handler that hangs must not keep the program alive
  server.stop();
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
