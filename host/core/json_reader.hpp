// Strict reading of a JSON object into a record: every complaint is collected with its pointer,
// every member must be known. The members of one object are read into a value that may hold
// something already, with the meaning of a merge patch (RFC 7396): absent leaves as it is, null
// clears.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bounds.hpp"
#include "core/json.hpp"
#include "core/names.hpp"
#include "core/problem.hpp"

namespace mortise::core {

/// A day, or a local time, as records may hold it: from kFirstRecordDay to kLastRecordDay.
bool is_record_day(std::string_view text);
bool is_record_local(std::string_view text);

/// Reads one object. Borrows everything it is given; lives on one thread, for the length of a read.
/// Call one function per member, then finish().
class ObjectReader {
 public:
  /// A value that is no object is a problem, and then has no members.
  ObjectReader(const Json& value, std::string pointer, std::vector<Problem>& problems);

  const std::string& pointer() const noexcept { return pointer_; }
  std::vector<Problem>& problems() noexcept { return problems_; }

  /// The member, or null when absent. Marks the name as known.
  const Json* member(std::string_view name);

  /// True when the member is there, null included. Does not mark it as known.
  bool has(std::string_view name) const;

  void text(std::string_view name, std::string& out, TextBound bound);
  void integer(std::string_view name, std::optional<std::int64_t>& out, std::int64_t min,
               std::int64_t max);
  void day(std::string_view name, std::string& out);
  void zone(std::string_view name, std::string& out);
  /// An http or https URL.
  void url(std::string_view name, std::string& out);
  void email(std::string_view name, std::string& out);
  /// Any JSON with integers only, kept as canonical text; null and absent as `fallback`.
  void document(std::string_view name, JsonText& out, std::string_view fallback);

  template <class Enum>
  void word(std::string_view name, Enum& out) {
    const std::optional<std::string> text = word_text(name, name_of(Enum{}));
    if (!text) return;
    if (const std::optional<Enum> value = from_name<Enum>(*text)) {
      out = *value;
      return;
    }
    std::vector<std::string_view> words;
    for (const Named<Enum>& named : names_of<Enum>()) words.push_back(named.name);
    wrong_word(name, *text, words);
  }

  /// The elements of an array member of at most `max`; null when absent, null or wrong.
  const Json* array(std::string_view name, std::size_t max);

  /// Members that only the host sets: each one present is a problem.
  void owned(std::initializer_list<std::string_view> names);
  /// Members that may be there and say nothing.
  void ignored(std::initializer_list<std::string_view> names);

  /// A required member that is absent, null or blank text is a problem.
  void require(std::string_view name);

  /// A problem with one member.
  void problem(std::string_view name, std::string detail);

  /// Complains about every member that nobody asked for, with the nearest known name.
  void finish();

 private:
  std::optional<std::string> word_text(std::string_view name, std::string_view when_null);
  void wrong_word(std::string_view name, std::string_view text,
                  const std::vector<std::string_view>& words);
  // The member's text if it is a string; null clears `out` and answers nothing, as absent does.
  const std::string* string_member(std::string_view name, std::string& out);

  const Json* object_;  // null when the value was no object
  std::string pointer_;
  std::vector<Problem>& problems_;
  std::vector<std::string_view> known_;    // offered for misspelt names
  std::vector<std::string_view> ignored_;  // allowed, not offered
};

}  // namespace mortise::core
