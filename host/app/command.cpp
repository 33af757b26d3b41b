#include "app/command.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>

#include <fmt/format.h>

#include "core/hex.hpp"
#include "core/words.hpp"

namespace mortise::app {
namespace {

constexpr Option kConfig{"config", "FILE",
                         "the configuration; default ./config/mortise.properties, then "
                         "/etc/mortise/mortise.properties"};

void help(const std::vector<Command>& commands, std::ostream& out) {
  out << "Usage: mortise <command> [--help]\n\n";
  for (const Command& command : commands) {
    out << fmt::format("  {:<18}{}\n", command.name,
                       command.says.substr(0, command.says.find('\n')));
  }
  out << "\nExit codes: 0 done, 1 the check found something, 2 not understood, 3 could not be "
         "done, 4 not just now.\n";
}

void help(const Command& command, std::ostream& out) {
  out << fmt::format("Usage: mortise {}{}{}\n\n{}\n\nOptions:\n", command.name,
                     command.words.empty() ? "" : " ", command.words, command.says);
  std::vector<Option> options = command.options;
  options.push_back(kConfig);
  for (const Option& option : options) {
    out << fmt::format("  --{:<22}{}\n", fmt::format("{} {}", option.name, option.value),
                       option.says);
  }
}

/// Splits the words after the command's name. Answers what was wrong, or nothing.
std::optional<std::string> parse(const Command& command, const std::vector<std::string>& words,
                                 std::size_t begin, Arguments& arguments) {
  std::vector<std::string_view> names{kConfig.name};
  for (const Option& option : command.options) names.push_back(option.name);
  for (std::size_t i = begin; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("--")) {
      arguments.words.push_back(word);
      continue;
    }
    const auto equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      const auto near = core::nearest_word(name, names);
      return fmt::format("unknown option --{}{}", name,
                         near ? fmt::format("; did you mean --{}?", *near) : std::string());
    }
    std::string value;
    if (equals != std::string::npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < words.size()) {
      value = words[++i];
    }
    if (value.empty()) return fmt::format("--{} needs a value", name);
    arguments.options[name] = std::move(value);
  }
  const bool many = command.words.ends_with("...");
  const std::size_t most = command.words.empty() ? 0 : 1;
  if (!many && arguments.words.size() > most) {
    return fmt::format("\"{}\" is one word too many", arguments.words[most]);
  }
  if (arguments.words.size() < most) {
    return fmt::format("{} is missing", command.words);
  }
  return std::nullopt;
}

constexpr const char* kHere = "config/mortise.properties";
constexpr const char* kInstalled = "/etc/mortise/mortise.properties";

/// Whether only root and we may write to it. A group that is our own counts as us.
bool is_ours(const struct stat& about) {
  const bool owned = about.st_uid == ::geteuid() || about.st_uid == 0;
  const bool grouped = about.st_gid == ::getegid() || about.st_gid == 0;
  return owned && (about.st_mode & S_IWOTH) == 0 && ((about.st_mode & S_IWGRP) == 0 || grouped);
}

/// The configuration where none is named, or none.
Result<std::string> found_configuration(std::ostream& err) {
  for (const char* candidate : {kHere, kInstalled}) {
    struct stat about {};
    if (::stat(candidate, &about) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) continue;
      return Error{Code::invalid,
                   fmt::format("cannot look at {}: {}", candidate, std::strerror(errno))};
    }
    struct stat folder {};
    const std::string parent = std::filesystem::path(candidate).parent_path().string();
    if (candidate == kHere &&
        (!is_ours(about) || ::stat(parent.c_str(), &folder) != 0 || !is_ours(folder))) {
      err << fmt::format(
          "mortise: {} is left out: others may write to it; --config would name it\n", candidate);
      continue;
    }
    return std::string(candidate);
  }
  return std::string();
}

Exit exit_of(const Error& error) {
  if (error.reason == "store_none") return kFound;
  return error.code == Code::unavailable || error.reason == "store_in_use" ? kNotNow : kCannot;
}

/// Runs it, and sees that what it wrote arrives.
int run_to_end(const Command& command, const Arguments& arguments, Terminal& terminal) {
  int exit = kCannot;
  try {
    exit = command.run(arguments, terminal);
  } catch (const std::exception& problem) {
    return complain(terminal, {Code::internal, fmt::format("{}: this should not happen: {}",
                                                           command.name, shown(problem.what()))});
  }
  if (!terminal.out.flush()) {
    return complain(terminal, {Code::unavailable, "cannot write to standard output"}, kCannot);
  }
  return exit;
}

}  // namespace

std::string Arguments::option(std::string_view name) const {
  auto found = options.find(name);
  return found == options.end() ? std::string() : found->second;
}

std::string text_of(const Error& error) {
  if (error.reason.empty()) return error.message;
  return fmt::format("{} ({})", error.message, error.reason);
}

std::string shown(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto byte = static_cast<unsigned char>(value[i]);
    // U+0080 to U+009F are control characters, too.
    const auto next = i + 1 < value.size() ? static_cast<unsigned char>(value[i + 1]) : 0;
    const bool high = byte == 0xc2 && next >= 0x80 && next < 0xa0;
    if (byte >= 0x20 && byte != 0x7f && !high) {
      out += value[i];
      continue;
    }
    if (high) ++i;
    out += "\\x";
    core::append_hex(out, value.substr(i, 1));
  }
  return out;
}

int complain(Terminal& terminal, const Error& error) {
  return complain(terminal, error, exit_of(error));
}

int complain(Terminal& terminal, const Error& error, Exit exit) {
  terminal.err << "mortise: " << shown(text_of(error)) << '\n';
  return exit;
}

Result<Settings> settings_for(const Arguments& arguments, const Terminal& terminal) {
  std::string file = arguments.option(kConfig.name);
  if (file.empty()) file = terminal.environment("MORTISE_CONFIG").value_or("");
  if (file.empty()) {
    auto found = found_configuration(terminal.err);
    if (!found) return std::move(found).error();
    file = std::move(*found);
  }
  return Settings::load(file, terminal.environment, terminal.environment_names);
}

int run_command(const std::vector<Command>& commands, const std::vector<std::string>& words,
                Terminal& terminal) {
  if (words == std::vector<std::string>{"--version"}) {
    return run_command(commands, {"version"}, terminal);
  }
  const auto asks = [](const std::string& word) { return word == "--help" || word == "-h"; };
  const bool wants_help = std::any_of(words.begin(), words.end(), asks);
  if (words.empty() || asks(words.front()) || words.front() == "help") {
    help(commands, words.empty() ? terminal.err : terminal.out);
    return words.empty() ? kUsage : kOk;
  }
  for (const Command& command : commands) {
    const auto space = command.name.find(' ');
    const bool two = space != std::string_view::npos;
    if (words[0] != command.name.substr(0, space)) continue;
    if (two && (words.size() < 2 || words[1] != command.name.substr(space + 1))) continue;
    if (wants_help) {
      help(command, terminal.out);
      return kOk;
    }
    Arguments arguments;
    if (auto wrong = parse(command, words, two ? 2 : 1, arguments)) {
      terminal.err << fmt::format("mortise {}: {}; see mortise {} --help\n", command.name, *wrong,
                                  command.name);
      return kUsage;
    }
    return run_to_end(command, arguments, terminal);
  }
  std::vector<std::string_view> names;
  for (const Command& command : commands) names.push_back(command.name);
  std::string given = words[0];
  if (words.size() > 1 && !words[1].starts_with("-")) given += " " + words[1];
  const auto near = core::nearest_word(given, names);
  terminal.err << fmt::format("mortise: there is no command \"{}\"{}; see mortise --help\n", given,
                              near ? fmt::format(", did you mean \"{}\"?", *near) : std::string());
  return kUsage;
}

}  // namespace mortise::app
