// One immutable version of a script, and what was found wrong with a text.
#pragma once

#include <memory>
#include <string>
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

/// An error of a sandbox, "file:line: what", as a finding.
ports::ScriptFinding finding_of(const Error& error, const std::string& file);

}  // namespace mortise::script
