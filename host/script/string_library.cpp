#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>

#include "script/budget.hpp"
#include "script/libraries.hpp"
#include "script/pattern.hpp"

namespace mortise::script {
namespace {

constexpr lua_Integer kMostBytesGiven = 250;

// A position as scripts write it (from 1, negative from the end) as an offset from 0, at least 0.
std::size_t offset_from_start(lua_Integer position, std::size_t size) {
  if (position > 0) return static_cast<std::size_t>(position) - 1;
  if (position == 0 || position < -static_cast<lua_Integer>(size)) return 0;
  return size - static_cast<std::size_t>(-position);
}

// The end of a range, exclusive, at most `size`.
std::size_t offset_of_end(lua_Integer position, std::size_t size) {
  const auto signed_size = static_cast<lua_Integer>(size);
  if (position > signed_size) return size;
  if (position >= 0) return static_cast<std::size_t>(position);
  return position < -signed_size ? 0 : static_cast<std::size_t>(signed_size + position + 1);
}

int string_len(lua_State* L) {
  lua_pushinteger(L, static_cast<lua_Integer>(check_text(L, 1).size()));
  return 1;
}

int string_sub(lua_State* L) {
  const std::string_view text = check_text(L, 1);
  const std::size_t begin = offset_from_start(luaL_checkinteger(L, 2), text.size());
  const std::size_t end = offset_of_end(luaL_optinteger(L, 3, -1), text.size());
  push_text(L, begin < end ? text.substr(begin, end - begin) : std::string_view());
  return 1;
}

int string_byte(lua_State* L) {
  const std::string_view text = check_text(L, 1);
  const lua_Integer first = luaL_optinteger(L, 2, 1);
  const std::size_t begin = offset_from_start(first, text.size());
  const std::size_t end = offset_of_end(luaL_optinteger(L, 3, first), text.size());
  if (begin >= end) return 0;
  const std::size_t count = end - begin;
  luaL_argcheck(L, count <= static_cast<std::size_t>(kMostBytesGiven), 3, "at most 250 bytes");
  luaL_checkstack(L, static_cast<int>(count), "byte");
  for (std::size_t i = begin; i < end; ++i) lua_pushinteger(L, static_cast<unsigned char>(text[i]));
  return static_cast<int>(count);
}

int string_char(lua_State* L) {
  TextBuilder text(L);
  for (int i = 1; i <= lua_gettop(L); ++i) {
    const lua_Integer code = luaL_checkinteger(L, i);
    luaL_argcheck(L, code >= 1 && code <= 255, i, "a byte from 1 to 255 (NUL is not available)");
    const char c = static_cast<char>(static_cast<unsigned char>(code));
    text.add({&c, 1});
  }
  push_text(L, text.text());
  return 1;
}

template <class Change>
int changed_text(lua_State* L, Change change) {
  std::string text(check_text(L, 1));
  Budget::of(L).charge(L, 1 + text.size() / 16);
  change(text);
  push_text(L, text);
  return 1;
}

int string_lower(lua_State* L) {
  return changed_text(L, [](std::string& text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
}

int string_upper(lua_State* L) {
  return changed_text(L, [](std::string& text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
}

int string_reverse(lua_State* L) {
  return changed_text(L, [](std::string& text) { std::reverse(text.begin(), text.end()); });
}

int string_rep(lua_State* L) {
  const std::string_view text = check_text(L, 1);
  const lua_Integer times = luaL_checkinteger(L, 2);
  const std::string_view separator = lua_isnoneornil(L, 3) ? "" : check_text(L, 3);
  if (times <= 0 || text.size() + separator.size() == 0) {  // rep('', 1 << 40) is no work
    push_text(L, "");
    return 1;
  }
  const std::size_t bound = Budget::of(L).limits().string_bytes;
  const std::size_t unit = text.size() + separator.size();
  if (static_cast<std::size_t>(times) > bound / unit + 1) return too_long(L);
  Budget::of(L).charge(L, 1 + static_cast<std::size_t>(times) / 8);
  std::string built;
  if (unit == 1 && separator.empty()) {
    built.assign(static_cast<std::size_t>(times), text.front());
  } else {
    built.reserve(static_cast<std::size_t>(times) * unit);
    for (lua_Integer i = 0; i < times; ++i) {
      if (i > 0) built += separator;
      built += text;
    }
  }
  push_text(L, built);
  return 1;
}

// ---- format ------------------------------------------------------------------------------------

// One conversion: '%', flags, width and precision of at most two digits, a letter.
struct Conversion {
  std::string text;  // as written, without the letter
  char letter = 0;
  bool plain = false;  // no flags, width or precision
};

Conversion read_conversion(lua_State* L, std::string_view format, std::size_t& at) {
  const std::size_t begin = at++;
  const auto digits = [&] {
    for (int i = 0;
         i < 2 && at < format.size() && std::isdigit(static_cast<unsigned char>(format[at])); ++i) {
      ++at;
    }
  };
  while (at < format.size() && at - begin <= 5 && std::strchr("-+ #0", format[at]) != nullptr) ++at;
  digits();
  if (at < format.size() && format[at] == '.') {
    ++at;
    digits();
  }
  if (at >= format.size()) luaL_error(L, "the format ends inside a conversion");
  Conversion conversion{std::string(format.substr(begin, at - begin)), format[at], at - begin == 1};
  if (std::strchr("cdieEfgGosuxX", conversion.letter) == nullptr) {
    const std::string shown(format.substr(begin, at - begin + 1));
    luaL_error(L, "'%s' is no conversion; there are %%d %%s %%f %%g %%e %%x %%X %%o %%c and %%%%",
               shown.c_str());
  }
  ++at;
  return conversion;
}

void add_number(lua_State* L, int argument, const Conversion& conversion, TextBuilder& out) {
  char buffer[512];  // %99.99f of the largest double takes 410
  int size = 0;
  if (std::strchr("eEfgG", conversion.letter) != nullptr) {
    lua_Number number = luaL_checknumber(L, argument);
    if (std::isnan(number)) number = std::fabs(number);  // its sign differs between machines
    const std::string format = conversion.text + conversion.letter;
    size = std::snprintf(buffer, sizeof buffer, format.c_str(), number);
  } else {
    const std::string format =
        conversion.text + "ll" + (conversion.letter == 'u' ? 'd' : conversion.letter);
    size = std::snprintf(buffer, sizeof buffer, format.c_str(),
                         static_cast<long long>(luaL_checkinteger(L, argument)));
  }
  out.add({buffer, static_cast<std::size_t>(std::clamp(size, 0, 511))});
}

void add_string(lua_State* L, int argument, const Conversion& conversion, TextBuilder& out) {
  const std::string text = text_of(L, argument);
  if (conversion.plain) return out.add(text);
  luaL_argcheck(L, text.size() < 400 || conversion.text.find('.') != std::string::npos, argument,
                "too long for a conversion with a width");
  char buffer[512];
  const std::string format = conversion.text + "s";
  const int size = std::snprintf(buffer, sizeof buffer, format.c_str(), text.c_str());
  out.add({buffer, static_cast<std::size_t>(std::clamp(size, 0, 511))});
}

}  // namespace

int format_text(lua_State* L) {
  const std::string_view format = check_text(L, 1);
  TextBuilder out(L);
  int argument = 1;
  for (std::size_t at = 0; at < format.size();) {
    const std::size_t percent = std::min(format.find('%', at), format.size());
    out.add(format.substr(at, percent - at));
    at = percent;
    if (at == format.size()) break;
    if (format.substr(at, 2) == "%%") {
      out.add("%");
      at += 2;
      continue;
    }
    const Conversion conversion = read_conversion(L, format, at);
    luaL_checkany(L, ++argument);
    if (conversion.letter == 's') {
      add_string(L, argument, conversion, out);
    } else if (conversion.letter == 'c') {
      const lua_Integer code = luaL_checkinteger(L, argument);
      luaL_argcheck(L, code >= 1 && code <= 255, argument, "a byte from 1 to 255");
      const char c = static_cast<char>(static_cast<unsigned char>(code));
      out.add({&c, 1});
    } else {
      add_number(L, argument, conversion, out);
    }
  }
  push_text(L, out.text());
  return 1;
}

namespace {

// ---- patterns ----------------------------------------------------------------------------------

bool has_specials(std::string_view pattern) {
  return pattern.find_first_of("^$*+?.([%-") != std::string_view::npos;
}

// Linear: memmem uses the two-way algorithm.
int find_plain(lua_State* L, std::string_view text, std::string_view wanted, std::size_t from) {
  Budget::of(L).charge(L, 1 + (text.size() - from + wanted.size()) / 16);
  const void* found = wanted.empty() ? text.data() + from
                                     : ::memmem(text.data() + from, text.size() - from,
                                                wanted.data(), wanted.size());
  if (found == nullptr) {
    lua_pushnil(L);
    return 1;
  }
  const auto begin = static_cast<const char*>(found) - text.data();
  lua_pushinteger(L, begin + 1);
  lua_pushinteger(L, begin + static_cast<lua_Integer>(wanted.size()));
  return 2;
}

enum class Answer { find, match };

int find_or_match(lua_State* L, Answer answer) {
  const std::string_view text = check_text(L, 1);
  std::string_view pattern = check_text(L, 2);
  std::size_t at = offset_from_start(luaL_optinteger(L, 3, 1), text.size());
  if (at > text.size()) {
    lua_pushnil(L);
    return 1;
  }
  if (answer == Answer::find && (lua_toboolean(L, 4) != 0 || !has_specials(pattern))) {
    return find_plain(L, text, pattern, at);
  }
  const bool anchored = !pattern.empty() && pattern.front() == '^';
  if (anchored) pattern.remove_prefix(1);
  Matcher matcher(L, text, pattern);
  for (; at <= text.size(); ++at) {
    if (const auto end = matcher.match_at(at)) {
      matcher.settle();
      if (answer == Answer::match) return matcher.push_captures(at, *end);
      lua_pushinteger(L, static_cast<lua_Integer>(at) + 1);
      lua_pushinteger(L, static_cast<lua_Integer>(*end));
      return 2 + (matcher.capture_count() > 0 ? matcher.push_captures(at, *end) : 0);
    }
    if (anchored) break;
  }
  matcher.settle();
  lua_pushnil(L);
  return 1;
}

int string_find(lua_State* L) {
  return find_or_match(L, Answer::find);
}
int string_match(lua_State* L) {
  return find_or_match(L, Answer::match);
}

// Upvalues: 1 text, 2 pattern, 3 where to go on, 4 the end of the last match (-1: none yet).
int gmatch_step(lua_State* L) {
  const std::string_view text = check_text(L, lua_upvalueindex(1));
  const std::string_view pattern = check_text(L, lua_upvalueindex(2));
  const lua_Integer last_end = lua_tointeger(L, lua_upvalueindex(4));
  Matcher matcher(L, text, pattern);
  for (auto at = static_cast<std::size_t>(lua_tointeger(L, lua_upvalueindex(3))); at <= text.size();
       ++at) {
    const auto end = matcher.match_at(at);
    if (!end || static_cast<lua_Integer>(*end) == last_end) continue;
    matcher.settle();
    lua_pushinteger(L, static_cast<lua_Integer>(*end));
    lua_copy(L, -1, lua_upvalueindex(3));
    lua_replace(L, lua_upvalueindex(4));
    return matcher.push_captures(at, *end);
  }
  matcher.settle();
  lua_pushinteger(L, static_cast<lua_Integer>(text.size()) + 1);
  lua_replace(L, lua_upvalueindex(3));
  return 0;
}

int string_gmatch(lua_State* L) {
  const std::string_view text = check_text(L, 1);
  check_text(L, 2);
  const std::size_t from = offset_from_start(luaL_optinteger(L, 3, 1), text.size());
  lua_settop(L, 2);
  lua_pushinteger(L, static_cast<lua_Integer>(std::min(from, text.size() + 1)));
  lua_pushinteger(L, -1);
  lua_pushcclosure(L, &gmatch_step, 4);
  return 1;
}

void add_replacement_text(lua_State* L, Matcher& matcher, std::size_t begin, std::size_t end,
                          TextBuilder& out) {
  const std::string_view replacement = check_text(L, 3);
  for (std::size_t at = 0; at < replacement.size();) {
    const std::size_t percent = std::min(replacement.find('%', at), replacement.size());
    out.add(replacement.substr(at, percent - at));
    if (percent == replacement.size()) break;
    const char c = percent + 1 < replacement.size() ? replacement[percent + 1] : '\0';
    if (c == '%') {
      out.add("%");
    } else if (c == '0') {
      out.add(matcher.text().substr(begin, end - begin));
    } else if (c >= '1' && c <= '9') {
      matcher.push_capture(c - '1', begin, end);
      out.add(text_of(L, -1));
      lua_pop(L, 1);
    } else {
      luaL_error(L, "'%%' in the replacement must be followed by a digit or '%%'");
    }
    at = percent + 2;
  }
}

// The replacement by table or function; false or nil keeps what was there.
void add_replacement_value(lua_State* L, Matcher& matcher, std::size_t begin, std::size_t end,
                           TextBuilder& out) {
  if (lua_type(L, 3) == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    lua_call(L, matcher.push_captures(begin, end), 1);
  } else {
    matcher.push_capture(0, begin, end);
    lua_gettable(L, 3);
  }
  if (lua_toboolean(L, -1) == 0) {
    out.add(matcher.text().substr(begin, end - begin));
  } else if (lua_type(L, -1) == LUA_TSTRING || lua_type(L, -1) == LUA_TNUMBER) {
    out.add(check_text(L, -1));
  } else {
    luaL_error(L, "the replacement is a %s, not a text", luaL_typename(L, -1));
  }
  lua_pop(L, 1);
}

int string_gsub(lua_State* L) {
  const std::string_view text = check_text(L, 1);
  std::string_view pattern = check_text(L, 2);
  const int kind = lua_type(L, 3);
  luaL_argcheck(
      L, kind == LUA_TSTRING || kind == LUA_TNUMBER || kind == LUA_TTABLE || kind == LUA_TFUNCTION,
      3, "a text, table or function is expected");
  const lua_Integer most = luaL_optinteger(L, 4, static_cast<lua_Integer>(text.size()) + 1);
  const bool anchored = !pattern.empty() && pattern.front() == '^';
  if (anchored) pattern.remove_prefix(1);
  Matcher matcher(L, text, pattern);
  TextBuilder out(L);
  lua_Integer count = 0;
  std::optional<std::size_t> last_end;
  std::size_t at = 0;
  while (count < most) {
    const auto end = matcher.match_at(at);
    if (end && end != last_end) {
      matcher.settle();
      ++count;
      if (kind == LUA_TTABLE || kind == LUA_TFUNCTION) {
        add_replacement_value(L, matcher, at, *end, out);
      } else {
        add_replacement_text(L, matcher, at, *end, out);
      }
      at = *end;
      last_end = end;
    } else if (at < text.size()) {
      out.add(text.substr(at++, 1));
    } else {
      break;
    }
    if (anchored) break;
  }
  matcher.settle();
  if (at < text.size()) out.add(text.substr(at));
  push_text(L, out.text());
  lua_pushinteger(L, count);
  return 2;
}

}  // namespace

void install_string(lua_State* L) {
  const luaL_Reg functions[] = {{"byte", &string_byte},       {"char", &string_char},
                                {"find", &string_find},       {"format", &format_text},
                                {"gmatch", &string_gmatch},   {"gsub", &string_gsub},
                                {"len", &string_len},         {"lower", &string_lower},
                                {"match", &string_match},     {"rep", &string_rep},
                                {"reverse", &string_reverse}, {"sub", &string_sub},
                                {"upper", &string_upper},     {nullptr, nullptr}};
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  set_library(L, "string");
  // ("x"):rep(3) works; the metatable itself is out of reach (there is no getmetatable).
  lua_pushliteral(L, "");
  lua_newtable(L);
  lua_getfield(L, -3, "string");
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

}  // namespace mortise::script
