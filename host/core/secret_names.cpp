#include "core/secret_names.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "core/words.hpp"

namespace mortise::core {
namespace {

constexpr std::string_view kRead[] = {"client_id", "client_secret", "webhook_secret"};

std::string near_word(std::string_view word, const std::vector<std::string>& words) {
  const std::vector<std::string_view> candidates(words.begin(), words.end());
  return did_you_mean(word, candidates);
}

}  // namespace

Status check_secret_name(const std::string& name, const std::vector<std::string>& connectors) {
  const std::vector<std::string> all(std::begin(kRead), std::end(kRead));
  const auto dot = name.rfind('.');
  if (dot == std::string::npos) {
    std::vector<std::string> names;
    for (const std::string& id : connectors) {
      for (const std::string& each : all) names.push_back(fmt::format("{}.{}", id, each));
    }
    return Error{Code::invalid, fmt::format("\"{}\" is no secret: expected <connector>.<{}>{}",
                                            name, fmt::join(all, "|"), near_word(name, names))};
  }
  const std::string id = name.substr(0, dot);
  if (std::find(connectors.begin(), connectors.end(), id) == connectors.end()) {
    return Error{Code::invalid, fmt::format("{}: there is no connector \"{}\"{}", name, id,
                                            near_word(id, connectors))};
  }
  const std::string what = name.substr(dot + 1);
  if (std::find(all.begin(), all.end(), what) != all.end()) return {};
  return Error{Code::invalid, fmt::format("{}: the host reads no such secret, but {}{}", name,
                                          fmt::join(all, ", "), near_word(what, all))};
}

}  // namespace mortise::core
