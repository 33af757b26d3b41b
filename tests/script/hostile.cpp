#include "script/hostile.hpp"

#include <string>
#include <vector>

namespace mortise::tests {
namespace {

// What the walls say.
constexpr const char* kBudget = "in one call";  // steps or CPU time, whichever comes first
constexpr const char* kString = "longer than 64 KiB";
constexpr const char* kMemory = "more than 8 MiB";
constexpr const char* kKeys = "keyed entries in one table";
constexpr const char* kUnknown = "no global is called";
constexpr const char* kUnknownMember = "no function in";

const HostileScript kScripts[] = {
    // ---- loops ----
    {"endless while", "while true do end", kBudget},
    {"endless repeat", "repeat until false", kBudget},
    {"endless goto", "::again:: goto again", kBudget},
    {"long for", "for i = 1, 1 << 60 do end", kBudget},
    {"for with the smallest step", "for i = 1.0, 2.0, 5e-324 do end", kBudget},
    {"endless mutual recursion",
     "local a, b; function a() return b() end function b() return a() end a()", kBudget},
    {"endless iterator", "for _ in function() return 1 end do end", kBudget},
    {"loop full of calls", "local f = function() end while true do f() f() f() end", kBudget},
    {"loop of fresh closures", "while true do local f = function() return f end end", kBudget},
    {"loop of fresh tables", "while true do local t = {{}, {}, {}} end", kBudget},
    {"list changed while it is walked", "local t = {1} for i in ipairs(t) do t[i + 1] = i end",
     "more than"},

    // ---- patterns ----
    {"pattern with three lazy parts", "return (('a'):rep(1000)):find('.-.-.-b')", kBudget},
    {"pattern with greedy parts", "return (('a'):rep(5000)):match('a*a*a*a*b')", kBudget},
    {"pattern with optional parts",
     "return (('a'):rep(30)):match(('a?'):rep(30) .. ('a'):rep(30) .. 'b')", kBudget},
    {"pattern over a large set", "return (('a'):rep(60000)):find('[' .. ('b'):rep(900) .. ']-c')",
     kBudget},
    {"pattern of balanced pairs", "return (('('):rep(60000)):find('%b()')", kBudget},
    {"pattern with a back reference", "return (('a'):rep(20000)):find('(a*)%1b')", kBudget},
    {"pattern nested too deep", "return (('a'):rep(300)):find(('(a'):rep(20) .. ('a?'):rep(300))",
     "too "},
    {"pattern too long", "return ('a'):find(('a'):rep(2000) .. '.')", "1 KiB"},
    {"pattern with too many captures", "return ('a'):find(('()'):rep(40))", "too many captures"},
    {"pattern cut short", "return ('a'):find('[a')", "malformed pattern"},
    {"pattern that ends in a percent sign", "return ('a'):find('%')", "malformed pattern"},
    {"pattern frontier without a set", "return ('a'):find('%fa')", "missing '['"},
    {"gmatch over a slow pattern", "for _ in (('a'):rep(3000)):gmatch('.-.-.-b') do end", kBudget},
    {"gsub with a slow pattern", "return (('a'):rep(3000)):gsub('.-.-.-b', '')", kBudget},
    {"gsub that grows", "local s = 'x' while true do s = s:gsub('x', 'xx') end", kString},
    {"gsub callback without end", "return ('a'):gsub('a', function() while true do end end)",
     kBudget},
    {"gsub callback that calls itself",
     "local function f(s) return (s:gsub('.', f)) end return f('a')", "C stack overflow"},
    {"gsub callback that raises", "return ('a'):gsub('a', function() error('out') end)", "out"},
    {"gsub replaced by a table of tables", "return ('a'):gsub('a', {a = {}})", "not a text"},

    // ---- strings ----
    {"rep of much", "return ('x'):rep(1 << 40)", kString},
    {"rep of nothing, often", "for i = 1, 1 << 40 do local s = (''):rep(1 << 40) end", kBudget},
    {"rep with a long separator", "return ('x'):rep(1 << 40, ('y'):rep(60000))", kString},
    {"rep of rep", "local s = 'x' while true do s = s:rep(2) end", kString},
    {"doubling by concatenation", "local s = 'x' while true do s = s .. s end", kString},
    {"concatenation of 100 long strings", "", kString},  // filled in below
    {"many long strings", "local t = {} for i = 1, 1 << 20 do t[i] = ('x'):rep(60000) .. i end",
     kMemory},
    {"many strings compared",
     "local a, b = ('a'):rep(65000), ('a'):rep(65000) .. 'b' local n = 0 while true do "
     "if a < b then n = n + 1 end if b < a then n = n - 1 end end",
     kBudget},
    {"strings full of NUL compared", "local a = ('\\0'):rep(65000) while a < a do end", "NUL"},
    {"NUL by another spelling", "return '\\x00'", "NUL"},
    {"NUL by code point", "return '\\u{000}'", "NUL"},
    {"NUL by char", "return string.char(0)", "NUL"},
    {"NUL by utf8.char", "return utf8.char(0)", "not a character"},
    {"NUL by format", "return ('%c'):format(0)", "from 1 to 255"},
    {"format with a huge width", "return ('%99999999d'):format(1)", "no conversion"},
    {"format with a huge precision", "return ('%.99999999f'):format(1)", "no conversion"},
    {"format of an address", "return ('%p'):format({})", "no conversion"},
    {"format of a hexadecimal float", "return ('%a'):format(1)", "no conversion"},
    {"format that grows", "local s = 'x' while true do s = ('%s%s'):format(s, s) end", kString},
    {"format without arguments", "return ('%d%d%d'):format(1)", "bad argument"},
    {"format cut short", "return ('%'):format(1)", "ends inside"},
    {"numbers read from long texts",
     "local s = ('0'):rep(65000) local n = 0 while true do n = n + tonumber(s) end", kBudget},
    {"bits of long texts", "local s = ('0'):rep(65000) local n = 0 while true do n = n | s end",
     "attempt to perform bitwise"},
    {"utf8 over long texts",
     "local s = ('x'):rep(65000) while true do utf8.len(s) utf8.offset(s, 65000) end", kBudget},
    {"all code points at once", "return utf8.codepoint(('x'):rep(65000), 1, -1)", "at most 250"},
    {"all bytes at once", "return ('x'):rep(65000):byte(1, -1)", "at most 250"},
    {"upper and lower of long texts",
     "local s = ('x'):rep(65000) while true do s = s:upper():lower():reverse() end", kBudget},

    // ---- tables ----
    {"list without end", "local t = {} for i = 1, 1 << 40 do t[i] = i end", kMemory},
    {"list of lists without end", "local t = {} while true do t = {t} end", kMemory},
    {"string keys without end", "local t = {} for i = 1, 1 << 40 do t['k' .. i] = i end", kKeys},
    {"number keys without end", "local t = {} for i = 1, 1 << 40 do t[i * 1.5 + 0.25] = i end",
     kKeys},
    {"keys that collide",
     "local t = {} for i = 1, 2049 do t[i * 65535] = i end for j = 1, 1 << 40 do t[j * 131071] = 1 "
     "end",
     kKeys},
    {"keys that collide, read again and again",
     "local t = {} for i = 1, 2048 do t[i * 2047] = i end while true do local _ = t[2047] end",
     kBudget},
    {"keys removed and added",
     "local t = {} for i = 1, 2048 do t[i * 2047] = i end for i = 1, 1 << 40 do t[i * 2047] = nil "
     "t[(i + 2048) * 2047] = i end",
     ""},
    {"many tables with keys", "local t = {} for i = 1, 1 << 40 do t[i] = {a = 1, b = 2} end",
     kMemory},
    {"concat of a huge range", "return table.concat({}, '', 1, 1 << 60)", "not a text"},
    {"concat to the end of integers",
     "return table.concat({}, '', math.maxinteger - 1, math.maxinteger)", "not a text"},
    {"concat that is too long",
     "local t = {} for i = 1, 100 do t[i] = ('x'):rep(60000) end return table.concat(t)", kString},
    {"concat of empty texts, often",
     "local t = {} for i = 1, 10000 do t[i] = '' end while true do table.concat(t) end", kBudget},
    {"unpack of a huge range", "return table.unpack({}, 1, 1 << 60)", "at most 250"},
    {"unpack across all integers", "return table.unpack({}, math.mininteger, math.maxinteger)",
     "at most 250"},
    {"insert at the front, often", "local t = {} while true do table.insert(t, 1, 1) end", kBudget},
    {"insert far outside", "table.insert({}, 1 << 60, 1)", "position out of the list"},
    {"remove far outside", "table.remove({1}, 1 << 60)", "position out of the list"},
    {"remove from the front, often",
     "local t = {} for i = 1, 50000 do t[i] = i end while true do table.insert(t, table.remove(t, "
     "1)) end",
     kBudget},
    {"sort by an order that contradicts itself",
     "local t = {} for i = 1, 5000 do t[i] = i % 7 end while true do "
     "table.sort(t, function(a, b) return true end) end",
     kBudget},
    {"sort by a random order",
     "local n, t = 1, {} for i = 1, 5000 do t[i] = i end while true do table.sort(t, function() "
     "n = (n * 1103515245 + 12345) % 2147483648 return n % 2 == 0 end) end",
     kBudget},
    {"sort that empties its list",
     "local t = {} for i = 1, 100 do t[i] = i end table.sort(t, function(a, b) "
     "for i = 1, 100 do t[i] = nil end return a < b end)",
     "nil"},
    {"sort of what cannot be compared", "table.sort({1, 'a', {}})", "attempt to compare"},
    {"sort of too long a list", "local t = {} for i = 1, 60000 do t[i] = i end table.sort(t)",
     "too long to sort"},
    {"sort inside sort", "local function s(a, b) table.sort({3, 2, 1}, s) return a < b end s(1, 2)",
     "C stack overflow"},
    {"next over and over",
     "local t = {} for i = 1, 2000 do t['k' .. i] = i end local k while true do "
     "k = next(t, k) end",
     kBudget},
    {"pairs over and over",
     "local t = {} for i = 1, 2000 do t['k' .. i] = i end while true do "
     "for _ in pairs(t) do break end end",
     kBudget},
    {"keys without an order", "for k in pairs({[{}] = 1}) do end", "has no order"},
    {"list with holes",
     "local t = {} for i = 1, 200000 do t[i] = i end "
     "for i = 2, 200000 do if i % 2 == 0 then t[i] = nil end end for i = 1, 9 do for _ in pairs(t) "
     "do end end",
     ""},

    // ---- recursion and arguments ----
    {"deep recursion", "local function f() return 1 + f() end return f()", "more than"},
    {"deep recursion with large frames",
     "local function f(a, b, c, d) local x, y, z = {}, {}, {} return f(x, y, z, a) + 1 end return "
     "f()",
     "more than"},
    {"arguments that multiply",
     "local function f(...) return f(1, 1, 1, 1, 1, 1, 1, 1, ...) end return f()", "more than"},
    {"arguments by the hundred", "", "more than"},  // filled in below
    {"select with many arguments",
     "local function f(n, ...) if n == 0 then while true do select('#', ...) end end "
     "return f(n - 1, 1, 1, 1, 1, 1, 1, 1, 1, ...) end return f(500)",
     kBudget},
    {"text nested too deep", "", "C stack overflow"},               // filled in below
    {"text with too many locals", "", "too many local variables"},  // filled in below
    {"text that is no Lua", "this is not a script", "syntax error"},
    {"bytecode", "\x1bLua\x54", "bytecode"},

    // ---- ways out ----
    {"load of text", "return load('return 1')", kUnknown},
    {"load from a file", "return dofile('/etc/passwd')", kUnknown},
    {"require", "return require('os')", kUnknown},
    {"pcall around a loop", "while true do pcall(function() while true do end end) end", kUnknown},
    {"xpcall with a handler that loops", "xpcall(error, function() while true do end end)",
     kUnknown},
    {"coroutine", "return coroutine.wrap(function() while true do end end)()", kUnknown},
    {"debug", "return debug.sethook()", kUnknown},
    {"os", "return os.execute('true')", kUnknown},
    {"io", "return io.open('/etc/passwd')", kUnknown},
    {"collectgarbage", "collectgarbage('stop')", kUnknown},
    {"setmetatable", "return setmetatable({}, {__gc = function() while true do end end})",
     kUnknown},
    {"metatable of strings", "return getmetatable('').__index", kUnknown},
    {"rawset on the globals", "rawset(_G, 'x', 1)", kUnknown},
    {"the table of globals", "return _G.string", kUnknown},
    {"a new global", "leak = 1", "no new global"},
    {"a new global through _ENV", "_ENV.leak = 1", "no new global"},
    {"a library changed", "string.rep = nil", "no new function in string"},
    {"a library changed by insert", "table.insert(string, 'x')", "no new function in string"},
    {"a library changed through a text", "('').__index = {}", "attempt to index"},
    {"dump of a function", "return string.dump(tostring)", kUnknownMember},
    {"dump by method", "return ('x').dump", kUnknownMember},
    {"pack", "return string.pack('i16', 1)", kUnknownMember},
    {"move without end", "return table.move({}, 1, 1 << 60, 2)", kUnknownMember},
    {"random numbers", "return math.random()", kUnknownMember},

    // ---- errors as weapons ----
    {"an error that is a table", "error({code = 1})", "no text, but a table"},
    {"an error that is nil", "error(nil)", "no text, but a nil"},
    {"an error that is a function", "error(function() end)", "no text, but a function"},
    {"an error with a huge text", "error(('x'):rep(60000))", "..."},
    {"an error with control characters", "error('a\\nb\\27[31mc')", "a b [31mc"},
    {"an error with broken UTF-8", "error('\\xff\\xfe')", "??"},
    {"an error inside an error", "error(('x'):rep(1 << 40))", kString},
    {"an error while out of memory",
     "local t = {} for i = 1, 1 << 40 do t[i] = {i, error and 'x' .. i} end error(t)", kMemory},
    {"assert with a table", "assert(false, {})", "no text, but a table"},
    {"a number called", "return (1)()", "attempt to call"},
    {"nil indexed", "local a return a.b.c", "attempt to index"},
    {"integers divided by zero", "return 1 // 0", "divide by zero"},
    {"numbers without an integer", "return 1.5 | 1", "no integer representation"},
};

std::string repeated(const std::string& part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

// Texts that are too long to spell out above.
const char* long_source(const std::string& name) {
  static const std::string concatenation =
      "local s = ('x'):rep(60000) return s" + repeated(" .. s", 100);
  static const std::string arguments =
      "local function f(...) return f(" + repeated("1, ", 200) + "...) end return f()";
  static const std::string nested = "return " + repeated("(", 1000) + "1" + repeated(")", 1000);
  static const std::string locals = repeated("local a ", 300);
  if (name == "concatenation of 100 long strings") return concatenation.c_str();
  if (name == "arguments by the hundred") return arguments.c_str();
  if (name == "text nested too deep") return nested.c_str();
  if (name == "text with too many locals") return locals.c_str();
  return nullptr;
}

}  // namespace

std::span<const HostileScript> hostile_scripts() {
  static const std::vector<HostileScript> scripts = [] {
    std::vector<HostileScript> all(std::begin(kScripts), std::end(kScripts));
    for (HostileScript& script : all) {
      if (const char* source = long_source(script.name)) script.source = source;
    }
    return all;
  }();
  return scripts;
}

}  // namespace mortise::tests
