// Reads a JSON document strictly: every member is asked for by name, and what nobody asked for is
// refused with the nearest known word (of a document of a later version, passed over). The first
// problem is kept, with a JSON pointer to its place; after it everything reads as empty, so that
// the caller checks once at the end.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.hpp"

namespace mortise::plugin {

enum class Need : std::uint8_t { required, optional };

/// The first problem of a document, and what was passed over in it.
class Problem {
 public:
  /// From now on unknown members and words are passed over: the document is of a later version.
  void pass_over_unknown() noexcept { passes_over_ = true; }
  bool passes_over_unknown() const noexcept { return passes_over_; }
  /// What of the document is not known: its place.
  void pass_over(const std::string& pointer) { passed_over_.push_back(pointer); }
  const std::vector<std::string>& passed_over() const noexcept { return passed_over_; }

  bool none() const noexcept { return !text_.has_value(); }
  const std::string& text() const { return text_.value(); }
  void at(const std::string& pointer, const std::string& sentence) {
    if (none()) text_ = (pointer.empty() ? "/" : pointer) + ": " + sentence;
  }

 private:
  std::optional<std::string> text_;
  bool passes_over_ = false;
  std::vector<std::string> passed_over_;
};

/// One JSON object while it is read. Lives on the stack of its reader; borrows the document.
class Fields {
 public:
  Fields(const core::Json& value, std::string pointer, Problem& problem);
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;
  /// Refuses or passes over the members that nobody asked for.
  ~Fields();

  std::string text(const char* name, Need need, std::string fallback = {});
  bool flag(const char* name, bool fallback);
  std::int64_t integer(const char* name, std::int64_t fallback, std::int64_t least,
                       std::int64_t most);
  std::optional<std::int64_t> integer(const char* name);
  std::vector<std::string> texts(const char* name, Need need);
  std::vector<std::pair<std::string, std::string>> text_pairs(const char* name);
  /// The member as it stands, or nullptr.
  const core::Json* any(const char* name);

  /// A word out of a table of {word, value}; the first is what a missing member means.
  template <class Enum, std::size_t Size>
  Enum word(const char* name, const std::pair<std::string_view, Enum> (&table)[Size]) {
    const std::string given = text(name, Need::optional, std::string(table[0].first));
    std::vector<std::string_view> words;
    for (const auto& [each, value] : table) {
      if (each == given) return value;
      words.push_back(each);
    }
    refuse_word(name, given, words);
    return table[0].second;
  }

  /// Reads a list of words and sets the flag of each; unknown ones are passed over as members are.
  void flags(const char* name, Need need,
             std::initializer_list<std::pair<std::string_view, bool*>> known);

  /// Reads a member that is an object, if it is there.
  void object(const char* name, Need need, const std::function<void(Fields&)>& read);
  /// Reads a member whose members are objects, each with its name: {"api": {...}}.
  void named_objects(const char* name, Need need,
                     const std::function<void(const std::string&, Fields&)>& read);
  /// Reads a member that is a list of objects.
  void objects(const char* name, const std::function<void(Fields&)>& read);

  void problem(const char* name, const std::string& sentence);
  void refuse_word(const char* name, const std::string& given,
                   const std::vector<std::string_view>& words);

 private:
  const core::Json* find(const char* name, Need need);
  std::string path(std::string_view name) const;

  const core::Json& value_;
  std::string pointer_;
  Problem& problem_;
  std::vector<std::string_view> asked_;
};

}  // namespace mortise::plugin
