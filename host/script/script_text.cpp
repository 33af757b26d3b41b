#include "script/script_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "core/hash.hpp"

namespace mortise::script {
namespace {

enum class Place { none, stands, set };

bool is_word_letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Whether the line has the word, and as `word =` or `["word"] =`.
Place find_word(std::string_view line, std::string_view word) {
  if (word.empty()) return Place::none;
  if (line.substr(std::min(line.find_first_not_of(" \t"), line.size()), 2) == "--")
    return Place::none;
  Place best = Place::none;
  for (std::size_t at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
    std::size_t end = at + word.size();
    if (at > 0 && is_word_letter(line[at - 1])) continue;
    if (end < line.size() && is_word_letter(line[end])) continue;
    best = Place::stands;
    end = line.find_first_not_of("\"'] \t", end);
    if (end != line.npos && line[end] == '=' && line.substr(end, 2) != "==") return Place::set;
  }
  return best;
}

}  // namespace

ScriptText script_text(std::string name, std::string source) {
  std::string checksum = core::sha256_hex(source);
  return {std::move(name), std::move(source), std::move(checksum)};
}

int line_with(std::string_view source, std::string_view word, int from, int nth) {
  int any = 0;
  int set = 0;
  int number = 1;
  for (std::size_t begin = 0; begin <= source.size(); ++number) {
    const std::size_t end = std::min(source.find('\n', begin), source.size());
    const Place place =
        number < from ? Place::none : find_word(source.substr(begin, end - begin), word);
    if (place == Place::set && ++set == nth) return number;
    if (place != Place::none && any == 0) any = number;
    begin = end + 1;
  }
  return any;
}

namespace {

/// Walks over a script's text, past comments and strings.
class Scanner {
 public:
  explicit Scanner(std::string_view source) : source_(source) {}

  /// The next word, or a single other character; empty at the end.
  std::string_view next() {
    skip_blank();
    begin_ = at_;
    if (at_ == source_.size()) return {};
    if (is_word_letter(source_[at_])) {
      while (at_ < source_.size() && is_word_letter(source_[at_])) ++at_;
    } else if (source_[at_] == '"' || source_[at_] == '\'') {
      skip_string(source_[at_]);
    } else if (!skip_long()) {
      ++at_;
    }
    return source_.substr(begin_, at_ - begin_);
  }
  int line() const {
    return 1 + static_cast<int>(std::count(
                   source_.begin(), source_.begin() + static_cast<std::ptrdiff_t>(begin_), '\n'));
  }

 private:
  void skip_blank() {
    for (;;) {
      while (at_ < source_.size() && std::isspace(static_cast<unsigned char>(source_[at_])) != 0)
        ++at_;
      if (source_.substr(at_, 2) != "--") return;
      at_ += 2;
      if (!skip_long()) at_ = std::min(source_.find('\n', at_), source_.size());
    }
  }
  void skip_string(char quote) {
    for (++at_; at_ < source_.size() && source_[at_] != quote && source_[at_] != '\n'; ++at_) {
      if (source_[at_] == '\\') ++at_;
    }
    at_ = std::min(at_ + 1, source_.size());
  }
  // [[...]], [=[...]=]
  bool skip_long() {
    if (source_.substr(at_, 1) != "[") return false;
    const std::size_t end = source_.find_first_not_of('=', at_ + 1);
    if (end == source_.npos || source_[end] != '[') return false;
    const std::string close = "]" + std::string(end - at_ - 1, '=') + "]";
    const std::size_t found = source_.find(close, end);
    at_ = found == source_.npos ? source_.size() : found + close.size();
    return true;
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
};

/// The line of the nth table in the list that is set to `name`; 0 without one. `other`: the name
/// that stands there in place of a list.
int entry_line(std::string_view source, std::string_view name, int nth, std::string& other) {
  Scanner scanner(source);
  for (std::string_view word = scanner.next(); !word.empty();) {
    if (word != name) {
      word = scanner.next();
      continue;
    }
    word = scanner.next();
    if (word != "=") continue;
    word = scanner.next();
    if (word != "{") {
      other = word;
      continue;
    }
    int depth = 1;
    for (int entries = 0; depth > 0;) {
      word = scanner.next();
      if (word.empty()) return 0;
      if (word == "{" && depth++ == 1 && ++entries == nth) return scanner.line();
      if (word == "}") --depth;
    }
  }
  return 0;
}

}  // namespace

int example_line(std::string_view source, int nth) {
  std::string list;
  int line = entry_line(source, "examples", nth, list);
  if (line == 0 && !list.empty()) line = entry_line(source, list, nth, list);
  return std::max(line, 1);
}

std::vector<std::string> declared_names(std::string_view source) {
  std::vector<std::string> names;
  Scanner scanner(source);
  for (std::string_view word = scanner.next(); !word.empty();) {
    if (word != "local") {
      word = scanner.next();
      continue;
    }
    word = scanner.next();
    if (word == "function") word = scanner.next();
    while (!word.empty() && is_word_letter(word.front())) {
      names.emplace_back(word);
      if ((word = scanner.next()) == ",")
        word = scanner.next();
      else
        break;
    }
  }
  return names;
}

bool names_line(const Error& error, const std::string& file) {
  const std::string& message = error.message;
  return message.rfind(file + ":", 0) == 0 && message.size() > file.size() + 1 &&
         std::isdigit(static_cast<unsigned char>(message[file.size() + 1])) != 0;
}

Error at_word(Error error, const ScriptText& text, std::string_view word, std::string_view after) {
  const std::string prefix = text.name + ": ";
  if (error.message.rfind(prefix, 0) != 0) return error;
  const int from = line_with(text.source, after);
  int line = 0;
  for (const char* quote : {"\"", "'", ""}) {
    if (line == 0) line = line_with(text.source, fmt::format("{0}{1}{0}", quote, word), from);
  }
  error.message =
      fmt::format("{}:{}: {}", text.name, std::max(line, 1), error.message.substr(prefix.size()));
  return error;
}

ports::ScriptFinding finding_of(const Error& error, const std::string& file) {
  const std::string& message = error.message;
  if (message.rfind(file + ":", 0) != 0) return {file, 1, message};
  const std::size_t begin = file.size() + 1;
  int line = 1;
  const auto [end, parsed] =
      std::from_chars(message.data() + begin, message.data() + message.size(), line);
  std::size_t rest = static_cast<std::size_t>(end - message.data());
  if (parsed != std::errc()) rest = begin;
  while (rest < message.size() && (message[rest] == ':' || message[rest] == ' ')) ++rest;
  return {file, line, message.substr(rest)};
}

}  // namespace mortise::script
