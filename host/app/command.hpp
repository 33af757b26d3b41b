// The command line: noun then verb, each with --help and its own exit codes.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

#include "app/settings.hpp"

namespace mortise::app {

/// What a process ends with.
enum Exit : int {
  kOk = 0,
  kFound = 1,  ///< the check found something wrong, or the thing asked for is not there
  kUsage = 2,  ///< the command was not understood
  kCannot =
      3,       ///< it could not be carried out, and will not be by trying again: configuration, key
  kNotNow = 4  ///< it could not be carried out just now: disk, network, another host in the way
};

/// An option "--name VALUE" of a command.
struct Option {
  std::string_view name;
  std::string_view value;  ///< what the value stands for, e.g. "FILE"
  std::string_view says;
};

struct Arguments {
  std::map<std::string, std::string, std::less<>> options;
  std::vector<std::string> words;
  std::string option(std::string_view name) const;
};

/// Where a command reads and writes, and what it knows of its surroundings.
struct Terminal {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  Environment environment;
  EnvironmentNames environment_names;
};

struct Command {
  std::string_view name;   ///< "key new"
  std::string_view words;  ///< "FILE...", or empty
  std::string_view says;
  std::vector<Option> options;
  std::function<int(const Arguments&, Terminal&)> run;
};

/// All commands but `serve`, which the daemon brings (daemon.hpp).
std::vector<Command> commands();

/// Finds and runs the command that the words name. Answers the exit code; kCannot, and a complaint,
/// where what the command wrote did not arrive, or an exception got this far.
int run_command(const std::vector<Command>& commands, const std::vector<std::string>& words,
                Terminal& terminal);

/// The settings a command works with: --config, MORTISE_CONFIG, ./config/mortise.properties,
/// /etc/mortise/mortise.properties, in this order; the first that is given or exists. The one in
/// the working directory counts only where none but the caller and root could have written it: a
/// configuration names programs that are run.
Result<Settings> settings_for(const Arguments& arguments, const Terminal& terminal);

/// The message, and the reason behind it where there is one: docs/operations.md lists them.
std::string text_of(const Error& error);

/// "mortise: <message> (<reason>)" on the error stream. Answers kNotNow for what may pass, kFound
/// where there is no store yet, else kCannot; or `exit`.
int complain(Terminal& terminal, const Error& error);
int complain(Terminal& terminal, const Error& error, Exit exit);

/// A value as it is printed: control characters, which a terminal would obey, as \x1b.
std::string shown(std::string_view value);

extern const std::string_view kVersion;

}  // namespace mortise::app
