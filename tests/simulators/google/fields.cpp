// Partial responses: "items(id,start/dateTime),nextPageToken".
#include <algorithm>
#include <string_view>

#include "simulators/google/calendar_api.hpp"

namespace mortise::simulators::google {
namespace {

class Selector {
 public:
  explicit Selector(std::string_view text) : text_(text) {}

  // Reads a list and copies what it names from `from` to the result; nullopt: does not parse.
  std::optional<Json> list(const Json& from) {
    Json kept = Json::object();
    do {
      if (!entry(from, kept)) return std::nullopt;
    } while (take(','));
    return kept;
  }
  bool at_end() const { return at_ == text_.size(); }

 private:
  bool take(char wanted) {
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  std::string_view name() {
    const std::size_t start = at_;
    at_ = std::min(text_.find_first_of(",/()", at_), text_.size());
    return text_.substr(start, at_ - start);
  }

  // What follows a name: "/sub", "(list)" or nothing, applied to one value or to each of an array.
  bool below(const Json& value, Json& kept) {
    const char next = at_ < text_.size() ? text_[at_] : '\0';
    if (next != '/' && next != '(') {
      kept = value;
      return true;
    }
    const std::size_t start = at_;
    if (!value.is_array()) return inner(value, kept);
    kept = Json::array();
    Json nothing;
    if (value.empty()) return inner(Json::object(), nothing);
    for (const Json& item : value) {
      at_ = start;
      Json part;
      if (!inner(item, part)) return false;
      kept.push_back(std::move(part));
    }
    return true;
  }

  bool inner(const Json& value, Json& kept) {
    constexpr int kDeepest = 20;
    if (++depth_ > kDeepest) return false;
    bool good = true;
    if (take('/')) {
      kept = Json::object();
      good = entry(value, kept);
    } else {
      take('(');
      auto part = list(value);
      good = part && take(')');
      if (good) kept = std::move(*part);
    }
    --depth_;
    return good;
  }

  bool entry(const Json& from, Json& kept) {
    const std::string wanted(name());
    if (wanted.empty()) return false;
    if (wanted == "*") {
      const std::size_t start = at_;
      if (!from.is_object() || from.empty()) return skip();
      for (const auto& [key, value] : from.items()) {
        at_ = start;
        if (!below(value, kept[key])) return false;
      }
      return true;
    }
    const bool there = from.is_object() && from.contains(wanted);
    if (!there) return skip();
    Json part;
    if (!below(from.at(wanted), part)) return false;
    if (part.is_object() && kept.contains(wanted)) {
      kept[wanted].update(part);
    } else {
      kept[wanted] = std::move(part);
    }
    return true;
  }

  bool skip() {
    Json nothing;
    return below(Json::object(), nothing);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

std::optional<Json> select_fields(const Json& reply, const std::string& fields) {
  Selector selector(fields);
  auto kept = selector.list(reply);
  if (!kept || !selector.at_end()) return std::nullopt;
  return kept;
}

}  // namespace mortise::simulators::google
