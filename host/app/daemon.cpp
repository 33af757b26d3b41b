#include "app/daemon.hpp"

#include <Poco/AutoPtr.h>
#include <Poco/ConsoleChannel.h>
#include <Poco/FormattingChannel.h>
#include <Poco/Logger.h>
#include <Poco/PatternFormatter.h>
#include <Poco/Util/ServerApplication.h>

#include <csignal>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "app/host.hpp"

namespace mortise::app {
namespace {

/// Called before any thread is made, so that all of them hold back what ends the process: a request
/// that comes while the host still starts waits for waitForTerminationRequest() to take it.
void hold_termination_requests() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGQUIT, SIGTERM}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

/// The life of one server process. Poco waits for the signals; its own configuration and options
/// are not used: settings.hpp knows every key.
class Daemon final : public Poco::Util::ServerApplication {
 public:
  Daemon(Settings settings, const Arguments& arguments, Terminal& terminal)
      : settings_(std::move(settings)), arguments_(arguments), terminal_(terminal) {}

  int main(const std::vector<std::string>&) override {
    hold_termination_requests();
    start_log();
    auto opened = Host::open(
        {settings_, terminal_.environment, terminal_.environment_names, std::string(kVersion),
         [this](std::string_view level, const std::string& line) { log(level, line); }});
    if (!opened) return complain(terminal_, opened.error());
    std::unique_ptr<Host> host = std::move(*opened);
    if (Status started = host->start(); !started) return complain(terminal_, started.error());
    log("information", fmt::format("event=serving version={} address={} port={}", kVersion,
                                   settings_.text("server.address"), host->port()));
    if (const std::string file = arguments_.option("port-file"); !file.empty()) {
      std::ofstream(file + ".new") << host->port() << '\n';
      std::rename((file + ".new").c_str(), file.c_str());
    }
    waitForTerminationRequest();
    log("information", "event=stopping");
    host->stop();
    log("information", "event=stopped");
    return kOk;
  }

 private:
  void start_log() {
    Poco::AutoPtr<Poco::PatternFormatter> line(
        new Poco::PatternFormatter("ts=%Y-%m-%dT%H:%M:%S.%iZ level=%p %t"));
    Poco::AutoPtr<Poco::ConsoleChannel> console(new Poco::ConsoleChannel(std::cerr));
    Poco::AutoPtr<Poco::FormattingChannel> channel(new Poco::FormattingChannel(line, console));
    logger_ = &Poco::Logger::create("mortise", channel, Poco::Message::PRIO_INFORMATION);
    logger_->setLevel(settings_.text("log.level"));
  }

  void log(std::string_view level, const std::string& text) {
    const auto priority = static_cast<Poco::Message::Priority>(log_priority(level));
    logger_->log(Poco::Message("mortise", text, priority));
  }

  const Settings settings_;
  const Arguments& arguments_;
  Terminal& terminal_;
  Poco::Logger* logger_ = nullptr;
};

int serve(const Arguments& arguments, Terminal& terminal) {
  auto settings = settings_for(arguments, terminal);
  if (!settings) return complain(terminal, settings.error());
  try {
    Daemon daemon(std::move(*settings), arguments, terminal);
    return daemon.run(std::vector<std::string>{"mortise"});
  } catch (const Poco::Exception& problem) {
    return complain(terminal, {Code::internal, problem.displayText()});
  }
}

}  // namespace

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
