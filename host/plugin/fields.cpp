#include "plugin/fields.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/words.hpp"

namespace mortise::plugin {

using core::Json;

Fields::Fields(const Json& value, std::string pointer, Problem& problem)
    : value_(value), pointer_(std::move(pointer)), problem_(problem) {
  if (!value_.is_object()) problem_.at(pointer_, "an object is expected");
}

Fields::~Fields() {
  if (!value_.is_object() || !problem_.none()) return;
  for (const auto& [name, unused] : value_.items()) {
    if (std::find(asked_.begin(), asked_.end(), name) != asked_.end()) continue;
    if (problem_.passes_over_unknown()) {
      problem_.pass_over(path(name));
      continue;
    }
    const auto near = core::nearest_word(name, asked_);
    problem_.at(path(name), near ? "unknown member; did you mean '" + std::string(*near) + "'?"
                                 : "unknown member");
    return;
  }
}

std::string Fields::path(std::string_view name) const {
  return pointer_ + "/" + std::string(name);
}

void Fields::problem(const char* name, const std::string& sentence) {
  problem_.at(path(name), sentence);
}

void Fields::refuse_word(const char* name, const std::string& given,
                         const std::vector<std::string_view>& words) {
  std::string list;
  for (const std::string_view each : words) list += (list.empty() ? "" : ", ") + std::string(each);
  problem(name, "'" + given + "' is none of: " + list);
}

const Json* Fields::find(const char* name, Need need) {
  asked_.emplace_back(name);
  if (!value_.is_object()) return nullptr;
  const auto found = value_.find(name);
  if (found != value_.end()) return &*found;
  if (need == Need::required) problem(name, "is missing");
  return nullptr;
}

const Json* Fields::any(const char* name) {
  return find(name, Need::optional);
}

std::string Fields::text(const char* name, Need need, std::string fallback) {
  const Json* found = find(name, need);
  if (found == nullptr) return fallback;
  if (!found->is_string()) {
    problem(name, "a string is expected");
    return fallback;
  }
  auto text = found->get<std::string>();
  if (text.empty()) problem(name, "is empty");
  return text;
}

bool Fields::flag(const char* name, bool fallback) {
  const Json* found = find(name, Need::optional);
  if (found == nullptr) return fallback;
  if (found->is_boolean()) return found->get<bool>();
  problem(name, "true or false is expected");
  return fallback;
}

std::optional<std::int64_t> Fields::integer(const char* name) {
  const Json* found = find(name, Need::optional);
  if (found == nullptr) return std::nullopt;
  if (found->is_number_unsigned() && found->get<std::uint64_t>() > (1ULL << 53U)) {
    problem(name, "is too large");
    return std::nullopt;
  }
  if (found->is_number_integer()) return found->get<std::int64_t>();
  problem(name, "an integer is expected");
  return std::nullopt;
}

std::int64_t Fields::integer(const char* name, std::int64_t fallback, std::int64_t least,
                             std::int64_t most) {
  const std::int64_t value = integer(name).value_or(fallback);
  if (value >= least && value <= most) return value;
  problem(name, "must be from " + std::to_string(least) + " to " + std::to_string(most));
  return fallback;
}

std::vector<std::string> Fields::texts(const char* name, Need need) {
  const Json* found = find(name, need);
  std::vector<std::string> out;
  if (found == nullptr) return out;
  const bool good =
      found->is_array() && std::all_of(found->begin(), found->end(), [](const Json& each) {
        return each.is_string() && !each.get_ref<const std::string&>().empty();
      });
  if (!good) {
    problem(name, "a list of strings is expected");
    return out;
  }
  for (const Json& each : *found) out.push_back(each.get<std::string>());
  return out;
}

std::vector<std::pair<std::string, std::string>> Fields::text_pairs(const char* name) {
  std::vector<std::pair<std::string, std::string>> out;
  const Json* found = find(name, Need::optional);
  if (found == nullptr) return out;
  if (!found->is_object()) {
    problem(name, "an object is expected");
    return out;
  }
  for (const auto& [key, value] : found->items()) {
    if (!value.is_string()) {
      problem(name, key + ": a string is expected");
      return {};
    }
    out.emplace_back(key, value.get<std::string>());
  }
  return out;
}

void Fields::flags(const char* name, Need need,
                   std::initializer_list<std::pair<std::string_view, bool*>> known) {
  std::vector<std::string_view> words;
  for (const auto& [word, flag] : known) words.push_back(word);
  for (const std::string& given : texts(name, need)) {
    bool found = false;
    for (const auto& [word, flag] : known) {
      if (word == given) *flag = found = true;
    }
    if (found) continue;
    if (problem_.passes_over_unknown()) {
      problem_.pass_over(path(name) + "/" + given);
    } else {
      refuse_word(name, given, words);
    }
  }
}

void Fields::object(const char* name, Need need, const std::function<void(Fields&)>& read) {
  const Json* found = find(name, need);
  if (found == nullptr) return;
  Fields fields(*found, path(name), problem_);
  read(fields);
}

void Fields::named_objects(const char* name, Need need,
                           const std::function<void(const std::string&, Fields&)>& read) {
  const Json* found = find(name, need);
  if (found == nullptr) return;
  if (!found->is_object()) return problem(name, "an object is expected");
  for (const auto& [key, value] : found->items()) {
    Fields fields(value, path(name) + "/" + key, problem_);
    read(key, fields);
  }
}

void Fields::objects(const char* name, const std::function<void(Fields&)>& read) {
  const Json* found = find(name, Need::optional);
  if (found == nullptr) return;
  if (!found->is_array()) return problem(name, "a list is expected");
  std::size_t index = 0;
  for (const Json& each : *found) {
    Fields fields(each, path(name) + "/" + std::to_string(index++), problem_);
    read(fields);
  }
}

}  // namespace mortise::plugin
