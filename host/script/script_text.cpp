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
