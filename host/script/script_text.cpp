#include "script/script_text.hpp"

#include <charconv>

#include "core/hash.hpp"

namespace mortise::script {

ScriptText script_text(std::string name, std::string source) {
  std::string checksum = core::sha256_hex(source);
  return {std::move(name), std::move(source), std::move(checksum)};
}

ports::ScriptFinding finding_of(const Error& error, const std::string& file) {
  const std::string& message = error.message;
  if (message.rfind(file + ":", 0) != 0) return {file, 0, message};
  const std::size_t begin = file.size() + 1;
  int line = 0;
  const auto [end, parsed] =
      std::from_chars(message.data() + begin, message.data() + message.size(), line);
  std::size_t rest = static_cast<std::size_t>(end - message.data());
  if (parsed != std::errc()) rest = begin;
  while (rest < message.size() && (message[rest] == ':' || message[rest] == ' ')) ++rest;
  return {file, line, message.substr(rest)};
}

}  // namespace mortise::script
