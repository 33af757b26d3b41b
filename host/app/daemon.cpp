#include "app/daemon.hpp"

#include <Poco/AutoPtr.h>
#include <Poco/Channel.h>
#include <Poco/FormattingChannel.h>
#include <Poco/Logger.h>
#include <Poco/Message.h>
#include <Poco/PatternFormatter.h>
#include <Poco/Util/ServerApplication.h>

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <functional>

#include <fmt/format.h>

#include "app/host.hpp"
#include "app/termination.hpp"

namespace mortise::app {
namespace {

/// What a stop may take beside `server.drain_ms`: runs and channels have four seconds of it.
constexpr std::int64_t kStopMs = 10'000;

class StandardError final : public Poco::Channel {
 public:
  void log(const Poco::Message& message) override { write_line(STDERR_FILENO, message.getText()); }
};

/// The one logger, on standard error.
LogLine make_log(const std::string& least) {
  const Poco::AutoPtr<Poco::PatternFormatter> line(
      new Poco::PatternFormatter("ts=%Y-%m-%dT%H:%M:%S.%iZ level=%p %t"));
  const Poco::AutoPtr<Poco::Channel> out(new StandardError);
  const Poco::AutoPtr<Poco::Channel> channel(new Poco::FormattingChannel(line, out));
  Poco::Logger& logger = Poco::Logger::get("mortise");
  logger.setChannel(channel);
  logger.setLevel(least);
  return [&logger](std::string_view level, const std::string& text) {
    const auto priority = static_cast<Poco::Message::Priority>(log_priority(level));
    logger.log(Poco::Message("mortise", text, priority));
  };
}

/// In one step, so that whoever waits for it never reads half of it.
Status write_port(const std::string& file, int port) {
  const std::string draft = file + ".new";
  std::ofstream out(draft);
  out << port << '\n';
  out.close();
  if (out && std::rename(draft.c_str(), file.c_str()) == 0) return {};
  return Error{Code::invalid,
               fmt::format("cannot write the port to {}: {}", file, std::strerror(errno))};
}

/// Until it is asked to stop.
Status run_host(const Settings& settings, const Arguments& arguments, const Terminal& terminal,
                const LogLine& log, Termination& termination) {
  auto opened = Host::open(
      {settings, terminal.environment, terminal.environment_names, std::string(kVersion), log});
  if (!opened) return std::move(opened).error();
  const std::unique_ptr<Host> host = std::move(*opened);
  if (Status started = host->start(); !started) return started;
  log("information", fmt::format("event=serving version={} address={} port={}", kVersion,
                                 settings.text("server.address"), host->port()));
  if (const std::string file = arguments.option("port-file"); !file.empty()) {
    if (Status written = write_port(file, host->port()); !written) return written;
  }
  termination.wait();
  log("information", "event=stopping");
  host->stop();
  log("information", "event=stopped");
  return {};
}

/// One server process. Poco's own configuration and options are not used: settings.hpp knows every
/// key. What its work throws is for the caller.
class Daemon final : public Poco::Util::ServerApplication {
 public:
  explicit Daemon(std::function<Status()> work) : work_(std::move(work)) {}

  Status serve() {
    // (By a name with a slash: else Poco looks for the program in PATH, which may not be set.)
    run(std::vector<std::string>{"./mortise"});
    if (thrown_) std::rethrow_exception(thrown_);
    return ended_;
  }

 private:
  int main(const std::vector<std::string>&) override {
    try {
      ended_ = work_();
    } catch (...) {
      thrown_ = std::current_exception();
    }
    return EXIT_OK;
  }

  std::function<Status()> work_;
  Status ended_ = Error{Code::internal, "the host was not run"};
  std::exception_ptr thrown_;
};

int serve(const Arguments& arguments, Terminal& terminal) {
  auto settings = settings_for(arguments, terminal);
  if (!settings) return complain(terminal, settings.error());
  hold_termination_signals();
  // A terminal that goes away ends nothing: who started it there stops it as anybody does.
  std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  const LogLine log = make_log(settings->text("log.level"));
  Termination termination({.limit_ms = settings->number("server.drain_ms") + kStopMs},
                          [&log](std::string_view why) {
                            log("critical", fmt::format("event=stop_forced why={}", why));
                            ::_exit(kCannot);
                          });
  Daemon daemon([&] { return run_host(*settings, arguments, terminal, log, termination); });
  const Status ran = daemon.serve();
  return ran ? kOk : complain(terminal, ran.error());
}

}  // namespace

void write_line(int file, std::string line) {
  line += '\n';
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t written = ::write(file, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

int log_priority(std::string_view level) {
  if (level == "trace") return Poco::Message::PRIO_TRACE;
  if (level == "debug") return Poco::Message::PRIO_DEBUG;
  if (level == "notice") return Poco::Message::PRIO_NOTICE;
  if (level == "warning") return Poco::Message::PRIO_WARNING;
  if (level == "error") return Poco::Message::PRIO_ERROR;
  if (level == "critical") return Poco::Message::PRIO_CRITICAL;
  return Poco::Message::PRIO_INFORMATION;
}

Command serve_command() {
  return {"serve",
          "",
          "Runs the host until SIGINT or SIGTERM.",
          {{"port-file", "FILE", "write the port there once requests are answered"}},
          serve};
}

}  // namespace mortise::app
