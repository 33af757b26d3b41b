#include "script/pattern.hpp"

#include <cctype>
#include <cstdlib>
#include <lua.hpp>

#include "script/budget.hpp"

namespace mortise::script {
namespace {

constexpr std::size_t kPayEvery = 512;
constexpr std::size_t kLongestPattern = 1024;

bool in_class(unsigned char c, char name) {
  bool is = false;
  switch (std::tolower(static_cast<unsigned char>(name))) {
    case 'a':
      is = std::isalpha(c) != 0;
      break;
    case 'c':
      is = std::iscntrl(c) != 0;
      break;
    case 'd':
      is = std::isdigit(c) != 0;
      break;
    case 'g':
      is = std::isgraph(c) != 0;
      break;
    case 'l':
      is = std::islower(c) != 0;
      break;
    case 'p':
      is = std::ispunct(c) != 0;
      break;
    case 's':
      is = std::isspace(c) != 0;
      break;
    case 'u':
      is = std::isupper(c) != 0;
      break;
    case 'w':
      is = std::isalnum(c) != 0;
      break;
    case 'x':
      is = std::isxdigit(c) != 0;
      break;
    default:
      return static_cast<unsigned char>(name) == c;
  }
  return std::isupper(static_cast<unsigned char>(name)) != 0 ? !is : is;
}

}  // namespace

Matcher::Matcher(lua_State* L, std::string_view text, std::string_view pattern)
    : L_(L), text_(text), pattern_(pattern) {
  if (pattern.size() > kLongestPattern) fail("a pattern longer than 1 KiB");
}

void Matcher::fail(const char* message) {
  luaL_error(L_, "%s", message);
  std::abort();  // luaL_error does not return
}

void Matcher::pay(std::size_t steps) {
  unpaid_ += steps;
  if (unpaid_ >= kPayEvery) settle();
}

void Matcher::settle() {
  const std::size_t steps = unpaid_;
  unpaid_ = 0;
  Budget::of(L_).charge(L_, steps);
}

std::optional<std::size_t> Matcher::match_at(std::size_t at) {
  level_ = 0;
  depth_ = 0;
  const std::size_t end = match(at, 0);
  if (end == kNone) return std::nullopt;
  return end;
}

// The end of the single item (character, class or set) that begins at `pattern`.
std::size_t Matcher::item_end(std::size_t pattern) {
  const char c = pattern_[pattern++];
  if (c == '%') {
    if (pattern == pattern_.size()) fail("malformed pattern (ends with '%')");
    return pattern + 1;
  }
  if (c != '[') return pattern;
  if (pattern < pattern_.size() && pattern_[pattern] == '^') ++pattern;
  do {  // a ']' right at the start is a member
    if (pattern == pattern_.size()) fail("malformed pattern (missing ']')");
    if (pattern_[pattern++] == '%') {
      if (pattern == pattern_.size()) fail("malformed pattern (missing ']')");
      ++pattern;
    }
  } while (pattern == pattern_.size() || pattern_[pattern] != ']');
  return pattern + 1;
}

// `set` is at '[', `last` at the closing ']'.
bool Matcher::matches_set(unsigned char c, std::size_t set, std::size_t last) {
  bool found = true;
  if (pattern_[set + 1] == '^') {
    found = false;
    ++set;
  }
  pay((last - set) / 4);
  while (++set < last) {
    if (pattern_[set] == '%') {
      ++set;
      if (in_class(c, pattern_[set])) return found;
    } else if (set + 2 < last && pattern_[set + 1] == '-') {
      set += 2;
      if (static_cast<unsigned char>(pattern_[set - 2]) <= c &&
          c <= static_cast<unsigned char>(pattern_[set])) {
        return found;
      }
    } else if (static_cast<unsigned char>(pattern_[set]) == c) {
      return found;
    }
  }
  return !found;
}

bool Matcher::matches_single(std::size_t at, std::size_t pattern, std::size_t item_end) {
  pay(1);
  if (at >= text_.size()) return false;
  const auto c = static_cast<unsigned char>(text_[at]);
  switch (pattern_[pattern]) {
    case '.':
      return true;
    case '%':
      return in_class(c, pattern_[pattern + 1]);
    case '[':
      return matches_set(c, pattern, item_end - 1);
    default:
      return static_cast<unsigned char>(pattern_[pattern]) == c;
  }
}

std::size_t Matcher::expand_most(std::size_t at, std::size_t pattern, std::size_t item_end) {
  std::size_t count = 0;
  while (matches_single(at + count, pattern, item_end)) ++count;
  for (;; --count) {
    const std::size_t end = match(at + count, item_end + 1);
    if (end != kNone || count == 0) return end;
  }
}

std::size_t Matcher::expand_least(std::size_t at, std::size_t pattern, std::size_t item_end) {
  for (;; ++at) {
    const std::size_t end = match(at, item_end + 1);
    if (end != kNone) return end;
    if (!matches_single(at, pattern, item_end)) return kNone;
  }
}

std::size_t Matcher::open_capture(std::size_t at, std::size_t pattern, Open how) {
  if (level_ == kMostCaptures) fail("too many captures");
  captures_[static_cast<std::size_t>(level_)] = {at, 0, how};
  ++level_;
  const std::size_t end = match(at, pattern);
  if (end == kNone) --level_;
  return end;
}

std::size_t Matcher::close_capture(std::size_t at, std::size_t pattern) {
  int index = level_ - 1;
  while (index >= 0 && captures_[static_cast<std::size_t>(index)].open != Open::open) --index;
  if (index < 0) fail("invalid pattern capture");
  Capture& capture = captures_[static_cast<std::size_t>(index)];
  capture.size = at - capture.begin;
  capture.open = Open::closed;
  const std::size_t end = match(at, pattern);
  if (end == kNone) capture.open = Open::open;
  return end;
}

// %bxy: `pattern` is at x.
std::size_t Matcher::balanced(std::size_t at, std::size_t pattern) {
  if (pattern + 1 >= pattern_.size()) fail("malformed pattern (missing arguments to '%b')");
  if (at >= text_.size() || text_[at] != pattern_[pattern]) return kNone;
  int open = 1;
  for (++at; at < text_.size(); ++at) {
    pay(1);
    if (text_[at] == pattern_[pattern + 1]) {
      if (--open == 0) return at + 1;
    } else if (text_[at] == pattern_[pattern]) {
      ++open;
    }
  }
  return kNone;
}

std::size_t Matcher::back_reference(std::size_t at, char digit) {
  const int index = digit - '1';
  if (index < 0 || index >= level_ ||
      captures_[static_cast<std::size_t>(index)].open != Open::closed) {
    fail("invalid capture index in the pattern");
  }
  const Capture& capture = captures_[static_cast<std::size_t>(index)];
  pay(1 + capture.size / 16);
  const std::string_view wanted = text_.substr(capture.begin, capture.size);
  return text_.substr(at, capture.size) == wanted ? at + capture.size : kNone;
}

// %f[set]: the place between a character out of the set and one in it; the ends count as NUL.
bool Matcher::frontier(std::size_t at, std::size_t set, std::size_t set_end) {
  const auto before = at == 0 ? '\0' : static_cast<unsigned char>(text_[at - 1]);
  const auto after = at < text_.size() ? static_cast<unsigned char>(text_[at]) : '\0';
  return !matches_set(static_cast<unsigned char>(before), set, set_end - 1) &&
         matches_set(static_cast<unsigned char>(after), set, set_end - 1);
}

// The end of the match of pattern_[pattern..] at `at`, or kNone. Recursion only where the pattern
// may have to come back to a choice.
std::size_t Matcher::match(std::size_t at, std::size_t pattern) {
  if (++depth_ > kDeepest) fail("pattern too complex");
  std::size_t result = kNone;
  for (;;) {
    pay(1);
    if (pattern == pattern_.size()) {
      result = at;
      break;
    }
    const char c = pattern_[pattern];
    const char next = pattern + 1 < pattern_.size() ? pattern_[pattern + 1] : '\0';
    if (c == '(') {
      result = next == ')' ? open_capture(at, pattern + 2, Open::position)
                           : open_capture(at, pattern + 1, Open::open);
      break;
    }
    if (c == ')') {
      result = close_capture(at, pattern + 1);
      break;
    }
    if (c == '$' && pattern + 1 == pattern_.size()) {
      result = at == text_.size() ? at : kNone;
      break;
    }
    if (c == '%' && next == 'b') {
      at = balanced(at, pattern + 2);
      if (at == kNone) break;
      pattern += 4;
      continue;
    }
    if (c == '%' && next == 'f') {
      pattern += 2;
      if (pattern == pattern_.size() || pattern_[pattern] != '[') fail("missing '[' after '%f'");
      const std::size_t end = item_end(pattern);
      if (!frontier(at, pattern, end)) break;
      pattern = end;
      continue;
    }
    if (c == '%' && std::isdigit(static_cast<unsigned char>(next)) != 0) {
      at = back_reference(at, next);
      if (at == kNone) break;
      pattern += 2;
      continue;
    }
    const std::size_t end = item_end(pattern);
    const char suffix = end < pattern_.size() ? pattern_[end] : '\0';
    if (suffix == '*' || suffix == '+' || suffix == '-' || suffix == '?') {
      result = match_item(at, pattern, end);
      break;
    }
    if (!matches_single(at, pattern, end)) break;
    ++at;
    pattern = end;
  }
  --depth_;
  return result;
}

// An item with a suffix, and all that comes after it.
std::size_t Matcher::match_item(std::size_t at, std::size_t pattern, std::size_t item_end) {
  switch (pattern_[item_end]) {
    case '*':
      return expand_most(at, pattern, item_end);
    case '-':
      return expand_least(at, pattern, item_end);
    case '+':
      return matches_single(at, pattern, item_end) ? expand_most(at + 1, pattern, item_end) : kNone;
    default:
      break;
  }
  if (matches_single(at, pattern, item_end)) {
    const std::size_t end = match(at + 1, item_end + 1);
    if (end != kNone) return end;
  }
  return match(at, item_end + 1);
}

void Matcher::push_capture(int index, std::size_t begin, std::size_t end) {
  if (index >= level_) {
    if (index != 0) fail("invalid capture index");
    lua_pushlstring(L_, text_.data() + begin, end - begin);
    return;
  }
  const Capture& capture = captures_[static_cast<std::size_t>(index)];
  if (capture.open == Open::open) fail("unfinished capture");
  if (capture.open == Open::position) {
    lua_pushinteger(L_, static_cast<lua_Integer>(capture.begin) + 1);
    return;
  }
  lua_pushlstring(L_, text_.data() + capture.begin, capture.size);
}

int Matcher::push_captures(std::size_t begin, std::size_t end) {
  const int count = level_ == 0 ? 1 : level_;
  luaL_checkstack(L_, count, "too many captures");
  for (int i = 0; i < count; ++i) push_capture(i, begin, end);
  return count;
}

}  // namespace mortise::script
