// One immutable version of a script, and what was found wrong with a text.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ports/mapper.hpp"

namespace mortise::script {

struct ScriptText {
  std::string name;  ///< relative to the directory of scripts: "policies/tiers.lua"
  std::string source;
  std::string checksum;  ///< SHA-256 of the source, hex: the revision
};

ScriptText script_text(std::string name, std::string source);

using Findings = std::vector<ports::ScriptFinding>;

/// A script that passed its own examples, or what is wrong with it. `script` is set exactly when
/// `findings` is empty.
template <class Script>
struct Checked {
  std::shared_ptr<const Script> script;
  Findings findings;
};

/// The line, from `from` on, where `word` is set ("word ="), else where it stands at all outside of
/// comment lines, else 0. `nth` counts such lines from 1.
int line_with(std::string_view source, std::string_view word, int from = 1, int nth = 1);

/// The line where the nth entry of `examples` begins, whatever it holds; 1 if there is none.
int example_line(std::string_view source, int nth);

/// The names that `local` declares in the source, wherever they can be seen.
std::vector<std::string> declared_names(std::string_view source);

/// Whether the error names a line of the script.
bool names_line(const Error& error, const std::string& file);

/// The error with the line of `word` (a quoted one first), if it names no line: what was wrong came
/// from no function. Looks from the line of `after` on, if given.
Error at_word(Error error, const ScriptText& text, std::string_view word,
              std::string_view after = {});

/// An error of a sandbox, "file:line: what", as a finding; line 1 if it names none.
ports::ScriptFinding finding_of(const Error& error, const std::string& file);

}  // namespace mortise::script
